//! `evidence.json`: written by a fit, read only when bundles are compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::load::{parse, unsound};
use super::manifest::EVIDENCE;
use super::{BundleError, ModelBundle};
use crate::evidence::Evidence;
use crate::target::Target;

impl ModelBundle {
    /// The rows that the fits were judged on, by target; a target of which nothing was judged has none, nor has any of a bundle without
    /// the file.
    ///
    /// # Errors
    /// [`BundleError`] when the file does not read or does not hold together: scoring does not look at it, so this is the first to
    /// know.
    pub fn evidence(&self) -> Result<BTreeMap<Target, Evidence>, BundleError> {
        let Some(bytes) = &self.evidence else { return Ok(BTreeMap::new()) };
        let found: BTreeMap<Target, Evidence> = parse(EVIDENCE, bytes)?;
        match found.iter().find(|(_, evidence)| !evidence.is_sound()) {
            None => Ok(found),
            Some((target, _)) => Err(unsound(EVIDENCE, format!("its rows of {target} do not fit each other or the feature table"))),
        }
    }
}

/// The file: one long line, for it holds many numbers and few read it. `None` when there is nothing to hold.
pub(super) fn bytes(mut evidence: BTreeMap<Target, Evidence>) -> Option<Arc<[u8]>> {
    evidence.retain(|_, evidence| !evidence.rows.is_empty());
    let mut bytes = serde_json::to_vec(&evidence).expect("plain structs, lists and maps with text keys are always JSON");
    bytes.push(b'\n');
    (!evidence.is_empty()).then(|| bytes.into())
}
