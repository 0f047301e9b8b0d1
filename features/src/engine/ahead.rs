//! What of a file lies wholly at or after the as-of date: it is counted, and not read.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::basic::Type;

use super::canonical::{Cell, times};
use crate::time::{Calendar, DAY, Timestamp};

/// Row groups in which every row is one of the future.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ahead {
    /// For each row group of the file; empty when none is.
    pub(super) groups: Vec<bool>,
    /// How many rows they have.
    pub(super) rows: u64,
}

impl Ahead {
    /// By the statistics of the column `ts`, a timestamp: only where they are exact, no time is missing, and all times are
    /// plausible, so that each row would be counted as one of the future.
    pub(super) fn of(footer: Option<&ArrowReaderMetadata>, ts: &str, until: Option<Timestamp>, calendar: &Calendar) -> Self {
        let (Some(footer), Some(until)) = (footer, until) else { return Self::default() };
        let groups = ahead(footer, ts, until, calendar).unwrap_or_default();
        let rows = footer.metadata().row_groups().iter().zip(&groups).filter(|(_, ahead)| **ahead);
        let rows = rows.map(|(group, _)| group.num_rows().unsigned_abs()).sum();
        if groups.contains(&true) { Self { groups, rows } } else { Self::default() }
    }

    /// Whether nothing of the file need be read.
    pub(super) fn is_all(&self) -> bool {
        !self.groups.is_empty() && self.groups.iter().all(|ahead| *ahead)
    }
}

/// `None` where the statistics do not tell.
fn ahead(footer: &ArrowReaderMetadata, ts: &str, until: Timestamp, calendar: &Calendar) -> Option<Vec<bool>> {
    let schema = footer.schema();
    let DataType::Timestamp(_, zone) = schema.field_with_name(ts).ok()?.data_type() else { return None };
    // A clock is set back and forth, but never by a day: then what is later by the clock is later.
    let until = if zone.is_some() { until } else { Timestamp(until.0.checked_add(DAY)?) };
    let parquet = footer.parquet_schema();
    let converter = StatisticsConverter::try_new(ts, schema, parquet).ok()?;
    // Older times of 96 bits have an order of their own.
    let column = parquet.column(converter.parquet_column_index()?);
    if column.physical_type() != Type::INT64 {
        return None;
    }
    let groups = footer.metadata().row_groups();
    let read = |column: ArrayRef| times::read(&column, calendar).ok();
    let least = read(converter.row_group_mins(groups).ok()?)?;
    let most = read(converter.row_group_maxes(groups).ok()?)?;
    let nulls = cast(&converter.row_group_null_counts(groups).ok()?, &DataType::Int64).ok()?;
    let nulls = nulls.as_primitive::<Int64Type>();
    let is_ahead = |group: usize| match (least.get(group), most.get(group)) {
        (Some(Cell::Value(least)), Some(Cell::Value(most))) => {
            *least >= until && least.is_plausible() && most.is_plausible() && nulls.is_valid(group) && nulls.value(group) == 0
        }
        _ => false,
    };
    Some((0..groups.len()).map(is_ahead).collect())
}
