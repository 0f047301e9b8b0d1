//! The flags as given: nothing is checked or defaulted here, [`settings`](crate::settings) does that.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};

use crate::guard::Role;

mod advice;
#[cfg(feature = "batch")]
mod events;
mod log;
mod security;
mod store;
#[cfg(feature = "batch")]
mod transitions;
mod webhooks;

pub use advice::{AdviceArgs, PlaybookArgs};
#[cfg(feature = "batch")]
pub use events::EventArgs;
#[cfg(feature = "batch")]
pub use log::SkewArgs;
pub use log::{ForgetArgs, LogArgs};
pub use security::SecurityArgs;
#[cfg(feature = "batch")]
pub use store::PublishArgs;
pub use store::StoreArgs;
#[cfg(feature = "batch")]
pub use transitions::TransitionsArgs;
pub use webhooks::{WebhooksArgs, WebhooksCommand};

const PRECEDENCE: &str = "\
Every flag is also a key of the config file and an environment variable: a flag wins over the environment, the environment
over the file, the file over the default. The config file may be the one that the bundle was fitted with.

Stores are opened with what the environment says: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`;
`GOOGLE_APPLICATION_CREDENTIALS`; `AZURE_STORAGE_ACCOUNT_NAME`, `AZURE_STORAGE_ACCOUNT_KEY`.

Exit codes: 0 done · 1 the data or the bundle does not allow it · 2 wrong usage or configuration · 3 a fault of the program";

/// Scores customers with a bundle that `lapwing-train fit` made: in batches, or over HTTP.
#[derive(Debug, Parser)]
#[command(name = "lapwing-serve", version, about, after_help = PRECEDENCE, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Score every customer seen before a date and write one Parquet file.
    ///
    /// Example: lapwing-serve score --bundle bundle --events orders.parquet --as-of 2011-12-10 --out scores.parquet
    #[cfg(feature = "batch")]
    #[command(after_help = PRECEDENCE)]
    Score(ScoreArgs),
    /// Put scores into a store, from which CRM systems read them, and open the alerts that they warn of.
    ///
    /// Purchases and messages sent that `--events` and `--histories` tell of count for alerts and campaigns, each by its own time.
    ///
    /// Example: lapwing-serve publish --scores scores.parquet --store lapwing.db
    #[cfg(feature = "batch")]
    #[command(after_help = PRECEDENCE)]
    Publish(PublishArgs),
    /// Count how many customers went from which stage to which between two dates, by replay of the bundle's rules at both.
    ///
    /// Example: lapwing-serve transitions --bundle bundle --events orders.parquet --from 2011-09-10 --to 2011-12-10 --out flows.parquet
    #[cfg(feature = "batch")]
    #[command(after_help = PRECEDENCE)]
    Transitions(Box<TransitionsArgs>),
    /// Answer `POST /v1/score` and its siblings until told to stop.
    ///
    /// Example: lapwing-serve http --bundle bundle
    #[command(after_help = PRECEDENCE)]
    Http(Box<HttpArgs>),
    /// Check a playbook, which says what to do for whom, and print it; the shipped one, to begin with.
    ///
    /// Examples: lapwing-serve playbook > playbook.toml; lapwing-serve playbook --playbook playbook.toml
    #[command(after_help = PRECEDENCE)]
    Playbook(PlaybookArgs),
    /// Add, list or revoke the keys that callers show.
    ///
    /// Example: lapwing-serve keys add --keys keys.json --role score --name crm --days 365
    #[command(after_help = PRECEDENCE)]
    Keys(KeysArgs),
    /// Check that an audit log, or a receipt, is what was written.
    ///
    /// Example: lapwing-serve audit verify audit.jsonl --audit-key audit.key
    #[command(after_help = PRECEDENCE)]
    Audit(AuditArgs),
    /// Compute what was served again from events, by the batch's code, and tell which features differ.
    ///
    /// Example: lapwing-serve skew --bundle bundle --log-requests requests --audit-key audit.key --events orders.parquet
    #[cfg(feature = "batch")]
    #[command(after_help = PRECEDENCE)]
    Skew(Box<SkewArgs>),
    /// Take a customer out of the store and the request log, and leave a sealed receipt.
    ///
    /// Example: lapwing-serve forget --customer 12347 --store lapwing.db --audit-key audit.key --receipt receipt.json
    #[command(after_help = PRECEDENCE)]
    Forget(ForgetArgs),
    /// Say who is told what becomes of alerts, and deliver what is to be told.
    ///
    /// Examples: lapwing-serve webhooks list --store lapwing.db; lapwing-serve webhooks deliver --store lapwing.db --until-empty
    #[command(after_help = PRECEDENCE)]
    Webhooks(WebhooksArgs),
    /// Load a bundle, verify all of it and tell what it is.
    ///
    /// Example: lapwing-serve check --bundle bundle
    #[command(after_help = PRECEDENCE)]
    Check(CheckArgs),
}

/// What every command takes.
#[derive(Debug, Default, Args)]
pub struct CommonArgs {
    /// Folder of the bundle.
    #[arg(long, env = "LAPWING_BUNDLE", value_name = "BUNDLE_DIR")]
    pub bundle: Option<PathBuf>,
    /// Folder of champions that `lapwing-train promote` made: the one in office is taken, in the place of `--bundle`.
    #[arg(long, env = "LAPWING_REGISTRY", value_name = "DIR")]
    pub registry: Option<PathBuf>,
    /// Settings in TOML: column and kind mapping, and any flag's value.
    #[arg(long, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `score`.
#[cfg(feature = "batch")]
#[derive(Debug, Default, Args)]
pub struct ScoreArgs {
    /// What every command takes.
    #[command(flatten)]
    pub common: CommonArgs,
    /// What is told of customers.
    #[command(flatten)]
    pub told: EventArgs,
    /// A table with one row a customer; every column but the id is an attribute. A path or a URL.
    #[arg(long, env = "LAPWING_CUSTOMERS", value_name = "PATH")]
    pub customers: Option<String>,
    /// Score with what was known before this instant: RFC 3339, or a date, which is midnight in the bundle's time zone.
    #[arg(long, env = "LAPWING_AS_OF", value_name = "DATE")]
    pub as_of: Option<String>,
    /// The Parquet file to write, at a path or a URL such as `s3://bucket/scores.parquet`; it appears whole or not at all.
    #[arg(long, env = "LAPWING_OUT", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// What to do for whom.
    #[command(flatten)]
    pub advice: AdviceArgs,
    /// Threads and memory.
    #[command(flatten)]
    pub resources: ResourceArgs,
}

