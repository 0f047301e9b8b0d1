//! How good probabilities were, once the outcomes are known.
//!
//! Each function takes `probabilities`, values in 0..=1 that are not NaN, and `labels` of the same length, in any order: the
//! answer does not depend on it, not by a bit. Equal probabilities are never told apart. All are `None` for no rows.

mod gains;
mod interval;
mod midranks;
#[cfg(feature = "fit")]
mod profit;

pub use gains::gains;
pub use interval::wilson;
pub(crate) use midranks::midranks;
#[cfg(feature = "fit")]
pub use profit::{Campaign, MaximumProfit, expected_maximum_profit};

use serde::{Deserialize, Serialize};

/// Rows of neighbouring probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean of the probabilities.
    pub predicted: f64,
    /// Share of positive labels.
    pub observed: f64,
    /// Rows.
    pub rows: usize,
}

/// How many bins [`ece`] is told over in reports.
pub const BINS: usize = 10;

/// Area under the ROC curve: the chance that a positive row has a higher probability than a negative one, a tie counting half.
///
/// 0.5 is chance, 1 a perfect ranking. `None` when one class is absent. Only the ranking counts: any increasing map of the
/// probabilities leaves it as it is.
///
/// Source: Hanley and `McNeil` (1982), "The meaning and use of the area under a receiver operating characteristic curve".
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::metrics::auc;
/// let labels = [false, false, true, true];
/// assert_eq!(auc(&[0.1, 0.4, 0.35, 0.8], &labels), Some(0.75));
/// assert_eq!(auc(&[0.3, 0.3, 0.3, 0.3], &labels), Some(0.5));
/// assert_eq!(auc(&[0.1, 0.4], &[true, true]), None);
/// ```
#[must_use]
pub fn auc(probabilities: &[f64], labels: &[bool]) -> Option<f64> {
    auc_of(&rank(probabilities, labels))
}

/// Mean of `-ln` of the probability that was given to what happened, in nats. A probability of 0 or 1 is taken to be
/// 2.2e-16 away from it, as scikit-learn does.
///
/// 0 is perfect, ln 2 = 0.693 is what 0.5 everywhere gets, and being sure and wrong costs most.
///
/// Source: Good (1952), "Rational decisions".
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::metrics::log_loss;
/// let loss = log_loss(&[0.9, 0.2], &[true, false]).unwrap();
/// assert!((loss - (-(0.9_f64.ln()) - 0.8_f64.ln()) / 2.0).abs() < 1e-15);
/// assert_eq!(log_loss(&[], &[]), None);
/// ```
#[must_use]
pub fn log_loss(probabilities: &[f64], labels: &[bool]) -> Option<f64> {
    mean_of(&rank(probabilities, labels), |row| row.loss)
}

/// Mean squared distance of the probabilities from what happened, 0 to 1.
///
/// 0 is perfect, 0.25 is what 0.5 everywhere gets.
///
/// Source: Brier (1950), "Verification of forecasts expressed in terms of probability".
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::metrics::brier;
/// assert_eq!(brier(&[0.5, 1.0], &[true, false]), Some(0.625));
/// ```
#[must_use]
pub fn brier(probabilities: &[f64], labels: &[bool]) -> Option<f64> {
    mean_of(&rank(probabilities, labels), Row::squared_error)
}

/// Expected calibration error: over [`calibration_bins`], the mean distance between predicted and observed, weighted by rows.
///
/// 0 is perfect. Chance alone makes it positive, the more so the fewer rows a bin has.
///
/// Source: Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning".
///
/// # Panics
/// When the lengths differ, or `bins` is 0.
///
/// ```
/// use lapwing_models::metrics::ece;
/// let error = ece(&[0.2, 0.2, 0.7, 0.9], &[false, true, true, true], 2).unwrap();
/// assert!((error - 0.25).abs() < 1e-15); // bins: 0.2 against 0.5, 0.8 against 1.0
/// ```
#[must_use]
pub fn ece(probabilities: &[f64], labels: &[bool], bins: usize) -> Option<f64> {
    ece_of(&rank(probabilities, labels), bins)
}

/// Bins of equal counts in order of probability; empty for no rows.
///
/// Equal probabilities are never split, so with many ties there are fewer bins than asked for, of unequal counts.
///
/// # Panics
/// When the lengths differ, or `bins` is 0.
///
/// ```
/// use lapwing_models::metrics::calibration_bins;
/// let bins = calibration_bins(&[0.25, 0.25, 0.25, 0.75], &[false, false, true, true], 2);
/// assert_eq!(bins.iter().map(|bin| bin.rows).collect::<Vec<_>>(), [3, 1]);
/// assert_eq!((bins[0].predicted, bins[1].observed), (0.25, 1.0));
/// ```
#[must_use]
pub fn calibration_bins(probabilities: &[f64], labels: &[bool], bins: usize) -> Vec<CalibrationBin> {
    let mut out = Vec::new();
    each_bin(&rank(probabilities, labels), bins, |rows, predicted, observed| {
        out.push(CalibrationBin { predicted: predicted / rows, observed: observed / rows, rows: rows as usize });
    });
    out
}

