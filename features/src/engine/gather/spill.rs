//! What does not fit into memory waits in a file.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A task that holds less than this does not write: small files would be many.
pub(super) const LEAST: usize = 4 << 20;

/// How much may be held in memory, and where the rest goes.
#[derive(Debug)]
pub(in crate::engine) struct Budget {
    most: usize,
    folder: PathBuf,
    held: AtomicUsize,
}

impl Budget {
    /// At most `most` bytes; what is more goes to files in `folder` that have no name and go away with the process.
    pub(in crate::engine) fn new(most: usize, folder: Option<&Path>) -> Self {
        Self { most, folder: folder.map_or_else(std::env::temp_dir, Path::to_owned), held: AtomicUsize::new(0) }
    }

    /// Whether more is held than may be.
    pub(super) fn is_exceeded(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.most
    }
}

/// Bytes that somebody holds, counted against a budget until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Held {
    pub(super) fn of(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0 }
    }

    /// Holds this many bytes from now on.
    pub(super) fn set(&mut self, bytes: usize) {
        self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// Where bytes stand in a spill file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    at: u64,
    length: usize,
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct SpillFile {
    file: BufWriter<File>,
    length: u64,
}

impl SpillFile {
    pub(super) fn new(budget: &Budget) -> io::Result<Self> {
        Ok(Self { file: BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(&budget.folder)?), length: 0 })
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<Segment> {
        self.file.write_all(bytes)?;
        let segment = Segment { at: self.length, length: bytes.len() };
        self.length += bytes.len() as u64;
        Ok(segment)
    }

    /// The file, to be read.
    pub(super) fn finish(self) -> io::Result<Spilled> {
        Ok(Spilled(Mutex::new(self.file.into_inner().map_err(io::IntoInnerError::into_error)?)))
    }
}

/// A file that was written.
#[derive(Debug)]
pub(super) struct Spilled(Mutex<File>);

impl Spilled {
    /// Appends what stands at `segment` to `out`.
    pub(super) fn read(&self, segment: Segment, out: &mut Vec<u8>) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(segment.at))?;
        let begin = out.len();
        out.resize(begin + segment.length, 0);
        file.read_exact(&mut out[begin..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spilled_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = SpillFile::new(&Budget::new(0, Some(folder.path()))).unwrap();
        let segments = [b"one".as_slice(), b"", b"three"].map(|bytes| file.append(bytes).unwrap());
        let file = file.finish().unwrap();
        let mut out = Vec::new();
        for segment in [segments[2], segments[1], segments[0]] {
            file.read(segment, &mut out).unwrap();
        }
        assert_eq!(out, b"threeone");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
    }

    #[test]
    fn what_is_dropped_is_held_no_more() {
        let budget = Arc::new(Budget::new(10, None));
        let mut held = [Held::of(&budget), Held::of(&budget)];
        held[0].set(6);
        held[1].set(4);
        assert!(!budget.is_exceeded());
        held[1].set(5);
        assert!(budget.is_exceeded());
        drop(held);
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
    }
}