/// What of the machine may be used. Nothing of it changes a result.
#[cfg(feature = "batch")]
#[derive(Debug, Default, Args)]
pub struct ResourceArgs {
    /// Threads that read, compute and write [default: as many as the machine runs at once].
    #[arg(long, env = "LAPWING_THREADS", value_name = "NUMBER")]
    pub threads: Option<u32>,
    /// Memory to stay within, such as 4GB; events that exceed it wait in files [default: all].
    #[arg(long, env = "LAPWING_MEMORY", value_name = "SIZE")]
    pub memory: Option<String>,
    /// Where these files are [default: the system's folder for temporary files].
    #[arg(long, env = "LAPWING_SPILL_DIR", value_name = "DIR")]
    pub spill_dir: Option<PathBuf>,
    /// What reads the events: `embedded`, or a cluster's scheduler at `ballista://host:port` [default: embedded].
    #[arg(long, env = "LAPWING_ENGINE", value_name = "ENGINE")]
    pub engine: Option<String>,
    /// How long a cluster may take to read the events, such as 90m [default: 2h].
    #[arg(long, env = "LAPWING_DEADLINE", value_name = "TIME")]
    pub deadline: Option<String>,
}

/// Flags of `http`.
#[derive(Debug, Default, Args)]
pub struct HttpArgs {
    /// What every command takes.
    #[command(flatten)]
    pub common: CommonArgs,
    /// Address or host name, and port, to listen on; port 0 takes any free one [default: 127.0.0.1:8080].
    #[arg(long, env = "LAPWING_ADDR", value_name = "ADDRESS:PORT")]
    pub addr: Option<String>,
    /// A second address, for health and metrics alone: a thread and connections of its own, so that nothing holds them up.
    #[arg(long, env = "LAPWING_OPS_ADDR", value_name = "ADDRESS:PORT")]
    pub ops_addr: Option<String>,
    /// Megabytes of memory for answers on published customers, who are then not read from a store in a file again. Those with the most
    /// at stake are read ahead; a thousand customers take some 1.3 [default: 256].
    #[arg(long, env = "LAPWING_STORE_CACHE_MB", value_name = "NUMBER")]
    pub store_cache_mb: Option<u32>,
    /// Longest body that is taken [default: 8388608].
    #[arg(long, env = "LAPWING_MAX_BODY_BYTES", value_name = "BYTES")]
    pub max_body_bytes: Option<u32>,
    /// Bytes of all bodies that are held at once; a body beyond is answered 429 [default: 268435456].
    #[arg(long, env = "LAPWING_MAX_BUFFERED_BYTES", value_name = "BYTES")]
    pub max_buffered_bytes: Option<u32>,
    /// Scoring requests in work or waiting for it at once, those of more than 64 KiB apart; one more is answered 429
    /// [default: 32 for each core].
    #[arg(long, env = "LAPWING_MAX_IN_FLIGHT", value_name = "NUMBER")]
    pub max_in_flight: Option<u32>,
    /// Connections open at once; further ones wait [default: 4096].
    #[arg(long, env = "LAPWING_MAX_CONNECTIONS", value_name = "NUMBER")]
    pub max_connections: Option<u32>,
    /// How long a request's head, and then its body, may take to come, and its answer to be taken [default: 10].
    #[arg(long, env = "LAPWING_READ_SECONDS", value_name = "SECONDS")]
    pub read_seconds: Option<u32>,
    /// How long scoring may take once the body is there; then it is answered 503 [default: 10].
    #[arg(long, env = "LAPWING_REQUEST_SECONDS", value_name = "SECONDS")]
    pub request_seconds: Option<u32>,
    /// How often a registry is looked at for another champion or challenger; 0 for never: then SIGHUP and `POST /v1/models/reload`
    /// remain [default: 10].
    #[arg(long, env = "LAPWING_RELOAD_SECONDS", value_name = "SECONDS")]
    pub reload_seconds: Option<u32>,
    /// How long requests in work may take after SIGTERM [default: 10].
    #[arg(long, env = "LAPWING_DRAIN_SECONDS", value_name = "SECONDS")]
    pub drain_seconds: Option<u32>,
    /// Where published scores and alerts are; without it the routes for these answer 404.
    #[command(flatten)]
    pub store: StoreArgs,
    /// What to do for whom.
    #[command(flatten)]
    pub advice: AdviceArgs,
    /// A collector that is told of each request, as OTLP over HTTP has it, such as `http://127.0.0.1:4318/v1/traces`: method, route,
    /// status, time and trace. For builds with the cargo feature `otlp`.
    #[arg(long, env = "LAPWING_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// Who may reach it.
    #[command(flatten)]
    pub security: SecurityArgs,
}

