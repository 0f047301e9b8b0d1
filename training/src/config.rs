//! The config file: TOML, with the same keys for both binaries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lapwing_features::engine::{CustomersConfig, EventColumns, EventsConfig};
use lapwing_features::{Duplicates, Kind};
use lapwing_models::fit::solver::SolverKind;
use lapwing_models::lifecycle::LifecycleSettings;
use lapwing_models::metrics::Campaign;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::error::TrainError;

/// A config file as written; `None` and empty mean not given.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// IANA zone.
    pub timezone: Option<String>,
    /// The data is complete up to this date.
    pub data_until: Option<DateText>,
    /// What the models may know of.
    pub as_of: Option<DateText>,
    /// Length of the outcome window.
    pub horizon_days: Option<u32>,
    /// What makes a customer current.
    pub active_days: Option<u32>,
    /// Days between cutoff and outcome window.
    pub gap_days: Option<u32>,
    /// Seed of every random choice.
    pub seed: Option<u64>,
    /// Where the result goes.
    pub out: Option<PathBuf>,
    /// Whether one machine-readable result is printed.
    pub json: Option<bool>,
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
    /// Whether events are added to the history table that is there.
    pub append: Option<bool>,
    /// Files of a history table.
    pub files: Option<u32>,
    /// Dates to look from.
    pub cutoff: Vec<DateText>,
    /// Days between the cutoffs of a backtest.
    pub step_days: Option<u32>,
    /// Whether a backtest judges intent too.
    pub intent: Option<bool>,
    /// Cutoffs of a backtest at most.
    pub most_cutoffs: Option<u32>,
    /// A past scores file.
    pub scores: Option<PathBuf>,
    /// Folder of the champions.
    pub registry: Option<PathBuf>,
    /// Folder of the bundle whose rules are applied.
    pub bundle: Option<PathBuf>,
    /// `[events]`.
    pub events: EventsSection,
    /// `[customers]`.
    pub customers: CustomersSection,
    /// `[model]`.
    pub model: ModelSection,
    /// `[lifecycle]`.
    pub lifecycle: LifecycleSettings,
    /// `[experiment]`.
    pub experiment: ExperimentSection,
    /// `[profit]`.
    pub profit: Campaign,
    /// `[insights]`.
    pub insights: InsightsSection,
    /// `[link]`.
    pub link: LinkSection,

    // What follows is for `lapwing-serve` alone. It is listed so that a misspelt key is told from one of these.
    /// The first of two dates.
    pub from: Ignored,
    /// The second.
    pub to: Ignored,
    /// Where to listen.
    pub addr: Ignored,
    /// Where to listen for health and metrics alone.
    pub ops_addr: Ignored,
    /// Memory for answers on published customers.
    pub store_cache_mb: Ignored,
    /// Longest body.
    pub max_body_bytes: Ignored,
    /// All bodies at once.
    pub max_buffered_bytes: Ignored,
    /// Scoring requests at once.
    pub max_in_flight: Ignored,
    /// Connections at once.
    pub max_connections: Ignored,
    /// Time for a head and for a body.
    pub read_seconds: Ignored,
    /// Time for scoring.
    pub request_seconds: Ignored,
    /// Time for the end.
    pub drain_seconds: Ignored,
    /// Time between looks at the registry.
    pub reload_seconds: Ignored,
    /// What to do for whom.
    pub playbook: Ignored,
    /// The file of the key that customers are held out by.
    pub holdout_key_file: Ignored,
    /// File of keys.
    pub keys: Ignored,
    /// Whether everybody is let through.
    pub insecure: Ignored,
    /// Who is told of requests.
    pub otlp_endpoint: Ignored,
    /// How often callers may ask.
    pub max_per_second: Ignored,
    /// Certificates.
    pub tls_cert: Ignored,
    /// Their private key.
    pub tls_key: Ignored,
    /// Public keys of who signs tokens.
    pub jwks: Ignored,
    /// Who that is.
    pub jwt_issuer: Ignored,
    /// For whom tokens must be.
    pub jwt_audience: Ignored,
    /// The claim with the roles.
    pub jwt_roles: Ignored,
    /// The audit log.
    pub audit_log: Ignored,
    /// The file of its key.
    pub audit_key: Ignored,
    /// Folder of the request log.
    pub log_requests: Ignored,
    /// Share of the customers that are in it.
    pub log_share: Ignored,
    /// Bytes of it.
    pub log_max_bytes: Ignored,
    /// Share of requests that may differ from a batch.
    pub threshold: Ignored,
    /// Origins that browsers may ask from.
    pub cors_origin: Ignored,
    /// Published scores and alerts.
    pub store: Ignored,
    /// The keys for personal attributes.
    pub store_key: Ignored,
    /// Runs that stay in the store.
    pub keep_runs: Ignored,
    /// Whether histories are kept in the store.
    pub keep_histories: Ignored,
    /// Attributes that are sealed.
    pub personal: Ignored,
    /// `[alerts]`.
    pub alerts: Ignored,
}

