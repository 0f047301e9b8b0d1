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
    let table = Table::read(&file, Some(names), &[])?;
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

/// A column that is read as text by [`read_texts`].
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    /// Its name in the file.
    pub name: &'a str,
    /// Whether a file without it is refused.
    pub needed: bool,
    /// Whether a number with a fraction is no value of it.
    pub id: bool,
}

/// Reads columns of a Parquet or CSV file, at a path or a URL, as text: numbers as they are written, whole ones without a fraction;
/// blanks are `None`. A column that is not there and not needed is `None` too.
///
/// # Errors
/// [`EngineError`] when the file cannot be read, lacks a needed column, for which there is `hint`, or has one that is no text.
///
/// ```
/// use lapwing_features::engine::{TextColumn, read_texts};
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("people.csv");
/// std::fs::write(&file, "phone,name\n0171 5,Ann\n00123,\n")?;
/// let columns = ["phone", "name", "email"].map(|name| TextColumn { name, needed: false, id: false });
/// let read = read_texts(&file.display().to_string(), &columns, "")?;
/// assert_eq!(read[0].as_ref().unwrap()[1].as_deref(), Some("00123"));
/// assert_eq!((read[1].as_ref().unwrap()[1].as_deref(), &read[2]), (None, &None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_texts(path: &str, columns: &[TextColumn<'_>], hint: &str) -> Result<Vec<Option<Vec<Option<String>>>>, EngineError> {
    let file = resolve_one(path)?;
    let schema = layout::schema(&file)?;
    let mut names = Vec::new();
    for TextColumn { name, needed, .. } in columns {
        match schema.field_with_name(name) {
            Ok(field) if texts::takes(field.data_type()) => names.push(*name),
            Ok(field) => {
                let (column, found) = ((*name).to_owned(), format!("`{}`", field.data_type()));
                let hint = "cast the column to text";
                return Err(EngineError::WrongType { file: file.shown, column, found, role: "text".to_owned(), hint });
            }
            Err(_) if *needed => {
                let (available, hint) = (listed(&schema), layout::separator_hint(&schema).unwrap_or_else(|| hint.to_owned()));
                return Err(EngineError::MissingColumn { file: file.shown, column: (*name).to_owned(), available, hint });
            }
            Err(_) => {}
        }
    }
    let table = Table::read(&file, Some(&names), &names)?;
    let read = |TextColumn { name, id, .. }: &TextColumn<'_>| {
        if !names.contains(name) {
            return Ok(None);
        }
        let values = texts::read(&table.column(name)?, file.format == Format::Csv);
        let values = values.map_err(|error| unreadable(&file.shown, file.format, &error))?;
        let value = |row| if *id { values.id(row) } else { values.get(row) };
        Ok(Some((0..values.len()).map(|row| value(row).value().map(str::to_owned)).collect()))
    };
    columns.iter().map(read).collect()
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
    /// but those of `text`, so that an id loses no leading zero.
    pub(super) fn read(file: &SourceFile, only: Option<&[&str]>, text: &[&str]) -> Result<Self, EngineError> {
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

fn decoded_csv(file: &SourceFile, text: &[&str], inferred: impl Read, from: impl Read) -> Result<Decoded, EngineError> {
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

fn csv(header: &Schema, text: &[&str], inferred: impl Read, file: impl Read) -> Result<Decoded, ArrowError> {
    let (types, _) = CsvInference::default().with_header(true).infer_schema(inferred, None)?;
    let field = |(named, found): (&Arc<Field>, &Arc<Field>)| {
        let is_text = text.contains(&named.name().as_str());
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