/// Flags of `keys`.
#[derive(Debug, Args)]
pub struct KeysArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub deed: KeysCommand,
    /// The file of keys; `add` begins it.
    #[arg(long, global = true, env = "LAPWING_KEYS", value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Settings in TOML.
    #[arg(long, global = true, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, global = true, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// What is done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key; it is printed this once, and only its hash is kept.
    Add {
        /// What it is good for; may be given more than once. A role implies no other.
        #[arg(long = "role", value_name = "ROLE", required_unless_present = "replaces")]
        roles: Vec<Role>,
        /// Whose it is, in words.
        #[arg(long, value_name = "TEXT", default_value = "")]
        name: String,
        /// For how many days it is good; for good when left out.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: Option<u32>,
        /// The id of a key that it takes the place of, whose name and roles it has where none are given.
        #[arg(long, value_name = "ID")]
        replaces: Option<String>,
        /// For how many days more that one is good.
        #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=36_500))]
        overlap_days: u32,
    },
    /// Tell of each key what it is good for, and until when.
    List,
    /// Take a key out; servers that run take notice by themselves.
    Revoke {
        /// Its id, as `list` tells it.
        id: String,
    },
}

/// Flags of `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub deed: AuditCommand,
    /// File with the secret that it was kept under.
    #[arg(long, global = true, env = "LAPWING_AUDIT_KEY", value_name = "FILE")]
    pub audit_key: Option<PathBuf>,
    /// Settings in TOML.
    #[arg(long, global = true, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, global = true, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// What is done with an audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check a receipt of `lapwing-serve forget`.
    Receipt {
        /// The receipt.
        #[arg(value_name = "FILE")]
        receipt: PathBuf,
    },
    /// Check every line; tells how many there are and the seal of the last, to compare with what was noted elsewhere.
    Verify {
        /// The log.
        #[arg(value_name = "FILE")]
        log: PathBuf,
    },
}

/// Flags of `check`.
#[derive(Debug, Default, Args)]
pub struct CheckArgs {
    /// What every command takes.
    #[command(flatten)]
    pub common: CommonArgs,
}
