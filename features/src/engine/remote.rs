//! Where events are read: on this machine, or by a cluster of others.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::error::EngineError;
use super::resources::Memory;

/// A cluster that reads events, and for how long it is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Host and port of the scheduler.
    pub address: String,
    /// How long all its work may take, with everything that is tried again.
    pub deadline: Duration,
}

/// The engine or its deadline cannot be meant.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EngineChoiceError {
    /// The text names no engine.
    #[error("`--engine {0}` is no engine\nhint: write `embedded` for this machine, or `ballista://host:port` for a cluster's scheduler")]
    Unknown(String),
    /// The text is no length of time.
    #[error("`{0}` is no length of time\nhint: write a number and `s`, `m`, `h` or `d`, for example `2h`; the least is 1s")]
    Length(String),
    /// The program was built without what speaks to clusters.
    #[error("`--engine {0}` is asked for, and this program was built without clusters\nhint: add `--features cluster` to `cargo build`")]
    NotBuilt(String),
}

impl Cluster {
    const DEADLINE: Duration = Duration::from_hours(2);

    /// What `--engine` and `--deadline` ask for; `None` for this machine. The deadline is two hours unless it is given.
    ///
    /// # Errors
    /// [`EngineChoiceError`] when one of them cannot be meant, or the program was built without the cargo feature `cluster`.
    ///
    /// ```
    /// use lapwing_features::engine::Cluster;
    /// assert_eq!(Cluster::of(None, None), Ok(None));
    /// assert_eq!(Cluster::of(Some("embedded"), Some("90s")), Ok(None));
    /// assert!(Cluster::of(Some("spark://host:1"), None).is_err());
    /// assert!(Cluster::of(None, Some("soon")).is_err());
    /// ```
    pub fn of(engine: Option<&str>, deadline: Option<&str>) -> Result<Option<Self>, EngineChoiceError> {
        let deadline = deadline.map_or(Ok(Self::DEADLINE), length)?;
        let engine = engine.unwrap_or("embedded").trim();
        if engine == "embedded" {
            return Ok(None);
        }
        let address = engine.strip_prefix("ballista://").map(|address| address.trim_end_matches('/'));
        let Some(address) = address.filter(|address| is_address(address)) else {
            return Err(EngineChoiceError::Unknown(engine.to_owned()));
        };
        if cfg!(not(feature = "cluster")) {
            return Err(EngineChoiceError::NotBuilt(engine.to_owned()));
        }
        Ok(Some(Self { address: address.to_owned(), deadline }))
    }
}

/// Whether `text` is a host and a port.
fn is_address(text: &str) -> bool {
    let plain = |host: &str| !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ']);
    text.rsplit_once(':').is_some_and(|(host, port)| plain(host) && u16::from_str(port).is_ok_and(|port| port > 0))
}

/// A number and a unit.
fn length(text: &str) -> Result<Duration, EngineChoiceError> {
    let wrong = || EngineChoiceError::Length(text.chars().take(40).collect());
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    seconds.filter(|seconds| (1..=86_400 * 365).contains(seconds)).map(Duration::from_secs).ok_or_else(wrong)
}

/// The process of a cluster that hands out work. It keeps nothing that outlives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduler {
    /// Where it listens: the first of these that can be had; port 0 takes any free one.
    pub addr: Vec<SocketAddr>,
    /// An executor that is not heard of for so long is taken for dead, and others do its work.
    pub executor_timeout: Duration,
}

/// A process of a cluster that does work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executor {
    /// Host and port of the scheduler.
    pub scheduler: String,
    /// Where others fetch results from: the first of these that can be had; port 0 takes any free one.
    pub addr: Vec<SocketAddr>,
    /// By which host name or address others reach it; `None` for the one that the scheduler sees it by.
    pub advertise: Option<String>,
    /// Where results wait until they are fetched; `None` for a folder of its own that goes away with it.
    pub work_dir: Option<PathBuf>,
    /// How many tasks run at once.
    pub threads: usize,
    /// Bytes for events, of all tasks; what is more waits in files in `work_dir`.
    pub memory: Option<Memory>,
}

impl Scheduler {
    /// How long an executor may be silent unless it is said: four times as long as a busy one ever is.
    const EXECUTOR_TIMEOUT: Duration = Duration::from_secs(20);

    /// One that listens at `addr`; `executor_timeout` is a length of time such as `20s`.
    ///
    /// # Errors
    /// [`EngineChoiceError::Length`] when it is none.
    pub fn of(addr: Vec<SocketAddr>, executor_timeout: Option<&str>) -> Result<Self, EngineChoiceError> {
        Ok(Self { addr, executor_timeout: executor_timeout.map_or(Ok(Self::EXECUTOR_TIMEOUT), length)? })
    }

    /// Runs until the process is told to stop; calls `up` with its address once it can be reached.
    ///
    /// # Errors
    /// [`EngineError::Listen`] when no address can be had, [`EngineError::NoCluster`] in a build without clusters.
    pub fn run(&self, up: impl FnOnce(SocketAddr)) -> Result<(), EngineError> {
        #[cfg(feature = "cluster")]
        return super::cluster::run_scheduler(self, up);
        #[cfg(not(feature = "cluster"))]
        return no_cluster(up);
    }
}

impl Executor {
    /// Runs until the process is told to stop; calls `up` with its address once the scheduler knows it.
    ///
    /// # Errors
    /// [`EngineError::Listen`] when no address can be had, [`EngineError::Cluster`] when the scheduler does not answer for half a
    /// minute, [`EngineError::NoCluster`] in a build without clusters.
    pub fn run(&self, up: impl FnOnce(SocketAddr) + Send + 'static) -> Result<(), EngineError> {
        #[cfg(feature = "cluster")]
        return super::cluster::run_executor(self, up);
        #[cfg(not(feature = "cluster"))]
        return no_cluster(up);
    }
}

#[cfg(not(feature = "cluster"))]
fn no_cluster(_: impl FnOnce(SocketAddr)) -> Result<(), EngineError> {
    Err(EngineError::NoCluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_a_unit() {
        assert_eq!(length("90m"), Ok(Duration::from_mins(90)));
        assert_eq!(length(" 2 h "), Ok(Duration::from_hours(2)));
        for text in ["", "2", "h", "0s", "-1s", "1.5h", "99999999d", "2 weeks"] {
            assert_eq!(length(text), Err(EngineChoiceError::Length(text.to_owned())));
        }
    }

    #[test]
    fn an_engine_is_this_machine_or_a_scheduler() {
        for text in
            ["ballista://", "ballista://host", "ballista://host:0", "ballista://:1", "ballista://a/b:1", "http://example.com:1", "spark"]
        {
            assert_eq!(Cluster::of(Some(text), None), Err(EngineChoiceError::Unknown(text.to_owned())), "{text}");
        }
        let found = Cluster::of(Some("ballista://host:50050/"), Some("1h"));
        if cfg!(feature = "cluster") {
            assert_eq!(found, Ok(Some(Cluster { address: "host:50050".to_owned(), deadline: Duration::from_hours(1) })));
        } else {
            assert_eq!(found, Err(EngineChoiceError::NotBuilt("ballista://host:50050/".to_owned())));
            let scheduler = Scheduler::of(Vec::new(), None).unwrap();
            assert!(matches!(scheduler.run(|_| ()), Err(EngineError::NoCluster)));
        }
    }
}
