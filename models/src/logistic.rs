//! The fitted logistic regression: coefficients, how far they could be off, and the calibration on top.

use serde::{Deserialize, Serialize};

use crate::calibrate::Calibrator;
use crate::spread::Spread;
use crate::transform::Transform;

/// A fitted and calibrated logistic regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// From inputs to the columns that the coefficients belong to.
    pub transform: Transform,
    /// Log-odds of a row that is average in every column, before calibration.
    pub intercept: f64,
    /// One per column.
    pub coefficients: Vec<f64>,
    /// How far the intercept, then the coefficients could be off; clustered by customer.
    pub spread: Spread,
    /// From these log-odds to calibrated ones.
    pub calibrator: Calibrator,
    /// The L2 penalty, per row of the mean log loss.
    pub penalty: f64,
}

impl Logistic {
    /// Standard error of the calibrated log-odds of a customer, by the delta method: what the coefficients add and what the calibrator
    /// adds, which were learned from different rows. `log_odds` is what the customer has before calibration, and `variance` that of it
    /// by the [`Spread`].
    #[must_use]
    pub fn standard_error(&self, log_odds: f64, variance: f64) -> f64 {
        let Calibrator { slope, covariance, .. } = self.calibrator;
        (slope * slope * variance + covariance.at(log_odds)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::CalibratorCovariance;

    #[test]
    fn what_the_calibrator_may_be_off_by_is_added() {
        let covariance = CalibratorCovariance { slope: 0.02, offset: 0.03, both: -0.01 };
        let with = |covariance| Logistic {
            transform: Transform { columns: Vec::new() },
            intercept: -0.5,
            coefficients: vec![0.8],
            spread: Spread::of_triangle(&[0.04, 0.01, 0.09]),
            calibrator: Calibrator { slope: 0.5, offset: 0.1, covariance },
            penalty: 0.1,
        };
        let error = |covariance| {
            let logistic = with(covariance);
            logistic.standard_error(1.1, logistic.spread.variance(&[(0, 1.0), (1, 2.0)]))
        };
        // At log-odds of 1.1, of which the coefficients say 0.04 + 2 x 2 x 0.01 + 4 x 0.09.
        let own: f64 = 0.25 * 0.44;
        assert!((error(CalibratorCovariance::default()) - own.sqrt()).abs() < 1e-7);
        let calibrators = 0.02 * 1.1 * 1.1 - 2.0 * 0.01 * 1.1 + 0.03;
        assert!((error(covariance) - (own + calibrators).sqrt()).abs() < 1e-7);
    }
}
