//! Where in a request something stands, and what may be said about it.

use std::fmt;

use lapwing_features::Token;

use super::cell::Cell;
use super::wire::EntryError;

/// Numbers beyond this are taken for mistakes, as in files.
const LARGEST: f64 = 1e12;
/// Longest text of a customer or an event, in bytes.
pub(super) const MAX_TEXT: usize = 1_024;

/// Where in the request something stands; as text, a JSON Pointer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// `None` where the customer is all there is.
    customer: Option<usize>,
    event: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (list, place) in [("customers", self.customer), ("events", self.event)] {
            if let Some(place) = place {
                write!(f, "/{list}/{place}")?;
            }
        }
        Ok(())
    }
}

impl Place {
    /// The customer at `place`; `None` where it is all there is.
    pub(super) fn of_customer(place: Option<usize>) -> Self {
        Self { customer: place, event: None }
    }

    /// The event at `place` of this customer.
    pub(super) fn event(self, place: usize) -> Self {
        Self { event: Some(place), ..self }
    }

    /// The error that `member`, a pointer from here, breaks a rule.
    pub(super) fn error(&self, code: &'static str, member: &str, rule: &str) -> EntryError {
        let name = member.rsplit('/').next().unwrap_or_default();
        let detail = if name.is_empty() { rule.to_owned() } else { format!("`{name}` {rule}") };
        EntryError { code, detail, pointer: format!("{self}{member}") }
    }

    /// A number within bounds.
    pub(super) fn number(&self, member: &str, cell: &Cell<'_>) -> Result<Option<f64>, EntryError> {
        if *cell == Cell::Null {
            return Ok(None);
        }
        let number = cell.number().ok_or_else(|| self.error("wrong_type", member, "must be a number or null"))?;
        if number.is_finite() && number.abs() <= LARGEST {
            // Rids zero of its sign, as files do.
            Ok(Some(number + 0.0))
        } else {
            Err(self.error("number_out_of_range", member, "must lie between -1e12 and 1e12"))
        }
    }

    /// The error that `member` is longer than any text should be.
    pub(super) fn too_long(&self, member: &str) -> EntryError {
        self.error("text_too_long", member, &format!("must be at most {MAX_TEXT} bytes long"))
    }

    /// Any text.
    pub(super) fn text<'a>(&self, member: &str, cell: &'a Cell<'_>) -> Result<Option<&'a str>, EntryError> {
        match cell {
            Cell::Null => Ok(None),
            Cell::Text(text) if text.len() > MAX_TEXT => Err(self.too_long(member)),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err(self.error("wrong_type", member, "must be text or null")),
        }
    }

    /// Text that is not blank.
    pub(super) fn word<'a>(&self, member: &str, cell: &'a Cell<'_>) -> Result<Option<&'a str>, EntryError> {
        Ok(self.text(member, cell)?.filter(|text| !text.trim().is_empty()))
    }

    /// A name of which only equality matters.
    pub(super) fn token(&self, member: &str, cell: &Cell<'_>) -> Result<Token, EntryError> {
        match cell {
            Cell::Null => Ok(Token::NONE),
            Cell::Text(text) if text.len() > MAX_TEXT => Err(self.too_long(member)),
            cell => cell
                .name()
                .map(|name| Token::of_option(Some(&*name).filter(|name| !name.trim().is_empty())))
                .ok_or_else(|| self.error("wrong_type", member, "must be text, a whole number or null")),
        }
    }
}

/// A member's name inside a JSON Pointer.
#[must_use]
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
