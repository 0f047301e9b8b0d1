//! A file in a store, at the version that was found.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::MetadataFetch;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;

use super::address::{Address, Kind};
use super::connect::{block_on, open};
use super::failure::{Failure, failure_in};
use super::pinned::Pinned;
use crate::engine::contain::unreadable;
use crate::engine::error::EngineError;
use crate::engine::layout::{self, Contents};
use crate::engine::paths::Format;

/// Bytes in which the header line of a CSV file ends.
const HEADER: u64 = 256 << 10;

/// Bytes in which the footer of most Parquet files fits.
const FOOTER: usize = 64 << 10;

/// How many files are looked into at once.
const AT_ONCE: usize = 16;

/// A file in a store.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Object {
    pub(in crate::engine) address: Address,
    pub(in crate::engine) meta: Arc<ObjectMeta>,
}

impl Object {
    /// The object at `address`, as it is now.
    pub(super) async fn at(address: Address) -> Result<Self, Failure> {
        let store = open(&address.root)?;
        let failed = |error| Failure::of(&address.root, Some(&address.key), &error);
        let meta = if address.root.kind == Kind::Http {
            // Not by its head, which an address that is signed for reading does not give; servers that give no parts are of no use.
            let options = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
            store.get_opts(&address.key, options).await.map_err(failed)?.meta
        } else {
            store.head(&address.key).await.map_err(failed)?
        };
        Ok(Self { meta: Arc::new(meta), address })
    }

    /// All of it.
    pub(in crate::engine) fn bytes(&self) -> Result<Bytes, EngineError> {
        block_on(async {
            let got = async { self.pinned()?.get(&self.address.key).await?.bytes().await };
            got.await.map_err(|error| self.failed(&error))
        })
    }

    fn pinned(&self) -> object_store::Result<Pinned> {
        Pinned::new(&self.address.root, std::iter::once(self))
    }

    fn failed(&self, error: &object_store::Error) -> EngineError {
        Failure::of(&self.address.root, Some(&self.address.key), error).told()
    }

    /// What is in it, without reading it all.
    async fn contents(&self, format: Format) -> Result<Contents, EngineError> {
        let pinned = self.pinned().map_err(|error| self.failed(&error))?;
        let shown = self.address.to_string();
        match format {
            Format::Parquet => {
                let parts = Parts { pinned: &pinned, key: &self.address.key };
                let reader = ParquetMetaDataReader::new().with_prefetch_hint(Some(FOOTER));
                let footer = reader.load_and_finish(parts, self.meta.size).await;
                let footer = footer.and_then(|footer| ArrowReaderMetadata::try_new(Arc::new(footer), ArrowReaderOptions::new()));
                footer.map(Contents::of_parquet).map_err(|error| failure_in(&error).unwrap_or_else(|| unreadable(&shown, format, &error)))
            }
            Format::Csv => {
                let range = 0..HEADER.min(self.meta.size);
                let start = pinned.get_range(&self.address.key, range).await.map_err(|error| self.failed(&error))?;
                layout::csv_contents(&shown, start.as_ref())
            }
        }
    }
}

/// Where the footer is read from.
struct Parts<'a> {
    pinned: &'a Pinned,
    key: &'a Path,
}

impl MetadataFetch for Parts<'_> {
    fn fetch(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        async move { self.pinned.get_range(self.key, range).await.map_err(|error| ParquetError::External(Box::new(error))) }.boxed()
    }
}

/// What is in each of `objects`, many at once.
pub(in crate::engine) fn contents(objects: Vec<(&Object, Format)>) -> Result<Vec<Contents>, EngineError> {
    block_on(stream::iter(objects).map(|(object, format)| object.contents(format)).buffered(AT_ONCE).try_collect())
}

/// By address: what is there twice is read once.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl Eq for Object {}

impl PartialOrd for Object {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Object {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.address.cmp(&other.address)
    }
}
