//! One step up or down for everyone, so that the newest slice's rate is met; shrunk towards leaving things as they are.

use super::split::FIT_LEAST;
use crate::calibrate::{Calibrator, CalibratorCovariance};
use crate::sigmoid;

/// Precision of the normal prior that holds the offset at 0: its standard deviation is 0.05.
const PRIOR: f64 = 400.0;
/// The rows count for this many at most.
const MOST_ROWS: f64 = 500.0;

/// The offset that fits `labels` best, given a model's log-odds, with a normal prior of standard deviation 0.05 that holds it at 0.
///
/// A slice differs from the next by more than chance, so its rows together count for no more than 500. A rate that moved is so
/// followed a quarter of the way at most: it may as well move back. The slope is left alone, since a slope learned from one slice
/// served later slices worse than none. With fewer than 50 rows nothing is changed. The variance is how far chance alone moves the
/// offset; how far a rate may move after the slice is not in it, for no data tell.
pub(super) fn calibrate(log_odds: &[f64], labels: &[bool]) -> Calibrator {
    if labels.len() < FIT_LEAST {
        return Calibrator::IDENTITY;
    }
    let weight = (labels.len() as f64).min(MOST_ROWS) / labels.len() as f64;
    // The derivative of the convex loss, and how fast it grows.
    let at = |offset: f64| {
        let rows = log_odds.iter().zip(labels).map(|(z, label)| (sigmoid(z + offset), f64::from(u8::from(*label))));
        let (slope, curve) = rows.fold((0.0, 0.0), |(slope, curve), (p, label)| (slope + p - label, curve + p * (1.0 - p)));
        (weight * slope + PRIOR * offset, weight * curve + PRIOR)
    };
    // It has its root where the prior's pull is as strong as all rows together at most.
    let (mut low, mut high) = (-MOST_ROWS / PRIOR, MOST_ROWS / PRIOR);
    let mut offset = 0.0;
    for _ in 0..100 {
        let (slope, curve) = at(offset);
        if slope > 0.0 {
            high = offset;
        } else {
            low = offset;
        }
        let newton: f64 = offset - slope / curve;
        let next = if low < newton && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - offset).abs() < 1e-15 {
            break;
        }
        offset = next;
    }
    let curve = at(offset).1;
    let covariance = CalibratorCovariance { offset: weight * (curve - PRIOR) / (curve * curve), ..CalibratorCovariance::default() };
    Calibrator { offset, covariance, ..Calibrator::IDENTITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `scipy.optimize.minimize_scalar` on the same loss with the prior.
    #[test]
    fn the_offset_agrees_with_scipy() {
        let z: Vec<f64> = (0..200).map(|k| f64::from((k * 37) % 101) / 25.0 - 2.0).collect();
        let labels: Vec<bool> = z.iter().zip(0..).map(|(z, k)| f64::from((k * 53) % 97) / 97.0 < sigmoid(0.5 * z + 0.8)).collect();
        assert_eq!(labels.iter().filter(|label| **label).count(), 139);
        let found = calibrate(&z, &labels);
        assert!((found.offset - 0.088_893_703_136_705_86).abs() < 1e-7 && found.slope == 1.0, "{found:?}");
    }

    #[test]
    fn many_rows_count_as_500_whose_chance_averages_out() {
        let z: Vec<f64> = (0..2_000).map(|k| f64::from((k * 37) % 101) / 25.0 - 2.0).collect();
        let labels: Vec<bool> = (0..2_000).map(|k| k % 3 == 0).collect();
        let found = calibrate(&z, &labels);
        let chance: f64 = z.iter().map(|z| sigmoid(z + found.offset)).map(|p| p * (1.0 - p)).sum();
        // The offset moves by a quarter over the curve for each row that turns out otherwise.
        let moved = 0.25 / (0.25 * chance + 400.0);
        assert!((found.covariance.offset - moved * moved * chance).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn few_rows_change_nothing() {
        let found = calibrate(&[0.0; 49], &[true; 49]);
        assert_eq!(found, Calibrator::IDENTITY);
    }

    proptest! {
        #[test]
        fn the_offset_is_where_the_loss_is_flat(rows in prop::collection::vec((-30.0..30.0_f64, any::<bool>()), 50..700)) {
            let (z, labels): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
            let found = calibrate(&z, &labels);
            let weight = (z.len() as f64).min(500.0) / z.len() as f64;
            let excess: f64 = z.iter().zip(&labels).map(|(z, label)| sigmoid(z + found.offset) - f64::from(u8::from(*label))).sum();
            prop_assert!((weight * excess + 400.0 * found.offset).abs() < 1e-6);
            prop_assert!((0.0..=1.0 / 1600.0).contains(&found.covariance.offset));
        }
    }
}
