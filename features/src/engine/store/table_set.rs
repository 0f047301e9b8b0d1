//! Several files in a store that appear together.

use std::io::Read;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};
use sha2::{Digest, Sha256};

use super::address::Address;
use super::connect::{block_on, open};
use super::failure::Failure;
use super::find::whole;
use super::manifest::{Entry, MANIFEST, Manifest};
use super::put::{put, unwritten};
use crate::engine::error::EngineError;
use crate::engine::table_file::{Sealed, TableFile};

/// A set of files below a URL such as `s3://bucket/features`.
///
/// Each set has a hidden folder of its own there. A list of its files, `_lapwing.json`, is put last, and only if nobody else has
/// put one meanwhile: who goes by the list, as everything here does that reads such a folder, sees all of a set or all of the one
/// before. The files of the set before stay until the next one, for those who are reading them.
pub struct TableSet {
    folder: Address,
    /// The name of the hidden folder.
    run: String,
    /// What was there when it was begun.
    before: Option<(Manifest, UpdateVersion)>,
}

/// Whether the list of a set that failed can be there all the same.
enum Listed {
    No,
    Perhaps,
}

impl TableSet {
    /// Begins a set at the URL `out`.
    ///
    /// # Errors
    /// [`EngineError::Place`] when something else lies there, [`EngineError::BadUrl`] when it is no URL that can be written to,
    /// [`EngineError::Store`] when the store cannot be reached.
    pub fn create(out: &Path) -> Result<Self, EngineError> {
        let folder = out.to_str().map(Address::parse).transpose()?.flatten().filter(Address::is_writable);
        let Some(folder) = folder else {
            return Err(EngineError::BadUrl { url: out.display().to_string(), reason: "it cannot be written to".to_owned() });
        };
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| failed(&folder, &error.to_string()))?;
        let run = format!("_run-{:016x}", u64::from_le_bytes(random));
        let before = block_on(before(&folder))?;
        Ok(Self { folder, run, before })
    }

    /// Where the file of this name belongs.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        format!("{}/{}/{name}", self.folder, self.run).into()
    }

    /// Makes the files whole and puts them in the place of the set before.
    ///
    /// # Errors
    /// [`EngineError`] when it cannot be; then the set before stays, and the new files are taken away again, unless the list may have
    /// arrived though its answer did not.
    pub fn publish(self, files: Vec<TableFile>) -> Result<(), EngineError> {
        let sealed = TableFile::seal_all(files)?;
        let entries = sealed.iter().map(|file| self.entry(file)).collect::<Result<_, _>>()?;
        block_on(async {
            let sent = self.send(&sealed, entries).await;
            match &sent {
                // What is left over is hidden and in nobody's way.
                Ok(()) => self.remove(self.before.iter().flat_map(|(before, _)| before.replaced.clone())).await,
                // A list that may have arrived must find its files.
                Err((_, Listed::Perhaps)) => {}
                Err((_, Listed::No)) => self.remove(sealed.iter().map(|file| format!("{}/{}", self.run, file.name()))).await,
            }
            sent.map_err(|(error, _)| error)
        })
    }

    fn entry(&self, file: &Sealed) -> Result<Entry, EngineError> {
        let hashed = || {
            let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
            let (mut local, mut bytes) = (std::fs::File::open(file.local())?, 0);
            loop {
                match local.read(&mut buffer)? {
                    0 => return Ok::<_, std::io::Error>((bytes, hash.finalize())),
                    read => {
                        bytes += read as u64;
                        hash.update(&buffer[..read]);
                    }
                }
            }
        };
        let (bytes, hash) = hashed().map_err(|error| failed(&self.folder, &error.to_string()))?;
        let sha256 = hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Ok(Entry { path: format!("{}/{}", self.run, file.name()), bytes, sha256 })
    }

    async fn send(&self, files: &[Sealed], entries: Vec<Entry>) -> Result<(), (EngineError, Listed)> {
        let unlisted = |error| (error, Listed::No);
        for (file, entry) in files.iter().zip(&entries) {
            put(&self.folder.join(&entry.path).map_err(unlisted)?, file.local()).await.map_err(unlisted)?;
        }
        let replaced = self.before.iter().flat_map(|(before, _)| &before.files).map(|file| file.path.clone()).collect();
        let manifest = Manifest { lapwing_set: Manifest::VERSION, files: entries, replaced };
        let mut text = serde_json::to_vec_pretty(&manifest).map_err(|error| unlisted(failed(&self.folder, &error.to_string())))?;
        text.push(b'\n');
        let mode = self.before.as_ref().map_or(PutMode::Create, |(_, version)| PutMode::Update(version.clone()));
        let list = self.folder.join(MANIFEST).map_err(unlisted)?;
        let store = open(&list.root).map_err(|failure| unlisted(failure.told()))?;
        let Err(error) = store.put_opts(&list.key, text.clone().into(), PutOptions::from(mode)).await else { return Ok(()) };
        // An answer that was lost on its way looks like somebody else's list: it is ours if it says what ours says.
        if whole(&list).await.is_ok_and(|there| there == text) {
            return Ok(());
        }
        let failure = unwritten(&list.root, &list.key, &error);
        let taken = matches!(error, object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. });
        if taken {
            return Err(unlisted(failure.with_reason("another run put its files there meanwhile", "run it again").told()));
        }
        Err((failure.told(), Listed::Perhaps))
    }

    /// Takes files of the folder away, as well as it goes.
    async fn remove(&self, files: impl Iterator<Item = String>) {
        let Ok(store) = open(&self.folder.root) else { return };
        for file in files {
            if let Ok(address) = self.folder.join(&file) {
                let _ = store.delete(&address.key).await;
            }
        }
    }
}

/// The list that is there, and its version; files without a list are not ours to hide behind one.
async fn before(folder: &Address) -> Result<Option<(Manifest, UpdateVersion)>, EngineError> {
    let list = folder.join(MANIFEST)?;
    let store = open(&list.root).map_err(Failure::told)?;
    match store.get(&list.key).await {
        Ok(got) => {
            let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
            let text = got.bytes().await.map_err(|error| Failure::of(&list.root, Some(&list.key), &error).told())?;
            Ok(Some((Manifest::parse(&list.to_string(), &text)?, version)))
        }
        Err(object_store::Error::NotFound { .. }) => {
            let prefix = (!folder.key.as_ref().is_empty()).then_some(&folder.key);
            let mut listed = store.list(prefix);
            while let Some(found) = listed.next().await {
                let found = found.map_err(|error| unwritten(&folder.root, &folder.key, &error).told())?;
                let name = found.location.as_ref()[folder.key.as_ref().len()..].trim_start_matches('/').to_owned();
                if !name.starts_with("_run-") {
                    let why = format!("it holds `{name}`, which is none of the files of an earlier result");
                    return Err(EngineError::Place { path: folder.to_string(), why });
                }
            }
            Ok(None)
        }
        Err(error) => Err(unwritten(&list.root, &list.key, &error).told()),
    }
}

fn failed(folder: &Address, reason: &str) -> EngineError {
    EngineError::Unwritable { path: folder.to_string(), reason: reason.to_owned() }
}
