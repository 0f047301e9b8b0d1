//! Reading a bundle: nothing is used before everything is checked.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use lapwing_features::{Calendar, KindRules, Windows, schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::BundleError;
use super::manifest::{
    CARD, CHURN, DATA, DRIFT, EVIDENCE, FILES, FORMAT_VERSION, GOLDEN, INTENT, LIFECYCLE, MANIFEST, Manifest, REACTIVATION, REPORT, SEAL,
    VALUE, content, is_known, seal_line, sha256, version_of,
};
use super::{DataNotes, ModelBundle, Reports};
use crate::target::Target;

/// Largest manifest that is read, in bytes.
const MOST_MANIFEST: u64 = 1 << 20;
/// Largest other file that is read.
pub(super) const MOST_FILE: u64 = 64 << 20;

/// The files of a bundle whose bytes are what the manifest says.
struct Contents(BTreeMap<&'static str, Vec<u8>>);

/// As much of a manifest as every format has.
#[derive(Deserialize)]
struct Head {
    format_version: u64,
}

impl ModelBundle {
    /// Reads the bundle in `dir`.
    ///
    /// In this order: the manifest and its format; that the folder holds exactly the files of a bundle, all of them plain;
    /// the manifest's own sha256; the feature fingerprint; size and sha256 of each file; that each file reads and holds
    /// together; that the golden rows score as they did, to the bit. No file is read beyond 64 MiB.
    ///
    /// # Errors
    /// The [`BundleError`] of the first check that fails.
    ///
    /// ```
    /// use lapwing_models::ModelBundle;
    /// let error = ModelBundle::load("no/such/bundle".as_ref()).unwrap_err();
    /// assert!(error.to_string().starts_with("cannot open the folder `no/such/bundle`"));
    /// ```
    pub fn load(dir: &Path) -> Result<Self, BundleError> {
        let manifest = read_manifest(dir)?;
        let contents = read_contents(dir, &manifest)?;
        contents.bundle(manifest)?.checked()
    }
}

fn read_manifest(dir: &Path) -> Result<Manifest, BundleError> {
    let bytes = match read_capped(dir, MANIFEST, MOST_MANIFEST) {
        Err(BundleError::Missing(_)) if dir.is_dir() => return Err(BundleError::NotABundle(dir.to_owned())),
        Err(BundleError::Missing(_)) => {
            return Err(BundleError::Io { doing: "open the folder", path: dir.to_owned(), source: ErrorKind::NotFound.into() });
        }
        bytes => bytes?,
    };
    let head: Head = parse(MANIFEST, &bytes)?;
    match head.format_version.cmp(&u64::from(FORMAT_VERSION)) {
        Ordering::Greater => return Err(BundleError::Newer { found: head.format_version, most: FORMAT_VERSION }),
        Ordering::Less => return Err(BundleError::Older { found: head.format_version, least: FORMAT_VERSION }),
        Ordering::Equal => {}
    }
    check_listing(dir, is_known)?;
    let seal = read_capped(dir, SEAL, MOST_MANIFEST)?;
    let found = sha256(&bytes);
    if seal != seal_line(&found, MANIFEST).as_bytes() {
        let expected = String::from_utf8_lossy(&seal).chars().take_while(char::is_ascii_hexdigit).take(64).collect();
        return Err(BundleError::Digest { file: MANIFEST.to_owned(), found, expected });
    }
    let manifest: Manifest = parse(MANIFEST, &bytes)?;
    let expected = schema::fingerprint();
    if manifest.feature_fingerprint != expected {
        return Err(BundleError::Fingerprint { found: manifest.feature_fingerprint, expected });
    }
    Ok(manifest)
}

/// The folder holds plain files only, and none but such as `belongs`.
fn check_listing(dir: &Path, belongs: impl Fn(&str) -> bool) -> Result<(), BundleError> {
    let failed = |source| BundleError::Io { doing: "list", path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !belongs(&name) {
            return Err(BundleError::Unexpected(name));
        }
        if !entry.file_type().map_err(failed)?.is_file() {
            return Err(BundleError::NotAFile(name));
        }
    }
    Ok(())
}

fn read_contents(dir: &Path, manifest: &Manifest) -> Result<Contents, BundleError> {
    if !manifest.lists_its_files() {
        return Err(unsound(MANIFEST, format!("its files are not {}, or others that a bundle may hold", FILES.join(", "))));
    }
    check_listing(dir, |name| name == MANIFEST || name == SEAL || manifest.lists(name))?;
    let mut files = BTreeMap::new();
    for (name, entry) in manifest.files.iter().filter_map(|entry| Some((content(&entry.name)?, entry))) {
        let bytes = read_capped(dir, name, MOST_FILE)?;
        if bytes.len() as u64 != entry.bytes {
            return Err(BundleError::Size { file: name.to_owned(), bytes: bytes.len() as u64, expected: entry.bytes });
        }
        let found = sha256(&bytes);
        if found != entry.sha256 {
            return Err(BundleError::Digest { file: name.to_owned(), found, expected: entry.sha256.clone() });
        }
        files.insert(name, bytes);
    }
    Ok(Contents(files))
}

/// The bytes of a plain file, at most `most` of them.
pub(super) fn read_capped(dir: &Path, name: &str, most: u64) -> Result<Vec<u8>, BundleError> {
    let path = dir.join(name);
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => BundleError::Missing(name.to_owned()),
        _ => BundleError::Io { doing: "read", path: path.clone(), source },
    };
    let metadata = fs::symlink_metadata(&path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(BundleError::NotAFile(name.to_owned()));
    }
    if metadata.len() > most {
        return Err(BundleError::TooLarge { file: name.to_owned(), bytes: metadata.len(), most });
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    File::open(&path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(BundleError::TooLarge { file: name.to_owned(), bytes: bytes.len() as u64, most });
    }
    Ok(bytes)
}

pub(super) fn parse<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, BundleError> {
    serde_json::from_slice(bytes).map_err(|error| BundleError::Unreadable { file: file.to_owned(), why: error.to_string() })
}

pub(super) fn unsound(file: &str, what: impl Into<String>) -> BundleError {
    BundleError::Unsound { file: file.to_owned(), what: what.into() }
}

/// A message without its own hint, to stand inside another.
fn first_line(error: &impl std::error::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

impl Contents {
    fn parse<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, BundleError> {
        parse(name, self.0.get(name).map_or(&[], Vec::as_slice))
    }

    /// The bytes of a file that a bundle may do without.
    fn optional(&self, name: &'static str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    fn bundle(&self, manifest: Manifest) -> Result<ModelBundle, BundleError> {
        let data: DataNotes = self.parse(DATA)?;
        let calendar = Calendar::of_zone(&data.timezone).map_err(|error| unsound(DATA, first_line(&error)))?;
        let version = version_of(manifest.as_of, &calendar, &manifest.files);
        if version != manifest.version {
            return Err(unsound(MANIFEST, format!("its version is `{}`, that of its files is `{version}`", manifest.version)));
        }
        let kinds = data.kinds.unwrap_or_else(|| KindRules { amounts_since: data.shape.since_amounts(), ..KindRules::default() });
        let Reports { targets, value: value_report } = self.parse(REPORT)?;
        let card = self.0.get(CARD).map_or(&[] as &[u8], Vec::as_slice);
        Ok(ModelBundle {
            churn: self.parse(CHURN)?,
            reactivation: self.parse(REACTIVATION)?,
            intent: self.optional(INTENT).map(|bytes| parse(INTENT, bytes)).transpose()?,
            value: self.optional(VALUE).map(|bytes| parse(VALUE, bytes)).transpose()?,
            thresholds: self.parse(LIFECYCLE)?,
            drift: self.parse(DRIFT)?,
            shape: data.shape,
            kinds,
            timezone: data.timezone,
            duplicates: data.duplicates,
            windows: manifest.windows,
            as_of: manifest.as_of,
            cutoffs: manifest.cutoffs,
            seed: manifest.seed,
            data_fingerprint: manifest.data_fingerprint,
            reports: targets.into_owned(),
            value_report: value_report.map(Cow::into_owned),
            card: String::from_utf8(card.to_vec()).map_err(|_| unsound(CARD, "it is not UTF-8"))?,
            made_by: manifest.lapwing_version,
            golden: self.parse(GOLDEN)?,
            evidence: self.optional(EVIDENCE).map(Arc::from),
            version: Arc::from(version),
        })
    }
}

impl ModelBundle {
    /// The bundle itself when all its numbers are such as a fit gives and the golden rows score as they did.
    fn checked(self) -> Result<Self, BundleError> {
        for ((file, target), model) in [CHURN, REACTIVATION, INTENT].into_iter().zip(Target::ALL).zip(self.models()) {
            if model.target != target {
                return Err(unsound(file, format!("its model is for {}", model.target)));
            }
            model.check()?;
        }
        if !self.reports.iter().map(|report| report.target).eq(self.models().map(|model| model.target)) {
            return Err(unsound(REPORT, "its reports are not those of the models"));
        }
        if self.value.is_some_and(|value| !value.is_sound()) {
            return Err(unsound(VALUE, "it has a parameter out of range"));
        }
        let Windows { active_days, horizon_days, gap_days } = self.windows;
        Windows::new(active_days, horizon_days, gap_days).map_err(|error| unsound(MANIFEST, first_line(&error)))?;
        if self.thresholds.active_days != active_days {
            return Err(unsound(LIFECYCLE, format!("`active_days` is {}, the manifest says {active_days}", self.thresholds.active_days)));
        }
        self.thresholds.check().map_err(|what| unsound(LIFECYCLE, what))?;
        if let Some(name) = self.drift.unsound() {
            return Err(unsound(DRIFT, format!("the histogram of `{name}`")));
        }
        let calendar = self.calendar().map_err(|error| unsound(DATA, first_line(&error)))?;
        if self.golden.is_empty() {
            return Err(unsound(GOLDEN, "it has no rows"));
        }
        for (row, golden) in self.golden.iter().enumerate() {
            if !golden.is_sound() {
                return Err(unsound(GOLDEN, format!("row {row} does not fit the feature table")));
            }
            golden.check(row, &self, &calendar)?;
        }
        Ok(self)
    }
}
