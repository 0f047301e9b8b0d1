//! Writes tables: whole or not at all, and the same bytes for the same table.

use std::fs::File;
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use tempfile::NamedTempFile;

use super::error::EngineError;
use super::table_file::TableFile;
use crate::table::{Column, Texts, Values};

/// Writes a Parquet file (snappy, but for numbers that it would not make smaller) at `path`; its folder is made if there is none. Instants are timestamps in UTC.
///
/// The file is written beside its place, synced and renamed, so that readers see all of it or what was there before. A link is
/// followed and stays.
///
/// # Errors
/// [`EngineError::Place`] when something is there that is no regular file, [`EngineError::Unwritable`] when the place cannot be written to, when there is no column, or when columns differ in length.
///
/// ```
/// use lapwing_features::engine::{read_parquet, write_parquet};
/// use lapwing_features::{Column, Values};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("scores.parquet");
/// let table = [Column::new("churn_probability", Values::Number(vec![Some(0.25), None]))];
/// write_parquet(&path, &table)?;
/// assert_eq!(read_parquet(&path, &["churn_probability"])?, table);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_parquet(path: &Path, columns: &[Column]) -> Result<(), EngineError> {
    let mut file = TableFile::create(path, columns)?;
    let mut rows = file.encoder()?;
    rows.push(columns)?;
    file.append(rows.finish()?)?;
    file.publish()
}

/// The types of the columns, of which all may be null.
pub(super) fn schema<'a>(columns: impl IntoIterator<Item = &'a Column>) -> Schema {
    Schema::new(columns.into_iter().map(|column| Field::new(&column.name, data_type(&column.values), true)).collect::<Vec<_>>())
}

fn data_type(values: &Values) -> DataType {
    match values {
        Values::Number(_) | Values::Measured(_) => DataType::Float64,
        Values::Integer(_) => DataType::Int64,
        Values::Text(_) | Values::Written(_) | Values::Ids(_) | Values::Named(_) => DataType::Utf8,
        Values::Instant(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Values::Flag(_) => DataType::Boolean,
    }
}

pub(super) fn array(values: &Values) -> ArrayRef {
    match values {
        Values::Number(values) => Arc::new(values.iter().copied().collect::<Float64Array>()),
        Values::Measured(values) => Arc::new(values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect::<Float64Array>()),
        Values::Integer(values) => Arc::new(values.iter().copied().collect::<Int64Array>()),
        Values::Text(values) => Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>()),
        Values::Written(values) => {
            let (texts, given) = values.parts();
            let given = Some(NullBuffer::from(given)).filter(|given| given.null_count() > 0);
            Arc::new(StringArray::new(offsets(texts), Buffer::from(texts.text().as_bytes()), given))
        }
        Values::Ids(values) => Arc::new(StringArray::new(offsets(values), Buffer::from(values.text().as_bytes()), None)),
        Values::Named(values) => Arc::new(values.iter().copied().collect::<StringArray>()),
        Values::Instant(values) => Arc::new(values.iter().copied().collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        Values::Flag(values) => Arc::new(values.iter().copied().collect::<BooleanArray>()),
    }
}

/// Where each text begins, and where the last ends.
fn offsets(texts: &Texts) -> OffsetBuffer<i32> {
    OffsetBuffer::from_lengths(texts.iter().map(str::len))
}

/// How a file with these columns is written.
pub(super) fn properties<'a>(columns: impl IntoIterator<Item = &'a Column>) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // A file has it for all columns or for none, and measured ones have none.
        .set_offset_index_disabled(true);
    let of_each = |builder: WriterPropertiesBuilder, column: &Column| {
        let path = ColumnPath::from(column.name.as_str());
        match column.values {
            // A dictionary of what hardly repeats is work for nothing.
            Values::Ids(_) => builder.set_column_dictionary_enabled(path, false),
            // So are the first and the last of texts.
            Values::Text(_) | Values::Written(_) => builder.set_column_statistics_enabled(path, EnabledStatistics::None),
            _ => builder,
        }
    };
    columns.into_iter().fold(builder, of_each).build()
}

/// A file beside its place, with the rights of any new file: a temporary file's own would shut out all but its owner.
pub(super) fn temporary(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".lapwing-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Has the system begin to write a part of a file to the disk, which then works while more is made, not only when the file is synced.
/// Nothing is waited for, and nothing is lost where a system does not know of it.
pub(super) fn begin_sync(file: &File, part: Range<u64>) {
    #[cfg(target_os = "linux")]
    {
        // Pages that are not on the disk yet are sent there; being on their way they are not dropped, as the advice has it for others.
        let length = NonZeroU64::new(part.end.saturating_sub(part.start));
        let _ = rustix::fs::fadvise(file, part.start, length, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, part);
}

/// Makes the rename last; only Unix can sync a folder.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
