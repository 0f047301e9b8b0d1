//! A word that can be checked: what was erased of a customer, sealed under the key of the audit log.

use std::path::Path;

use lapwing_features::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AuditError, AuditKey};

/// What was erased of a customer, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// When, in UTC.
    pub at: String,
    /// Who, as a keyed hash: whoever has the key can tell for an id whether it is this one.
    pub customer: String,
    /// What was erased of the request log; null where there is none.
    pub request_log: Value,
    /// What was erased of the store; null where there is none.
    pub store: Value,
    /// Over all of that.
    pub seal: String,
}

impl Receipt {
    /// A receipt of what was erased at `at`.
    ///
    /// # Errors
    /// A fault of the program.
    pub fn new(key: &AuditKey, at: Timestamp, customer_id: &str, request_log: Value, store: Value) -> Result<Self, serde_json::Error> {
        let open = Self { at: at.to_string(), customer: key.customer(customer_id), request_log, store, seal: String::new() };
        Ok(Self { seal: key.seal_receipt(&serde_json::to_vec(&open)?), ..open })
    }

    /// Reads a receipt, and checks that it is what was written.
    ///
    /// # Errors
    /// [`AuditError::Io`] when it cannot be read, [`AuditError::Receipt`] when it is none, was changed, or is of another key.
    pub fn read(path: &Path, key: &AuditKey) -> Result<Self, AuditError> {
        let text = std::fs::read_to_string(path).map_err(|source| AuditError::Io { doing: "read", path: path.to_owned(), source })?;
        let wrong = || AuditError::Receipt(path.to_owned());
        let read: Self = serde_json::from_str(&text).map_err(|_| wrong())?;
        let open = Self { seal: String::new(), ..read.clone() };
        let told = serde_json::to_vec(&open).map_err(|_| wrong())?;
        if key.seal_receipt(&told) == read.seal { Ok(read) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_receipt_holds_until_a_word_of_it_is_changed() {
        let (key, other) = (AuditKey::new(&[b'k'; 32]).unwrap(), AuditKey::new(&[b'o'; 32]).unwrap());
        let receipt = Receipt::new(&key, Timestamp(0), "12347", Value::Null, json!({ "scores": 2 })).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = serde_json::to_string(&receipt).unwrap();
        assert!(!text.contains("12347"));
        std::fs::write(file.path(), &text).unwrap();
        assert_eq!(Receipt::read(file.path(), &key).unwrap(), receipt);
        assert!(matches!(Receipt::read(file.path(), &other), Err(AuditError::Receipt(_))));
        for changed in [text.replace("\"scores\":2", "\"scores\":3"), text.replace("1970", "1971"), "{}".to_owned()] {
            std::fs::write(file.path(), changed).unwrap();
            let error = Receipt::read(file.path(), &key).unwrap_err();
            assert!(matches!(error, AuditError::Receipt(_)) && error.to_string().contains("\nhint: "), "{error}");
        }
        assert!(matches!(Receipt::read(Path::new("/no/such/receipt"), &key), Err(AuditError::Io { .. })));
    }
}