/// Share of positive labels in the tenth of the rows with the highest probabilities, over their share in all rows.
///
/// 1 is chance, and 10 the most there can be. Of rows that tie at the edge of the tenth, each counts for the part of them that
/// fits in, so that their order does not matter. `None` when no label is positive.
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::metrics::top_decile_lift;
/// let probabilities: Vec<f64> = (0..20).map(f64::from).map(|i| i / 20.0).collect();
/// let labels: Vec<bool> = (0..20).map(|i| i >= 16).collect();
/// assert_eq!(top_decile_lift(&probabilities, &labels), Some(5.0));
/// assert_eq!(top_decile_lift(&[0.5; 20], &labels), Some(1.0));
/// ```
#[must_use]
pub fn top_decile_lift(probabilities: &[f64], labels: &[bool]) -> Option<f64> {
    top_decile_lift_of(&rank(probabilities, labels))
}

/// A row in order of probability, counted `weight` times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) probability: f64,
    pub(crate) positive: bool,
    pub(crate) loss: f64,
    pub(crate) weight: f64,
    /// Where the row stood before it was ranked.
    pub(crate) place: usize,
}

impl Row {
    pub(crate) fn squared_error(&self) -> f64 {
        let error = self.probability - f64::from(u8::from(self.positive));
        error * error
    }
}

/// The rows by probability, then label, then place, each counted once.
pub(crate) fn rank(probabilities: &[f64], labels: &[bool]) -> Vec<Row> {
    assert_eq!(probabilities.len(), labels.len(), "each probability has a label");
    let pairs = probabilities.iter().zip(labels).enumerate();
    let mut rows: Vec<Row> = pairs
        .map(|(place, (&probability, &positive))| {
            let given = if positive { probability } else { 1.0 - probability };
            let loss = -given.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
            Row { probability, positive, loss, weight: 1.0, place }
        })
        .collect();
    rows.sort_unstable_by(|one, two| {
        let labels = one.positive.cmp(&two.positive);
        one.probability.total_cmp(&two.probability).then(labels).then(one.place.cmp(&two.place))
    });
    rows
}

pub(crate) fn mean_of(rows: &[Row], value: impl Fn(&Row) -> f64) -> Option<f64> {
    let (mut sum, mut weight) = (0.0, 0.0);
    for row in rows {
        sum += row.weight * value(row);
        weight += row.weight;
    }
    (weight > 0.0).then(|| sum / weight)
}

pub(crate) fn ties(rows: &[Row]) -> impl DoubleEndedIterator<Item = (f64, f64, f64)> {
    rows.chunk_by(|one, two| one.probability == two.probability).map(|tied| {
        let (mut positives, mut all) = (0.0, 0.0);
        for row in tied {
            positives += if row.positive { row.weight } else { 0.0 };
            all += row.weight;
        }
        (tied[0].probability, positives, all)
    })
}

pub(crate) fn auc_of(rows: &[Row]) -> Option<f64> {
    let (ordered, pairs) = pairs_of(rows);
    (pairs > 0.0).then(|| ordered / pairs)
}

/// Pairs of a positive and a negative in the right order, ties counting half, and all such pairs.
pub(crate) fn pairs_of(rows: &[Row]) -> (f64, f64) {
    let (mut ordered, mut positives, mut negatives) = (0.0, 0.0, 0.0);
    for (_, tied_positives, tied) in ties(rows) {
        let tied_negatives = tied - tied_positives;
        ordered += tied_positives * (negatives + 0.5 * tied_negatives);
        positives += tied_positives;
        negatives += tied_negatives;
    }
    (ordered, positives * negatives)
}

/// Calls `each` with the rows, the sum of probabilities and the count of positives of every bin.
fn each_bin(rows: &[Row], bins: usize, mut each: impl FnMut(f64, f64, f64)) {
    assert!(bins > 0, "there is at least one bin");
    let width = rows.iter().map(|row| row.weight).sum::<f64>() / bins as f64;
    let (mut seen, mut count, mut predicted, mut observed, mut edge) = (0.0, 0.0, 0.0, 0.0, width);
    for (probability, positives, tied) in ties(rows) {
        count += tied;
        predicted += tied * probability;
        observed += positives;
        // Half a row of slack: `edge` is a sum of quotients and may lie a rounding above a whole number.
        if count > 0.0 && seen + count > edge - 0.5 {
            each(count, predicted, observed);
            seen += count;
            (count, predicted, observed) = (0.0, 0.0, 0.0);
            while edge - 0.5 < seen {
                edge += width;
            }
        }
    }
    if count > 0.0 {
        each(count, predicted, observed);
    }
}

