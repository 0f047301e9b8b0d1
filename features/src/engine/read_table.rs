//! Small tables read whole: scores to be judged, the customers table.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, new_empty_array};
use arrow::compute::{cast, concat};
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format as CsvInference;
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;

use super::canonical::{numbers, texts, times};
use super::contain::{contained, inaccessible, unreadable};
use super::error::EngineError;
use super::layout::{self, listed};
use super::paths::{Format, Place, SourceFile, resolve_one};
use crate::table::{Column, Values};
use crate::time::Calendar;

/// Reads the named columns of a Parquet file, or of a CSV file whose types are inferred, at a path or a URL: any numbers as [`Values::Number`], text as [`Values::Text`], timestamps and dates
/// (without zone: UTC) as [`Values::Instant`], truth values as [`Values::Flag`].
///
/// # Errors
/// [`EngineError`] when the file cannot be read, lacks a column, or has one of another type.
pub fn read_parquet(path: &Path, names: &[&str]) -> Result<Vec<Column>, EngineError> {
    let file = resolve_one(&path.display().to_string())?;
    let schema = layout::schema(&file)?;
    for name in names {
        if schema.index_of(name).is_err() {
            return Err(EngineError::MissingColumn {
                file: file.shown,
                column: (*name).to_owned(),
                available: listed(&schema),
                hint: "is it the file that was meant?".to_owned(),
            });
        }
    }
    let table = Table::read(&file, Some(names), None)?;
    names
        .iter()
        .map(|name| {
            let column = table.column(name)?;
            let found = column.data_type();
            let wrong = || EngineError::WrongType {
                file: file.shown.clone(),
                column: (*name).to_owned(),
                found: format!("`{found}`"),
                role: "number, text, time or truth value".to_owned(),
                hint: "cast the column where the file is written",
            };
            let values = values(&column, &Calendar::utc()).map_err(|error| unreadable(&file.shown, file.format, &error))?;
            Ok(Column::new(*name, values.ok_or_else(wrong)?))
        })
        .collect()
}

/// The names of the columns of a Parquet or CSV file.
///
/// # Errors
/// [`EngineError`] when the file cannot be read.
pub fn column_names(path: &Path) -> Result<Vec<String>, EngineError> {
    let schema = layout::schema(&resolve_one(&path.display().to_string())?)?;
    Ok(schema.fields().iter().map(|field| field.name().clone()).collect())
}

/// A table in memory.
pub(super) struct Table {
    file: SourceFile,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    /// Reads a file, of a Parquet file only the columns `only` when given. The types of CSV columns are inferred from all rows,
    /// but that of `text`, so that an id loses no leading zero.
    pub(super) fn read(file: &SourceFile, only: Option<&[&str]>, text: Option<&str>) -> Result<Self, EngineError> {
        let (schema, batches) = match &file.place {
            Place::Local(path) => {
                let open = || File::open(path).map_err(|error| inaccessible(Path::new(&file.shown), &error));
                match file.format {
                    Format::Parquet => decoded_parquet(file, open()?, only)?,
                    Format::Csv => decoded_csv(file, text, open()?, open()?)?,
                }
            }
            Place::Store(object) => {
                let bytes = object.bytes()?;
                match file.format {
                    Format::Parquet => decoded_parquet(file, bytes, only)?,
                    Format::Csv => decoded_csv(file, text, bytes.as_ref(), bytes.as_ref())?,
                }
            }
        };
        Ok(Self { file: file.clone(), schema, batches })
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// A column over all batches.
    pub(super) fn column(&self, name: &str) -> Result<ArrayRef, EngineError> {
        let parts: Vec<&dyn Array> = self.batches.iter().filter_map(|batch| batch.column_by_name(name)).map(AsRef::as_ref).collect();
        let whole = match (parts.is_empty(), self.schema.field_with_name(name)) {
            (false, _) => concat(&parts),
            (true, field) => field.map(|field| new_empty_array(field.data_type())),
        };
        whole.map_err(|error| unreadable(&self.file.shown, self.file.format, &error))
    }
}

type Decoded = (SchemaRef, Vec<RecordBatch>);

fn decoded_parquet(file: &SourceFile, from: impl ChunkReader + 'static, only: Option<&[&str]>) -> Result<Decoded, EngineError> {
    contained(&file.shown, file.format, || parquet(from, only))
}

fn decoded_csv(file: &SourceFile, text: Option<&str>, inferred: impl Read, from: impl Read) -> Result<Decoded, EngineError> {
    let header = layout::schema(file)?;
    contained(&file.shown, file.format, || csv(&header, text, inferred, from))
}

fn parquet(file: impl ChunkReader + 'static, only: Option<&[&str]>) -> Result<Decoded, ArrowError> {
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    if let Some(names) = only {
        let columns = names.iter().map(|name| builder.schema().index_of(name)).collect::<Result<Vec<_>, _>>()?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
        builder = builder.with_projection(mask);
    }
    let schema = Arc::clone(builder.schema());
    Ok((schema, builder.build()?.collect::<Result<_, _>>()?))
}

fn csv(header: &Schema, text: Option<&str>, inferred: impl Read, file: impl Read) -> Result<Decoded, ArrowError> {
    let (types, _) = CsvInference::default().with_header(true).infer_schema(inferred, None)?;
    let field = |(named, found): (&Arc<Field>, &Arc<Field>)| {
        let is_text = text == Some(named.name());
        Field::new(named.name(), if is_text { DataType::Utf8 } else { found.data_type().clone() }, true)
    };
    let schema = Arc::new(Schema::new(header.fields().iter().zip(types.fields()).map(field).collect::<Vec<_>>()));
    let reader = ReaderBuilder::new(Arc::clone(&schema)).with_header(true).build(file)?;
    Ok((schema, reader.collect::<Result<_, _>>()?))
}

/// The values of a column, `None` when its type is not one of a table.
pub(super) fn values(column: &ArrayRef, calendar: &Calendar) -> Result<Option<Values>, ArrowError> {
    let found = column.data_type();
    let is_text = |found: &DataType| texts::is_text(found) || *found == DataType::Null;
    Ok(Some(match found {
        DataType::Boolean => Values::Flag(column.as_boolean().iter().collect()),
        DataType::Dictionary(_, values) if is_text(values) => Values::Text(text(column)?),
        found if is_text(found) => Values::Text(text(column)?),
        found if numbers::takes(found) => {
            let numbers = cast(column, &DataType::Float64)?;
            Values::Number(numbers.as_primitive::<Float64Type>().iter().collect())
        }
        found if times::takes(found) => {
            let instants = times::read(column, calendar)?;
            Values::Instant(instants.into_iter().map(|cell| cell.value().map(|at| at.0)).collect())
        }
        _ => return Ok(None),
    }))
}

fn text(column: &ArrayRef) -> Result<Vec<Option<String>>, ArrowError> {
    let text = cast(column, &DataType::Utf8)?;
    Ok(text.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect())
}
