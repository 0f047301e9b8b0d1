//! What is checked of the records that the service keeps, and who is taken out of them.

use std::path::PathBuf;

use super::{StorePlace, missing};
use crate::cli::{AuditArgs, AuditCommand, ForgetArgs};
use crate::config::Config;
use crate::error::ServeError;

/// What `audit` checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// A log.
    Log(PathBuf),
    /// A receipt.
    Receipt(PathBuf),
}

/// Settings of `audit`.
#[derive(Clone, Debug)]
pub struct Audit {
    /// What is checked.
    pub checked: Checked,
    /// The file of its key.
    pub key: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

impl Audit {
    /// Checks the flags of `audit`.
    ///
    /// # Errors
    /// [`ServeError::Missing`], or what reading the config file gives.
    pub fn new(args: AuditArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.config.as_deref())?;
        let checked = match args.deed {
            AuditCommand::Verify { log } => Checked::Log(log),
            AuditCommand::Receipt { receipt } => Checked::Receipt(receipt),
        };
        let key = args.audit_key.or(config.audit_key).ok_or_else(|| missing("audit-key", "LAPWING_AUDIT_KEY", "audit_key"))?;
        Ok(Self { checked, key, json: args.json.or(config.json).unwrap_or(false) })
    }
}

/// Settings of `forget`.
#[derive(Clone, Debug)]
pub struct Forget {
    /// Who is to be forgotten.
    pub customer_id: String,
    /// The folder of the request log, if that is one of the places.
    pub log: Option<PathBuf>,
    /// The store, if that is one of the places.
    pub store: Option<StorePlace>,
    /// The file of the key that customers are hashed and receipts are sealed under.
    pub key: PathBuf,
    /// Where the receipt is written.
    pub receipt: Option<PathBuf>,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

impl Forget {
    /// Checks the flags of `forget`.
    ///
    /// # Errors
    /// [`ServeError::NowhereToForget`], [`ServeError::Missing`], or what reading the config file gives.
    pub fn new(args: ForgetArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.log.config.as_deref())?;
        let log = args.log.log_requests.or(config.log_requests.clone());
        let store = StorePlace::new(args.store, &config)?;
        if log.is_none() && store.is_none() {
            return Err(ServeError::NowhereToForget);
        }
        let key = args.log.audit_key.or(config.audit_key.clone()).ok_or_else(|| missing("audit-key", "LAPWING_AUDIT_KEY", "audit_key"))?;
        let json = args.json.or(config.json).unwrap_or(false);
        Ok(Self { customer_id: args.customer, log, store, key, receipt: args.receipt, json })
    }
}
