//! The manifest: what a bundle is, and the size and sha256 of each of its files.

use lapwing_features::{Calendar, FEATURES, Timestamp, Windows, schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ModelBundle;

/// The bundle format that this build reads and writes. Formats 1 and 2 held whole covariances where this one holds a
/// [`Spread`](crate::Spread); format 3 had the same files, whose golden rows were scored column after column, with other last bits; format 4
/// knew no warning signs.
pub const FORMAT_VERSION: u32 = 5;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const SEAL: &str = "manifest.sha256";

pub(super) const CARD: &str = "card.md";
pub(super) const CHURN: &str = "churn.json";
pub(super) const DATA: &str = "data.json";
pub(super) const DRIFT: &str = "drift.json";
pub(super) const EVIDENCE: &str = "evidence.json";
pub(super) const GOLDEN: &str = "golden.json";
pub(super) const INTENT: &str = "intent.json";
pub(super) const LIFECYCLE: &str = "lifecycle.json";
pub(super) const REACTIVATION: &str = "reactivation.json";
pub(super) const REPORT: &str = "report.json";
pub(super) const VALUE: &str = "value.json";

/// The files that every bundle holds, sorted.
pub(super) const FILES: [&str; 8] = [CARD, CHURN, DATA, DRIFT, GOLDEN, LIFECYCLE, REACTIVATION, REPORT];
/// Files that a bundle may hold beside them.
pub(super) const OPTIONAL: [&str; 3] = [EVIDENCE, INTENT, VALUE];

/// The file of contents that has this name; `None` when there is none.
pub(super) fn content(name: &str) -> Option<&'static str> {
    FILES.into_iter().chain(OPTIONAL).find(|known| *known == name)
}

/// Whether a bundle may hold an entry of this name.
pub(super) fn is_known(name: &str) -> bool {
    name == MANIFEST || name == SEAL || content(name).is_some()
}

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) format_version: u32,
    pub(super) lapwing_version: String,
    pub(super) version: String,
    /// Instants are in microseconds since 1970-01-01T00:00:00Z.
    pub(super) as_of: Timestamp,
    pub(super) cutoffs: Vec<Timestamp>,
    pub(super) windows: Windows,
    pub(super) seed: u64,
    pub(super) data_fingerprint: String,
    pub(super) feature_fingerprint: String,
    pub(super) features: Vec<String>,
    pub(super) files: Vec<FileEntry>,
}

/// One file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileEntry {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Manifest {
    /// The manifest of `bundle`, whose files are `files`.
    pub(super) fn of(bundle: &ModelBundle, files: &[(&'static str, Vec<u8>)]) -> Self {
        let entries: Vec<FileEntry> = files
            .iter()
            .map(|(name, bytes)| FileEntry { name: (*name).to_owned(), bytes: bytes.len() as u64, sha256: sha256(bytes) })
            .collect();
        Self {
            format_version: FORMAT_VERSION,
            lapwing_version: bundle.made_by.clone(),
            version: version_of(bundle.as_of, &bundle.calendar().unwrap_or_else(|_| Calendar::utc()), &entries),
            as_of: bundle.as_of,
            cutoffs: bundle.cutoffs.clone(),
            windows: bundle.windows,
            seed: bundle.seed,
            data_fingerprint: bundle.data_fingerprint.clone(),
            feature_fingerprint: schema::fingerprint(),
            features: FEATURES.iter().map(|feature| feature.name.to_owned()).collect(),
            files: entries,
        }
    }

    /// Whether it lists files of a bundle only: sorted, each once, all that every bundle holds.
    pub(super) fn lists_its_files(&self) -> bool {
        let names = || self.files.iter().map(|entry| entry.name.as_str());
        names().is_sorted_by(|one, two| one < two)
            && names().all(|name| content(name).is_some())
            && FILES.iter().all(|file| self.lists(file))
    }

    /// Whether it lists a file of this name.
    pub(super) fn lists(&self, name: &str) -> bool {
        self.files.iter().any(|entry| entry.name == name)
    }
}

/// As-of day on the local clock, and the first 8 hex digits of the sha256 over what `sha256sum` prints for the files.
pub(super) fn version_of(as_of: Timestamp, calendar: &Calendar, entries: &[FileEntry]) -> String {
    let (day, _) = calendar.day_and_hour(as_of);
    let date = Timestamp(0).plus_days(i64::from(day)).to_string();
    let digits: String = date.chars().take_while(|letter| *letter != 'T').filter(char::is_ascii_digit).collect();
    let lines: String = entries.iter().map(|entry| seal_line(&entry.sha256, &entry.name)).collect();
    format!("{digits}-{}", &sha256(lines.as_bytes())[..8])
}

/// A line as `sha256sum` writes it.
pub(super) fn seal_line(sha256: &str, name: &str) -> String {
    format!("{sha256}  {name}\n")
}

/// In lowercase hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]));
    Sha256::digest(bytes).iter().flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_standard_ones() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_version_tells_the_local_day_and_the_contents() {
        let entry = |digit: &str| FileEntry { name: "a".to_owned(), bytes: 1, sha256: digit.repeat(64) };
        let london = Calendar::of_zone("Europe/London").unwrap();
        let at = Calendar::utc().parse("2011-09-09T23:00:00Z").unwrap();
        assert!(version_of(at, &Calendar::utc(), &[entry("0")]).starts_with("20110909-"));
        assert!(version_of(at, &london, &[entry("0")]).starts_with("20110910-"));
        assert_ne!(version_of(at, &Calendar::utc(), &[entry("0")]), version_of(at, &Calendar::utc(), &[entry("1")]));
    }

    #[test]
    fn the_files_are_sorted() {
        assert!(FILES.is_sorted());
    }
}
