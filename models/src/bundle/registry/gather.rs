//! A registry that lies elsewhere: which of its files are needed here.

use std::path::Path;

use serde::Deserialize;

use super::{BUNDLES, MANIFEST, Registry, RegistryError};
use crate::bundle::BundleError;
use crate::bundle::load::{MOST_FILE, parse};
use crate::bundle::manifest::{self, is_known};

/// What a registry is fetched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To score with those in office.
    Serve,
    /// To change it: the champion before may be gone back to.
    Change,
}

/// As much of a bundle's manifest as tells what else to fetch.
#[derive(Deserialize)]
struct Contents {
    files: Vec<Name>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// Fetches what the registry at `place` is read from. `fetch` copies the file of a name, which has so many bytes at most, to the
/// folder from which the registry is read then, and gives its bytes; `None` when there is none. Nothing is judged here that reading
/// judges: a file that is not there is left out.
///
/// # Errors
/// [`RegistryError::NotARegistry`] when there is none, [`RegistryError::Damaged`], [`RegistryError::Newer`], [`RegistryError::Bundle`]
/// when there is no bundle where one in office should be, or what `fetch` gives.
///
/// ```
/// use lapwing_models::bundle::registry::{Purpose, RegistryError, gather};
/// let nothing = |_: &str, _: u64| Ok::<Option<Vec<u8>>, RegistryError>(None);
/// let error = gather("far/away".as_ref(), Purpose::Serve, nothing).unwrap_err();
/// assert!(error.to_string().starts_with("`far/away` is no registry"));
/// ```
pub fn gather<B: AsRef<[u8]>, E: From<RegistryError>>(
    place: &Path,
    purpose: Purpose,
    mut fetch: impl FnMut(&str, u64) -> Result<Option<B>, E>,
) -> Result<(), E> {
    let listing = fetch(MANIFEST, MOST_FILE)?.ok_or_else(|| RegistryError::NotARegistry(place.to_owned()))?;
    let registry = Registry::of_bytes(place, listing.as_ref())?;
    let in_office = [Some(registry.champion()), registry.challenger().map(|challenger| challenger.version.as_str())];
    for version in in_office.into_iter().flatten() {
        if !bundle(version, &mut fetch)? {
            let source = BundleError::NotABundle(registry.bundle_dir(version));
            return Err(RegistryError::Bundle { version: version.to_owned(), source }.into());
        }
    }
    if let Some(before) = registry.champion_before().filter(|_| purpose == Purpose::Change) {
        bundle(before, &mut fetch)?;
    }
    Ok(())
}

/// Fetches the files of a bundle, as its manifest lists them; whether there is one.
fn bundle<B: AsRef<[u8]>, E>(version: &str, fetch: &mut impl FnMut(&str, u64) -> Result<Option<B>, E>) -> Result<bool, E> {
    let name = |file: &str| format!("{BUNDLES}/{version}/{file}");
    let Some(listing) = fetch(&name(manifest::MANIFEST), MOST_FILE)? else { return Ok(false) };
    let listed = parse::<Contents>(manifest::MANIFEST, listing.as_ref()).map_or(Vec::new(), |contents| contents.files);
    let listed = listed.iter().map(|file| file.name.as_str()).filter(|file| is_known(file) && *file != manifest::MANIFEST);
    for file in listed.chain([manifest::SEAL]) {
        fetch(&name(file), MOST_FILE)?;
    }
    Ok(true)
}
