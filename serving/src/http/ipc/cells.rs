//! What stands in the rows of a piece of a batch, as the reader of events takes it.

use std::borrow::Cow;
use std::sync::LazyLock;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit, UInt64Type};
use arrow::error::ArrowError;
use lapwing_features::{Calendar, Timestamp};

use super::schema::{Column, Role};
use crate::http::cell::{Cell, Named};
use crate::http::place::MAX_TEXT;
use crate::http::reading::When;
use crate::http::wire::EventRequest;

/// Stands in for any text that is too long, and is so itself.
static TOO_LONG: LazyLock<String> = LazyLock::new(|| "x".repeat(MAX_TEXT + 1));

/// The values of a column, in a few types instead of many.
#[derive(Debug)]
enum Values {
    None,
    Flags(BooleanArray),
    Whole(Int64Array),
    Unsigned(UInt64Array),
    Real(Float64Array),
    /// Instants in microseconds.
    Zoned(Int64Array, TimeUnit),
    /// What clocks on the wall show, in microseconds.
    Local(Int64Array, TimeUnit),
    Days(Int64Array),
    /// Texts, and by which key each row finds its own.
    Texts(ArrayRef, Option<Int64Array>),
}

impl Values {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let whole = || cast(array, &DataType::Int64).map(|array| array.as_primitive::<Int64Type>().clone());
        Ok(match array.data_type() {
            DataType::Null => Self::None,
            DataType::Boolean => Self::Flags(array.as_boolean().clone()),
            DataType::UInt64 => Self::Unsigned(array.as_primitive::<UInt64Type>().clone()),
            found if found.is_integer() => Self::Whole(whole()?),
            DataType::Timestamp(unit, Some(_)) => Self::Zoned(whole()?, *unit),
            DataType::Timestamp(unit, None) => Self::Local(whole()?, *unit),
            DataType::Date32 => Self::Days(cast(&cast(array, &DataType::Int32)?, &DataType::Int64)?.as_primitive().clone()),
            DataType::Date64 => Self::Local(whole()?, TimeUnit::Millisecond),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let keys = cast(&dictionary.keys().slice(0, array.len()), &DataType::Int64)?;
                Self::Texts(dictionary.values().clone(), Some(keys.as_primitive().clone()))
            }
            found if found.is_numeric() => Self::Real(cast(array, &DataType::Float64)?.as_primitive().clone()),
            _ => Self::Texts(array.clone(), None),
        })
    }

    fn cell(&self, row: usize, calendar: &Calendar) -> Cell<'_> {
        match self {
            Self::None => Cell::Null,
            Self::Flags(flags) => {
                if flags.is_null(row) {
                    Cell::Null
                } else {
                    Cell::Flag(flags.value(row))
                }
            }
            Self::Whole(numbers) => value(numbers, row).map_or(Cell::Null, |number| Cell::Whole(number.into())),
            Self::Unsigned(numbers) => value(numbers, row).map_or(Cell::Null, |number| Cell::Whole(number.into())),
            // Many tools write NaN where others write null.
            Self::Real(numbers) => value(numbers, row).filter(|number| !number.is_nan()).map_or(Cell::Null, Cell::Real),
            Self::Texts(texts, keys) => text(texts, keys.as_ref(), row),
            Self::Zoned(..) | Self::Local(..) | Self::Days(_) => {
                self.instant(row, calendar).map_or(Cell::Null, |at| Cell::Text(Cow::Owned(at.to_string())))
            }
        }
    }

    /// The instant, of a column that is no text; `None` when null.
    fn instant(&self, row: usize, calendar: &Calendar) -> Option<Timestamp> {
        match self {
            Self::Zoned(counts, unit) => value(counts, row).map(|count| Timestamp::counted(count, *unit as u32)),
            Self::Local(counts, unit) => {
                value(counts, row).map(|count| calendar.local_to_instant(Timestamp::counted(count, *unit as u32).0))
            }
            Self::Days(days) => value(days, row).map(|day| calendar.local_to_instant(Timestamp(0).plus_days(day).0)),
            _ => None,
        }
    }

    fn is_time(&self) -> bool {
        matches!(self, Self::Zoned(..) | Self::Local(..) | Self::Days(_))
    }
}

