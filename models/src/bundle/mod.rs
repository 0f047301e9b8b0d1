//! A bundle: everything that scoring needs, as a folder of data files.
//!
//! ```text
//! BUNDLE_DIR/
//!   manifest.json      what this is, and name, size and sha256 of each file below
//!   manifest.sha256    the manifest's own sha256, as `sha256sum` writes it
//!   card.md            the model card: read this first
//!   churn.json         model of current customers
//!   data.json          what the data held: kinds, amounts, time zone, rule for duplicates
//!   drift.json         histograms of features and scores at fit time
//!   golden.json        customers with the scores that they must get
//!   lifecycle.json     thresholds of stages, segments, tiers and bands
//!   reactivation.json  model of lapsed customers
//!   report.json        how the models came to be and how good they are
//! ```
//!
//! A bundle is data, never code. It is written whole or not at all; when it is read, every byte, every number and every
//! golden row is checked before anything is used. The same input makes the same bytes: no clock, no machine name.

#[cfg(feature = "fit")]
mod assemble;
#[cfg(feature = "fit")]
mod choose;
mod error;
#[cfg(all(test, feature = "fit"))]
pub(crate) mod fixture;
mod golden;
mod load;
mod manifest;
mod save;
#[cfg(all(test, feature = "fit"))]
mod tests;

use std::sync::Arc;

use lapwing_features::{Calendar, DataShape, Duplicates, FactSettings, Kind, TimeError, Timestamp, Windows};

use crate::drift::DriftBaselines;
use crate::lifecycle::Thresholds;
use crate::model::Model;
use crate::report::TargetReport;

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
    /// What the lifecycle rules run on.
    pub thresholds: Thresholds,
    /// What features and scores looked like at fit time.
    pub drift: DriftBaselines,
    /// What the data held, and from when on: what a [`Kernel`](lapwing_features::Kernel) needs.
    pub shape: DataShape,
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
    /// The reports of churn and reactivation.
    pub reports: [TargetReport; 2],
    /// The model card, in Markdown.
    pub card: String,
    /// Version of Lapwing that made it.
    pub made_by: String,
    golden: Vec<GoldenRow>,
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

    /// The kind of an event that comes without one: by the sign of its amount, as in data without a kind column.
    #[must_use]
    pub fn kind_of(&self, amount: Option<f64>) -> Kind {
        Kind::of_amount(amount, self.shape.since_amounts().is_some())
    }
}

/// `data.json`: how to read a history as the training data was read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataNotes {
    shape: DataShape,
    timezone: String,
    duplicates: Duplicates,
}
