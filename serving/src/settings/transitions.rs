//! The settings of `transitions`.

use std::path::PathBuf;

use lapwing_features::engine::{EventsConfig, Resources};

use super::{common, missing, resources, told_at_all};
use crate::cli::TransitionsArgs;
use crate::config::Config;
use crate::error::ServeError;
use crate::source::Source;

/// Settings of `transitions`.
#[derive(Clone, Debug)]
pub struct Transitions {
    /// Whose rules are replayed.
    pub source: Source,
    /// Files, folders or globs, of events or histories; at least one.
    pub events: Vec<String>,
    /// Columns, kinds beside the bundle's, and links.
    pub reading: EventsConfig,
    /// The first date as given: the bundle's time zone says which instant it is.
    pub from: String,
    /// The second.
    pub to: String,
    /// The file to write.
    pub out: PathBuf,
    /// What of the machine may be used.
    pub resources: Resources,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

impl Transitions {
    /// Checks the flags of `transitions`.
    ///
    /// # Errors
    /// [`ServeError::Missing`], or what reading the config file gives.
    pub fn new(args: TransitionsArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.common.config.as_deref())?;
        let (source, json) = common(args.common, &config)?;
        let (events, reading) = told_at_all(args.told, config.events)?;
        let from = args.from.or(config.from.map(|date| date.0)).ok_or_else(|| missing("from", "LAPWING_FROM", "from"))?;
        let to = args.to.or(config.to.map(|date| date.0)).ok_or_else(|| missing("to", "LAPWING_TO", "to"))?;
        let out = args.out.or(config.out).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        let resources = resources(args.resources, (config.threads, config.memory, config.spill_dir, config.engine, config.deadline))?;
        Ok(Self { source, events, reading, from, to, out, resources, json })
    }
}
