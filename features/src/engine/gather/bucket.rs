//! The customers of one bucket, each with its events in one place.

use super::record;
use crate::event::{Kind, RawEvent, Token};
use crate::history::{Duplicates, History, HistoryBuilder};
use crate::time::{Calendar, Timestamp};

/// Customers sorted by the hash of their ids, then by id; made anew for each pass over the data.
#[derive(Debug)]
pub(in crate::engine) struct Bucket {
    ids: String,
    id_ends: Vec<usize>,
    records: Vec<u8>,
    /// Where each customer's records end.
    ends: Vec<usize>,
}

/// What records mean beside what stands in them.
#[derive(Debug)]
pub(in crate::engine) struct Reading {
    /// The names by their numbers.
    pub(in crate::engine) tokens: Vec<Token>,
    pub(in crate::engine) calendar: Calendar,
    pub(in crate::engine) duplicates: Duplicates,
    /// From when on the data has amounts, which tells the kind of the undecided.
    pub(in crate::engine) amounts_since: Option<Timestamp>,
}

impl Bucket {
    pub(super) fn new(ids: Vec<u8>, id_ends: Vec<usize>, records: Vec<u8>, ends: Vec<usize>) -> Self {
        // Ids come from texts, so that nothing is replaced.
        let ids = String::from_utf8(ids).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Self { ids, id_ends, records, ends }
    }

    /// Number of customers.
    pub(in crate::engine) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The id of a customer.
    pub(in crate::engine) fn id(&self, place: usize) -> &str {
        &self.ids[between(&self.id_ends, place)]
    }

    /// The id of a customer and its events, as they are written.
    #[cfg(feature = "cluster")]
    pub(super) fn written(&self, place: usize) -> (&str, &[u8]) {
        (self.id(place), &self.records[between(&self.ends, place)])
    }

    /// The history of a customer, into `history`.
    pub(in crate::engine) fn history(&self, place: usize, reading: &Reading, builder: &mut HistoryBuilder, history: &mut History) {
        for (event, _) in self.events(place, reading) {
            builder.push(event);
        }
        builder.build_into(&reading.calendar, reading.duplicates, history);
    }

    /// The events of a customer as they were read, each with whether its kind was undecided.
    pub(in crate::engine) fn events<'a>(&'a self, place: usize, reading: &'a Reading) -> Events<'a> {
        Events { rest: &self.records[between(&self.ends, place)], reading }
    }
}

/// See [`Bucket::events`].
pub(in crate::engine) struct Events<'a> {
    rest: &'a [u8],
    reading: &'a Reading,
}

impl Iterator for Events<'_> {
    type Item = (RawEvent, bool);

    /// Inlined, so that an event is put where it belongs field by field: one that is moved whole right after it was made is waited for.
    #[inline]
    fn next(&mut self) -> Option<(RawEvent, bool)> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut event, undecided, taken) = record::read(self.rest, &self.reading.tokens);
        self.rest = &self.rest[taken..];
        if undecided {
            event.kind = Kind::of_amount(None, event.ts, self.reading.amounts_since);
        }
        Some((event, undecided))
    }
}

fn between(ends: &[usize], place: usize) -> std::ops::Range<usize> {
    place.checked_sub(1).map_or(0, |before| ends[before])..ends[place]
}
