//! Raw flags and config file become checked settings, one type a command: flag over environment (clap joins the two) over file
//! over default.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "batch")]
use lapwing_features::engine::{Cluster, CustomersConfig, EventsConfig, Resources};

use crate::cli::{CheckArgs, CommonArgs, HttpArgs, KeysArgs, KeysCommand};
#[cfg(feature = "batch")]
use crate::cli::{EventArgs, LogArgs, ResourceArgs, ScoreArgs, SkewArgs};
use crate::config::Config;
#[cfg(feature = "batch")]
use crate::config::EventsSection;
use crate::error::ServeError;
use crate::guard::Role;
use crate::http::{Address, Connections, Limits};
pub use crate::source::Source;

mod advice;
mod records;
mod security;
mod store;
#[cfg(feature = "batch")]
mod transitions;
mod webhooks;

pub use advice::{Advice, Playbook};
pub use records::{Audit, Checked, Forget};
pub use security::Security;
pub use store::StorePlace;
#[cfg(feature = "batch")]
pub use store::{Publish, ToldBy};
#[cfg(feature = "batch")]
pub use transitions::Transitions;
pub use webhooks::{WebhookDeed, Webhooks};

/// Settings of `score`.
#[cfg(feature = "batch")]
#[derive(Clone, Debug)]
pub struct Score {
    /// What to score with.
    pub source: Source,
    /// Files, folders or globs, of events or histories; at least one.
    pub events: Vec<String>,
    /// Columns, and kinds beside the bundle's; the rule for duplicates is the bundle's to say.
    pub reading: EventsConfig,
    /// The customers table, when there is one.
    pub customers: Option<(String, CustomersConfig)>,
    /// The cutoff as given: the bundle's time zone says which instant it is.
    pub as_of: String,
    /// What the config file says that the bundle says too.
    pub fit_keys: FitKeys,
    /// The file to write.
    pub out: PathBuf,
    /// What to do for whom.
    pub advice: Advice,
    /// What of the machine may be used.
    pub resources: Resources,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// What a config file says of the fit. The bundle's own values are taken, so these only tell that another bundle may be meant.
#[cfg(feature = "batch")]
#[derive(Clone, Debug, Default)]
pub struct FitKeys {
    /// Length of the outcome window.
    pub horizon_days: Option<u32>,
    /// What makes a customer current.
    pub active_days: Option<u32>,
    /// Days between cutoff and outcome window.
    pub gap_days: Option<u32>,
    /// IANA zone.
    pub timezone: Option<String>,
}

/// Settings of `http`.
#[derive(Clone, Debug)]
pub struct Http {
    /// What to score with.
    pub source: Source,
    /// Where to listen: on the first of these that can be had; at least one.
    pub addr: Vec<SocketAddr>,
    /// Where to listen for health and metrics alone: on the first of these that can be had; none, if that is not wanted.
    pub ops_addr: Vec<SocketAddr>,
    /// What requests are held to.
    pub limits: Limits,
    /// What connections are held to.
    pub connections: Connections,
    /// Where published scores and alerts are.
    pub store: Option<StorePlace>,
    /// Bytes of answers on published customers that are kept; `None` for as many as usual.
    pub store_cache_bytes: Option<usize>,
    /// What to do for whom.
    pub advice: Advice,
    /// Who may reach it.
    pub security: Security,
    /// A collector that is told of requests.
    pub collector: Option<Address>,
    /// How often the registry is looked at; `None` for never.
    pub reload_time: Option<Duration>,
    /// Whether the address is printed for machines.
    pub json: bool,
}

/// Settings of `keys`.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The file of keys.
    pub file: PathBuf,
    /// What is to be done.
    pub deed: KeyDeed,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// What is done with keys.
#[derive(Clone, Debug)]
pub enum KeyDeed {
    /// One more.
    Add {
        /// Whose it is.
        name: String,
        /// What it is good for.
        roles: Vec<Role>,
        /// For how long; `None` for good.
        days: Option<u32>,
        /// The id of the one that it takes the place of.
        replaces: Option<String>,
        /// For how long that one is good still.
        overlap_days: u32,
    },
    /// All are told.
    List,
    /// The one with this id is good no more.
    Revoke(String),
}

/// Settings of `check`.
#[derive(Clone, Debug)]
pub struct Check {
    /// What to score with.
    pub source: Source,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// The request log and its key.
#[cfg(feature = "batch")]
#[derive(Clone, Debug)]
pub struct Log {
    /// The folder.
    pub dir: PathBuf,
    /// The file of the key that customers are hashed under.
    pub key: PathBuf,
}

/// Settings of `skew`.
#[cfg(feature = "batch")]
#[derive(Clone, Debug)]
pub struct Skew {
    /// What served.
    pub source: Source,
    /// What was asked.
    pub log: Log,
    /// Files, folders or globs, of events or histories; at least one.
    pub events: Vec<String>,
    /// Columns, and kinds beside the bundle's.
    pub reading: EventsConfig,
    /// The share of requests that may differ.
    pub threshold: f64,
    /// What of the machine may be used.
    pub resources: Resources,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

#[cfg(feature = "batch")]
impl Score {
    /// Checks the flags of `score`.
    ///
    /// # Errors
    /// [`ServeError::Missing`], or what reading the config file gives.
    pub fn new(args: ScoreArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.common.config.as_deref())?;
        let (source, json) = common(args.common, &config)?;
        let advice = Advice::new(args.advice, &config);
        let (events, reading) = told_at_all(args.told, config.events)?;
        let customers_reading = config.customers.reading();
        let customers = args.customers.or(config.customers.path).map(|path| (path, customers_reading));
        let as_of = args.as_of.or(config.as_of.map(|date| date.0)).ok_or_else(|| missing("as-of", "LAPWING_AS_OF", "as_of"))?;
        let out = args.out.or(config.out).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        let resources = resources(args.resources, (config.threads, config.memory, config.spill_dir, config.engine, config.deadline))?;
        let Config { horizon_days, active_days, gap_days, timezone, .. } = config;
        let fit_keys = FitKeys { horizon_days, active_days, gap_days, timezone };
        Ok(Self { source, events, reading, customers, as_of, fit_keys, out, advice, resources, json })
    }
}

#[cfg(feature = "batch")]
impl Skew {
    /// Checks the flags of `skew`.
    ///
    /// # Errors
    /// [`ServeError::Missing`], [`ServeError::Share`], or what reading the config file gives.
    pub fn new(args: SkewArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.log.config.as_deref())?;
        let bundles = CommonArgs { bundle: args.bundle, registry: args.registry, config: None, json: args.json };
        let (source, json) = common(bundles, &config)?;
        let log = log(&args.log, &config)?;
        let (events, reading) = told_at_all(args.told, config.events)?;
        let threshold = share("threshold", args.threshold.or(config.threshold), 0.01)?;
        let resources = resources(args.resources, (config.threads, config.memory, config.spill_dir, config.engine, config.deadline))?;
        Ok(Self { source, log, events, reading, threshold, resources, json })
    }
}

/// Files of events and histories, and how they are read: where a flag names any, those of the config file are left out. The rule for
/// duplicates is the bundle's.
#[cfg(feature = "batch")]
fn told(args: EventArgs, file: EventsSection) -> (Vec<String>, EventsConfig) {
    let paths = match (args.events, args.histories) {
        (None, None) => [file.paths, file.histories].concat(),
        (events, histories) => [events.unwrap_or_default(), histories.unwrap_or_default()].concat(),
    };
    let EventsSection { columns, kinds, links, .. } = file;
    (paths, EventsConfig { columns, kinds, links: args.links.or(links), ..EventsConfig::default() })
}

/// The same where there must be some.
#[cfg(feature = "batch")]
fn told_at_all(args: EventArgs, file: EventsSection) -> Result<(Vec<String>, EventsConfig), ServeError> {
    let told = told(args, file);
    if told.0.is_empty() { Err(missing("events", "LAPWING_EVENTS", "paths` under `[events]")) } else { Ok(told) }
}

/// Threads, memory, where files wait, engine and deadline, as the config file has them.
#[cfg(feature = "batch")]
type FileResources = (Option<u32>, Option<String>, Option<PathBuf>, Option<String>, Option<String>);

#[cfg(feature = "batch")]
fn resources(args: ResourceArgs, file: FileResources) -> Result<Resources, ServeError> {
    let (threads, memory, spill_dir, engine, deadline) = file;
    let memory = args.memory.or(memory);
    let resources = Resources::of(args.threads.or(threads), memory.as_deref(), args.spill_dir.or(spill_dir))?;
    let (engine, deadline) = (args.engine.or(engine), args.deadline.or(deadline));
    Ok(resources.on(Cluster::of(engine.as_deref(), deadline.as_deref())?))
}

impl Http {
    /// Checks the flags of `http`.
    ///
    /// # Errors
    /// [`ServeError::NoBundle`], [`ServeError::Range`], [`ServeError::Address`], [`ServeError::Exposed`],
    /// [`ServeError::HalfGiven`], [`ServeError::Origin`], or what reading the config file gives.
    pub fn new(args: HttpArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.common.config.as_deref())?;
        let (source, json) = common(args.common, &config)?;
        let addr = args.addr.or(config.addr.clone()).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let addr = resolved(addr)?;
        let ops_addr = args.ops_addr.or(config.ops_addr.clone()).map(resolved).transpose()?.unwrap_or_default();
        let advice = Advice::new(args.advice, &config);
        let security = Security::new(args.security, &config, &[&addr[..], &ops_addr].concat())?;
        let store = StorePlace::new(args.store, &config)?;
        let number = |flag, value: Option<u32>, least, most| match value {
            Some(value) if !(least..=most).contains(&value) => Err(ServeError::Range { flag, value, least, most }),
            value => Ok(value),
        };
        let cache = number("store-cache-mb", args.store_cache_mb.or(config.store_cache_mb), 0, 1 << 20)?;
        let body_bytes = number("max-body-bytes", args.max_body_bytes.or(config.max_body_bytes), 1_024, 1 << 30)?;
        let buffered = args.max_buffered_bytes.or(config.max_buffered_bytes);
        let buffered_bytes = number("max-buffered-bytes", buffered, 1 << 20, u32::MAX)?;
        let in_flight = number("max-in-flight", args.max_in_flight.or(config.max_in_flight), 1, 100_000)?;
        let most = number("max-connections", args.max_connections.or(config.max_connections), 1, 1_000_000)?;
        let read = number("read-seconds", args.read_seconds.or(config.read_seconds), 1, 3_600)?;
        let request = number("request-seconds", args.request_seconds.or(config.request_seconds), 1, 3_600)?;
        let reload = number("reload-seconds", args.reload_seconds.or(config.reload_seconds), 0, 86_400)?.unwrap_or(10);
        let drain = number("drain-seconds", args.drain_seconds.or(config.drain_seconds), 0, 3_600)?;

