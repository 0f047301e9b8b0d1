//! What is in each file, and which files can be scanned together.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use arrow::csv::reader::Format as CsvHeader;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;

use super::ahead::Ahead;
use super::canonical::rows::Form;
use super::canonical::{numbers, texts, times};
use super::config::{EventColumns, EventsConfig, Role};
use super::contain::{contained, inaccessible, unreadable};
use super::error::EngineError;
use super::histories::{self, Origin};
use super::paths::{Format, Place, SourceFile, names};
use super::store;
use crate::time::{Calendar, Timestamp};

/// Files that are scanned as one table.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) files: Vec<SourceFile>,
    /// What of each file need not be read.
    pub(super) ahead: Vec<Ahead>,
    pub(super) format: Format,
    /// The table: the mapped columns of Parquet files, all columns of CSV files, for those go by position.
    pub(super) schema: SchemaRef,
    /// The columns to be read.
    pub(super) columns: Vec<String>,
    /// What they mean.
    pub(super) form: Form,
    /// Whether the rows have kinds.
    pub(super) has_kinds: bool,
    /// From when on rows had amounts that are now events of history tables.
    pub(super) amounts_since: Option<Timestamp>,
}

/// What the footer or the header line of a file says.
pub(super) struct Contents {
    pub(super) schema: SchemaRef,
    /// Of a Parquet file.
    pub(super) footer: Option<ArrowReaderMetadata>,
}

impl Contents {
    pub(super) fn of_parquet(footer: ArrowReaderMetadata) -> Self {
        Self { schema: Arc::clone(footer.schema()), footer: Some(footer) }
    }
}

/// Groups `files` by the store that holds them and the names and types of the columns that are read. Nothing at or after `until`
/// need be read.
pub(super) fn groups(
    files: Vec<SourceFile>,
    config: &EventsConfig,
    until: Option<Timestamp>,
    calendar: &Calendar,
) -> Result<Vec<Group>, EngineError> {
    let columns = &if config.by_campaign { config.columns.by_campaign() } else { config.columns.clone() };
    let mut groups: Vec<Group> = Vec::new();
    let mut missing: Vec<(Role, &str)> =
        columns.by_role().into_iter().filter(|(role, name)| !EventColumns::may_lack(*role, name, config.by_campaign)).collect();
    let all = names(&files);
    let mut last = None;
    let mut stored = store::contents(files.iter().filter_map(stored).collect())?.into_iter();
    for file in files {
        let of_store = if file.root().is_some() { stored.next() } else { None };
        let Contents { schema: full, footer } = of_store.map_or_else(|| contents(&file), Ok)?;
        let mut group = if let Some(fields) = histories::events_of(&full, &columns.ts) {
            let mut group = history_group(file, &full, fields, &Origin::of(footer.as_ref()))?;
            // A history table knows no campaigns.
            group.form.roles.retain(|role, _| !(config.by_campaign && matches!(role, Role::Channel | Role::ChannelToken)));
            group
        } else {
            missing.retain(|(_, name)| full.index_of(name).is_err());
            last = Some(Arc::clone(&full));
            group(file, &full, columns)?
        };
        group.ahead = vec![Ahead::of(footer.as_ref(), &columns.ts, until, calendar)];
        let fits = |known: &&mut Group| {
            known.format == group.format
                && known.schema == group.schema
                && known.form == group.form
                && known.files[0].root() == group.files[0].root()
        };
        match groups.iter_mut().find(fits) {
            Some(known) => {
                known.files.extend(group.files);
                known.ahead.extend(group.ahead);
                known.has_kinds |= group.has_kinds;
                known.amounts_since = [known.amounts_since, group.amounts_since].into_iter().flatten().min();
            }
            None => groups.push(group),
        }
    }
    match (missing.first(), last) {
        (Some((role, name)), Some(last)) => Err(missing_column(all, *role, name, &last)),
        _ => Ok(groups),
    }
}

fn stored(file: &SourceFile) -> Option<(&store::Object, Format)> {
    match &file.place {
        Place::Local(_) => None,
        Place::Store(object) => Some((object, file.format)),
    }
}

/// The schema of a file: that of a Parquet file from its footer, that of a CSV file from its header line, all text.
pub(super) fn schema(file: &SourceFile) -> Result<SchemaRef, EngineError> {
    Ok(contents(file)?.schema)
}

