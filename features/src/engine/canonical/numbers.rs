//! Amounts and quantities out of numbers and text.

use std::hint::select_unpredictable;

use arrow::array::{Array, ArrayRef, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::{Cell, texts, times};

/// Larger than any amount: what exceeds it is a mistake, and sums of what does not stay exact to the cent.
const MOST: f64 = 1e12;

/// Whether a column of this type holds numbers.
pub(in crate::engine) fn takes(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, values) => takes(values),
        DataType::Null => true,
        other => other.is_numeric() || texts::is_text(other),
    }
}

/// The numbers of a column that [`takes`] takes; negative zero becomes zero.
pub(in crate::engine) fn read(column: &ArrayRef) -> Result<Vec<Cell<f64>>, ArrowError> {
    let values = match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values)?,
        _ => column.clone(),
    };
    if values.data_type().is_numeric() {
        let numbers = cast(&values, &DataType::Float64)?;
        let numbers = times::downcast::<Float64Array>(&numbers)?;
        // A number that cannot be cast becomes null, so what was given is asked of the column itself.
        let lost = numbers.null_count() > values.null_count();
        // Which rows have a number cannot be guessed, so that every one is judged.
        let cell = |(row, number): (usize, &f64)| match (numbers.is_null(row), judged(*number)) {
            (true, _) if lost && values.is_valid(row) => Cell::Unreadable,
            (is_null, judged) => select_unpredictable(is_null, Cell::Null, judged),
        };
        return Ok(numbers.values().iter().enumerate().map(cell).collect());
    }
    let text = texts::read(&values, false)?;
    let number = |text: &str| text.trim().parse().map_or(Cell::Unreadable, judged);
    Ok((0..values.len()).map(|row| text.get(row).value().map_or(Cell::Null, number)).collect())
}

fn judged(number: f64) -> Cell<f64> {
    if number.is_nan() {
        Cell::Nan
    } else if number.abs() <= MOST {
        Cell::Value(number + 0.0)
    } else {
        Cell::Unreadable
    }
}
