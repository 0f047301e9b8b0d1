//! Where in a request something stands, and what may be said about it.

use lapwing_features::Token;

use super::cell::Cell;
use super::wire::EntryError;

/// Numbers beyond this are taken for mistakes, as in files.
const LARGEST: f64 = 1e12;

/// Where in the request something stands, as a JSON Pointer.
#[derive(Debug)]
pub(super) struct Place(pub(super) String);

impl Place {
    /// The customer at `place`.
    pub(super) fn of_customer(place: usize) -> Self {
        Self(format!("/customers/{place}"))
    }

    /// The event at `place` of this customer.
    pub(super) fn event(&self, place: usize) -> Self {
        Self(format!("{}/events/{place}", self.0))
    }

    /// The error that `member`, a pointer from here, breaks a rule.
    pub(super) fn error(&self, code: &'static str, member: &str, rule: &str) -> EntryError {
        let name = member.rsplit('/').next().unwrap_or_default();
        let detail = if name.is_empty() { rule.to_owned() } else { format!("`{name}` {rule}") };
        EntryError { code, detail, pointer: format!("{}{member}", self.0) }
    }

    /// A number within bounds.
    pub(super) fn number(&self, member: &str, cell: &Cell) -> Result<Option<f64>, EntryError> {
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

    /// Any text.
    pub(super) fn text<'a>(&self, member: &str, cell: &'a Cell) -> Result<Option<&'a str>, EntryError> {
        match cell {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err(self.error("wrong_type", member, "must be text or null")),
        }
    }

    /// Text that is not blank.
    pub(super) fn word<'a>(&self, member: &str, cell: &'a Cell) -> Result<Option<&'a str>, EntryError> {
        Ok(self.text(member, cell)?.filter(|text| !text.trim().is_empty()))
    }

    /// A name of which only equality matters.
    pub(super) fn token(&self, member: &str, cell: &Cell) -> Result<Token, EntryError> {
        match cell {
            Cell::Null => Ok(Token::NONE),
            cell => cell
                .name()
                .map(|name| Token::of_option(Some(name.as_str()).filter(|name| !name.trim().is_empty())))
                .ok_or_else(|| self.error("wrong_type", member, "must be text, a whole number or null")),
        }
    }
}

/// A member's name inside a JSON Pointer.
#[must_use]
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
