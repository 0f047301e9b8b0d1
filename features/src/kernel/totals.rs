//! Running sums over purchases, each taken in once, in the order of time.

use super::btyd::RepeatDays;
use super::calendar::Clock;
use super::decay::Decayed;
use super::ledger::Order;
use super::value::{Units, Values};
use crate::time::Timestamp;

/// What the families keep of the purchases.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    /// How many purchases are taken in.
    pub(super) settled: usize,
    pub(super) decayed: Decayed,
    pub(super) values: Values,
    pub(super) units: Units,
    pub(super) clock: Clock,
    pub(super) repeat_days: RepeatDays,
}

impl Totals {
    pub(super) fn clear(&mut self) {
        self.settled = 0;
        self.decayed = Decayed::default();
        self.values.clear();
        self.units = Units::default();
        self.clock = Clock::default();
        self.repeat_days = RepeatDays::default();
    }

    /// Takes in the next purchase; `new_day` tells whether it is the first one of its purchase day.
    #[inline]
    pub(super) fn note(&mut self, anchor: Timestamp, purchase: &Order, new_day: bool) {
        let known = !purchase.amount.is_nan();
        self.decayed.add(anchor, purchase.ts, if known { purchase.amount } else { 0.0 });
        if known {
            self.values.note(purchase.amount);
        }
        self.units.note(purchase.quantity);
        self.clock.note(purchase, new_day);
        self.repeat_days.note(purchase);
        self.settled += 1;
    }
}
