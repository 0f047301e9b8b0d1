//! Changing a registry: one at a time, and in one step.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, absolute};

use super::read::Listing;
use super::{Action, BUNDLES, Challenger, Entry, FORMAT_VERSION, LOCK, MANIFEST, Registry, RegistryError};
use crate::bundle::load::{MOST_FILE, read_capped};
use crate::bundle::manifest::is_known;
use crate::bundle::save::{json, write_synced};
use crate::bundle::{BundleError, ModelBundle, folder};
use crate::promotion::{Contest, Decision, decide};

/// Where `registry.json` is written before it takes its name.
const FRESH: &str = "registry.json.new";

/// What came of a promotion.
#[derive(Clone, Debug, PartialEq)]
pub enum Promotion {
    /// It is champion now, by the last entry of the history.
    Promoted(Entry),
    /// It was champion already, by this entry; nothing has changed.
    Already(Entry),
    /// It does not become champion; nothing has changed.
    Refused {
        /// The version of the challenger.
        version: String,
        /// The champion that stays; `None` when there is none.
        champion: Option<String>,
        /// Why.
        decision: Decision,
        /// The numbers behind it.
        contest: Contest,
    },
}

/// Makes the bundle in `challenger` the champion of the registry in `dir`, if it is fit to be: see [`decide`]. A folder that is
/// empty, or not there, becomes a registry with the first champion.
///
/// The bundle is copied into the registry first, and the copy checked as [`ModelBundle::load`] checks it. Whatever ends this
/// halfway, the champion before stays. Others who change the registry meanwhile are waited for, and whoever they made champion is
/// the one that is compared with. A bundle that is champion already stays it; if its copy was damaged, it is copied anew.
///
/// # Errors
/// [`RegistryError`]; the registry is as it was.
pub fn promote(dir: &Path, challenger: &Path) -> Result<Promotion, RegistryError> {
    let bundle = ModelBundle::load(challenger)?;
    let version = bundle.version();
    loop {
        let registry = existing(dir)?;
        let last = registry.as_ref().and_then(|registry| registry.history.last());
        if let Some((registry, last)) = registry.as_ref().zip(last).filter(|(_, last)| last.version == version) {
            if registry.load_champion().is_err() {
                let _lock = lock(dir)?;
                store(registry, challenger, &version)?;
            }
            return Ok(Promotion::Already(last.clone()));
        }
        let before = last.map(|last| last.version.clone());
        let contest = contest(&bundle, registry.as_ref())?;
        let decision = decide(&contest);
        if !decision.promote {
            return Ok(Promotion::Refused { version, champion: before, decision, contest });
        }
        guard(dir, challenger)?;
        let _lock = lock(dir)?;
        if existing(dir)? != registry {
            // Somebody was faster: the decision was about another champion.
            continue;
        }
        let mut fresh = registry.unwrap_or_else(|| Registry::empty(dir));
        let entry = Entry {
            sequence: fresh.history.len() as u64 + 1,
            action: Action::Promoted,
            version: version.clone(),
            as_of: bundle.as_of,
            before,
            decision: Some(decision),
            contest: Some(contest),
        };
        fresh.enter(entry.clone());
        store(&fresh, challenger, &version)?;
        write(&fresh)?;
        return Ok(Promotion::Promoted(entry));
    }
}

/// Makes the champion before the present one champion again; returns the entry that says so. What was gone back from can be
/// promoted again.
///
/// # Errors
/// [`RegistryError::NothingBefore`] when there is none, [`RegistryError::Bundle`] when it is not fit to serve any more, or another
/// [`RegistryError`]; the registry is as it was.
pub fn roll_back(dir: &Path) -> Result<Entry, RegistryError> {
    Registry::read(dir)?;
    let _lock = lock(dir)?;
    let mut registry = Registry::read(dir)?;
    let before = registry.champion().to_owned();
    let Some(version) = registry.champion_before().map(str::to_owned) else { return Err(RegistryError::NothingBefore(before)) };
    let as_of = registry.load(&version)?.as_of;
    let sequence = registry.history.len() as u64 + 1;
    let entry = Entry { sequence, action: Action::RolledBack, version, as_of, before: Some(before), decision: None, contest: None };
    registry.enter(entry.clone());
    write(&registry)?;
    Ok(entry)
}

/// Lets the bundle in `challenger` be tried beside the champion of the registry in `dir`, for a share of the customers, in the
/// shadow of the champion, or both; in the place of the challenger before it. The bundle is copied as [`promote`] does; nothing is
/// asked of its numbers, for that is what it is tried for.
///
/// # Errors
/// [`RegistryError::Share`], [`RegistryError::IsChampion`], [`RegistryError::NotARegistry`] where nobody is champion, or another
/// [`RegistryError`]; the registry is as it was.
pub fn challenge(dir: &Path, challenger: &Path, share: f64, shadow: bool) -> Result<Challenger, RegistryError> {
    let version = ModelBundle::load(challenger)?.version();
    let entered = Challenger { version, share, shadow };
    if !entered.is_sound() {
        return Err(RegistryError::Share(share));
    }
    Registry::read(dir)?;
    guard(dir, challenger)?;
    let _lock = lock(dir)?;
    let mut registry = Registry::read(dir)?;
    if registry.champion() == entered.version {
        return Err(RegistryError::IsChampion(entered.version));
    }
    store(&registry, challenger, &entered.version)?;
    registry.challenger = Some(entered.clone());
    write(&registry)?;
    Ok(entered)
}

