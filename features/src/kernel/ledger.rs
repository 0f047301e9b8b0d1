//! What is observed of one customer, event by event: lists and running sums that the families read at a cutoff.

use super::decay::Decayed;
use super::engagement::VisitDays;
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

/// What is to be done with events of a kind, one bit each. Looked up, so that no branch on the kind is made of it.
#[derive(Clone, Copy)]
pub(super) struct Traits(u8);

impl Traits {
    pub(super) const PURCHASE: u8 = 0;
    pub(super) const INTERACTION: u8 = 1;
    pub(super) const VISIT: u8 = 2;
    pub(super) const CART: u8 = 3;
    /// A return or an answer.
    const RARE: u8 = 4;

    #[inline]
    pub(super) fn of(kind: Kind) -> Self {
        static TRAITS: [u8; KINDS] = {
            let mut traits = [0; KINDS];
            let mut place = 0;
            while place < KINDS {
                let kind = Kind::ALL[place];
                traits[place] = (matches!(kind, Kind::Purchase) as u8) << Traits::PURCHASE
                    | (kind.is_interaction() as u8) << Traits::INTERACTION
                    | (matches!(kind, Kind::Visit) as u8) << Traits::VISIT
                    | (matches!(kind, Kind::CartAdd) as u8) << Traits::CART
                    | (matches!(kind, Kind::Return | Kind::Survey) as u8) << Traits::RARE;
                place += 1;
            }
            traits
        };
        Self(TRAITS[kind as usize])
    }

    /// 1 or 0.
    #[inline]
    pub(super) fn has(self, one: u8) -> usize {
        usize::from(self.0 >> one & 1)
    }
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
    /// When the last event happened that [`Kind::is_interaction`].
    pub(super) last_interaction: Option<Timestamp>,
    /// The decayed number of all of them.
    pub(super) decayed_interactions: Decayed<1>,
    pub(super) visit_days: VisitDays,
    pub(super) answers: Answers,
    /// Categories of purchases, line by line, and interactions.
    pub(super) categories: Names,
    /// Channels of purchases, line by line, and interactions.
    pub(super) channels: Names,
    /// For each order number, one more than where it stands among the purchases or returns; 0 when not seen yet.
    places: Vec<u32>,
    sorting: Sorting,
}

/// Where events are sorted by what they are; longer than what is written to it.
#[derive(Clone, Debug, Default)]
struct Sorting {
    /// Places of purchases among the events.
    purchases: Vec<u32>,
    interactions: Vec<Timestamp>,
}

impl Sorting {
    fn make_room(&mut self, events: usize) {
        if self.purchases.len() < events {
            self.purchases.resize(events, 0);
            self.interactions.resize(events, Timestamp(0));
        }
    }
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
            last_interaction: None,
            decayed_interactions: Decayed::default(),
            visit_days: VisitDays::default(),
            answers: Answers::default(),
            categories: Names::default(),
            channels: Names::default(),
            places: Vec::new(),
            sorting: Sorting::default(),
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
        (self.last_interaction, self.decayed_interactions) = (None, Decayed::default());
        self.visit_days = VisitDays::default();
        self.answers = Answers::default();
        self.categories.clear();
        self.channels.clear();
        self.places.clear();
    }

    /// Takes in the events that come next.
    ///
    /// Which kind comes next cannot be guessed, so that a branch on it would cost more than all that is done: what is not asked of
    /// an event is written all the same, where the next one overwrites it.
    pub(super) fn take(&mut self, events: &[Event]) {
        let Some(first) = events.first() else { return };
        if self.is_empty {
            (self.anchor, self.is_empty) = (first.ts, false);
        }
        let sorting = &mut self.sorting;
        sorting.make_room(events.len());
        let (purchases, interactions) = (&mut sorting.purchases[..events.len()], &mut sorting.interactions[..events.len()]);
        let (mut bought, mut own, mut visit_days) = (0, 0, self.visit_days);
        for (place, event) in events.iter().enumerate() {
            let traits = Traits::of(event.kind);
            let seen = &mut self.seen[event.kind as usize];
            *seen = Seen { count: seen.count + 1, last: event.ts };
            purchases[bought] = place as u32;
            interactions[own] = event.ts;
            bought += traits.has(Traits::PURCHASE);
            own += traits.has(Traits::INTERACTION);
            visit_days.note_if(traits.has(Traits::VISIT), event.day);
            if traits.has(Traits::PURCHASE) + traits.has(Traits::INTERACTION) > 0 {
                self.categories.note(event.category, event.ts);
                self.channels.note(event.channel, event.ts);
            }
            if traits.has(Traits::RARE) > 0 {
                match event.kind {
                    Kind::Survey => self.answers.note(event.amount),
                    _ => _ = add_line(&mut self.returns, &mut self.places, event),
                }
            }
        }
        self.visit_days = visit_days;
        let interactions = &interactions[..own];
        self.decayed_interactions.add(self.anchor, interactions, |ts| (*ts, [1.0]));
        self.last_interaction = interactions.last().copied().or(self.last_interaction);
        for place in &purchases[..bought] {
            let order = add_line(&mut self.purchases, &mut self.places, &events[*place as usize]);
            if order < self.totals.settled {
                // A further line of an order that the totals hold already.
                self.totals.clear();
                self.purchase_days.clear();
            }
        }
    }

    /// Takes into the totals what was added to the purchases; before anything is read.
    #[inline]
    pub(super) fn settle(&mut self) {
        self.totals.note(self.anchor, &self.purchases, &mut self.purchase_days);
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
    pub(super) fn capacities(&self) -> [usize; 7] {
        let [orders, returns] = [&self.purchases, &self.returns].map(Vec::capacity);
        let [categories, channels] = [&self.categories, &self.channels].map(Names::capacity);
        let days = self.purchase_days.capacity();
        [orders, returns, categories, channels, days, self.sorting.interactions.capacity(), self.places.capacity()]
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
