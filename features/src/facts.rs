//! What the lifecycle rules ask of a history beyond its features: their windows are the user's to set.

use serde::{Deserialize, Serialize};

use crate::event::Kind;
use crate::history::Observed;
use crate::kernel::median;
use crate::purchase_days::{self, PurchaseDays};
use crate::shape::DataShape;
use crate::time::Cutoff;

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
    /// The facts of `observed`. [`Walk::snapshot`](crate::Walk::snapshot) gives the same without a pass of its own.
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
        let mut days = PurchaseDays::default();
        observed.purchases().for_each(|purchase| {
            days.note(purchase.day);
        });
        let cutoff = observed.cutoff();
        let mut facts = Self::of_days(&days, median(&mut days.gaps().collect::<Vec<_>>()), cutoff, settings);
        let own = observed.events().rev().filter(|event| event.kind.is_interaction());
        facts.engaged = own.clone().next().is_some();
        let since = Kind::ALL.iter().filter(|kind| kind.is_interaction()).filter_map(|kind| shape.since_kind(*kind)).min();
        let (month, base) = (cutoff.at.plus_days(-30), cutoff.at.plus_days(-210));
        if since.is_some_and(|since| since <= base) {
            let (mut now, mut before) = (0, 0);
            for event in own.take_while(|event| event.ts >= base) {
                *(if event.ts < month { &mut before } else { &mut now }) += 1;
            }
            facts.note_interactions(now, before);
        }
        facts
    }

    /// What the purchase days tell, whose median gap is `median_gap`.
    pub(crate) fn of_days(days: &PurchaseDays, median_gap: f64, cutoff: Cutoff, settings: FactSettings) -> Self {
        let age = |day: i32| cutoff.day.saturating_sub(day).max(0) as u32;
        let within = |most: u32| days.days().iter().rev().take_while(|day| age(**day) <= most).count() as u32;
        let ended = days.days().windows(2).rev().take_while(|ends| age(ends[1]) <= settings.returned_days);
        Self {
            purchase_days: days.days().len() as u32,
            days_since_last_purchase_day: days.days().last().map(|day| age(*day)),
            days_since_first_purchase_day: days.days().first().map(|day| age(*day)),
            gap_days_median: (days.days().len() >= 3).then_some(median_gap),
            returned_gap_days: ended.map(|ends| ends[1].abs_diff(ends[0])).max(),
            purchase_days_365d: within(365),
            purchase_days_active: within(settings.active_days),
            ..Self::default()
        }
    }

    /// Six 30-day windows before the last one make the baseline; to be told where the data holds interactions for all of them.
    pub(crate) fn note_interactions(&mut self, now: u32, before: u32) {
        if before > 0 {
            (self.interactions_30d, self.interactions_30d_baseline) = (Some(f64::from(now)), Some(f64::from(before) / 6.0));
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
            let new = purchase_days::is_new(*day, last);
            last = last.max(Some(*day));
            new
        })
    }
}
