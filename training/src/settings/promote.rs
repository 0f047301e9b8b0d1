//! What `promote` was given.

use std::path::PathBuf;

use super::missing;
use crate::cli::PromoteArgs;
use crate::config::Config;
use crate::error::TrainError;

/// Settings of `promote`.
#[derive(Clone, Debug)]
pub struct Promote {
    /// What is to be done.
    pub deed: Deed,
    /// What people are to call the bundle.
    pub label: Option<String>,
    /// Folder of the champions.
    pub registry: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// What `promote` does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The bundle in this folder becomes champion.
    Promote(PathBuf),
    /// The bundle in this folder is tried beside the champion.
    Challenge {
        /// The folder.
        bundle: PathBuf,
        /// The share of customers that it speaks for.
        share: f64,
        /// Whether it scores the others unseen.
        shadow: bool,
    },
    /// The champion speaks for everybody again.
    Withdraw,
    /// The champion before takes its place again.
    RollBack,
}

impl Promote {
    /// Checks what `promote` was given.
    ///
    /// # Errors
    /// A [`TrainError`] that names the setting.
    pub fn check(args: PromoteArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.config.as_deref())?;
        let registry = args.registry.or(config.registry).ok_or_else(|| missing("registry", "LAPWING_REGISTRY", "registry"))?;
        let deed = match args.challenger {
            Some(bundle) if args.share.is_some() || args.shadow => {
                Deed::Challenge { bundle, share: args.share.unwrap_or(0.0), shadow: args.shadow }
            }
            Some(bundle) => Deed::Promote(bundle),
            None if args.withdraw => Deed::Withdraw,
            None => Deed::RollBack,
        };
        Ok(Self { deed, label: args.label, registry, json: args.json.or(config.json).unwrap_or(false) })
    }
}
