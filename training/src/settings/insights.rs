//! The settings of `insights`.

use std::path::PathBuf;

use super::{Source, check_out, missing};
use crate::cli::InsightsArgs;
use crate::config::{Config, DateText};
use crate::error::TrainError;

/// Settings of `insights`.
#[derive(Clone, Debug)]
pub struct Insights {
    /// The data; time zone, kinds and the rule for duplicates are the bundle's.
    pub source: Source,
    /// Whose lifecycle rules are applied.
    pub bundle: PathBuf,
    /// As given: the bundle's time zone says which instant it is.
    pub as_of: String,
    /// Longest time from a touch to the purchase that it led to, in days; at least 1.
    pub touch_window_days: u32,
    /// Stages are compared with those of so many days before; at least 1.
    pub compare_days: u32,
    /// Folder of the tables and the page.
    pub out: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

impl Insights {
    /// Checks what `insights` was given.
    ///
    /// # Errors
    /// A [`TrainError`] that names the setting.
    pub fn check(args: InsightsArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.source.config.as_deref())?;
        let mut source = Source::check(args.source, &config)?;
        // A cluster sends no names, only their hashes.
        source.resources.cluster = None;
        let bundle = args.bundle.or(config.bundle.clone()).ok_or_else(|| missing("bundle", "LAPWING_BUNDLE", "bundle"))?;
        let as_of = args.as_of.map(DateText).or(config.as_of.clone()).ok_or_else(|| missing("as-of", "LAPWING_AS_OF", "as_of"))?;
        let out = args.out.or(config.out.clone()).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        check_out(&out)?;
        let days = |key, days: u32| match days {
            1..=3_650 => Ok(days),
            _ => Err(TrainError::Bounds { key, value: f64::from(days), bounds: "1 to 3650" }),
        };
        let touch_window_days = days("touch_window_days", args.touch_window_days.unwrap_or(config.insights.touch_window_days))?;
        let compare_days = days("compare_days", args.compare_days.unwrap_or(config.insights.compare_days))?;
        let json = args.json.or(config.json).unwrap_or(false);
        Ok(Self { source, bundle, as_of: as_of.0, touch_window_days, compare_days, out, json })
    }
}
