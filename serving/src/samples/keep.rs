//! Keeping the log: who scores hands a sample over and goes on; one thread hashes and writes.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::SampleError;
use super::folder::{Held, failed, private};
use super::line::{Line, Sample, place_of};
use crate::audit::AuditKey;

/// Samples that may wait to be written; further ones are left out.
const WAITING: usize = 1_024;
/// Samples that are written at once.
const TOGETHER: usize = 256;
/// How long the last samples may take to be written.
const FLUSH: Duration = Duration::from_secs(10);
/// Files that the log is spread over when it is full.
const FILES: u64 = 8;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Of the customers; always the same ones.
    pub share: f64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// A log that is kept.
#[derive(Debug)]
pub struct SampleLog {
    share: f64,
    /// `None` only while it ends.
    samples: Option<SyncSender<Note>>,
    writer: Option<JoinHandle<()>>,
    counts: Arc<Counts>,
}

/// What the writer is told.
#[derive(Debug)]
enum Note {
    Sample(Box<Sample>),
    /// To let somebody go who waits until all before it is written.
    Flush(Sender<()>),
}

#[derive(Debug, Default)]
struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
}

impl SampleLog {
    /// Goes on with the log in the folder `dir`, which is made where there is none.
    ///
    /// # Errors
    /// [`SampleError::Io`] when nothing can be written there.
    pub fn open(dir: &Path, key: AuditKey, room: Room) -> Result<Self, SampleError> {
        fs::create_dir_all(dir).map_err(failed("make", dir))?;
        // A file that an earlier run may have left off within a line is not gone on with.
        let number = Held::take(dir)?.files()?.last().map_or(0, |(number, _)| *number) + 1;
        let counts = Arc::new(Counts::default());
        let (samples, waiting) = sync_channel(WAITING);
        let writer = Writer { dir: dir.to_owned(), key, bytes: room.bytes, number, counts: Arc::clone(&counts) };
        let thread = std::thread::Builder::new().name("requests".to_owned());
        let writer = thread.spawn(move || writer.run(&waiting)).map_err(failed("write", dir))?;
        Ok(Self { share: room.share, samples: Some(samples), writer: Some(writer), counts })
    }

    /// Whether what is scored of this customer is kept.
    #[must_use]
    pub fn wants(&self, customer_id: &str) -> bool {
        place_of(customer_id) < self.share
    }

    /// Keeps a sample, unless too many wait already.
    pub fn keep(&self, sample: Sample) {
        if self.samples.as_ref().is_none_or(|samples| samples.try_send(Note::Sample(Box::new(sample))).is_err()) {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what was kept is written, but not for ever. It blocks, so that it is not for where requests are answered.
    pub fn flush(&self) {
        let (told, written) = channel();
        if self.samples.as_ref().is_some_and(|samples| samples.send(Note::Flush(told)).is_ok()) {
            // What could not be written has been told.
            let _ = written.recv_timeout(FLUSH);
        }
    }

    /// Lines that were written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.counts.written.load(Ordering::Relaxed)
    }

    /// Samples that were left out, since too many waited or nothing could be written.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for SampleLog {
    /// Waits until what was kept is written.
    fn drop(&mut self) {
        drop(self.samples.take());
        if let Some(writer) = self.writer.take() {
            // It contains no panic of its own, and nobody could be told of one here.
            let _ = writer.join();
        }
    }
}

struct Writer {
    dir: PathBuf,
    key: AuditKey,
    bytes: u64,
    number: u64,
    counts: Arc<Counts>,
}

impl Writer {
    fn run(mut self, waiting: &Receiver<Note>) {
        while let Ok(first) = waiting.recv() {
            let (mut samples, mut flushed) = (Vec::new(), Vec::new());
            for note in [first].into_iter().chain(waiting.try_iter().take(TOGETHER - 1)) {
                match note {
                    Note::Sample(sample) => samples.push(*sample),
                    Note::Flush(told) => flushed.push(told),
                }
            }
            let count = samples.len() as u64;
            match self.write(samples) {
                Ok(()) => self.counts.written.fetch_add(count, Ordering::Relaxed),
                Err(error) => {
                    tracing::error!(why = %error, requests = count, "the request log cannot be written");
                    self.counts.dropped.fetch_add(count, Ordering::Relaxed)
                }
            };
            for told in flushed {
                // Who waited may have gone.
                let _ = told.send(());
            }
        }
    }

    fn write(&mut self, samples: Vec<Sample>) -> Result<(), SampleError> {
        let mut text = Vec::new();
        for sample in samples {
            let line = Line::of(sample, &self.key);
            serde_json::to_writer(&mut text, &line).map_err(|error| failed("write", &self.dir)(error.into()))?;
            text.push(b'\n');
        }
        let held = Held::take(&self.dir)?;
        self.make_room(&held, text.len() as u64)?;
        let path = held.file(self.number);
        let mut file = private().open(&path).map_err(failed("open", &path))?;
        let length = file.metadata().map_err(failed("read", &path))?.len();
        if let Err(error) = file.write_all(&text) {
            // Half a line would spoil the next one.
            let _ = file.set_len(length);
            return Err(failed("write", &path)(error));
        }
        if length + text.len() as u64 >= self.bytes / FILES {
            self.number += 1;
        }
        Ok(())
    }

    /// Removes the oldest files until there is room for so many bytes.
    fn make_room(&self, held: &Held, bytes: u64) -> Result<(), SampleError> {
        let mut files = Vec::new();
        for (_, path) in held.files()? {
            let length = fs::metadata(&path).map_err(failed("read", &path))?.len();
            files.push((path, length));
        }
        let mut all = bytes + files.iter().map(|(_, length)| length).sum::<u64>();
        for (path, length) in files {
            if all <= self.bytes {
                break;
            }
            fs::remove_file(&path).map_err(failed("remove", &path))?;
            all -= length;
        }
        Ok(())
    }
}
