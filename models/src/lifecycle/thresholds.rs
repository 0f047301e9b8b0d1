//! What the rules run on: settings made definite by the customers at fit time.

use lapwing_features::{FactSettings, Population, Snapshot, Windows};
use serde::{Deserialize, Serialize};

use super::inputs;
use super::quantile::{ascending, nearest_rank};
use super::rfm::{Rfm, RfmCuts};
use super::risk::{BandCuts, RiskBand, RiskCuts};
use super::segment::Segment;
use super::settings::{Auto, LifecycleSettings};
use super::signs::SignSettings;
use super::stage::{Phase, Stage};
use super::tier::{TierCuts, Tiering, ValueTier};

/// So many customers must have come back before their gaps, not the trade's usual days, part the segments.
const LEAST_RETURNED: usize = 100;
/// The trade's usual days at which segments part.
const SEGMENT_DAYS: [u32; 3] = [40, 90, 180];
/// `loyal_purchases` is never learned to be less than this.
const LEAST_LOYAL: u32 = 4;

/// Every number that the rules use: `lifecycle.json` of a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// The window of `active_purchases`.
    pub active_days: u32,
    /// N; `None` when the data holds no gap between purchase days, and then nobody without a cycle of its own is overdue.
    pub norm_gap_days: Option<f64>,
    /// See [`LifecycleSettings::dormant_after_days`].
    pub dormant_after_days: u32,
    /// See [`LifecycleSettings::churned_after_days`].
    pub churned_after_days: u32,
    /// See [`LifecycleSettings::returned_days`].
    pub returned_days: u32,
    /// See [`LifecycleSettings::new_days`].
    pub new_days: u32,
    /// See [`LifecycleSettings::overdue_ratio`].
    pub overdue_ratio: f64,
    /// See [`LifecycleSettings::missed_cycles`].
    pub missed_cycles: f64,
    /// See [`LifecycleSettings::activity_drop`].
    pub activity_drop: f64,
    /// See [`LifecycleSettings::loyal_purchases`].
    pub loyal_purchases: u32,
    /// See [`LifecycleSettings::active_purchases`].
    pub active_purchases: u32,
    /// See [`LifecycleSettings::segment_days`].
    pub segment_days: [u32; 3],
    /// See [`LifecycleSettings::high_value_order`]; `None` when the data has no amounts.
    pub high_value_order: Option<f64>,
    /// Where value tiers part; `None` when the data has no amounts.
    pub value_tiers: Option<TierCuts>,
    /// Where RFM scores part; `None` when nobody bought.
    pub rfm: Option<RfmCuts>,
    /// Where risk bands part; learned after the models, see [`Thresholds::learn_risk`].
    pub risk: RiskCuts,
    /// What the warning signs run on beside the above.
    pub signs: SignSettings,
}

impl Default for Thresholds {
    /// What no data at all gives, with `active_days` 90.
    fn default() -> Self {
        let windows = Windows { active_days: 90, horizon_days: 90, gap_days: 0 };
        Self::learn(&[], &[], &LifecycleSettings::default(), windows)
    }
}

