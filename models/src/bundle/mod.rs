//! A bundle: everything that scoring needs, as a folder of data files.
//!
//! ```text
//! BUNDLE_DIR/
//!   manifest.json      what this is, and name, size and sha256 of each file below
//!   manifest.sha256    the manifest's own sha256, as `sha256sum` writes it
//!   card.md            the model card: read this first
//!   churn.json         model of current customers
//!   data.json          what the data held: kinds, what tells them, amounts, time zone, rule for duplicates
//!   drift.json         histograms of features and scores at fit time
//!   evidence.json      rows that the models were judged on, to compare bundles by; may be left out
//!   golden.json        customers with the scores that they must get
//!   intent.json        model of everyone seen lately; may be left out
//!   lifecycle.json     thresholds of stages, segments, tiers and bands
//!   reactivation.json  model of lapsed customers
//!   report.json        how the models came to be and how good they are
//!   value.json         what buyers are expected to buy and to spend; may be left out
//! ```
//!
//! A bundle is data, never code. It is written whole or not at all; when it is read, every byte, every number and every
//! golden row is checked before anything is used. The same input makes the same bytes: no clock, no machine name.

#[cfg(feature = "fit")]
mod assemble;
#[cfg(feature = "fit")]
mod choose;
mod error;
#[cfg(feature = "fit")]
mod evidence;
#[cfg(all(test, feature = "fit"))]
pub(crate) mod fixture;
pub mod folder;
mod golden;
mod load;
mod manifest;
pub mod registry;
mod save;
#[cfg(all(test, feature = "fit"))]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use lapwing_features::{Calendar, DataShape, Duplicates, FactSettings, Kind, KindRules, NoKind, TimeError, Timestamp, Windows};

use crate::drift::DriftBaselines;
use crate::lifecycle::Thresholds;
use crate::model::Model;
use crate::report::TargetReport;
use crate::value::{ValueModel, ValueReport};

#[cfg(feature = "fit")]
pub use assemble::{AssembleInput, assemble};
pub use error::BundleError;
use golden::GoldenRow;
pub use manifest::FORMAT_VERSION;
use serde::{Deserialize, Serialize};

/// Everything that scoring needs. Made by `assemble` after a fit, or by [`ModelBundle::load`].
#[derive(Clone, Debug, PartialEq)]
pub struct ModelBundle {
    /// Speaks for current customers.
    pub churn: Model,
    /// Speaks for lapsed customers.
    pub reactivation: Model,
    /// Speaks for everyone seen lately; a bundle may do without.
    pub intent: Option<Model>,
    /// What the lifecycle rules run on.
    pub thresholds: Thresholds,
    /// What features and scores looked like at fit time.
    pub drift: DriftBaselines,
    /// What the data held, and from when on: what a [`Kernel`](lapwing_features::Kernel) needs.
    pub shape: DataShape,
    /// What told the kinds of its events.
    pub kinds: KindRules,
    /// IANA name of the time zone in which days are told.
    pub timezone: String,
    /// What becomes of rows that repeat another.
    pub duplicates: Duplicates,
    /// Populations and outcome windows.
    pub windows: Windows,
    /// Only what was known before this instant is in the bundle.
    pub as_of: Timestamp,
    /// The cutoffs that were learned from, newest first.
    pub cutoffs: Vec<Timestamp>,
    /// The seed of everything that was drawn.
    pub seed: u64,
    /// Tells data sets apart.
    pub data_fingerprint: String,
    /// What buyers are expected to buy and to spend; `None` when that could not be learned.
    pub value: Option<ValueModel>,
    /// The report of each of [`models`](Self::models).
    pub reports: Vec<TargetReport>,
    /// The report of `value`; a bundle may do without.
    pub value_report: Option<ValueReport>,
    /// The model card, in Markdown.
    pub card: String,
    /// Version of Lapwing that made it.
    pub made_by: String,
    golden: Vec<GoldenRow>,
    /// The bytes of `evidence.json`, which scoring does not look at; `None` for a bundle that has none.
    evidence: Option<Arc<[u8]>>,
    version: Arc<str>,
}

impl ModelBundle {
    /// The name of these contents: as-of day and the first 8 hex digits of their sha256, as in `20111206-9c1e77ab`.
    ///
    /// The same contents have the same version wherever and whenever they were made.
    #[must_use]
    pub fn version(&self) -> String {
        self.version.to_string()
    }

    /// The models that there are, in the order of [`Target::ALL`](crate::Target::ALL): churn, reactivation, and mostly intent.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        [&self.churn, &self.reactivation].into_iter().chain(&self.intent)
    }

    /// The models with their reports.
    pub fn told(&self) -> impl Iterator<Item = (&Model, &TargetReport)> {
        self.models().zip(&self.reports)
    }

    pub(crate) fn shared_version(&self) -> Arc<str> {
        Arc::clone(&self.version)
    }

    /// The windows that stage facts are to be taken with.
    #[must_use]
    pub fn fact_settings(&self) -> FactSettings {
        self.thresholds.fact_settings()
    }

    /// The calendar that the data was read with.
    ///
    /// # Errors
    /// [`TimeError`] when this build does not know the time zone; a bundle that was loaded has one that it knows.
    pub fn calendar(&self) -> Result<Calendar, TimeError> {
        Calendar::of_zone(&self.timezone)
    }

    /// The kind of an event by the name of its kind, its amount and its time, as the data that was learned from told it.
    ///
    /// # Errors
    /// [`NoKind`] tells why the event is to be taken as [`Kind::Other`].
    pub fn kind_of(&self, name: Option<&str>, amount: Option<f64>, ts: Timestamp) -> Result<Kind, NoKind> {
        self.kinds.kind(name, amount, ts)
    }
}

/// `report.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reports<'a> {
    targets: Cow<'a, [TargetReport]>,
    value: Option<Cow<'a, ValueReport>>,
}

/// `data.json`: how to read a history as the training data was read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataNotes {
    shape: DataShape,
    /// Without it kinds are told by the amounts.
    kinds: Option<KindRules>,
    timezone: String,
    duplicates: Duplicates,
}
