//! From a model's log-odds to calibrated ones.

use serde::{Deserialize, Serialize};

/// Platt's straight line on the log-odds scale; its slope is above 0, so it never changes an order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibrator {
    /// Above 0.
    pub slope: f64,
    /// Added to the log-odds.
    pub offset: f64,
}

impl Calibrator {
    /// Changes nothing.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0 };

    /// The calibrated log-odds.
    #[must_use]
    pub fn apply(&self, log_odds: f64) -> f64 {
        self.slope * log_odds + self.offset
    }
}
