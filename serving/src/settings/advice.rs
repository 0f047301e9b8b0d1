//! The playbook and the hold-out key, as given.

use std::path::PathBuf;

use crate::cli::{AdviceArgs, PlaybookArgs};
use crate::config::Config;
use crate::error::ServeError;

/// What to do for whom, and by what customers are left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// The playbook; the shipped one without it.
    pub playbook: Option<PathBuf>,
    /// The file of the key; nobody is held out without it.
    pub holdout_key_file: Option<PathBuf>,
}

impl Advice {
    /// What was given.
    pub(super) fn new(args: AdviceArgs, config: &Config) -> Self {
        Self {
            playbook: args.playbook.or(config.playbook.clone()),
            holdout_key_file: args.holdout_key_file.or(config.holdout_key_file.clone()),
        }
    }
}

/// Settings of `playbook`.
#[derive(Clone, Debug)]
pub struct Playbook {
    /// The playbook; the shipped one without it.
    pub file: Option<PathBuf>,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

impl Playbook {
    /// Checks the flags of `playbook`.
    ///
    /// # Errors
    /// What reading the config file gives.
    pub fn new(args: PlaybookArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.config.as_deref())?;
        Ok(Self { file: args.playbook.or(config.playbook), json: args.json.or(config.json).unwrap_or(false) })
    }
}
