//! Everything that was read: customers with their histories.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::collect::Counts;
use super::error::EngineError;
use super::gather::{Bucket, Gathered, Names, Reading, bucket_of, hash_of};
use super::pass::{Customers, Part, Source};
use super::report::InputReport;
use super::sweep;
use crate::event::Token;
use crate::history::{Event, History, HistoryBuilder};
use crate::kinds::KindRules;
use crate::shape::DataShape;
use crate::snapshot::{Attribute, Attributes};
use crate::time::{Calendar, Cutoff, Timestamp};

/// Customers that one thread works on at once, at most about. The memory of a sweep is bounded by it, and so is the time in which
/// the last thread works alone.
const PART: usize = 8_192;

/// A customer with at least one event.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    /// As in the data; a whole number is written without fraction.
    pub id: &'a str,
    /// What the customer did.
    pub history: &'a History,
    /// What the customers table says of them; empty when it says nothing.
    pub attributes: &'a Attributes,
}

/// What was read: the same to the bit for the same rows, however they are ordered and spread over files.
///
/// Events are kept as compact bytes, some of them in files when memory is short; a [`History`] is made of them a customer at a
/// time. Customers stand in the order of a hash of their ids, which is the same everywhere.
#[derive(Debug)]
pub struct Dataset {
    pub(super) buckets: Vec<Gathered>,
    pub(super) reading: Reading,
    pub(super) names: Arc<Names>,
    /// Of the customers that have some.
    pub(super) attributes: HashMap<String, Attributes>,
    pub(super) threads: usize,
    /// Known from the first pass on.
    pub(super) counts: OnceLock<Counts>,
    /// What the data can tell, and from when on.
    pub shape: DataShape,
    /// What told the kinds of the events.
    pub kinds: KindRules,
    pub(super) report: InputReport,
    /// The latest event.
    pub last_event: Option<Timestamp>,
    /// The latest purchase or return.
    pub last_purchase: Option<Timestamp>,
}

