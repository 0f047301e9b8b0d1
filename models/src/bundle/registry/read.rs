//! Reading a registry.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Action, BUNDLES, Entry, FORMAT_VERSION, MANIFEST, Registry, RegistryError};
use crate::bundle::load::{MOST_FILE, parse, read_capped};
use crate::bundle::{BundleError, ModelBundle};

/// `registry.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    pub(super) format_version: u32,
    /// Oldest first.
    pub(super) history: Vec<Entry>,
}

/// As much of it as every format has.
#[derive(Deserialize)]
struct Head {
    format_version: u64,
}

impl Registry {
    /// Reads the registry in `dir`; its bundles are not looked at.
    ///
    /// # Errors
    /// [`RegistryError::NotARegistry`] when there is none, [`RegistryError::Damaged`] when its list does not hold together,
    /// [`RegistryError::Newer`] or [`RegistryError::Io`].
    ///
    /// ```
    /// use lapwing_models::bundle::registry::Registry;
    /// let error = Registry::read("no/such/registry".as_ref()).unwrap_err();
    /// assert!(error.to_string().starts_with("`no/such/registry` is no registry"));
    /// ```
    pub fn read(dir: &Path) -> Result<Self, RegistryError> {
        let damaged = |why: String| RegistryError::Damaged { path: dir.join(MANIFEST), why };
        let bytes = match read_capped(dir, MANIFEST, MOST_FILE) {
            Err(BundleError::Missing(_)) => return Err(RegistryError::NotARegistry(dir.to_owned())),
            Err(BundleError::Io { doing, path, source }) => return Err(RegistryError::Io { doing, path, source }),
            bytes => bytes.map_err(|error| damaged(first_line(&error)))?,
        };
        let head: Head = parse(MANIFEST, &bytes).map_err(|error| damaged(first_line(&error)))?;
        if head.format_version > u64::from(FORMAT_VERSION) {
            return Err(RegistryError::Newer { found: head.format_version, most: FORMAT_VERSION });
        }
        let Listing { history, .. } = parse(MANIFEST, &bytes).map_err(|error| damaged(first_line(&error)))?;
        let registry = Self { dir: dir.to_owned(), history };
        registry.champions().map_err(damaged)?;
        Ok(registry)
    }

    /// Every change, oldest first; at least one.
    #[must_use]
    pub fn history(&self) -> &[Entry] {
        &self.history
    }

    /// The version of the champion.
    #[must_use]
    pub fn champion(&self) -> &str {
        self.history.last().map_or("", |entry| entry.version.as_str())
    }

    /// The folder of the bundle with a version.
    #[must_use]
    pub fn bundle_dir(&self, version: &str) -> PathBuf {
        self.dir.join(BUNDLES).join(version)
    }

    /// Loads the champion, which checks every byte of it as [`ModelBundle::load`] does.
    ///
    /// # Errors
    /// [`RegistryError::Bundle`] when it is not fit to serve, [`RegistryError::Exchanged`] when it is another bundle.
    pub fn load_champion(&self) -> Result<ModelBundle, RegistryError> {
        self.load(self.champion())
    }

    pub(super) fn load(&self, version: &str) -> Result<ModelBundle, RegistryError> {
        let named = |source| RegistryError::Bundle { version: version.to_owned(), source };
        let bundle = ModelBundle::load(&self.bundle_dir(version)).map_err(named)?;
        let found = bundle.version();
        if found == version { Ok(bundle) } else { Err(RegistryError::Exchanged { version: version.to_owned(), found }) }
    }

    /// The champion that a rollback leads to; `None` when there is none.
    #[must_use]
    pub fn champion_before(&self) -> Option<&str> {
        self.champions().ok()?.into_iter().rev().nth(1)
    }

    /// The champion and those before it that a rollback leads to, the champion last; each change is checked against those before.
    fn champions(&self) -> Result<Vec<&str>, String> {
        let mut champions: Vec<&str> = Vec::new();
        for (entry, sequence) in self.history.iter().zip(1..) {
            let follows = entry.before.as_deref() == champions.last().copied() && is_version(&entry.version);
            let sound = match entry.action {
                Action::Promoted => {
                    champions.push(&entry.version);
                    follows
                }
                Action::RolledBack => {
                    champions.pop();
                    follows && champions.last() == Some(&entry.version.as_str())
                }
            };
            if entry.sequence != sequence || !sound {
                return Err(format!("entry {sequence} of its history does not follow from those before"));
            }
        }
        if champions.is_empty() { Err("its history is empty".to_owned()) } else { Ok(champions) }
    }
}

/// Whether it is such a name as bundles have, and so no path that leads elsewhere.
fn is_version(text: &str) -> bool {
    let hex = |part: &str| part.len() == 8 && part.bytes().all(|letter| letter.is_ascii_hexdigit());
    text.split_once('-').is_some_and(|(day, digest)| hex(day) && hex(digest))
}

/// A message without its own hint, to stand inside another.
fn first_line(error: &BundleError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
