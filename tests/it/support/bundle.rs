//! Bundles that were meddled with.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::run::{Folder, names};

/// A copy of a bundle, to be meddled with.
pub(crate) struct Copied {
    folder: Folder,
}

impl Copied {
    /// Copies the bundle in `original`.
    pub(crate) fn of(original: &Path) -> Self {
        let copied = Self { folder: Folder::new() };
        std::fs::create_dir(copied.path()).expect("the folder can be written");
        for name in names(original) {
            std::fs::copy(original.join(&name), copied.file(&name)).expect("the file can be copied");
        }
        copied
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.at("bundle")
    }

    /// One of its files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.file(name), bytes).expect("the folder can be written");
    }

    /// Edits a JSON file.
    pub(crate) fn edit(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut value = serde_json::from_slice(&self.read(name)).expect("it is JSON");
        edit(&mut value);
        self.write(name, value.to_string().as_bytes());
    }

    /// Makes sizes, digests, version and seal right again, as somebody would who means to deceive.
    pub(crate) fn reseal(&self) {
        self.edit("manifest.json", |manifest| {
            let mut lines = String::new();
            for entry in manifest["files"].as_array_mut().expect("it lists its files") {
                let name = entry["name"].as_str().expect("a file has a name").to_owned();
                let bytes = self.read(&name);
                lines += &[&sha256(&bytes), "  ", &name, "\n"].concat();
                entry["bytes"] = bytes.len().into();
                entry["sha256"] = sha256(&bytes).into();
            }
            let day = manifest["version"]
                .as_str()
                .and_then(|version| version.split('-').next())
                .expect("a version begins with its day")
                .to_owned();
            manifest["version"] = format!("{day}-{}", &sha256(lines.as_bytes())[..8]).into();
        });
        self.write("manifest.sha256", format!("{}  manifest.json\n", sha256(&self.read("manifest.json"))).as_bytes());
    }
}

fn sha256(bytes: &[u8]) -> String {
    let hex: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.concat()
}
