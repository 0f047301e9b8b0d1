//! Instants out of timestamps, dates and text.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, Date32Array, Date64Array, Int64Array, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::{Cell, texts};
use crate::time::{Calendar, DAY, Timestamp};

/// Whether a column of this type tells a time.
pub(in crate::engine) fn takes(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, values) => texts::is_text(values),
        DataType::Null | DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => true,
        other => texts::is_text(other),
    }
}

/// What to do about a column of a type that tells no time.
pub(in crate::engine) fn hint(found: &DataType) -> &'static str {
    if found.is_numeric() {
        "a number does not say its unit: cast it where the file is written, for example `pd.to_datetime(ts, unit=\"s\")` or `to_timestamp(ts)`"
    } else {
        "cast the column to a timestamp, a date, or text such as `2024-03-31T12:00:00Z`"
    }
}

/// The instants of a column that [`takes`] takes. Finer than microseconds is cut; a clock without zone is read in `calendar`.
pub(in crate::engine) fn read(column: &ArrayRef, calendar: &Calendar) -> Result<Vec<Cell<Timestamp>>, ArrowError> {
    match column.data_type() {
        DataType::Null => Ok(vec![Cell::Null; column.len()]),
        DataType::Timestamp(unit, zone) => {
            let (unit, zoned) = (*unit as u32, zone.is_some());
            let counts = cast(column, &DataType::Int64)?;
            let counts = downcast::<Int64Array>(&counts)?;
            let instant = |count| Timestamp::counted(count, unit);
            Ok(if zoned { cells(counts, instant) } else { cells(counts, |count| calendar.local_to_instant(instant(count).0)) })
        }
        DataType::Date32 => {
            let days = downcast::<Date32Array>(column)?;
            Ok(cells(days, |day| calendar.local_to_instant(i64::from(day).saturating_mul(DAY))))
        }
        DataType::Date64 => {
            let millis = downcast::<Date64Array>(column)?;
            Ok(cells(millis, |millis| calendar.local_to_instant(millis.saturating_mul(1_000))))
        }
        _ => {
            let text = texts::read(column, false)?;
            let instant = |text: &str| calendar.parse(text).map_or(Cell::Unreadable, Cell::Value);
            Ok((0..column.len()).map(|row| text.get(row).value().map_or(Cell::Null, instant)).collect())
        }
    }
}

/// The instants of counts, but where there is none.
fn cells<T: ArrowPrimitiveType>(counts: &PrimitiveArray<T>, instant: impl Fn(T::Native) -> Timestamp) -> Vec<Cell<Timestamp>> {
    match counts.nulls() {
        None => counts.values().iter().map(|count| Cell::Value(instant(*count))).collect(),
        Some(_) => counts.iter().map(|count| count.map_or(Cell::Null, |count| Cell::Value(instant(count)))).collect(),
    }
}

/// The array as its own type.
pub(in crate::engine) fn downcast<T: 'static>(array: &ArrayRef) -> Result<&T, ArrowError> {
    array.as_any().downcast_ref().ok_or_else(|| ArrowError::CastError(format!("{} is not what it says", array.data_type())))
}
