//! One customer's events: judged once when [built](crate::HistoryBuilder), then shown only as of a cutoff.

pub use crate::builder::HistoryBuilder;
use crate::event::{Kind, Token};
use crate::time::{Cutoff, Timestamp};

/// An event of a [`History`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// When it happened.
    pub ts: Timestamp,
    /// From when on we knew of it; not before this instant is it observed.
    pub known_at: Timestamp,
    /// Money, or the score of a survey; NaN when not given.
    pub amount: f64,
    /// Units; NaN when not given.
    pub quantity: f64,
    /// Which order of its kind, dense from 0 within the history; `u32::MAX` when none was given.
    pub order: u32,
    /// Whether an earlier event of the history is a line of the same order.
    pub continues: bool,
    /// Local day of `ts`, in days since 1970-01-01.
    pub day: i32,
    /// Where it happened.
    pub channel: Token,
    /// What it was about.
    pub category: Token,
    /// What happened.
    pub kind: Kind,
    /// Local hour of `ts`, 0..=23.
    pub hour: u8,
}

impl Event {
    /// The `order` of an event that names none.
    pub const NO_ORDER: u32 = u32::MAX;
}

/// What becomes of a row that repeats another of the same customer in every field that is read (`known_at` aside).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// It counts once, known from the earliest `known_at`: deliveries that were repeated do no harm.
    #[default]
    Drop,
    /// It counts as often as it stands there: for line items whose product column is not mapped.
    Keep,
}

/// One customer's events, sorted and valid. The only road to features is [`observe`](Self::observe).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub(crate) events: Vec<Event>,
    pub(crate) late: bool,
    pub(crate) duplicates: usize,
    pub(crate) duplicate_order_lines: usize,
}

impl History {
    /// What was known strictly before `cutoff`: `ts < cutoff` and `known_at <= cutoff`.
    ///
    /// ```
    /// use lapwing_features::example;
    /// let history = example::history(&[("2024-01-01", "purchase", 5.0), ("2024-02-01", "purchase", 5.0)]);
    /// assert_eq!(history.observe(example::cutoff("2024-02-01")).events().count(), 1);
    /// ```
    #[must_use]
    pub fn observe(&self, cutoff: Cutoff) -> Observed<'_> {
        // Most cutoffs lie after the last event.
        let all = self.events.last().is_none_or(|last| last.ts < cutoff.at);
        let end = if all { self.events.len() } else { count_before(&self.events, cutoff.at) };
        Observed { events: &self.events[..end], late: self.late, cutoff }
    }

    /// As [`observe`](Self::observe), when it is known that the first `count` events happened before `cutoff` and no others.
    pub(crate) fn first(&self, count: usize, cutoff: Cutoff) -> Observed<'_> {
        Observed { events: &self.events[..count], late: self.late, cutoff }
    }

    /// The events but the first `count`; those before a cutoff are observed at it, unless the history [is late](Self::is_late).
    pub(crate) fn from(&self, count: usize) -> &[Event] {
        &self.events[count..]
    }

    /// Whether some event was not known when it happened.
    pub(crate) fn is_late(&self) -> bool {
        self.late
    }

    /// How many exact duplicates were dropped.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// How many of the dropped duplicates name an order but no line, so that they may have been further lines of that order.
    #[must_use]
    pub fn duplicate_order_lines(&self) -> usize {
        self.duplicate_order_lines
    }

    /// Number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether a purchase lies in `[from, to)`; for labels, which look forward. An order lies where its first line does.
    pub(crate) fn purchased_within(&self, from: Timestamp, to: Timestamp) -> bool {
        let start = self.events.partition_point(|event| event.ts < from);
        self.events[start..].iter().take_while(|event| event.ts < to).any(|event| event.kind == Kind::Purchase && !event.continues)
    }
}

/// How many of `events`, which are in the order of time, happened before `at`.
pub(crate) fn count_before(events: &[Event], at: Timestamp) -> usize {
    if events.len() <= 64 {
        // All are fetched at once; a search would wait for one after the other and guess wrong at each.
        events.iter().map(|event| usize::from(event.ts < at)).sum()
    } else {
        events.partition_point(|event| event.ts < at)
    }
}

/// A history as it was known at a cutoff.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    events: &'a [Event],
    late: bool,
    cutoff: Cutoff,
}

impl<'a> Observed<'a> {
    /// The observed events, oldest first.
    #[must_use]
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &'a Event> + Clone + use<'a> {
        let (late, at) = (self.late, self.cutoff.at);
        self.events.iter().filter(move |event| !late || event.known_at <= at)
    }

    /// Everything that happened before the cutoff: what is observed, unless some of it was not [known](Self::is_late) at once.
    pub(crate) fn before(&self) -> &'a [Event] {
        self.events
    }

    /// Whether some event of the history was not known when it happened.
    pub(crate) fn is_late(&self) -> bool {
        self.late
    }

    /// The observed purchases, oldest first: of an order, the first line that is observed.
    ///
    /// ```
    /// use lapwing_features::{Calendar, Duplicates, HistoryBuilder, Kind, RawEvent, Token, example};
    /// let line = |date| RawEvent { order: Token::of("7"), ..RawEvent::new(example::cutoff(date).at, Kind::Purchase, Some(5.0)) };
    /// let mut builder = HistoryBuilder::new();
    /// ["2024-01-01", "2024-01-03"].map(|date| builder.push(line(date))); // shipped in two parts
    /// let history = builder.build(&Calendar::utc(), Duplicates::Drop);
    /// assert_eq!(history.observe(example::cutoff("2024-02-01")).purchases().count(), 1);
    /// ```
    #[must_use]
    pub fn purchases(&self) -> impl DoubleEndedIterator<Item = &'a Event> + Clone + use<'a> {
        let observed = *self;
        self.events().filter(move |event| event.kind == Kind::Purchase && observed.begins(event))
    }

    /// Whether no earlier line of the event's order is observed: the first one may have become known too late.
    fn begins(&self, event: &Event) -> bool {
        let same = |other: &&Event| other.kind == event.kind && other.order == event.order;
        !event.continues || (self.late && self.events().rev().skip_while(|other| !std::ptr::eq(*other, event)).skip(1).find(same).is_none())
    }

    /// The cutoff.
    #[must_use]
    pub fn cutoff(&self) -> Cutoff {
        self.cutoff
    }

    /// Whether nothing is observed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events().next().is_none()
    }
}
