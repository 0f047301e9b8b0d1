//! The settings of `backtest`.

use std::path::PathBuf;

use lapwing_features::{Cutoff, Windows};
use lapwing_models::Target;
use lapwing_models::lifecycle::LifecycleSettings;
use lapwing_models::metrics::Campaign;

use super::{DEFAULT_CUTOFFS, DEFAULT_SEED, Source, check_out, check_windows, missing};
use crate::cli::BacktestArgs;
use crate::config::{Config, DateText};
use crate::error::TrainError;

/// Settings of `backtest`.
#[derive(Clone, Debug)]
pub struct Backtest {
    /// The data.
    pub source: Source,
    /// The dates that were named, oldest first, each once; empty when they are to be chosen.
    pub cutoffs: Vec<Cutoff>,
    /// Days from one date to the next, when they are to be chosen; at least 1, `None` for the default.
    pub step_days: Option<u32>,
    /// Whether intent is judged too.
    pub intent: bool,
    /// So many dates at most, when they are to be chosen; at least 1.
    pub most_cutoffs: usize,
    /// The lengths.
    pub windows: Windows,
    /// Seed of every random choice.
    pub seed: u64,
    /// The lifecycle rules.
    pub lifecycle: LifecycleSettings,
    /// What a contact costs and brings.
    pub profit: Campaign,
    /// Folder of the report.
    pub out: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

impl Backtest {
    /// Checks what `backtest` was given.
    ///
    /// # Errors
    /// A [`TrainError`] that names the setting.
    pub fn check(args: BacktestArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.source.config.as_deref())?;
        let source = Source::check(args.source, &config)?;
        let dates = args.as_of.map(|dates| dates.into_iter().map(DateText).collect()).or(config.as_of.clone().map(|date| vec![date]));
        let out = args.out.or(config.out.clone()).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        check_out(&out)?;
        config.lifecycle.check()?;
        let profit = check_profit(config.profit)?;
        let at_least_one = |key, number: Option<u32>| match number {
            Some(0) => Err(TrainError::Bounds { key, value: 0.0, bounds: "1 or more" }),
            number => Ok(number),
        };
        Ok(Self {
            cutoffs: source.cutoffs("`--as-of`", &dates.unwrap_or_default())?,
            step_days: at_least_one("step_days", args.step_days.or(config.step_days))?,
            intent: args.intent.or(config.intent).unwrap_or(false),
            most_cutoffs: at_least_one("most_cutoffs", args.most_cutoffs.or(config.most_cutoffs))?.unwrap_or(DEFAULT_CUTOFFS) as usize,
            windows: check_windows(&args.windows, &config)?,
            seed: args.seed.or(config.seed).unwrap_or(DEFAULT_SEED),
            lifecycle: config.lifecycle,
            profit,
            out,
            json: args.json.or(config.json).unwrap_or(false),
            source,
        })
    }
}

impl Backtest {
    /// What is judged.
    #[must_use]
    pub fn targets(&self) -> &'static [Target] {
        if self.intent { &Target::ALL } else { &Target::OF_POPULATIONS }
    }
}

/// Refuses costs and values that no campaign can have.
fn check_profit(profit: Campaign) -> Result<Campaign, TrainError> {
    let Campaign { contact_cost, incentive_cost, customer_value, acceptance_alpha, acceptance_beta } = profit;
    let fits = |key, value: f64, fits: bool, bounds| {
        if fits && value.is_finite() { Ok(()) } else { Err(TrainError::Bounds { key, value, bounds }) }
    };
    fits("customer_value", customer_value, customer_value > 0.0, "a number above 0")?;
    fits("contact_cost", contact_cost, contact_cost >= 0.0, "a number from 0 on")?;
    let below_value = (0.0..customer_value).contains(&incentive_cost);
    fits("incentive_cost", incentive_cost, below_value, "a number from 0 to below `customer_value`")?;
    fits("acceptance_alpha", acceptance_alpha, acceptance_alpha > 0.0, "a number above 0")?;
    fits("acceptance_beta", acceptance_beta, acceptance_beta > 0.0, "a number above 0")?;
    Ok(profit)
}
