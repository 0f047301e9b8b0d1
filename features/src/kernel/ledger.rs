//! What is observed of one customer, event by event: lists and running sums that the families read at a cutoff.

use super::engagement::{Interactions, VisitDays};
use super::frame::KINDS;
use super::names::Names;
use super::numbers::add;
use super::service::Answers;
use super::totals::Totals;
use crate::event::Kind;
use crate::history::Event;
use crate::purchase_days::PurchaseDays;
use crate::time::Timestamp;

/// A purchase or a return: an event of its own, or the observed lines of one order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
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

/// Events of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) count: u32,
    last: Timestamp,
}

impl Seen {
    const NEVER: Self = Self { count: 0, last: Timestamp(i64::MIN) };

    /// When the last one happened.
    pub(super) fn last(self) -> Option<Timestamp> {
        (self.count > 0).then_some(self.last)
    }
}

/// What is observed of one customer; everything in it follows from the events in the order of time, whatever the cutoffs at which
/// it is read in between.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    /// When the first event happened; the weights of decayed sums count from it.
    pub(super) anchor: Timestamp,
    /// Whether there is no event.
    pub(super) is_empty: bool,
    pub(super) purchases: Vec<Order>,
    pub(super) returns: Vec<Order>,
    pub(super) purchase_days: PurchaseDays,
    /// Of the purchases, as far as they are [settled](Self::settle).
    pub(super) totals: Totals,
    /// Events by kind; of purchases and returns the lines.
    seen: [Seen; KINDS],
    pub(super) interactions: Interactions,
    pub(super) visit_days: VisitDays,
    pub(super) answers: Answers,
    /// Categories of purchases, line by line, and interactions.
    pub(super) categories: Names,
    /// Channels of purchases, line by line, and interactions.
    pub(super) channels: Names,
    /// For each order number, one more than where it stands among the purchases or returns; 0 when not seen yet.
    places: Vec<u32>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            anchor: Timestamp(i64::MIN),
            is_empty: true,
            purchases: Vec::new(),
            returns: Vec::new(),
            purchase_days: PurchaseDays::default(),
            totals: Totals::default(),
            seen: [Seen::NEVER; KINDS],
            interactions: Interactions::default(),
            visit_days: VisitDays::default(),
            answers: Answers::default(),
            categories: Names::default(),
            channels: Names::default(),
            places: Vec::new(),
        }
    }
}

impl Ledger {
    /// Forgets the customer and keeps the buffers.
    pub(super) fn clear(&mut self) {
        (self.anchor, self.is_empty) = (Timestamp(i64::MIN), true);
        self.purchases.clear();
        self.returns.clear();
        self.purchase_days.clear();
        self.totals.clear();
        self.seen = [Seen::NEVER; KINDS];
        self.interactions = Interactions::default();
        self.visit_days = VisitDays::default();
        self.answers = Answers::default();
        self.categories.clear();
        self.channels.clear();
        self.places.clear();
    }

    /// Takes in the next event; in the order of time.
    #[inline]
    pub(super) fn take(&mut self, event: &Event) {
        if self.is_empty {
            (self.anchor, self.is_empty) = (event.ts, false);
        }
        let seen = &mut self.seen[event.kind as usize];
        *seen = Seen { count: seen.count + 1, last: event.ts };
        match event.kind {
            Kind::Purchase => {
                let place = add_line(&mut self.purchases, &mut self.places, event);
                if place < self.totals.settled {
                    // A further line of an order that the totals hold already.
                    self.totals.clear();
                    self.purchase_days.clear();
                }
            }
            Kind::Return => {
                add_line(&mut self.returns, &mut self.places, event);
                return;
            }
            kind if kind.is_interaction() => self.take_interaction(event),
            _ => return,
        }
        self.categories.note(event.category, event.ts);
        self.channels.note(event.channel, event.ts);
    }

    #[inline]
    fn take_interaction(&mut self, event: &Event) {
        self.interactions.note(self.anchor, event.ts);
        match event.kind {
            Kind::Visit => self.visit_days.note(event.day),
            Kind::Survey => self.answers.note(event.amount),
            _ => {}
        }
    }

    /// Takes into the totals what was added to the purchases; before anything is read.
    #[inline]
    pub(super) fn settle(&mut self) {
        for purchase in &self.purchases[self.totals.settled..] {
            let new_day = self.purchase_days.note(purchase.day);
            self.totals.note(self.anchor, purchase, new_day);
        }
        self.categories.settle();
        self.channels.settle();
    }

    /// Events of `kind`.
    #[inline]
    pub(super) fn seen(&self, kind: Kind) -> Seen {
        self.seen[kind as usize]
    }

    /// Whether a sum of amounts is more than unknown: some purchase has one, or there is no purchase.
    #[inline]
    pub(super) fn is_spend_known(&self) -> bool {
        self.purchases.is_empty() || self.totals.values.count() > 0
    }

    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(super) fn capacities(&self) -> [usize; 6] {
        let names = [self.categories.capacity(), self.channels.capacity()];
        [self.purchases.capacity(), self.returns.capacity(), self.purchase_days.capacity(), names[0], names[1], self.places.capacity()]
    }
}

/// Adds a line to its order, or begins one; which order it is.
#[inline]
fn add_line(orders: &mut Vec<Order>, places: &mut Vec<u32>, event: &Event) -> usize {
    if event.order != Event::NO_ORDER {
        let number = event.order as usize;
        if places.len() <= number {
            places.resize(number + 1, 0);
        }
        if let Some(place) = places[number].checked_sub(1) {
            let order = &mut orders[place as usize];
            order.amount = add(order.amount, event.amount);
            order.quantity = add(order.quantity, event.quantity);
            return place as usize;
        }
        places[number] = orders.len() as u32 + 1;
    }
    orders.push(Order { ts: event.ts, day: event.day, hour: event.hour, amount: event.amount, quantity: event.quantity });
    orders.len() - 1
}
