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

/// What is to be done with events of a kind, one bit each: to be counted with, for a branch on the kind could not be guessed.
#[derive(Clone, Copy)]
pub(super) struct Traits(u8);

impl Traits {
    pub(super) const PURCHASE: u8 = 0;
    pub(super) const INTERACTION: u8 = 1;
    pub(super) const VISIT: u8 = 2;
    pub(super) const CART: u8 = 3;
    /// A purchase or an interaction: their categories and channels count.
    pub(super) const NAMED: u8 = 4;
    /// A return or an answer.
    const RARE: u8 = 5;

    #[inline(always)]
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
                    | ((matches!(kind, Kind::Purchase) || kind.is_interaction()) as u8) << Traits::NAMED
                    | (matches!(kind, Kind::Return | Kind::Survey) as u8) << Traits::RARE;
                place += 1;
            }
            traits
        };
        Self(TRAITS[kind as usize])
    }

    /// 1 or 0.
    #[inline(always)]
    pub(super) fn has(self, one: u8) -> u8 {
        self.0 >> one & 1
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
    #[inline(always)]
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
    /// Events by kind.
    seen: [Seen; KINDS],
    /// When the last event happened that [`Kind::is_interaction`].
    pub(super) last_interaction: Option<Timestamp>,
    /// The decayed number of all of them.
    pub(super) decayed_interactions: Decayed<1>,
    pub(super) visit_days: VisitDays,
    pub(super) answers: Answers,
    /// Categories of purchases, line by line, and interactions.
    pub(super) categories: Names<true>,
    /// Channels of purchases, line by line, and interactions.
    pub(super) channels: Names<false>,
    /// For each order number, one more than where it stands among the purchases or returns; 0 when not seen yet.
    places: Vec<u32>,
    block: Block,
}

/// So many events are taken in at once.
const BLOCK: usize = 64;

/// A block of events, sorted by what they are.
#[derive(Clone, Debug)]
struct Block {
    /// The traits of each event.
    traits: [u8; BLOCK],
    /// When the interactions happened.
    interactions: [Timestamp; BLOCK],
}

impl Default for Block {
    fn default() -> Self {
        Self { traits: [0; BLOCK], interactions: [Timestamp(0); BLOCK] }
    }
}

impl Block {
    /// The places of the first `count` events that have one of the traits.
    #[inline(always)]
    fn places(&self, one: u8, count: usize) -> Places {
        let (words, _) = self.traits.as_chunks();
        let mut places = 0;
        for (place, word) in words[..count.div_ceil(8)].iter().enumerate() {
            // The bit of each byte, brought together in the uppermost byte: byte n by 56 - 7 n.
            let bits = (u64::from_le_bytes(*word) >> one & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            places |= bits << (8 * place);
        }
        Places(places & u64::MAX >> (BLOCK - count))
    }
}

/// Places in a block, one bit each, first to last.
struct Places(u64);

impl Iterator for Places {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros() as usize;
        (self.0 > 0).then(|| {
            self.0 &= self.0 - 1;
            place
        })
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
    #[inline(always)]
    pub(super) fn take(&mut self, events: &[Event]) {
        let Some(first) = events.first() else { return };
        if self.is_empty {
            (self.anchor, self.is_empty) = (first.ts, false);
        }
        for block in events.chunks(BLOCK) {
            self.take_block(block);
        }
    }

    /// As [`take`](Self::take), at most a block and not nothing.
    #[inline(always)]
    fn take_block(&mut self, events: &[Event]) {
        let mut own = 0;
        for (event, noted) in events.iter().zip(&mut self.block.traits) {
            let traits = Traits::of(event.kind);
            *noted = traits.0;
            let seen = &mut self.seen[event.kind as usize];
            *seen = Seen { count: seen.count + 1, last: event.ts };
            self.block.interactions[own % BLOCK] = event.ts;
            own += usize::from(traits.has(Traits::INTERACTION));
            self.categories.note(event.category, event.ts, traits.has(Traits::NAMED));
            self.channels.note(event.channel, event.ts, traits.has(Traits::NAMED));
        }
        let interactions = &self.block.interactions[..own];
        self.decayed_interactions.add(self.anchor, interactions, |ts| *ts, |_| [1.0], |_| ());
        self.last_interaction = interactions.last().copied().or(self.last_interaction);
        let places = |one: u8| self.block.places(one, events.len());
        let (visits, rare, purchases) = (places(Traits::VISIT), places(Traits::RARE), places(Traits::PURCHASE));
        let mut visit_days = self.visit_days;
        for place in visits {
            visit_days.note(events[place].day);
        }
        self.visit_days = visit_days;
        for place in rare {
            let event = &events[place];
            match event.kind {
                Kind::Survey => self.answers.note(event.amount),
                _ => _ = add_line(&mut self.returns, &mut self.places, event),
            }
        }
        for place in purchases {
            let order = add_line(&mut self.purchases, &mut self.places, &events[place]);
            if order < self.totals.settled {
                // A further line of an order that the totals hold already.
                self.totals.clear();
                self.purchase_days.clear();
            }
        }
    }

    /// Takes into the totals what was added to the purchases; before anything is read.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        self.totals.note(self.anchor, &self.purchases, &mut self.purchase_days);
        self.categories.settle();
        self.channels.settle();
    }

    /// Events of `kind`.
    #[inline(always)]
    pub(super) fn seen(&self, kind: Kind) -> Seen {
        self.seen[kind as usize]
    }

    /// Whether a sum of amounts is more than unknown: some purchase has one, or there is no purchase.
    #[inline(always)]
    pub(super) fn is_spend_known(&self) -> bool {
        self.purchases.is_empty() || self.totals.values.count() > 0
    }

    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(super) fn capacities(&self) -> [usize; 6] {
        let [orders, returns] = [&self.purchases, &self.returns].map(Vec::capacity);
        let (categories, channels) = (self.categories.capacity(), self.channels.capacity());
        let days = self.purchase_days.capacity();
        [orders, returns, categories, channels, days, self.places.capacity()]
    }
}

/// Adds a line to its order, or begins one; which order it is.
#[inline(always)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_traits() {
        let mut block = Block::default();
        for (place, traits) in block.traits.iter_mut().enumerate() {
            *traits = Traits::of(Kind::ALL[place * place % KINDS]).0;
        }
        for count in 1..=BLOCK {
            for one in [Traits::PURCHASE, Traits::VISIT, Traits::RARE] {
                let truth = (0..count).filter(|place| block.traits[*place] >> one & 1 == 1);
                assert!(block.places(one, count).eq(truth), "{one} of {count}");
            }
        }
    }
}
