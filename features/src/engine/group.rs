//! Gathers events by customer while they come in from many threads in any order.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use super::canonical::rows::{Row, Rows};
use super::dataset::Customer;
use crate::event::{Kind, RawEvent};
use crate::history::{Duplicates, HistoryBuilder};
use crate::shape::DataShape;
use crate::snapshot::Attributes;
use crate::time::{Calendar, Timestamp};

/// So many that threads rarely wait for each other.
const SHARDS: usize = 64;

/// All customers, spread by a hash of their ids.
#[derive(Debug)]
pub(super) struct Shards(Vec<Mutex<Shard>>);

/// The customers of one hash.
#[derive(Debug, Default)]
struct Shard {
    positions: HashMap<Box<str>, usize>,
    builders: Vec<HistoryBuilder>,
    /// Events without an amount whose kind hangs on from when on the data has amounts.
    undecided: Vec<(usize, RawEvent)>,
}

/// What all events make.
#[derive(Default)]
pub(super) struct Grouped {
    /// By id.
    pub(super) customers: Vec<Customer>,
    /// Of the events that were undecided.
    pub(super) shape: DataShape,
    /// How many of those are `other`, for want of an amount.
    pub(super) without_amount: u64,
}

impl Shards {
    pub(super) fn new() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }

    /// Adds the events of a batch.
    pub(super) fn append(&self, rows: &Rows) {
        let mut by_shard: Vec<Vec<(&str, &Row)>> = vec![Vec::new(); SHARDS];
        for row in &rows.rows {
            if let Some(id) = rows.ids.id(row.at).value() {
                by_shard[shard_of(id)].push((id, row));
            }
        }
        for (shard, rows) in self.0.iter().zip(by_shard).filter(|(_, rows)| !rows.is_empty()) {
            // A thread that panicked ends the whole read, so what it left behind is never used.
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, row) in rows {
                shard.push(id, row);
            }
        }
    }

    /// Takes out all events and builds the histories on all threads, now that it is known from when on the data has amounts.
    pub(super) fn finish(&self, calendar: &Calendar, duplicates: Duplicates, amounts_since: Option<Timestamp>) -> Grouped {
        let queue = Mutex::new(self.0.iter());
        let build = || {
            let mut built = Grouped::default();
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(shard) = next else { return built };
                let shard = std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
                shard.build(calendar, duplicates, amounts_since, &mut built);
            }
        };
        let mut all = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..super::threads()).map(|_| scope.spawn(build)).collect();
            let mut all = Grouped::default();
            for thread in threads {
                let part = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                all.customers.extend(part.customers);
                all.shape.merge(&part.shape);
                all.without_amount += part.without_amount;
            }
            all
        });
        all.customers.sort_unstable_by(|one, two| one.id.cmp(&two.id));
        all
    }
}

impl Shard {
    fn push(&mut self, id: &str, row: &Row) {
        let known = self.positions.get(id).copied();
        let at = known.unwrap_or_else(|| {
            self.positions.insert(id.into(), self.builders.len());
            self.builders.push(HistoryBuilder::new());
            self.builders.len() - 1
        });
        if row.undecided {
            self.undecided.push((at, row.event));
        } else {
            self.builders[at].push(row.event);
        }
    }

    fn build(mut self, calendar: &Calendar, duplicates: Duplicates, amounts_since: Option<Timestamp>, built: &mut Grouped) {
        for (at, event) in self.undecided {
            let event = RawEvent { kind: Kind::of_amount(None, event.ts, amounts_since), ..event };
            built.shape.note(&event);
            built.without_amount += u64::from(event.kind == Kind::Other);
            self.builders[at].push(event);
        }
        for (id, at) in self.positions {
            let history = std::mem::take(&mut self.builders[at]).build(calendar, duplicates);
            built.customers.push(Customer { id: id.into(), history, attributes: Attributes::new() });
        }
    }
}

fn shard_of(id: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish() as usize % SHARDS
}
