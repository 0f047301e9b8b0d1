//! The config file: TOML, with the same keys for both binaries.

use std::path::{Path, PathBuf};

use lapwing_models::lifecycle::AlertSettings;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::error::ServeError;

#[cfg(feature = "batch")]
pub use batch::{CustomersSection, EventsSection};

/// What stands for a section that this build or this binary does not read.
#[cfg(not(feature = "batch"))]
type EventsSection = Ignored;
#[cfg(not(feature = "batch"))]
type CustomersSection = Ignored;

/// A config file as written; `None` means not given.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the bundle.
    pub bundle: Option<PathBuf>,
    /// Folder of the champions.
    pub registry: Option<PathBuf>,
    /// Whether one machine-readable result is printed.
    pub json: Option<bool>,
    /// The cutoff.
    pub as_of: Option<DateText>,
    /// The first of two dates.
    pub from: Option<DateText>,
    /// The second.
    pub to: Option<DateText>,
    /// Where the result goes.
    pub out: Option<PathBuf>,
    /// Where to listen.
    pub addr: Option<String>,
    /// Where to listen for health and metrics alone.
    pub ops_addr: Option<String>,
    /// Memory for answers on published customers.
    pub store_cache_mb: Option<u32>,
    /// Longest body that is taken.
    pub max_body_bytes: Option<u32>,
    /// All bodies at once.
    pub max_buffered_bytes: Option<u32>,
    /// Scoring requests at once.
    pub max_in_flight: Option<u32>,
    /// Connections at once.
    pub max_connections: Option<u32>,
    /// Time for a head and for a body.
    pub read_seconds: Option<u32>,
    /// Time for scoring.
    pub request_seconds: Option<u32>,
    /// Time for the end.
    pub drain_seconds: Option<u32>,
    /// A collector of spans.
    pub otlp_endpoint: Option<String>,
    /// Time between looks at the registry.
    pub reload_seconds: Option<u32>,
    /// What to do for whom.
    pub playbook: Option<PathBuf>,
    /// The file of the key that customers are held out by.
    pub holdout_key_file: Option<PathBuf>,
    /// File of keys.
    pub keys: Option<PathBuf>,
    /// Requests a second of each caller.
    pub max_per_second: Option<u32>,
    /// Whether everybody is let through.
    pub insecure: Option<bool>,
    /// Certificates.
    pub tls_cert: Option<PathBuf>,
    /// Their private key.
    pub tls_key: Option<PathBuf>,
    /// Public keys of who signs tokens.
    pub jwks: Option<PathBuf>,
    /// Who that is.
    pub jwt_issuer: Option<String>,
    /// For whom tokens must be.
    pub jwt_audience: Option<String>,
    /// The claim with the roles.
    pub jwt_roles: Option<String>,
    /// The audit log.
    pub audit_log: Option<PathBuf>,
    /// The file of its key.
    pub audit_key: Option<PathBuf>,
    /// Folder of the request log.
    pub log_requests: Option<PathBuf>,
    /// Share of the customers that are in it.
    pub log_share: Option<f64>,
    /// Bytes of it.
    pub log_max_bytes: Option<u32>,
    /// Share of requests that may differ from a batch.
    pub threshold: Option<f64>,
    /// Origins that browsers may ask from.
    pub cors_origin: Vec<String>,
    /// Published scores and alerts.
    pub store: Option<String>,
    /// File of the keys for personal attributes and histories.
    pub store_key: Option<PathBuf>,
    /// Runs that stay in the store.
    pub keep_runs: Option<u32>,
    /// Whether histories are kept in the store.
    pub keep_histories: Option<bool>,
    /// Attributes that are sealed.
    pub personal: Vec<String>,
    /// What is published.
    pub scores: Option<PathBuf>,
    /// `[alerts]`: the rules of alerts.
    pub alerts: AlertSettings,
    /// Threads that read, compute and write.
    pub threads: Option<u32>,
    /// Memory to stay within.
    pub memory: Option<String>,
    /// Where events that exceed it wait.
    pub spill_dir: Option<PathBuf>,
    /// What reads the events.
    pub engine: Option<String>,
    /// How long a cluster may take.
    pub deadline: Option<String>,
    /// `[events]`.
    pub events: EventsSection,
    /// `[customers]`.
    pub customers: CustomersSection,

    /// Scoring takes the bundle's, and warns when it is another.
    pub timezone: Option<String>,
    /// Scoring takes the bundle's, and warns when it is another.
    pub horizon_days: Option<u32>,
    /// Scoring takes the bundle's, and warns when it is another.
    pub active_days: Option<u32>,
    /// Scoring takes the bundle's, and warns when it is another.
    pub gap_days: Option<u32>,

    // What follows is for `lapwing-train` alone. It is listed so that a misspelt key is told from one of these.
    /// Scoring draws nothing.
    pub seed: Ignored,
    /// Scoring asks for no outcome.
    pub data_until: Ignored,
    /// Cutoffs of `lapwing-train features`.
    pub cutoff: Ignored,
    /// Whether a history table is added to.
    pub append: Ignored,
    /// Files of a history table.
    pub files: Ignored,
    /// Targets of `lapwing-train backtest`.
    pub intent: Ignored,
    /// Cutoffs of `lapwing-train backtest`.
    pub step_days: Ignored,
    /// Cutoffs of `lapwing-train backtest`.
    pub most_cutoffs: Ignored,
    /// `[experiment]`: for `lapwing-train proof` and `uplift`.
    pub experiment: Ignored,
    /// `[profit]`: for `lapwing-train backtest`.
    pub profit: Ignored,
    /// `[insights]`: for `lapwing-train insights`.
    pub insights: Ignored,
    /// `[link]`: for `lapwing-train link`.
    pub link: Ignored,
    /// `[model]`: scoring takes the bundle's attributes.
    pub model: Ignored,
    /// `[lifecycle]`: scoring takes the bundle's thresholds.
    pub lifecycle: Ignored,
}

