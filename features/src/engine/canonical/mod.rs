//! Gives each row its meaning: which reason keeps it out, or which event it is. Plain Rust over Arrow arrays.

pub(super) mod numbers;
pub(super) mod rows;
pub(super) mod texts;
pub(super) mod times;

/// A value as a column gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<T> {
    /// Not given.
    Null,
    /// Given, but not what the column is for.
    Unreadable,
    /// Given.
    Value(T),
}

impl<T> Cell<T> {
    /// The value if there is one.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Null | Self::Unreadable => None,
        }
    }
}
