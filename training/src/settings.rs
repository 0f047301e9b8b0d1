//! Raw flags and config file become checked settings, one type a command: flag over environment (clap joins the two) over file
//! over default.

use std::path::{Path, PathBuf};

use lapwing_features::engine::{Cluster, CustomersConfig, EventsConfig, HistoryFiles, Inputs, Resources, is_url};
use lapwing_features::{Calendar, Cutoff, Timestamp, Windows, WindowsError};
use lapwing_models::fit::solver::SolverKind;
use lapwing_models::lifecycle::LifecycleSettings;
use lapwing_models::metrics::Campaign;

use crate::cli::{DemoArgs, FeaturesArgs, FitArgs, HistoriesArgs, JudgeArgs, ResourceArgs, SourceArgs, WindowArgs};
use crate::config::{Config, DateText};
use crate::error::TrainError;

mod backtest;
mod cluster;
mod experiment;
mod insights;
mod link;
mod promote;

pub use backtest::Backtest;
pub use cluster::{executor, scheduler};
pub use experiment::{Experiment, Proof, Uplift};
pub use insights::Insights;
pub use link::Link;
pub use promote::{Deed, Promote};

const DEFAULT_DAYS: u32 = 90;
const DEFAULT_SEED: u64 = 42;
const DEFAULT_CUTOFFS: u32 = 12;
const DEFAULT_DEMO_OUT: &str = "lapwing-demo";

/// Where the events are and how to read them, checked.
#[derive(Clone, Debug)]
pub struct Source {
    /// Files, folders or globs, of events or histories; at least one.
    pub events: Vec<String>,
    /// Columns, kinds and duplicates.
    pub reading: EventsConfig,
    /// The customers table, when there is one.
    pub customers: Option<(String, CustomersConfig)>,
    /// Columns of it that enter the models.
    pub attributes: Vec<String>,
    /// What finds the coefficients.
    pub solver: SolverKind,
    /// Where days and dates are told.
    pub calendar: Calendar,
    /// The user's word that the data is complete up to here.
    pub data_until: Option<Timestamp>,
    /// What of the machine may be used.
    pub resources: Resources,
}

/// Settings of `fit`.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The data.
    pub source: Source,
    /// What the models may know of.
    pub as_of: Cutoff,
    /// The lengths.
    pub windows: Windows,
    /// Seed of every random choice.
    pub seed: u64,
    /// The lifecycle rules.
    pub lifecycle: LifecycleSettings,
    /// Folder of the bundle.
    pub out: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// Settings of `features`.
#[derive(Clone, Debug)]
pub struct Features {
    /// The data.
    pub source: Source,
    /// The dates to look from, oldest first, each once; at least one.
    pub cutoffs: Vec<Cutoff>,
    /// The lengths.
    pub windows: Windows,
    /// A file when it ends in `.parquet`, else a folder.
    pub out: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// Settings of `histories`.
#[derive(Clone, Debug)]
pub struct Histories {
    /// The data.
    pub source: Source,
    /// Whether it is added to the table that is there.
    pub append: bool,
    /// How the customers are parted, when it is given.
    pub files: Option<HistoryFiles>,
    /// The folder.
    pub out: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// Settings of `judge`.
#[derive(Clone, Debug)]
pub struct Judge {
    /// The data.
    pub source: Source,
    /// The past scores.
    pub scores: PathBuf,
    /// Length of the outcome window, when it is given: else the scores say it.
    pub horizon_days: Option<u32>,
    /// Days between scores and outcome window, when given: else the scores say it.
    pub gap_days: Option<u32>,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// Settings of `demo`.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Where its data is.
    pub events: PathBuf,
    /// Folder for bundle and scores.
    pub out: PathBuf,
    /// Both windows are this long.
    pub windows: Windows,
    /// Seed of every random choice.
    pub seed: u64,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

impl Fit {
    /// Checks what `fit` was given.
    ///
    /// # Errors
    /// A [`TrainError`] that names the setting.
    pub fn check(args: FitArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.source.config.as_deref())?;
        let source = Source::check(args.source, &config)?;
        let as_of = args.as_of.map(DateText).or(config.as_of.clone()).ok_or_else(|| missing("as-of", "LAPWING_AS_OF", "as_of"))?;
        let as_of = source.cutoff("`--as-of`", &as_of)?;
        let out = args.out.or(config.out.clone()).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        check_out(&out)?;
        config.lifecycle.check()?;
        Ok(Self {
            as_of,
            windows: check_windows(&args.windows, &config)?,
            seed: args.seed.or(config.seed).unwrap_or(DEFAULT_SEED),
            lifecycle: config.lifecycle,
            out,
            json: args.json.or(config.json).unwrap_or(false),
            source,
        })
    }
}

impl Features {
    /// Checks what `features` was given.
    ///
    /// # Errors
    /// A [`TrainError`] that names the setting.
    pub fn check(args: FeaturesArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.source.config.as_deref())?;
        let source = Source::check(args.source, &config)?;
        let dates = args.cutoff.map_or(config.cutoff.clone(), |dates| dates.into_iter().map(DateText).collect());
        let cutoffs = source.cutoffs("`--cutoff`", &dates)?;
        if cutoffs.is_empty() {
            return Err(missing("cutoff", "LAPWING_CUTOFF", "cutoff"));
        }
        let out = args.out.or(config.out.clone()).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        let windows = check_windows(&args.windows, &config)?;
        Ok(Self { source, cutoffs, windows, out, json: args.json.or(config.json).unwrap_or(false) })
    }
}

impl Histories {
    /// Checks what `histories` was given.
    ///
    /// # Errors
    /// A [`TrainError`] that names the setting.
    pub fn check(args: HistoriesArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.source.config.as_deref())?;
        let mut source = Source::check(args.source, &config)?;
        // A cluster sends no names, only their hashes; and all would come here in any case.
        source.resources.cluster = None;
        let files = args.files.or(config.files);
        let files = files.map(|files| HistoryFiles::new(files as usize).ok_or(TrainError::HistoryFiles(files))).transpose()?;
        let out = args.out.or(config.out.clone()).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        let append = args.append.or(config.append).unwrap_or(false);
        Ok(Self { source, append, files, out, json: args.json.or(config.json).unwrap_or(false) })
    }
}

