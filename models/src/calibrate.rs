//! From a model's log-odds to calibrated ones.

use serde::{Deserialize, Serialize};

/// Platt's straight line on the log-odds scale; its slope is above 0, so it never changes an order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibrator {
    /// Above 0.
    pub slope: f64,
    /// Added to the log-odds.
    pub offset: f64,
    /// How far both could be off.
    #[serde(default)]
    pub covariance: CalibratorCovariance,
}

/// Variances and covariance of a calibrator's slope and offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibratorCovariance {
    /// Variance of the slope.
    pub slope: f64,
    /// Variance of the offset.
    pub offset: f64,
    /// Their covariance.
    pub both: f64,
}

impl CalibratorCovariance {
    /// Variance of `slope * log_odds + offset` for given log-odds.
    #[must_use]
    pub fn at(&self, log_odds: f64) -> f64 {
        (self.slope * log_odds * log_odds + 2.0 * self.both * log_odds + self.offset).max(0.0)
    }

    /// Whether it is one of real numbers.
    pub(crate) fn is_sound(&self) -> bool {
        let Self { slope, offset, both } = *self;
        slope.is_finite() && offset.is_finite() && slope >= 0.0 && offset >= 0.0 && both * both <= slope * offset * (1.0 + 1e-9)
    }
}

impl Calibrator {
    /// Changes nothing.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0, covariance: CalibratorCovariance { slope: 0.0, offset: 0.0, both: 0.0 } };

    /// The calibrated log-odds.
    #[must_use]
    pub fn apply(&self, log_odds: f64) -> f64 {
        self.slope * log_odds + self.offset
    }
}
