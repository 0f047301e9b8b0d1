//! A store as readers see it: each object at the version that was found, in parts that a slow line can bear.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::address::Root;
use super::connect::{Store, open};
use super::failure::Failure;
use super::object::Object;

/// Bytes that are asked for at once: bounds what waits in memory, and what is lost with a connection.
const PART: u64 = 8 << 20;

/// How many parts of an object are on their way at once.
const AT_ONCE: usize = 3;

/// The objects of one store; it can be read only.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Pinned {
    root: Root,
    store: Store,
    objects: Arc<HashMap<Path, Arc<ObjectMeta>>>,
}

impl Pinned {
    /// The store of `objects`, which are all of one.
    pub(in crate::engine) fn new<'a>(root: &Root, objects: impl Iterator<Item = &'a Object>) -> Result<Self> {
        let store = open(root).map_err(Failure::into_store_error)?;
        let objects = objects.map(|object| (object.address.key.clone(), Arc::clone(&object.meta))).collect();
        Ok(Self { root: root.clone(), store, objects: Arc::new(objects) })
    }

    /// One part, of the version that was found.
    async fn part(self, location: Path, range: Range<u64>) -> Result<Bytes> {
        let found = self.objects.get(&location);
        // A weak tag, as servers that compress give, matches nothing.
        let if_match = found.and_then(|meta| meta.e_tag.clone()).filter(|tag| !tag.starts_with("W/"));
        let version = found.and_then(|meta| meta.version.clone());
        let options = GetOptions { if_match, version, range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let got = async { self.store.get_opts(&location, options).await?.bytes().await };
        let bytes = got.await.map_err(|error| self.failed(&location, &error))?;
        if bytes.len() as u64 != range.end - range.start {
            let short = Failure::new(&self.root, Some(&location), "it is shorter than it was".to_owned());
            return Err(short.into_store_error());
        }
        Ok(bytes)
    }

    fn failed(&self, location: &Path, error: &object_store::Error) -> object_store::Error {
        Failure::of(&self.root, Some(location), error).into_store_error()
    }
}

/// The bytes of `range` in an object of `size` bytes.
fn resolved(range: Option<GetRange>, size: u64) -> Range<u64> {
    match range {
        None => 0..size,
        Some(GetRange::Bounded(range)) => range.start.min(size)..range.end.min(size),
        Some(GetRange::Offset(start)) => start.min(size)..size,
        Some(GetRange::Suffix(length)) => size.saturating_sub(length)..size,
    }
}

#[async_trait]
impl ObjectStore for Pinned {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let found = self.objects.get(location).map(Arc::clone);
        let meta = match found {
            Some(meta) => meta,
            None => Arc::new(self.store.head(location).await.map_err(|error| self.failed(location, &error))?),
        };
        let range = if options.head { 0..0 } else { resolved(options.range, meta.size) };
        let starts = (range.start..range.end).step_by(PART as usize);
        let end = range.end;
        let parts: Vec<Range<u64>> = starts.map(|start| start..(start + PART).min(end)).collect();
        let (pinned, location) = (self.clone(), location.clone());
        let bytes = stream::iter(parts).map(move |part| pinned.clone().part(location.clone(), part)).buffered(AT_ONCE);
        let payload = GetResultPayload::Stream(bytes.boxed());
        Ok(GetResult { payload, meta: ObjectMeta::clone(&meta), range, attributes: Attributes::default() })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::once(async { Err(read_only()) }).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::once(async { Err(read_only()) }).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(read_only())
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(read_only())
    }
}

fn read_only() -> object_store::Error {
    object_store::Error::NotSupported { source: "objects that were found can only be read".into() }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.root)
    }
}
