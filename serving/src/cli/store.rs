//! The flags of the store, and of what is published into it.

use std::path::PathBuf;

use clap::Args;
#[cfg(feature = "batch")]
use clap::builder::BoolishValueParser;

#[cfg(feature = "batch")]
use super::{EventArgs, ResourceArgs};

/// Where published scores and alerts are.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Store")]
pub struct StoreArgs {
    /// Published scores and alerts: a file such as `lapwing.db`, or `postgres://user:password@host/database`.
    #[arg(long, env = "LAPWING_STORE", value_name = "FILE|URL", hide_env_values = true)]
    pub store: Option<String>,
    /// File with the keys that personal attributes and histories are sealed with: 64 hexadecimal digits a line, the one that seals first.
    #[arg(long, env = "LAPWING_STORE_KEY", value_name = "FILE")]
    pub store_key: Option<PathBuf>,
}

/// Flags of `publish`.
#[cfg(feature = "batch")]
#[derive(Debug, Default, Args)]
pub struct PublishArgs {
    /// The scores, as `lapwing-serve score` writes them; a path or a URL.
    #[arg(long, env = "LAPWING_SCORES", value_name = "FILE")]
    pub scores: Option<PathBuf>,
    /// What is told of customers.
    #[command(flatten)]
    pub told: EventArgs,
    /// Keep what each customer of the run did, by the events, in the store, so that `POST /v1/score` scores it by its id alone. The
    /// events are read as `score` reads them, by the bundle.
    #[arg(long, env = "LAPWING_KEEP_HISTORIES", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub keep_histories: Option<bool>,
    /// Folder of the bundle that histories are kept for.
    #[arg(long, env = "LAPWING_BUNDLE", value_name = "BUNDLE_DIR")]
    pub bundle: Option<PathBuf>,
    /// Folder of champions, in the place of `--bundle`.
    #[arg(long, env = "LAPWING_REGISTRY", value_name = "DIR")]
    pub registry: Option<PathBuf>,
    /// Where to.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The run's name: a run is published once, however often this is called [default: date and digest of the scores].
    #[arg(long, env = "LAPWING_RUN_ID", value_name = "NAME")]
    pub run_id: Option<String>,
    /// Runs that stay in the store, the published one among them [default: 8].
    #[arg(long, env = "LAPWING_KEEP_RUNS", value_name = "NUMBER")]
    pub keep_runs: Option<u32>,
    /// An attribute of the customers table that is personal, and sealed; may be given more than once.
    #[arg(long, env = "LAPWING_PERSONAL", value_name = "NAME", num_args = 1..)]
    pub personal: Option<Vec<String>>,
    /// When this takes place: RFC 3339, or a date in UTC [default: now]. Windows of alerts run from here.
    #[arg(long, env = "LAPWING_AT", value_name = "TIME")]
    pub at: Option<String>,
    /// Threads and memory.
    #[command(flatten)]
    pub resources: ResourceArgs,
    /// Settings in TOML.
    #[arg(long, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}
