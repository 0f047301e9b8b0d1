//! From batches of rows to gathered events, each row counted once.

use std::collections::BTreeMap;
use std::hint::select_unpredictable;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt64Array};
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::noted::Noted;
use super::texts::Texts;
use super::{Cell, numbers, texts, times};
use crate::engine::config::Role;
use crate::engine::gather::{Code, Gatherer, ShortMap, Whom};
use crate::engine::links::Links;
use crate::engine::report::InputReport;
use crate::event::{Kind, RawEvent, Token};
use crate::kinds::named;
use crate::time::{Calendar, Timestamp};

/// What the rows mean, whatever file they come from.
#[derive(Debug)]
pub(in crate::engine) struct Meaning {
    pub(in crate::engine) kinds: BTreeMap<String, Kind>,
    pub(in crate::engine) calendar: Calendar,
    /// Rows at or after it, or known after it, are not looked at.
    pub(in crate::engine) until: Option<Timestamp>,
    /// Which ids are other names of a customer.
    pub(in crate::engine) links: Option<Links>,
}

/// What is learned of all rows together. Merging is commutative, so no partitioning shows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::engine) struct Tally {
    pub(in crate::engine) report: InputReport,
    /// Of all events but the undecided.
    pub(in crate::engine) noted: Noted,
    pub(in crate::engine) last_event: Option<Timestamp>,
    /// The last purchase or return, but for the undecided.
    pub(in crate::engine) last_bought: Option<Timestamp>,
    /// Events whose kind hangs on from when on the data has amounts, which only its last row tells.
    pub(in crate::engine) undecided: u64,
    /// When the first row of a file without kinds gives an amount, readable or not, and is known; NaN is none.
    pub(in crate::engine) amounts_since: Option<Timestamp>,
}

impl Tally {
    pub(in crate::engine) fn merge(&mut self, other: &Self) {
        self.report.merge(&other.report);
        self.noted.merge(&other.noted);
        self.last_event = self.last_event.max(other.last_event);
        self.last_bought = self.last_bought.max(other.last_bought);
        self.undecided += other.undecided;
        self.amounts_since = [self.amounts_since, other.amounts_since].into_iter().flatten().min();
    }
}

/// How the columns of a batch are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Form {
    /// Where each role is found.
    pub(in crate::engine) roles: BTreeMap<Role, usize>,
    /// As in CSV, where all is text.
    pub(in crate::engine) untyped: bool,
    /// Whether the rows are events of a history table.
    pub(in crate::engine) nested: bool,
    /// Whether they were written here: then kinds have their own names, and one that is not given hangs on the amount.
    pub(in crate::engine) settled: bool,
}

/// Gives the rows of one task their meaning and gathers them.
pub(in crate::engine) struct RowReader<'a> {
    pub(in crate::engine) meaning: &'a Meaning,
    pub(in crate::engine) tally: Tally,
    pub(in crate::engine) gatherer: Gatherer,
    /// Kinds by their short names.
    kinds: ShortMap<Named>,
    /// What is known already of the kinds of a batch.
    found: Vec<Option<Named>>,
}

/// What a cell says of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    NotGiven,
    Unknown,
    Kind(Kind),
}

impl<'a> RowReader<'a> {
    pub(in crate::engine) fn new(meaning: &'a Meaning, gatherer: Gatherer) -> Self {
        Self { meaning, tally: Tally::default(), gatherer, kinds: ShortMap::default(), found: Vec::new() }
    }