        let collector = args.otlp_endpoint.or(config.otlp_endpoint.clone());
        let collector = collector.map(|url| Address::anywhere(&url).ok_or(ServeError::Otlp { url, why: "it is no address".to_owned() }));

        let seconds = |value: u32| Duration::from_secs(u64::from(value));
        let (limits, connections) = (Limits::default(), Connections::default());
        Ok(Self {
            source,
            addr,
            ops_addr,
            limits: Limits {
                body_bytes: body_bytes.map_or(limits.body_bytes, |value| value as usize),
                buffered_bytes: buffered_bytes.map_or(limits.buffered_bytes, |value| value as usize),
                in_flight: in_flight.map_or(limits.in_flight, |value| value as usize),
                body_time: read.map_or(limits.body_time, seconds),
                request_time: request.map_or(limits.request_time, seconds),
            },
            connections: Connections {
                most: most.map_or(connections.most, |value| value as usize),
                head_time: read.map_or(connections.head_time, seconds),
                write_time: read.map_or(connections.write_time, seconds),
                drain_time: drain.map_or(connections.drain_time, seconds),
            },
            store,
            store_cache_bytes: cache.map(|megabytes| (megabytes as usize) << 20),
            advice,
            security,
            collector: collector.transpose()?,
            reload_time: (reload > 0).then(|| seconds(reload)),
            json,
        })
    }
}