impl Thresholds {
    /// Learns what is `auto` from the snapshots of one cutoff and from all gaps between purchase days, in days, in any order.
    ///
    /// A percentile is the least value that so many per cent do not exceed; the median of an even number of gaps is the
    /// middle of the two. Where the data is too little: without gaps `dormant_after_days` is `active_days`,
    /// `churned_after_days` twice that and N unknown; without repeat buyers `loyal_purchases` is 4; with fewer than 100
    /// customers that came back the segments part at 40, 90 and 180 days; without amounts there is no high value and no tier;
    /// without buyers no RFM. Learned days are at most ten years. The bands are not set: see [`learn_risk`](Self::learn_risk).
    ///
    /// ```
    /// use lapwing_features::Windows;
    /// use lapwing_models::lifecycle::{LifecycleSettings, Thresholds};
    /// let gaps: Vec<u32> = (1..=100).collect();
    /// let windows = Windows::new(60, 90, 0).unwrap();
    /// let learned = Thresholds::learn(&[], &gaps, &LifecycleSettings::default(), windows);
    /// assert_eq!(learned.norm_gap_days, Some(50.5));
    /// assert_eq!(learned.dormant_after_days, 95);
    /// assert_eq!(learned.churned_after_days, 190);
    /// assert_eq!(learned.segment_days, [40, 90, 180]); // nobody is known to have come back
    /// ```
    #[must_use]
    pub fn learn(snapshots: &[Snapshot], gaps: &[u32], settings: &LifecycleSettings, windows: Windows) -> Self {
        let mut gaps = gaps.to_vec();
        gaps.sort_unstable();
        let percentile = |share| nearest_rank(&gaps, share).unwrap_or(0).min(Windows::MOST_DAYS);
        let norm_gap_days = match settings.norm_gap_days {
            Auto::Fixed(days) => Some(days),
            Auto::Auto => median(&gaps),
        };
        let dormant_after_days = settings.dormant_after_days.or_else(|| windows.active_days.max(percentile(0.95)));
        let churned_after_days = settings.churned_after_days.or_else(|| (2 * dormant_after_days).max(percentile(0.99)));
        let repeat_buyers = || snapshots.iter().filter_map(|snapshot| snapshot.facts).filter(|facts| facts.purchase_days >= 2);
        let loyal_purchases = settings.loyal_purchases.or_else(|| {
            let mut year: Vec<u32> = repeat_buyers().map(|facts| facts.purchase_days_365d).collect();
            year.sort_unstable();
            nearest_rank(&year, 0.8).unwrap_or(0).max(LEAST_LOYAL)
        });
        let segment_days = settings.segment_days.or_else(|| {
            if repeat_buyers().count() < LEAST_RETURNED || gaps.is_empty() {
                return SEGMENT_DAYS;
            }
            [percentile(0.5), percentile(0.8), percentile(0.95)]
        });
        let spend = ascending(snapshots.iter().filter(|snapshot| is_buyer(snapshot)).filter_map(|s| inputs::spend(&s.features)));
        Self {
            active_days: windows.active_days,
            norm_gap_days,
            dormant_after_days,
            churned_after_days,
            returned_days: settings.returned_days,
            new_days: settings.new_days,
            overdue_ratio: settings.overdue_ratio,
            missed_cycles: settings.missed_cycles,
            activity_drop: settings.activity_drop,
            loyal_purchases,
            active_purchases: settings.active_purchases,
            segment_days,
            high_value_order: match settings.high_value_order {
                Auto::Fixed(value) => Some(value),
                Auto::Auto => mean_order(snapshots),
            },
            value_tiers: match settings.value_tiers.tier_cuts() {
                Auto::Fixed(cuts) => Some(cuts),
                Auto::Auto => learn_tiers(&spend, settings.tiering),
            },
            rfm: RfmCuts::learn(&snapshots.iter().filter_map(rfm_inputs).collect::<Vec<_>>()),
            risk: RiskCuts::default(),
            signs: settings.signs.clone(),
        }
    }

    /// Sets the risk bands from the probabilities that the models give the same snapshots.
    ///
    /// Fixed cuts of the settings hold for current customers; those of lapsed customers are always learned.
    pub fn learn_risk(&mut self, churn: impl Iterator<Item = f64>, reactivation: impl Iterator<Item = f64>, settings: &LifecycleSettings) {
        self.risk.churn = match settings.risk_band.band_cuts() {
            Auto::Fixed(cuts) => Some(cuts),
            Auto::Auto => BandCuts::learn(churn),
        };
        self.risk.reactivation = BandCuts::learn(reactivation.map(|probability| 1.0 - probability));
    }

    /// The windows that stage facts are taken with.
    #[must_use]
    pub fn fact_settings(&self) -> FactSettings {
        FactSettings { active_days: self.active_days, returned_days: self.returned_days }
    }

    /// The stage; `None` when the snapshot has no facts, for stages need the history.
    #[must_use]
    pub fn stage(&self, snapshot: &Snapshot) -> Option<Stage> {
        snapshot.facts.as_ref().map(|facts| Stage::of(facts, self))
    }

    /// The phase of the stage; `None` when the snapshot has no facts.
    #[must_use]
    pub fn phase(&self, snapshot: &Snapshot) -> Option<Phase> {
        let facts = snapshot.facts.as_ref()?;
        Some(Stage::of(facts, self).phase(facts.engaged))
    }

    /// The segment; `None` for those who never bought and for snapshots without facts.
    #[must_use]
    pub fn segment(&self, snapshot: &Snapshot) -> Option<Segment> {
        let high_value = self.is_high_value(snapshot);
        snapshot.facts.as_ref().and_then(|facts| Segment::of(facts, high_value, self.segment_days))
    }

    /// The RFM scores; `None` for those who never bought and for snapshots without facts.
    #[must_use]
    pub fn rfm(&self, snapshot: &Snapshot) -> Option<Rfm> {
        let (days_since_last, purchase_days, spend) = rfm_inputs(snapshot)?;
        self.rfm.as_ref().map(|cuts| cuts.score(days_since_last, purchase_days, spend))
    }

