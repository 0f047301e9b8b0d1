//! RFM: three scores from 1 to 5.

use serde::{Deserialize, Serialize};

use super::quantile::{ascending, nearest_rank};

/// Recency, frequency and monetary value as the trade scores them: 5 is the best fifth of all buyers, 1 the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rfm {
    /// By days since the last purchase day: fewer are better.
    pub r: u8,
    /// By purchase days in the last 365 days.
    pub f: u8,
    /// By spend in the last 365 days; `None` when the data has no amounts.
    pub m: Option<u8>,
}

/// The four cut points of each score, learned from all buyers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RfmCuts {
    /// Days since the last purchase day, descending: the score is 1 and one more for each cut that the days are below.
    pub r: [f64; 4],
    /// Purchase days in 365 days, ascending: the score is 1 and one more for each cut that they exceed.
    pub f: [f64; 4],
    /// Spend in 365 days, ascending, as `f`; `None` when nobody's spend is known.
    pub m: Option<[f64; 4]>,
}

impl RfmCuts {
    /// Population quintiles, ties to the lower score; `None` when nobody bought.
    ///
    /// ```
    /// use lapwing_models::lifecycle::RfmCuts;
    /// let buyers = [(10.0, 5.0, None), (20.0, 4.0, None), (30.0, 3.0, None), (40.0, 2.0, None), (50.0, 1.0, None)];
    /// let cuts = RfmCuts::learn(&buyers).unwrap();
    /// assert_eq!(cuts.r, [50.0, 40.0, 30.0, 20.0]);
    /// let best = cuts.score(10.0, 5.0, None);
    /// assert_eq!((best.r, best.f, best.m), (5, 5, None));
    /// let last = cuts.score(50.0, 1.0, None);
    /// assert_eq!((last.r, last.f), (1, 1));
    /// ```
    #[must_use]
    pub fn learn(buyers: &[(f64, f64, Option<f64>)]) -> Option<Self> {
        Some(Self {
            r: quintiles(buyers.iter().map(|buyer| -buyer.0))?.map(|negated| -negated),
            f: quintiles(buyers.iter().map(|buyer| buyer.1))?,
            m: quintiles(buyers.iter().filter_map(|buyer| buyer.2)),
        })
    }

    /// The scores of a buyer with these days since the last purchase day, purchase days in 365 days, and spend in 365 days.
    #[must_use]
    pub fn score(&self, days_since_last: f64, purchase_days: f64, spend: Option<f64>) -> Rfm {
        let above = |cuts: &[f64; 4], value: f64| 1 + cuts.iter().filter(|cut| value > **cut).count() as u8;
        Rfm {
            r: 1 + self.r.iter().filter(|cut| days_since_last < **cut).count() as u8,
            f: above(&self.f, purchase_days),
            m: self.m.as_ref().zip(spend).map(|(cuts, spend)| above(cuts, spend)),
        }
    }
}

fn quintiles(values: impl Iterator<Item = f64>) -> Option<[f64; 4]> {
    let sorted = ascending(values);
    let cut = |share| nearest_rank(&sorted, share);
    Some([cut(0.2)?, cut(0.4)?, cut(0.6)?, cut(0.8)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_score_holds_a_fifth_where_there_are_no_ties() {
        let buyers: Vec<(f64, f64, Option<f64>)> = (1..=50).map(f64::from).map(|i| (i, i, Some(i))).collect();
        let cuts = RfmCuts::learn(&buyers).unwrap();
        for score in 1..=5 {
            let count = |pick: fn(&Rfm) -> u8| buyers.iter().filter(|b| pick(&cuts.score(b.0, b.1, b.2)) == score).count();
            assert_eq!(count(|rfm| rfm.r), 10, "r {score}");
            assert_eq!(count(|rfm| rfm.f), 10, "f {score}");
            assert_eq!(count(|rfm| rfm.m.unwrap()), 10, "m {score}");
        }
        assert!(cuts.score(1.0, 50.0, None).r > cuts.score(50.0, 50.0, None).r);
    }

    #[test]
    fn ties_go_to_the_lower_score() {
        // Nine of ten bought once: they are all 1, whatever fifth they would fill.
        let mut buyers = vec![(5.0, 1.0, None); 9];
        buyers.push((5.0, 2.0, None));
        let cuts = RfmCuts::learn(&buyers).unwrap();
        assert_eq!(cuts.score(5.0, 1.0, None), Rfm { r: 1, f: 1, m: None });
        assert_eq!(cuts.score(5.0, 2.0, None).f, 5);
    }

    #[test]
    fn without_buyers_there_are_no_cuts() {
        assert_eq!(RfmCuts::learn(&[]), None);
    }
}
