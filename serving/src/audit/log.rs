//! Keeping the log: one thread writes, so that lines hang in one chain; who asks for a line waits when it is behind.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;

use super::chain::{AuditKey, Line, Record};
use super::{AuditError, verify};

/// Records that may wait to be written.
const WAITING: usize = 1_024;
/// Records that are written and made to last at once.
const TOGETHER: usize = 256;
/// How long the last records may take to be written.
const FLUSH: Duration = Duration::from_secs(10);
/// Longest file of a key, in bytes.
const MOST_KEY: u64 = 4_096;

/// A log that is kept.
#[derive(Debug)]
pub struct AuditLog {
    key: AuditKey,
    notes: mpsc::Sender<Note>,
    lost: Arc<AtomicU64>,
}

/// What the writer is told.
#[derive(Debug)]
enum Note {
    Record(Box<Record>),
    /// To let somebody go who waits until all before it is written.
    Flush(Sender<()>),
}

impl AuditLog {
    /// Goes on with the log at `path`, or begins it; what is there is verified first. A last line that a crash tore is cut off, and
    /// the first record says so.
    ///
    /// # Errors
    /// [`AuditError`] when the file cannot be written or does not hold together.
    pub fn open(path: &Path, key: AuditKey, start: Record) -> Result<Self, AuditError> {
        let failed = |doing| move |source| AuditError::Io { doing, path: path.to_owned(), source };
        let mut file = private().open(path).map_err(failed("open"))?;
        let torn = cut_torn(&mut file).map_err(failed("read"))?;
        let verified = verify(path, &key)?;
        let (notes, waiting) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let mut writer = Writer {
            file,
            path: path.to_owned(),
            key: key.clone(),
            sequence: verified.lines,
            before: verified.last,
            lost: Arc::clone(&lost),
        };
        let note = (torn > 0).then(|| format!("{torn} bytes of a torn line were cut off"));
        writer.write(vec![Record { note, ..start }]).map_err(failed("write"))?;
        std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(waiting)).map_err(failed("write"))?;
        Ok(Self { key, notes, lost })
    }

    /// A customer as the log has it.
    #[must_use]
    pub fn customer(&self, id: &str) -> String {
        self.key.customer(id)
    }

    /// Notes a record; waits while the log is behind.
    pub async fn note(&self, record: Record) {
        if self.notes.send(Note::Record(Box::new(record))).await.is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what was noted is written, but not for ever. It blocks, so that it is not for where requests are answered.
    pub fn flush(&self) {
        let (told, written) = channel();
        if self.notes.blocking_send(Note::Flush(told)).is_ok() {
            // What could not be written has been told.
            let _ = written.recv_timeout(FLUSH);
        }
    }

    /// Records that could not be written.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Reads the secret in a file; blanks around it do not count.
///
/// # Errors
/// [`AuditError::Io`], or [`AuditError::ShortKey`] for fewer than 32 bytes.
pub(super) fn read_key(path: &Path) -> Result<AuditKey, AuditError> {
    let failed = |source| AuditError::Io { doing: "read", path: path.to_owned(), source };
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(File::open(path).map_err(failed)?, MOST_KEY), &mut bytes).map_err(failed)?;
    AuditKey::new(bytes.trim_ascii()).ok_or_else(|| AuditError::ShortKey(path.to_owned()))
}

struct Writer {
    file: File,
    path: PathBuf,
    key: AuditKey,
    sequence: u64,
    before: String,
    lost: Arc<AtomicU64>,
}

impl Writer {
    fn run(mut self, mut waiting: mpsc::Receiver<Note>) {
        let mut notes = Vec::new();
        while waiting.blocking_recv_many(&mut notes, TOGETHER) > 0 {
            let (mut records, mut flushed) = (Vec::new(), Vec::new());
            for note in notes.drain(..) {
                match note {
                    Note::Record(record) => records.push(*record),
                    Note::Flush(told) => flushed.push(told),
                }
            }
            let count = records.len() as u64;
            if let Err(error) = self.write(records) {
                self.lost.fetch_add(count, Ordering::Relaxed);
                tracing::error!(path = %self.path.display(), why = %error, records = count, "the audit log cannot be written");
            }
            for told in flushed {
                // Who waited may have gone.
                let _ = told.send(());
            }
        }
    }

    /// Writes records and makes them last; when that fails, the file and the chain are as they were.
    fn write(&mut self, records: Vec<Record>) -> std::io::Result<()> {
        let (mut sequence, mut before, mut text) = (self.sequence, self.before.clone(), Vec::new());
        for record in records {
            sequence += 1;
            let line = self.key.line(sequence, record, &before)?;
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
            before = line.seal;
        }
        let length = self.file.seek(SeekFrom::End(0))?;
        if let Err(error) = self.file.write_all(&text).and_then(|()| self.file.sync_data()) {
            // Half a line would break the chain for good.
            let _ = self.file.set_len(length);
            return Err(error);
        }
        (self.sequence, self.before) = (sequence, before);
        Ok(())
    }
}

/// For its owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Cuts off what stands after the last end of a line; how many bytes.
fn cut_torn(file: &mut File) -> std::io::Result<u64> {
    let (mut whole, mut all) = (0_u64, 0_u64);
    let mut lines = BufReader::new(&*file);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        all += line.len() as u64;
        if line.ends_with(b"\n") {
            whole = all;
        }
        line.clear();
    }
    if all > whole {
        file.set_len(whole)?;
    }
    Ok(all - whole)
}

/// A line as it was read.
pub(super) fn parse(line: &[u8]) -> Option<Line> {
    serde_json::from_slice(line).ok()
}