/// A value of any type that is not looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// `[events]`: where they are and how to read them.
#[derive(Clone, Debug, Default, Deserialize)]
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
    /// What becomes of exact duplicates.
    pub duplicates: Duplicates,
    /// The link table.
    pub links: Option<String>,
}

impl EventsSection {
    /// The part that the engine asks for.
    #[must_use]
    pub fn reading(&self) -> EventsConfig {
        let Self { columns, kinds, links, .. } = self.clone();
        EventsConfig { columns, kinds, duplicates: self.duplicates, links, by_campaign: false }
    }
}

/// `[customers]`: the table of attributes.
#[derive(Clone, Debug, Default, Deserialize)]
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

/// `[model]`: what may enter the models, and what fits them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSection {
    /// Columns of the customers table that enter the models beside the features.
    pub attributes: Vec<String>,
    /// What finds the coefficients.
    pub solver: SolverKind,
}

/// `[experiment]`: a campaign of which some customers were left alone by lot.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExperimentSection {
    /// The table.
    pub path: Option<PathBuf>,
    /// Who was to get what.
    pub treatment: Option<String>,
    /// Its value for nothing.
    pub control: Option<String>,
    /// Whether what was wanted happened.
    pub outcome: Option<String>,
    /// What was spent.
    pub spend: Option<String>,
    /// Who was contacted.
    pub contacted: Option<String>,
    /// Columns to part the customers by.
    pub by: Vec<String>,
    /// Columns that are not learned from.
    pub leave_out: Vec<String>,
    /// What an outcome, or a share of the spend, earns.
    pub margin: Option<f64>,
    /// What a contact costs.
    pub contact_cost: Option<f64>,
    /// Customers that were planned.
    pub planned_customers: Option<u64>,
    /// The lift that is worth finding.
    pub wanted_lift: Option<f64>,
}

/// `[insights]`: the lengths of `lapwing-train insights`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InsightsSection {
    /// Longest time from a touch to the purchase that it led to.
    pub touch_window_days: u32,
    /// Stages are compared with those of so many days before.
    pub compare_days: u32,
}

impl Default for InsightsSection {
    fn default() -> Self {
        Self { touch_window_days: 30, compare_days: 90 }
    }
}

/// `[link]`: how customers are linked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkSection {
    /// The confidence from which on two ids are one customer.
    pub threshold: Option<f64>,
    /// Digits of the country of phone numbers that do not tell theirs.
    pub country_prefix: String,
    /// `[link.columns]`.
    pub columns: LinkColumns,
}

/// `[link.columns]`: what the columns of keys are called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkColumns {
    /// Phone numbers.
    pub phone: String,
    /// E-mail addresses.
    pub email: String,
    /// Ids by which others know the customer.
    pub open_id: String,
    /// Names.
    pub name: String,
}

impl Default for LinkColumns {
    fn default() -> Self {
        let [phone, email, open_id, name] = ["phone", "email", "open_id", "name"].map(str::to_owned);
        Self { phone, email, open_id, name }
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

impl Config {
    /// Reads the file at `path`; without one, nothing is set.
    ///
    /// # Errors
    /// [`TrainError::ConfigUnreadable`] when there is no such file, [`TrainError::Config`] when it is no TOML, holds an unknown
    /// key or a value of the wrong type.
    pub fn read(path: Option<&Path>) -> Result<Self, TrainError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path).map_err(|source| TrainError::ConfigUnreadable { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|problem| TrainError::Config { path: path.to_owned(), problem })
    }

    /// Reads TOML; on failure says what and where.
    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_toml_dates_or_strings() {
        let config = Config::parse("as_of = 2011-09-10\ncutoff = [\"2011-06-01\", 2011-07-01T00:00:00Z]").unwrap();
        assert_eq!(config.as_of, Some(DateText("2011-09-10".into())));
        assert_eq!(config.cutoff, [DateText("2011-06-01".into()), DateText("2011-07-01T00:00:00Z".into())]);
        assert!(Config::parse("as_of = 20110910").unwrap_err().contains("a date is wanted"));
    }

    #[test]
    fn an_unknown_key_is_refused_at_every_level() {
        for text in ["horizn_days = 3", "[events]\npath = 'x'", "[events.columns]\nwhen = 'x'", "[customers]\nid = 'x'", "[model]\nx = 1"] {
            assert!(Config::parse(text).unwrap_err().contains("unknown field"), "{text}");
        }
    }

    #[test]
    fn columns_and_kinds_reach_the_engine() {
        let config =
            Config::parse("[events.columns]\ncustomer_id = 'CustomerID'\n[events.kinds]\nclick = 'view'\n[customers]\ncustomer_id = 'id'");
        let config = config.unwrap();
        assert_eq!(config.events.reading().columns.customer_id, "CustomerID");
        assert_eq!(config.events.reading().columns.ts, "ts");
        assert_eq!(config.events.reading().kinds["click"], Kind::View);
        assert_eq!(config.customers.reading().customer_id, "id");
        assert_eq!(CustomersSection::default().reading().customer_id, "customer_id");
    }
}
