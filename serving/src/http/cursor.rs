//! Where a page ended, as text that means nothing to the caller.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// A place as text.
pub(super) fn write(place: &impl Serialize) -> Option<String> {
    serde_json::to_vec(place).ok().map(|json| BASE64_URL_SAFE_NO_PAD.encode(json))
}

/// The place of a text that [`write`] made.
///
/// # Errors
/// [`Problem::WrongTerm`] for any other text.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let place = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok());
    place.ok_or_else(|| Problem::term("cursor", "must be a `next_cursor` of the page before"))
}