    /// Reads a batch.
    pub(in crate::engine) fn read(&mut self, form: &Form, batch: &RecordBatch) -> Result<(), ArrowError> {
        let columns = Columns::of(self.meaning, form, batch)?;
        self.gatherer.look_up(&columns.ids);
        if let Some(kinds) = &columns.kinds {
            self.kinds.near_all(kinds, &mut self.found);
        }
        if let Names::Texts(channels) = &columns.channels {
            self.gatherer.look_up_channels(channels);
        }
        if let Names::Texts(categories) = &columns.categories {
            self.gatherer.look_up_categories(categories);
        }
        (0..batch.num_rows()).for_each(|row| self.row(&columns, row));
        self.tally.report.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Gathers the event of a row unless a reason keeps it out; the first reason counts, and nothing after it is looked at.
    #[inline]
    fn row(&mut self, columns: &Columns, row: usize) {
        let Some((ts, known_at)) = columns.time(row, self.meaning.until, &mut self.tally.report) else { return };
        let amount = columns.amounts.as_ref().map_or(Cell::Null, |amounts| amounts[row]);
        let by_amount = columns.is_by_amount(row);
        if by_amount && !matches!(amount, Cell::Null | Cell::Nan) {
            let seen = known_at.map_or(ts, |known_at| known_at.max(ts));
            self.tally.amounts_since = Some(self.tally.amounts_since.map_or(seen, |since| since.min(seen)));
        }
        let whom = match self.gatherer.whom(&columns.ids, row, self.meaning.links.as_ref()) {
            Whom::Customer(whom) => whom,
            Whom::NotGiven => return self.tally.report.without_customer_id += 1,
            Whom::Unreadable => return self.tally.report.unreadable_customer_id += 1,
        };

        let kind = if by_amount { kind_of_amount(amount, ts) } else { Some(self.kind(columns, row)) };
        let quantity = columns.quantities.as_ref().map_or(Cell::Null, |quantities| quantities[row]);
        let report = &mut self.tally.report;
        report.unreadable_amount += u64::from(amount.is_dropped());
        report.without_amount += u64::from(by_amount && amount == Cell::Unreadable);
        report.unreadable_quantity += u64::from(quantity.is_dropped());
        let token = |names: &Names| match names {
            Names::None => Token::NONE,
            Names::Texts(texts) => Token::of_option(texts.get(row).value()),
            Names::Tokens(tokens) => token_of(tokens, row),
        };
        let channel = match &columns.channels {
            Names::None => Code::NONE,
            Names::Texts(texts) => self.gatherer.channel(texts, row),
            Names::Tokens(tokens) => self.gatherer.nameless(token_of(tokens, row)),
        };
        let category = match &columns.categories {
            Names::None => Code::NONE,
            Names::Texts(texts) => self.gatherer.category(texts, row),
            Names::Tokens(tokens) => self.gatherer.nameless(token_of(tokens, row)),
        };
        let event = RawEvent {
            ts,
            known_at,
            kind: kind.unwrap_or(Kind::Other),
            amount: amount.value(),
            quantity: quantity.value(),
            order: token(&columns.orders),
            line: token(&columns.lines),
            channel: Token::NONE,
            category: Token::NONE,
        };
        self.note(&event, kind.is_some(), [channel.is_some(), category.is_some()]);
        self.gatherer.push(whom, &event, [channel, category], kind.is_none());
    }

    fn note(&mut self, event: &RawEvent, decided: bool, named: [bool; 2]) {
        let tally = &mut self.tally;
        tally.last_event = tally.last_event.max(Some(event.ts));
        if !decided {
            tally.undecided += 1;
            return;
        }
        tally.noted.note(event, named);
        let bought = matches!(event.kind, Kind::Purchase | Kind::Return);
        tally.last_bought = select_unpredictable(bought, tally.last_bought.max(Some(event.ts)), tally.last_bought);
    }

    /// The kind that a name tells.
    fn kind(&mut self, columns: &Columns, row: usize) -> Kind {
        let Some(kinds) = &columns.kinds else { return Kind::Other };
        let named = self.found[row].unwrap_or_else(|| {
            let key = kinds.short(row);
            if let Some(named) = key.and_then(|key| self.kinds.get(key)) {
                return named;
            }
            let named = match kinds.get(row) {
                Cell::Value(name) if columns.settled => name.parse().map_or(Named::Unknown, Named::Kind),
                Cell::Value(name) => named(&self.meaning.kinds, name).map_or(Named::Unknown, Named::Kind),
                Cell::Null | Cell::Nan | Cell::Unreadable => Named::NotGiven,
            };
            if let Some(key) = key {
                self.kinds.insert(key, named);
            }
            named
        });
        match named {
            Named::Kind(kind) => return kind,
            Named::Unknown if let Cell::Value(name) = kinds.get(row) => self.tally.report.unknown_kind(name),
            Named::Unknown | Named::NotGiven => self.tally.report.without_kind += 1,
        }
        Kind::Other
    }
}

/// The kind of a row without one; `None` when it hangs on the amounts of other rows.
fn kind_of_amount(amount: Cell<f64>, ts: Timestamp) -> Option<Kind> {
    match amount {
        Cell::Null | Cell::Nan => None,
        Cell::Unreadable => Some(Kind::Other),
        Cell::Value(amount) => Some(Kind::of_amount(Some(amount), ts, None)),
    }
}

/// Names of which only equality matters.
enum Names {
    None,
    Texts(Texts),
    /// Their hashes.
    Tokens(UInt64Array),
}

fn token_of(tokens: &UInt64Array, row: usize) -> Token {
    if tokens.is_null(row) { Token::NONE } else { Token::from_bits(tokens.value(row)) }
}

/// A batch, column by column.
struct Columns {
    ids: Texts,
    ts: Vec<Cell<Timestamp>>,
    known_at: Option<Vec<Cell<Timestamp>>>,
    amounts: Option<Vec<Cell<f64>>>,
    quantities: Option<Vec<Cell<f64>>>,
    kinds: Option<Texts>,
    settled: bool,
    orders: Names,
    lines: Names,
    channels: Names,
    categories: Names,
}

impl Columns {
    fn of(meaning: &Meaning, form: &Form, batch: &RecordBatch) -> Result<Self, ArrowError> {
        let column = |role: Role| -> Option<&ArrayRef> { form.roles.get(&role).map(|at| batch.column(*at)) };
        let needed = |role: Role| column(role).ok_or_else(|| ArrowError::SchemaError(format!("no column for `{}`", role.key())));
        let texts = |role: Role| column(role).map(|column| texts::read(column, form.untyped)).transpose();
        let numbers = |role: Role| column(role).map(numbers::read).transpose();
        let names = |role: Role, tokens: Role| match (column(tokens), texts(role)?) {
            (_, Some(texts)) => Ok::<_, ArrowError>(Names::Texts(texts)),
            (Some(tokens), None) => Ok(Names::Tokens(times::downcast::<UInt64Array>(tokens)?.clone())),
            (None, None) => Ok(Names::None),
        };
        Ok(Self {
            ids: texts::read(needed(Role::CustomerId)?, form.untyped)?,
            ts: times::read(needed(Role::Ts)?, &meaning.calendar)?,
            known_at: column(Role::KnownAt).map(|column| times::read(column, &meaning.calendar)).transpose()?,
            amounts: numbers(Role::Amount)?,
            quantities: numbers(Role::Quantity)?,
            kinds: texts(Role::Kind)?,
            settled: form.settled,
            orders: names(Role::OrderId, Role::OrderToken)?,
            lines: names(Role::LineId, Role::LineToken)?,
            channels: names(Role::Channel, Role::ChannelToken)?,
            categories: names(Role::Category, Role::CategoryToken)?,
        })
    }

