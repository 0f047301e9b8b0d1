//! The flags as given: nothing is checked or defaulted here, [`settings`](crate::settings) does that.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};

mod customers;
mod experiment;

pub use customers::{InsightsArgs, LinkArgs};
pub use experiment::{ExperimentArgs, ProofArgs, UpliftArgs};

const PRECEDENCE: &str = "\
Every flag is also a key of the config file and an environment variable: a flag wins over the environment, the environment
over the file, the file over the default. Dates are RFC 3339 or YYYY-MM-DD, which is midnight in the time zone.

Stores are opened with what the environment says: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`;
`GOOGLE_APPLICATION_CREDENTIALS`; `AZURE_STORAGE_ACCOUNT_NAME`, `AZURE_STORAGE_ACCOUNT_KEY`.

Exit codes: 0 done · 1 the data does not allow it · 2 wrong usage or configuration · 3 a fault of the program";

/// Learns from purchase histories who is about to leave and who can be won back.
#[derive(Debug, Parser)]
#[command(name = "lapwing-train", version, about, after_help = PRECEDENCE, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fit, backtest and score on the data that comes along; prints one screen and what to run next.
    Demo(DemoArgs),
    /// Fit the models on everything known before a date and write the bundle that `lapwing-serve` scores with.
    ///
    /// Example: lapwing-train fit --events orders.parquet --as-of 2011-12-10 --out bundle
    #[command(after_help = PRECEDENCE)]
    Fit(FitArgs),
    /// Write the point-in-time feature table as Parquet, with labels where the outcome is known.
    ///
    /// Example: lapwing-train features --events orders.parquet --cutoff 2011-06-01 --cutoff 2011-09-01 --out features
    #[command(after_help = PRECEDENCE)]
    Features(FeaturesArgs),
    /// Write the history table: one row a customer with its events in a list, which every command takes by `--histories` in place
    /// of events, and need not gather again.
    ///
    /// Examples: lapwing-train histories --events orders.parquet --out histories; lapwing-train histories --events today.parquet
    /// --append --out histories
    #[command(after_help = PRECEDENCE)]
    Histories(HistoriesArgs),
    /// Fit as of several past dates, judge each fit by what then happened, and write the report.
    ///
    /// Example: lapwing-train backtest --events orders.parquet --out report
    #[command(after_help = PRECEDENCE)]
    Backtest(BacktestArgs),
    /// Tell what all customers tell together, as tables and a page: who stays, by month and channel; how many go from prospect to
    /// loyal, and how fast; what led to the purchases; who buys, by stage; and who went from which stage to which.
    ///
    /// Example: lapwing-train insights --events orders.parquet --bundle bundle --as-of 2011-12-10 --out insights
    #[command(after_help = PRECEDENCE)]
    Insights(InsightsArgs),
    /// Compare an old scores file with what then happened, beside two naive rules.
    ///
    /// Example: lapwing-train judge --scores scores.parquet --events orders.parquet
    #[command(after_help = PRECEDENCE)]
    Judge(JudgeArgs),
    /// Tell what a campaign did, beside customers who were left alone by lot: by how much more bought, how sure that is, and whether it paid.
    ///
    /// Example: lapwing-train proof --experiment campaign.csv --treatment mailed --outcome bought --spend spend --margin 0.3
    /// --contact-cost 0.5 --by stage
    #[command(after_help = PRECEDENCE)]
    Proof(Box<ProofArgs>),
    /// Learn from a campaign with a control whom it moves, and advise whom to contact and whom to leave alone, by expected profit.
    ///
    /// Example: lapwing-train uplift --experiment campaign.csv --treatment mailed --outcome bought --leave-out spend --margin 20
    /// --contact-cost 0.5 --out advice.parquet
    #[command(after_help = PRECEDENCE)]
    Uplift(Box<UpliftArgs>),
    /// Propose which rows of customers tables are one person, by phone, e-mail, open id and name: a table that every command takes by
    /// `--links`. What is below the threshold is told, and joins nobody.
    ///
    /// Example: lapwing-train link --customers crm.csv shop.csv --out links.parquet
    #[command(after_help = PRECEDENCE)]
    Link(LinkArgs),
    /// Make a bundle the champion that `lapwing-serve --registry` serves, or say why not; or go back to the champion before.
    ///
    /// It becomes champion when a model of it is better beyond doubt than the best naive rule and none is worse beyond doubt than
    /// that or than the champion, on the rows that it was judged on.
    ///
    /// Examples: lapwing-train promote bundle --registry champions; lapwing-train promote --rollback --registry champions
    #[command(after_help = PRECEDENCE)]
    Promote(PromoteArgs),
    /// Hand out work to the executors of a cluster, until told to stop; prints its address once it can be reached.
    ///
    /// Example: lapwing-train scheduler --addr 0.0.0.0:50050
    Scheduler(SchedulerArgs),
    /// Do work of a cluster, until told to stop; prints its address once the scheduler knows it.
    ///
    /// Example: lapwing-train executor --scheduler scheduler:50050 --addr 0.0.0.0:50051 --memory 16GB
    Executor(ExecutorArgs),
}

/// Where the events are and how to read them.
#[derive(Debug, Default, Args)]
pub struct SourceArgs {
    /// Events: a Parquet or CSV file, a folder or a glob, here or at `s3://`, `gs://` or `az://`, or a file at `https://`; may be
    /// given more than once.
    #[arg(long, env = "LAPWING_EVENTS", value_name = "PATH", num_args = 1..)]
    pub events: Option<Vec<String>>,
    /// History tables, as `lapwing-train histories` writes them, in place of events or beside them; named as these are.
    #[arg(long, env = "LAPWING_HISTORIES", value_name = "PATH", num_args = 1..)]
    pub histories: Option<Vec<String>>,
    /// A table with one row a customer; every column but the id is an attribute. A path or a URL.
    #[arg(long, env = "LAPWING_CUSTOMERS", value_name = "PATH")]
    pub customers: Option<String>,
    /// A link table, as `lapwing-train link` writes it: events of an `alias_id` are those of its `customer_id`. A path or a URL.
    #[arg(long, env = "LAPWING_LINKS", value_name = "FILE")]
    pub links: Option<String>,
    /// Settings in TOML: column and kind mapping, time zone, lifecycle rules, and any flag's value.
    #[arg(long, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// IANA zone in which days, hours and dates are told [default: UTC].
    #[arg(long, env = "LAPWING_TIMEZONE", value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Your word that the data is complete up to this date [default: the end of the last purchase's day].
    #[arg(long, env = "LAPWING_DATA_UNTIL", value_name = "DATE")]
    pub data_until: Option<String>,
    /// Threads and memory.
    #[command(flatten)]
    pub resources: ResourceArgs,
}

