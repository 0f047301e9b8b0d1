//! The flags of webhooks.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};

use crate::store::MessageKind;

/// Flags of `webhooks`.
#[derive(Debug, Args)]
pub struct WebhooksArgs {
    /// What to do.
    #[command(subcommand)]
    pub deed: WebhooksCommand,
    /// Published scores and alerts: a file such as `lapwing.db`, or `postgres://user:password@host/database`.
    #[arg(long, global = true, env = "LAPWING_STORE", value_name = "FILE|URL", hide_env_values = true)]
    pub store: Option<String>,
    /// File with the keys that secrets are sealed with; without it they are in the store as they are.
    #[arg(long, global = true, env = "LAPWING_STORE_KEY", value_name = "FILE")]
    pub store_key: Option<PathBuf>,
    /// Settings in TOML.
    #[arg(long, global = true, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, global = true, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// What is done with webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhooksCommand {
    /// Tell somebody of alerts from now on; the secret that messages are signed with is printed this once.
    Add {
        /// Where it is.
        #[arg(long, value_name = "URL")]
        url: String,
        /// What it wants to know: `alert.opened`, `alert.contacted`, `alert.recovered`, `alert.lost`, `alert.expired`; may be given more
        /// than once [default: all of it].
        #[arg(long = "kind", value_name = "KIND")]
        kinds: Vec<MessageKind>,
        /// Take an address on this machine or its network, and plain http.
        #[arg(long)]
        allow_private: bool,
    },
    /// Tell of everybody who is told what it took and what waits.
    List,
    /// Tell somebody nothing more; what waits for it is dropped.
    Remove {
        /// Its id, as `list` tells it.
        id: String,
    },
    /// Sign with a new secret, which is printed this once; the one before signs too for 24 hours.
    Rotate {
        /// Its id, as `list` tells it.
        id: String,
    },
    /// Deliver what is to be told, as `lapwing-serve http` does by itself; any number may do so at once.
    Deliver {
        /// End once nothing is due; what failed waits for a later call.
        #[arg(long)]
        until_empty: bool,
    },
}
