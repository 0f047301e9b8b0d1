//! A pass over the customers: its parts, and where it has them from. Those of a last pass leave memory on the way.

use std::cell::Cell;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::collect::Counts;
use super::dataset::{Customer, Dataset};
use super::error::EngineError;
use super::gather::{Bucket, Gathered};
use crate::event::RawEvent;
use crate::history::{History, HistoryBuilder};
use crate::snapshot::Attributes;

/// Some of the customers, next to each other. One of a [last pass](Dataset::sweep_last) shows them once.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    dataset: &'a Dataset,
    source: Source<'a>,
    customers: usize,
    buckets: Range<usize>,
    counts: &'a Cell<Counts>,
}

impl<'a> Part<'a> {
    pub(super) fn new(dataset: &'a Dataset, source: Source<'a>, buckets: Range<usize>, counts: &'a Cell<Counts>) -> Self {
        Self { dataset, source, customers: source.customers(buckets.clone()), buckets, counts }
    }

    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.customers
    }

    /// Whether there is no customer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows each customer.
    ///
    /// # Errors
    /// [`EngineError::Spill`] when events that wait in a file cannot be read back.
    pub fn each(&self, mut show: impl FnMut(Customer<'_>)) -> Result<(), EngineError> {
        self.try_each(|customer| {
            show(customer);
            Ok(())
        })
    }

    /// Shows each customer until `show` gives an error.
    ///
    /// # Errors
    /// That of `show`, or [`EngineError::Spill`] when events that wait in a file cannot be read back.
    pub fn try_each<E: From<EngineError>>(&self, mut show: impl FnMut(Customer<'_>) -> Result<(), E>) -> Result<(), E> {
        let Dataset { reading, attributes, .. } = self.dataset;
        let none = Attributes::new();
        let (mut builder, mut history) = (HistoryBuilder::new(), History::default());
        let mut counts = Counts::default();
        for bucket in self.buckets.clone() {
            let bucket = self.source.group(bucket)?;
            for place in 0..bucket.len() {
                bucket.history(place, reading, &mut builder, &mut history);
                counts.add(&history);
                let id = bucket.id(place);
                let attributes = if attributes.is_empty() { &none } else { attributes.get(id).unwrap_or(&none) };
                show(Customer { id, history: &history, attributes })?;
            }
        }
        self.counts.set(counts);
        Ok(())
    }

    /// Shows each customer's id and events as they were read, in no order and with whatever repeats, until `show` gives an error.
    ///
    /// # Errors
    /// That of `show`, or [`EngineError::Spill`] when events that wait in a file cannot be read back.
    pub fn try_each_raw<E: From<EngineError>>(&self, mut show: impl FnMut(&str, &mut [RawEvent]) -> Result<(), E>) -> Result<(), E> {
        let mut events = Vec::new();
        for bucket in self.buckets.clone() {
            let bucket = self.source.group(bucket)?;
            for place in 0..bucket.len() {
                events.clear();
                events.extend(bucket.events(place, &self.dataset.reading).map(|(event, _)| event));
                show(bucket.id(place), &mut events)?;
            }
        }
        Ok(())
    }
}

/// Customers for one last pass: see [`Dataset::let_go`](super::Dataset::let_go).
#[derive(Debug)]
pub struct Customers(Vec<Mutex<Gathered>>);

impl Customers {
    pub(super) fn new(buckets: Vec<Gathered>) -> Self {
        Self(buckets.into_iter().map(Mutex::new).collect())
    }

    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        Source::Leaving(self).customers(0..self.0.len())
    }

    /// Whether there is no customer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a pass has its customers from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// They stay.
    Kept(&'a [Gathered]),
    /// They go bucket by bucket.
    Leaving(&'a Customers),
}

impl Source<'_> {
    pub(super) fn buckets(self) -> usize {
        match self {
            Self::Kept(buckets) => buckets.len(),
            Self::Leaving(Customers(buckets)) => buckets.len(),
        }
    }

    pub(super) fn customers(self, buckets: Range<usize>) -> usize {
        match self {
            Self::Kept(all) => all[buckets].iter().map(Gathered::len).sum(),
            Self::Leaving(Customers(all)) => all[buckets].iter().map(|bucket| lock(bucket).len()).sum(),
        }
    }

    pub(super) fn group(self, bucket: usize) -> Result<Bucket, EngineError> {
        let grouped = match self {
            Self::Kept(buckets) => buckets[bucket].group(),
            Self::Leaving(Customers(buckets)) => std::mem::take(&mut *lock(&buckets[bucket])).group(),
        };
        grouped.map_err(|error| EngineError::spill(&error))
    }
}

fn lock(bucket: &Mutex<Gathered>) -> MutexGuard<'_, Gathered> {
    bucket.lock().unwrap_or_else(PoisonError::into_inner)
}
