//! The flags of the commands that tell of customers without learning from them: `insights` and `link`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::SourceArgs;

/// Flags of `insights`.
#[derive(Debug, Default, Args)]
pub struct InsightsArgs {
    /// Where the events are.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Folder of the bundle whose lifecycle rules, time zone, kinds and rule for duplicates are applied.
    #[arg(long, env = "LAPWING_BUNDLE", value_name = "BUNDLE_DIR")]
    pub bundle: Option<PathBuf>,
    /// Tell what was known before this instant: RFC 3339, or a date, which is midnight in the bundle's time zone.
    #[arg(long, env = "LAPWING_AS_OF", value_name = "DATE")]
    pub as_of: Option<String>,
    /// Longest time from a touch to the purchase that it led to, in days [default: 30].
    #[arg(long, env = "LAPWING_TOUCH_WINDOW_DAYS", value_name = "DAYS")]
    pub touch_window_days: Option<u32>,
    /// Compare stages with those of so many days before [default: 90].
    #[arg(long, env = "LAPWING_COMPARE_DAYS", value_name = "DAYS")]
    pub compare_days: Option<u32>,
    /// Folder of tables and page; one that is there is replaced, any other folder refused.
    #[arg(long, env = "LAPWING_OUT", value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `link`.
#[derive(Debug, Default, Args)]
pub struct LinkArgs {
    /// Tables of customers, Parquet or CSV, with columns `phone`, `email`, `open_id` and `name` or some of them; paths or URLs.
    #[arg(long, env = "LAPWING_CUSTOMERS", value_name = "FILE", num_args = 1..)]
    pub customers: Option<Vec<String>>,
    /// The confidence from which on two ids are one customer, above 0 and at most 1 [default: 0.9].
    #[arg(long, env = "LAPWING_LINK_THRESHOLD", value_name = "NUMBER")]
    pub threshold: Option<f64>,
    /// Digits of the country of phone numbers that do not tell theirs, as in 44 [default: none].
    #[arg(long, env = "LAPWING_COUNTRY_PREFIX", value_name = "DIGITS")]
    pub country_prefix: Option<String>,
    /// Threads that compare [default: as many as the machine runs at once].
    #[arg(long, env = "LAPWING_THREADS", value_name = "NUMBER")]
    pub threads: Option<u32>,
    /// The Parquet file to write, at a path or a URL; it appears whole or not at all.
    #[arg(long, env = "LAPWING_OUT", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Settings in TOML: what the columns are called, and any flag's value.
    #[arg(long, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout: counts, no ids.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}
