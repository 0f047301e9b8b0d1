//! From an address to the objects that it leads to.

use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::address::{Address, Kind, Scope};
use super::connect::open;
use super::failure::Failure;
use super::manifest::{MANIFEST, Manifest};
use super::object::Object;
use crate::engine::error::EngineError;
use crate::engine::paths::Format;

/// How many files of a set are asked for at once.
const AT_ONCE: usize = 16;

/// How often a set is looked at again when it is replaced in that moment.
const LOOKS: usize = 5;

/// Whether the store that is to hold `address` answers to us; what is there plays no part.
pub(in crate::engine) async fn reach(address: Address) -> Result<(), EngineError> {
    match Object::at(address).await {
        Err(failure) if !failure.is_missing => Err(failure.told()),
        _ => Ok(()),
    }
}

/// The object at `address`.
pub(in crate::engine) async fn find_one(address: Address) -> Result<Object, EngineError> {
    Object::at(address).await.map_err(Failure::told)
}

/// The objects of tables that `address`, a file, a folder or a glob, leads to.
pub(in crate::engine) async fn find(address: &Address) -> Result<Vec<Object>, EngineError> {
    let is_file = !address.is_glob() && Format::of(address.key.as_ref()).is_some();
    if is_file || address.root.kind == Kind::Http {
        match Object::at(address.clone()).await {
            Ok(object) => return Ok(vec![object]),
            // Some write a folder of this name.
            Err(failure) if failure.is_missing && address.root.kind != Kind::Http => {
                let below = below(address).await?;
                return if below.is_empty() { Err(failure.told()) } else { Ok(below) };
            }
            Err(failure) => return Err(failure.told()),
        }
    }
    below(address).await
}

/// What a folder or a glob holds. Of a folder with a list of its files, these and no others.
async fn below(address: &Address) -> Result<Vec<Object>, EngineError> {
    let scope = Scope::of(address)?;
    let listed = scope.listed();
    let store = open(&address.root).map_err(Failure::told)?;
    let prefix = (!listed.as_ref().is_empty()).then_some(&listed);
    let failed = |error| Failure::of(&address.root, prefix, &error).told();
    let all: Vec<ObjectMeta> = store.list(prefix).try_collect().await.map_err(failed)?;

    let mut sets: Vec<Path> = Vec::new();
    for meta in &all {
        if let Some(folder) = folder_of_list(&meta.location)
            && scope.admits(&folder.parts().chain(["x".into()]).collect())
        {
            sets.push(folder);
        }
    }
    let in_set = |key: &Path| sets.iter().any(|set| key.prefix_matches(set));
    let is_table = |key: &Path| Format::of(key.as_ref()).is_some() && scope.admits(key) && !in_set(key);
    let plain = all.into_iter().filter(|meta| is_table(&meta.location));
    let mut objects: Vec<Object> = plain.map(|meta| Object { address: address.at(meta.location.clone()), meta: meta.into() }).collect();
    for set in sets.iter().filter(|set| !sets.iter().any(|other| other != *set && set.prefix_matches(other))) {
        objects.extend(of_set(&address.at(set.clone())).await?);
    }
    Ok(objects)
}

/// The folder that a list of files speaks of.
fn folder_of_list(key: &Path) -> Option<Path> {
    (key.filename() == Some(MANIFEST)).then(|| {
        let parts: Vec<_> = key.parts().collect();
        parts[..parts.len() - 1].iter().cloned().collect()
    })
}

/// The files that the list in `folder` names. Those of a list that was replaced meanwhile may be gone; then the new one is read.
async fn of_set(folder: &Address) -> Result<Vec<Object>, EngineError> {
    let list = folder.join(MANIFEST)?;
    let mut looks = 0;
    loop {
        looks += 1;
        let manifest = Manifest::parse(&list.to_string(), &whole(&list).await.map_err(Failure::told)?)?;
        let files = manifest.files.iter().map(|file| folder.join(&file.path)).collect::<Result<Vec<_>, _>>()?;
        let found: Result<Vec<Object>, Failure> = stream::iter(files).map(Object::at).buffered(AT_ONCE).try_collect().await;
        match found {
            Err(failure) if failure.is_missing && looks < LOOKS => {}
            found => return found.map_err(Failure::told),
        }
    }
}

/// The bytes of a small object.
pub(super) async fn whole(address: &Address) -> Result<Vec<u8>, Failure> {
    let store = open(&address.root)?;
    let got = async { store.get(&address.key).await?.bytes().await };
    got.await.map(|bytes| bytes.to_vec()).map_err(|error| Failure::of(&address.root, Some(&address.key), &error))
}
