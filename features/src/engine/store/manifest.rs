//! The list of the files that belong together: what it names is read, whatever else lies beside it.

use serde::{Deserialize, Serialize};

use crate::engine::error::EngineError;

/// The name of the list in its folder.
pub(in crate::engine) const MANIFEST: &str = "_lapwing.json";

/// What the list says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Manifest {
    /// Version of this format.
    pub(super) lapwing_set: u32,
    /// The files, by names below the folder.
    pub(in crate::engine) files: Vec<Entry>,
    /// Those of the set before: they stay until the next, for who is reading them.
    pub(super) replaced: Vec<String>,
}

/// A file of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Entry {
    pub(in crate::engine) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Manifest {
    pub(super) const VERSION: u32 = 1;

    /// Reads the list at `shown`.
    pub(in crate::engine) fn parse(shown: &str, text: &[u8]) -> Result<Self, EngineError> {
        let damaged = |reason: String| EngineError::Unreadable {
            files: shown.to_owned(),
            reason,
            hint: "it lists the files of its folder and was written by `lapwing-train features`: write the folder again",
        };
        let manifest: Self = serde_json::from_slice(text).map_err(|error| damaged(format!("it is no list of files: {error}")))?;
        if manifest.lapwing_set != Self::VERSION {
            return Err(damaged(format!("its version is {}, and {} is read", manifest.lapwing_set, Self::VERSION)));
        }
        let is_within = |path: &String| path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(['\\', ':']);
        match manifest.files.iter().map(|file| &file.path).chain(&manifest.replaced).find(|path| !is_within(path)) {
            Some(_) => Err(damaged("it names a file that is not in its folder".to_owned())),
            None => Ok(manifest),
        }
    }
}
