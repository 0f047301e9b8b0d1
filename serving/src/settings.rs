//! Raw flags and config file become checked settings, one type a command: flag over environment (clap joins the two) over file
//! over default.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "batch")]
use lapwing_features::engine::{Cluster, CustomersConfig, EventsConfig, Resources};

#[cfg(feature = "batch")]
use crate::cli::ScoreArgs;
use crate::cli::{CheckArgs, CommonArgs, HttpArgs};
use crate::config::Config;
use crate::error::ServeError;
use crate::http::{Connections, Limits};
pub use crate::source::Source;

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
    /// How often the registry is looked at; `None` for never.
    pub reload_time: Option<Duration>,
    /// Whether the address is printed for machines.
    pub json: bool,
}

/// Settings of `check`.
#[derive(Clone, Debug)]
pub struct Check {
    /// What to score with.
    pub source: Source,
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
        let events = match (args.events, args.histories) {
            (None, None) => [config.events.paths, config.events.histories].concat(),
            (events, histories) => [events.unwrap_or_default(), histories.unwrap_or_default()].concat(),
        };
        if events.is_empty() {
            return Err(missing("events", "LAPWING_EVENTS", "paths` under `[events]"));
        }
        let customers_reading = config.customers.reading();
        let customers = args.customers.or(config.customers.path).map(|path| (path, customers_reading));
        let as_of = args.as_of.or(config.as_of.map(|date| date.0)).ok_or_else(|| missing("as-of", "LAPWING_AS_OF", "as_of"))?;
        let out = args.out.or(config.out).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        let reading = EventsConfig { columns: config.events.columns, kinds: config.events.kinds, ..EventsConfig::default() };
        let memory = args.resources.memory.or(config.memory);
        let spill_dir = args.resources.spill_dir.or(config.spill_dir);
        let resources = Resources::of(args.resources.threads.or(config.threads), memory.as_deref(), spill_dir)?;
        let (engine, deadline) = (args.resources.engine.or(config.engine), args.resources.deadline.or(config.deadline));
        let resources = resources.on(Cluster::of(engine.as_deref(), deadline.as_deref())?);
        let Config { horizon_days, active_days, gap_days, timezone, .. } = config;
        let fit_keys = FitKeys { horizon_days, active_days, gap_days, timezone };
        Ok(Self { source, events, reading, customers, as_of, fit_keys, out, resources, json })
    }
}

impl Http {
    /// Checks the flags of `http`.
    ///
    /// # Errors
    /// [`ServeError::NoBundle`], [`ServeError::Range`], [`ServeError::Address`], or what reading the config file gives.
    pub fn new(args: HttpArgs) -> Result<Self, ServeError> {
        let config = Config::read(args.common.config.as_deref())?;
        let (source, json) = common(args.common, &config)?;
        let addr = args.addr.or(config.addr).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let addr = resolved(addr)?;
        let ops_addr = args.ops_addr.or(config.ops_addr).map(resolved).transpose()?;
        let number = |flag, value: Option<u32>, least, most| match value {
            Some(value) if !(least..=most).contains(&value) => Err(ServeError::Range { flag, value, least, most }),
            value => Ok(value),
        };
        let body_bytes = number("max-body-bytes", args.max_body_bytes.or(config.max_body_bytes), 1_024, 1 << 30)?;
        let buffered = args.max_buffered_bytes.or(config.max_buffered_bytes);
        let buffered_bytes = number("max-buffered-bytes", buffered, 1 << 20, u32::MAX)?;
        let in_flight = number("max-in-flight", args.max_in_flight.or(config.max_in_flight), 1, 100_000)?;
        let most = number("max-connections", args.max_connections.or(config.max_connections), 1, 1_000_000)?;
        let read = number("read-seconds", args.read_seconds.or(config.read_seconds), 1, 3_600)?;
        let request = number("request-seconds", args.request_seconds.or(config.request_seconds), 1, 3_600)?;
        let reload = number("reload-seconds", args.reload_seconds.or(config.reload_seconds), 0, 86_400)?.unwrap_or(10);
        let drain = number("drain-seconds", args.drain_seconds.or(config.drain_seconds), 0, 3_600)?;

        let seconds = |value: u32| Duration::from_secs(u64::from(value));
        let (limits, connections) = (Limits::default(), Connections::default());
        Ok(Self {
            source,
            addr,
            ops_addr: ops_addr.unwrap_or_default(),
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
            reload_time: (reload > 0).then(|| seconds(reload)),
            json,
        })
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
    Ok((source.ok_or(ServeError::NoBundle)?, args.json.or(config.json).unwrap_or(false)))
}

#[cfg(feature = "batch")]
fn missing(flag: &'static str, variable: &'static str, key: &'static str) -> ServeError {
    ServeError::Missing { flag, variable, key }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn http(addr: Option<&str>, config: &str) -> Result<Http, ServeError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        let common = CommonArgs { config: Some(file.path().to_owned()), ..CommonArgs::default() };
        Http::new(HttpArgs { common, addr: addr.map(str::to_owned), ..HttpArgs::default() })
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = "bundle = 'b'\naddr = '127.0.0.1:1'\nmax_in_flight = 3\nread_seconds = 2\njson = true";
        let settings = http(None, file).unwrap();
        assert_eq!((settings.addr[0].port(), settings.limits.in_flight, settings.json), (1, 3, true));
        let Connections { head_time, write_time, .. } = settings.connections;
        assert_eq!([settings.limits.body_time, head_time, write_time], [Duration::from_secs(2); 3]);
        assert_eq!(http(Some("0.0.0.0:2"), file).unwrap().addr, ["0.0.0.0:2".parse().unwrap()]);
        let settings = http(None, "bundle = 'b'").unwrap();
        assert_eq!(settings.addr, ["127.0.0.1:8080".parse().unwrap()]);
        assert_eq!((settings.limits, settings.connections), (Limits::default(), Connections::default()));
    }

