//! Personal attributes and histories at rest: sealed with AES-256-GCM under the keys of a file, the first of which seals and all of which open.
//!
//! A sealed value is the key's mark (4 bytes of its SHA-256), a random nonce of 12 bytes, the ciphertext and its tag of 16. It is bound to
//! the customer: moved to another it does not open.

use std::collections::BTreeMap;
use std::path::Path;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::StoreError;

/// Bytes of a key.
const KEY: usize = 32;

/// Bytes of a key's mark.
const MARK: usize = 4;

const UNSEALED: &str = "a personal attribute, a history or a secret cannot be sealed\nhint: does the system give random bytes?";
const UNOPENED: &str =
    "a personal attribute, a history or a secret does not open\nhint: the key that sealed it must be in the file of `--store-key`";

/// Why there are no keys.
#[derive(Debug, Error)]
pub enum SealerError {
    /// The file cannot be read.
    #[error(
        "the store's key `{path}` cannot be read: {source}\nhint: `openssl rand -hex 32 > {path}` makes one; keep it from whoever has the store"
    )]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is no key.
    #[error(
        "line {line} of the store's key `{path}` is no key of 64 hexadecimal digits\nhint: `openssl rand -hex 32` makes one; one a line, the one that seals first"
    )]
    NotAKey {
        /// The file.
        path: String,
        /// The first is 1.
        line: usize,
    },
}

/// Seals and opens.
pub struct Sealer {
    keys: Vec<([u8; MARK], LessSafeKey)>,
}

impl std::fmt::Debug for Sealer {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({} keys)", self.keys.len())
    }
}

impl Sealer {
    /// The keys of a file: 64 hexadecimal digits a line, the one that seals first. To rotate, put a new one before the others, publish
    /// until the last run under an old one is gone, and take that out.
    ///
    /// # Errors
    /// [`SealerError`] when the file cannot be read, or a line is no key.
    pub fn read(path: &Path) -> Result<Self, SealerError> {
        let shown = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| SealerError::Unreadable { path: shown(), source })?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let key = |(at, line): (usize, &str)| key(line.trim()).ok_or_else(|| SealerError::NotAKey { path: shown(), line: at + 1 });
        let keys: Vec<_> = lines.map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(SealerError::NotAKey { path: shown(), line: 1 }) } else { Ok(Self { keys }) }
    }

    /// Seals the attributes of a customer.
    ///
    /// # Errors
    /// [`StoreError::Key`] when the system gives no random bytes.
    pub fn seal_attributes(&self, customer_id: &str, attributes: &BTreeMap<String, Json>) -> Result<Vec<u8>, StoreError> {
        let text = serde_json::to_vec(attributes).map_err(|_| StoreError::Key(UNSEALED.to_owned()))?;
        self.seal(customer_id, text)
    }

    /// Opens the attributes of a customer.
    ///
    /// # Errors
    /// [`StoreError::Key`] when no key opens them.
    pub fn open_attributes(&self, customer_id: &str, sealed: &[u8]) -> Result<BTreeMap<String, Json>, StoreError> {
        let text = self.open(customer_id, sealed)?;
        serde_json::from_slice(&text).map_err(|_| StoreError::Key(UNOPENED.to_owned()))
    }

    /// Whether the key that seals today sealed this.
    pub(super) fn sealed(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.keys[0].0)
    }

    /// Seals a text so that it opens beside `bound` only.
    pub(super) fn seal(&self, bound: &str, mut text: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let failed = |_| StoreError::Key(UNSEALED.to_owned());
        let (mark, key) = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| failed(ring::error::Unspecified))?;
        let bound = Aad::from(bound.as_bytes());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut text).map_err(failed)?;
        Ok([&mark[..], &nonce, &text].concat())
    }

    /// Opens what was sealed beside `bound`.
    pub(super) fn open(&self, bound: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let failed = || StoreError::Key(UNOPENED.to_owned());
        let (mark, rest) = sealed.split_at_checked(MARK).ok_or_else(failed)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let mut text = rest.to_vec();
        let (_, key) = self.keys.iter().find(|(known, _)| known == mark).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let text = key.open_in_place(nonce, Aad::from(bound.as_bytes()), &mut text).map_err(|_| failed())?;
        Ok(text.to_vec())
    }
}

fn key(line: &str) -> Option<([u8; MARK], LessSafeKey)> {
    if line.len() != 2 * KEY || !line.is_ascii() {
        return None;
    }
    let bytes: Vec<u8> = (0..KEY).map(|at| u8::from_str_radix(&line[2 * at..2 * at + 2], 16).ok()).collect::<Option<_>>()?;
    let mark = Sha256::digest(&bytes).first_chunk().copied()?;
    Some((mark, LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[&str]) -> Result<Sealer, SealerError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), keys.join("\n")).unwrap();
        Sealer::read(file.path())
    }

    #[test]
    fn what_is_sealed_opens_for_its_customer_and_with_its_key_only() {
        let (old, new) = ("0f".repeat(32), "a5".repeat(32));
        let attributes = BTreeMap::from([("email".to_owned(), Json::from("a@example.com")), ("phone".to_owned(), Json::Null)]);
        let sealed = sealer(&[&old]).unwrap().seal_attributes("12347", &attributes).unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("example"), "it is not readable");
        assert_ne!(sealed, sealer(&[&old]).unwrap().seal_attributes("12347", &attributes).unwrap(), "nor the same twice");
        let rotated = sealer(&[&new, "", &old]).unwrap();
        assert_eq!(rotated.open_attributes("12347", &sealed).unwrap(), attributes);
        let mut torn = sealed.clone();
        torn[20] ^= 1;
        let others = [(&rotated, "12348", &sealed[..]), (&rotated, "12347", &torn[..]), (&rotated, "12347", &sealed[..9])];
        let gone = sealer(&[&new]).unwrap();
        for (sealer, customer, sealed) in others.into_iter().chain([(&gone, "12347", &sealed[..])]) {
            let error = sealer.open_attributes(customer, sealed).unwrap_err().to_string();
            assert!(error.contains("\nhint: ") && !error.contains("example"), "{error}");
        }
    }

    #[test]
    fn keys_that_are_none_are_named_by_line() {
        for (keys, line) in [(vec![], 1), (vec!["0f"], 1), (vec![&*"0f".repeat(32), &*"0g".repeat(32)], 2), (vec![&*"ä".repeat(32)], 1)] {
            assert!(matches!(sealer(&keys), Err(SealerError::NotAKey { line: at, .. }) if at == line), "{keys:?}");
        }
        let error = Sealer::read(Path::new("/nowhere/store.key")).unwrap_err();
        assert!(matches!(error, SealerError::Unreadable { .. }) && error.to_string().contains("\nhint: "), "{error}");
        assert_eq!(format!("{:?}", sealer(&[&"0f".repeat(32)]).unwrap()), "Sealer(1 keys)");
    }
}
