//! Everything learned or decided from a feature vector.
//!
//! A [`Model`] answers one [`Target`] for a snapshot: a calibrated probability with its interval and its reasons. The `fit`
//! feature adds learning. Nothing here reads a clock or waits; nothing but the bundle touches files.

pub mod btyd;
pub mod bundle;
mod calibrate;
#[cfg(feature = "fit")]
mod card;
mod curves;
pub mod drift;
pub mod effects;
#[cfg(feature = "fit")]
mod evidence;
mod exact;
mod hiatus;
pub mod holdout;
mod input;
pub mod insight;
pub mod lifecycle;
mod log1p;
mod logistic;
pub mod metrics;
mod model;
mod noted;
pub mod playbook;
mod prediction;
mod prepared;
pub mod promotion;
pub mod proof;
mod report;
pub mod score;
mod scorer;
mod scratch;
mod spread;
mod target;
mod transform;
mod value;

#[cfg(feature = "fit")]
pub mod fit;

#[cfg(feature = "fit")]
pub use bundle::{AssembleInput, assemble};
pub use bundle::{BundleError, ModelBundle};
pub use calibrate::{Calibrator, CalibratorCovariance};
#[cfg(feature = "fit")]
pub use evidence::{Evidence, EvidenceRow};
pub use exact::Exact;
pub use hiatus::{Cell, HiatusRule};
pub use input::{AttributeKind, AttributeSpec, InputSchema, Rhythm};
pub use logistic::Logistic;
pub use model::{Basis, Model, ModelError};
pub use prediction::{Contribution, Prediction, for_people};
pub use prepared::Prepared;
#[cfg(feature = "fit")]
pub use report::NotConverged;
pub use report::{Certificate, Estimate, Judged, PenaltyTrial, Sample, SliceReport, SplitKind, SplitReport, TargetReport};
pub use score::Score;
pub use scorer::Scorer;
pub use spread::Spread;
pub use target::Target;
pub use transform::{DesignColumn, Form, Transform};
pub use value::{PartReport, Value, ValueModel, ValueReport};

/// `1 / (1 + e^-x)`, exact at both ends.
///
/// ```
/// assert_eq!(lapwing_models::sigmoid(0.0), 0.5);
/// assert_eq!(lapwing_models::sigmoid(-800.0), 0.0);
/// ```
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

/// Log-odds of a probability strictly between 0 and 1.
///
/// ```
/// assert_eq!(lapwing_models::logit(0.5), 0.0);
/// ```
#[must_use]
pub fn logit(probability: f64) -> f64 {
    libm::log(probability / (1.0 - probability))
}
