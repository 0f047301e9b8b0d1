//! A small invented shop, of which tests spoil one thing or another.

use arrow::array::RecordBatch;

use super::data::{self, Draw, micros};

/// Customers of the shop.
pub(crate) const CUSTOMERS: u64 = 60;

/// The rows of the shop as plain values.
pub(crate) struct Row {
    /// Whose.
    pub(crate) customer: String,
    /// When, in microseconds.
    pub(crate) ts: i64,
    /// How much.
    pub(crate) amount: f64,
}

/// Purchases of [`CUSTOMERS`] customers from 2023-01-01 to 2024-06-30, each at its own pace; about a third stop at some time.
pub(crate) fn rows() -> Vec<Row> {
    let mut draw = Draw(42);
    let (start, end) = (micros("2023-01-01"), micros("2024-07-01"));
    let mut rows = Vec::new();
    for customer in 0..CUSTOMERS {
        let pace = 4 + draw.below(40);
        let leaves = if draw.below(3) == 0 { start + draw.below(500).cast_signed() * 86_400_000_000 } else { end };
        let mut at = start + draw.below(60).cast_signed() * 86_400_000_000;
        while at < leaves.min(end) {
            rows.push(Row { customer: format!("c{customer:02}"), ts: at, amount: 5.0 + draw.below(5_000) as f64 / 100.0 });
            at += (1 + draw.below(2 * pace)).cast_signed() * 86_400_000_000 + draw.below(86_400).cast_signed() * 1_000_000;
        }
    }
    rows
}

/// The shop as a table: `customer_id`, `ts`, `amount`.
pub(crate) fn table() -> RecordBatch {
    let rows = rows();
    data::table(vec![
        ("customer_id", data::names(rows.iter().map(|row| row.customer.clone()))),
        ("ts", data::instants(rows.iter().map(|row| row.ts))),
        ("amount", data::numbers(rows.iter().map(|row| row.amount))),
    ])
}

/// The shop as CSV with the header given, which names customer, time and amount.
pub(crate) fn csv(header: &str, row: impl Fn(&Row) -> String) -> String {
    let mut text = format!("{header}\n");
    for one in rows() {
        text.push_str(&row(&one));
        text.push('\n');
    }
    text
}

/// Purchases of 500 customers from 2022 on, each at a pace of its own; most leave at some time. Whoever is late by the own pace
/// has left, whatever the pace.
pub(crate) fn paced() -> RecordBatch {
    let mut draw = Draw(7);
    let (start, days) = (micros("2022-01-01"), 730);
    let mut rows: Vec<(String, i64)> = Vec::new();
    for customer in 0..500 {
        let pace = 3 + draw.below(50);
        let leaves = if draw.below(4) == 0 { days } else { 100 + draw.below(days) };
        let mut day = draw.below(200);
        while day < leaves.min(days) {
            rows.push((format!("c{customer:03}"), start + day.cast_signed() * 86_400_000_000));
            day += 1 + pace * 3 / 4 + draw.below(pace / 2 + 1);
        }
    }
    data::table(vec![
        ("customer_id", data::names(rows.iter().map(|row| row.0.clone()))),
        ("ts", data::instants(rows.iter().map(|row| row.1))),
        ("amount", data::numbers(rows.iter().map(|_| 20.0))),
    ])
}
