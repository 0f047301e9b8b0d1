//! One customer at one cutoff: what the families read.

use super::frame::{Edge, Frame, KINDS, PRICED};
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
    bought: Bought,
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

/// Purchases from each of some instants on.
#[derive(Clone, Copy, Debug)]
struct Bought {
    counts: [u64; Edge::MOST],
    /// Of the windows of amounts: their number in the lower half, that of those with an amount in the upper.
    priced: [u64; PRICED],
    /// What these are worth.
    spend: [f64; PRICED],
}

impl Bought {
    /// One pass back over the purchases. Each is held against all instants at once, for how many of them it reaches cannot be guessed.
    #[inline(always)]
    fn of(purchases: &[Order], frame: &Frame) -> Self {
        let mut bought = Self { counts: [0; Edge::MOST], priced: [0; PRICED], spend: [0.0; PRICED] };
        for purchase in purchases.iter().rev().take_while(|purchase| purchase.ts >= frame.bought_reach) {
            let known = !purchase.amount.is_nan();
            let (one, worth) = (1 + (u64::from(known) << 32), if known { purchase.amount } else { 0.0 });
            for (count, from) in bought.counts.iter_mut().zip(&frame.edges) {
                *count += u64::from(purchase.ts >= *from);
            }
            for ((count, spend), from) in bought.priced.iter_mut().zip(&mut bought.spend).zip(&frame.priced) {
                *count += if purchase.ts >= *from { one } else { 0 };
                *spend += if purchase.ts >= *from { worth } else { 0.0 };
            }
        }
        bought
    }
}

/// Where a view puts what is too long to be handed around.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    numbers: Vec<f64>,
    /// A bit for each name.
    pub(super) marks: Vec<u64>,
    /// When the first purchase of each purchase day happened.
    pub(super) begins: Vec<Timestamp>,
}

impl Scratch {
    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(super) fn capacities(&self) -> [usize; 3] {
        [self.numbers.capacity(), self.marks.capacity(), self.begins.capacity()]
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
        Self {
            ledger,
            frame,
            recent: Recent::of(events, frame, bought),
            tenure: days_since(first),
            pause: days_since(last),
            median_gap: totals.sorted.median(GAPS, ledger.purchase_days.gaps().len(), ledger.purchase_days.gaps(), &mut scratch.numbers),
            median_value: totals.sorted.median(VALUES, totals.values.count(), amounts, &mut scratch.numbers),
            bought: Bought::of(&ledger.purchases, frame),
        }
    }

    /// Purchases from `edge` on, not scaled.
    #[inline(always)]
    pub(super) fn purchases_since(&self, edge: Edge) -> u32 {
        self.bought.counts[edge.place()] as u32
    }

    /// What the purchases in the window `LENGTHS[length]` are worth: 0 of none, missing when there are some and none has an amount.
    #[inline(always)]
    pub(super) fn spend(&self, length: usize) -> f64 {
        let (counts, spend) = (self.bought.priced[length], self.bought.spend[length]);
        std::hint::select_unpredictable(counts == 0 || counts >> 32 > 0, spend, f64::NAN)
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