/// What of the machine may be used. Nothing of it changes a result.
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

/// The lengths that define who is judged and on what.
#[derive(Debug, Default, Args)]
pub struct WindowArgs {
    /// Days in which a purchase is awaited [default: 90].
    #[arg(long, env = "LAPWING_HORIZON_DAYS", value_name = "DAYS")]
    pub horizon_days: Option<u32>,
    /// Who bought within this many days before the cutoff is current, who did not is lapsed [default: 90].
    #[arg(long, env = "LAPWING_ACTIVE_DAYS", value_name = "DAYS")]
    pub active_days: Option<u32>,
    /// Days between the cutoff and the outcome window [default: 0].
    #[arg(long, env = "LAPWING_GAP_DAYS", value_name = "DAYS")]
    pub gap_days: Option<u32>,
}

/// Flags of `demo`.
#[derive(Debug, Default, Args)]
pub struct DemoArgs {
    /// Folder for bundle and scores, made if needed [default: lapwing-demo].
    #[arg(long, env = "LAPWING_OUT", value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one machine-readable result on stdout instead of the screen.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `fit`.
#[derive(Debug, Default, Args)]
pub struct FitArgs {
    /// Where the events are.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The lengths.
    #[command(flatten)]
    pub windows: WindowArgs,
    /// Learn from what was known before this instant, and nothing later.
    #[arg(long, env = "LAPWING_AS_OF", value_name = "DATE")]
    pub as_of: Option<String>,
    /// Seed of every random choice; it is kept in the bundle [default: 42].
    #[arg(long, env = "LAPWING_SEED", value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Folder of the bundle; a bundle that is there is replaced, any other folder refused.
    #[arg(long, env = "LAPWING_OUT", value_name = "BUNDLE_DIR")]
    pub out: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `features`.
#[derive(Debug, Default, Args)]
pub struct FeaturesArgs {
    /// Where the events are.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The lengths.
    #[command(flatten)]
    pub windows: WindowArgs,
    /// A date to look from; may be given more than once.
    #[arg(long, env = "LAPWING_CUTOFF", value_name = "DATE", num_args = 1.., value_delimiter = ',')]
    pub cutoff: Option<Vec<String>>,
    /// A name ending in `.parquet` for one file, any other for a folder with one file a cutoff. At a URL such as `s3://bucket/table`
    /// the folder's `_lapwing.json`, put last, lists the files that belong together.
    #[arg(long, env = "LAPWING_OUT", value_name = "FILE_OR_DIR")]
    pub out: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `histories`.
#[derive(Debug, Default, Args)]
pub struct HistoriesArgs {
    /// Where the events are.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Add the events to the table that is there, and write only those of its files that they change. Rows that are there already
    /// are settled by the rule for duplicates, so that the same day may be added twice.
    #[arg(long, env = "LAPWING_APPEND", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub append: Option<bool>,
    /// Files to part the customers into, a power of two up to 256 [default: by the number of events].
    #[arg(long, env = "LAPWING_FILES", value_name = "NUMBER")]
    pub files: Option<u32>,
    /// Folder of the table; a table that is there is replaced, any other folder refused. At a URL such as `s3://bucket/histories`
    /// `_lapwing.json`, put last, lists the files that belong together.
    #[arg(long, env = "LAPWING_OUT", value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `backtest`.
#[derive(Debug, Default, Args)]
pub struct BacktestArgs {
    /// Where the events are.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The lengths.
    #[command(flatten)]
    pub windows: WindowArgs,
    /// A past date to fit as of; may be given more than once [default: the newest whose outcome is known, and earlier ones].
    #[arg(long, env = "LAPWING_AS_OF", value_name = "DATE", num_args = 1.., value_delimiter = ',')]
    pub as_of: Option<Vec<String>>,
    /// Days from one date to the next [default: a third of the horizon, fewer if that leaves less than six dates, at least 7].
    #[arg(long, env = "LAPWING_STEP_DAYS", value_name = "DAYS")]
    pub step_days: Option<u32>,
    /// Judge intent too, which takes about as long as churn and reactivation together.
    #[arg(long, env = "LAPWING_INTENT", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub intent: Option<bool>,
    /// So many dates at most [default: 12].
    #[arg(long, env = "LAPWING_MOST_CUTOFFS", value_name = "NUMBER")]
    pub most_cutoffs: Option<u32>,
    /// Seed of every random choice [default: 42].
    #[arg(long, env = "LAPWING_SEED", value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Folder of the report; a report that is there is replaced, any other folder refused.
    #[arg(long, env = "LAPWING_OUT", value_name = "REPORT_DIR")]
    pub out: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `judge`.
#[derive(Debug, Default, Args)]
pub struct JudgeArgs {
    /// Where the events are; they must reach to the end of the outcome window.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The scores that `lapwing-serve score` wrote. A path or a URL.
    #[arg(long, env = "LAPWING_SCORES", value_name = "FILE")]
    pub scores: Option<PathBuf>,
    /// Days in which a purchase was awaited [default: as the scores say].
    #[arg(long, env = "LAPWING_HORIZON_DAYS", value_name = "DAYS")]
    pub horizon_days: Option<u32>,
    /// Days between the scores and the outcome window [default: as the scores say].
    #[arg(long, env = "LAPWING_GAP_DAYS", value_name = "DAYS")]
    pub gap_days: Option<u32>,
    /// Seed of the bootstrap [default: 42].
    #[arg(long, env = "LAPWING_SEED", value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `promote`.
#[derive(Debug, Default, Args)]
pub struct PromoteArgs {
    /// The bundle that is to become champion, or to be tried beside it; it is copied into the registry.
    #[arg(value_name = "CHALLENGER_DIR", required_unless_present_any = ["rollback", "withdraw"])]
    #[arg(conflicts_with_all = ["rollback", "withdraw"])]
    pub challenger: Option<PathBuf>,
    /// Go back to the champion before; a deed, so this is no setting of the file or the environment.
    #[arg(long, conflicts_with = "withdraw")]
    pub rollback: bool,
    /// Try the bundle beside the champion: let it speak for this share of the customers, 0 to 1; a deed, as the next three.
    #[arg(long, value_name = "SHARE", requires = "challenger")]
    pub share: Option<f64>,
    /// Try the bundle beside the champion: let it score the champion's customers unseen, to compare.
    #[arg(long, requires = "challenger")]
    pub shadow: bool,
    /// What people call the bundle, as in "autumn, with returns".
    #[arg(long, value_name = "TEXT", requires = "challenger")]
    pub label: Option<String>,
    /// End the trial: the champion speaks for everybody.
    #[arg(long)]
    pub withdraw: bool,
    /// Folder of the champions, made if needed.
    #[arg(long, env = "LAPWING_REGISTRY", value_name = "DIR")]
    pub registry: Option<PathBuf>,
    /// Settings in TOML.
    #[arg(long, env = "LAPWING_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one machine-readable result on stdout.
    #[arg(long, env = "LAPWING_JSON", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub json: Option<bool>,
}

/// Flags of `scheduler`; it reads no config file.
#[derive(Debug, Default, Args)]
pub struct SchedulerArgs {
    /// Address or host name, and port, to listen on; port 0 takes any free one [default: 127.0.0.1:50050].
    #[arg(long, env = "LAPWING_ADDR", value_name = "ADDRESS:PORT")]
    pub addr: Option<String>,
    /// An executor that is silent for so long is taken for dead; a busy one tells every 5s that it is not [default: 20s].
    #[arg(long, env = "LAPWING_EXECUTOR_TIMEOUT", value_name = "TIME")]
    pub executor_timeout: Option<String>,
}

/// Flags of `executor`; it reads no config file.
#[derive(Debug, Default, Args)]
pub struct ExecutorArgs {
    /// Host and port of the scheduler.
    #[arg(long, env = "LAPWING_SCHEDULER", value_name = "HOST:PORT")]
    pub scheduler: String,
    /// Where results are fetched from; port 0 takes any free one [default: 127.0.0.1:50051].
    #[arg(long, env = "LAPWING_ADDR", value_name = "ADDRESS:PORT")]
    pub addr: Option<String>,
    /// Host name or address by which others reach it [default: the one that the scheduler sees it by].
    #[arg(long, env = "LAPWING_ADVERTISE", value_name = "HOST")]
    pub advertise: Option<String>,
    /// Where results wait until they are fetched, and events that exceed the memory [default: a folder that goes away with it].
    #[arg(long, env = "LAPWING_WORK_DIR", value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
    /// Tasks at once [default: as many as the machine runs at once].
    #[arg(long, env = "LAPWING_THREADS", value_name = "NUMBER")]
    pub threads: Option<u32>,
    /// Memory to stay within, such as 16GB; events that exceed it wait in files [default: all].
    #[arg(long, env = "LAPWING_MEMORY", value_name = "SIZE")]
    pub memory: Option<String>,
}
