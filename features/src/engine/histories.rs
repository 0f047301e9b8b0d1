//! The history table: one row a customer, whose events stand in a list.
//!
//! Parquet files with a column `customer_id` (text or a whole number) and a column `events`, a list of structs. Of these, `ts` must be
//! there, and what is there of `known_at`, `amount`, `kind`, `quantity`, `order_id`, `line_id`, `channel` and `category` is read as the columns of
//! an events file are; any other field is left alone. A customer may stand in
//! several rows and files, lists may be in any order; where each customer has one row sorted by time, nothing has to be looked up
//! or sorted.
//!
//! What [`write`] writes has `order_token` and `line_token` instead of the ids, of which only equality matters: 64-bit hashes, as
//! are `channel_token` and `category_token` where there are more than 65,536 of these names. A file is one of 2^n: it holds the customers
//! whose [hash](super::gather::hash_of) begins with its number.

mod flatten;
mod write;

use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

pub(super) use flatten::flatten;
pub use write::{HistoryFiles, most_history_files};

use crate::time::Timestamp;

/// The column with the list.
pub(super) const EVENTS: &str = "events";
/// The column with the customer's id.
pub(super) const CUSTOMER_ID: &str = "customer_id";
/// Whether the rows that the events come from had kinds, among the key-value pairs of the footer.
const HAS_KINDS: &str = "lapwing.has_kinds";
/// From when on, in microseconds since 1970, rows without kinds had amounts.
const AMOUNTS_SINCE: &str = "lapwing.amounts_since";

/// What the footer of a file says of the rows that its events come from, if it was written here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) has_kinds: Option<bool>,
    pub(super) amounts_since: Option<Timestamp>,
}

impl Origin {
    pub(super) fn of(footer: Option<&ArrowReaderMetadata>) -> Self {
        let pairs = footer.and_then(|footer| footer.metadata().file_metadata().key_value_metadata());
        let said = |key: &str| pairs?.iter().find(|pair| pair.key == key)?.value.as_deref();
        Self {
            has_kinds: said(HAS_KINDS).and_then(|said| said.parse().ok()),
            amounts_since: said(AMOUNTS_SINCE).and_then(|said| said.parse().ok()).map(Timestamp),
        }
    }
}

/// The fields of an event, if the table of this schema is one of histories: a table of events has a time in each row.
pub(super) fn events_of<'a>(schema: &'a Schema, ts: &str) -> Option<&'a [std::sync::Arc<Field>]> {
    if schema.column_with_name(ts).is_some() {
        return None;
    }
    match schema.field_with_name(EVENTS).ok()?.data_type() {
        DataType::List(item) | DataType::LargeList(item) => match item.data_type() {
            DataType::Struct(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    }
}