fn value<T: arrow::datatypes::ArrowPrimitiveType>(numbers: &arrow::array::PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    (!numbers.is_null(row)).then(|| numbers.value(row))
}

fn text<'a>(texts: &'a ArrayRef, keys: Option<&Int64Array>, row: usize) -> Cell<'a> {
    let place = match keys {
        None => Some(row),
        Some(keys) => value(keys, row).and_then(|key| usize::try_from(key).ok()),
    };
    let Some(place) = place.filter(|place| *place < texts.len() && !texts.is_null(*place)) else { return Cell::Null };
    let bytes = match texts.data_type() {
        DataType::Binary => texts.as_binary::<i32>().value(place),
        DataType::LargeBinary => texts.as_binary::<i64>().value(place),
        DataType::BinaryView => texts.as_binary_view().value(place),
        _ => return Cell::Nested(1),
    };
    if bytes.len() > MAX_TEXT {
        return Cell::Text(Cow::Borrowed(TOO_LONG.as_str()));
    }
    // What is no UTF-8 is no text.
    std::str::from_utf8(bytes).map_or(Cell::Nested(1), |text| Cell::Text(Cow::Borrowed(text)))
}

/// Some rows of a batch, column by column.
#[derive(Debug)]
pub(super) struct Cells<'c> {
    columns: &'c [Column],
    values: Vec<Values>,
    /// How many rows there are.
    pub(super) rows: usize,
}

impl<'c> Cells<'c> {
    /// The rows of `piece`, whose columns are `columns`.
    ///
    /// # Errors
    /// [`ArrowError`] when a column is not of a type that it may be.
    pub(super) fn of(columns: &'c [Column], piece: &RecordBatch) -> Result<Self, ArrowError> {
        let values = piece.columns().iter().map(Values::of).collect::<Result<_, _>>()?;
        Ok(Self { columns, values, rows: piece.num_rows() })
    }

    fn values(&self, role: Role) -> Option<&Values> {
        let place = self.columns.iter().position(|column| *column == Column::Event(role))?;
        self.values.get(place)
    }

    fn cell(&self, role: Role, row: usize, calendar: &Calendar) -> Cell<'_> {
        self.values(role).map_or(Cell::Null, |values| values.cell(row, calendar))
    }

    /// Whose event it is.
    pub(super) fn id(&self, row: usize, calendar: &Calendar) -> Cell<'_> {
        self.cell(Role::Id, row, calendar)
    }

    /// When it happened or became known.
    fn when(&self, role: Role, row: usize, calendar: &Calendar) -> When<'_> {
        match self.values(role) {
            Some(values) if values.is_time() => When::At(values.instant(row, calendar)),
            Some(values) => When::Told(values.cell(row, calendar)),
            None => When::At(None),
        }
    }

    /// The event of a row, and when it happened and became known.
    pub(super) fn event(&self, row: usize, calendar: &Calendar) -> (EventRequest<'_>, [When<'_>; 2]) {
        let cell = |role| self.cell(role, row, calendar);
        let event = EventRequest {
            kind: cell(Role::Kind),
            amount: cell(Role::Amount),
            quantity: cell(Role::Quantity),
            order_id: cell(Role::Order),
            line_id: cell(Role::Line),
            channel: cell(Role::Channel),
            category: cell(Role::Category),
            ..EventRequest::default()
        };
        (event, [Role::Ts, Role::KnownAt].map(|role| self.when(role, row, calendar)))
    }

    /// What a row tells of its customer.
    pub(super) fn attributes(&self, row: usize, calendar: &Calendar) -> Named<'_> {
        let named = self.columns.iter().zip(&self.values).filter_map(|(column, values)| match column {
            Column::Attribute(name) => Some((Cow::Borrowed(&name[..]), values.cell(row, calendar))),
            Column::Event(_) => None,
        });
        Named { entries: named.collect() }
    }
}
