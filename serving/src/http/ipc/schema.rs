//! Which columns of a stream are read, and of which types they may be.

use arrow::datatypes::{DataType, Field, Fields, Schema};

use crate::http::lineup::Lineup;
use crate::http::place::escape;
use crate::http::problem::{MOST_ERRORS, Problem};
use crate::http::wire::FieldError;

/// What a column tells of an event, in the order of [`ROLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Id,
    Ts,
    Kind,
    Amount,
    Quantity,
    Order,
    Line,
    Channel,
    Category,
    KnownAt,
}

/// The columns of events as files have them.
const ROLES: [(&str, Role); 10] = [
    ("customer_id", Role::Id),
    ("ts", Role::Ts),
    ("kind", Role::Kind),
    ("amount", Role::Amount),
    ("quantity", Role::Quantity),
    ("order_id", Role::Order),
    ("line_id", Role::Line),
    ("channel", Role::Channel),
    ("category", Role::Category),
    ("known_at", Role::KnownAt),
];

/// What a column with an attribute of its customer begins with, as in a table of scores.
const ATTRIBUTE: &str = "attribute_";

/// What is read of a stream.
#[derive(Debug)]
pub(super) struct Plan {
    /// As the stream has it, but texts as bytes: arrow would look through every text before anybody could say that it is too long.
    pub(super) schema: Schema,
    /// Places of the columns that are read, ascending.
    pub(super) places: Vec<usize>,
    /// What each of these is.
    pub(super) columns: Vec<Column>,
}

/// A column that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Of the event.
    Event(Role),
    /// Of the customer, under this name.
    Attribute(String),
}

impl Plan {
    /// Picks the columns that are known to the models.
    ///
    /// # Errors
    /// [`Problem::WrongShape`] with each column that is not there, there twice, or of a type that does not fit.
    pub(super) fn of(schema: &Schema, lineup: &Lineup) -> Result<Self, Problem> {
        let (mut places, mut columns, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let mut refuse = |name: &str, rule: &str| {
            errors.push(FieldError { pointer: format!("/{}", escape(name)), detail: rule.to_owned() });
        };
        for (place, field) in schema.fields().iter().enumerate() {
            let Some(column) = column(field.name(), lineup) else { continue };
            if columns.contains(&column) {
                refuse(field.name(), "is given twice");
            } else if let Some(rule) = unfit(&column, field.data_type()) {
                refuse(field.name(), rule);
            }
            places.push(place);
            columns.push(column);
        }
        for (name, role) in &ROLES[..2] {
            if !columns.contains(&Column::Event(*role)) {
                refuse(name, "must be a column");
            }
        }
        if !errors.is_empty() {
            errors.truncate(MOST_ERRORS);
            return Err(Problem::WrongShape(errors));
        }
        let fields: Fields = schema.fields().iter().map(|field| as_bytes(field)).collect();
        Ok(Self { schema: Schema::new(fields), places, columns })
    }
}

fn column(name: &str, lineup: &Lineup) -> Option<Column> {
    if let Some((_, role)) = ROLES.iter().find(|(known, _)| *known == name) {
        return Some(Column::Event(*role));
    }
    let attribute = name.strip_prefix(ATTRIBUTE)?;
    lineup.knows_attribute(attribute).then(|| Column::Attribute(attribute.to_owned()))
}

/// The rule that a column of this type breaks.
fn unfit(column: &Column, found: &DataType) -> Option<&'static str> {
    use DataType::{Boolean, Date32, Date64, Null, Timestamp};
    let is_time = matches!(found, Timestamp(..) | Date32 | Date64);
    let (fits, rule) = match column {
        Column::Event(Role::Id) => (is_text(found) || is_whole(found) || found.is_floating(), "must be text or whole numbers"),
        Column::Event(Role::Ts | Role::KnownAt) => {
            (is_text(found) || is_time || *found == Null, "must be timestamps, dates, or text as RFC 3339 has it")
        }
        Column::Event(Role::Amount | Role::Quantity) => (found.is_numeric() || *found == Null, "must be numbers"),
        Column::Event(Role::Kind) => (is_text(found) || *found == Null, "must be text"),
        Column::Event(_) => (is_text(found) || is_whole(found) || found.is_floating() || *found == Null, "must be text or whole numbers"),
        Column::Attribute(_) => (
            is_text(found) || found.is_numeric() || is_time || *found == Boolean || *found == Null,
            "must be text, numbers, dates or truth values",
        ),
    };
    (!fits).then_some(rule)
}

fn is_whole(found: &DataType) -> bool {
    found.is_integer()
}

/// Whether these are texts, by themselves or by their place in a dictionary.
fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, values) => matches!(**values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

/// The column with its texts as bytes.
fn as_bytes(field: &Field) -> Field {
    let bytes = |found: &DataType| match found {
        DataType::Utf8 => DataType::Binary,
        DataType::LargeUtf8 => DataType::LargeBinary,
        DataType::Utf8View => DataType::BinaryView,
        other => other.clone(),
    };
    let found = match field.data_type() {
        DataType::Dictionary(keys, values) => DataType::Dictionary(keys.clone(), Box::new(bytes(values))),
        other => bytes(other),
    };
    field.clone().with_data_type(found)
}
