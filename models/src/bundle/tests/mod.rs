//! A bundle reads back as it was written, and not at all when anything about it is off.

mod damage;
mod format;
mod writing;

use std::fs;
use std::path::Path;

use lapwing_features::Calendar;
use serde_json::Value;

use super::manifest::{EVIDENCE, FILES, FileEntry, MANIFEST, SEAL, content, seal_line, sha256, version_of};
use super::{BundleError, ModelBundle, fixture};

/// A folder with the fixture's bundle in it; gone when dropped.
struct Saved(tempfile::TempDir);

impl Saved {
    fn new() -> Self {
        let saved = Self(tempfile::tempdir().unwrap());
        fixture::bundle().save(&saved.dir()).unwrap();
        saved
    }

    fn dir(&self) -> std::path::PathBuf {
        self.0.path().join("bundle")
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir().join(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.dir().join(name), bytes).unwrap();
    }

    fn error(&self) -> BundleError {
        ModelBundle::load(&self.dir()).expect_err("the bundle is off")
    }

    /// Changes a file's JSON, then makes sizes, digests and version fit: what only a check of the contents can find.
    fn forge(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_slice(&self.read(name)).unwrap();
        change(&mut value);
        self.write(name, serde_json::to_vec(&value).unwrap());
        self.seal();
    }

    /// Makes the manifest fit the files.
    fn seal(&self) {
        let mut manifest: Value = serde_json::from_slice(&self.read(MANIFEST)).unwrap();
        let entries: Vec<FileEntry> = files_of(&self.dir())
            .into_iter()
            .filter(|(name, _)| content(name).is_some())
            .map(|(name, bytes)| FileEntry { name, bytes: bytes.len() as u64, sha256: sha256(&bytes) })
            .collect();
        manifest["version"] = version_of(fixture::as_of(), &Calendar::of_zone("Europe/London").unwrap(), &entries).into();
        manifest["files"] = serde_json::to_value(entries).unwrap();
        self.write_manifest(&manifest);
    }

    fn write_manifest(&self, manifest: &Value) {
        let bytes = serde_json::to_vec(manifest).unwrap();
        self.write(SEAL, seal_line(&sha256(&bytes), MANIFEST));
        self.write(MANIFEST, bytes);
    }
}

/// Every file of a folder with its bytes.
fn files_of(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}
