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
    /// Numbers, of which NaN is null.
    Measured(Vec<f64>),
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Text.
    Text(Vec<Option<String>>),
    /// Texts that hardly repeat, such as ids; none is null.
    Ids(Texts),
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
            Self::Measured(values) => values.len(),
            Self::Integer(values) | Self::Instant(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Ids(values) => values.len(),
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

/// Texts, one after the other.
///
/// ```
/// use lapwing_features::Texts;
///
/// let mut texts = Texts::default();
/// texts.push("12347");
/// texts.push("");
/// assert_eq!(texts.iter().collect::<Vec<_>>(), ["12347", ""]);
/// assert_eq!((texts.len(), texts.get(0), texts.get(2)), (2, Some("12347"), None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    text: String,
    /// Where each ends in `text`.
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at a place; `None` beyond the last.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[begin..end])
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|place| self.get(place))
    }
}