/// Ends the challenge, so that the champion speaks for everybody; returns who challenged. Its bundle stays in the registry.
///
/// # Errors
/// [`RegistryError::NoChallenger`] when there is none, or another [`RegistryError`]; the registry is as it was.
pub fn withdraw(dir: &Path) -> Result<Challenger, RegistryError> {
    Registry::read(dir)?;
    let _lock = lock(dir)?;
    let mut registry = Registry::read(dir)?;
    let Some(challenger) = registry.challenger.take() else { return Err(RegistryError::NoChallenger(registry.champion().to_owned())) };
    write(&registry)?;
    Ok(challenger)
}

/// Says what people call a version; an empty `label` takes the name away.
///
/// # Errors
/// [`RegistryError`]; the registry is as it was.
pub fn label(dir: &Path, version: &str, label: &str) -> Result<(), RegistryError> {
    Registry::read(dir)?;
    let _lock = lock(dir)?;
    let mut registry = Registry::read(dir)?;
    if label.trim().is_empty() {
        registry.labels.remove(version);
    } else {
        registry.labels.insert(version.to_owned(), label.trim().to_owned());
    }
    write(&registry)
}

impl Registry {
    fn empty(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), history: Vec::new(), challenger: None, labels: BTreeMap::new() }
    }

    /// Enters a change of the champion. A challenger that becomes it challenges nobody any more.
    fn enter(&mut self, entry: Entry) {
        self.challenger.take_if(|challenger| challenger.version == entry.version);
        self.history.push(entry);
    }
}

/// The challenger beside the champion. One of another build, with other features or other arithmetic, cannot answer any more, nor
/// be served by this build: then the challenger stands alone.
fn contest(challenger: &ModelBundle, registry: Option<&Registry>) -> Result<Contest, RegistryError> {
    let champion = match registry.map(Registry::load_champion).transpose() {
        Err(RegistryError::Bundle { source: BundleError::Fingerprint { .. } | BundleError::Golden { .. }, .. }) => None,
        champion => champion?,
    };
    let unreadable = registry.is_some() && champion.is_none();
    Ok(Contest { champion_unreadable: unreadable, ..Contest::of(challenger, champion.as_ref())? })
}

/// The registry in `dir`; `None` when it is still to be made there.
fn existing(dir: &Path) -> Result<Option<Registry>, RegistryError> {
    match Registry::read(dir) {
        Err(RegistryError::NotARegistry(_)) => {}
        found => return found.map(Some),
    }
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(|source| failed("list", dir, source))?,
    };
    for entry in entries {
        let name = entry.map_err(|source| failed("list", dir, source))?.file_name().to_string_lossy().into_owned();
        if ![LOCK, FRESH, BUNDLES].contains(&name.as_str()) {
            return Err(RegistryError::Foreign { path: dir.to_owned(), entry: name });
        }
    }
    Ok(None)
}

/// Refuses a registry within the bundle, which would not be one any more.
fn guard(dir: &Path, challenger: &Path) -> Result<(), RegistryError> {
    let place = |path: &Path| absolute(path).map_err(|source| failed("find", path, source));
    if place(dir)?.starts_with(place(challenger)?) {
        return Err(RegistryError::Inside { registry: dir.to_owned(), bundle: challenger.to_owned() });
    }
    Ok(())
}

/// Waits until nobody else changes the registry; nobody else does until the file is dropped.
fn lock(dir: &Path) -> Result<File, RegistryError> {
    fs::create_dir_all(dir).map_err(|source| failed("create", dir, source))?;
    let path = dir.join(LOCK);
    let file = File::options().create(true).append(true).open(&path).map_err(|source| failed("open", &path, source))?;
    file.lock().map_err(|source| failed("lock", &path, source))?;
    Ok(file)
}

/// Copies a bundle into the registry, unless it is there, whole.
pub(super) fn store(registry: &Registry, challenger: &Path, version: &str) -> Result<(), RegistryError> {
    if registry.load(version).is_ok() {
        return Ok(());
    }
    folder::replace(&registry.bundle_dir(version), is_known, |fresh| {
        for name in folder::own_files(challenger, is_known)?.unwrap_or_default() {
            let bytes = read_capped(challenger, &name, MOST_FILE)?;
            let to = registry.bundle_dir(version).join(&name);
            write_synced(&fresh.join(&name), &bytes).map_err(|source| failed("write", &to, source))?;
        }
        let found = ModelBundle::load(fresh)?.version();
        if found == version { Ok(()) } else { Err(RegistryError::Exchanged { version: version.to_owned(), found }) }
    })
}

/// Replaces `registry.json` in one step. The lock is held, so that the name it is written under is nobody else's.
fn write(registry: &Registry) -> Result<(), RegistryError> {
    let (fresh, path) = (registry.dir.join(FRESH), registry.dir.join(MANIFEST));
    let plain = registry.challenger.is_none() && registry.labels.is_empty();
    let format_version = if plain { 1 } else { FORMAT_VERSION };
    let Registry { history, challenger, labels, .. } = registry.clone();
    let listing = Listing { format_version, history, challenger, labels };
    let written = match fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => write_synced(&fresh, &json(&listing)).and_then(|()| fs::rename(&fresh, &path)),
    };
    written.map_err(|source| failed("write", &path, source))?;
    Ok(folder::sync(&registry.dir)?)
}

fn failed(doing: &'static str, path: &Path, source: std::io::Error) -> RegistryError {
    RegistryError::Io { doing, path: path.to_owned(), source }
}
