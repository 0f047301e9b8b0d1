//! Green, yellow, red.

use serde::{Deserialize, Serialize};

use super::quantile::{ascending, nearest_rank};

named! {
    /// How urgent a customer is among its like.
    ///
    /// For a current customer it tells the risk of leaving: where `churn_probability` lies. For a lapsed one it tells the
    /// risk that it is gone for good: where 1 - `reactivation_probability` lies among lapsed customers. A prospect has none.
    RiskBand {
        /// Nothing to do.
        Green = "green",
        /// Worth an eye: the next fifth.
        Yellow = "yellow",
        /// The riskiest tenth.
        Red = "red",
    }
}

/// Where the bands of one population part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandCuts {
    /// Risk at or above this, and below `red`, is yellow.
    pub yellow: f64,
    /// Risk at or above this is red.
    pub red: f64,
}

impl BandCuts {
    /// The riskiest tenth is red, the next fifth yellow; `None` when nobody was scored, and when several were and all have the
    /// same risk: what tells nobody apart makes no bands.
    ///
    /// Customers that tie with the first one below a cut are in the lower band, so red never holds more than a tenth; where there
    /// are fewer than ten, nobody is red. A cut that nobody reaches is 1.
    ///
    /// ```
    /// use lapwing_models::lifecycle::{BandCuts, RiskBand};
    /// let risks: Vec<f64> = (0..100).map(|i| f64::from(i) / 100.0).collect();
    /// let cuts = BandCuts::learn(risks.into_iter()).unwrap();
    /// assert_eq!(cuts, BandCuts { yellow: 0.7, red: 0.9 });
    /// assert_eq!([0.69, 0.7, 0.9].map(|risk| cuts.band(risk)), [RiskBand::Green, RiskBand::Yellow, RiskBand::Red]);
    /// ```
    #[must_use]
    pub fn learn(risks: impl Iterator<Item = f64>) -> Option<Self> {
        let sorted = ascending(risks);
        if sorted.len() > 1 && sorted.first() == sorted.last() {
            return None;
        }
        let above = |share| {
            let below = nearest_rank(&sorted, share)?;
            Some(sorted.get(sorted.partition_point(|risk| *risk <= below)).copied().unwrap_or(1.0))
        };
        Some(Self { yellow: above(0.7)?, red: above(0.9)? })
    }

    /// The band of a customer of this risk.
    #[must_use]
    pub fn band(&self, risk: f64) -> RiskBand {
        if risk >= self.red {
            RiskBand::Red
        } else if risk >= self.yellow {
            RiskBand::Yellow
        } else {
            RiskBand::Green
        }
    }
}

/// The cuts of both populations; `None` where nobody was scored at fit time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskCuts {
    /// On `churn_probability`, for current customers.
    pub churn: Option<BandCuts>,
    /// On 1 - `reactivation_probability`, for lapsed customers.
    pub reactivation: Option<BandCuts>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_in_the_lower_band() {
        let cuts = BandCuts::learn([0.1; 80].into_iter().chain([0.8; 20])).unwrap();
        assert_eq!(cuts, BandCuts { yellow: 0.8, red: 1.0 });
    }

    #[test]
    fn nobody_told_apart_means_no_cuts() {
        assert_eq!(BandCuts::learn(std::iter::empty()), None);
        assert_eq!(BandCuts::learn([0.4; 30].into_iter()), None);
    }

    #[test]
    fn few_customers_make_nobody_red() {
        let cuts = BandCuts::learn((1..=9).map(|i| f64::from(i) / 10.0)).unwrap();
        assert_eq!(cuts.band(0.9), RiskBand::Yellow);
        let cuts = BandCuts::learn((1..=10).map(|i| f64::from(i) / 20.0)).unwrap();
        assert_eq!(cuts.band(0.5), RiskBand::Red);
    }
}