fn contents(file: &SourceFile) -> Result<Contents, EngineError> {
    let path = match &file.place {
        Place::Local(path) => path,
        Place::Store(object) => return Ok(store::contents(vec![(object, file.format)])?.remove(0)),
    };
    let opened = File::open(path).map_err(|error| inaccessible(path, &error))?;
    match file.format {
        Format::Parquet => contained(&file.shown, file.format, || {
            Ok::<_, ParquetError>(Contents::of_parquet(ArrowReaderMetadata::load(&opened, ArrowReaderOptions::new())?))
        }),
        Format::Csv => csv_contents(&file.shown, opened),
    }
}

/// What the header line says with which `csv` begins.
pub(super) fn csv_contents(shown: &str, csv: impl Read) -> Result<Contents, EngineError> {
    let header =
        contained(shown, Format::Csv, || Ok::<_, ArrowError>(CsvHeader::default().with_header(true).infer_schema(csv, Some(0))?.0))?;
    if header.fields().is_empty() {
        return Err(unreadable(shown, Format::Csv, &"it has no header line"));
    }
    // Spreadsheets begin UTF-8 files with a byte-order mark.
    let text = |field: &Arc<Field>| Field::new(field.name().trim_start_matches('\u{feff}'), DataType::Utf8, true);
    let schema = Arc::new(Schema::new(header.fields().iter().map(text).collect::<Vec<_>>()));
    Ok(Contents { schema, footer: None })
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
    let has_kinds = roles.contains_key(&Role::Kind);
    let form = Form { roles, untyped: file.format == Format::Csv, nested: false, settled: false };
    Ok(Group {
        format: file.format,
        files: vec![file],
        ahead: Vec::new(),
        schema: Arc::new(schema),
        columns,
        form,
        has_kinds,
        amounts_since: None,
    })
}

/// The group of one file of a history table, whose events have these fields.
fn history_group(file: SourceFile, full: &Schema, fields: &[Arc<Field>], origin: &Origin) -> Result<Group, EngineError> {
    let id = full.field_with_name(histories::CUSTOMER_ID);
    let id = id.map_err(|_| no_field(file.shown.clone(), Role::CustomerId, full, "a column of a history table"))?;
    check(&file, Role::CustomerId, id)?;
    let mut roles = BTreeMap::from([(Role::CustomerId, 0)]);
    let names = EventColumns::default();
    let named = names.by_role().into_iter().map(|(role, _)| role).filter(|role| *role != Role::CustomerId);
    for role in named.chain(Role::TOKENS) {
        match fields.iter().position(|field| field.name() == role.key()) {
            Some(at) => {
                check(&file, role, &fields[at])?;
                roles.insert(role, at + 1);
            }
            None if role.is_required() => {
                return Err(no_field(file.shown.clone(), role, &Schema::new(fields.to_vec()), "a field of the structs in `events`"));
            }
            None => {}
        }
    }
    let schema =
        [histories::CUSTOMER_ID, histories::EVENTS].map(|name| full.field_with_name(name).map(|field| (name, read_as(field.data_type()))));
    let schema = schema.into_iter().flatten().map(|(name, found)| Field::new(name, found, true)).collect::<Vec<_>>();
    Ok(Group {
        format: file.format,
        files: vec![file],
        ahead: Vec::new(),
        columns: schema.iter().map(|field| field.name().clone()).collect(),
        schema: Arc::new(Schema::new(schema)),
        has_kinds: origin.has_kinds.unwrap_or(roles.contains_key(&Role::Kind)),
        amounts_since: origin.amounts_since,
        form: Form { roles, untyped: false, nested: true, settled: origin.has_kinds.is_some() },
    })
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
        Role::OrderToken | Role::LineToken | Role::ChannelToken | Role::CategoryToken => {
            (*found == DataType::UInt64, "it is for hashes that `lapwing-train histories` writes: name the field otherwise")
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

/// A history table has names of its own.
fn no_field(file: String, role: Role, found: &Schema, what: &str) -> EngineError {
    let hint = format!("name {what} so; `[events.columns]` is for tables of events");
    EngineError::MissingColumn { file, column: role.key().to_owned(), available: listed(found), hint }
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
