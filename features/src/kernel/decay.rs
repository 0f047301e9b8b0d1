//! Counts and sums in which what is older weighs less: half after each half-life of 30 or 90 days.
//!
//! A weight is kept as of an anchor that lies before all events, so that it does not depend on the cutoff and one product brings
//! the sums to any cutoff. Weights grow with time; before they grow large the sums are halved, exactly, as often as needed.

use super::exp2::exp2;
use super::view::View;
use crate::event::Kind;
use crate::schema::Id;
use crate::time::{DAY, Timestamp};
use crate::vector::FeatureVector;

/// The slower half-life; the faster one is a third of it, so that its weights are cubes.
const HALF_LIFE: f64 = 90.0 * DAY as f64;
/// How many half-lives the sums may run ahead of their base: four years.
const AHEAD: f64 = 16.0;

/// Decayed sums over events in the order of time: count and amount, by half-life, the faster one first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decayed {
    /// Half-lives from the anchor to when a weight is 1; a whole number.
    base: f64,
    count: [f64; 2],
    amount: [f64; 2],
}

impl Decayed {
    /// Adds an event; an amount of 0 counts as one that is missing.
    #[inline]
    pub(super) fn add(&mut self, anchor: Timestamp, ts: Timestamp, amount: f64) {
        let age = half_lives(anchor, ts) - self.base;
        if age > AHEAD {
            self.rebase(age);
            return self.add(anchor, ts, amount);
        }
        let slow = exp2(age);
        let fast = slow * slow * slow;
        self.count = [self.count[0] + fast, self.count[1] + slow];
        self.amount = [self.amount[0] + amount * fast, self.amount[1] + amount * slow];
    }

    #[cold]
    fn rebase(&mut self, ahead: f64) {
        let (slow, fast) = (exp2(-ahead.floor()), exp2(-3.0 * ahead.floor()));
        self.count = [self.count[0] * fast, self.count[1] * slow];
        self.amount = [self.amount[0] * fast, self.amount[1] * slow];
        self.base += ahead.floor();
    }

    /// Counts and amounts as of `at`.
    #[inline]
    fn at(&self, anchor: Timestamp, at: Timestamp) -> ([f64; 2], [f64; 2]) {
        let slow = exp2(self.base - half_lives(anchor, at));
        let fast = slow * slow * slow;
        ([self.count[0] * fast, self.count[1] * slow], [self.amount[0] * fast, self.amount[1] * slow])
    }
}

#[inline]
fn half_lives(anchor: Timestamp, ts: Timestamp) -> f64 {
    ts.0.saturating_sub(anchor.0) as f64 * (1.0 / HALF_LIFE)
}

/// Sets the rows of [`Family::Decay`](crate::schema::Family::Decay).
#[inline]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let (ledger, at) = (view.ledger, view.frame.cutoff.at);
    if view.frame.holds(Kind::Purchase) {
        let (count, spend) = ledger.totals.decayed.at(ledger.anchor, at);
        [out[Id::purchases_decayed_30d], out[Id::purchases_decayed_90d]] = count;
        if view.frame.holds_spend && ledger.is_spend_known() {
            [out[Id::spend_decayed_30d], out[Id::spend_decayed_90d]] = spend;
        }
    }
    if view.frame.holds_interactions {
        ([out[Id::interactions_decayed_30d], out[Id::interactions_decayed_90d]], _) = ledger.interactions.decayed.at(ledger.anchor, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_however_far_apart_the_events_are() {
        let day = |day: i64| Timestamp(0).plus_days(day);
        let days = [0, 1, 17, 400, 1_439, 1_441, 5_000, 30_000, 30_001, 109_500];
        for (many, last) in (1..).zip(days) {
            let mut decayed = Decayed::default();
            days[..many].iter().for_each(|at| decayed.add(day(0), day(*at), 3.0));
            for later in [1, 29, 365, 3_650, 9_000] {
                let (count, amount) = decayed.at(day(0), day(last + later));
                for (place, half_life) in [30.0, 90.0].into_iter().enumerate() {
                    let weight = |at: &i64| libm::exp2((at - last - later) as f64 / half_life);
                    let truth: f64 = days[..many].iter().map(weight).sum();
                    assert!((count[place] - truth).abs() <= 1e-12 * truth, "{many} {later}: {} for {truth}", count[place]);
                    assert!((amount[place] - 3.0 * truth).abs() <= 3e-12 * truth);
                }
            }
        }
    }
}