impl Keys {
    /// Checks the flags of `keys`.
    ///
    /// # Errors
    /// [`ServeError::Missing`], or what reading the config file gives.
    pub fn new(args: KeysArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.config.as_deref())?;
        let file = args.keys.or(config.keys).ok_or_else(|| missing("keys", "LAPWING_KEYS", "keys"))?;
        let deed = match args.deed {
            KeysCommand::Add { roles, name, days, replaces, overlap_days } => KeyDeed::Add { name, roles, days, replaces, overlap_days },
            KeysCommand::List => KeyDeed::List,
            KeysCommand::Revoke { id } => KeyDeed::Revoke(id),
        };
        Ok(Self { file, deed, json: args.json.or(config.json).unwrap_or(false) })
    }
}

impl Check {
    /// Checks the flags of `check`.
    ///
    /// # Errors
    /// [`ServeError::NoBundle`], or what reading the config file gives.
    pub fn new(args: CheckArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.common.config.as_deref())?;
        let (source, json) = common(args.common, &config)?;
        Ok(Self { source, json })
    }
}

/// The request log and its key.
#[cfg(feature = "batch")]
fn log(args: &LogArgs, config: &Config) -> Result<Log, ServeError> {
    let dir = args.log_requests.clone().or(config.log_requests.clone());
    let dir = dir.ok_or_else(|| missing("log-requests", "LAPWING_LOG_REQUESTS", "log_requests"))?;
    let key = args.audit_key.clone().or(config.audit_key.clone());
    Ok(Log { dir, key: key.ok_or_else(|| missing("audit-key", "LAPWING_AUDIT_KEY", "audit_key"))? })
}

