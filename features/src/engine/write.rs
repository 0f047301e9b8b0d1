//! Writes tables: whole or not at all, and the same bytes for the same table.

use std::fmt::Display;
use std::fs::{File, create_dir_all};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use tempfile::NamedTempFile;

use super::error::EngineError;
use super::place::file_place;
use crate::table::{Column, Values};

/// Writes a Parquet file (zstd) at `path`; its folder is made if there is none. Instants are timestamps in UTC.
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
    let failed = |reason: &dyn Display| EngineError::Unwritable { path: path.display().to_string(), reason: reason.to_string() };
    let batch = batch(columns).map_err(|error| failed(&error))?;
    let place = file_place(path)?;
    let folder = match place.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut file = temporary(folder).map_err(|error| failed(&error))?;
    encode(file.as_file_mut(), &batch).map_err(|error| failed(&error))?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    file.persist(&place).map_err(|error| failed(&error.error))?;
    sync_folder(folder).map_err(|error| failed(&error))
}

fn batch(columns: &[Column]) -> Result<RecordBatch, ArrowError> {
    let arrays: Vec<ArrayRef> = columns.iter().map(|column| array(&column.values)).collect();
    let field = |(column, array): (&Column, &ArrayRef)| Field::new(&column.name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().zip(&arrays).map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), arrays)
}

fn array(values: &Values) -> ArrayRef {
    match values {
        Values::Number(values) => Arc::new(Float64Array::from(values.clone())),
        Values::Integer(values) => Arc::new(Int64Array::from(values.clone())),
        Values::Text(values) => Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>()),
        Values::Instant(values) => Arc::new(TimestampMicrosecondArray::from(values.clone()).with_timezone("UTC")),
        Values::Flag(values) => Arc::new(BooleanArray::from(values.clone())),
    }
}

fn encode(file: &mut File, batch: &RecordBatch) -> Result<(), ParquetError> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(())
}

/// A file beside its place, with the rights of any new file: a temporary file's own would shut out all but its owner.
fn temporary(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".lapwing-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Makes the rename last; only Unix can sync a folder.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
