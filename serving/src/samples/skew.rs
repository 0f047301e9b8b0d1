//! What was seen while serving against what a batch computes for the same customer and cutoff, feature by feature.

use lapwing_features::{FEATURES, FeatureVector};
use serde::Serialize;

/// Differences as they are counted; those of parts can be merged.
#[derive(Clone, Debug)]
pub struct Skew {
    compared: u64,
    differing: u64,
    features: Vec<Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    mismatch: u64,
    missing: u64,
    extra: u64,
    largest: f64,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SkewReport {
    /// Requests that were compared.
    pub compared: u64,
    /// Requests of which some feature differs.
    pub differing: u64,
    /// Requests whose customer the batch does not know at that cutoff.
    pub not_found: u64,
    /// The greatest share: of requests that were not found, or of those compared in which one feature differs.
    pub worst_share: f64,
    /// The features that differ, the worst first.
    pub features: Vec<FeatureSkew>,
}

/// How one feature differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeatureSkew {
    /// Its name.
    pub feature: &'static str,
    /// Requests in which both have a value, and not the same one.
    pub mismatch: u64,
    /// Requests in which only the batch has a value.
    pub missing: u64,
    /// Requests in which only the request had a value.
    pub extra: u64,
    /// The greatest difference between two values.
    pub largest_difference: f64,
    /// Of all compared requests, those in which it differs.
    pub share: f64,
}

impl Default for Skew {
    fn default() -> Self {
        Self { compared: 0, differing: 0, features: vec![Counts::default(); FEATURES.len()] }
    }
}

impl Counts {
    fn differing(&self) -> u64 {
        self.mismatch + self.missing + self.extra
    }
}

impl Skew {
    /// Compares what was seen, in the order of the table, with what a batch computes. Values are the same to the bit, or they differ.
    pub fn add(&mut self, asked: &[f64], batch: &FeatureVector) {
        let mut differs = false;
        for ((counts, served), computed) in self.features.iter_mut().zip(asked).zip(batch.as_slice()) {
            match (served.is_nan(), computed.is_nan()) {
                (true, true) => continue,
                (true, false) => counts.missing += 1,
                (false, true) => counts.extra += 1,
                (false, false) if served == computed => continue,
                (false, false) => {
                    counts.mismatch += 1;
                    counts.largest = counts.largest.max((served - computed).abs());
                }
            }
            differs = true;
        }
        self.compared += 1;
        self.differing += u64::from(differs);
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.compared += other.compared;
        self.differing += other.differing;
        for (one, other) in self.features.iter_mut().zip(&other.features) {
            one.mismatch += other.mismatch;
            one.missing += other.missing;
            one.extra += other.extra;
            one.largest = one.largest.max(other.largest);
        }
    }

    /// What was found, of so many requests in all.
    #[must_use]
    pub fn report(&self, requests: u64) -> SkewReport {
        let share = |count: u64, of: u64| count as f64 / of.max(1) as f64;
        let told = |(counts, feature): (&Counts, &'static str)| FeatureSkew {
            feature,
            mismatch: counts.mismatch,
            missing: counts.missing,
            extra: counts.extra,
            largest_difference: counts.largest,
            share: share(counts.differing(), self.compared),
        };
        let named = self.features.iter().zip(FEATURES.iter().map(|feature| feature.name));
        let mut features: Vec<FeatureSkew> = named.filter(|(counts, _)| counts.differing() > 0).map(told).collect();
        features.sort_by(|one, two| two.share.total_cmp(&one.share));
        let not_found = requests.saturating_sub(self.compared);
        let worst = features.first().map_or(0.0, |feature| feature.share);
        SkewReport {
            compared: self.compared,
            differing: self.differing,
            not_found,
            worst_share: worst.max(share(not_found, requests)),
            features,
        }
    }
}
