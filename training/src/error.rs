//! Everything that can go wrong in this binary, as one enum; [`exit`](crate::exit) maps it to exit codes.

use std::path::PathBuf;

use lapwing_features::engine::{EngineChoiceError, EngineError, MemoryError, most_history_files};
use lapwing_features::{TimeError, Timestamp, WindowsError};
use lapwing_models::bundle::BundleError;
use lapwing_models::bundle::folder::FolderError;
use lapwing_models::bundle::registry::RegistryError;
use lapwing_models::fit::uplift::UpliftError;
use lapwing_models::lifecycle::SettingError;
use lapwing_models::proof::PlanError;
use thiserror::Error;

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub enum TrainError {
    /// A setting without default is given nowhere.
    #[error("`--{flag}` is not given\nhint: add `--{flag}`, set `{variable}`, or write `{key}` in the config file")]
    Missing {
        /// The flag.
        flag: &'static str,
        /// The environment variable.
        variable: &'static str,
        /// The key of the config file.
        key: &'static str,
    },
    /// The config file cannot be read.
    #[error("config file `{path}` cannot be read: {source}\nhint: check the path; it is taken from where the command runs")]
    ConfigUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The config file holds something that is not understood.
    #[error("config file `{path}` is not understood: {problem}\nhint: `notebooks-data/churn.toml` shows every key with its default")]
    Config {
        /// The file.
        path: PathBuf,
        /// What and where.
        problem: String,
    },
    /// A history table cannot be added to.
    #[error("the history table `{path}` cannot be written: {problem}\nhint: {hint}")]
    HistoryTable {
        /// The folder.
        path: PathBuf,
        /// Why not.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// A history table cannot be parted into so many files.
    #[error("`--files` is {0}\nhint: it must be a power of two, and {most} at most", most = most_history_files())]
    HistoryFiles(u32),
    /// A date or a zone that is none.
    #[error("{setting}: {source}")]
    Time {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        source: TimeError,
    },
    /// A date that cannot be meant.
    #[error("{setting} lies outside 1900 to 2200\nhint: write the date as `2024-03-31`")]
    ImplausibleDate {
        /// The setting.
        setting: &'static str,
    },
    /// A lifecycle rule that makes no sense.
    #[error(transparent)]
    Lifecycle(#[from] SettingError),
    /// A window that has no length.
    #[error(transparent)]
    Windows(#[from] WindowsError),
    /// Attributes are named and there is no table to take them from.
    #[error("attribute `{0}` is named and there is no customers table\nhint: add `--customers PATH` or empty `attributes` under `[model]`")]
    AttributeWithoutTable(String),
    /// An attribute is no column of the customers table.
    #[error("attribute `{name}` is no column of the customers table, which has {known}\nhint: correct `attributes` under `[model]`")]
    UnknownAttribute {
        /// The name given.
        name: String,
        /// The columns there are.
        known: String,
    },
    /// There is no file at all where the demo looks for its data.
    #[error("the demo's data is not at `{0}`\nhint: run it from the project's folder, where `notebooks-data` is")]
    DemoData(PathBuf),
    /// The output cannot stand where it was asked for.
    #[error("`{path}` cannot be written to: {problem}\nhint: give `--out` another path")]
    Output {
        /// The path.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// The events hold nothing before a cutoff.
    #[error("no event lies before {cutoff}; the first is at {first}\nhint: choose a later `--cutoff`")]
    NothingBefore {
        /// The cutoff.
        cutoff: Timestamp,
        /// The first event.
        first: Timestamp,
    },
    /// There are events, but nobody bought.
    #[error(
        "{customers} customers and no purchase among their events{why}\nhint: map what a purchase is called under `[events.kinds]`, or the column of amounts under `[events.columns]`"
    )]
    NoPurchase {
        /// Customers seen.
        customers: usize,
        /// What was found of the rows, each behind a semicolon; empty when there is nothing to say.
        why: String,
    },
    /// What then happened is not fully in the data.
    #[error(
        "the data ends {complete_until} and the outcome is known only with data until {needed}\nhint: judge later, or add `--data-until {needed}` if the data is complete and the shop was quiet"
    )]
    OutcomeOpen {
        /// What the data covers.
        complete_until: Timestamp,
        /// What it must cover.
        needed: Timestamp,
    },
    /// Nothing at all is in the data of the time in question.
    #[error(
        "no event lies in the outcome window, from {from} to before {to}\nhint: give `--events` that hold this time too; a shop that was open has some"
    )]
    OutcomeEmpty {
        /// Where the window begins.
        from: Timestamp,
        /// Where it ends.
        to: Timestamp,
    },
    /// No past date has enough history before it and its outcome after it.
    #[error(
        "the data tell who bought from {from} to {until}, {days} days, and a backtest needs {needed}: {active_days} before the first cutoff that is learned from, and twice {span_days} for the outcomes of that one and of the one that is judged\nhint: give a longer history, or shorten `--active-days` or `--horizon-days`"
    )]
    HistoryShort {
        /// The first event.
        from: Timestamp,
        /// What the data covers.
        until: Timestamp,
        /// How long that is.
        days: i64,
        /// How long it would have to be.
        needed: i64,
        /// The setting.
        active_days: u32,
        /// Gap and horizon.
        span_days: i64,
    },
    /// A date was named for a backtest that cannot be judged.
    #[error("`--as-of {as_of}` cannot be judged: {problem}\nhint: name dates from {earliest} to {latest}, or none, and they are chosen")]
    CutoffOutside {
        /// The date.
        as_of: Timestamp,
        /// What is missing.
        problem: &'static str,
        /// The first that can be judged.
        earliest: Timestamp,
        /// The last that can be judged.
        latest: Timestamp,
    },
    /// A number that has bounds.
    #[error("`{key}` is {value}, which is not {bounds}\nhint: `notebooks-data/churn.toml` shows every key with its default")]
    Bounds {
        /// The key of the config file.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        bounds: &'static str,
    },
    /// The scores file cannot be judged.
    #[error("`{path}` cannot be judged: {problem}\nhint: give the file that `lapwing-serve score` wrote for one `as_of`")]
    Scores {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A table that is no experiment.
    #[error("`{path}` is no experiment: {problem}\nhint: {hint}")]
    Experiment {
        /// The table.
        path: PathBuf,
        /// Why not.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// Columns that would tell what they are to foresee.
    #[error(
        "`{}` differ between the arms beyond chance: what was known before the lot does not, so they came after it\nhint: add `--leave-out {}`",
        .0.join("`, `"),
        .0.join(" ")
    )]
    AfterTheLot(Vec<String>),
    /// A margin, a cost or a plan that cannot be meant.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Nothing can be learned from an experiment.
    #[error(transparent)]
    Uplift(#[from] UpliftError),
    /// A customers table that nothing can be linked by.
    #[error(
        "`{0}` has no column of phones, e-mails, open ids or names\nhint: say what they are called under `[link.columns]`: `phone = \"its name in the file\"`"
    )]
    NoLinkKey(String),
    /// A prefix that no country has.
    #[error("`--country-prefix` `{0}` is none\nhint: write its digits alone, as in `44`")]
    CountryPrefix(String),
    /// `--memory` is no amount of it.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// `--engine`, `--deadline` or `--executor-timeout` cannot be meant.
    #[error(transparent)]
    EngineChoice(#[from] EngineChoiceError),
    /// The address is none, or a name that no host has.
    #[error(
        "`--addr` `{0}` is no address, or host name that is known, with a port\nhint: write it as `127.0.0.1:50050`, or `0.0.0.0:50050` for every network of the machine"
    )]
    Address(String),
    /// Reading or writing tables.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Writing the bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Reading or changing the registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The challenger is not fit to be champion.
    #[error("`{version}` does not become champion: {why}\nhint: {hint}")]
    NotPromoted {
        /// The challenger.
        version: String,
        /// The first reason that speaks against it.
        why: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The result could not be printed.
    #[error("the result cannot be written to stdout: {0}\nhint: check where stdout goes")]
    Stdout(std::io::Error),
    /// Something that cannot be, short of a mistake in this program.
    #[error("{0}\nhint: this is a fault of the program; please report it with the command that led to it")]
    Fault(String),
}

impl From<FolderError> for TrainError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { path, source, .. } => Self::Output { path, problem: source.to_string() },
            FolderError::Foreign { path, entry } => {
                Self::Output { path, problem: format!("the folder holds `{entry}`, which is none of the files of an earlier result") }
            }
        }
    }
}
