//! `audit`: checks that a log is what was written.

use crate::audit::{AuditKey, verify};
use crate::error::ServeError;
use crate::settings::Audit;
use crate::talk;

/// Runs `audit verify`.
///
/// # Errors
/// [`ServeError::Audit`] when the log or its key cannot be read, or the log does not hold together.
pub fn run(settings: &Audit) -> Result<(), ServeError> {
    let verified = verify(&settings.log, &AuditKey::read(&settings.key)?)?;
    talk::say(&format!("{} lines hold together; the last has the seal {}", verified.lines, verified.last));
    if settings.json { talk::result(&verified) } else { Ok(()) }
}