impl Judge {
    /// Checks what `judge` was given.
    ///
    /// # Errors
    /// A [`TrainError`] that names the setting.
    pub fn check(args: JudgeArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.source.config.as_deref())?;
        let source = Source::check(args.source, &config)?;
        let judge = Self {
            source,
            scores: args.scores.or(config.scores.clone()).ok_or_else(|| missing("scores", "LAPWING_SCORES", "scores"))?,
            horizon_days: args.horizon_days.or(config.horizon_days),
            gap_days: args.gap_days.or(config.gap_days),
            seed: args.seed.or(config.seed).unwrap_or(DEFAULT_SEED),
            json: args.json.or(config.json).unwrap_or(false),
        };
        judge.windows(None, None)?;
        Ok(judge)
    }

    /// The outcome window: as given, else as the scores say, else by default. `active_days` plays no part, the scores say who was
    /// current.
    ///
    /// # Errors
    /// [`WindowsError`] when a length cannot be.
    pub fn windows(&self, horizon_days: Option<u32>, gap_days: Option<u32>) -> Result<Windows, WindowsError> {
        let horizon_days = self.horizon_days.or(horizon_days).unwrap_or(DEFAULT_DAYS);
        Windows::new(DEFAULT_DAYS, horizon_days, self.gap_days.or(gap_days).unwrap_or(0))
    }
}

impl Demo {
    /// The file of the demo, below `notebooks-data`.
    pub const FILE: &str = "online_retail_orders.parquet";

    /// Finds the data that comes along: beside the sources this was built from, else in `./notebooks-data`.
    ///
    /// # Errors
    /// [`TrainError::DemoData`] when it is in neither place.
    pub fn check(args: DemoArgs) -> Result<Self, TrainError> {
        let here = Path::new("notebooks-data").join(Self::FILE);
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("notebooks-data").join(Self::FILE);
        let events = first_file(&[built, here])?;
        let out = args.out.unwrap_or_else(|| DEFAULT_DEMO_OUT.into());
        check_out(&out)?;
        let windows = Windows::new(DEFAULT_DAYS, DEFAULT_DAYS, 0)?;
        Ok(Self { events, out, windows, seed: DEFAULT_SEED, json: args.json.unwrap_or(false) })
    }
}

impl Demo {
    /// The settings of the report on past dates, with every default.
    #[must_use]
    pub fn backtest(&self, source: Source, out: PathBuf) -> Backtest {
        Backtest {
            source,
            cutoffs: Vec::new(),
            step_days: None,
            intent: false,
            most_cutoffs: DEFAULT_CUTOFFS as usize,
            windows: self.windows,
            seed: self.seed,
            lifecycle: LifecycleSettings::default(),
            profit: Campaign::default(),
            out,
            json: false,
        }
    }
}

