//! What is known of the events once each history was built.

use std::sync::{Mutex, PoisonError};

use super::canonical::noted::Noted;
use super::error::EngineError;
use super::gather::{BUCKETS, Bucket, Gathered, Reading, Run};
use super::sweep;
use crate::event::Kind;
use crate::history::History;
use crate::time::Timestamp;

/// Brings together what the tasks gathered of each bucket.
pub(super) fn collect(tasks: Vec<Vec<Run>>, threads: usize) -> Result<Vec<Gathered>, EngineError> {
    let mut by_bucket: Vec<Vec<Run>> = (0..BUCKETS).map(|_| Vec::new()).collect();
    for runs in tasks {
        by_bucket.iter_mut().zip(runs).for_each(|(bucket, run)| bucket.push(run));
    }
    let by_bucket: Vec<Mutex<Vec<Run>>> = by_bucket.into_iter().map(Mutex::new).collect();
    let take = |number: usize| std::mem::take(&mut *by_bucket[number].lock().unwrap_or_else(PoisonError::into_inner));
    let mut all = Vec::with_capacity(BUCKETS);
    sweep::in_order(
        BUCKETS,
        threads,
        |number| Ok::<_, EngineError>(Gathered::new(take(number))),
        |gathered| {
            all.push(gathered);
            Ok(())
        },
    )?;
    Ok(all)
}

/// Events that are left when duplicates are settled.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) customers: u64,
    pub(super) events: u64,
    pub(super) exact_duplicates: u64,
    pub(super) duplicate_order_lines: u64,
}

impl Counts {
    pub(super) fn add(&mut self, history: &History) {
        self.customers += 1;
        self.events += history.len() as u64;
        self.exact_duplicates += history.duplicates() as u64;
        self.duplicate_order_lines += history.duplicate_order_lines() as u64;
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.customers += other.customers;
        self.events += other.events;
        self.exact_duplicates += other.exact_duplicates;
        self.duplicate_order_lines += other.duplicate_order_lines;
    }
}

/// What the events tell whose kind hung on the amounts of other rows.
#[derive(Default)]
pub(super) struct Undecided {
    pub(super) noted: Noted,
    pub(super) last_bought: Option<Timestamp>,
    /// How many are `other`, for want of an amount.
    pub(super) without_amount: u64,
}

impl Undecided {
    /// Looks through all buckets.
    pub(super) fn of(buckets: &[Gathered], reading: &Reading, threads: usize) -> Result<Self, EngineError> {
        let mut all = Self::default();
        let work = |number: usize| {
            let bucket: &Gathered = &buckets[number];
            Ok(Self::of_bucket(&bucket.group().map_err(|error| EngineError::spill(&error))?, reading))
        };
        sweep::in_order(buckets.len(), threads, work, |found: Self| {
            all.noted.merge(&found.noted);
            all.last_bought = all.last_bought.max(found.last_bought);
            all.without_amount += found.without_amount;
            Ok(())
        })?;
        Ok(all)
    }

    fn of_bucket(bucket: &Bucket, reading: &Reading) -> Self {
        let mut found = Self::default();
        for place in 0..bucket.len() {
            for (event, _) in bucket.events(place, reading).filter(|(_, undecided)| *undecided) {
                found.noted.note(&event, [event.channel.is_some(), event.category.is_some()]);
                found.without_amount += u64::from(event.kind == Kind::Other);
                if event.kind == Kind::Purchase {
                    found.last_bought = found.last_bought.max(Some(event.ts));
                }
            }
        }
        found
    }
}
