//! The file of keys: JSON, readable by its owner only, replaced in one step.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use lapwing_features::{Calendar, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::key::{Key, KeyRing, hex, unhex};
use super::role::Role;

/// Largest file that is read, in bytes: room for thousands of keys.
const MOST: u64 = 4 << 20;

/// Why the keys cannot be read or written; the file is as it was.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file system said no.
    #[error(
        "cannot {doing} the keys in `{path}`: {source}\nhint: check the path; `lapwing-serve keys add --keys {path}` begins a file of keys"
    )]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others than its owner could put keys in.
    #[error("`{0}` can be written by others than its owner\nhint: `chmod 600 {0}`, and look through `lapwing-serve keys list --keys {0}`")]
    Writable(PathBuf),
    /// It does not hold keys.
    #[error(
        "`{path}` holds no keys as this build reads them: {why}\nhint: put back a copy, or begin another file with `lapwing-serve keys add`"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// There is no public key that tokens could be checked with.
    #[error("`{path}` holds no public keys to check tokens with: {why}\nhint: give the JWKS of who signs them: RS256, ES256 or EdDSA")]
    Jwks {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// There is no such key.
    #[error("there is no key `{0}`\nhint: `lapwing-serve keys list` names those that there are")]
    NoKey(String),
}

/// A file of keys and what it held when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    path: PathBuf,
    /// What it held, or is to hold.
    pub keys: Vec<Key>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    format_version: u32,
    keys: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    roles: Vec<Role>,
    sha256: String,
    expires: Option<String>,
}

impl KeyFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`KeyFileError::Io`], [`KeyFileError::Writable`] or [`KeyFileError::Damaged`].
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let failed = |source| KeyFileError::Io { doing: "read", path: path.to_owned(), source };
        let damaged = |why: String| KeyFileError::Damaged { path: path.to_owned(), why };
        let metadata = fs::metadata(path).map_err(failed)?;
        if others_may_write(&metadata) {
            return Err(KeyFileError::Writable(path.to_owned()));
        }
        if metadata.len() > MOST {
            return Err(damaged(format!("it is longer than {MOST} bytes")));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let listing: Listing = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if listing.format_version != 1 {
            return Err(damaged(format!("its format is {}, not 1", listing.format_version)));
        }
        let keys = listing.keys.into_iter().map(|row| row.key().map_err(damaged)).collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_owned(), keys })
    }

    /// Lets `change` change the keys at `path`, which may not be there yet; nobody else does meanwhile, and the file is replaced in
    /// one step.
    ///
    /// # Errors
    /// Those of [`read`](Self::read) and of `change`; the file is as it was.
    pub fn update<T>(path: &Path, change: impl FnOnce(&mut Vec<Key>) -> Result<T, KeyFileError>) -> Result<T, KeyFileError> {
        let failed = |source| KeyFileError::Io { doing: "write", path: path.to_owned(), source };
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        let lock = File::options().create(true).append(true).open(lock).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut file = match Self::read(path) {
            Err(KeyFileError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Self { path: path.to_owned(), keys: Vec::new() }
            }
            read => read?,
        };
        let outcome = change(&mut file.keys)?;
        file.write().map_err(failed)?;
        Ok(outcome)
    }

    /// The keys, to check by.
    #[must_use]
    pub fn ring(self) -> KeyRing {
        KeyRing::new(self.keys)
    }

    fn write(&self) -> std::io::Result<()> {
        let listing = Listing { format_version: 1, keys: self.keys.iter().map(Row::of).collect() };
        let mut text = serde_json::to_vec_pretty(&listing)?;
        text.push(b'\n');
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Made with the rights of its owner alone, before anything is in it.
        let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
        fresh.write_all(&text)?;
        fresh.as_file().sync_all()?;
        fresh.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

impl Row {
    fn of(key: &Key) -> Self {
        let (id, name, roles) = (key.id.clone(), key.name.clone(), key.roles.clone());
        Self { id, name, roles, sha256: hex(&key.sha256), expires: key.expires.map(|at| at.to_string()) }
    }

    fn key(self) -> Result<Key, String> {
        let Self { id, name, roles, sha256, expires } = self;
        let sha256 = unhex(&sha256).ok_or_else(|| format!("`sha256` of `{id}` is none"))?;
        let expires = expires.map(|text| instant(&text).ok_or_else(|| format!("`expires` of `{id}` is no instant"))).transpose()?;
        Ok(Key { id, name, roles, sha256, expires })
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    Calendar::utc().parse(text).ok()
}

#[cfg(unix)]
fn others_may_write(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o022 != 0
}

#[cfg(not(unix))]
fn others_may_write(_: &fs::Metadata) -> bool {
    false
}
