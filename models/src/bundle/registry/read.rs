//! Reading a registry.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Action, BUNDLES, Challenger, Entry, FORMAT_VERSION, MANIFEST, Registry, RegistryError};
use crate::bundle::load::{MOST_FILE, parse, read_capped};
use crate::bundle::{BundleError, ModelBundle};

/// `registry.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    pub(super) format_version: u32,
    /// Oldest first.
    pub(super) history: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) challenger: Option<Challenger>,
    /// What people call a version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) labels: BTreeMap<String, String>,
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
        Self::of_bytes(dir, &Self::mark(dir)?)
    }

    /// The registry in `dir`, whose `registry.json` has these bytes.
    pub(super) fn of_bytes(dir: &Path, bytes: &[u8]) -> Result<Self, RegistryError> {
        let damaged = |why: String| RegistryError::Damaged { path: dir.join(MANIFEST), why };
        let head: Head = parse(MANIFEST, bytes).map_err(|error| damaged(first_line(&error)))?;
        if head.format_version > u64::from(FORMAT_VERSION) {
            return Err(RegistryError::Newer { found: head.format_version, most: FORMAT_VERSION });
        }
        let Listing { history, challenger, labels, .. } = parse(MANIFEST, bytes).map_err(|error| damaged(first_line(&error)))?;
        let registry = Self { dir: dir.to_owned(), history, challenger, labels };
        registry.champions().map_err(damaged)?;
        if registry.challenger.as_ref().is_some_and(|challenger| !(challenger.is_sound() && is_version(&challenger.version))) {
            return Err(damaged("its challenger is none".to_owned()));
        }
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

    /// The bundle that is tried beside the champion; `None` when there is none.
    #[must_use]
    pub fn challenger(&self) -> Option<&Challenger> {
        self.challenger.as_ref()
    }

    /// What people call a version; `None` when they do not.
    #[must_use]
    pub fn label(&self, version: &str) -> Option<&str> {
        self.labels.get(version).map(String::as_str)
    }

    /// Whether somebody went back from a champion since this version was it; also when it never was.
    #[must_use]
    pub fn went_back_since(&self, version: &str) -> bool {
        let since = self.history.iter().rev().take_while(|entry| entry.version != version);
        since.into_iter().any(|entry| entry.action == Action::RolledBack)
    }

    /// The bytes that tell whether anything has changed: those of `registry.json`.
    ///
    /// # Errors
    /// [`RegistryError::NotARegistry`] when there are none, [`RegistryError::Damaged`] when they are no plain file of a registry's
    /// size, or [`RegistryError::Io`].
    pub fn mark(dir: &Path) -> Result<Vec<u8>, RegistryError> {
        read_capped(dir, MANIFEST, MOST_FILE).map_err(|error| match error {
            BundleError::Missing(_) => RegistryError::NotARegistry(dir.to_owned()),
            BundleError::Io { doing, path, source } => RegistryError::Io { doing, path, source },
            error => RegistryError::Damaged { path: dir.join(MANIFEST), why: first_line(&error) },
        })
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

    /// Loads the challenger, as [`load_champion`](Self::load_champion) does the champion; `None` when there is none.
    ///
    /// # Errors
    /// Those of [`load_champion`](Self::load_champion).
    pub fn load_challenger(&self) -> Result<Option<ModelBundle>, RegistryError> {
        self.challenger.as_ref().map(|challenger| self.load(&challenger.version)).transpose()
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
pub(super) fn is_version(text: &str) -> bool {
    let hex = |part: &str| part.len() == 8 && part.bytes().all(|letter| letter.is_ascii_hexdigit());
    text.split_once('-').is_some_and(|(day, digest)| hex(day) && hex(digest))
}

/// A message without its own hint, to stand inside another.
fn first_line(error: &BundleError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
