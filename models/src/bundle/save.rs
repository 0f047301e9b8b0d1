//! Writing a bundle: whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::BundleError;
use super::manifest::{
    CARD, CHURN, DATA, DRIFT, GOLDEN, LIFECYCLE, MANIFEST, Manifest, REACTIVATION, REPORT, SEAL, is_known, seal_line, sha256,
};
use super::{DataNotes, ModelBundle};

impl ModelBundle {
    /// Writes the bundle as the folder `dir`, making the folders above it where needed.
    ///
    /// It is written beside `dir` first and then renamed, so that nobody ever sees half a bundle. A bundle that is there
    /// already is replaced; a folder that holds anything else is refused and left as it is.
    ///
    /// # Errors
    /// [`BundleError::Occupied`] for a folder that is not a bundle, [`BundleError::Io`] when the file system says no.
    pub fn save(&self, dir: &Path) -> Result<(), BundleError> {
        let target = resolve(dir)?;
        let occupied = check_replaceable(&target)?;
        let parent = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(failed("create", parent))?;
        let workshop = tempfile::Builder::new().prefix(".lapwing-").tempdir_in(parent).map_err(failed("create a folder in", parent))?;
        let fresh = workshop.path().join("bundle");
        // Made apart from the workshop, whose rights are the owner's only: the service may run as somebody else.
        fs::create_dir(&fresh).map_err(failed("create", &fresh))?;
        for (name, bytes) in self.all_files() {
            write_synced(&fresh.join(name), &bytes)?;
        }
        sync_folder(&fresh)?;
        if occupied {
            replace(&fresh, &target, &workshop.path().join("replaced"))?;
        } else {
            fs::rename(&fresh, &target).map_err(failed("create", &target))?;
        }
        sync_folder(parent)?;
        // Whatever slipped into the old bundle meanwhile is not ours to delete.
        let replaced = workshop.path().join("replaced");
        if replaced.exists() && !discard(&replaced) {
            let _ = workshop.keep();
        }
        Ok(())
    }

    /// The content files, in the order of the manifest. The same bundle gives the same bytes.
    pub(super) fn contents(&self) -> Vec<(&'static str, Vec<u8>)> {
        let data = DataNotes { shape: self.shape.clone(), timezone: self.timezone.clone(), duplicates: self.duplicates };
        vec![
            (CARD, self.card.clone().into_bytes()),
            (CHURN, json(&self.churn)),
            (DATA, json(&data)),
            (DRIFT, json(&self.drift)),
            (GOLDEN, json(&self.golden)),
            (LIFECYCLE, json(&self.thresholds)),
            (REACTIVATION, json(&self.reactivation)),
            (REPORT, json(&self.reports)),
        ]
    }

    /// Every file, the manifest and its sha256 last.
    fn all_files(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut files = self.contents();
        let manifest = json(&Manifest::of(self, &files));
        let seal = seal_line(&sha256(&manifest), MANIFEST).into_bytes();
        files.extend([(MANIFEST, manifest), (SEAL, seal)]);
        files
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain structs, lists and maps with text keys are always JSON");
    bytes.push(b'\n');
    bytes
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BundleError {
    let path = path.to_owned();
    move |source| BundleError::Io { doing, path, source }
}

/// The folder itself where `dir` is a link to it, and an absolute path, so that it has a parent.
fn resolve(dir: &Path) -> Result<PathBuf, BundleError> {
    match fs::canonicalize(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => std::path::absolute(dir).map_err(failed("write to", dir)),
        found => found.map_err(failed("write to", dir)),
    }
}

/// Whether there is something at `target` that may be replaced: a bundle, or an empty folder.
fn check_replaceable(target: &Path) -> Result<bool, BundleError> {
    let entries = match fs::read_dir(target) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        entries => entries.map_err(failed("list", target))?,
    };
    let (mut count, mut manifest) = (0, false);
    for entry in entries {
        let entry = entry.map_err(failed("list", target))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let plain = entry.file_type().map_err(failed("list", target))?.is_file();
        if !plain || !is_known(&name) {
            return Err(BundleError::Occupied { path: target.to_owned(), entry: name });
        }
        count += 1;
        manifest |= name == MANIFEST;
    }
    if count > 0 && !manifest {
        return Err(BundleError::Occupied { path: target.to_owned(), entry: format!("{count} files but no {MANIFEST}") });
    }
    Ok(true)
}

/// Puts `fresh` in the place of `target`, whose contents go to `old`; puts them back when that fails.
fn replace(fresh: &Path, target: &Path, old: &Path) -> Result<(), BundleError> {
    fs::rename(target, old).map_err(failed("replace", target))?;
    fs::rename(fresh, target).map_err(|source| {
        let _ = fs::rename(old, target);
        BundleError::Io { doing: "replace", path: target.to_owned(), source }
    })
}

/// Deletes a bundle that was replaced, its own files only; whether nothing is left.
fn discard(old: &Path) -> bool {
    if let Ok(entries) = fs::read_dir(old) {
        for entry in entries.flatten().filter(|entry| is_known(&entry.file_name().to_string_lossy())) {
            let _ = fs::remove_file(entry.path());
        }
    }
    fs::remove_dir(old).is_ok()
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), BundleError> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(failed("write", path))
}

/// Makes new names in a folder outlast a power cut; only Unix lets a folder be opened for that.
fn sync_folder(folder: &Path) -> Result<(), BundleError> {
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("write to", folder))?;
    }
    Ok(())
}
