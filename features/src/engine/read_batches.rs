//! Large tables of ours read piece by piece: scores to be published.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use sha2::{Digest, Sha256};

use super::contain::{contained, inaccessible, unreadable};
use super::error::EngineError;
use super::paths::{Place, SourceFile, resolve_one};
use super::read_table::values;
use crate::table::Column;
use crate::time::Calendar;

/// Hands the columns that `wants` of a Parquet file, at a path or a URL, over in pieces of at most `rows` rows, in order; types are as
/// [`read_parquet`](super::read_parquet) has them. Columns of other types are left out.
///
/// ```
/// use lapwing_features::engine::{each_parquet_batch, write_parquet, EngineError};
/// use lapwing_features::{Column, Values};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("scores.parquet");
/// write_parquet(&path, &[Column::new("health", Values::Number(vec![Some(1.0), None, Some(3.0)]))])?;
/// let mut rows = Vec::new();
/// each_parquet_batch(&path, 2, |name| name == "health", |batch| {
///     rows.push(batch[0].values.len());
///     Ok::<_, EngineError>(())
/// })?;
/// assert_eq!(rows, [2, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`EngineError`] when the file cannot be read, and whatever `each` gives.
pub fn each_parquet_batch<E: From<EngineError>>(
    path: &Path,
    rows: usize,
    wants: impl Fn(&str) -> bool,
    each: impl FnMut(Vec<Column>) -> Result<(), E>,
) -> Result<(), E> {
    let file = resolve_one(&path.display().to_string())?;
    match &file.place {
        Place::Local(local) => {
            let open = File::open(local).map_err(|error| inaccessible(Path::new(&file.shown), &error))?;
            pieces(&file, open, rows, wants, each)
        }
        Place::Store(object) => pieces(&file, object.bytes()?, rows, wants, each),
    }
}

fn pieces<E: From<EngineError>>(
    file: &SourceFile,
    from: impl ChunkReader + 'static,
    rows: usize,
    wants: impl Fn(&str) -> bool,
    mut each: impl FnMut(Vec<Column>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = contained(&file.shown, file.format, || reader(from, rows, wants))?;
    // A reader that gave up once is not asked again.
    while let Some(batch) = contained(&file.shown, file.format, || reader.next().transpose())? {
        each(columns(file, &batch)?)?;
    }
    Ok(())
}

fn reader(from: impl ChunkReader + 'static, rows: usize, wants: impl Fn(&str) -> bool) -> Result<ParquetRecordBatchReader, ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(from)?;
    let wanted: Vec<usize> = (0..).zip(builder.schema().fields()).filter(|(_, field)| wants(field.name())).map(|(at, _)| at).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    builder.with_projection(mask).with_batch_size(rows).build()
}

fn columns(file: &SourceFile, batch: &RecordBatch) -> Result<Vec<Column>, EngineError> {
    let schema = batch.schema();
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let values = values(column, &Calendar::utc()).map_err(|error| unreadable(&file.shown, file.format, &error))?;
        columns.extend(values.map(|values| Column::new(field.name(), values)));
    }
    Ok(columns)
}

/// The SHA-256 of a file, at a path or a URL, in hex.
///
/// # Errors
/// [`EngineError`] when the file cannot be read.
pub fn sha256_of(path: &Path) -> Result<String, EngineError> {
    let file = resolve_one(&path.display().to_string())?;
    let mut hash = Sha256::new();
    match &file.place {
        Place::Local(local) => {
            let unreadable = |error| inaccessible(Path::new(&file.shown), &error);
            let mut open = File::open(local).map_err(unreadable)?;
            let mut piece = vec![0; 1 << 16];
            loop {
                match open.read(&mut piece).map_err(unreadable)? {
                    0 => break,
                    read => hash.update(&piece[..read]),
                }
            }
        }
        Place::Store(object) => hash.update(object.bytes()?),
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(half.into(), 16));
        }
    }
    Ok(text)
}
