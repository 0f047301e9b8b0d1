//! Writes one object, which appears whole or not at all.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};

use super::address::{Address, Root};
use super::connect::{Store, open};
use super::failure::Failure;
use crate::engine::error::EngineError;

/// Bytes that are sent at once; a store puts them together when it has all.
const PART: u64 = 8 << 20;

/// The most parts that a store takes.
const MOST_PARTS: u64 = 9_000;

/// How many parts are on their way at once.
const AT_ONCE: usize = 4;

/// Puts the local `file` at `address`, replacing what is there in one instant.
pub(in crate::engine) async fn put(address: &Address, file: &Path) -> Result<(), EngineError> {
    let local = |error: std::io::Error| EngineError::Unwritable { path: address.to_string(), reason: error.to_string() };
    let store = open(&address.root).map_err(Failure::told)?;
    let mut file = File::open(file).map_err(local)?;
    let size = file.metadata().map_err(local)?.len();
    let length = PART.max(size.div_ceil(MOST_PARTS)) as usize;
    let sent = if size <= PART {
        let payload = read(&mut file, length).map_err(local)?;
        store.put(&address.key, payload).await.map(|_| ())
    } else {
        in_parts(&store, address, file, length).await
    };
    sent.map_err(|error| unwritten(&address.root, &address.key, &error).told())
}

/// What went wrong with an object that was to be written: its absence is the bucket's.
pub(super) fn unwritten(root: &Root, key: &object_store::path::Path, error: &object_store::Error) -> Failure {
    let failure = Failure::of(root, Some(key), error);
    if !failure.is_missing {
        return failure;
    }
    failure.with_reason("there is no such bucket", "make the bucket, or give another one")
}

async fn in_parts(store: &Store, address: &Address, file: File, length: usize) -> object_store::Result<()> {
    let mut upload = store.put_multipart(&address.key).await?;
    let sent = send(upload.as_mut(), file, length).await;
    match sent {
        Ok(()) => upload.complete().await.map(|_| ()),
        Err(error) => {
            // What was sent is of no use; that it cannot be taken back changes nothing about the error.
            let _ = upload.abort().await;
            Err(error)
        }
    }
}

async fn send(upload: &mut dyn MultipartUpload, mut file: File, length: usize) -> object_store::Result<()> {
    let parts = std::iter::from_fn(|| {
        let payload = read(&mut file, length);
        match payload {
            Ok(payload) if payload.content_length() == 0 => None,
            Ok(payload) => Some(Ok(upload.put_part(payload))),
            Err(error) => Some(Err(object_store::Error::Generic { store: "lapwing", source: Box::new(error) })),
        }
    });
    stream::iter(parts).map(|part| async move { part?.await }).buffer_unordered(AT_ONCE).try_collect().await
}

/// The next bytes of a file, `most` of them unless it ends before.
fn read(file: &mut File, most: usize) -> std::io::Result<PutPayload> {
    let mut bytes = Vec::new();
    loop {
        match file.take((most - bytes.len()) as u64).read_to_end(&mut bytes) {
            Ok(_) => return Ok(bytes.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
