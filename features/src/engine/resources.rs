//! What of the machine may be used.

use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use super::remote::Cluster;

/// How many threads, how much memory, and where to put what does not fit. Nothing of it shows in the results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Threads that read, compute and write.
    pub threads: usize,
    /// Bytes for events; what is more waits in files. `None` holds everything.
    pub memory: Option<Memory>,
    /// Where these files are; `None` for the system's folder for temporary files.
    pub spill_dir: Option<PathBuf>,
    /// Rows that are decoded at once.
    pub batch_rows: usize,
    /// The cluster that reads; `None` for this machine.
    pub cluster: Option<Cluster>,
}

impl Default for Resources {
    /// All threads of the machine, all memory.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, memory: None, spill_dir: None, batch_rows: 8_192, cluster: None }
    }
}

impl Resources {
    /// What was asked for, by default all threads and all memory.
    ///
    /// # Errors
    /// [`MemoryError`] when `memory` is no amount of it.
    pub fn of(threads: Option<u32>, memory: Option<&str>, spill_dir: Option<PathBuf>) -> Result<Self, MemoryError> {
        let default = Self::default();
        let threads = threads.map_or(default.threads, |threads| threads.clamp(1, 1_024) as usize);
        Ok(Self { threads, memory: memory.map(str::parse).transpose()?, spill_dir, ..default })
    }

    /// The same, with a cluster that reads.
    #[must_use]
    pub fn on(self, cluster: Option<Cluster>) -> Self {
        Self { cluster, ..self }
    }
}

/// An amount of memory, such as `4GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Memory(u64);

impl Memory {
    /// What is needed however few the events are: decoders, encoders, and the program itself.
    const FIXED: u64 = 384 << 20;

    /// The number of bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// What of it is left for events.
    pub(super) fn for_events(self) -> usize {
        usize::try_from(self.0.saturating_sub(Self::FIXED).max(self.0 / 8) / 4 * 3).unwrap_or(usize::MAX)
    }
}

/// The text is no amount of memory.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no amount of memory\nhint: write a number and `MB` or `GB`, for example `4GB`; the least is 64MB")]
pub struct MemoryError(String);

impl FromStr for Memory {
    type Err = MemoryError;

    /// A number and a unit: `GB`, `MB`, `KB`, `B` are powers of 1000, `GiB`, `MiB`, `KiB` of 1024.
    ///
    /// ```
    /// use lapwing_features::engine::Memory;
    /// assert_eq!("4GB".parse::<Memory>().unwrap().bytes(), 4_000_000_000);
    /// assert_eq!("1.5 GiB".parse::<Memory>().unwrap().bytes(), 1_610_612_736);
    /// assert!("lots".parse::<Memory>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, MemoryError> {
        const LEAST: f64 = 64e6;
        let wrong = || MemoryError(text.chars().take(40).collect());
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(digits);
        let scale = match unit.trim().to_ascii_lowercase().as_str() {
            "gb" | "g" => 1e9,
            "mb" | "m" => 1e6,
            "kb" | "k" => 1e3,
            "b" => 1.0,
            "gib" => 1_073_741_824.0,
            "mib" => 1_048_576.0,
            "kib" => 1_024.0,
            _ => return Err(wrong()),
        };
        let bytes = number.parse::<f64>().map_err(|_| wrong())? * scale;
        if (LEAST..1e18).contains(&bytes) { Ok(Self(bytes as u64)) } else { Err(wrong()) }
    }
}
