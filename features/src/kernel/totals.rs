//! Running sums over purchases, each taken in once, in the order of time.

use super::btyd::RepeatDays;
use super::calendar::Clock;
use super::decay::Decayed;
use super::ledger::Order;
use super::sorted::{NOTHING, Sorted};
use super::value::{Units, Values};
use crate::purchase_days::PurchaseDays;
use crate::time::Timestamp;

/// Which list of [`Totals::sorted`] holds what the purchases are worth, as far as that is known.
pub(super) const VALUES: usize = 0;
/// Which one holds the gaps between purchase days.
pub(super) const GAPS: usize = 1;

/// What the families keep of the purchases.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    /// How many purchases are taken in.
    pub(super) settled: usize,
    /// Number and worth.
    pub(super) decayed: Decayed<2>,
    pub(super) values: Values,
    /// The [`VALUES`] and the [`GAPS`] in order.
    pub(super) sorted: Sorted<2>,
    pub(super) units: Units,
    pub(super) clock: Clock,
    pub(super) repeat_days: RepeatDays,
}

impl Totals {
    pub(super) fn clear(&mut self) {
        self.settled = 0;
        self.decayed = Decayed::default();
        self.values.clear();
        self.sorted.clear();
        self.units = Units::default();
        self.clock = Clock::default();
        self.repeat_days = RepeatDays::default();
    }

    /// Takes in those of `purchases` that are not yet.
    #[inline(always)]
    pub(super) fn note(&mut self, anchor: Timestamp, purchases: &[Order], days: &mut PurchaseDays) {
        let coming = &purchases[self.settled..];
        if coming.is_empty() {
            return;
        }
        let parts = |amount: f64| [1.0, if amount.is_nan() { 0.0 } else { amount }];
        let Self { decayed, values, sorted, units, clock, repeat_days, .. } = self;
        // One loop for all of it: how many purchases come next cannot be guessed, and a wrong guess is paid at the end of each loop.
        let visit = |purchase: &Order| {
            if !purchase.amount.is_nan() {
                values.note(purchase.amount);
            }
            units.note(purchase.quantity);
            let (new_day, gap) = days.note(purchase.day);
            clock.note(purchase, new_day);
            let value = if purchase.amount.is_nan() { NOTHING } else { purchase.amount };
            sorted.add([value, gap.unwrap_or(NOTHING)]);
            repeat_days.note(purchase);
        };
        decayed.add(anchor, coming, |purchase| purchase.ts, |purchase| parts(purchase.amount), visit);
        self.settled = purchases.len();
        self.clock.settle(self.settled);
    }
}
