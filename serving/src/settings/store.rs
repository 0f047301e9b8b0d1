//! The store, checked, and what is published into it.

use std::path::PathBuf;

use lapwing_models::lifecycle::AlertSettings;

#[cfg(feature = "batch")]
use crate::cli::PublishArgs;
use crate::cli::StoreArgs;
use crate::config::Config;
use crate::error::ServeError;
use crate::store::{Sealer, Store, StoreUrl};

/// Where published scores and alerts are, and the rules of alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct StorePlace {
    /// The database.
    pub url: StoreUrl,
    /// The file of keys for personal attributes.
    pub key: Option<PathBuf>,
    /// The rules of alerts.
    pub alerts: AlertSettings,
}

impl StorePlace {
    /// The store of flags and file; `None` when there is none.
    ///
    /// # Errors
    /// [`ServeError::Alerts`] when a rule of alerts cannot be meant.
    pub(super) fn new(args: StoreArgs, config: &Config) -> Result<Option<Self>, ServeError> {
        config.alerts.check()?;
        let (store, key) = (args.store.or(config.store.clone()), args.store_key.or(config.store_key.clone()));
        let Some(store) = store else { return Ok(None) };
        let url = store.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
        Ok(Some(Self { url, key, alerts: config.alerts }))
    }

    /// Opens the store.
    ///
    /// # Errors
    /// [`ServeError::Store`] when it cannot be opened.
    pub fn open(&self) -> Result<Store, ServeError> {
        Ok(Store::open(&self.url)?)
    }

    /// The keys, where there is a file of them.
    ///
    /// # Errors
    /// [`ServeError::Sealer`] when the file holds none.
    pub fn sealer(&self) -> Result<Option<Sealer>, ServeError> {
        Ok(self.key.as_deref().map(Sealer::read).transpose()?)
    }
}

/// Settings of `publish`.
#[cfg(feature = "batch")]
#[derive(Clone, Debug)]
pub struct Publish {
    /// The scores.
    pub scores: PathBuf,
    /// Where to.
    pub place: StorePlace,
    /// The run's name; `None` for that of the file.
    pub run_id: Option<String>,
    /// Runs that stay.
    pub keep: usize,
    /// Attributes that are sealed.
    pub personal: Vec<String>,
    /// When this takes place; `None` for now.
    pub at: Option<lapwing_features::Timestamp>,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

#[cfg(feature = "batch")]
impl Publish {
    /// Checks the flags of `publish`.
    ///
    /// # Errors
    /// [`ServeError::Missing`], [`ServeError::Range`], [`ServeError::Time`], [`ServeError::Alerts`], or what reading the config file gives.
    pub fn new(args: PublishArgs) -> Result<Self, ServeError> {
        use super::missing;
        let config = Config::read(args.config.as_deref())?;
        let scores = args.scores.or(config.scores.clone()).ok_or_else(|| missing("scores", "LAPWING_SCORES", "scores"))?;
        let place = StorePlace::new(args.store, &config)?.ok_or_else(|| missing("store", "LAPWING_STORE", "store"))?;
        let keep = args.keep_runs.or(config.keep_runs).unwrap_or(8);
        if !(2..=1_000).contains(&keep) {
            return Err(ServeError::Range { flag: "keep-runs", value: keep, least: 2, most: 1_000 });
        }
        let at = args.at.map(|at| lapwing_features::Calendar::utc().parse(&at)).transpose();
        let at = at.map_err(|source| ServeError::Time { setting: "`--at`", source })?;
        let personal = args.personal.unwrap_or(config.personal);
        if !personal.is_empty() && place.key.is_none() {
            return Err(ServeError::HalfGiven { given: "personal", missing: "store-key" });
        }
        let json = args.json.or(config.json).unwrap_or(false);
        Ok(Self { scores, place, run_id: args.run_id, keep: keep as usize, personal, at, json })
    }
}