    #[test]
    fn json_can_be_turned_off_against_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "bundle = 'b'\njson = true").unwrap();
        for (flag, json) in [("--bundle=b", true), ("--json", true), ("--json=true", true), ("--json=false", false), ("--json=0", false)] {
            let cli = Cli::try_parse_from(["lapwing-serve", "check", flag, "--config", file.path().to_str().unwrap()]).unwrap();
            let Command::Check(args) = cli.command else { panic!("{:?}", cli.command) };
            assert_eq!(Check::new(args).unwrap().json, json, "{flag}");
        }
    }

    #[test]
    fn one_bundle_or_one_registry_is_taken() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source = |flags: [Option<&str>; 2], text: &str| {
            std::fs::write(file.path(), text).unwrap();
            let [bundle, registry] = flags.map(|flag| flag.map(PathBuf::from));
            Check::new(CheckArgs { common: CommonArgs { bundle, registry, config: Some(file.path().to_owned()), json: None } })
                .map(|check| check.source)
        };
        let (bundle, registry) = (Source::Bundle("b".into()), Source::Registry("r".into()));
        assert_eq!(source([None, Some("r")], "").unwrap(), registry);
        assert_eq!(source([None, None], "registry = 'r'").unwrap(), registry);
        assert_eq!(source([Some("b"), None], "registry = 'r'").unwrap(), bundle, "what is given here wins over the file");
        assert_eq!(source([None, Some("r")], "bundle = 'b'").unwrap(), registry);
        assert!(matches!(source([Some("b"), Some("r")], ""), Err(ServeError::BundleAndRegistry(_))));
    }

    #[test]
    fn a_host_name_is_every_address_that_it_has() {
        let addr = http(Some("localhost:3"), "bundle = 'b'").unwrap().addr;
        assert!(!addr.is_empty() && addr.iter().all(|addr| addr.ip().is_loopback() && addr.port() == 3), "{addr:?}");
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_hint() {
        type Is = fn(&ServeError) -> bool;
        // Longer than a name may be, so that nobody is asked for it.
        let no_host = format!("bundle = 'b'\naddr = '{}:80'", "x".repeat(300));
        let cases: [(&str, Is); 5] = [
            ("", |error| matches!(error, ServeError::NoBundle)),
            ("bundle = 'b'\nregistry = 'r'", |error| matches!(error, ServeError::BundleAndRegistry(_))),
            ("bundle = 'b'\naddr = 'localhost'", |error| matches!(error, ServeError::Address(_))),
            (&no_host, |error| matches!(error, ServeError::Address(_))),
            ("bundle = 'b'\nmax_in_flight = 0", |error| matches!(error, ServeError::Range { flag: "max-in-flight", .. })),
        ];
        for (config, is) in cases {
            let error = http(None, config).unwrap_err();
            assert!(is(&error), "{config}: {error}");
            assert!(error.to_string().contains("\nhint: "), "{error}");
        }
    }

    #[cfg(feature = "batch")]
    #[test]
    fn score_asks_for_what_it_cannot_guess() {
        let common = || CommonArgs { bundle: Some("b".into()), ..CommonArgs::default() };
        let events = || Some(vec!["e.parquet".to_owned()]);
        let asked = |args: ScoreArgs| match Score::new(args) {
            Err(ServeError::Missing { flag, .. }) => flag,
            other => panic!("{other:?}"),
        };
        assert_eq!(asked(ScoreArgs { common: common(), ..ScoreArgs::default() }), "events");
        assert_eq!(asked(ScoreArgs { common: common(), events: events(), ..ScoreArgs::default() }), "as-of");
        let as_of = Some("2024-01-01".to_owned());
        assert_eq!(asked(ScoreArgs { common: common(), events: events(), as_of, ..ScoreArgs::default() }), "out");
    }
}
