//! What is told of the customers of the published run.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapwing_features::Timestamp;
use serde_json::Value as Json;

use super::cells;
use super::columns::{COLUMNS, SORTS, names, place, table};
use super::database::{Row, Value, all, first};
use super::publish::Published;
use super::sealed::Sealer;
use super::{Store, StoreError};

/// A customer as the published run has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// The run.
    pub run_id: String,
    /// The cutoff of its scores.
    pub as_of: Timestamp,
    /// What scored.
    pub model_version: String,
    /// A cell for each of [`COLUMNS`].
    pub cells: Vec<Value<'static>>,
    /// Personal attributes, opened; empty where there is no key.
    pub personal: BTreeMap<String, Json>,
}

impl Customer {
    /// The cell of a column; null where there is no such column.
    #[must_use]
    pub fn cell(&self, name: &str) -> &Value<'static> {
        self.cells.get(place(name)).unwrap_or(&Value::Null)
    }

    /// A number, where it is one.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.cell(name) {
            Value::Real(number) => Some(*number),
            Value::Integer(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// A text, where it is one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        if let Value::Text(text) = self.cell(name) { Some(text) } else { None }
    }
}

/// What pages are sorted by, the greatest first; whoever has none comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By id, the smallest first.
    #[default]
    Id,
    /// By one of the numbers that are indexed.
    By(&'static str),
}

impl Sort {
    /// The sort of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let by = SORTS.iter().find(|sort| **sort == name).map(|sort| Self::By(sort));
        by.or_else(|| (name == "customer_id").then_some(Self::Id))
    }

    /// The names that there are.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        [&["customer_id"], &SORTS[..]].concat()
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "customer_id",
            Self::By(name) => name,
        }
    }
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// The run that it is a page of.
    pub run: i64,
    /// What the last customer was sorted by; nothing for the id.
    pub value: Option<f64>,
    /// The last customer.
    pub customer_id: String,
}

/// What tells 1 of whoever is held out, and 0 of all others, those without a lot among them.
pub const HELD_OUT: &str = "coalesce(held_out, 0)";

/// Which customers are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomerFilter {
    /// Column, or [`HELD_OUT`], and what it is to be; names are columns of ours.
    pub equal: Vec<(&'static str, Value<'static>)>,
    /// In which order.
    pub sort: Sort,
    /// After which one.
    pub after: Option<Cursor>,
    /// So many at most.
    pub limit: usize,
}

/// A page of customers.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerPage {
    /// The customers.
    pub customers: Vec<Customer>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// The run that was read last.
#[derive(Debug)]
pub(super) struct Current {
    run: Published,
    /// Finds a customer of it, and after all columns the run that is to be read now.
    select: String,
}

impl Current {
    fn of(run: Published) -> Self {
        let select = format!("SELECT {}, (SELECT MAX(seq) FROM runs) FROM {} WHERE customer_id = $1", names().join(", "), table(run.seq));
        Self { run, select }
    }
}

fn customer(row: Row, run: &Published, sealer: Option<&Sealer>) -> Result<Customer, StoreError> {
    let mut cells = row.cells();
    cells.truncate(COLUMNS.len());
    let (id, personal) = (cells.first(), cells.get(place("personal")));
    let personal = match (id, personal, sealer) {
        (Some(Value::Text(id)), Some(Value::Bytes(sealed)), Some(sealer)) => sealer.open_attributes(id, sealed)?,
        _ => BTreeMap::new(),
    };
    let head = &run.head;
    Ok(Customer { run_id: head.run_id.clone(), as_of: head.as_of, model_version: head.model_version.clone(), cells, personal })
}