    /// The value tier of a buyer, by spend in 365 days; where the data is too young to tell that, by spend so far.
    #[must_use]
    pub fn value_tier(&self, snapshot: &Snapshot) -> Option<ValueTier> {
        let spend = inputs::spend(&snapshot.features).filter(|_| is_buyer(snapshot))?;
        self.value_tiers.map(|cuts| cuts.tier(spend))
    }

    /// The risk band: by `churn` for a current customer, by 1 - `reactivation` for a lapsed one, none for a prospect.
    #[must_use]
    pub fn risk_band(&self, churn: Option<f64>, reactivation: Option<f64>) -> Option<RiskBand> {
        let of_churn = self.risk.churn.zip(churn).map(|(cuts, probability)| cuts.band(probability));
        of_churn.or_else(|| self.risk.reactivation.zip(reactivation).map(|(cuts, probability)| cuts.band(1.0 - probability)))
    }

    /// Whether every number is one that settings and learning can give; the text says which is not.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let ascending = |cuts: &[f64]| cuts.iter().all(|cut| cut.is_finite()) && cuts.is_sorted();
        let bands = |cuts: &Option<BandCuts>| cuts.is_none_or(|cuts| ascending(&[0.0, cuts.yellow, cuts.red, 1.0]));
        let rfm = |cuts: &RfmCuts| {
            let descending: Vec<f64> = cuts.r.iter().rev().copied().collect();
            ascending(&descending) && ascending(&cuts.f) && cuts.m.is_none_or(|cuts| ascending(&cuts))
        };
        let parts = [
            ("`norm_gap_days`", self.norm_gap_days.is_none_or(|days| days.is_finite() && days > 0.0)),
            ("`overdue_ratio`", self.overdue_ratio.is_finite()),
            ("`missed_cycles`", self.missed_cycles.is_finite()),
            ("`activity_drop`", (0.0..=1.0).contains(&self.activity_drop)),
            ("`segment_days`", self.segment_days.is_sorted()),
            ("`high_value_order`", self.high_value_order.is_none_or(f64::is_finite)),
            ("`value_tiers`", self.value_tiers.is_none_or(|cuts| ascending(&[cuts.middle, cuts.top]))),
            ("`rfm`", self.rfm.as_ref().is_none_or(rfm)),
            ("`signs`", self.signs.check().is_ok()),
            ("`risk`", bands(&self.risk.churn) && bands(&self.risk.reactivation)),
        ];
        parts.iter().find(|(_, sound)| !sound).map_or(Ok(()), |(name, _)| Err(*name))
    }

    fn is_high_value(&self, snapshot: &Snapshot) -> bool {
        let dear = self.high_value_order.zip(inputs::order_value_mean(&snapshot.features)).is_some_and(|(least, mean)| mean > least);
        dear || self.value_tier(snapshot) == Some(ValueTier::Top)
    }
}

/// Where clusters cannot be told apart, and in a build that cannot learn, quantiles part the tiers.
fn learn_tiers(spend: &[f64], tiering: Tiering) -> Option<TierCuts> {
    #[cfg(feature = "fit")]
    if tiering == Tiering::Kmeans
        && let Some(cuts) = TierCuts::learn_clusters(spend)
    {
        return Some(cuts);
    }
    let _ = tiering;
    TierCuts::learn(spend)
}

fn is_buyer(snapshot: &Snapshot) -> bool {
    snapshot.population != Population::Prospect
}

fn rfm_inputs(snapshot: &Snapshot) -> Option<(f64, f64, Option<f64>)> {
    let facts = snapshot.facts.as_ref()?;
    let days = facts.days_since_last_purchase_day?;
    Some((f64::from(days), f64::from(facts.purchase_days_365d), inputs::spend(&snapshot.features)))
}

/// Mean over all orders whose value is known; `None` when there is none.
fn mean_order(snapshots: &[Snapshot]) -> Option<f64> {
    let (mut sum, mut orders) = (0.0, 0.0);
    for snapshot in snapshots {
        if let Some(mean) = inputs::order_value_mean(&snapshot.features) {
            let count = inputs::purchases(&snapshot.features);
            sum += mean * count;
            orders += count;
        }
    }
    (orders > 0.0).then(|| sum / orders)
}

fn median(sorted: &[u32]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = f64::from(*sorted.get(middle)?);
    Some(if sorted.len() % 2 == 1 { upper } else { f64::midpoint(f64::from(sorted[middle - 1]), upper) })
}

#[cfg(test)]
mod tests;