pub(crate) fn ece_of(rows: &[Row], bins: usize) -> Option<f64> {
    let (mut error, mut weight) = (0.0, 0.0);
    each_bin(rows, bins, |rows, predicted, observed| {
        error += (predicted - observed).abs();
        weight += rows;
    });
    (weight > 0.0).then(|| error / weight)
}

pub(crate) fn top_decile_lift_of(rows: &[Row]) -> Option<f64> {
    let (found, expected) = top_of(rows, 0.1);
    (expected > 0.0).then(|| found / expected)
}

/// Positives among the `share` of the rows with the highest probabilities, and how many chance finds there. Of rows that tie at the
/// edge, each counts for the part of them that fits in.
pub(crate) fn top_of(rows: &[Row], share: f64) -> (f64, f64) {
    let (mut positives, mut all) = (0.0, 0.0);
    for row in rows {
        positives += if row.positive { row.weight } else { 0.0 };
        all += row.weight;
    }
    let room = all * share;
    let (mut taken, mut found) = (0.0, 0.0);
    for (_, tied_positives, tied) in ties(rows).rev() {
        if taken >= room {
            break;
        }
        // Rows that a replicate left out take no room.
        if tied > 0.0 {
            let part = (room - taken).min(tied);
            found += tied_positives * (part / tied);
            taken += part;
        }
    }
    (found, positives * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// scikit-learn 1.9.1 on these ten rows: `roc_auc_score`, `log_loss`, `brier_score_loss`.
    const PROBABILITIES: [f64; 10] = [0.05, 0.12, 0.3, 0.3, 0.41, 0.55, 0.6, 0.6, 0.82, 0.97];
    const LABELS: [bool; 10] = [false, false, true, false, false, true, false, true, true, true];

    fn near(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn metrics_agree_with_scikit_learn() {
        near(auc(&PROBABILITIES, &LABELS), 0.84);
        near(log_loss(&PROBABILITIES, &LABELS), 0.452_127_065_884_878_94);
        near(brier(&PROBABILITIES, &LABELS), 0.152_079_999_999_999_97);
    }

    #[test]
    fn a_bin_counts_as_many_times_as_it_has_rows() {
        // Three rows at 0.2 of which one is positive, and one at 0.9 that is.
        near(ece(&[0.2, 0.2, 0.2, 0.9], &[true, false, false, true], 2), (3.0 * (1.0 / 3.0 - 0.2) + 0.1) / 4.0);
    }

    #[test]
    fn an_infinite_loss_is_cut() {
        near(log_loss(&[0.0], &[true]), -f64::EPSILON.ln());
    }

    #[test]
    fn no_rows_have_no_metrics() {
        assert_eq!((auc(&[], &[]), brier(&[], &[]), ece(&[], &[], 10), top_decile_lift(&[], &[])), (None, None, None, None));
        assert!(calibration_bins(&[], &[], 10).is_empty());
    }

    #[test]
    fn bins_have_equal_counts_where_nothing_ties() {
        let probabilities: Vec<f64> = (0..97).map(|i| f64::from(i) / 97.0).collect();
        let bins = calibration_bins(&probabilities, &[false; 97], 10);
        assert_eq!(bins.len(), 10);
        assert!(bins.iter().all(|bin| (9..=10).contains(&bin.rows)), "{bins:?}");
    }

    proptest! {
        #[test]
        fn auc_asks_only_for_the_ranking(rows in prop::collection::vec((0_u8..20, any::<bool>()), 1..60)) {
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let plain: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
            let bent: Vec<f64> = plain.iter().map(|p| crate::sigmoid(p * p * p * 7.0 - 3.0)).collect();
            prop_assert_eq!(auc(&plain, &labels), auc(&bent, &labels));
        }

        #[test]
        fn order_of_rows_does_not_matter(mut rows in prop::collection::vec((0_u8..20, any::<bool>()), 1..60), turn in 0_usize..60) {
            let all = |rows: &[(u8, bool)]| {
                let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
                let p: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
                (auc(&p, &labels), log_loss(&p, &labels), brier(&p, &labels), ece(&p, &labels, 10), top_decile_lift(&p, &labels))
            };
            let before = all(&rows);
            let turn = turn % rows.len();
            rows.rotate_left(turn);
            prop_assert_eq!(before, all(&rows));
        }

        #[test]
        fn bins_hold_every_row(rows in prop::collection::vec((0_u8..20, any::<bool>()), 1..60), bins in 1_usize..15) {
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let probabilities: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
            let found = calibration_bins(&probabilities, &labels, bins);
            prop_assert!(found.len() <= bins);
            prop_assert_eq!(found.iter().map(|bin| bin.rows).sum::<usize>(), rows.len());
        }
    }
}
