//! What the lifecycle rules ask of a history beyond its features: their windows are the user's to set.

use serde::{Deserialize, Serialize};

use crate::event::Kind;
use crate::history::Observed;
use crate::shape::DataShape;
use crate::time::DAY;

/// The windows of the lifecycle rules, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactSettings {
    /// `active_purchases` counts purchase days in this many days before the cutoff.
    pub active_days: u32,
    /// How long after a long gap ended a customer is `returned`.
    pub returned_days: u32,
}

/// A history at a cutoff as the stage rules see it. A purchase day is a local day with at least one purchase.
///
/// `None` means not known: too few purchases, or the data does not hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageFacts {
    /// P: purchase days so far.
    pub purchase_days: u32,
    /// R: local days from the last purchase day to the cutoff.
    pub days_since_last_purchase_day: Option<u32>,
    /// Local days from the first purchase day to the cutoff.
    pub days_since_first_purchase_day: Option<u32>,
    /// G: own median gap between purchase days, in days; known from three purchase days on.
    pub gap_days_median: Option<f64>,
    /// The longest gap between purchase days that ended within the last `returned_days` days.
    pub returned_gap_days: Option<u32>,
    /// Purchase days in the last 365 days.
    pub purchase_days_365d: u32,
    /// Purchase days in the last `active_days` days.
    pub purchase_days_active: u32,
    /// Interactions in the last 30 days ([`Kind::is_interaction`]), when there is a baseline.
    pub interactions_30d: Option<f64>,
    /// Own mean of interactions per 30 days over the 180 days before those, when that is above 0 and the data covers them.
    pub interactions_30d_baseline: Option<f64>,
    /// Whether anything but purchases and returns was seen of the customer's own doing.
    pub engaged: bool,
}

impl StageFacts {
    /// The facts of `observed`. Allocates only to take the median of the gaps.
    ///
    /// ```
    /// use lapwing_features::{DataShape, FactSettings, StageFacts, example};
    /// let history = example::history(&[
    ///     ("2024-01-01", "purchase", 5.0),
    ///     ("2024-01-01T12:00:00Z", "purchase", 5.0), // one local day counts once
    ///     ("2024-01-11", "purchase", 5.0),
    ///     ("2024-01-31", "purchase", 5.0),
    /// ]);
    /// let settings = FactSettings { active_days: 90, returned_days: 60 };
    /// let facts = StageFacts::of(&history.observe(example::cutoff("2024-02-10")), &DataShape::default(), settings);
    /// assert_eq!(facts.purchase_days, 3);
    /// assert_eq!(facts.days_since_last_purchase_day, Some(10));
    /// assert_eq!(facts.gap_days_median, Some(15.0));
    /// assert_eq!(facts.returned_gap_days, Some(20));
    /// ```
    #[must_use]
    pub fn of(observed: &Observed<'_>, shape: &DataShape, settings: FactSettings) -> Self {
        let cutoff = observed.cutoff();
        let mut facts = Self { engaged: observed.events().any(|event| event.kind.is_interaction()), ..Self::default() };
        let mut gaps: Vec<u32> = Vec::new();
        let mut last: Option<i32> = None;
        for day in observed.purchase_days() {
            let age = cutoff.day.saturating_sub(day).max(0) as u32;
            facts.purchase_days += 1;
            facts.purchase_days_365d += u32::from(age <= 365);
            facts.purchase_days_active += u32::from(age <= settings.active_days);
            if let Some(gap) = last.map(|last| day.abs_diff(last)) {
                gaps.push(gap);
                if age <= settings.returned_days {
                    facts.returned_gap_days = facts.returned_gap_days.max(Some(gap));
                }
            } else {
                facts.days_since_first_purchase_day = Some(age);
            }
            facts.days_since_last_purchase_day = Some(age);
            last = Some(day);
        }
        if gaps.len() >= 2 {
            gaps.sort_unstable();
            let middle = gaps.len() / 2;
            let lower = if gaps.len().is_multiple_of(2) { gaps[middle - 1] } else { gaps[middle] };
            facts.gap_days_median = Some(f64::midpoint(f64::from(lower), f64::from(gaps[middle])));
        }
        facts.note_interactions(observed, shape);
        facts
    }

    /// Six 30-day windows before the last one make the baseline, and the data must hold interactions for all of them.
    fn note_interactions(&mut self, observed: &Observed<'_>, shape: &DataShape) {
        let at = observed.cutoff().at;
        let since = Kind::ALL.iter().filter(|kind| kind.is_interaction()).filter_map(|kind| shape.since_kind(*kind)).min();
        if since.is_none_or(|since| since > at.plus_days(-210)) {
            return;
        }
        let count = |from_days: i64, to_days: i64| {
            let (from, to) = (at.0 - from_days * DAY, at.0 - to_days * DAY);
            observed.events().filter(|event| event.kind.is_interaction() && (from..to).contains(&event.ts.0)).count() as f64
        };
        let baseline = count(210, 30) / 6.0;
        if baseline > 0.0 {
            (self.interactions_30d, self.interactions_30d_baseline) = (Some(count(30, 0)), Some(baseline));
        }
    }
}

impl Observed<'_> {
    /// The purchase days, oldest first, each once, in days since 1970-01-01.
    ///
    /// ```
    /// use lapwing_features::example;
    /// let history = example::history(&[("1970-01-02", "purchase", 5.0), ("1970-01-02T09:00:00Z", "purchase", 5.0), ("1970-01-05", "purchase", 5.0)]);
    /// assert!(history.observe(example::cutoff("1970-02-01")).purchase_days().eq([1, 4]));
    /// ```
    pub fn purchase_days(&self) -> impl Iterator<Item = i32> {
        let mut last = None;
        self.purchases().map(|event| event.day).filter(move |day| {
            // A clock set back over midnight does not make a day count twice.
            let later = last.is_none_or(|last| last < *day);
            last = last.max(Some(*day));
            later
        })
    }
}
