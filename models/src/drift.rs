//! What features and scores looked like at fit time, to tell later whether customers have changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lifecycle::{ascending, nearest_rank};

/// A share below this counts as this, so that an empty bin does not make the index infinite.
const LEAST_SHARE: f64 = 1e-4;
/// Most bins of a histogram, missing values aside.
const BINS: usize = 10;

/// Shares of the rows by quantile of the values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    /// Ascending values that part the bins; a value equal to a cut is in the bin below it.
    pub cuts: Vec<f64>,
    /// Share of all rows in each bin, one more than there are cuts; with `missing` they sum to 1.
    pub shares: Vec<f64>,
    /// Share of all rows whose value is missing.
    pub missing: f64,
    /// Rows.
    pub rows: u64,
}

/// The histograms of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftBaselines {
    /// Of each feature over all customers, by name.
    pub features: BTreeMap<String, Histogram>,
    /// Of each probability, of intent and of the expected purchases and spend, over the customers it is told of, by the name of its
    /// column.
    pub scores: BTreeMap<String, Histogram>,
}

impl Histogram {
    /// Bins at the deciles of the values that are not missing; fewer where values repeat.
    ///
    /// NaN and infinite values are missing. Of no rows, one empty bin.
    ///
    /// ```
    /// use lapwing_models::drift::Histogram;
    /// let histogram = Histogram::learn(&[1.0, 2.0, 2.0, f64::NAN]);
    /// assert_eq!(histogram.cuts, [1.0]);
    /// assert_eq!(histogram.shares, [0.25, 0.5]);
    /// assert_eq!(histogram.missing, 0.25);
    /// ```
    #[must_use]
    pub fn learn(values: &[f64]) -> Self {
        let sorted = ascending(values.iter().copied());
        let mut cuts: Vec<f64> = (1..BINS).filter_map(|bin| nearest_rank(&sorted, bin as f64 / BINS as f64)).collect();
        cuts.dedup();
        // A cut at the greatest value would leave nothing above it.
        cuts.retain(|cut| sorted.last() != Some(cut));
        let mut histogram = Self { shares: vec![0.0; cuts.len() + 1], cuts, missing: 0.0, rows: values.len() as u64 };
        (histogram.shares, histogram.missing) = histogram.shares_of(values);
        histogram
    }

    /// Population stability index of `values` against this histogram, missing values a bin of their own; `None` when either
    /// has no rows.
    ///
    /// By custom, below 0.1 nothing has changed, and above 0.25 it is time to fit again.
    ///
    /// ```
    /// use lapwing_models::drift::Histogram;
    /// let then: Vec<f64> = (0..100).map(f64::from).collect();
    /// let histogram = Histogram::learn(&then);
    /// assert_eq!(histogram.psi(&then), Some(0.0));
    /// let now: Vec<f64> = then.iter().map(|value| value + 50.0).collect();
    /// assert!(histogram.psi(&now).unwrap() > 0.25);
    /// assert_eq!(histogram.psi(&[]), None);
    /// ```
    #[must_use]
    pub fn psi(&self, values: &[f64]) -> Option<f64> {
        self.psi_of_counts(&self.counts(values))
    }

    /// As [`psi`](Self::psi), of values that were counted: how many fell into each of [`bins`](Self::bins).
    ///
    /// ```
    /// use lapwing_models::drift::Histogram;
    /// let histogram = Histogram::learn(&[1.0, 2.0, 2.0, f64::NAN]);
    /// assert_eq!(histogram.psi_of_counts(&[10, 20, 10]), Some(0.0));
    /// assert_eq!(histogram.psi_of_counts(&[0, 0, 0]), None);
    /// ```
    #[must_use]
    pub fn psi_of_counts(&self, counts: &[u64]) -> Option<f64> {
        let rows: u64 = counts.iter().sum();
        if self.rows == 0 || rows == 0 {
            return None;
        }
        let now: Vec<f64> = counts.iter().map(|count| *count as f64 / rows as f64).collect();
        let then: Vec<f64> = self.shares.iter().copied().chain([self.missing]).collect();
        Some(psi(&then, &now))
    }

