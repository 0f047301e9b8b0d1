//! Why a registry could not be read or changed.

use std::path::PathBuf;

use thiserror::Error;

use crate::bundle::BundleError;
use crate::bundle::folder::FolderError;

/// Why a registry could not be read or changed; in every case it is as it was.
#[derive(Debug, Error)]
pub enum RegistryError {
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
    /// There is no registry.
    #[error("`{0}` is no registry: it has no `registry.json`\nhint: make one with `lapwing-train promote BUNDLE_DIR --registry {0}`")]
    NotARegistry(PathBuf),
    /// The folder that is to become a registry holds something else.
    #[error("`{path}` is not empty and no registry: it holds `{entry}`\nhint: choose another folder, or an empty one")]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The first entry that is none of a registry's.
        entry: String,
    },
    /// The registry would lie in the bundle that it is to hold.
    #[error("the registry `{registry}` lies in the bundle `{bundle}`\nhint: choose a folder beside the bundle")]
    Inside {
        /// The registry.
        registry: PathBuf,
        /// The bundle.
        bundle: PathBuf,
    },
    /// The format is newer than this build.
    #[error("the registry has format {found}, this build reads formats up to {most}\nhint: use a newer build of Lapwing")]
    Newer {
        /// The registry's format.
        found: u64,
        /// The newest format this build reads.
        most: u32,
    },
    /// The list of champions does not read, or does not hold together.
    #[error("`{path}` is damaged: {why}\nhint: nothing was changed; put back a copy of this file, or begin another registry")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A bundle of the registry cannot be used.
    #[error("bundle `{version}` of the registry cannot be used: {source}")]
    Bundle {
        /// Its version.
        version: String,
        /// Why not.
        source: BundleError,
    },
    /// A bundle of the registry is another than its folder says.
    #[error(
        "the folder of bundle `{version}` in the registry holds bundle `{found}`\nhint: go back with `lapwing-train promote --rollback`"
    )]
    Exchanged {
        /// What it should be.
        version: String,
        /// What it is.
        found: String,
    },
    /// The challenger cannot be read.
    #[error(transparent)]
    Challenger(#[from] BundleError),
    /// The share of the challenger is none.
    #[error("the share of a challenger is {0}, which is not between 0 and 1\nhint: write a tenth of the customers as `--share 0.1`")]
    Share(f64),
    /// The challenger is champion already.
    #[error("`{0}` is champion already, and nobody challenges itself\nhint: nothing is to be done; `--withdraw` ends another's challenge")]
    IsChampion(String),
    /// There is no challenger to withdraw.
    #[error("there is no challenger beside `{0}`\nhint: nothing is to be done: the champion speaks for everybody")]
    NoChallenger(String),
    /// There is no champion before the one there is.
    #[error("there is no champion before `{0}` to go back to\nhint: promote another bundle: `lapwing-train promote BUNDLE_DIR`")]
    NothingBefore(String),
}

impl From<FolderError> for RegistryError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { doing, path, source } => Self::Io { doing, path, source },
            FolderError::Foreign { path, entry } => Self::Foreign { path, entry },
        }
    }
}
