//! Flags of the playbook.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

/// What to do for whom, and who is left alone.
#[derive(Debug, Default, Args)]
pub struct AdviceArgs {
    /// What to do for whom, in TOML, as `lapwing-serve playbook` prints it [default: the shipped one].
    #[arg(long, env = "LAPWING_PLAYBOOK", value_name = "FILE")]
    pub playbook: Option<PathBuf>,
    /// File with the secret that customers are drawn by who are left without a campaign: 64 hexadecimal digits, as `openssl rand
    /// -hex 32` prints them. With it, actions tell whether the customer is held out.
    #[arg(long, env = "LAPWING_HOLDOUT_KEY_FILE", value_name = "FILE")]
    pub holdout_key_file: Option<PathBuf>,
}

/// Flags of `playbook`.
#[derive(Debug, Default, Args)]
pub struct PlaybookArgs {
    /// The playbook to check and print [default: the shipped one].
    #[arg(long, env = "LAPWING_PLAYBOOK", value_name = "FILE")]
    pub playbook: Option<PathBuf>,
    /// Settings in TOML.
    #[arg(long, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}
