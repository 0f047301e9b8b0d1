//! `keys`: adds, lists and revokes the keys of callers.

use lapwing_features::Timestamp;
use serde::Serialize;

use crate::error::ServeError;
use crate::guard::key::{digest, minted};
use crate::guard::{Key, KeyFile, KeyFileError, Role};
use crate::settings::{KeyDeed, Keys};
use crate::{clock, talk};

/// What `keys --json` prints of a key.
#[derive(Debug, Serialize)]
struct Told {
    id: String,
    name: String,
    roles: Vec<Role>,
    expires: Option<String>,
    expired: bool,
    /// The key itself, told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// Runs `keys`.
///
/// # Errors
/// [`ServeError::Keys`] when the file cannot be read or written, or does not have the key that is named.
pub fn run(settings: &Keys) -> Result<(), ServeError> {
    let now = clock::now();
    let told = match &settings.deed {
        KeyDeed::Add { name, roles, days, replaces, overlap_days } => {
            let mut random = [0; 32];
            getrandom::fill(&mut random).map_err(|error| ServeError::Fault(format!("no randomness to make a key of: {error}")))?;
            let until = |days: u32| now.plus_days(i64::from(days));
            let terms = Terms { name: name.clone(), roles: roles.clone(), expires: days.map(until) };
            let replaced = replaces.as_deref().map(|id| (id, until(*overlap_days)));
            let (key, text) = KeyFile::update(&settings.file, |keys| add(keys, terms, replaced, random))?;
            talk::say("this is the only time that the key is told: keep it where secrets are kept");
            vec![Told { key: Some(text), ..Told::of(&key, now) }]
        }
        KeyDeed::List => KeyFile::read(&settings.file)?.keys.iter().map(|key| Told::of(key, now)).collect(),
        KeyDeed::Revoke(id) => vec![Told::of(&KeyFile::update(&settings.file, |keys| revoke(keys, id))?, now)],
    };
    if settings.json {
        return talk::result(&told);
    }
    for Told { id, name, roles, expires, expired, key } in told {
        let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        let until = expires.map_or("for good".to_owned(), |at| format!("{} {at}", if expired { "expired" } else { "until" }));
        talk::say(&format!("{id}  {name}  {}  {until}", roles.join(",")));
        if let Some(key) = key {
            talk::line(&key)?;
        }
    }
    Ok(())
}

/// What a new key is to be.
struct Terms {
    name: String,
    roles: Vec<Role>,
    expires: Option<Timestamp>,
}

/// Adds a key; one that it replaces is good until the instant given, and lends it name and roles where none are said.
fn add(keys: &mut Vec<Key>, terms: Terms, replaced: Option<(&str, Timestamp)>, random: [u8; 32]) -> Result<(Key, String), KeyFileError> {
    let Terms { mut name, mut roles, expires } = terms;
    if let Some((id, until)) = replaced {
        let old = find(keys, id)?;
        old.expires = Some(old.expires.map_or(until, |expires| expires.min(until)));
        if name.is_empty() {
            name.clone_from(&old.name);
        }
        if roles.is_empty() {
            roles.clone_from(&old.roles);
        }
    }
    let (text, id) = minted(random);
    let key = Key { id, name, roles, sha256: digest(&text), expires };
    keys.push(key.clone());
    Ok((key, text))
}

/// Takes a key out.
fn revoke(keys: &mut Vec<Key>, id: &str) -> Result<Key, KeyFileError> {
    let place = keys.iter().position(|key| key.id == id).ok_or_else(|| KeyFileError::NoKey(id.to_owned()))?;
    Ok(keys.remove(place))
}

fn find<'a>(keys: &'a mut [Key], id: &str) -> Result<&'a mut Key, KeyFileError> {
    keys.iter_mut().find(|key| key.id == id).ok_or_else(|| KeyFileError::NoKey(id.to_owned()))
}

impl Told {
    fn of(key: &Key, now: Timestamp) -> Self {
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            roles: key.roles.clone(),
            expires: key.expires.map(|at| at.to_string()),
            expired: key.expires.is_some_and(|at| at <= now),
            key: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::exit::{self, Exit};

    fn terms(roles: &[Role]) -> Terms {
        Terms { name: "crm".to_owned(), roles: roles.to_vec(), expires: None }
    }

    fn added(path: &Path, random: u8, replaced: Option<(&str, Timestamp)>, roles: &[Role]) -> (Key, String) {
        KeyFile::update(path, |keys| add(keys, terms(roles), replaced, [random; 32])).unwrap()
    }

    #[test]
    fn a_key_is_added_replaced_and_revoked_and_the_file_never_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let (old, old_text) = added(&path, 1, None, &[Role::Score, Role::Read]);
        let (new, new_text) = added(&path, 2, Some((&old.id, Timestamp(5_000_000))), &[]);
        assert_eq!((&new.roles, new.name.as_str()), (&old.roles, "crm"));
        let ring = KeyFile::read(&path).unwrap().ring();
        let known = |text: &str, now| ring.check(text, Timestamp(now)).is_some();
        assert!(known(&old_text, 4_999_999) && !known(&old_text, 5_000_000) && known(&new_text, 5_000_000), "both are good for a while");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&old_text) && !text.contains(&new_text), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        KeyFile::update(&path, |keys| revoke(keys, &new.id)).unwrap();
        assert_eq!(KeyFile::read(&path).unwrap().keys.len(), 1);
        let error = KeyFile::update(&path, |keys| revoke(keys, &new.id)).unwrap_err();
        assert!(matches!(&error, KeyFileError::NoKey(id) if *id == new.id));
        assert_eq!(exit::of_error(&error.into()), Exit::Refused);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the keys and the lock");
    }

    #[test]
    fn a_file_that_is_none_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        assert!(matches!(KeyFile::read(&path), Err(KeyFileError::Io { doing: "read", .. })));
        let row = r#"{"id": "a", "name": "", "roles": ["score"], "sha256": "00", "expires": null}"#;
        let (long, digest) = ("x".repeat(5 << 20), "00".repeat(32));
        let cases = [
            String::new(),
            long,
            r#"{"format_version": 2, "keys": []}"#.to_owned(),
            format!(r#"{{"format_version": 1, "keys": [{row}]}}"#),
            format!(
                r#"{{"format_version": 1, "keys": [{}]}}"#,
                row.replace("\"00\"", &format!("\"{digest}\"")).replace("null", "\"soon\"")
            ),
            format!(r#"{{"format_version": 1, "keys": [{}]}}"#, row.replace("score", "king")),
        ];
        for text in cases {
            std::fs::write(&path, &text).unwrap();
            private(&path, 0o600);
            let error = KeyFile::update(&path, |keys| revoke(keys, "a")).unwrap_err();
            assert!(matches!(error, KeyFileError::Damaged { .. }), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        #[cfg(unix)]
        {
            private(&path, 0o622);
            assert!(matches!(KeyFile::read(&path), Err(KeyFileError::Writable(_))));
        }
        assert!(matches!(added_nowhere(folder.path()), KeyFileError::Io { doing: "write", .. }));
    }

    fn added_nowhere(folder: &Path) -> KeyFileError {
        KeyFile::update(&folder.join("no").join("keys.json"), |keys| add(keys, terms(&[]), None, [1; 32])).unwrap_err()
    }

    fn private(path: &Path, mode: u32) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        #[cfg(not(unix))]
        let _ = (path, mode);
    }
}
