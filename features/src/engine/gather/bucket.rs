//! The customers of one bucket, each with its events.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::record;
use super::spill::{Budget, Segment, SpillFile, Spilled};
use crate::engine::error::EngineError;
use crate::event::{Kind, RawEvent, Token};
use crate::history::{Duplicates, History, HistoryBuilder};
use crate::time::{Calendar, Timestamp};

/// Customers sorted by the hash of their ids, then by id.
#[derive(Debug, Default)]
pub(in crate::engine) struct Bucket {
    hashes: Vec<u64>,
    id_ends: Vec<u32>,
    ids: String,
    /// Where each customer's records end.
    ends: Vec<usize>,
    records: Place,
}

/// Where the records of a bucket are.
#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    File(Segment, Option<Arc<Spilled>>),
}

impl Default for Place {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

/// The records of a bucket, in memory.
pub(in crate::engine) type Records<'a> = Cow<'a, [u8]>;

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
    /// Number of customers.
    pub(in crate::engine) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// The id of a customer.
    pub(in crate::engine) fn id(&self, place: usize) -> &str {
        let begin = place.checked_sub(1).map_or(0, |before| self.id_ends[before]);
        &self.ids[begin as usize..self.id_ends[place] as usize]
    }

    /// Where a customer stands.
    pub(in crate::engine) fn position(&self, hash: u64, id: &str) -> Option<usize> {
        let first = self.hashes.partition_point(|known| *known < hash);
        let same = self.hashes[first..].iter().take_while(|known| **known == hash).count();
        (first..first + same).find(|place| self.id(*place) == id)
    }

    /// The records, read back if they wait in a file.
    pub(in crate::engine) fn records(&self) -> Result<Records<'_>, EngineError> {
        match &self.records {
            Place::Memory(records) => Ok(Cow::Borrowed(records)),
            Place::File(_, None) => Ok(Cow::Borrowed(&[])),
            Place::File(segment, Some(file)) => {
                let mut records = Vec::new();
                file.read(*segment, &mut records).map_err(|error| EngineError::spill(&error))?;
                Ok(Cow::Owned(records))
            }
        }
    }

    /// Moves the records to a file, which is to be told by [`spilled_to`](Self::spilled_to) once it is whole.
    pub(in crate::engine) fn spill(&mut self, file: &mut Option<SpillFile>, budget: &Budget) -> io::Result<()> {
        let file = match file {
            Some(file) => file,
            none => none.insert(SpillFile::new(budget)?),
        };
        if let Place::Memory(records) = &self.records {
            self.records = Place::File(file.append(records)?, None);
        }
        Ok(())
    }

    /// The file that the records were moved to, if they were.
    pub(in crate::engine) fn spilled_to(&mut self, spilled: &Arc<Spilled>) {
        if let Place::File(_, file) = &mut self.records {
            *file = Some(Arc::clone(spilled));
        }
    }

    /// The history of a customer, into `history`.
    pub(in crate::engine) fn history(
        &self,
        records: &[u8],
        place: usize,
        reading: &Reading,
        builder: &mut HistoryBuilder,
        history: &mut History,
    ) {
        for (event, _) in self.events(records, place, reading) {
            builder.push(event);
        }
        builder.build_into(&reading.calendar, reading.duplicates, history);
    }

    /// The events of a customer as they were read, each with whether its kind was undecided.
    pub(in crate::engine) fn events<'a>(
        &self,
        records: &'a [u8],
        place: usize,
        reading: &'a Reading,
    ) -> impl Iterator<Item = (RawEvent, bool)> + use<'a> {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        let mut rest = records.get(begin..self.ends[place]).unwrap_or_default();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (mut event, undecided, taken) = record::read(rest, &reading.tokens);
            rest = &rest[taken..];
            if undecided {
                event.kind = Kind::of_amount(None, event.ts, reading.amounts_since);
            }
            Some((event, undecided))
        })
    }

    /// Bytes of memory, about.
    pub(in crate::engine) fn bytes(&self) -> usize {
        self.hashes.len() * 8
            + self.id_ends.len() * 4
            + self.ids.len()
            + self.ends.len() * 8
            + match &self.records {
                Place::Memory(records) => records.len(),
                Place::File(..) => 0,
            }
    }
}

/// Collects the customers of a bucket in their order.
#[derive(Default)]
pub(super) struct BucketBuilder {
    hashes: Vec<u64>,
    id_ends: Vec<u32>,
    ids: Vec<u8>,
}

impl BucketBuilder {
    /// The next customer's number.
    pub(super) fn enter(&mut self, hash: u64, id: &[u8]) -> u32 {
        self.hashes.push(hash);
        self.ids.extend_from_slice(id);
        self.id_ends.push(self.ids.len() as u32);
        self.hashes.len() as u32 - 1
    }

    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    pub(super) fn finish(self, ends: Vec<usize>, records: Vec<u8>) -> Bucket {
        let Self { hashes, id_ends, ids } = self;
        let mut hashes = hashes;
        hashes.shrink_to_fit();
        // Ids come from texts, so that nothing is replaced.
        let ids = String::from_utf8(ids).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Bucket { hashes, id_ends, ids, ends, records: Place::Memory(records) }
    }
}
