//! Writing a bundle: whole or not at all.

use std::borrow::Cow;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::error::BundleError;
use super::folder;
use super::manifest::{
    CARD, CHURN, DATA, DRIFT, EVIDENCE, GOLDEN, INTENT, LIFECYCLE, MANIFEST, Manifest, REACTIVATION, REPORT, SEAL, VALUE, is_known,
    seal_line, sha256,
};
use super::{DataNotes, ModelBundle, Reports};

impl ModelBundle {
    /// Writes the bundle as the folder `dir`, making the folders above it where needed.
    ///
    /// It is written beside `dir` first and then renamed, so that nobody ever sees half a bundle. A bundle that is there
    /// already is replaced; a folder that holds anything else is refused and left as it is.
    ///
    /// # Errors
    /// [`BundleError::Occupied`] for a folder that is not a bundle, [`BundleError::Io`] when the file system says no.
    pub fn save(&self, dir: &Path) -> Result<(), BundleError> {
        let names = folder::own_files(dir, is_known)?.unwrap_or_default();
        if !names.is_empty() && !names.iter().any(|name| name == MANIFEST) {
            return Err(BundleError::Occupied { path: dir.to_owned(), entry: format!("{} files but no {MANIFEST}", names.len()) });
        }
        folder::replace(dir, is_known, |fresh| {
            self.all_files().into_iter().try_for_each(|(name, bytes)| {
                // Told by the name it is to have: nobody knows the folder that it is written into first.
                let told = |source| BundleError::Io { doing: "write", path: dir.join(name), source };
                write_synced(&fresh.join(name), &bytes).map_err(told)
            })
        })
    }

    /// The content files, in the order of the manifest. The same bundle gives the same bytes.
    pub(super) fn contents(&self) -> Vec<(&'static str, Vec<u8>)> {
        let data = DataNotes {
            shape: self.shape.clone(),
            kinds: Some(self.kinds.clone()),
            timezone: self.timezone.clone(),
            duplicates: self.duplicates,
        };
        let reports = Reports { targets: Cow::Borrowed(&self.reports), value: self.value_report.as_ref().map(Cow::Borrowed) };
        let mut files = vec![
            (CARD, self.card.clone().into_bytes()),
            (CHURN, json(&self.churn)),
            (DATA, json(&data)),
            (DRIFT, json(&self.drift)),
            (GOLDEN, json(&self.golden)),
            (LIFECYCLE, json(&self.thresholds)),
            (REACTIVATION, json(&self.reactivation)),
            (REPORT, json(&reports)),
        ];
        files.extend(self.intent.iter().map(|intent| (INTENT, json(intent))));
        files.extend(self.value.iter().map(|value| (VALUE, json(value))));
        files.extend(self.evidence.iter().map(|evidence| (EVIDENCE, evidence.to_vec())));
        files.sort_unstable_by_key(|(name, _)| *name);
        files
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

pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain structs, lists and maps with text keys are always JSON");
    bytes.push(b'\n');
    bytes
}

pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
