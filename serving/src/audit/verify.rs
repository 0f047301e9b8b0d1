//! Whether a log is what was written.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Serialize;
use subtle::ConstantTimeEq;

use super::AuditError;
use super::chain::AuditKey;
use super::log::{parse, read_key};

/// A log that holds together. Lines cut off at its end cannot be noticed from the file alone: keep `lines` and `last` elsewhere,
/// and compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many there are.
    pub lines: u64,
    /// The seal of the last one; empty when there is none.
    pub last: String,
}

impl AuditKey {
    /// Reads the secret in a file.
    ///
    /// # Errors
    /// [`AuditError::Io`], or [`AuditError::ShortKey`] for fewer than 32 bytes.
    pub fn read(path: &Path) -> Result<Self, AuditError> {
        read_key(path)
    }
}

/// Checks every line of the log at `path`.
///
/// # Errors
/// [`AuditError::Broken`] at the first line that was changed, or that follows one that was put in or taken out.
pub fn verify(path: &Path, key: &AuditKey) -> Result<Verified, AuditError> {
    let failed = |source| AuditError::Io { doing: "read", path: path.to_owned(), source };
    let mut verified = Verified::default();
    for line in BufReader::new(File::open(path).map_err(failed)?).split(b'\n') {
        let number = verified.lines + 1;
        let broken = |why| AuditError::Broken { path: path.to_owned(), line: number, why };
        let line = parse(&line.map_err(failed)?).ok_or_else(|| broken("it is no line of an audit log"))?;
        if line.sequence != number {
            return Err(broken("its number does not follow"));
        }
        if line.before != verified.last {
            return Err(broken("it does not hang in the line before"));
        }
        let seal = key.seal(number, &line.record, &line.before).map_err(|_| broken("it is no line of an audit log"))?;
        if !bool::from(seal.as_bytes().ct_eq(line.seal.as_bytes())) {
            return Err(broken("its seal is not that of what it says"));
        }
        verified = Verified { lines: number, last: line.seal };
    }
    Ok(verified)
}
