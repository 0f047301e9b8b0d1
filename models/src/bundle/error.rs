//! Why a bundle could not be read or written.

use std::path::PathBuf;

use thiserror::Error;

use super::folder::FolderError;
use crate::model::ModelError;

/// Why a bundle could not be read or written.
#[derive(Debug, Error)]
pub enum BundleError {
    /// The file system said no.
    #[error("cannot {doing} `{path}`: {source}\nhint: check that the path exists and that you may read and write there")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds no manifest.
    #[error("`{0}` is not a bundle: it has no `manifest.json`\nhint: make one with `lapwing-train fit --out {0}`")]
    NotABundle(PathBuf),
    /// The folder to be written holds something that is not a bundle's.
    #[error("`{path}` is not empty and not a bundle: it holds `{entry}`\nhint: choose another folder, or remove this one yourself")]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// The first entry that is none of a bundle's.
        entry: String,
    },
    /// The format is newer than this build.
    #[error(
        "the bundle has format {found}, this build reads formats up to {most}\nhint: serve it with a newer build of Lapwing, or fit again with this one"
    )]
    Newer {
        /// The bundle's format.
        found: u64,
        /// The newest format this build reads.
        most: u32,
    },
    /// The format is older than this build.
    #[error(
        "the bundle has format {found}, this build reads formats from {least} on\nhint: fit again with this build: `lapwing-train fit`"
    )]
    Older {
        /// The bundle's format.
        found: u64,
        /// The oldest format this build reads.
        least: u32,
    },
    /// The bundle was fitted on another feature table.
    #[error(
        "the bundle was fitted on feature table `{found}`, this build has `{expected}`\nhint: fit again with this build: `lapwing-train fit`"
    )]
    Fingerprint {
        /// The bundle's feature fingerprint.
        found: String,
        /// The build's.
        expected: String,
    },
    /// A file of the bundle is not there.
    #[error("the bundle has no `{0}`\nhint: copy the bundle again, whole, or fit again")]
    Missing(String),
    /// There is something in the bundle that does not belong there.
    #[error("the bundle holds `{0}`, which is none of its files\nhint: remove it, or copy the bundle again into an empty folder")]
    Unexpected(String),
    /// An entry of the bundle is a link or a folder.
    #[error("`{0}` in the bundle is not a plain file\nhint: copy the bundle with links resolved")]
    NotAFile(String),
    /// A file is larger than any bundle's.
    #[error("`{file}` has {bytes} bytes, more than the {most} that are read\nhint: copy the bundle again, or fit again")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        most: u64,
    },
    /// A file has another size than the manifest says.
    #[error("`{file}` has {bytes} bytes, the manifest says {expected}\nhint: the bundle is damaged: copy it again, or fit again")]
    Size {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The size in the manifest.
        expected: u64,
    },
    /// A file's bytes are not those that were written.
    #[error("`{file}` has sha256 {found}, not {expected}\nhint: the bundle was changed or damaged: copy it again, or fit again")]
    Digest {
        /// The file.
        file: String,
        /// Its sha256.
        found: String,
        /// The sha256 that was written down.
        expected: String,
    },
    /// A file does not read as what it should be.
    #[error("`{file}` cannot be read: {why}\nhint: copy the bundle again, or fit again")]
    Unreadable {
        /// The file.
        file: String,
        /// What the reader said.
        why: String,
    },
    /// A file reads well, but what it says cannot be.
    #[error("`{file}` does not hold together: {what}\nhint: fit again with this build of Lapwing")]
    Unsound {
        /// The file.
        file: String,
        /// What cannot be.
        what: String,
    },
    /// A model does not hold together.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A golden row scores differently from when the bundle was made.
    #[error(
        "golden row {row} has {what} {found}, not {expected}\nhint: this build or machine computes otherwise: fit again with this build"
    )]
    Golden {
        /// Number of the row.
        row: usize,
        /// What differs.
        what: &'static str,
        /// What it is now.
        found: String,
        /// What it was.
        expected: String,
    },
}

impl From<FolderError> for BundleError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { doing, path, source } => Self::Io { doing, path, source },
            FolderError::Foreign { path, entry } => Self::Occupied { path, entry },
        }
    }
}
