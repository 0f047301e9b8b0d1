//! Running sums over purchases, each taken in once, in the order of time.

use super::btyd::RepeatDays;
use super::calendar::Clock;
use super::decay::Decayed;
use super::ledger::Order;
use super::value::{Units, Values};
use crate::purchase_days::PurchaseDays;
use crate::time::Timestamp;

/// What the families keep of the purchases.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    /// How many purchases are taken in.
    pub(super) settled: usize,
    /// Number and worth.
    pub(super) decayed: Decayed<2>,
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

    /// Takes in those of `purchases` that are not yet.
    #[inline]
    pub(super) fn note(&mut self, anchor: Timestamp, purchases: &[Order], days: &mut PurchaseDays) {
        let coming = &purchases[self.settled..];
        if coming.is_empty() {
            return;
        }
        let parts = |amount: f64| [1.0, if amount.is_nan() { 0.0 } else { amount }];
        self.decayed.add(anchor, coming, |purchase| purchase.ts, |purchase| parts(purchase.amount));
        for purchase in coming {
            if !purchase.amount.is_nan() {
                self.values.note(purchase.amount);
            }
            self.units.note(purchase.quantity);
            self.clock.note(purchase, days.note(purchase.day));
            self.repeat_days.note(purchase);
        }
        self.settled = purchases.len();
        self.clock.settle(self.settled);
    }
}
