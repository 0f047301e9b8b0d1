//! A line of the log and the chain that it hangs in. Nothing here reads a clock or a file.

use hmac::{Hmac, KeyInit, Mac};
use lapwing_features::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::guard::key::hex;

/// The secret under which customers are hashed and lines are chained. Whoever does not have it can neither find out who a customer
/// is by trying ids, nor write a chain anew.
#[derive(Clone)]
pub struct AuditKey(Hmac<Sha256>);

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditKey(..)")
    }
}

/// What is noted of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// When, in UTC.
    pub at: String,
    /// `request`, `lines` of a stream, `start`, `models` or `keys`.
    pub event: String,
    /// The id of the caller's key or the subject of its token; null for nobody that is known.
    pub caller: Option<String>,
    /// The method and route of a request.
    pub route: Option<String>,
    /// The status that it was answered with.
    pub status: Option<u16>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// The version of the model that answered, or that serves from then on.
    pub model_version: Option<String>,
    /// The customers that were asked about, each as a keyed hash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customers: Vec<String>,
    /// What else is to be known: a refusal's code, or how many bytes of a torn line were cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A record in its place.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// From 1 on, one more each time.
    pub(super) sequence: u64,
    /// What was noted.
    pub(super) record: Record,
    /// The seal of the line before; empty for the first.
    pub(super) before: String,
    /// Over all of that.
    pub(super) seal: String,
}

impl AuditKey {
    /// A key of these bytes; `None` for fewer than 32.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        // A keyed hash takes keys of any length.
        if bytes.len() < 32 { None } else { Hmac::new_from_slice(bytes).ok().map(Self) }
    }

    /// A customer, so that the same one is known again in the log and nobody knows who it is.
    #[must_use]
    pub fn customer(&self, id: &str) -> String {
        self.tag(&[b"customer:", id.as_bytes()])[..32].to_owned()
    }

    /// The line of `record` after the line with the seal `before`.
    pub(super) fn line(&self, sequence: u64, record: Record, before: &str) -> Result<Line, serde_json::Error> {
        let seal = self.seal(sequence, &record, before)?;
        Ok(Line { sequence, record, before: before.to_owned(), seal })
    }

    /// What a line must be sealed with.
    pub(super) fn seal(&self, sequence: u64, record: &Record, before: &str) -> Result<String, serde_json::Error> {
        let record = serde_json::to_vec(record)?;
        Ok(self.tag(&[b"line:", sequence.to_string().as_bytes(), b":", before.as_bytes(), b":", &record]))
    }

    /// What a receipt must be sealed with.
    pub(super) fn seal_receipt(&self, told: &[u8]) -> String {
        self.tag(&[b"receipt:", told])
    }

    fn tag(&self, parts: &[&[u8]]) -> String {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        hex(&mac.finalize().into_bytes())
    }
}

impl Record {
    /// A record of `event` at `now`.
    #[must_use]
    pub fn of(event: &str, now: Timestamp) -> Self {
        Self { event: event.to_owned(), ..Self::default() }.at(now)
    }

    /// The same at another time.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        Self { at: now.to_string(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_the_same_under_one_key_and_another_under_another() {
        let [one, two] = [[1; 32], [2; 32]].map(|bytes| AuditKey::new(&bytes).unwrap());
        assert_eq!(one.customer("12347"), one.customer("12347"));
        assert_eq!(one.customer("12347"), "f2237271c5be75b53187e7cfaeea8a4d");
        assert_ne!(one.customer("12347"), one.customer("12348"));
        assert_ne!(one.customer("12347"), two.customer("12347"));
        assert!(AuditKey::new(&[1; 31]).is_none());
        assert_eq!(format!("{one:?}"), "AuditKey(..)");
    }
}