impl Store {
    /// A customer of the published run; `None` when there is no run, or no such customer.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read, or the key does not open what is sealed.
    pub fn customer(&self, customer_id: &str, sealer: Option<&Sealer>) -> Result<Option<Customer>, StoreError> {
        if let Some(current) = self.current.load_full() {
            // What fails here, as when that run is gone by now, is found out below.
            let found = self.database.read_once(|tx| first(tx, &current.select, &[customer_id.into()]));
            if let Ok(Some(row)) = found
                && row.is_integer(COLUMNS.len(), current.run.seq)
            {
                return customer(row, &current.run, sealer).map(Some);
            }
        }
        let found = self.database.read(|tx| {
            let Some(run) = Published::current(tx)? else { return Ok(None) };
            let current = Current::of(run);
            Ok(Some((first(tx, &current.select, &[customer_id.into()])?, current)))
        })?;
        let Some((row, current)) = found else { return Ok(None) };
        let customer = row.map(|row| customer(row, &current.run, sealer)).transpose();
        self.current.store(Some(Arc::new(current)));
        customer
    }

    /// The customers that a filter lets through. A page that follows another is of the same run.
    ///
    /// # Errors
    /// [`StoreError::RunGone`] when that run is not kept any more, [`StoreError`] when the store cannot be read, or the key does not open what is sealed.
    pub fn customers(&self, filter: &CustomerFilter, sealer: Option<&Sealer>) -> Result<CustomerPage, StoreError> {
        self.database.read(|tx| {
            let runs = Published::all(tx)?;
            let run = match &filter.after {
                Some(after) => Some(runs.into_iter().find(|run| run.seq == after.run).ok_or(StoreError::RunGone)?),
                None => runs.into_iter().next(),
            };
            let Some(run) = run else { return Ok(CustomerPage { customers: Vec::new(), next: None }) };
            let cells = if filter.equal.is_empty() { None } else { cells::matching(tx, run.seq, &filter.equal)? };
            let mut customers = if let Some(cells) = cells {
                cells::page(tx, run.seq, &cells, filter, |row| customer(row, &run, sealer))?
            } else {
                let (select, values) = statement(filter, &run);
                all(tx, &select, &values, |row| customer(row, &run, sealer))?
            };
            let more = customers.len() > filter.limit;
            customers.truncate(filter.limit);
            let next = customers.last().filter(|_| more).map(|last| Cursor {
                run: run.seq,
                value: if let Sort::By(name) = filter.sort { Some(last.number(name).unwrap_or(-1.0)) } else { None },
                customer_id: last.text("customer_id").unwrap_or_default().to_owned(),
            });
            Ok(CustomerPage { customers, next })
        })
    }
}

impl CustomerFilter {
    /// What customers are ordered by.
    pub(super) fn order(&self) -> String {
        match self.sort {
            Sort::Id => "customer_id".to_owned(),
            Sort::By(name) => format!("coalesce({name}, -1.0) DESC, customer_id"),
        }
    }

    /// What holds of those who come after the page before, if there is one, and the values of that.
    pub(super) fn after(&self) -> (Option<String>, Vec<Value<'_>>) {
        let Some(after) = &self.after else { return (None, Vec::new()) };
        let id = Value::from(after.customer_id.as_str());
        match (self.sort, after.value) {
            (Sort::By(name), Some(value)) => {
                let name = format!("coalesce({name}, -1.0)");
                (Some(format!("{name} <= $1 AND ({name} < $1 OR customer_id > $2)")), vec![value.into(), id])
            }
            _ => (Some("customer_id > $1".to_owned()), vec![id]),
        }
    }
}

fn statement<'a>(filter: &'a CustomerFilter, run: &Published) -> (String, Vec<Value<'a>>) {
    let (after, mut values) = filter.after();
    let mut conditions: Vec<String> = after.into_iter().collect();
    for (name, wanted) in &filter.equal {
        values.push(wanted.clone());
        conditions.push(format!("{name} = ${}", values.len()));
    }
    values.push((filter.limit + 1).into());
    let conditions = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
    let (columns, order) = (names().join(", "), filter.order());
    let select = format!("SELECT {columns} FROM {} WHERE {conditions} ORDER BY {order} LIMIT ${}", table(run.seq), values.len());
    (select, values)
}
