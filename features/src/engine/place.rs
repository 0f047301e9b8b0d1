//! Where a result may be written: never over what it is made from, nor among it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::EngineError;
use super::paths::{Place, reader, resolve, resolve_one, settled};
use super::store::{self, Address, MANIFEST};

/// How many links to links are followed, as many as Linux does.
const MOST_LINKS: usize = 40;

/// What a command reads, as the user named it.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Files, folders and globs of events, by paths or URLs.
    pub events: &'a [String],
    /// The customers table, if there is one.
    pub customers: Option<&'a str>,
    /// The link table, if there is one.
    pub links: Option<&'a str>,
    /// The bundle, if one is read.
    pub bundle: Option<&'a Path>,
}

/// Refuses a file to be written that is one of the inputs or would be among them the next time, lies in the bundle, or exists
/// and is no regular file.
///
/// # Errors
/// [`EngineError::Place`] when it is refused, other [`EngineError`]s when the inputs are not there.
///
/// ```
/// use lapwing_features::engine::{Inputs, guard_file};
/// let folder = tempfile::tempdir()?;
/// let events = folder.path().join("events.csv");
/// std::fs::write(&events, "customer_id,ts\n1,2024-01-01\n")?;
/// let inputs = Inputs { events: &[events.display().to_string()], customers: None, links: None, bundle: None };
/// assert!(guard_file(&folder.path().join("scores.parquet"), inputs).is_ok());
/// assert!(guard_file(&events, inputs).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn guard_file(out: &Path, inputs: Inputs<'_>) -> Result<(), EngineError> {
    if let Some(address) = address(out)? {
        return guard_address(&address, &address, inputs);
    }
    let place = file_place(out)?;
    guard(out, &place, &place, inputs)
}

/// Refuses a folder to be replaced that holds one of the inputs, would be read the next time, or lies in the bundle.
///
/// # Errors
/// [`EngineError::Place`] when it is refused, other [`EngineError`]s when the inputs are not there.
pub fn guard_folder(out: &Path, inputs: Inputs<'_>) -> Result<(), EngineError> {
    match address(out)? {
        Some(address) => guard_address(&address, &address.join(MANIFEST)?, inputs),
        // Its files may have any name.
        None => guard(out, out, &out.join("any.parquet"), inputs),
    }
}

/// Whether a path is a URL such as `s3://bucket/key`, where only tables can be written.
#[must_use]
pub fn is_url(path: &Path) -> bool {
    path.to_str().is_some_and(store::is_url)
}

/// Where in a store `out` is, unless it is a local path.
pub(super) fn address(out: &Path) -> Result<Option<Address>, EngineError> {
    let Some(address) = out.to_str().map(Address::parse).transpose()?.flatten() else { return Ok(None) };
    if address.is_writable() {
        return Ok(Some(address));
    }
    Err(EngineError::Place { path: address.to_string(), why: "it can be read only".to_owned() })
}

/// The object `first` is the first that is asked for there.
fn guard_address(out: &Address, first: &Address, inputs: Inputs<'_>) -> Result<(), EngineError> {
    let refused = |why: String| EngineError::Place { path: out.to_string(), why };
    let mut files = resolve(inputs.events)?;
    for table in [inputs.customers, inputs.links].into_iter().flatten() {
        files.push(resolve_one(table)?);
    }
    let is_there = |place: &Place| matches!(place, Place::Store(object) if out.holds(&object.address));
    if let Some(file) = files.iter().find(|file| is_there(&file.place)) {
        return Err(refused(format!("the input `{}` is there", file.shown)));
    }
    if let Some(bundle) = inputs.bundle.and_then(Path::to_str).map(Address::parse).transpose()?.flatten()
        && bundle.holds(out)
    {
        return Err(refused(format!("the bundles of `{bundle}` are there")));
    }
    for input in inputs.events {
        if let Some(input) = Address::parse(input)?
            && input.would_find(out)?
        {
            return Err(refused(format!("the next run would read it as events, by `{input}`")));
        }
    }
    // Before hours of work.
    store::block_on(store::reach(first.clone()))
}

/// The file `first` is one of those that are written.
fn guard(out: &Path, place: &Path, first: &Path, inputs: Inputs<'_>) -> Result<(), EngineError> {
    let refused = |why: String| EngineError::Place { path: out.display().to_string(), why };
    let [place, first] = [settled(place), settled(first)];
    let (place, first) = (place.map_err(|error| unwritable(out, &error))?, first.map_err(|error| unwritable(out, &error))?);
    let mut files = resolve(inputs.events)?;
    for table in [inputs.customers, inputs.links].into_iter().flatten() {
        files.push(resolve_one(table)?);
    }
    let is_there = |at: &Place| matches!(at, Place::Local(path) if path.starts_with(&place));
    if let Some(file) = files.iter().find(|file| is_there(&file.place)) {
        return Err(refused(format!("the input `{}` is there", file.shown)));
    }
    if let Some(input) = reader(inputs.events, &first)? {
        return Err(refused(format!("the next run would read it as events, by `{input}`")));
    }
    match inputs.bundle {
        Some(bundle) if settled(bundle).is_ok_and(|bundle| place.starts_with(bundle)) => {
            Err(refused(format!("the bundle `{}` is there", bundle.display())))
        }
        _ => Ok(()),
    }
}

/// The path to write so that `path` names the new file: the end of its links, if it is one.
pub(super) fn file_place(path: &Path) -> Result<PathBuf, EngineError> {
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::metadata(&place) {
            Ok(found) if !found.is_file() => {
                return Err(EngineError::Place { path: path.display().to_string(), why: "it exists and is no regular file".to_owned() });
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(path, &error)),
            _ => {}
        }
        let Ok(target) = fs::read_link(&place) else { return Ok(place) };
        place = place.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(unwritable(path, &"it is a link to a link, and so on"))
}

fn unwritable(path: &Path, reason: &dyn std::fmt::Display) -> EngineError {
    EngineError::Unwritable { path: path.display().to_string(), reason: reason.to_string() }
}
