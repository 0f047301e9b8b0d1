//! A plain table: what rooms that do not know Arrow hand to the engine to be written.

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// One value a row.
    pub values: Values,
}

impl Column {
    /// A named column.
    #[must_use]
    pub fn new(name: impl Into<String>, values: Values) -> Self {
        Self { name: name.into(), values }
    }
}

/// The values of a column; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers.
    Number(Vec<Option<f64>>),
    /// Numbers that take few values, such as counts; NaN is null.
    Counted(Vec<f64>),
    /// Numbers that hardly repeat, such as durations; NaN is null.
    Measured(Vec<f64>),
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Text.
    Text(Vec<Option<String>>),
    /// One of a few texts.
    Named(Vec<Option<&'static str>>),
    /// Instants in microseconds since 1970-01-01T00:00:00Z.
    Instant(Vec<Option<i64>>),
    /// Truth values.
    Flag(Vec<Option<bool>>),
}

impl Values {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Counted(values) | Self::Measured(values) => values.len(),
            Self::Integer(values) | Self::Instant(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Named(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
