//! A few files of a folder in a store, copied here to be read, or to be changed and put back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};
use tempfile::TempDir;

use super::address::Address;
use super::connect::{block_on, open};
use super::failure::Failure;
use super::find::whole;
use super::put::{put, unwritten};
use crate::engine::error::EngineError;

/// Copies of some files of a folder in a store, in a local folder that goes away with this.
#[derive(Debug)]
pub struct Mirror {
    folder: Address,
    local: TempDir,
    copied: BTreeMap<String, Copied>,
}

/// A file as it was when it was copied.
#[derive(Debug)]
struct Copied {
    bytes: Bytes,
    version: UpdateVersion,
}

impl Mirror {
    /// Begins without a copy, of the folder at `url`.
    ///
    /// # Errors
    /// [`EngineError::BadUrl`] when it is no URL of a store, [`EngineError::Unwritable`] when there is no room for copies.
    ///
    /// ```
    /// use lapwing_features::engine::Mirror;
    /// assert!(Mirror::begin("a/folder".as_ref()).is_err());
    /// ```
    pub fn begin(url: &Path) -> Result<Self, EngineError> {
        let folder = folder(url)?;
        let local = tempfile::tempdir().map_err(|error| unwritable(&folder, &error))?;
        Ok(Self { folder, local, copied: BTreeMap::new() })
    }

    /// As [`begin`](Self::begin), to be put back.
    ///
    /// # Errors
    /// Those of [`begin`](Self::begin), and [`EngineError::BadUrl`] for a store that can be read only.
    pub fn to_change(url: &Path) -> Result<Self, EngineError> {
        let mirror = Self::begin(url)?;
        if mirror.folder.is_writable() {
            return Ok(mirror);
        }
        Err(EngineError::BadUrl { url: mirror.folder.to_string(), reason: "it can be read only".to_owned() })
    }

    /// Where the copies are, by the names that they have in the store.
    #[must_use]
    pub fn local(&self) -> &Path {
        self.local.path()
    }

    /// Copies the file of this name, which may hold slashes, and gives its bytes; `None` when there is none.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the store does not give it, or it has more than `most` bytes, [`EngineError::Unwritable`] when it
    /// cannot be kept.
    pub fn copy(&mut self, name: &str, most: u64) -> Result<Option<Bytes>, EngineError> {
        let Some(copied) = block_on(get(&self.folder.join(name)?, most))? else { return Ok(None) };
        let (bytes, path) = (copied.bytes.clone(), self.local.path().join(name));
        let kept = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, &bytes));
        kept.map_err(|error| unwritable(&self.folder, &error))?;
        self.copied.insert(name.to_owned(), copied);
        Ok(Some(bytes))
    }

    /// A name in the folder other than `known`; `None` when there is none.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the store does not tell.
    pub fn other(&self, known: &str) -> Result<Option<String>, EngineError> {
        let prefix = (!self.folder.key.as_ref().is_empty()).then_some(&self.folder.key);
        block_on(async {
            let store = open(&self.folder.root).map_err(Failure::told)?;
            let listed = store.list_with_delimiter(prefix).await;
            let listed = listed.map_err(|error| unwritten(&self.folder.root, &self.folder.key, &error).told())?;
            let mut names =
                listed.objects.iter().map(|object| &object.location).chain(&listed.common_prefixes).filter_map(|path| path.filename());
            Ok(names.find(|name| *name != known).map(str::to_owned))
        })
    }

    /// Puts what differs from what was copied, or is new, back into the store: files in folders first, and then the file `last`, in
    /// one instant and only if nobody else has changed it since it was copied; `false` when somebody has. Other files beside `last`
    /// stay here, and nothing is taken away from the store.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the store does not take it, [`EngineError::Unwritable`] when it cannot be read here. Then `last`
    /// is what it was, unless only the answer was lost on its way.
    pub fn put_back(self, last: &str) -> Result<bool, EngineError> {
        let failed = |error: std::io::Error| unwritable(&self.folder, &error);
        let mut names = Vec::new();
        for entry in fs::read_dir(self.local.path()).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                below(&path, &mut names).map_err(failed)?;
            }
        }
        names.sort();
        for path in names {
            let Ok(inner) = path.strip_prefix(self.local.path()) else { continue };
            let name = inner.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
            let bytes = fs::read(&path).map_err(failed)?;
            if self.copied.get(&name).is_none_or(|copied| copied.bytes != bytes) {
                block_on(put(&self.folder.join(&name)?, &path))?;
            }
        }
        let (bytes, copied) = (fs::read(self.local.path().join(last)).map_err(failed)?, self.copied.get(last));
        if copied.is_some_and(|copied| copied.bytes == bytes) {
            return Ok(true);
        }
        let mode = copied.map_or(PutMode::Create, |copied| PutMode::Update(copied.version.clone()));
        block_on(replace(&self.folder.join(last)?, bytes, mode))
    }
}

/// The bytes of the file of this name in the folder at `url`, at most `most` of them; `None` when there is none.
///
/// # Errors
/// [`EngineError::BadUrl`] when it is no URL of a store, [`EngineError::Store`] when the store does not give it.
pub fn stored_file(url: &Path, name: &str, most: u64) -> Result<Option<Vec<u8>>, EngineError> {
    let got = block_on(get(&folder(url)?.join(name)?, most))?;
    Ok(got.map(|copied| copied.bytes.to_vec()))
}

fn folder(url: &Path) -> Result<Address, EngineError> {
    let bad = || EngineError::BadUrl { url: url.display().to_string(), reason: "it is no URL of a store".to_owned() };
    url.to_str().map(Address::parse).transpose()?.flatten().ok_or_else(bad)
}

fn unwritable(folder: &Address, error: &std::io::Error) -> EngineError {
    EngineError::Unwritable { path: format!("a copy of {folder}"), reason: error.to_string() }
}

/// The files below a local folder.
fn below(folder: &Path, names: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { below(&path, names)? } else { names.push(path) }
    }
    Ok(())
}

async fn get(address: &Address, most: u64) -> Result<Option<Copied>, EngineError> {
    let failed = |error: &object_store::Error| Failure::of(&address.root, Some(&address.key), error);
    let store = open(&address.root).map_err(Failure::told)?;
    let got = match store.get(&address.key).await {
        Ok(got) => got,
        Err(error) => {
            let failure = failed(&error);
            return if failure.is_missing { Ok(None) } else { Err(failure.told()) };
        }
    };
    if got.meta.size > most {
        let hint = "check that the address is the one that is meant";
        return Err(Failure::new(&address.root, Some(&address.key), String::new()).with_reason("it is larger than it may be", hint).told());
    }
    let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
    let bytes = got.bytes().await.map_err(|error| failed(&error).told())?;
    Ok(Some(Copied { bytes, version }))
}

/// Puts the bytes there unless somebody else was faster; whether they are there.
async fn replace(address: &Address, bytes: Vec<u8>, mode: PutMode) -> Result<bool, EngineError> {
    let store = open(&address.root).map_err(Failure::told)?;
    let Err(error) = store.put_opts(&address.key, bytes.clone().into(), PutOptions::from(mode)).await else { return Ok(true) };
    // An answer that was lost on its way looks like somebody else's file: it is ours if it says what ours says.
    if whole(address).await.is_ok_and(|there| there == bytes) {
        return Ok(true);
    }
    match error {
        object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. } => Ok(false),
        error => Err(unwritten(&address.root, &address.key, &error).told()),
    }
}
