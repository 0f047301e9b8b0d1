//! Flags of what reads an experiment.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

/// Which experiment, and what in it is what.
#[derive(Debug, Default, Args)]
pub struct ExperimentArgs {
    /// A table with a row for each customer who took part, contacted or not: Parquet or CSV.
    #[arg(long, env = "LAPWING_EXPERIMENT", value_name = "FILE")]
    pub experiment: Option<PathBuf>,
    /// The column that tells who was to get what, as the lot had it.
    #[arg(long, env = "LAPWING_TREATMENT", value_name = "COLUMN")]
    pub treatment: Option<String>,
    /// Its value for those who were to get nothing [default: 0 or false, of a column of 0 and 1 or of truth values].
    #[arg(long, env = "LAPWING_CONTROL", value_name = "VALUE")]
    pub control: Option<String>,
    /// The column that tells whether what was wanted happened: 0 and 1, or truth values.
    #[arg(long, env = "LAPWING_OUTCOME", value_name = "COLUMN")]
    pub outcome: Option<String>,
    /// What one outcome earns; with `--spend`, the share of the spend that is earned.
    #[arg(long, env = "LAPWING_MARGIN", value_name = "NUMBER")]
    pub margin: Option<f64>,
    /// What contacting one customer costs [default: 0].
    #[arg(long, env = "LAPWING_CONTACT_COST", value_name = "MONEY")]
    pub contact_cost: Option<f64>,
    /// Settings in TOML.
    #[arg(long, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `proof`.
#[derive(Debug, Default, Args)]
pub struct ProofArgs {
    /// The experiment.
    #[command(flatten)]
    pub experiment: ExperimentArgs,
    /// The column of what each customer spent, 0 for nothing.
    #[arg(long, env = "LAPWING_SPEND", value_name = "COLUMN")]
    pub spend: Option<String>,
    /// The column that tells who was in fact contacted, which costs [default: everybody who was to be].
    #[arg(long, env = "LAPWING_CONTACTED", value_name = "COLUMN")]
    pub contacted: Option<String>,
    /// A column to part the customers by, known before the lot was drawn; may be given more than once.
    #[arg(long, env = "LAPWING_BY", value_name = "COLUMN", num_args = 1.., value_delimiter = ',')]
    pub by: Option<Vec<String>>,
    /// Customers that were planned, if not all are in yet or it was looked at before: then intervals are wide enough for any number of looks.
    #[arg(long, env = "LAPWING_PLANNED_CUSTOMERS", value_name = "NUMBER")]
    pub planned_customers: Option<u64>,
    /// The difference of the rates that is worth finding, as in 0.01 for a point: tells how many customers that takes.
    #[arg(long, env = "LAPWING_WANTED_LIFT", value_name = "SHARE")]
    pub wanted_lift: Option<f64>,
}

/// Flags of `uplift`.
#[derive(Debug, Default, Args)]
pub struct UpliftArgs {
    /// The experiment.
    #[command(flatten)]
    pub experiment: ExperimentArgs,
    /// A column that is not to be learned from, such as what happened after the lot; may be given more than once.
    #[arg(long, env = "LAPWING_LEAVE_OUT", value_name = "COLUMN", num_args = 1.., value_delimiter = ',')]
    pub leave_out: Option<Vec<String>>,
    /// Seed of every random choice [default: 42].
    #[arg(long, env = "LAPWING_SEED", value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// The Parquet file to write: for each customer, whom to contact with what, and whom to leave alone.
    #[arg(long, env = "LAPWING_OUT", value_name = "FILE")]
    pub out: Option<PathBuf>,
}
