//! Everything that was read: customers with their histories.

use super::report::InputReport;
use crate::event::Kind;
use crate::history::{Event, History};
use crate::kinds::KindRules;
use crate::shape::DataShape;
use crate::snapshot::{Attribute, Attributes};
use crate::time::{Calendar, Cutoff, Timestamp};

/// A customer with at least one event.
#[derive(Clone, Debug)]
pub struct Customer {
    /// As in the data; a whole number is written without fraction.
    pub id: String,
    /// What the customer did.
    pub history: History,
    /// What the customers table says of them; empty when it says nothing.
    pub attributes: Attributes,
}

/// What was read: the same to the bit for the same rows, however they are ordered and spread over files.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// By id.
    pub customers: Vec<Customer>,
    /// What the data can tell, and from when on.
    pub shape: DataShape,
    /// What told the kinds of the events.
    pub kinds: KindRules,
    /// What became of every row.
    pub report: InputReport,
    /// The latest event.
    pub last_event: Option<Timestamp>,
}

impl Dataset {
    /// The instant up to which the data tell who bought: the start of the local day after the last purchase or return, but not
    /// past `until`. Visits may go on in a feed of their own when the purchases have stopped coming.
    ///
    /// Without purchases it is `until`, or else the earliest instant there is.
    #[must_use]
    pub fn complete_until(&self, calendar: &Calendar, until: Option<Timestamp>) -> Timestamp {
        let next_day = self.last_purchase().map(|last| calendar.start_of_day(calendar.day_and_hour(last).0 + 1));
        match (next_day, until) {
            (Some(next_day), Some(until)) => next_day.min(until),
            (next_day, until) => next_day.or(until).unwrap_or(Timestamp::EARLIEST),
        }
    }

    /// The latest purchase or return.
    #[must_use]
    pub fn last_purchase(&self) -> Option<Timestamp> {
        let bought = |event: &&Event| matches!(event.kind, Kind::Purchase | Kind::Return);
        self.customers.iter().filter_map(|customer| everything(&customer.history).rev().find(bought)).map(|event| event.ts).max()
    }

    /// Where the customer of this id stands among [`customers`](Self::customers); `None` when there is none.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        self.customers.binary_search_by(|customer| customer.id.as_str().cmp(id)).ok()
    }

    /// 16 hex digits over all that features and models can see: ids, events with their local days and hours, attributes.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut digest = Digest::default();
        for customer in &self.customers {
            digest.text(&customer.id);
            digest.word(customer.history.len() as u64);
            for event in everything(&customer.history) {
                digest.word(event.ts.0 as u64);
                digest.word(event.known_at.0 as u64);
                digest.number(event.amount);
                digest.number(event.quantity);
                digest.word((u64::from(event.order) << 32) | u64::from(event.day as u32));
                digest.word(((event.kind as u64) << 8) | u64::from(event.hour));
                digest.text(&event.channel.to_hex());
                digest.text(&event.category.to_hex());
            }
            digest.word(customer.attributes.len() as u64);
            for (name, attribute) in &customer.attributes {
                digest.text(name);
                digest.attribute(attribute);
            }
        }
        format!("{:016x}", digest.0)
    }

    /// Applies `f` to each customer on all threads; each thread makes its own state, such as a kernel, with `make`.
    ///
    /// The results are in the order of the customers.
    pub fn map<S, T: Send>(&self, make: impl Fn() -> S + Sync, f: impl Fn(&mut S, &Customer) -> T + Sync) -> Vec<T> {
        let share = self.customers.len().div_ceil(super::threads()).max(1);
        let work = |customers: &[Customer]| {
            let mut state = make();
            customers.iter().map(|customer| f(&mut state, customer)).collect::<Vec<T>>()
        };
        std::thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> = self.customers.chunks(share).map(|customers| scope.spawn(move || work(customers))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
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
