//! The store, checked, and what is published into it.

use std::path::PathBuf;

#[cfg(feature = "batch")]
use lapwing_features::Calendar;
#[cfg(feature = "batch")]
use lapwing_features::engine::{EventsConfig, Resources};
use lapwing_models::lifecycle::AlertSettings;

use crate::cli::StoreArgs;
#[cfg(feature = "batch")]
use crate::cli::{CommonArgs, PublishArgs};
use crate::config::Config;
use crate::error::ServeError;
#[cfg(feature = "batch")]
use crate::settings::Source;
use crate::store::{Sealer, Store, StoreUrl};

/// Where published scores and alerts are, and the rules of alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct StorePlace {
    /// The database.
    pub url: StoreUrl,
    /// The file of keys for personal attributes and histories.
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
    /// What tells of purchases and contacts; `None` when only the scores do.
    pub events: Option<ToldBy>,
    /// The bundle by which histories are read that are kept; `None` when none are.
    pub histories: Option<Source>,
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

/// Events that tell what became of customers, and how they are read.
#[cfg(feature = "batch")]
#[derive(Clone, Debug)]
pub struct ToldBy {
    /// Files, folders or globs, of events or histories; at least one.
    pub paths: Vec<String>,
    /// Columns, kinds and links.
    pub reading: EventsConfig,
    /// Of times that are written without a zone.
    pub calendar: Calendar,
    /// What of the machine may be used.
    pub resources: Resources,
}

#[cfg(feature = "batch")]
impl Publish {
    /// Checks the flags of `publish`.
    ///
    /// # Errors
    /// [`ServeError::Missing`], [`ServeError::HalfGiven`], [`ServeError::NoBundle`], [`ServeError::Range`], [`ServeError::Time`],
    /// [`ServeError::AtToCome`], [`ServeError::Alerts`], or what reading the config file gives.
    pub fn new(args: PublishArgs) -> Result<Self, ServeError> {
        use super::{common, missing, resources, told};
        let config = Config::read(args.config.as_deref())?;
        let scores = args.scores.or(config.scores.clone()).ok_or_else(|| missing("scores", "LAPWING_SCORES", "scores"))?;
        let place = StorePlace::new(args.store, &config)?.ok_or_else(|| missing("store", "LAPWING_STORE", "store"))?;
        let keep = args.keep_runs.or(config.keep_runs).unwrap_or(8);
        if !(2..=1_000).contains(&keep) {
            return Err(ServeError::Range { flag: "keep-runs", value: keep, least: 2, most: 1_000 });
        }
        let at = args.at.map(|at| lapwing_features::Calendar::utc().parse(&at)).transpose();
        let at = at.map_err(|source| ServeError::Time { setting: "`--at`", source })?;
        // Clocks of two machines differ, and so do the days of two zones; more than that is a slip.
        if at.is_some_and(|at| at > crate::clock::now().plus_days(1)) {
            return Err(ServeError::AtToCome);
        }
        let personal = args.personal.unwrap_or(config.personal.clone());
        if !personal.is_empty() && place.key.is_none() {
            return Err(ServeError::HalfGiven { given: "personal", missing: "store-key" });
        }
        let json = args.json.or(config.json).unwrap_or(false);
        let keeps = args.keep_histories.or(config.keep_histories).unwrap_or(false);
        let bundles = CommonArgs { bundle: args.bundle, registry: args.registry, ..CommonArgs::default() };
        let histories = keeps.then(|| common(bundles, &config)).transpose()?.map(|(source, _)| source);
        let zone = config.timezone.as_deref().map_or(Ok(Calendar::utc()), Calendar::of_zone);
        let calendar = zone.map_err(|source| ServeError::Time { setting: "`timezone`", source })?;
        let (paths, reading) = told(args.told, config.events);
        let resources = resources(args.resources, (config.threads, config.memory, config.spill_dir, config.engine, config.deadline))?;
        if keeps && paths.is_empty() {
            return Err(ServeError::HalfGiven { given: "keep-histories", missing: "events" });
        }
        let events = (!paths.is_empty()).then_some(ToldBy { paths, reading, calendar, resources });
        Ok(Self { scores, events, histories, place, run_id: args.run_id, keep: keep as usize, personal, at, json })
    }
}
