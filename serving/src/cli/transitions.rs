//! The flags of `transitions`.

use std::path::PathBuf;

use clap::Args;

use super::{CommonArgs, EventArgs, ResourceArgs};

/// Flags of `transitions`.
#[derive(Debug, Default, Args)]
pub struct TransitionsArgs {
    /// What every command takes.
    #[command(flatten)]
    pub common: CommonArgs,
    /// What is told of customers.
    #[command(flatten)]
    pub told: EventArgs,
    /// The first date: RFC 3339, or a date, which is midnight in the bundle's time zone.
    #[arg(long, env = "LAPWING_FROM", value_name = "DATE")]
    pub from: Option<String>,
    /// The second date; nothing at or after it is looked at.
    #[arg(long, env = "LAPWING_TO", value_name = "DATE")]
    pub to: Option<String>,
    /// The Parquet file to write, at a path or a URL: `source`, `target`, `customers` and `value`, a row for each flow that somebody
    /// is in; it appears whole or not at all.
    #[arg(long, env = "LAPWING_OUT", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Threads and memory.
    #[command(flatten)]
    pub resources: ResourceArgs,
}