    /// How many bins there are; the last is that of missing values.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.cuts.len() + 2
    }

    /// The bin of a value: below [`bins`](Self::bins).
    ///
    /// ```
    /// use lapwing_models::drift::Histogram;
    /// let histogram = Histogram::learn(&[1.0, 2.0, 2.0, f64::NAN]);
    /// assert_eq!([1.0, 1.5, f64::NAN].map(|value| histogram.bin(value)), [0, 1, 2]);
    /// ```
    #[must_use]
    pub fn bin(&self, value: f64) -> usize {
        if value.is_finite() { self.cuts.partition_point(|cut| *cut < value) } else { self.cuts.len() + 1 }
    }

    fn counts(&self, values: &[f64]) -> Vec<u64> {
        let mut counts = vec![0_u64; self.bins()];
        for value in values {
            counts[self.bin(*value)] += 1;
        }
        counts
    }

    fn shares_of(&self, values: &[f64]) -> (Vec<f64>, f64) {
        let share = |count: u64| count as f64 / values.len().max(1) as f64;
        let mut shares: Vec<f64> = self.counts(values).into_iter().map(share).collect();
        let missing = shares.pop().unwrap_or_default();
        (shares, missing)
    }

    /// Whether it is one that [`learn`](Self::learn) can give.
    pub(crate) fn is_sound(&self) -> bool {
        self.shares.len() == self.cuts.len() + 1
            && self.cuts.windows(2).all(|pair| pair[0] < pair[1])
            && self.shares.iter().chain([&self.missing]).all(|share| (0.0..=1.0).contains(share))
    }
}

impl DriftBaselines {
    /// The first histogram that cannot be.
    pub(crate) fn unsound(&self) -> Option<&str> {
        self.features.iter().chain(&self.scores).find(|(_, histogram)| !histogram.is_sound()).map(|(name, _)| name.as_str())
    }
}

/// Population stability index: the sum of `(now - then) x ln(now / then)` over bins, each share counted as at least 0.0001.
///
/// 0 when nothing changed, never negative. Bins beyond the shorter list are left out.
///
/// ```
/// use lapwing_models::drift::psi;
/// assert_eq!(psi(&[0.5, 0.5], &[0.5, 0.5]), 0.0);
/// let moved = psi(&[0.5, 0.5], &[0.25, 0.75]);
/// assert!((moved - 0.25 * 3.0_f64.ln()).abs() < 1e-12);
/// ```
#[must_use]
pub fn psi(then: &[f64], now: &[f64]) -> f64 {
    let floor = |share: &f64| share.max(LEAST_SHARE);
    then.iter().map(floor).zip(now.iter().map(floor)).map(|(then, now)| (now - then) * (now / then).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deciles_of_distinct_values_hold_a_tenth_each() {
        let values: Vec<f64> = (0..200).map(f64::from).collect();
        let histogram = Histogram::learn(&values);
        assert_eq!(histogram.shares, [0.1; 10]);
        assert!(histogram.is_sound());
    }

    #[test]
    fn constant_missing_and_empty_columns_have_one_bin() {
        assert_eq!(Histogram::learn(&[3.0; 9]), Histogram { cuts: vec![], shares: vec![1.0], missing: 0.0, rows: 9 });
        assert_eq!(Histogram::learn(&[f64::NAN; 9]), Histogram { cuts: vec![], shares: vec![0.0], missing: 1.0, rows: 9 });
        assert_eq!(Histogram::learn(&[]), Histogram { cuts: vec![], shares: vec![0.0], missing: 0.0, rows: 0 });
    }

    #[test]
    fn values_that_went_missing_are_drift() {
        let histogram = Histogram::learn(&(0..100).map(f64::from).collect::<Vec<_>>());
        assert!(histogram.psi(&[f64::NAN; 50]).unwrap() > 1.0);
    }

    #[test]
    fn histograms_that_cannot_be_are_found() {
        let sound = Histogram::learn(&[1.0, 2.0]);
        for broken in [
            Histogram { cuts: vec![2.0, 1.0], shares: vec![0.5, 0.25, 0.25], ..sound.clone() },
            Histogram { shares: vec![1.0, 0.0, 0.0], ..sound.clone() },
            Histogram { missing: 2.0, ..sound.clone() },
        ] {
            let baselines = DriftBaselines { features: BTreeMap::new(), scores: [("churn_probability".to_owned(), broken)].into() };
            assert_eq!(baselines.unsound(), Some("churn_probability"));
        }
    }
}
