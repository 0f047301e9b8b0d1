//! A registry: the champion that is served, those before it and why each became it, and the challenger that is tried beside it.
//!
//! ```text
//! DIR/
//!   registry.json         every promotion and rollback, oldest first, of which the last tells the champion; challenger and labels
//!   registry.lock         held by whoever changes the registry
//!   bundles/VERSION/      the bundles, whole, by version
//! ```
//!
//! It may lie elsewhere, in an object store: [`gather`] says which files of it are needed here.
//!
//! `registry.json` is replaced in one step, after the bundle that it names is in its place: whoever reads it finds a champion that
//! is there. No clock is in it: its entries are numbered.

mod challenger;
mod error;
mod gather;
mod read;
#[cfg(all(test, feature = "fit"))]
mod tests;
#[cfg(feature = "fit")]
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;

use lapwing_features::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bundle::load::MOST_FILE;
use crate::promotion::{Contest, Decision};

pub use challenger::{Challenger, place_of};
pub use error::RegistryError;
pub use gather::{Purpose, gather};
#[cfg(feature = "fit")]
pub use write::{Promotion, challenge, label, promote, roll_back, withdraw};

/// The newest registry format that this build reads. A registry without challenger and labels is written as format 1, which older
/// builds read too.
pub const FORMAT_VERSION: u32 = 2;

/// The file that tells everything but the bundles.
pub const MANIFEST: &str = "registry.json";
/// Largest that it may be, in bytes.
pub const MOST_MANIFEST: u64 = MOST_FILE;
#[cfg(feature = "fit")]
const LOCK: &str = "registry.lock";
const BUNDLES: &str = "bundles";

/// A registry as it was when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Registry {
    dir: PathBuf,
    history: Vec<Entry>,
    challenger: Option<Challenger>,
    labels: BTreeMap<String, String>,
}

/// One change of the champion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1 on, one more each time.
    pub sequence: u64,
    /// What was done.
    pub action: Action,
    /// The champion from then on.
    pub version: String,
    /// What its models knew of: what was before this instant, in microseconds since 1970-01-01T00:00:00Z.
    pub as_of: Timestamp,
    /// The champion until then; `None` for the first.
    pub before: Option<String>,
    /// Why it was promoted; `None` for a rollback.
    pub decision: Option<Decision>,
    /// The numbers behind that.
    pub contest: Option<Contest>,
}

/// How a champion became it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A challenger took the place of the champion, or the first place.
    Promoted,
    /// The champion before took its place again.
    RolledBack,
}
