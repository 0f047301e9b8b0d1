//! The flags of events.

use clap::Args;

/// What is told of customers.
#[derive(Debug, Default, Args)]
pub struct EventArgs {
    /// Events: a Parquet or CSV file, a folder or a glob, here or at `s3://`, `gs://` or `az://`, or a file at `https://`; may be
    /// given more than once.
    #[arg(long, env = "LAPWING_EVENTS", value_name = "PATH", num_args = 1..)]
    pub events: Option<Vec<String>>,
    /// History tables, as `lapwing-train histories` writes them, in place of events or beside them; named as these are.
    #[arg(long, env = "LAPWING_HISTORIES", value_name = "PATH", num_args = 1..)]
    pub histories: Option<Vec<String>>,
    /// A link table, as `lapwing-train link` writes it: events of an `alias_id` are those of its `customer_id`. A path or a URL.
    #[arg(long, env = "LAPWING_LINKS", value_name = "FILE")]
    pub links: Option<String>,
}
