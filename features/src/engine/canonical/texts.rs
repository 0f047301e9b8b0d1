//! Ids and names out of text, whole numbers and flags.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::{Cell, times};
use crate::engine::gather::ShortKey;

/// Beyond it neighbouring whole numbers become one float, so an id would name several customers.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Whether this is a type of text.
pub(in crate::engine) fn is_text(found: &DataType) -> bool {
    matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Whether a column of this type holds ids or names.
pub(in crate::engine) fn takes(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, values) => takes(values),
        DataType::Null | DataType::Boolean => true,
        other => other.is_numeric() || is_text(other),
    }
}

/// A column as text. A whole number is the same text whatever its type: `12347`.
#[derive(Debug)]
pub(in crate::engine) struct Texts {
    values: StringViewArray,
    trims_fraction: bool,
    fractions: bool,
}

/// The texts of a column that [`takes`] takes. In text that comes `untyped`, as in CSV, `12347.0` is `12347`.
pub(in crate::engine) fn read(column: &ArrayRef, untyped: bool) -> Result<Texts, ArrowError> {
    let column = match column.data_type() {
        DataType::Dictionary(_, values) => &cast(column, values)?,
        _ => column,
    };
    let fractions = column.data_type().is_numeric() && !column.data_type().is_integer();
    let values = if column.data_type().is_floating() {
        floats(&cast(column, &DataType::Float64)?)?
    } else {
        cast(column, &DataType::Utf8View)?.as_string_view().clone()
    };
    Ok(Texts { values, trims_fraction: untyped || fractions, fractions })
}

impl Texts {
    /// Number of rows.
    pub(in crate::engine) fn len(&self) -> usize {
        self.values.len()
    }

    /// The text of a row as one number, when it is short.
    #[inline]
    pub(in crate::engine) fn short(&self, row: usize) -> Option<ShortKey> {
        if self.values.is_null(row) { None } else { ShortKey::of_view(self.values.views()[row]) }
    }

    /// The views of all rows, when each has a text.
    pub(in crate::engine) fn views(&self) -> Option<&[u128]> {
        (self.values.null_count() == 0).then(|| &**self.values.views())
    }

    /// Whether [`get`](Self::get) may give a text that is not the one written.
    pub(in crate::engine) fn is_rewritten(&self) -> bool {
        self.trims_fraction
    }

    /// The text of a row; a blank one is not given.
    pub(in crate::engine) fn get(&self, row: usize) -> Cell<&str> {
        if self.values.is_null(row) {
            return Cell::Null;
        }
        let text = self.values.value(row);
        match text.trim().is_empty() {
            true => Cell::Null,
            false if self.trims_fraction => Cell::Value(whole(text)),
            false => Cell::Value(text),
        }
    }

    /// As [`get`](Self::get), but a number with a fraction names nobody.
    pub(in crate::engine) fn id(&self, row: usize) -> Cell<&str> {
        match self.get(row) {
            Cell::Value(text) if self.fractions && !is_whole(text) => Cell::Unreadable,
            cell => cell,
        }
    }
}

/// Floats as text, whole ones without a fraction; NaN is not given.
fn floats(column: &ArrayRef) -> Result<StringViewArray, ArrowError> {
    let text = |number: f64| {
        // Adding zero rids zero of its sign. What is too large to be whole for sure keeps an exponent.
        if number.abs() <= LARGEST_WHOLE { (number + 0.0).to_string() } else { format!("{number:e}") }
    };
    let numbers = times::downcast::<Float64Array>(column)?;
    Ok(numbers.iter().map(|number| number.filter(|number| !number.is_nan()).map(text)).collect())
}

/// `12347.00` as `12347`; any other text as it is.
fn whole(text: &str) -> &str {
    match text.split_once('.') {
        Some((number, fraction)) if is_whole(number) && fraction.bytes().all(|digit| digit == b'0') => number,
        _ => text,
    }
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}