    /// Whether the kind of a row hangs on its amount.
    #[inline]
    fn is_by_amount(&self, row: usize) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| self.settled && kinds.get(row) == Cell::Null)
    }

    /// When it happened and was known, unless that keeps the row out.
    fn time(&self, row: usize, until: Option<Timestamp>, report: &mut InputReport) -> Option<(Timestamp, Option<Timestamp>)> {
        let ts = match self.ts[row] {
            Cell::Value(ts) => ts,
            Cell::Null => {
                report.without_time += 1;
                return None;
            }
            Cell::Nan | Cell::Unreadable => {
                report.unreadable_time += 1;
                return None;
            }
        };
        if !ts.is_plausible() {
            report.implausible_time += 1;
            return None;
        }
        if until.is_some_and(|until| ts >= until) {
            report.future += 1;
            return None;
        }
        let known_at = self.known_at.as_ref().map_or(Cell::Null, |known_at| known_at[row]);
        // Taking it for known at once could show a row before anybody knew of it.
        if known_at == Cell::Unreadable {
            report.unreadable_time += 1;
            return None;
        }
        let known_at = known_at.value();
        if until.is_some_and(|until| known_at.is_some_and(|known_at| known_at > until)) {
            report.future += 1;
            return None;
        }
        Some((ts, known_at))
    }
}
