//! Whether a key is one. The time it takes tells nothing: what was sent is always hashed, and compared with every key to the end.

use lapwing_features::Timestamp;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::role::Role;

/// What every key begins with, so that scanners of leaked secrets know it.
pub const PREFIX: &str = "lapwing_";

/// A key as it is kept: by its hash, from which it cannot be had back. Keys are 256 random bits, so a plain hash is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Names it in lists and logs; no secret.
    pub id: String,
    /// Whose it is, in words.
    pub name: String,
    /// What it is good for.
    pub roles: Vec<Role>,
    /// Sha256 of its text.
    pub sha256: [u8; 32],
    /// It is none from this instant on; `None` for never.
    pub expires: Option<Timestamp>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The id of its key, or the subject of its token.
    pub id: String,
    /// What it may.
    pub roles: Vec<Role>,
}

/// The keys of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    keys: Vec<Key>,
}

impl KeyRing {
    /// A ring of these.
    #[must_use]
    pub fn new(keys: Vec<Key>) -> Self {
        Self { keys }
    }

    /// Them.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The one whose key this is at `now`; `None` for one that is none and for one that has expired, which takes equally long.
    ///
    /// ```
    /// use lapwing_serving::guard::KeyRing;
    /// use lapwing_features::Timestamp;
    /// assert_eq!(KeyRing::default().check("guess", Timestamp(0)), None);
    /// ```
    #[must_use]
    pub fn check(&self, key: &str, now: Timestamp) -> Option<Caller> {
        let digest = digest(key);
        let (mut found, mut place) = (Choice::from(0), 0_u64);
        for (number, key) in (0_u64..).zip(&self.keys) {
            let valid = Choice::from(u8::from(key.expires.is_none_or(|expires| now < expires)));
            let same = key.sha256.ct_eq(&digest) & valid;
            place.conditional_assign(&number, same);
            found |= same;
        }
        let key = self.keys.get(usize::try_from(place).ok()?).filter(|_| bool::from(found))?;
        Some(Caller { id: key.id.clone(), roles: key.roles.clone() })
    }
}

/// The hash that a key is kept by.
#[must_use]
pub fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// A new key from 256 random bits: its text, which is told once, and its id.
#[must_use]
pub fn minted(random: [u8; 32]) -> (String, String) {
    let text = format!("{PREFIX}{}", hex(&random));
    let id = format!("key-{}", &hex(&digest(&text))[..12]);
    (text, id)
}

/// In lowercase hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}

/// 32 bytes from hex; `None` when it is none.
#[must_use]
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> (KeyRing, [String; 2]) {
        let [(one, id_one), (two, id_two)] = [minted([1; 32]), minted([2; 32])];
        let key = |text: &str, id, roles, expires| Key { id, name: String::new(), roles, sha256: digest(text), expires };
        let keys =
            vec![key(&one, id_one, vec![Role::Score], None), key(&two, id_two, vec![Role::Read, Role::Admin], Some(Timestamp(1_000)))];
        (KeyRing::new(keys), [one, two])
    }

    #[test]
    fn a_key_is_known_until_it_expires_and_nothing_else_is() {
        let (ring, [one, two]) = ring();
        let roles = |key: &str, now| ring.check(key, Timestamp(now)).map(|caller| caller.roles);
        assert_eq!(roles(&one, i64::MAX), Some(vec![Role::Score]));
        assert_eq!(roles(&two, 999), Some(vec![Role::Read, Role::Admin]));
        assert_eq!(roles(&two, 1_000), None, "from the instant on");
        for guess in ["", "lapwing_", &one[..one.len() - 1], &format!("{one} "), &one.to_uppercase()] {
            assert_eq!(roles(guess, 0), None, "{guess}");
        }
    }

    #[test]
    fn keys_are_long_and_their_ids_tell_nothing_of_them() {
        let (text, id) = minted([0xab; 32]);
        assert_eq!(text, format!("lapwing_{}", "ab".repeat(32)));
        assert!(id.starts_with("key-") && !text.contains(&id[4..]));
        assert_eq!(unhex(&hex(&digest(&text))), Some(digest(&text)));
        for bad in ["", "zz", &"z".repeat(64), &"é".repeat(32)] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }
}
