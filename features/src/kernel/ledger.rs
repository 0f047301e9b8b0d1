//! What the families share of one observed history.

use super::coverage::{Coverage, Since};
use super::numbers::add;
use crate::event::{Kind, Token};
use crate::history::{Event, Observed};
use crate::shape::DataShape;
use crate::time::{Cutoff, Timestamp};

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

/// What is observed of one customer, sorted by what it is; everything in it is in the order of time.
///
/// It alone looks at [`Observed`]; the families read it.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    /// The cutoff of what it holds.
    pub(super) cutoff: Cutoff,
    /// From when on the data holds what.
    pub(super) since: Since,
    pub(super) purchases: Vec<Order>,
    pub(super) returns: Vec<Order>,
    /// Local days with a purchase, each once.
    pub(super) purchase_days: Vec<i32>,
    /// Local days with a visit, each once.
    pub(super) visit_days: Vec<i32>,
    /// Everything that [`Kind::is_interaction`].
    pub(super) interactions: Vec<Timestamp>,
    /// Answers to surveys that have a score.
    pub(super) survey_points: Vec<f64>,
    /// Categories of purchases, line by line, and interactions.
    pub(super) categories: Vec<(Token, Timestamp)>,
    /// Channels of purchases, line by line, and interactions.
    pub(super) channels: Vec<(Token, Timestamp)>,
    /// Events of each kind but purchases and returns.
    times: [Vec<Timestamp>; Kind::ALL.len()],
    /// For each order number, one more than where it stands among the purchases or returns; 0 when not seen yet.
    places: Vec<u32>,
}

impl Ledger {
    /// An empty ledger over data of this shape.
    pub(super) fn new(shape: &DataShape) -> Self {
        Self {
            cutoff: Cutoff { at: Timestamp(i64::MIN), day: i32::MIN, month: 1 },
            since: Since::of(shape),
            purchases: Vec::new(),
            returns: Vec::new(),
            purchase_days: Vec::new(),
            visit_days: Vec::new(),
            interactions: Vec::new(),
            survey_points: Vec::new(),
            categories: Vec::new(),
            channels: Vec::new(),
            times: std::array::from_fn(|_| Vec::new()),
            places: Vec::new(),
        }
    }

    /// Replaces what it holds by `observed`.
    pub(super) fn refill(&mut self, observed: &Observed<'_>) {
        self.clear();
        self.cutoff = observed.cutoff();
        for event in observed.events() {
            match event.kind {
                Kind::Purchase => {
                    add_line(&mut self.purchases, &mut self.places, event);
                    self.note_places(event);
                }
                Kind::Return => add_line(&mut self.returns, &mut self.places, event),
                kind => {
                    self.times[kind as usize].push(event.ts);
                    if kind.is_interaction() {
                        self.note_interaction(event);
                    }
                }
            }
        }
        for purchase in &self.purchases {
            push_later(&mut self.purchase_days, purchase.day);
        }
    }

    fn clear(&mut self) {
        self.purchases.clear();
        self.returns.clear();
        self.purchase_days.clear();
        self.visit_days.clear();
        self.interactions.clear();
        self.survey_points.clear();
        self.categories.clear();
        self.channels.clear();
        self.times.iter_mut().for_each(Vec::clear);
        self.places.clear();
    }

    fn note_interaction(&mut self, event: &Event) {
        self.interactions.push(event.ts);
        self.note_places(event);
        match event.kind {
            Kind::Visit => push_later(&mut self.visit_days, event.day),
            Kind::Survey if !event.amount.is_nan() => self.survey_points.push(event.amount),
            _ => {}
        }
    }

    fn note_places(&mut self, event: &Event) {
        if event.category.is_some() {
            self.categories.push((event.category, event.ts));
        }
        if event.channel.is_some() {
            self.channels.push((event.channel, event.ts));
        }
    }

    /// When the events of `kind` happened; empty for purchases and returns, whose lines are joined.
    pub(super) fn times(&self, kind: Kind) -> &[Timestamp] {
        &self.times[kind as usize]
    }

    /// What the data covers of that which it holds from `since` on.
    pub(super) fn coverage(&self, since: Timestamp) -> Coverage {
        Coverage { since, at: self.cutoff.at }
    }

    /// A lifetime count of `kind`: missing instead of 0 when the data does not hold the kind.
    pub(super) fn count_ever(&self, kind: Kind, count: usize) -> f64 {
        if count > 0 || self.coverage(self.since.kind(kind)).is_held() { count as f64 } else { f64::NAN }
    }

    /// Events of `kind` in `[cutoff - days, cutoff)`, by the rules of [`Coverage`].
    pub(super) fn count_last(&self, kind: Kind, days: u32) -> f64 {
        self.coverage(self.since.kind(kind)).last(days).count(self.times(kind), |ts| *ts)
    }

    /// What each buffer can hold without growing.
    #[cfg(test)]
    pub(super) fn capacities(&self) -> Vec<usize> {
        let orders = [self.purchases.capacity(), self.returns.capacity(), self.places.capacity()];
        let days = [self.purchase_days.capacity(), self.visit_days.capacity()];
        let seen = [self.interactions.capacity(), self.survey_points.capacity(), self.categories.capacity(), self.channels.capacity()];
        self.times.iter().map(Vec::capacity).chain(orders).chain(days).chain(seen).collect()
    }

    /// Days from `ts` to the cutoff; missing without it.
    pub(super) fn days_since(&self, ts: Option<Timestamp>) -> f64 {
        ts.map_or(f64::NAN, |ts| self.cutoff.at.days_since(ts))
    }
}

/// Adds a line to its order, or begins one.
fn add_line(orders: &mut Vec<Order>, places: &mut Vec<u32>, event: &Event) {
    if event.order != Event::NO_ORDER {
        let number = event.order as usize;
        if places.len() <= number {
            places.resize(number + 1, 0);
        }
        if let Some(place) = places[number].checked_sub(1) {
            let order = &mut orders[place as usize];
            order.amount = add(order.amount, event.amount);
            order.quantity = add(order.quantity, event.quantity);
            return;
        }
        places[number] = orders.len() as u32 + 1;
    }
    orders.push(Order { ts: event.ts, day: event.day, hour: event.hour, amount: event.amount, quantity: event.quantity });
}

/// Adds a day that is later than the last: a clock set back over midnight does not make a day count twice.
fn push_later(days: &mut Vec<i32>, day: i32) {
    if days.last().is_none_or(|last| *last < day) {
        days.push(day);
    }
}
