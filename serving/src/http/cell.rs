//! How the loose parts of a body are read: cells of any type, alone and by name.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::members::depth;

const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// One JSON value of which only the type and, for scalars, the value is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell<'a> {
    /// Null, or not there.
    #[default]
    Null,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i128),
    /// A number with a fraction or an exponent.
    Real(f64),
    /// Text; borrowed from the body where it stands there as it is.
    Text(Cow<'a, str>),
    /// An array or object, its content forgotten, and how deep it is nested.
    Nested(usize),
}

impl Cell<'_> {
    /// The number, correctly rounded; `None` when it is none.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Real(real) => Some(*real),
            _ => None,
        }
    }

    /// A name: text, or a whole number in digits; `None` when it is neither.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Whole(whole) => Some(whole.to_string().into()),
            // `12347.0` is how tables with gaps write `12347`; beyond 2^53 one float stands for several whole numbers.
            Self::Real(real) if real.fract() == 0.0 && real.abs() <= LARGEST_WHOLE => Some((real + 0.0).to_string().into()),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor(PhantomData))
    }
}

struct CellVisitor<'a>(PhantomData<Cell<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for CellVisitor<'a> {
    type Value = Cell<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Cell<'a>, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Cell<'a>, E> {
        Ok(Cell::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Cell<'a>, E> {
        Ok(Cell::Whole(i128::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Cell<'a>, E> {
        Ok(Cell::Whole(i128::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell<'a>, E> {
        Ok(Cell::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cell<'a>, E> {
        Ok(Cell::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Cell<'a>, E> {
        Ok(Cell::Text(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Cell<'a>, A::Error> {
        let mut most = 0;
        while let Some(value) = seq.next_element::<&RawValue>()? {
            most = most.max(depth(value.get().as_bytes()));
        }
        Ok(Cell::Nested(most + 1))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell<'a>, A::Error> {
        let mut most = 0;
        while let Some((_, value)) = map.next_entry::<IgnoredAny, &RawValue>()? {
            most = most.max(depth(value.get().as_bytes()));
        }
        Ok(Cell::Nested(most + 1))
    }
}

/// A `T` written as an object: serde alone would take an array of its members too.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// An object of cells, in the order written.
#[derive(Debug, Default)]
pub(super) struct Named<'a> {
    /// Name and cell.
    pub(super) entries: Vec<(Cow<'a, str>, Cell<'a>)>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Named<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedVisitor(PhantomData))
    }
}

struct NamedVisitor<'a>(PhantomData<Named<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for NamedVisitor<'a> {
    type Value = Named<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<'a>, A::Error> {
        let mut entries = Vec::new();
        while let Some((Text(name), cell)) = map.next_entry()? {
            entries.push((name, cell));
        }
        Ok(Named { entries })
    }
}

/// A text, borrowed where it stands as it is.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor(PhantomData)).map(Self)
    }
}

struct TextVisitor<'a>(PhantomData<Text<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for TextVisitor<'a> {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }
}
