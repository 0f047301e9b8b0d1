//! What one task of a cluster is to read: files, or parts of them, as the one who asked has found them.
//!
//! The scan itself does not travel: its wire format would lose at which version an object was found and which row groups need not be
//! read.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use object_store::ObjectMeta;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::super::ahead::Ahead;
use super::super::canonical::rows::Form;
use super::super::contain::unreadable;
use super::super::error::EngineError;
use super::super::layout::Group;
use super::super::paths::{Format, Place, SourceFile, names};
use super::super::scan;
use super::super::store::{Address, Object, Root};

/// Bytes of files that one task reads, about.
const BYTES: u64 = 64 << 20;

/// Tasks of a job: with fewer a small cluster has nothing to spread, with more the list of them is too long for one message.
const TASKS: std::ops::RangeInclusive<u64> = 8..=16_384;

/// What one task reads.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Share {
    format: Format,
    /// The schema of the group, as Arrow writes it.
    schema: Vec<u8>,
    columns: Vec<String>,
    form: Form,
    pieces: Vec<Piece>,
}

/// A file, or a part of it.
#[derive(Debug, Serialize, Deserialize)]
struct Piece {
    shown: String,
    at: At,
    /// Row groups that need not be read.
    ahead: Vec<bool>,
    range: Option<(i64, i64)>,
}

/// Where a file is.
#[derive(Debug, Serialize, Deserialize)]
enum At {
    Local { path: PathBuf, size: u64 },
    Store { root: Root, key: String, size: u64, e_tag: Option<String>, version: Option<String> },
}

/// The shares of all groups.
pub(super) async fn shares(groups: &[Group]) -> Result<Vec<Share>, EngineError> {
    let mut shares = Vec::new();
    for group in groups {
        let bytes: u64 = group.files.iter().map(size).sum();
        let most = bytes.div_ceil(BYTES).clamp(*TASKS.start(), *TASKS.end());
        let schema = encoded(&group.schema).map_err(|error| unreadable(&names(&group.files), group.format, &error))?;
        let by_location: HashMap<Path, usize> = group.files.iter().map(location).zip(0..).collect();
        for part in scan::parts(group, most as usize).await? {
            let piece = |file: &PartitionedFile| {
                let number = by_location.get(&file.object_meta.location).copied();
                let number = number.ok_or_else(|| unreadable(&names(&group.files), group.format, &"a file of the scan is not known"))?;
                Ok::<_, EngineError>(Piece::of(&group.files[number], &group.ahead[number], file.range.as_ref()))
            };
            let pieces = part.iter().map(piece).collect::<Result<Vec<_>, _>>()?;
            let (columns, form) = (group.columns.clone(), group.form.clone());
            shares.push(Share { format: group.format, schema: schema.clone(), columns, form, pieces });
        }
    }
    Ok(shares)
}

impl Share {
    /// The group of its files, and which part of each is to be read.
    pub(super) fn group(self) -> Result<(Group, Vec<Option<FileRange>>), EngineError> {
        let Self { format, schema, columns, form, pieces } = self;
        let ranges = pieces.iter().map(|piece| piece.range.map(|(start, end)| FileRange { start, end })).collect();
        let ahead = pieces.iter().map(|piece| Ahead { groups: piece.ahead.clone(), rows: 0 }).collect();
        let files = pieces.into_iter().map(|piece| piece.file(format)).collect::<Result<Vec<_>, _>>()?;
        let schema = decoded(&schema).map_err(|error| unreadable(&names(&files), format, &error))?;
        // What the footers say was taken in by who asked.
        Ok((Group { files, ahead, format, schema, columns, form, has_kinds: false, amounts_since: None }, ranges))
    }
}

impl Piece {
    fn of(file: &SourceFile, ahead: &Ahead, range: Option<&FileRange>) -> Self {
        let at = match &file.place {
            Place::Local(path) => At::Local { path: path.clone(), size: size(file) },
            Place::Store(object) => {
                let ObjectMeta { size, e_tag, version, .. } = object.meta.as_ref().clone();
                At::Store { root: object.address.root.clone(), key: object.address.key.to_string(), size, e_tag, version }
            }
        };
        let range = range.map(|range| (range.start, range.end));
        Self { shown: file.shown.clone(), at, ahead: ahead.groups.clone(), range }
    }

    fn file(self, format: Format) -> Result<SourceFile, EngineError> {
        let place = match self.at {
            At::Local { path, size } => {
                let found = path.metadata().map(|found| found.len());
                if found.as_ref().ok() != Some(&size) {
                    let reason = found.map_or_else(|error| error.to_string(), |_| "it is not the file that was found".to_owned());
                    return Err(EngineError::Unreadable { files: self.shown, reason, hint: ELSEWHERE });
                }
                Place::Local(path)
            }
            At::Store { root, key, size, e_tag, version } => {
                let key = Path::parse(&key).map_err(|error| unreadable(&self.shown, format, &error))?;
                // Nobody asks when it was changed: the tag and the version tell which one is meant.
                let last_modified = std::time::SystemTime::UNIX_EPOCH.into();
                let meta = Arc::new(ObjectMeta { location: key.clone(), last_modified, size, e_tag, version });
                Place::Store(Object { address: Address { root, key }, meta })
            }
        };
        Ok(SourceFile { shown: self.shown, place, format })
    }
}

const ELSEWHERE: &str =
    "every executor of a cluster must see a local file at the same path; put it on a shared disk, or into a store such as `s3://`";

fn size(file: &SourceFile) -> u64 {
    match &file.place {
        Place::Local(path) => path.metadata().map_or(0, |found| found.len()),
        Place::Store(object) => object.meta.size,
    }
}

/// What the scan knows a file by.
fn location(file: &SourceFile) -> Path {
    match &file.place {
        Place::Local(path) => Path::from_absolute_path(path).unwrap_or_default(),
        Place::Store(object) => object.meta.location.clone(),
    }
}

fn encoded(schema: &Schema) -> Result<Vec<u8>, ArrowError> {
    StreamWriter::try_new(Vec::new(), schema)?.into_inner()
}

fn decoded(bytes: &[u8]) -> Result<SchemaRef, ArrowError> {
    Ok(StreamReader::try_new(bytes, None)?.schema())
}
