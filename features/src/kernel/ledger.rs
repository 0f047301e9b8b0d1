//! What the families share of one observed history.

use crate::event::Kind;
use crate::history::{Event, Observed};
use crate::time::{Cutoff, Timestamp};

/// A purchase: an event of its own, or the observed lines of one order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purchase {
    /// When its first line happened.
    pub(super) ts: Timestamp,
    /// Local day of `ts`.
    pub(super) day: i32,
    /// Local hour of `ts`.
    pub(super) hour: u8,
    /// Sum of the lines that have an amount; NaN when none has.
    pub(super) amount: f64,
    /// Sum of the lines that have a quantity; NaN when none has.
    pub(super) quantity: f64,
}

/// Purchases with their lines joined, and the cutoff.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) purchases: Vec<Purchase>,
    cutoff: Option<Cutoff>,
    /// For each order number, one more than where its purchase stands in `purchases`; 0 when not seen yet.
    places: Vec<u32>,
}

impl Ledger {
    /// Replaces what it holds by `observed`.
    pub(super) fn refill(&mut self, observed: &Observed<'_>) {
        self.purchases.clear();
        self.places.clear();
        self.cutoff = Some(observed.cutoff());
        for event in observed.events() {
            if event.kind == Kind::Purchase {
                self.add_purchase(event);
            }
        }
    }

    fn add_purchase(&mut self, event: &Event) {
        if event.order != Event::NO_ORDER {
            let number = event.order as usize;
            if self.places.len() <= number {
                self.places.resize(number + 1, 0);
            }
            if let Some(place) = self.places[number].checked_sub(1) {
                let purchase = &mut self.purchases[place as usize];
                purchase.amount = add(purchase.amount, event.amount);
                purchase.quantity = add(purchase.quantity, event.quantity);
                return;
            }
            self.places[number] = self.purchases.len() as u32 + 1;
        }
        self.purchases.push(Purchase { ts: event.ts, day: event.day, hour: event.hour, amount: event.amount, quantity: event.quantity });
    }

    /// The cutoff of what it holds; the first instant there is before anything was held.
    pub(super) fn cutoff(&self) -> Cutoff {
        self.cutoff.unwrap_or(Cutoff { at: Timestamp(i64::MIN), day: i32::MIN, month: 1 })
    }
}

/// Sum in which a missing part counts nothing, missing when both are.
fn add(sum: f64, part: f64) -> f64 {
    if sum.is_nan() {
        part
    } else if part.is_nan() {
        sum
    } else {
        sum + part
    }
}
