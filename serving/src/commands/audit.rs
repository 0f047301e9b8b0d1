//! `audit`: checks that a log, or a receipt, is what was written.

use crate::audit::{AuditKey, Receipt, verify};
use crate::error::ServeError;
use crate::settings::{Audit, Checked};
use crate::talk;

/// Runs `audit`.
///
/// # Errors
/// [`ServeError::Audit`] when the log or its key cannot be read, or the log does not hold together.
pub fn run(settings: &Audit) -> Result<(), ServeError> {
    let key = AuditKey::read(&settings.key)?;
    match &settings.checked {
        Checked::Log(log) => {
            let verified = verify(log, &key)?;
            talk::say(&format!("{} lines hold together; the last has the seal {}", verified.lines, verified.last));
            if settings.json { talk::result(&verified) } else { Ok(()) }
        }
        Checked::Receipt(receipt) => {
            let receipt = Receipt::read(receipt, &key)?;
            talk::say(&format!("the receipt holds: customer {} was forgotten at {}", receipt.customer, receipt.at));
            if settings.json { talk::result(&receipt) } else { Ok(()) }
        }
    }
}
