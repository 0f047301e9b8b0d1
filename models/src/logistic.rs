//! The fitted logistic regression: coefficients, their covariance, and the calibration on top.

use serde::{Deserialize, Serialize};

use crate::calibrate::Calibrator;
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
    /// Covariance of the intercept, then the coefficients; clustered by customer. The lower triangle, row after row.
    pub covariance: Vec<f64>,
    /// From these log-odds to calibrated ones.
    pub calibrator: Calibrator,
    /// The L2 penalty, per row of the mean log loss.
    pub penalty: f64,
}

impl Logistic {
    /// Log-odds of a design row before calibration.
    #[must_use]
    pub fn raw_log_odds(&self, row: &[f64]) -> f64 {
        self.coefficients.iter().zip(row).fold(self.intercept, |sum, (coefficient, value)| sum + coefficient * value)
    }

    /// Standard error of the calibrated log-odds of a design row, by the delta method: what the coefficients add and what the
    /// calibrator adds, which were learned from different rows.
    #[must_use]
    pub fn standard_error(&self, row: &[f64]) -> f64 {
        let at = |place: usize| if place == 0 { 1.0 } else { row[place - 1] };
        let mut rest = self.covariance.as_slice();
        let mut variance = 0.0;
        for i in 0..=row.len() {
            let (line, below) = rest.split_at(i + 1);
            let off_diagonal: f64 = line[..i].iter().enumerate().map(|(j, covariance)| covariance * at(j)).sum();
            variance += at(i) * (2.0 * off_diagonal + line[i] * at(i));
            rest = below;
        }
        let Calibrator { slope, covariance, .. } = self.calibrator;
        let (own, calibrators) = (slope * variance.max(0.0).sqrt(), covariance.at(self.raw_log_odds(row)));
        // The root of a square may be another number by a bit, and bundles of format 1 must score as they did.
        if calibrators > 0.0 { (own * own + calibrators).sqrt() } else { own }
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
            covariance: vec![0.04, 0.01, 0.09],
            calibrator: Calibrator { slope: 0.5, offset: 0.1, covariance },
            penalty: 0.1,
        };
        // At log-odds of 1.1, of which the coefficients say 0.04 + 2 x 2 x 0.01 + 4 x 0.09.
        let own: f64 = 0.25 * 0.44;
        assert!((with(CalibratorCovariance::default()).standard_error(&[2.0]) - own.sqrt()).abs() < 1e-12);
        let calibrators = 0.02 * 1.1 * 1.1 - 2.0 * 0.01 * 1.1 + 0.03;
        assert!((with(covariance).standard_error(&[2.0]) - (own + calibrators).sqrt()).abs() < 1e-12);
    }
}
