//! The shipped data as Arrow tables, and Parquet files made from such tables.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchReader, StringArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::compute::{concat_batches, filter_record_batch, take_record_batch};
use lapwing_features::{Calendar, Timestamp};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

use super::tree;

/// The example data that comes with the project.
pub(crate) fn shipped() -> PathBuf {
    tree::root().join("notebooks-data/online_retail_orders.parquet")
}

/// An instant in microseconds, from RFC 3339 or a date.
pub(crate) fn micros(date: &str) -> i64 {
    instant(date).0
}

/// An instant, from RFC 3339 or a date.
pub(crate) fn instant(date: &str) -> Timestamp {
    Calendar::utc().parse(date).expect("the test's date can be read")
}

/// Reads a whole Parquet file.
pub(crate) fn read(path: &Path) -> RecordBatch {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("it is Parquet").build().expect("it can be read");
    let schema = reader.schema();
    let batches: Vec<_> = reader.map(|batch| batch.expect("the rows can be read")).collect();
    concat_batches(&schema, &batches).expect("the batches share a schema")
}

/// Writes a Parquet file with `group` rows in a row group.
pub(crate) fn write(path: &Path, batch: &RecordBatch, group: usize) {
    let settings = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let file = File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(settings)).expect("the schema can be written");
    writer.write(batch).expect("the rows can be written");
    writer.close().expect("the file can be finished");
}

/// A table from named columns, all of which may hold nulls.
pub(crate) fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, values)| (name, values, true)))
        .expect("the columns are equally long")
}

/// A column of text.
pub(crate) fn texts<T: Into<Option<&'static str>>>(values: impl IntoIterator<Item = T>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<StringArray>())
}

/// A column of text that was computed.
pub(crate) fn names(values: impl IntoIterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// A column of numbers.
pub(crate) fn numbers<T: Into<Option<f64>>>(values: impl IntoIterator<Item = T>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<Float64Array>())
}

/// A column of instants in UTC, from microseconds.
pub(crate) fn instants<T: Into<Option<i64>>>(values: impl IntoIterator<Item = T>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

/// The rows at the places given, in their order.
pub(crate) fn rows(batch: &RecordBatch, places: Vec<u32>) -> RecordBatch {
    take_record_batch(batch, &UInt32Array::from(places)).expect("the places exist")
}

/// The rows for which `keep` holds.
pub(crate) fn keep(batch: &RecordBatch, keep: impl Fn(usize) -> bool) -> RecordBatch {
    let mask: BooleanArray = (0..batch.num_rows()).map(|row| Some(keep(row))).collect();
    filter_record_batch(batch, &mask).expect("the mask is as long as the table")
}

/// Two tables of one schema, one after the other.
pub(crate) fn append(one: &RecordBatch, two: &RecordBatch) -> RecordBatch {
    concat_batches(&one.schema(), [one, two]).expect("the tables share a schema")
}

/// A table with one more column.
pub(crate) fn with_column(batch: &RecordBatch, name: &str, values: ArrayRef) -> RecordBatch {
    let schema = batch.schema();
    let old = schema.fields().iter().map(|field| field.name().as_str()).zip(batch.columns().iter().cloned());
    table(old.chain([(name, values)]).collect())
}

/// The whole table in an order that has nothing to do with its own.
pub(crate) fn shuffled(batch: &RecordBatch, seed: u64) -> RecordBatch {
    let mut places: Vec<u32> = (0..batch.num_rows() as u32).collect();
    let mut draw = Draw(seed);
    for last in (1..places.len()).rev() {
        places.swap(last, draw.below(last as u64 + 1) as usize);
    }
    rows(batch, places)
}

/// A column of text, by name.
pub(crate) fn text<'a>(batch: &'a RecordBatch, name: &str) -> &'a StringArray {
    column(batch, name)
}

/// A column of numbers, by name.
pub(crate) fn number<'a>(batch: &'a RecordBatch, name: &str) -> &'a Float64Array {
    column(batch, name)
}

/// A column of whole numbers, by name.
pub(crate) fn integer<'a>(batch: &'a RecordBatch, name: &str) -> &'a Int64Array {
    column(batch, name)
}

/// A column of instants, by name.
pub(crate) fn instant_column<'a>(batch: &'a RecordBatch, name: &str) -> &'a TimestampMicrosecondArray {
    column(batch, name)
}

/// A column of truth values, by name.
pub(crate) fn flag<'a>(batch: &'a RecordBatch, name: &str) -> &'a BooleanArray {
    column(batch, name)
}

/// The value at a place; `None` for null.
pub(crate) fn value(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}

fn column<'a, A: 'static>(batch: &'a RecordBatch, name: &str) -> &'a A {
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("there is no column `{name}` in {:?}", batch.schema()));
    column.as_any().downcast_ref().unwrap_or_else(|| panic!("column `{name}` is of type {}", column.data_type()))
}

/// A fixed sequence of numbers that look drawn: `SplitMix64`.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
