//! Gives each row its meaning: which reason keeps it out, or which event it is. Plain Rust over Arrow arrays.

pub(super) mod noted;
pub(super) mod numbers;
pub(super) mod rows;
pub(super) mod texts;
pub(super) mod times;

/// A value as a column gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<T> {
    /// Not given.
    Null,
    /// A number that is none. Many tools write it where others write null, so it does not tell that the data has such numbers.
    Nan,
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
            Self::Null | Self::Nan | Self::Unreadable => None,
        }
    }

    /// Whether something is given that is no value.
    pub(super) fn is_dropped(&self) -> bool {
        matches!(self, Self::Nan | Self::Unreadable)
    }
}
