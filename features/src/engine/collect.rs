//! From what the tasks of a scan gathered to customers, and what only all rows together tell.

use std::sync::{Arc, Mutex, PoisonError};

use super::canonical::noted::Noted;
use super::error::EngineError;
use super::gather::{BUCKETS, Bucket, Budget, Held, Reading, Run, SpillFile, group};
use super::sweep;
use crate::event::Kind;
use crate::history::{History, HistoryBuilder};
use crate::time::Timestamp;

/// The customers, and what was counted on the way.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) buckets: Vec<Bucket>,
    pub(super) counts: Counts,
}

/// What is known once each history was built.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) customers: u64,
    pub(super) events: u64,
    pub(super) exact_duplicates: u64,
    pub(super) duplicate_order_lines: u64,
    /// Of the events that were undecided.
    pub(super) noted: Noted,
    pub(super) last_bought: Option<Timestamp>,
    /// How many of those are `other`, for want of an amount.
    pub(super) without_amount: u64,
}

/// Brings the customers together, a bucket at a time on each thread. What was gathered of a bucket goes away with it.
pub(super) fn collect(
    tasks: Vec<(Vec<Run>, Held)>,
    reading: &Reading,
    undecided: bool,
    threads: usize,
    budget: &Arc<Budget>,
) -> Result<Collected, EngineError> {
    let spill = |error: std::io::Error| EngineError::spill(&error);
    let (mut by_bucket, mut gathered): (Vec<Vec<Run>>, Vec<Held>) = ((0..BUCKETS).map(|_| Vec::new()).collect(), Vec::new());
    for (runs, held) in tasks {
        by_bucket.iter_mut().zip(runs).for_each(|(bucket, run)| bucket.push(run));
        gathered.push(held);
    }
    let by_bucket: Vec<Mutex<Vec<Run>>> = by_bucket.into_iter().map(Mutex::new).collect();
    let left = Mutex::new(Held::of(budget));
    let bytes = |runs: &[Run]| runs.iter().map(|run| run.record_bytes() + run.id_bytes()).sum::<usize>();
    lock(&left).set(by_bucket.iter().map(|runs| bytes(&lock(runs))).sum());
    drop(gathered);
    let (kept, file) = (Mutex::new(Held::of(budget)), Mutex::new(None));

    let work = |number: usize| {
        let runs = std::mem::take(&mut *lock(&by_bucket[number]));
        let mut bucket = group(&runs).map_err(spill)?;
        lock(&left).less(bytes(&runs));
        drop(runs);
        let counts = Counts::of(&bucket, reading, undecided)?;
        if budget.is_exceeded() {
            bucket.spill(&mut *lock(&file), budget).map_err(spill)?;
        }
        lock(&kept).more(bucket.bytes());
        Ok((bucket, counts))
    };
    let mut all = Collected::default();
    sweep::in_order(BUCKETS, threads, work, |(bucket, counts)| {
        all.buckets.push(bucket);
        all.counts.merge(&counts);
        Ok(())
    })?;
    if let Some(file) = file.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let file = Arc::new(SpillFile::finish(file).map_err(spill)?);
        all.buckets.iter_mut().for_each(|bucket| bucket.spilled_to(&file));
    }
    Ok(all)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counts {
    fn of(bucket: &Bucket, reading: &Reading, undecided: bool) -> Result<Self, EngineError> {
        let records = bucket.records()?;
        let mut counts = Self { customers: bucket.len() as u64, ..Self::default() };
        let (mut builder, mut history) = (HistoryBuilder::new(), History::default());
        for place in 0..bucket.len() {
            if undecided {
                counts.note_undecided(bucket, &records, place, reading);
            }
            bucket.history(&records, place, reading, &mut builder, &mut history);
            counts.events += history.len() as u64;
            counts.exact_duplicates += history.duplicates() as u64;
            counts.duplicate_order_lines += history.duplicate_order_lines() as u64;
        }
        Ok(counts)
    }

    fn note_undecided(&mut self, bucket: &Bucket, records: &[u8], place: usize, reading: &Reading) {
        for (event, _) in bucket.events(records, place, reading).filter(|(_, undecided)| *undecided) {
            self.noted.note(&event, [event.channel.is_some(), event.category.is_some()]);
            self.without_amount += u64::from(event.kind == Kind::Other);
            if event.kind == Kind::Purchase {
                self.last_bought = self.last_bought.max(Some(event.ts));
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.events += other.events;
        self.exact_duplicates += other.exact_duplicates;
        self.duplicate_order_lines += other.duplicate_order_lines;
        self.noted.merge(&other.noted);
        self.last_bought = self.last_bought.max(other.last_bought);
        self.without_amount += other.without_amount;
    }
}
