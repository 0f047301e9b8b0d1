//! A plain table: what rooms that do not know Arrow hand to the engine to be written.

use serde::{Serialize, Serializer};

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
    /// Text, made row by row.
    Written(OptionalTexts),
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
            Self::Written(values) => values.len(),
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
    /// Room for as many texts, of so many bytes together.
    #[must_use]
    pub fn with_capacity(texts: usize, bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(texts) }
    }

    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.push_with(|all| all.push_str(text));
    }

    /// Adds the text that `write` appends.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push(self.text.len());
    }

    /// Removes all of them; the room stays.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
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

    /// All of them, one after the other.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|place| self.get(place))
    }
}

/// A list of texts.
impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Texts one after the other, of which some are null.
///
/// ```
/// use lapwing_features::OptionalTexts;
///
/// let texts: OptionalTexts = [Some("personal_discount"), None].into_iter().collect();
/// assert_eq!(texts.iter().collect::<Vec<_>>(), [Some("personal_discount"), None]);
/// assert_eq!(texts.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionalTexts {
    /// Empty where there is none.
    texts: Texts,
    given: Vec<bool>,
}

impl OptionalTexts {
    /// Adds a text, or null.
    pub fn push(&mut self, text: Option<&str>) {
        self.texts.push(text.unwrap_or_default());
        self.given.push(text.is_some());
    }

    /// Number of texts, nulls among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.given.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.texts.iter().zip(&self.given).map(|(text, given)| given.then_some(text))
    }

    /// The text at a place; `None` for null, and beyond the last.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&str> {
        self.texts.get(place).filter(|_| self.given[place])
    }

    /// The texts, empty where there is none, and whether each is given.
    #[must_use]
    pub fn parts(&self) -> (&Texts, &[bool]) {
        (&self.texts, &self.given)
    }
}

impl<'a> FromIterator<Option<&'a str>> for OptionalTexts {
    fn from_iter<T: IntoIterator<Item = Option<&'a str>>>(texts: T) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.push(text));
        all
    }
}
