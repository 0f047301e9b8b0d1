//! What goes into a store and comes out of it: five kinds of cells that both databases have.

use std::borrow::Cow;

use crate::store::StoreError;

/// A value that is stored, or compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// `BIGINT`.
    Integer(i64),
    /// `DOUBLE PRECISION`.
    Real(f64),
    /// `TEXT`.
    Text(Cow<'a, str>),
    /// `BYTEA`.
    Bytes(Cow<'a, [u8]>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<usize> for Value<'_> {
    /// Of a count, which is far below the greatest.
    fn from(count: usize) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row that was found, its cells in the order of the columns that were asked for.
#[derive(Clone, Debug)]
pub(in crate::store) struct Row(pub(super) Vec<Value<'static>>);

impl Row {
    /// Takes a cell out; it is null afterwards.
    fn take(&mut self, at: usize) -> Value<'static> {
        self.0.get_mut(at).map_or(Value::Null, |cell| std::mem::replace(cell, Value::Null))
    }

    /// A text, or nothing.
    pub(in crate::store) fn text(&mut self, at: usize) -> Result<Option<String>, StoreError> {
        match self.take(at) {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.into_owned())),
            _ => Err(StoreError::Damaged("a text is none")),
        }
    }

    /// A whole number, or nothing.
    pub(in crate::store) fn integer(&mut self, at: usize) -> Result<Option<i64>, StoreError> {
        match self.take(at) {
            Value::Null => Ok(None),
            Value::Integer(number) => Ok(Some(number)),
            _ => Err(StoreError::Damaged("a whole number is none")),
        }
    }

    /// A number, or nothing.
    pub(in crate::store) fn real(&mut self, at: usize) -> Result<Option<f64>, StoreError> {
        match self.take(at) {
            Value::Null => Ok(None),
            Value::Real(number) => Ok(Some(number)),
            Value::Integer(number) => Ok(Some(number as f64)),
            _ => Err(StoreError::Damaged("a number is none")),
        }
    }

    /// Bytes, or nothing.
    pub(in crate::store) fn bytes(&mut self, at: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match self.take(at) {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes.into_owned())),
            _ => Err(StoreError::Damaged("bytes are none")),
        }
    }

    /// A text that is never missing.
    pub(in crate::store) fn some_text(&mut self, at: usize) -> Result<String, StoreError> {
        self.text(at)?.ok_or(StoreError::Damaged("a text is missing"))
    }

    /// A whole number that is never missing.
    pub(in crate::store) fn some_integer(&mut self, at: usize) -> Result<i64, StoreError> {
        self.integer(at)?.ok_or(StoreError::Damaged("a whole number is missing"))
    }
}

impl Row {
    /// Whether a cell is this whole number.
    pub(in crate::store) fn is_integer(&self, at: usize, number: i64) -> bool {
        self.0.get(at) == Some(&Value::Integer(number))
    }

    /// All cells.
    pub(in crate::store) fn cells(self) -> Vec<Value<'static>> {
        self.0
    }
}
