//! What became of every row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::parted;

/// Counts of what was read and of what was not used. Each row is either an event or counted under the first reason that
/// keeps it out: time, then future, then customer id. The amount, quantity and kind counts are of rows that were kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputReport {
    /// Files read.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Customers with at least one event.
    pub customers: u64,
    /// Events of these customers, after duplicates were settled.
    pub events: u64,
    /// Rows whose id is null or blank.
    pub without_customer_id: u64,
    /// Rows whose id is a number that is not whole.
    pub unreadable_customer_id: u64,
    /// Rows whose time is null or blank.
    pub without_time: u64,
    /// Rows whose time or `known_at` is text that is no time.
    pub unreadable_time: u64,
    /// Rows before 1900 or after 2199.
    pub implausible_time: u64,
    /// Rows at or after the as-of date, or known only after it.
    pub future: u64,
    /// Rows whose amount is NaN, infinite, text that is no number, or beyond a million million: kept without amount.
    pub unreadable_amount: u64,
    /// Rows without an amount that can be used, in files without kinds, from when on these have amounts: kept as `other`, so they
    /// are no purchases.
    pub without_amount: u64,
    /// The same as `unreadable_amount` for quantities.
    pub unreadable_quantity: u64,
    /// Rows whose kind is null or blank in data that has kinds: kept as `other`.
    pub without_kind: u64,
    /// Rows by a kind that is not known: kept as `other`. The first 20 names in alphabetical order, each cut to 40 characters.
    pub unknown_kinds: BTreeMap<String, u64>,
    /// Rows of unknown kinds whose names are not among those.
    pub more_unknown_kinds: u64,
    /// Rows that repeat another in every field that is read, and were dropped.
    pub exact_duplicates: u64,
    /// Those of them that name an order but no line: they may be further lines of that order.
    pub duplicate_order_lines: u64,
    /// Rows of the customers table.
    pub customer_rows: u64,
    /// Rows of the customers table without an id.
    pub customer_rows_without_id: u64,
    /// Rows of the customers table whose id was there already.
    pub duplicate_customer_rows: u64,
    /// Customers with events whom the customers table does not have; 0 when there is no table.
    pub customers_without_attributes: u64,
    /// Dates of the customers table that do not lie before the as-of date; they are not known yet and are left out.
    pub future_attributes: u64,
    /// Customers of the table without events; they are left out.
    pub attributes_without_customer: u64,
    /// Columns of the customers table whose type is no attribute.
    pub skipped_attributes: Vec<String>,
}

impl InputReport {
    const MOST_NAMES: usize = 20;
    const MOST_CHARACTERS: usize = 40;
    /// What to do about text that is no time.
    pub(super) const TIME_HINT: &str =
        "write times as `2024-03-31` or `2024-03-31T12:00:00Z`; dates that begin with the day or the month must be converted first";
    const ORDER_LINES_HINT: &str =
        "map the product column to `line_id` under `[events.columns]`, or set `duplicates = \"keep\"` under `[events]`";

    /// What is not zero, a line each, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} rows in {} read: {} of {}",
            parted(self.rows),
            counted(self.files, "file"),
            counted(self.events, "event"),
            counted(self.customers, "customer")
        )];
        lines.extend(self.left_out());
        if self.unreadable_time > 0 {
            lines.push(format!("hint: {}", Self::TIME_HINT));
        }
        lines.extend(told(&[(self.exact_duplicates, "dropped: they repeat another")]));
        if self.duplicate_order_lines > 0 {
            let rows = parted(self.duplicate_order_lines);
            lines.push(format!(
                "{rows} of the dropped rows name an order but no line: they may be lines of that order, whose amounts are lost"
            ));
            lines.push(format!("hint: {}", Self::ORDER_LINES_HINT));
        }
        let kept = [
            (self.unreadable_amount, "kept without amount: it is no number"),
            (self.unreadable_quantity, "kept without quantity: it is no number"),
            (self.without_amount, "kept as `other`, which is no purchase: no amount"),
            (self.without_kind, "kept as `other`: no kind"),
        ];
        lines.extend(told(&kept));
        for (name, count) in &self.unknown_kinds {
            lines.push(format!("{} kept as `other`: unknown kind `{name}`", counted(*count, "row")));
        }
        lines.extend(told(&[(self.more_unknown_kinds, "kept as `other`: more unknown kinds")]));
        lines.extend(self.table_lines());
        lines
    }

    /// Why rows were left out, a line a reason.
    pub(super) fn left_out(&self) -> Vec<String> {
        told(&[
            (self.without_customer_id, "left out: no customer id"),
            (self.unreadable_customer_id, "left out: the customer id is no whole number"),
            (self.without_time, "left out: no time"),
            (self.unreadable_time, "left out: the time cannot be read"),
            (self.implausible_time, "left out: the time is before 1900 or after 2199"),
            (self.future, "left out: at or after the as-of date, or known only after it"),
        ])
    }

    fn table_lines(&self) -> Vec<String> {
        let mut lines = told(&[
            (self.customer_rows_without_id, "of the customers table left out: no id"),
            (self.duplicate_customer_rows, "of the customers table left out: the id has another row"),
            (self.attributes_without_customer, "of the customers table left out: no events"),
        ]);
        if self.future_attributes > 0 {
            lines.push(format!("{} of the customers table left out: not before the as-of date", counted(self.future_attributes, "date")));
        }
        if self.customers_without_attributes > 0 {
            lines.push(format!("{} not in the customers table", counted(self.customers_without_attributes, "customer")));
        }
        if !self.skipped_attributes.is_empty() {
            lines.push(format!("columns of the customers table that are no attributes: `{}`", self.skipped_attributes.join("`, `")));
        }
        lines
    }

    /// Counts a row of an unknown kind.
    pub(super) fn unknown_kind(&mut self, name: &str) {
        if let Some(count) = self.unknown_kinds.get_mut(name) {
            *count += 1;
        } else {
            self.count_unknown(name.chars().take(Self::MOST_CHARACTERS).collect(), 1);
        }
    }

    /// Keeps the alphabetically first names: one that is among them in the end is never dropped on the way, so that its count
    /// is exact in whatever order rows come.
    fn count_unknown(&mut self, name: String, count: u64) {
        *self.unknown_kinds.entry(name).or_default() += count;
        if self.unknown_kinds.len() > Self::MOST_NAMES
            && let Some((_, dropped)) = self.unknown_kinds.pop_last()
        {
            self.more_unknown_kinds += dropped;
        }
    }

    /// Adds what was counted of other rows of the events.
    pub(super) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.without_customer_id += other.without_customer_id;
        self.unreadable_customer_id += other.unreadable_customer_id;
        self.without_time += other.without_time;
        self.unreadable_time += other.unreadable_time;
        self.implausible_time += other.implausible_time;
        self.future += other.future;
        self.unreadable_amount += other.unreadable_amount;
        self.without_amount += other.without_amount;
        self.unreadable_quantity += other.unreadable_quantity;
        self.without_kind += other.without_kind;
        for (name, count) in &other.unknown_kinds {
            self.count_unknown(name.clone(), *count);
        }
        self.more_unknown_kinds += other.more_unknown_kinds;
    }
}

/// A line for each count of rows that is not zero.
fn told(counts: &[(u64, &str)]) -> Vec<String> {
    counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{} {what}", counted(*count, "row"))).collect()
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{} {what}s", parted(count)) }
}
