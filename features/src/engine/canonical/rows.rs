//! From a batch of rows to events, each row counted once.

use std::collections::BTreeMap;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::error::ArrowError;

use super::texts::Texts;
use super::{Cell, numbers, texts, times};
use crate::engine::config::Role;
use crate::engine::report::InputReport;
use crate::event::{Kind, RawEvent, Token};
use crate::kinds::named;
use crate::shape::DataShape;
use crate::time::{Calendar, Timestamp};

/// What the rows mean, whatever file they come from.
#[derive(Debug)]
pub(in crate::engine) struct Meaning {
    pub(in crate::engine) kinds: BTreeMap<String, Kind>,
    pub(in crate::engine) calendar: Calendar,
    /// Rows at or after it, or known after it, are not looked at.
    pub(in crate::engine) until: Option<Timestamp>,
}

/// What is learned of all rows together. Merging is commutative, so no partitioning shows.
#[derive(Debug, Default)]
pub(in crate::engine) struct Tally {
    pub(in crate::engine) report: InputReport,
    pub(in crate::engine) shape: DataShape,
    pub(in crate::engine) last_event: Option<Timestamp>,
    /// When the first row of a file without kinds gives an amount, readable or not, and is known; NaN is none.
    pub(in crate::engine) amounts_since: Option<Timestamp>,
}

impl Tally {
    pub(in crate::engine) fn merge(&mut self, other: &Self) {
        self.report.merge(&other.report);
        self.shape.merge(&other.shape);
        self.last_event = self.last_event.max(other.last_event);
        self.amounts_since = [self.amounts_since, other.amounts_since].into_iter().flatten().min();
    }
}

/// A row that is an event of a customer.
#[derive(Debug)]
pub(in crate::engine) struct Row {
    /// Where its customer's id stands in [`Rows::ids`].
    pub(in crate::engine) at: usize,
    pub(in crate::engine) event: RawEvent,
    /// Whether the kind hangs on from when on the data has amounts, which only its last row tells.
    pub(in crate::engine) undecided: bool,
}

/// The events of a batch.
#[derive(Debug)]
pub(in crate::engine) struct Rows {
    pub(in crate::engine) ids: Texts,
    pub(in crate::engine) rows: Vec<Row>,
}

/// Reads a batch whose columns have the given roles; `untyped` for CSV, where all is text.
pub(in crate::engine) fn read(
    meaning: &Meaning,
    roles: &BTreeMap<Role, usize>,
    untyped: bool,
    batch: &RecordBatch,
    tally: &mut Tally,
) -> Result<Rows, ArrowError> {
    let columns = Columns::of(meaning, roles, untyped, batch)?;
    let rows = (0..batch.num_rows()).filter_map(|row| columns.row(row, meaning, tally)).collect();
    tally.report.rows += batch.num_rows() as u64;
    Ok(Rows { ids: columns.ids, rows })
}

/// A batch, column by column.
struct Columns {
    ids: Texts,
    ts: Vec<Cell<Timestamp>>,
    known_at: Option<Vec<Cell<Timestamp>>>,
    amounts: Option<Vec<Cell<f64>>>,
    quantities: Option<Vec<Cell<f64>>>,
    kinds: Option<Texts>,
    orders: Option<Texts>,
    lines: Option<Texts>,
    channels: Option<Texts>,
    categories: Option<Texts>,
}

impl Columns {
    fn of(meaning: &Meaning, roles: &BTreeMap<Role, usize>, untyped: bool, batch: &RecordBatch) -> Result<Self, ArrowError> {
        let column = |role: Role| -> Option<&ArrayRef> { roles.get(&role).map(|at| batch.column(*at)) };
        let needed = |role: Role| column(role).ok_or_else(|| ArrowError::SchemaError(format!("no column for `{}`", role.key())));
        let names = |role: Role| column(role).map(|column| texts::read(column, untyped)).transpose();
        let numbers = |role: Role| column(role).map(numbers::read).transpose();
        Ok(Self {
            ids: texts::read(needed(Role::CustomerId)?, untyped)?,
            ts: times::read(needed(Role::Ts)?, &meaning.calendar)?,
            known_at: column(Role::KnownAt).map(|column| times::read(column, &meaning.calendar)).transpose()?,
            amounts: numbers(Role::Amount)?,
            quantities: numbers(Role::Quantity)?,
            kinds: names(Role::Kind)?,
            orders: names(Role::OrderId)?,
            lines: names(Role::LineId)?,
            channels: names(Role::Channel)?,
            categories: names(Role::Category)?,
        })
    }

    /// The event of a row, or `None` when a reason keeps it out; the first reason counts, and nothing after it is looked at.
    fn row(&self, row: usize, meaning: &Meaning, tally: &mut Tally) -> Option<Row> {
        let (ts, known_at) = self.time(row, meaning.until, &mut tally.report)?;
        let amount = self.amounts.as_ref().map_or(Cell::Null, |amounts| amounts[row]);
        if self.kinds.is_none() && !matches!(amount, Cell::Null | Cell::Nan) {
            let seen = known_at.map_or(ts, |known_at| known_at.max(ts));
            tally.amounts_since = Some(tally.amounts_since.map_or(seen, |since| since.min(seen)));
        }
        let Cell::Value(_) = self.id(row, &mut tally.report) else { return None };

        let kind = self.kind(row, ts, amount, meaning, &mut tally.report);
        let quantity = self.quantities.as_ref().map_or(Cell::Null, |quantities| quantities[row]);
        tally.report.unreadable_amount += u64::from(amount.is_dropped());
        tally.report.without_amount += u64::from(self.kinds.is_none() && amount == Cell::Unreadable);
        tally.report.unreadable_quantity += u64::from(quantity.is_dropped());
        let token = |names: &Option<Texts>| Token::of_option(names.as_ref().and_then(|names| names.get(row).value()));
        let event = RawEvent {
            ts,
            known_at,
            kind: kind.unwrap_or(Kind::Other),
            amount: amount.value(),
            quantity: quantity.value(),
            order: token(&self.orders),
            line: token(&self.lines),
            channel: token(&self.channels),
            category: token(&self.categories),
        };
        if kind.is_some() {
            tally.shape.note(&event);
        }
        tally.last_event = tally.last_event.max(Some(ts));
        Some(Row { at: row, event, undecided: kind.is_none() })
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

    fn id(&self, row: usize, report: &mut InputReport) -> Cell<&str> {
        let id = self.ids.id(row);
        report.without_customer_id += u64::from(id == Cell::Null);
        report.unreadable_customer_id += u64::from(id == Cell::Unreadable);
        id
    }

    /// The kind; `None` when the amount is to decide and is not given.
    fn kind(&self, row: usize, ts: Timestamp, amount: Cell<f64>, meaning: &Meaning, report: &mut InputReport) -> Option<Kind> {
        let Some(kinds) = &self.kinds else {
            return match amount {
                Cell::Null | Cell::Nan => None,
                Cell::Unreadable => Some(Kind::Other),
                Cell::Value(amount) => Some(Kind::of_amount(Some(amount), ts, None)),
            };
        };
        let Cell::Value(name) = kinds.get(row) else {
            report.without_kind += 1;
            return Some(Kind::Other);
        };
        let kind = named(&meaning.kinds, name);
        if kind.is_none() {
            report.unknown_kind(name);
        }
        Some(kind.unwrap_or(Kind::Other))
    }
}
