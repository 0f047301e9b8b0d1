//! Everything that can go wrong in this binary, as one enum; [`exit`](crate::exit) maps it to exit codes.

use std::path::PathBuf;

#[cfg(feature = "batch")]
use lapwing_features::engine::{EngineChoiceError, EngineError, MemoryError};
use lapwing_features::{TimeError, Timestamp};
use lapwing_models::bundle::BundleError;
use lapwing_models::bundle::registry::RegistryError;
use lapwing_models::lifecycle::AlertSettingError;
use lapwing_models::playbook::PlaybookError;
use thiserror::Error;

use crate::audit::AuditError;
use crate::guard::KeyFileError;
use crate::http::TlsError;
use crate::samples::SampleError;
use crate::store::{SealerError, StoreError};
use crate::webhooks::PlaceError;

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub enum ServeError {
    /// A setting without default is given nowhere.
    #[error("`--{flag}` is not given\nhint: add `--{flag}`, set `{variable}`, or write `{key}` in the config file")]
    Missing {
        /// The flag.
        flag: &'static str,
        /// The environment variable.
        variable: &'static str,
        /// The key of the config file.
        key: &'static str,
    },
    /// There is nothing to score with.
    #[error(
        "neither `--bundle` nor `--registry` is given\n\
         hint: add one of them, set `LAPWING_BUNDLE` or `LAPWING_REGISTRY`, or write `bundle` or `registry` in the config file"
    )]
    NoBundle,
    /// There are two things to score with.
    #[error("`--bundle` and `--registry` are both given, {0}\nhint: keep one: the registry to serve its champion, or one bundle")]
    BundleAndRegistry(&'static str),
    /// A setting is outside its bounds.
    #[error("`--{flag}` is {value}, which is not between {least} and {most}\nhint: leave it out to use its default")]
    Range {
        /// The flag.
        flag: &'static str,
        /// What it was set to.
        value: u32,
        /// The least that is taken.
        least: u32,
        /// The most that is taken.
        most: u32,
    },
    /// The address is none, or a name that no host has.
    #[error(
        "`--addr` `{0}` is no address, or host name that is known, with a port\n\
         hint: write it as `127.0.0.1:8080`, or `0.0.0.0:8080` for every network of the machine"
    )]
    Address(String),
    /// The config file cannot be read.
    #[error("config file `{path}` cannot be read: {source}\nhint: check the path; it is taken from where the command runs")]
    ConfigUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The config file holds something that is not understood.
    #[error(
        "config file `{path}` is not understood: {problem}\nhint: `lapwing-serve http --help` and `score --help` list the keys, as flags"
    )]
    Config {
        /// The file.
        path: PathBuf,
        /// What and where.
        problem: String,
    },
    /// A date or a zone that is none.
    #[error("{setting}: {source}")]
    Time {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        source: TimeError,
    },
    /// A date that cannot be meant.
    #[error("`--as-of` lies outside 1900 to 2200\nhint: write the date as `2024-03-31`")]
    ImplausibleAsOf,
    /// A publication that has not taken place yet.
    #[error("`--at` lies more than a day ahead of the clock\nhint: leave it out to publish now; windows of alerts run from it")]
    AtToCome,
    /// Two dates between which nothing can have happened.
    #[error(
        "`--from` {from} does not lie before `--to` {to}, both from 1900 to 2200\nhint: write dates as `2024-03-31`, the earlier one in `--from`"
    )]
    Between {
        /// The first.
        from: String,
        /// The second.
        to: String,
    },
    /// The address is taken, or not this machine's.
    #[error("cannot listen on `{addr}`: {source}\nhint: choose another `--addr`; port 0 takes any free port")]
    Listen {
        /// The addresses that were tried.
        addr: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The bundle cannot be used.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The registry, or its champion, cannot be used.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The bundle knows of less than the one that serves.
    #[error(
        "bundle `{version}` was fitted as of {as_of}, and `{serving}`, which serves, as of {serving_as_of}\n\
         hint: go back on purpose with `lapwing-train promote --rollback`, or start the service anew"
    )]
    OlderAsOf {
        /// Its version.
        version: String,
        /// What it knows of.
        as_of: Timestamp,
        /// The version that serves.
        serving: String,
        /// What that knows of.
        serving_as_of: Timestamp,
    },
    /// The playbook cannot be read.
    #[error("playbook `{path}` cannot be read: {source}\nhint: `lapwing-serve playbook > playbook.toml` writes one to begin with")]
    PlaybookUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The playbook does not hold together.
    #[error(transparent)]
    Playbook(#[from] PlaybookError),
    /// The key that customers are held out by cannot be had.
    #[error("the hold-out key `{path}` cannot be used: {problem}\nhint: `openssl rand -hex 32 > {path}` makes one; keep it, for who is held out depends on it", path = path.display())]
    HoldOutKey {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A build without what reaches stores is to read from one.
    #[error(
        "`--registry {}` is in a store, and this program was built without what reaches stores\n\
         hint: build it with the cargo feature `batch`, which is on by default, or give a folder",
        .0.display()
    )]
    NoStores(PathBuf),
    /// A bundle is named by an address.
    #[error("`--bundle {}` is an address, and a bundle is a local folder\nhint: `--registry` takes addresses such as `s3://bucket/champions`", .0.display())]
    BundleUrl(PathBuf),
    /// The keys cannot be read or written.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// Whoever reaches the address could ask for anything.
    #[error(
        "`--addr` `{0}` can be reached from other machines, and nobody would be asked for a key\n\
         hint: `lapwing-serve keys add --keys FILE --role score`, then `--keys FILE`; or `--insecure`, if something before it asks"
    )]
    Exposed(String),
    /// Nobody can be forgotten where nothing is kept.
    #[error("neither `--store` nor `--log-requests` is given\nhint: add those that you have: a customer is to be forgotten in all of them")]
    NowhereToForget,
    /// One of two flags that go together is given.
    #[error("`--{given}` is given and `--{missing}` is not\nhint: give both, or neither")]
    HalfGiven {
        /// The one.
        given: &'static str,
        /// The other.
        missing: &'static str,
    },
    /// An origin that browsers never send.
    #[error(
        "`--cors-origin` `{0}` is no origin\nhint: write scheme, host and port as browsers send them: `https://crm.example.com`; there is no `*`"
    )]
    Origin(String),
    /// An address that public keys are not fetched from.
    #[error(
        "`--jwks` `{0}` is no address that public keys can be fetched from\nhint: write `https://host/path`, without a password in it; plain http is taken from this machine only"
    )]
    JwksUrl(String),
    /// The audit log cannot be kept, or does not hold together.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The request log cannot be kept, read or changed.
    #[error(transparent)]
    Samples(#[from] SampleError),
    /// A collector cannot be told of requests.
    #[error(
        "`--otlp-endpoint` `{url}` cannot be used: {why}\n\
         hint: write `http://host:4318/v1/traces`, or https, without a password in it; build with the cargo feature `otlp`"
    )]
    Otlp {
        /// The collector.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// A share that is none.
    #[error("`--{flag}` is {value}, which is no share\nhint: write it as a number from 0 to 1, as in `--{flag} 0.01`")]
    Share {
        /// The flag.
        flag: &'static str,
        /// What it was set to.
        value: f64,
    },
    /// What is served is not what a batch computes.
    #[cfg(feature = "batch")]
    #[error(
        "the worst share of requests that differ from the batch is {worst}, above the threshold of {threshold}\n\
         hint: compare kinds, amounts and times of the events that the callers send with those of the export; late events differ too"
    )]
    Skewed {
        /// What was found.
        worst: f64,
        /// What may be.
        threshold: f64,
    },
    /// The store does not do what was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Webhooks are not sent to that address.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// There are no keys for personal attributes.
    #[error(transparent)]
    Sealer(#[from] SealerError),
    /// A rule of alerts cannot be meant.
    #[error(transparent)]
    Alerts(#[from] AlertSettingError),
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The bundle weighs attributes and there is no table to take them from.
    #[cfg(feature = "batch")]
    #[error("the bundle's models weigh `{0}` of the customers table, and there is none\nhint: add `--customers PATH`")]
    NoCustomers(String),
    /// The bundle weighs an attribute that the table does not have.
    #[cfg(feature = "batch")]
    #[error("`{path}` has no column `{name}`, which the bundle's models weigh\nhint: export the table as it was for the fit, or fit anew")]
    NoAttribute {
        /// The table.
        path: String,
        /// The column.
        name: String,
    },
    /// An attribute that the bundle weighs has another type than it had for the fit.
    #[cfg(feature = "batch")]
    #[error(
        "column `{name}` of the customers table holds no {expected} any more, which the bundle's models weigh: {count} customers have something else there\n\
         hint: export the table as it was for the fit, or fit anew"
    )]
    AttributeType {
        /// The column.
        name: String,
        /// What it held for the fit.
        expected: &'static str,
        /// Customers with a value.
        count: usize,
    },
    /// `--memory` is no amount of it.
    #[cfg(feature = "batch")]
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// `--engine` or `--deadline` cannot be meant.
    #[cfg(feature = "batch")]
    #[error(transparent)]
    EngineChoice(#[from] EngineChoiceError),
    /// Reading events or writing scores.
    #[cfg(feature = "batch")]
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The result could not be printed.
    #[error("the result cannot be written to stdout: {0}\nhint: check where stdout goes")]
    Stdout(std::io::Error),
    /// Something that cannot be, short of a mistake in this program.
    #[error("{0}\nhint: this is a fault of the program; please report it with the command that led to it")]
    Fault(String),
}