impl Dataset {
    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.iter().map(Gathered::len).sum()
    }

    /// Whether there is no customer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The instant up to which the data tell who bought: the start of the local day after the last purchase or return, but not
    /// past `until`. Visits may go on in a feed of their own when the purchases have stopped coming.
    ///
    /// Without purchases it is `until`, or else the earliest instant there is.
    #[must_use]
    pub fn complete_until(&self, calendar: &Calendar, until: Option<Timestamp>) -> Timestamp {
        let next_day = self.last_purchase.map(|last| calendar.start_of_day(calendar.day_and_hour(last).0 + 1));
        match (next_day, until) {
            (Some(next_day), Some(until)) => next_day.min(until),
            (next_day, until) => next_day.or(until).unwrap_or(Timestamp::EARLIEST),
        }
    }

    /// The place of the customer of this id in the order of all; `None` when there is none.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        let (bucket, place) = self.find(id)?;
        Some(self.buckets[..bucket].iter().map(Gathered::len).sum::<usize>() + place)
    }

    fn find(&self, id: &str) -> Option<(usize, usize)> {
        let hash = hash_of(id);
        let bucket = bucket_of(hash);
        Some((bucket, self.buckets.get(bucket)?.position(hash, id)?))
    }

    pub(super) fn group(&self, bucket: usize) -> Result<Bucket, EngineError> {
        Source::Kept(&self.buckets).group(bucket)
    }

    /// What became of every row. What only the histories tell is known once all customers were gone through, so this is best
    /// asked last.
    ///
    /// # Errors
    /// [`EngineError::Spill`] when events that wait in a file cannot be read back.
    pub fn report(&self) -> Result<InputReport, EngineError> {
        if self.counts.get().is_none() {
            self.sweep(|part| part.each(|_| ()), Ok)?;
        }
        let counts = self.counts.get().copied().unwrap_or_default();
        Ok(InputReport {
            events: counts.events,
            exact_duplicates: counts.exact_duplicates,
            duplicate_order_lines: counts.duplicate_order_lines,
            ..self.report.clone()
        })
    }

    /// The history of the customer of this id; `None` when there is none. Its whole bucket is gone through, so this is for a few.
    ///
    /// # Errors
    /// [`EngineError::Spill`] when events that wait in a file cannot be read back.
    pub fn history(&self, id: &str) -> Result<Option<History>, EngineError> {
        let Some((bucket, place)) = self.find(id) else { return Ok(None) };
        let mut history = History::default();
        self.group(bucket)?.history(place, &self.reading, &mut HistoryBuilder::new(), &mut history);
        Ok(Some(history))
    }

    /// Channels and categories by their tokens, as far as the data names them: some history tables hold hashes alone.
    #[must_use]
    pub fn names(&self) -> HashMap<Token, String> {
        self.names.texts().0
    }

    /// What the customers table says of the customer of this id.
    #[must_use]
    pub fn attributes(&self, id: &str) -> Option<&Attributes> {
        self.attributes.get(id)
    }

    /// The attributes of those customers that have some, in no order.
    pub fn all_attributes(&self) -> impl Iterator<Item = &Attributes> {
        self.attributes.values()
    }

    /// 16 hex digits over all that features and models can see: ids, events with their local days and hours, attributes.
    ///
    /// # Errors
    /// [`EngineError::Spill`] when events that wait in a file cannot be read back.
    pub fn fingerprint(&self) -> Result<String, EngineError> {
        let customers = self.map(|| (), |(), customer| Digest::of_customer(customer).0)?;
        let mut digest = Digest::default();
        for customer in customers {
            digest.word(customer);
        }
        Ok(format!("{:016x}", digest.0))
    }

    /// Applies `f` to each customer on all threads; each part of the work makes its own state, such as a kernel, with `make`.
    ///
    /// The results are in the order of the customers.
    ///
    /// # Errors
    /// [`EngineError::Spill`] when events that wait in a file cannot be read back.
    pub fn map<S, T: Send>(
        &self,
        make: impl Fn() -> S + Sync,
        f: impl Fn(&mut S, Customer<'_>) -> T + Sync,
    ) -> Result<Vec<T>, EngineError> {
        let mut all = Vec::with_capacity(self.len());
        let work = |part: Part<'_>| {
            let mut state = make();
            let mut results = Vec::with_capacity(part.len());
            part.each(|customer| results.push(f(&mut state, customer)))?;
            Ok::<_, EngineError>(results)
        };
        self.sweep(work, |results| {
            all.extend(results);
            Ok(())
        })?;
        Ok(all)
    }

    /// Works on consecutive parts of the customers on all threads, and hands what comes of each to `take`, in order, on this
    /// thread. How the customers are parted hangs on the data only.
    ///
    /// # Errors
    /// The first error of `work` or `take`, after which no further part is begun.
    pub fn sweep<T: Send, E: Send>(
        &self,
        work: impl Fn(Part<'_>) -> Result<T, E> + Sync,
        take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pass(Source::Kept(&self.buckets), work, take)
    }

    /// Parts with the customers, for a [last pass](Self::sweep_last) over them: afterwards nobody is there any more.
    #[must_use]
    pub fn let_go(&mut self) -> Customers {
        Customers::new(std::mem::take(&mut self.buckets))
    }

    /// As [`sweep`](Self::sweep), over `customers` that this was [parted with](Self::let_go): each leaves memory on its way, so
    /// that there is room for what is made of them.
    ///
    /// ```
    /// # use lapwing_features::{Calendar, engine::{EngineError, EventsConfig, Request, Resources, read}};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("events.csv");
    /// # std::fs::write(&path, "customer_id,ts,kind\na,2024-01-05,purchase\nb,2024-01-06,purchase\n")?;
    /// # let (events, config, calendar) = (path.display().to_string(), EventsConfig::default(), Calendar::utc());
    /// # let request = Request { events: &[events], config: &config, customers: None, calendar: &calendar, until: None, resources: &Resources::default(), progress: &|_| () };
    /// let mut dataset = read(&request)?;
    /// let customers = dataset.let_go();
    /// let mut events = 0;
    /// dataset.sweep_last(customers, |part| {
    ///     let mut events = 0;
    ///     part.each(|customer| events += customer.history.len())?;
    ///     Ok::<_, EngineError>(events)
    /// }, |of_part| { events += of_part; Ok(()) })?;
    /// assert_eq!((events, dataset.len(), dataset.report()?.events), (2, 0, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`sweep`](Self::sweep).
    #[expect(clippy::needless_pass_by_value, reason = "nobody can go over them again")]
    pub fn sweep_last<T: Send, E: Send>(
        &self,
        customers: Customers,
        work: impl Fn(Part<'_>) -> Result<T, E> + Sync,
        take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pass(Source::Leaving(&customers), work, take)
    }

    fn pass<T: Send, E: Send>(
        &self,
        source: Source<'_>,
        work: impl Fn(Part<'_>) -> Result<T, E> + Sync,
        mut take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let buckets = source.buckets();
        let parts = source.customers(0..buckets).div_ceil(PART).next_power_of_two().clamp(1, buckets.max(1));
        let share = buckets / parts;
        let counted = |number: usize| {
            let (counts, buckets) = (Cell::new(Counts::default()), number * share..(number + 1) * share);
            let part = Part::new(self, source, buckets, &counts);
            Ok((work(part)?, counts.get()))
        };
        let mut all = Counts::default();
        sweep::in_order(parts, self.threads, counted, |(result, counts)| {
            all.merge(counts);
            take(result)
        })?;
        // A pass that does not look at everybody tells nothing.
        if all.customers == self.report.customers {
            self.counts.get_or_init(|| all);
        }
        Ok(())
    }
}

/// All events, as of the end of time.
fn everything(history: &History) -> impl DoubleEndedIterator<Item = &Event> {
    history.observe(Cutoff { at: Timestamp::MAX, day: 0, month: 1 }).events()
}

/// A hash that is the same on every machine: each word is mixed in by the finisher of `MurmurHash3`.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn of_customer(customer: Customer<'_>) -> Self {
        let mut digest = Self::default();
        digest.text(customer.id);
        digest.word(customer.history.len() as u64);
        for event in everything(customer.history) {
            digest.word(event.ts.0 as u64);
            digest.word(event.known_at.0 as u64);
            digest.number(event.amount);
            digest.number(event.quantity);
            digest.word((u64::from(event.order) << 32) | u64::from(event.day as u32));
            digest.word(((event.kind as u64) << 8) | u64::from(event.hour));
            digest.word(event.channel.bits());
            digest.word(event.category.bits());
        }
        digest.word(customer.attributes.len() as u64);
        for (name, attribute) in customer.attributes {
            digest.text(name);
            digest.attribute(attribute);
        }
        digest
    }

    fn word(&mut self, word: u64) {
        let mut hash = self.0.rotate_left(5) ^ word;
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        self.0 = hash ^ (hash >> 33);
    }

    fn number(&mut self, number: f64) {
        self.word(if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() });
    }

    fn text(&mut self, text: &str) {
        self.word(text.len() as u64);
        text.bytes().for_each(|byte| self.word(u64::from(byte)));
    }

    fn attribute(&mut self, attribute: &Attribute) {
        match attribute {
            Attribute::Number(number) => {
                self.word(0);
                self.number(*number);
            }
            Attribute::Text(text) => {
                self.word(1);
                self.text(text);
            }
            Attribute::Instant { at } => {
                self.word(2);
                self.word(at.0 as u64);
            }
        }
    }
}