impl Source {
    /// The events at `path`, with every default.
    #[must_use]
    pub fn plain(path: &Path) -> Self {
        Self {
            events: vec![path.display().to_string()],
            reading: EventsConfig::default(),
            customers: None,
            attributes: Vec::new(),
            solver: SolverKind::default(),
            calendar: Calendar::utc(),
            data_until: None,
            resources: Resources::default(),
        }
    }

    /// What is read, and so may not be written over.
    #[must_use]
    pub fn inputs(&self) -> Inputs<'_> {
        let customers = self.customers.as_ref().map(|(path, _)| path.as_str());
        Inputs { events: &self.events, customers, links: self.reading.links.as_deref(), bundle: None }
    }

    fn check(args: SourceArgs, config: &Config) -> Result<Self, TrainError> {
        let events = match (args.events, args.histories) {
            (None, None) => [config.events.paths.as_slice(), &config.events.histories].concat(),
            (events, histories) => [events.unwrap_or_default(), histories.unwrap_or_default()].concat(),
        };
        if events.is_empty() {
            return Err(missing("events", "LAPWING_EVENTS", "paths under [events]"));
        }
        let zone = args.timezone.or(config.timezone.clone()).unwrap_or_else(|| "UTC".to_owned());
        let calendar = Calendar::of_zone(&zone).map_err(|source| TrainError::Time { setting: "`--timezone`", source })?;
        let customers = args.customers.or(config.customers.path.clone()).map(|path| (path, config.customers.reading()));
        if let (None, Some(attribute)) = (&customers, config.model.attributes.first()) {
            return Err(TrainError::AttributeWithoutTable(attribute.clone()));
        }
        let mut reading = config.events.reading();
        reading.links = args.links.or(reading.links);
        let mut source = Self {
            events,
            reading,
            customers,
            attributes: config.model.attributes.clone(),
            solver: config.model.solver,
            calendar,
            data_until: None,
            resources: check_resources(args.resources, config)?,
        };
        if let Some(date) = args.data_until.map(DateText).or(config.data_until.clone()) {
            source.data_until = Some(source.cutoff("`--data-until`", &date)?.at);
        }
        Ok(source)
    }

    fn cutoff(&self, setting: &'static str, date: &DateText) -> Result<Cutoff, TrainError> {
        let at = self.calendar.parse(&date.0).map_err(|source| TrainError::Time { setting, source })?;
        if at.is_plausible() { Ok(self.calendar.cutoff(at)) } else { Err(TrainError::ImplausibleDate { setting }) }
    }

    /// Several dates, oldest first, each once.
    fn cutoffs(&self, setting: &'static str, dates: &[DateText]) -> Result<Vec<Cutoff>, TrainError> {
        let mut cutoffs = dates.iter().map(|date| self.cutoff(setting, date)).collect::<Result<Vec<_>, _>>()?;
        cutoffs.sort_unstable();
        cutoffs.dedup();
        Ok(cutoffs)
    }
}

fn check_resources(args: ResourceArgs, config: &Config) -> Result<Resources, TrainError> {
    let memory = args.memory.or(config.memory.clone());
    let resources = Resources::of(args.threads.or(config.threads), memory.as_deref(), args.spill_dir.or(config.spill_dir.clone()))?;
    let (engine, deadline) = (args.engine.or(config.engine.clone()), args.deadline.or(config.deadline.clone()));
    Ok(resources.on(Cluster::of(engine.as_deref(), deadline.as_deref())?))
}

fn check_windows(args: &WindowArgs, config: &Config) -> Result<Windows, TrainError> {
    Ok(Windows::new(
        args.active_days.or(config.active_days).unwrap_or(DEFAULT_DAYS),
        args.horizon_days.or(config.horizon_days).unwrap_or(DEFAULT_DAYS),
        args.gap_days.or(config.gap_days).unwrap_or(0),
    )?)
}

/// Refuses before hours of work what can never be a folder.
fn check_out(out: &Path) -> Result<(), TrainError> {
    if is_url(out) {
        let problem = "it is a URL, and bundles and reports are written to local folders; copy it from there".to_owned();
        return Err(TrainError::Output { path: out.to_owned(), problem });
    }
    if out.is_file() {
        return Err(TrainError::Output { path: out.to_owned(), problem: "it is a file and a folder is needed".to_owned() });
    }
    Ok(())
}

/// The first of `places` that is a file.
fn first_file(places: &[PathBuf]) -> Result<PathBuf, TrainError> {
    let found = places.iter().find(|path| path.is_file()).cloned();
    found.ok_or_else(|| TrainError::DemoData(places.last().cloned().unwrap_or_default()))
}

fn missing(flag: &'static str, variable: &'static str, key: &'static str) -> TrainError {
    TrainError::Missing { flag, variable, key }
}

#[cfg(test)]
mod tests;
