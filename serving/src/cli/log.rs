//! The flags of the commands that work on the request log.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::StoreArgs;

/// The request log and its key.
#[derive(Debug, Default, Args)]
pub struct LogArgs {
    /// Folder of the request log.
    #[arg(long, visible_alias = "log", env = "LAPWING_LOG_REQUESTS", value_name = "DIR")]
    pub log_requests: Option<PathBuf>,
    /// File with the secret that customers were hashed under.
    #[arg(long, visible_alias = "key", env = "LAPWING_AUDIT_KEY", value_name = "FILE")]
    pub audit_key: Option<PathBuf>,
    /// Settings in TOML.
    #[arg(long, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Flags of `skew`.
#[cfg(feature = "batch")]
#[derive(Debug, Default, Args)]
pub struct SkewArgs {
    /// Folder of the bundle that served.
    #[arg(long, env = "LAPWING_BUNDLE", value_name = "BUNDLE_DIR")]
    pub bundle: Option<PathBuf>,
    /// Folder of champions, of which the one in office served, in the place of `--bundle`.
    #[arg(long, env = "LAPWING_REGISTRY", value_name = "DIR")]
    pub registry: Option<PathBuf>,
    /// The request log and its key.
    #[command(flatten)]
    pub log: LogArgs,
    /// What is told of customers.
    #[command(flatten)]
    pub told: crate::cli::EventArgs,
    /// Share of requests in which a feature may differ, or whose customer may not be found, before this ends with 1 [default: 0.01].
    #[arg(long, env = "LAPWING_THRESHOLD", value_name = "SHARE")]
    pub threshold: Option<f64>,
    /// Threads and memory.
    #[command(flatten)]
    pub resources: crate::cli::ResourceArgs,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `forget`.
#[derive(Debug, Default, Args)]
pub struct ForgetArgs {
    /// Who is to be forgotten, named as callers do.
    #[arg(long, value_name = "ID")]
    pub customer: String,
    /// Where published scores and alerts are.
    #[command(flatten)]
    pub store: StoreArgs,
    /// File that the receipt is written to, in JSON; the same is printed by `--json`.
    #[arg(long, env = "LAPWING_RECEIPT", value_name = "FILE")]
    pub receipt: Option<PathBuf>,
    /// The request log and its key.
    #[command(flatten)]
    pub log: LogArgs,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}
