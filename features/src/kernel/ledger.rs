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

/// What is to be done with events of a kind, each 1 or 0: to be counted with, for a branch on the kind could not be guessed.
#[derive(Clone, Copy)]
pub(super) struct Traits {
    pub(super) purchase: u8,
    pub(super) interaction: u8,
    pub(super) visit: u8,
    pub(super) cart: u8,
    /// A purchase or an interaction: their categories and channels count.
    named: u8,
    /// A return or an answer.
    rare: u8,
}

impl Traits {
    #[inline]
    pub(super) fn of(kind: Kind) -> Self {
        static TRAITS: [Traits; KINDS] = {
            let mut traits = [Traits { purchase: 0, interaction: 0, visit: 0, cart: 0, named: 0, rare: 0 }; KINDS];
            let mut place = 0;
            while place < KINDS {
                let kind = Kind::ALL[place];
                traits[place] = Traits {
                    purchase: matches!(kind, Kind::Purchase) as u8,
                    interaction: kind.is_interaction() as u8,
                    visit: matches!(kind, Kind::Visit) as u8,
                    cart: matches!(kind, Kind::CartAdd) as u8,
                    named: (matches!(kind, Kind::Purchase) || kind.is_interaction()) as u8,
                    rare: matches!(kind, Kind::Return | Kind::Survey) as u8,
                };
                place += 1;
            }
            traits
        };
        TRAITS[kind as usize]
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
    block: Block,
}

/// So many events are taken in at once.
const BLOCK: usize = 64;

/// A block of events, sorted by what they are.
#[derive(Clone, Debug)]
struct Block {
    /// Places of purchases among the events.
    purchases: Pile<u8>,
    /// Places of returns and answers.
    rare: Pile<u8>,
    interactions: Pile<Timestamp>,
    /// Days of visits.
    visits: Pile<i32>,
}

/// Some of the events of a block.
#[derive(Clone, Debug)]
struct Pile<T> {
    items: [T; BLOCK],
    len: usize,
}

impl<T: Copy> Pile<T> {
    fn new(item: T) -> Self {
        Self { items: [item; BLOCK], len: 0 }
    }

    /// Adds `item` if `counts` is 1; if it is 0, the next one overwrites it.
    #[inline]
    fn put(&mut self, item: T, counts: u8) {
        self.items[self.len % BLOCK] = item;
        self.len += usize::from(counts);
    }

    fn as_slice(&self) -> &[T] {
        &self.items[..self.len]
    }
}

impl Default for Block {
    fn default() -> Self {
        Self { purchases: Pile::new(0), rare: Pile::new(0), interactions: Pile::new(Timestamp(0)), visits: Pile::new(0) }
    }
}

impl Block {
    /// Sorts `events`, at most a block, and notes in `seen` which kinds they are of.
    #[inline]
    fn sort(&mut self, events: &[Event], seen: &mut [Seen; KINDS]) {
        (self.purchases.len, self.rare.len, self.interactions.len, self.visits.len) = (0, 0, 0, 0);
        for (event, place) in events.iter().zip(0..) {
            let traits = Traits::of(event.kind);
            let seen = &mut seen[event.kind as usize];
            *seen = Seen { count: seen.count + 1, last: event.ts };
            self.purchases.put(place, traits.purchase);
            self.rare.put(place, traits.rare);
            self.interactions.put(event.ts, traits.interaction);
            self.visits.put(event.day, traits.visit);
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
            block: Block::default(),
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
        for block in events.chunks(BLOCK) {
            self.take_block(block);
        }
    }

    fn take_block(&mut self, events: &[Event]) {
        self.block.sort(events, &mut self.seen);
        let mut visit_days = self.visit_days;
        for day in self.block.visits.as_slice() {
            visit_days.note(*day);
        }
        self.visit_days = visit_days;
        let interactions = self.block.interactions.as_slice();
        self.decayed_interactions.add(self.anchor, interactions, |ts| *ts, |_| [1.0]);
        self.last_interaction = interactions.last().copied().or(self.last_interaction);
        for event in events {
            let counts = Traits::of(event.kind).named;
            self.categories.note(event.category, event.ts, counts);
            self.channels.note(event.channel, event.ts, counts);
        }
        for place in self.block.rare.as_slice() {
            let event = &events[usize::from(*place)];
            match event.kind {
                Kind::Survey => self.answers.note(event.amount),
                _ => _ = add_line(&mut self.returns, &mut self.places, event),
            }
        }
        for place in self.block.purchases.as_slice() {
            let order = add_line(&mut self.purchases, &mut self.places, &events[usize::from(*place)]);
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
    pub(super) fn capacities(&self) -> [usize; 6] {
        let [orders, returns] = [&self.purchases, &self.returns].map(Vec::capacity);
        let [categories, channels] = [&self.categories, &self.channels].map(Names::capacity);
        let days = self.purchase_days.capacity();
        [orders, returns, categories, channels, days, self.places.capacity()]
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
