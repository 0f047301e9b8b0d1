//! The members of an object, each still to be read: a bad one is told by its name, and the others are looked at all the same.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::problem::MOST_ERRORS;
use super::wire::FieldError;

/// What an object holds of the members that are known.
#[derive(Debug)]
pub(super) struct Members<'a> {
    known: &'static [&'static str],
    values: Vec<Option<&'a RawValue>>,
    /// At most [`MOST_ERRORS`].
    pub(super) faults: Vec<Fault>,
}

impl<'a> Members<'a> {
    /// Reads an object of the members `known`.
    ///
    /// # Errors
    /// A data error when `json` is no object, a syntax error when a name in it is no text.
    pub(super) fn read(json: &'a RawValue, known: &'static [&'static str]) -> Result<Self, serde_json::Error> {
        let members = Self { known, values: vec![None; known.len()], faults: Vec::new() };
        members.deserialize(&mut serde_json::Deserializer::from_str(json.get()))
    }

    /// The member `name`; `None` when it is null or not there.
    ///
    /// # Errors
    /// It is no `T`.
    pub(super) fn get<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        let place = self.known.iter().position(|known| *known == name);
        place.and_then(|place| self.values[place]).map_or(Ok(None), |json| serde_json::from_str(json.get()))
    }

    /// What is wrong with the names of an object that stands at `at`.
    pub(super) fn errors(&self, at: &str) -> Vec<FieldError> {
        self.faults.iter().map(|fault| FieldError { pointer: format!("{at}{}", fault.pointer()), detail: fault.rule() }).collect()
    }

    fn refuse(&mut self, fault: Fault) {
        if self.faults.len() < MOST_ERRORS {
            self.faults.push(fault);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Members<'de> {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            match self.known.iter().position(|known| *known == name) {
                None => self.refuse(Fault::Unknown { name: plain(&name).map(str::to_owned), known: self.known }),
                Some(place) if self.values[place].is_some() => self.refuse(Fault::Repeated(self.known[place])),
                Some(place) => self.values[place] = Some(value),
            }
        }
        Ok(self)
    }
}

/// What is wrong with the name of a member.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is none of those known.
    Unknown {
        /// Only when it is fit to be repeated.
        name: Option<String>,
        /// Those that are.
        known: &'static [&'static str],
    },
    /// It was given before.
    Repeated(&'static str),
}

impl Fault {
    /// For programs: which rule.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_member",
            Self::Repeated(_) => "repeated_member",
        }
    }

    /// Pointer from the object to the member; to the object itself where the name is not fit to be repeated.
    pub(super) fn pointer(&self) -> String {
        match self {
            Self::Unknown { name, .. } => name.as_ref().map(|name| format!("/{name}")).unwrap_or_default(),
            Self::Repeated(name) => format!("/{name}"),
        }
    }

    /// For people, to be read after what the pointer names.
    pub(super) fn rule(&self) -> String {
        match self {
            Self::Unknown { name, known } => {
                let begin = if name.is_some() { "is no member here" } else { "has an unknown member" };
                format!("{begin}; known are `{}`", known.join("`, `"))
            }
            Self::Repeated(_) => "is given twice".to_owned(),
        }
    }
}

/// How deep arrays and objects stand within each other in `json`, which need not be whole; 0 where there are none.
#[must_use]
pub(super) fn depth(json: &[u8]) -> usize {
    let (mut now, mut most, mut bytes) = (0_usize, 0, json.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            // To the end of the text.
            b'"' => {
                while let Some(byte) = bytes.next().filter(|byte| **byte != b'"') {
                    if *byte == b'\\' {
                        bytes.next();
                    }
                }
            }
            _ => {}
        }
    }
    most
}

/// A name that an answer may repeat: 1 to 40 letters, digits, `_`, `.` or `-`.
#[must_use]
pub(super) fn plain(name: &str) -> Option<&str> {
    let fits = (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    fits.then_some(name)
}

/// A list of values, which are still to be read unless another type is asked for. Beyond `MOST` they are counted and forgotten.
#[derive(Debug)]
pub(super) struct Listed<'a, const MOST: usize, T = &'a RawValue> {
    /// The first of them.
    pub(super) kept: Vec<T>,
    /// How many there were.
    pub(super) count: usize,
    of: PhantomData<&'a ()>,
}

impl<'de, const MOST: usize, T: Deserialize<'de>> Deserialize<'de> for Listed<'de, MOST, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<const MOST: usize, T>(PhantomData<T>);

impl<'de, const MOST: usize, T: Deserialize<'de>> Visitor<'de> for ListVisitor<MOST, T> {
    type Value = Listed<'de, MOST, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MOST {
            let Some(value) = seq.next_element()? else {
                let count = kept.len();
                return Ok(Listed { kept, count, of: PhantomData });
            };
            kept.push(value);
        }
        let mut count = kept.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Listed { kept, count, of: PhantomData })
    }
}
