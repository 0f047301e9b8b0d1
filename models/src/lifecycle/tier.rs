//! What a customer's spend of a year makes it.

use serde::{Deserialize, Serialize};

use super::quantile::nearest_rank;

#[cfg(feature = "fit")]
mod clusters;

named! {
    /// What a customer's spend of a year makes it among all buyers.
    ValueTier {
        /// The lower half.
        Low = "low",
        /// Between the lower half and the top fifth.
        Middle = "middle",
        /// The top fifth.
        Top = "top",
    }
}

named! {
    /// What parts the tiers, where the user has not fixed the cuts.
    Tiering {
        /// The median and the 80th percentile of spend.
        Quantile = "quantile",
        /// Three clusters of log spend, found by k-means.
        Kmeans = "kmeans",
    }
}

/// Where the tiers part, in money spent in 365 days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierCuts {
    /// Spend above this is `middle`, at or below it `low`.
    pub middle: f64,
    /// Spend above this is `top`.
    pub top: f64,
}

impl TierCuts {
    /// Cuts at the median and the 80th percentile of ascending `spend`; `None` when nobody's spend is known.
    ///
    /// Customers that tie at a cut are in the lower tier, so the top tier never holds more than a fifth.
    ///
    /// ```
    /// use lapwing_models::lifecycle::TierCuts;
    /// let spend: Vec<f64> = (1..=10).map(f64::from).collect();
    /// assert_eq!(TierCuts::learn(&spend), Some(TierCuts { middle: 5.0, top: 8.0 }));
    /// assert_eq!(TierCuts::learn(&[]), None);
    /// ```
    #[must_use]
    pub fn learn(spend: &[f64]) -> Option<Self> {
        Some(Self { middle: nearest_rank(spend, 0.5)?, top: nearest_rank(spend, 0.8)? })
    }

    /// The tier of a customer that spent this much.
    #[must_use]
    pub fn tier(&self, spend: f64) -> ValueTier {
        if spend > self.top {
            ValueTier::Top
        } else if spend > self.middle {
            ValueTier::Middle
        } else {
            ValueTier::Low
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_fifth_the_next_three_tenths_and_the_lower_half() {
        let spend: Vec<f64> = (1..=100).map(f64::from).collect();
        let cuts = TierCuts::learn(&spend).unwrap();
        let count = |tier| spend.iter().filter(|spend| cuts.tier(**spend) == tier).count();
        assert_eq!((count(ValueTier::Low), count(ValueTier::Middle), count(ValueTier::Top)), (50, 30, 20));
    }

    #[test]
    fn where_all_spend_the_same_nobody_is_top() {
        let cuts = TierCuts::learn(&[5.0; 7]).unwrap();
        assert_eq!(cuts.tier(5.0), ValueTier::Low);
        assert_eq!(cuts.tier(5.1), ValueTier::Top);
    }
}
