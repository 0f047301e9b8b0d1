//! What is in each file, and which files can be scanned together.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow::csv::reader::Format as CsvHeader;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;

use super::canonical::{numbers, texts, times};
use super::config::{EventColumns, Role};
use super::contain::{contained, inaccessible, unreadable};
use super::error::EngineError;
use super::paths::{Format, SourceFile, names};

/// Files that are scanned as one table.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) files: Vec<SourceFile>,
    pub(super) format: Format,
    /// The table: the mapped columns of Parquet files, all columns of CSV files, for those go by position.
    pub(super) schema: SchemaRef,
    /// The columns to be read.
    pub(super) columns: Vec<String>,
    /// Where in `columns` each role is found.
    pub(super) roles: BTreeMap<Role, usize>,
}

/// Groups `files` by the names and types of the columns that are read.
pub(super) fn groups(files: Vec<SourceFile>, columns: &EventColumns) -> Result<Vec<Group>, EngineError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut missing: Vec<(Role, &str)> =
        columns.by_role().into_iter().filter(|(role, name)| !role.is_required() && !name.is_empty() && *name != role.key()).collect();
    let all = names(&files);
    let mut last = None;
    for file in files {
        let full = schema(&file)?;
        missing.retain(|(_, name)| full.index_of(name).is_err());
        let group = group(file, &full, columns)?;
        last = Some(full);
        match groups.iter_mut().find(|known| known.format == group.format && known.schema == group.schema) {
            Some(known) => known.files.extend(group.files),
            None => groups.push(group),
        }
    }
    match (missing.first(), last) {
        (Some((role, name)), Some(last)) => Err(missing_column(all, *role, name, &last)),
        _ => Ok(groups),
    }
}

/// The schema of a file: that of a Parquet file from its footer, that of a CSV file from its header line, all text.
pub(super) fn schema(file: &SourceFile) -> Result<SchemaRef, EngineError> {
    let opened = File::open(&file.path).map_err(|error| inaccessible(&file.path, &error))?;
    match file.format {
        Format::Parquet => contained(&file.shown, file.format, || {
            Ok::<_, ParquetError>(Arc::clone(ArrowReaderMetadata::load(&opened, ArrowReaderOptions::new())?.schema()))
        }),
        Format::Csv => {
            let header = contained(&file.shown, file.format, || {
                Ok::<_, ArrowError>(CsvHeader::default().with_header(true).infer_schema(opened, Some(0))?.0)
            })?;
            if header.fields().is_empty() {
                return Err(unreadable(&file.shown, file.format, &"it has no header line"));
            }
            // Spreadsheets begin UTF-8 files with a byte-order mark.
            let text = |field: &Arc<Field>| Field::new(field.name().trim_start_matches('\u{feff}'), DataType::Utf8, true);
            Ok(Arc::new(Schema::new(header.fields().iter().map(text).collect::<Vec<_>>())))
        }
    }
}

/// The group of one file.
fn group(file: SourceFile, full: &Schema, columns: &EventColumns) -> Result<Group, EngineError> {
    let mut fields: Vec<Field> = Vec::new();
    let mut roles = BTreeMap::new();
    for (role, name) in columns.by_role() {
        match full.field_with_name(name) {
            Ok(field) => {
                check(&file, role, field)?;
                let at = fields.iter().position(|known| known.name() == name).unwrap_or_else(|| {
                    fields.push(Field::new(name, read_as(field.data_type()), true));
                    fields.len() - 1
                });
                roles.insert(role, at);
            }
            Err(_) if role.is_required() => return Err(missing_column(file.shown, role, name, full)),
            Err(_) => {}
        }
    }
    let columns = fields.iter().map(|field| field.name().clone()).collect();
    let schema = match file.format {
        Format::Parquet => Schema::new(fields),
        Format::Csv => full.clone(),
    };
    Ok(Group { format: file.format, files: vec![file], schema: Arc::new(schema), columns, roles })
}

/// Text is read as views: short ones, as most ids and names are, lie within them and need no look-up.
fn read_as(found: &DataType) -> DataType {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        other => other.clone(),
    }
}

/// Whether the column's type can be read for its role.
pub(super) fn check(file: &SourceFile, role: Role, field: &Field) -> Result<(), EngineError> {
    let found = field.data_type();
    let (taken, hint) = match role {
        Role::Ts | Role::KnownAt => (times::takes(found), times::hint(found)),
        Role::Amount | Role::Quantity => (numbers::takes(found), "cast the column to a number"),
        Role::CustomerId => (texts::takes(found) && *found != DataType::Boolean, "cast the column to text"),
        Role::Kind | Role::OrderId | Role::LineId | Role::Channel | Role::Category => {
            (texts::takes(found), "cast the column to text, or leave it out by setting it to `\"\"` under `[events.columns]`")
        }
    };
    if taken {
        return Ok(());
    }
    Err(EngineError::WrongType {
        file: file.shown.clone(),
        column: field.name().clone(),
        found: format!("`{found}`"),
        role: role.key().to_owned(),
        hint,
    })
}

fn missing_column(file: String, role: Role, name: &str, full: &Schema) -> EngineError {
    let hint = format!("say which column it is under `[events.columns]`: `{} = \"its name in the file\"`", role.key());
    EngineError::MissingColumn { file, column: name.to_owned(), available: listed(full), hint: separator_hint(full).unwrap_or(hint) }
}

/// What to do about a missing column when the only one there is looks like a header line with another separator.
pub(super) fn separator_hint(full: &Schema) -> Option<String> {
    let split = full.fields().len() == 1 && full.field(0).name().contains([';', '\t']);
    split.then(|| "the separator of a CSV file must be a comma: write the file again with commas".to_owned())
}

/// The columns of a schema as a message lists them.
pub(super) fn listed(schema: &Schema) -> String {
    const MOST: usize = 30;
    let names: Vec<String> = schema.fields().iter().take(MOST).map(|field| format!("`{}`", field.name())).collect();
    let more = schema.fields().len().saturating_sub(MOST);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}
