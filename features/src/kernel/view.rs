//! One customer at one cutoff: what the families read.

use super::frame::{Edge, Frame, KINDS, Steps};
use super::ledger::{Ledger, Order, Traits};
use super::totals::{GAPS, VALUES};
use crate::event::Kind;
use crate::history::Event;
use crate::time::Timestamp;

/// The ledger, the windows of the cutoff and what lies in them.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) frame: &'a Frame,
    pub(super) recent: Recent,
    purchases: &'a [Tally; Steps::MOST],
    /// Days since the first and since the last purchase; missing without one.
    pub(super) tenure: f64,
    pub(super) pause: f64,
    /// The median gap between purchase days.
    pub(super) median_gap: f64,
    /// The median value of the purchases that have one.
    pub(super) median_value: f64,
}

/// Events in the windows of a cutoff, not scaled.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recent {
    counts: [u32; KINDS],
    visits_30d: u32,
    pub(super) open_carts: u32,
    pub(super) interactions_30d: u32,
    pub(super) interactions_before: u32,
}

impl Recent {
    /// One pass back over `events`, which are what is observed, no further than the windows reach.
    #[inline(always)]
    fn of(events: &[Event], frame: &Frame, bought: Timestamp) -> Self {
        let mut recent = Self::default();
        let reaching = events.iter().rev().take_while(|event| event.ts >= frame.reach);
        for event in reaching {
            let (ts, kind, traits) = (event.ts, event.kind as usize, Traits::of(event.kind));
            let counts = u8::from(ts >= frame.recent[kind].from);
            let before = u8::from(ts >= frame.interactions_before.from) & u8::from(ts < frame.interactions_before.to);
            recent.counts[kind] += u32::from(counts);
            recent.visits_30d += u32::from(traits.has(Traits::VISIT) & u8::from(ts >= frame.visits_30d.from));
            recent.open_carts += u32::from(traits.has(Traits::CART) & counts & u8::from(ts > bought));
            recent.interactions_30d += u32::from(traits.has(Traits::INTERACTION) & u8::from(ts >= frame.interactions_30d.from));
            recent.interactions_before += u32::from(traits.has(Traits::INTERACTION) & before);
        }
        recent
    }
}

/// Purchases from some instant on.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Their number in the lower half, that of those with an amount in the upper: one sum instead of two.
    counts: u64,
    /// What these are worth.
    spend: f64,
}

/// Where a view puts what is too long to be handed around.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    purchases: [Tally; Steps::MOST],
    numbers: Vec<f64>,
    /// A bit for each name.
    pub(super) marks: Vec<u64>,
}

impl Scratch {
    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(super) fn capacities(&self) -> [usize; 2] {
        [self.numbers.capacity(), self.marks.capacity()]
    }
}

impl<'a> View<'a> {
    /// `events` are what is observed, which the ledger has taken in and settled.
    #[inline(always)]
    pub(super) fn of(ledger: &'a Ledger, events: &[Event], frame: &'a Frame, scratch: &'a mut Scratch) -> Self {
        let (first, last, totals) = (ledger.purchases.first(), ledger.purchases.last(), &ledger.totals);
        let bought = last.map_or(Timestamp(i64::MIN), |purchase| purchase.ts);
        let days_since = |purchase: Option<&Order>| purchase.map_or(f64::NAN, |purchase| frame.cutoff.at.days_since(purchase.ts));
        let amounts = ledger.purchases.iter().map(|purchase| purchase.amount).filter(|amount| !amount.is_nan());
        tally(&ledger.purchases, &frame.steps, &mut scratch.purchases);
        Self {
            ledger,
            frame,
            recent: Recent::of(events, frame, bought),
            tenure: days_since(first),
            pause: days_since(last),
            median_gap: totals.sorted.median(GAPS, ledger.purchase_days.gaps().len(), ledger.purchase_days.gaps(), &mut scratch.numbers),
            median_value: totals.sorted.median(VALUES, totals.values.count(), amounts, &mut scratch.numbers),
            purchases: &scratch.purchases,
        }
    }

    /// Purchases from `edge` on, not scaled.
    #[inline(always)]
    pub(super) fn purchases_since(&self, edge: Edge) -> u32 {
        self.purchases[self.frame.steps.rank(edge)].counts as u32
    }

    /// What they are worth: 0 of none, missing when there are some and none has an amount.
    #[inline(always)]
    pub(super) fn spend_since(&self, edge: Edge) -> f64 {
        let Tally { counts, spend } = self.purchases[self.frame.steps.rank(edge)];
        if counts == 0 || counts >> 32 > 0 { spend } else { f64::NAN }
    }

    /// A lifetime count of `kind`: missing instead of 0 when the data does not hold the kind.
    #[inline(always)]
    pub(super) fn count_ever(&self, kind: Kind, count: usize) -> f64 {
        if count > 0 || self.frame.holds(kind) { count as f64 } else { f64::NAN }
    }

    /// Events of `kind` in its window, by the rules of [`Coverage`](super::coverage::Coverage).
    #[inline(always)]
    pub(super) fn count_last(&self, kind: Kind) -> f64 {
        f64::from(self.recent.counts[kind as usize]) * self.frame.recent[kind as usize].scale
    }

    /// Visits in the last 30 days, by the same rules.
    #[inline(always)]
    pub(super) fn visits_30d(&self) -> f64 {
        f64::from(self.recent.visits_30d) * self.frame.visits_30d.scale
    }

    /// Days from `ts` to the cutoff; missing without it.
    #[inline(always)]
    pub(super) fn days_since(&self, ts: Option<Timestamp>) -> f64 {
        ts.map_or(f64::NAN, |ts| self.frame.cutoff.at.days_since(ts))
    }
}

/// One pass back over the purchases: their number and worth from each of the instants on.
#[inline(always)]
fn tally(purchases: &[Order], steps: &Steps, tallies: &mut [Tally; Steps::MOST]) {
    let instants = steps.instants();
    tallies[..instants.len()].fill(Tally::default());
    let reach = instants.last().copied().unwrap_or(Timestamp::MAX);
    for purchase in purchases.iter().rev().take_while(|purchase| purchase.ts >= reach) {
        let (tally, known) = (&mut tallies[steps.count_after(purchase.ts) % Steps::MOST], !purchase.amount.is_nan());
        tally.counts += 1 + (u64::from(known) << 32);
        tally.spend += if known { purchase.amount } else { 0.0 };
    }
    let (mut counts, mut spend) = (0, 0.0);
    for tally in &mut tallies[..instants.len()] {
        (counts, spend) = (counts + tally.counts, spend + tally.spend);
        *tally = Tally { counts, spend };
    }
}
