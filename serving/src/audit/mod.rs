//! The audit log: who asked for what and how it ended, one JSON line each, chained so that a line that was changed, put in or taken
//! out is noticed. It holds no personal data: customers appear as keyed hashes only.

mod chain;
mod log;
mod receipt;
mod verify;

pub use chain::{AuditKey, Record};
pub use log::AuditLog;
pub use receipt::Receipt;
pub use verify::{Verified, verify};

use std::path::PathBuf;

use thiserror::Error;

/// Why an audit log cannot be kept, or does not hold together.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The file system said no.
    #[error("cannot {doing} `{path}`: {source}\nhint: check that the path exists and that you may read and write there")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key is too short to keep a secret.
    #[error(
        "`{0}` holds fewer than 32 bytes\nhint: make a key with `head -c 32 /dev/urandom | base64 > {0}`, and keep it from whoever may write the log"
    )]
    ShortKey(PathBuf),
    /// A receipt is not what was written.
    #[error("`{0}` is no receipt that was written under this key\nhint: it was changed, or the key is another")]
    Receipt(PathBuf),
    /// A line is not what was written.
    #[error(
        "`{path}` was changed at line {line}: {why}\nhint: keep the file as it is, and find out who could write there; or the key is another"
    )]
    Broken {
        /// The log.
        path: PathBuf,
        /// The first is 1.
        line: u64,
        /// What is wrong.
        why: &'static str,
    },
}
