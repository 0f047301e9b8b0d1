//! Forgetting a customer: every line of theirs goes, or none does.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SampleError;
use super::folder::{Held, failed, private};
use crate::audit::AuditKey;

/// What was forgotten of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// The customer, as the log had them.
    pub customer: String,
    /// Their lines.
    pub lines: u64,
    /// The files that these were in.
    pub files: u64,
    /// Lines that could not be read, in the same files or others; they may have been anybody's and went too.
    pub unreadable: u64,
}

/// As much of a line as tells whose it is.
#[derive(Deserialize)]
struct Whose<'a> {
    #[serde(borrow)]
    customer: std::borrow::Cow<'a, str>,
}

/// Takes the lines of a customer out of the log in `dir`, written under `key`. A crash on the way leaves either all or none;
/// whoever opens the folder next ends what was begun.
///
/// # Errors
/// [`SampleError::Io`] when the folder cannot be read or written; then no line is gone, or all will be.
pub fn forget(dir: &Path, key: &AuditKey, customer_id: &str) -> Result<Forgotten, SampleError> {
    let mut forgotten = Forgotten { customer: key.customer(customer_id), ..Forgotten::default() };
    let held = Held::take(dir)?;
    let mut changed = false;
    for (_, path) in held.files()? {
        changed |= part(&path, &mut forgotten)?;
    }
    if changed {
        held.put_kept()?;
    }
    Ok(forgotten)
}

/// Puts what is left of a file beside it; whether anything goes.
fn part(path: &Path, forgotten: &mut Forgotten) -> Result<bool, SampleError> {
    let (before, kept) = (forgotten.clone(), Held::kept(path));
    let mut left = BufWriter::new(private().open(&kept).map_err(failed("write", &kept))?);
    let mut lines = BufReader::new(File::open(path).map_err(failed("read", path))?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(failed("read", path))? > 0 {
        match serde_json::from_slice(&line).map(|Whose { customer }| customer == forgotten.customer) {
            Ok(true) => forgotten.lines += 1,
            Ok(false) => left.write_all(&line).map_err(failed("write", &kept))?,
            Err(_) => forgotten.unreadable += 1,
        }
        line.clear();
    }
    forgotten.files += u64::from(forgotten.lines > before.lines);
    let changed = (forgotten.lines, forgotten.unreadable) != (before.lines, before.unreadable);
    if changed {
        let file = left.into_inner().map_err(|error| failed("write", &kept)(error.into_error()))?;
        file.sync_all().map_err(failed("write", &kept))?;
    } else {
        drop(left);
        fs::remove_file(&kept).map_err(failed("remove", &kept))?;
    }
    Ok(changed)
}