/// A value of any type that is not looked at.
#[derive(Debug, Default)]
pub struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// A date, written as a TOML date or as a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateText(pub String);

impl<'de> Deserialize<'de> for DateText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => Ok(Self(text)),
            toml::Value::Datetime(date) => Ok(Self(date.to_string())),
            other => Err(serde::de::Error::custom(format!("a date is wanted, not {}", other.type_str()))),
        }
    }
}

/// The sections that only batch scoring reads.
#[cfg(feature = "batch")]
mod batch {
    use std::collections::BTreeMap;

    use lapwing_features::Kind;
    use lapwing_features::engine::{CustomersConfig, EventColumns};
    use serde::Deserialize;

    use super::Ignored;

    /// `[events]`: where they are and how to read them.
    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct EventsSection {
        /// Files, folders or globs.
        pub paths: Vec<String>,
        /// History tables, named as these are.
        pub histories: Vec<String>,
        /// What the columns are called.
        pub columns: EventColumns,
        /// What the values of the kind column mean.
        pub kinds: BTreeMap<String, Kind>,
        /// Scoring takes the bundle's rule.
        pub duplicates: Ignored,
        /// The link table.
        pub links: Option<String>,
    }

    /// `[customers]`: the table of attributes.
    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct CustomersSection {
        /// Where it is.
        pub path: Option<String>,
        /// The column that holds the customer's id.
        pub customer_id: Option<String>,
    }

    impl CustomersSection {
        /// The part that the engine asks for.
        #[must_use]
        pub fn reading(&self) -> CustomersConfig {
            let mut reading = CustomersConfig::default();
            if let Some(column) = &self.customer_id {
                reading.customer_id.clone_from(column);
            }
            reading
        }
    }
}

impl Config {
    /// Reads the file at `path`; without one, nothing is set.
    ///
    /// # Errors
    /// [`ServeError::ConfigUnreadable`] when there is no such file, [`ServeError::Config`] when it is no TOML, holds an unknown
    /// key or a value of the wrong type.
    pub fn read(path: Option<&Path>) -> Result<Self, ServeError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path).map_err(|source| ServeError::ConfigUnreadable { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|error| ServeError::Config { path: path.to_owned(), problem: error.to_string().trim_end().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ServeError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::read(Some(file.path()))
    }

    #[test]
    fn the_file_of_the_fit_is_taken() {
        let config = read(
            "timezone = 'Europe/London'\nhorizon_days = 30\nseed = 7\nas_of = 2011-12-10\ncutoff = [2011-01-01]\nbundle = 'b'\n\
             [events]\npaths = ['a.parquet']\nduplicates = 'keep'\n[events.columns]\ncustomer_id = 'CustomerID'\n\
             [customers]\npath = 'c.csv'\n[model]\nattributes = ['region']\n[lifecycle]\nnew_days = 14",
        );
        let config = config.unwrap();
        assert_eq!(config.bundle, Some(PathBuf::from("b")));
        assert_eq!(config.as_of, Some(DateText("2011-12-10".to_owned())));
    }

    #[test]
    fn an_unknown_key_a_wrong_type_and_a_missing_file_are_refused_with_a_hint() {
        for text in ["bundel = 'b'", "addr = 8080", "as_of = 20111210", "max_in_flight = -1", "no toml"] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, ServeError::Config { .. }), "{text}: {error}");
            assert!(error.to_string().contains("\nhint: "), "{error}");
        }
        let error = Config::read(Some(Path::new("/no/such/file.toml"))).unwrap_err();
        assert!(matches!(error, ServeError::ConfigUnreadable { .. }) && error.to_string().contains("\nhint: "), "{error}");
    }
}
