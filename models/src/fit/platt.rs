//! Platt calibration, shrunk towards leaving things as they are.

use super::split::FIT_LEAST;
use crate::calibrate::{Calibrator, CalibratorCovariance};
use crate::sigmoid;

/// Precision of the normal prior that holds the slope at 1: its standard deviation is 0.1.
const SLOPE_PRIOR: f64 = 100.0;
/// Precision of the normal prior that holds the offset at 0: its standard deviation is 0.05.
const OFFSET_PRIOR: f64 = 400.0;
/// The calibration rows count for this many at most.
const MOST_ROWS: f64 = 500.0;
/// The slope is not let below this, so that an order is never turned.
const LEAST_SLOPE: f64 = 0.05;

/// The slope and offset that fit `labels` best, given a model's log-odds.
///
/// Platt's smoothed targets stand for the labels. A slice differs from the next by more than chance, so its rows together
/// count for no more than 500, and normal priors hold the slope at 1 (standard deviation 0.1) and the offset at 0 (0.05): a
/// slope that is off is mended about half way, a rate that moved is followed a fifth of the way, since it may as well move
/// back. With fewer than 50 rows, or one class, nothing is changed, and the priors tell how far that could be off; else the inverse of
/// the curvature does. The slope is at least 0.05, also where the ranking was
/// upside down.
///
/// Source: Platt (1999), "Probabilistic outputs for support vector machines".
pub(super) fn calibrate(log_odds: &[f64], labels: &[bool]) -> Calibrator {
    let positives = labels.iter().filter(|label| **label).count() as f64;
    let rows = labels.len() as f64;
    if labels.len() < FIT_LEAST || positives == 0.0 || positives == rows {
        let covariance = CalibratorCovariance { slope: 1.0 / SLOPE_PRIOR, offset: 1.0 / OFFSET_PRIOR, both: 0.0 };
        return Calibrator { covariance, ..Calibrator::IDENTITY };
    }
    let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (rows - positives + 2.0));
    let problem = Problem { log_odds, labels, targets: (low, high), weight: rows.min(MOST_ROWS) / rows };
    let free = problem.minimise(Calibrator::IDENTITY, true);
    if free.slope >= LEAST_SLOPE {
        return free;
    }
    problem.minimise(Calibrator { slope: LEAST_SLOPE, ..Calibrator::IDENTITY }, false)
}

struct Problem<'a> {
    log_odds: &'a [f64],
    labels: &'a [bool],
    targets: (f64, f64),
    weight: f64,
}

/// Gradient and curvature of the loss at a point.
#[derive(Default)]
struct Local {
    loss: f64,
    slope: f64,
    offset: f64,
    slope_slope: f64,
    slope_offset: f64,
    offset_offset: f64,
}

impl Local {
    /// Of the curvature; `slope` tells whether the slope was free.
    fn inverse(&self, slope: bool) -> CalibratorCovariance {
        if !slope {
            return CalibratorCovariance { slope: 0.0, offset: 1.0 / self.offset_offset, both: 0.0 };
        }
        let determinant = self.slope_slope * self.offset_offset - self.slope_offset * self.slope_offset;
        CalibratorCovariance {
            slope: self.offset_offset / determinant,
            offset: self.slope_slope / determinant,
            both: -self.slope_offset / determinant,
        }
    }
}

