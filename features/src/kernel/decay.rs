//! Counts and sums in which what is older weighs less: half after each half-life of 30 or 90 days.
//!
//! A weight is kept as of an anchor that lies before all events, so that it does not depend on the cutoff and one product brings
//! the sums to any cutoff. Weights grow with time; before they grow large the sums are halved, exactly, as often as needed.

use super::exp2::{exp2, exp2_within};
use super::view::View;
use crate::event::Kind;
use crate::schema::Id;
use crate::time::{DAY, Timestamp};
use crate::vector::FeatureVector;

/// The slower half-life; the faster one is a third of it, so that its weights are cubes.
const HALF_LIFE: f64 = 90.0 * DAY as f64;
/// How many half-lives the sums may run ahead of their base: four years.
const AHEAD: f64 = 16.0;
/// So many weights are made at once.
const BLOCK: usize = 32;

/// Decayed sums over events in the order of time, of N parts each, by half-life; the faster one first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decayed<const N: usize> {
    /// Half-lives from the anchor to when a weight is 1; a whole number.
    base: f64,
    sums: [[f64; 2]; N],
}

impl<const N: usize> Default for Decayed<N> {
    fn default() -> Self {
        Self { base: 0.0, sums: [[0.0; 2]; N] }
    }
}

impl<const N: usize> Decayed<N> {
    /// Adds the events that come next; `at` tells when one happened, `parts` what it adds. Each is shown to
    /// `visit` on the way: whoever has more to do with it is spared a loop, the end of which cannot be guessed.
    #[inline(always)]
    pub(super) fn add<T>(
        &mut self,
        anchor: Timestamp,
        mut events: &[T],
        at: impl Fn(&T) -> Timestamp,
        parts: impl Fn(&T) -> [f64; N],
        mut visit: impl FnMut(&T),
    ) {
        let age = |event: &T| half_lives(anchor, at(event));
        while let Some(next) = events.first() {
            if age(next) - self.base > AHEAD {
                *self = self.rebased(age(next).floor());
            }
            let (base, mut sums) = (self.base, self.sums);
            let is_near = |event: &T| age(event) - base <= AHEAD;
            let mut block = &events[..events.len().min(BLOCK)];
            if !block.last().is_some_and(is_near) {
                block = &block[..block.partition_point(is_near)];
            }
            let (mut slow, mut fast) = ([0.0; BLOCK], [0.0; BLOCK]);
            for (slow, event) in slow.iter_mut().zip(block) {
                *slow = age(event) - base;
            }
            weigh(&mut slow[..block.len()], &mut fast);
            for ((slow, fast), event) in slow.iter().zip(&fast).zip(block) {
                let parts = parts(event);
                sums = std::array::from_fn(|n| [sums[n][0] + parts[n] * fast, sums[n][1] + parts[n] * slow]);
                visit(event);
            }
            (self.sums, events) = (sums, &events[block.len()..]);
        }
    }

    #[cold]
    fn rebased(&self, base: f64) -> Self {
        let (slow, fast) = (exp2(self.base - base), exp2(3.0 * (self.base - base)));
        Self { base, sums: self.sums.map(|sum| [sum[0] * fast, sum[1] * slow]) }
    }

    /// The sums, given [what they weigh](weight) from their base on.
    #[inline(always)]
    fn weighted(&self, slow: f64) -> [[f64; 2]; N] {
        let fast = slow * slow * slow;
        self.sums.map(|sum| [sum[0] * fast, sum[1] * slow])
    }
}

/// What is left as of `at` of what weighed 1 so many half-lives after the anchor.
#[inline(always)]
fn weight(base: f64, anchor: Timestamp, at: Timestamp) -> f64 {
    exp2(base - half_lives(anchor, at))
}

/// Makes weights of half-lives after the base; apart from the sums, each of which waits for the one before.
#[inline(always)]
fn weigh(slow: &mut [f64], fast: &mut [f64]) {
    for (slow, fast) in slow.iter_mut().zip(fast) {
        *slow = exp2_within(*slow);
        *fast = *slow * *slow * *slow;
    }
}

#[inline(always)]
fn half_lives(anchor: Timestamp, ts: Timestamp) -> f64 {
    // Of every plausible instant the float is exact.
    (ts.0 as f64 - anchor.0 as f64) * (1.0 / HALF_LIFE)
}

/// Sets the rows of [`Family::Decay`](crate::schema::Family::Decay).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let (ledger, at) = (view.ledger, view.frame.cutoff.at);
    let (purchases, interactions) = (&ledger.totals.decayed, &ledger.decayed_interactions);
    let slow = weight(purchases.base, ledger.anchor, at);
    if view.frame.holds(Kind::Purchase) {
        let [count, spend] = purchases.weighted(slow);
        [out[Id::purchases_decayed_30d], out[Id::purchases_decayed_90d]] = count;
        if view.frame.holds_spend && ledger.is_spend_known() {
            [out[Id::spend_decayed_30d], out[Id::spend_decayed_90d]] = spend;
        }
    }
    if view.frame.holds_interactions {
        // Of most customers both have the same base.
        let slow = if interactions.base == purchases.base { slow } else { weight(interactions.base, ledger.anchor, at) };
        let [count] = interactions.weighted(slow);
        [out[Id::interactions_decayed_30d], out[Id::interactions_decayed_90d]] = count;
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
            let (mut decayed, mut seen) = (Decayed::default(), Vec::new());
            let (early, late) = days[..many].split_at(many / 2);
            for days in [early, late] {
                decayed.add(day(0), days, |at| day(*at), |_| [1.0, 3.0], |at| seen.push(*at));
            }
            assert_eq!(seen, days[..many]);
            for later in [1, 29, 365, 3_650, 9_000] {
                let [count, amount] = decayed.weighted(weight(decayed.base, day(0), day(last + later)));
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
