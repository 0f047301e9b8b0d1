//! Pages of few among many.
//!
//! What customers are filtered by has few values, and few combinations of these: a run's cells. Each customer bears the number of its own,
//! and the indexes begin with that, so that a page is the first customers of each cell that fits, put in order: however few there are, and
//! wherever in the order they stand, nobody else is looked at.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::columns::{COLUMNS, place, table};
use super::customers::{CustomerFilter, Sort};
use super::database::{Row, Tx, Value, all, first};
use super::{Customer, StoreError};

/// What customers are filtered by: texts, and whether they are held out.
const FILTERS: [&str; 5] = ["population", "stage", "segment", "risk_band", "value_tier"];

const LOT: &str = "held_out";

/// Cells that one statement asks; `SQLite` takes 500.
const AT_ONCE: usize = 200;

/// The combinations that a run holds, by number.
#[derive(Debug, Default)]
pub(super) struct Cells {
    numbers: HashMap<([Option<String>; FILTERS.len()], Option<i64>), i64>,
}

impl Cells {
    /// Adds the number of its combination to a customer of all columns.
    pub(super) fn number(&mut self, row: &mut Vec<Value<'static>>) {
        let text = |name: &str| if let Some(Value::Text(text)) = row.get(place(name)) { Some(text.clone().into_owned()) } else { None };
        let held_out = if let Some(Value::Integer(flag)) = row.get(place(LOT)) { Some(*flag) } else { None };
        let next = i64::try_from(self.numbers.len()).unwrap_or(i64::MAX);
        let number = *self.numbers.entry((FILTERS.map(text), held_out)).or_insert(next);
        row.push(number.into());
    }

    /// Writes down what the numbers of run `seq` mean.
    pub(super) fn write(&self, tx: &mut dyn Tx, seq: i64) -> Result<(), StoreError> {
        let columns = [&["seq", "cell"], &FILTERS[..], &[LOT]].concat();
        let rows = self.numbers.iter().map(|((texts, held_out), number)| {
            let texts = texts.iter().map(|text| Value::from(text.clone()));
            [seq.into(), (*number).into()].into_iter().chain(texts).chain([(*held_out).into()]).collect()
        });
        tx.load("run_cells", &columns, &rows.collect::<Vec<_>>())
    }
}

/// The cells of run `seq` that a filter lets through; `None` when the run has none, for an older build published it.
pub(super) fn matching(tx: &mut dyn Tx, seq: i64, equal: &[(&'static str, Value<'static>)]) -> Result<Option<Vec<i64>>, StoreError> {
    let (mut conditions, mut values) = (vec!["seq = $1".to_owned()], vec![Value::from(seq)]);
    for (name, wanted) in equal {
        values.push(wanted.clone());
        conditions.push(format!("{name} = ${}", values.len()));
    }
    let select = format!("SELECT cell FROM run_cells WHERE {} ORDER BY cell", conditions.join(" AND "));
    let cells = all(tx, &select, &values, |mut row| row.some_integer(0))?;
    let is_there = !cells.is_empty() || first(tx, "SELECT 1 FROM run_cells WHERE seq = $1 LIMIT 1", &[seq.into()])?.is_some();
    Ok(is_there.then_some(cells))
}

/// The first customers of these cells, one more than the limit, in order.
pub(super) fn page(
    tx: &mut dyn Tx,
    seq: i64,
    cells: &[i64],
    filter: &CustomerFilter,
    of: impl Fn(Row) -> Result<Customer, StoreError>,
) -> Result<Vec<Customer>, StoreError> {
    let mut found = Vec::new();
    for cells in cells.chunks(AT_ONCE) {
        let (select, values) = statement(seq, cells, filter);
        found.extend(all(tx, &select, &values, &of)?);
    }
    if cells.len() > AT_ONCE {
        found.sort_by(|one, other| order(filter.sort, one, other));
        found.truncate(filter.limit + 1);
    }
    Ok(found)
}

fn order(sort: Sort, one: &Customer, other: &Customer) -> Ordering {
    let value = |customer: &Customer| if let Sort::By(name) = sort { customer.number(name).unwrap_or(-1.0) } else { 0.0 };
    let id = |customer: &'_ Customer| customer.text("customer_id").unwrap_or_default().to_owned();
    value(other).total_cmp(&value(one)).then_with(|| id(one).cmp(&id(other)))
}

fn statement<'a>(seq: i64, cells: &[i64], filter: &'a CustomerFilter) -> (String, Vec<Value<'a>>) {
    let (table, columns) = (table(seq), COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", "));
    let (after, mut values) = filter.after();
    let after = after.map(|after| format!(" AND {after}")).unwrap_or_default();
    let order = filter.order();
    values.push((filter.limit + 1).into());
    let limit = values.len();
    let (rank, by) = match filter.sort {
        Sort::Id => (String::new(), "customer_id"),
        Sort::By(name) => (format!(", coalesce({name}, -1.0) AS place"), "place DESC, customer_id"),
    };
    let one = |cell: &i64| {
        format!(
            "SELECT * FROM (SELECT customer_id{rank} FROM {table} WHERE cell = {cell}{after} ORDER BY {order} LIMIT ${limit}) AS c{cell}"
        )
    };
    let all = cells.iter().map(one).collect::<Vec<_>>().join(" UNION ALL ");
    // Whole rows are fetched of those alone who are on the page.
    let chosen = format!("SELECT customer_id FROM ({all}) AS every ORDER BY {by} LIMIT ${limit}");
    (format!("SELECT {columns} FROM {table} WHERE customer_id IN ({chosen}) ORDER BY {order}"), values)
}