/// A number from 0 to 1.
fn share(flag: &'static str, value: Option<f64>, default: f64) -> Result<f64, ServeError> {
    let value = value.unwrap_or(default);
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(ServeError::Share { flag, value }) }
}

/// The addresses that `addr`, an address or a host name with a port, stands for.
fn resolved(addr: String) -> Result<Vec<SocketAddr>, ServeError> {
    let found: Vec<SocketAddr> = addr.to_socket_addrs().into_iter().flatten().collect();
    if found.is_empty() { Err(ServeError::Address(addr)) } else { Ok(found) }
}

/// A flag or the environment wins over the file, also when it names the other of the two.
fn common(args: CommonArgs, config: &Config) -> Result<(Source, bool), ServeError> {
    let one = |bundle: Option<PathBuf>, registry: Option<PathBuf>, place| match (bundle, registry) {
        (Some(_), Some(_)) => Err(ServeError::BundleAndRegistry(place)),
        (bundle, registry) => Ok(bundle.map(Source::Bundle).or(registry.map(Source::Registry))),
    };
    let source = match one(args.bundle, args.registry, "by flag or environment")? {
        None => one(config.bundle.clone(), config.registry.clone(), "in the config file")?,
        source => source,
    };
    let source = source.ok_or(ServeError::NoBundle)?;
    source.check()?;
    Ok((source, args.json.or(config.json).unwrap_or(false)))
}

fn missing(flag: &'static str, variable: &'static str, key: &'static str) -> ServeError {
    ServeError::Missing { flag, variable, key }
}

#[cfg(test)]
mod tests;