impl Problem<'_> {
    /// Newton's method, halving steps that do not lead down; the loss is convex. `slope` tells whether the slope may move.
    fn minimise(&self, start: Calibrator, slope: bool) -> Calibrator {
        let (mut at, mut here) = (start, self.local(start));
        for _ in 0..50 {
            let (down_slope, down_offset) = if slope {
                let determinant = here.slope_slope * here.offset_offset - here.slope_offset * here.slope_offset;
                (
                    (here.offset_offset * here.slope - here.slope_offset * here.offset) / determinant,
                    (here.slope_slope * here.offset - here.slope_offset * here.slope) / determinant,
                )
            } else {
                (0.0, here.offset / here.offset_offset)
            };
            let mut step = 1.0;
            let (next, there) = loop {
                let next = Calibrator { slope: at.slope - step * down_slope, offset: at.offset - step * down_offset, ..at };
                let there = self.local(next);
                if there.loss < here.loss {
                    break (next, there);
                }
                step *= 0.5;
                if step < 1e-9 {
                    return Calibrator { covariance: here.inverse(slope), ..at };
                }
            };
            (at, here) = (next, there);
        }
        Calibrator { covariance: here.inverse(slope), ..at }
    }

    fn local(&self, at: Calibrator) -> Local {
        let mut sum = Local::default();
        for (z, label) in self.log_odds.iter().zip(self.labels) {
            let target = if *label { self.targets.1 } else { self.targets.0 };
            let calibrated = at.apply(*z);
            let probability = sigmoid(calibrated);
            let (error, curve) = (probability - target, probability * (1.0 - probability));
            sum.loss += (-calibrated.abs()).exp().ln_1p() + calibrated.max(0.0) - target * calibrated;
            sum.slope += error * z;
            sum.offset += error;
            sum.slope_slope += curve * z * z;
            sum.slope_offset += curve * z;
            sum.offset_offset += curve;
        }
        let (slope, w) = (at.slope - 1.0, self.weight);
        Local {
            loss: w * sum.loss + 0.5 * (SLOPE_PRIOR * slope * slope + OFFSET_PRIOR * at.offset * at.offset),
            slope: w * sum.slope + SLOPE_PRIOR * slope,
            offset: w * sum.offset + OFFSET_PRIOR * at.offset,
            slope_slope: w * sum.slope_slope + SLOPE_PRIOR,
            slope_offset: w * sum.slope_offset,
            offset_offset: w * sum.offset_offset + OFFSET_PRIOR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `scipy.optimize.minimize(method="BFGS")` on the same loss with both priors.
    #[test]
    fn the_line_agrees_with_scipy() {
        let z: Vec<f64> = (0..200).map(|k| f64::from((k * 37) % 101) / 25.0 - 2.0).collect();
        let labels: Vec<bool> = z.iter().zip(0..).map(|(z, k)| f64::from((k * 53) % 97) / 97.0 < sigmoid(0.5 * z + 0.8)).collect();
        assert_eq!(labels.iter().filter(|label| **label).count(), 139);
        let found = calibrate(&z, &labels);
        assert!((found.slope - 0.778_346_542).abs() < 1e-7 && (found.offset - 0.088_113_634).abs() < 1e-7, "{found:?}");
    }

    #[test]
    fn few_rows_or_one_class_change_nothing() {
        for rows in [49, 60] {
            let found = calibrate(&vec![0.0; rows], &vec![true; rows]);
            assert_eq!((found.slope, found.offset, found.covariance.slope), (1.0, 0.0, 0.01));
        }
    }

    #[test]
    fn a_ranking_upside_down_is_flattened_not_turned() {
        let z: Vec<f64> = (0..1000).map(|i| f64::from(i % 20) - 10.0).collect();
        let labels: Vec<bool> = z.iter().map(|z| *z < 0.0).collect();
        assert_eq!(calibrate(&z, &labels).slope, LEAST_SLOPE);
    }

    proptest! {
        #[test]
        fn calibration_keeps_every_order(rows in prop::collection::vec((-30.0..30.0_f64, any::<bool>()), 0..200), one in -50.0..50.0_f64, more in 1e-6..50.0_f64) {
            let (z, labels): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
            let found = calibrate(&z, &labels);
            prop_assert!(found.slope >= LEAST_SLOPE && found.slope.is_finite() && found.offset.is_finite());
            prop_assert!(found.apply(one) < found.apply(one + more));
        }
    }
}
