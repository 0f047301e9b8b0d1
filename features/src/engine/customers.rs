//! The customers table: one row a customer, every column but the id an attribute.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::canonical::{Cell, texts};
use super::config::CustomersConfig;
use super::contain::unreadable;
use super::dataset::Dataset;
use super::error::EngineError;
use super::layout::{self, listed};
use super::paths::{Format, resolve_one};
use super::read_table::{Table, values};
use crate::snapshot::{Attribute, Attributes};
use crate::table::Values;
use crate::time::{Calendar, Timestamp};

/// What the table says, until it is known which customers have events.
pub(super) struct CustomersTable {
    attributes: HashMap<String, Attributes>,
    rows: u64,
    without_id: u64,
    duplicates: u64,
    skipped: Vec<String>,
}

/// Reads the table at `path`. Of rows with one id the one that sorts first by its values is kept, so that their order is nothing.
pub(super) fn read(path: &str, config: &CustomersConfig, calendar: &Calendar) -> Result<CustomersTable, EngineError> {
    let file = resolve_one(path)?;
    let schema = layout::schema(&file)?;
    let id = &config.customer_id;
    let Ok(id_field) = schema.field_with_name(id) else {
        return Err(EngineError::MissingColumn {
            file: file.shown,
            column: id.clone(),
            available: listed(&schema),
            hint: layout::separator_hint(&schema)
                .unwrap_or_else(|| "say which column it is under `[customers]`: `customer_id = \"its name in the file\"`".to_owned()),
        });
    };
    layout::check(&file, super::config::Role::CustomerId, id_field)?;
    let table = Table::read(&file, None, &[id])?;
    let failed = |error: arrow::error::ArrowError| unreadable(&file.shown, file.format, &error);
    let ids = texts::read(&table.column(id)?, file.format == Format::Csv).map_err(failed)?;
    let mut columns = Vec::new();
    let mut skipped = Vec::new();
    for name in schema.fields().iter().map(|field| field.name()).filter(|name| *name != id) {
        match values(&table.column(name)?, calendar).map_err(failed)? {
            Some(values) => columns.push((name.clone(), values)),
            None => skipped.push(name.clone()),
        }
    }
    Ok(gather(table.rows(), &ids, &columns, skipped))
}

fn gather(rows: usize, ids: &texts::Texts, columns: &[(String, Values)], skipped: Vec<String>) -> CustomersTable {
    let mut table = CustomersTable { attributes: HashMap::new(), rows: rows as u64, without_id: 0, duplicates: 0, skipped };
    for row in 0..rows {
        let Cell::Value(id) = ids.id(row) else {
            table.without_id += 1;
            continue;
        };
        let attributes: Attributes = columns.iter().filter_map(|(name, values)| Some((name.clone(), attribute(values, row)?))).collect();
        match table.attributes.entry(id.to_owned()) {
            Entry::Vacant(place) => {
                place.insert(attributes);
            }
            Entry::Occupied(mut place) => {
                table.duplicates += 1;
                if compare(&attributes, place.get()) == Ordering::Less {
                    place.insert(attributes);
                }
            }
        }
    }
    table
}

/// The attribute of a row; a blank text, a number that is none and a time that cannot be are not given.
fn attribute(values: &Values, row: usize) -> Option<Attribute> {
    let number = |number: Option<f64>| number.filter(|number| number.is_finite()).map(|number| Attribute::Number(number + 0.0));
    let text = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(|text| Attribute::Text(text.to_owned()));
    match values {
        Values::Number(numbers) => number(numbers[row]),
        Values::Measured(numbers) => number(Some(numbers[row])),
        Values::Integer(numbers) => numbers[row].map(|number| Attribute::Number(number as f64)),
        Values::Named(names) => names[row].map(|name| Attribute::Text(name.to_owned())),
        Values::Text(texts) => text(texts[row].as_deref()),
        Values::Written(texts) => text(texts.get(row)),
        Values::Ids(texts) => text(texts.get(row)),
        Values::Instant(instants) => instants[row].map(Timestamp).filter(|at| at.is_plausible()).map(|at| Attribute::Instant { at }),
        Values::Flag(flags) => flags[row].map(|flag| Attribute::Text(flag.to_string())),
    }
}

/// A total order of rows: by name, then by value.
fn compare(one: &Attributes, two: &Attributes) -> Ordering {
    let pairs =
        one.iter().zip(two).map(|((name, value), (other_name, other))| name.cmp(other_name).then_with(|| compare_values(value, other)));
    pairs.fold(Ordering::Equal, Ordering::then).then(one.len().cmp(&two.len()))
}

fn compare_values(one: &Attribute, two: &Attribute) -> Ordering {
    match (one, two) {
        (Attribute::Number(one), Attribute::Number(two)) => one.total_cmp(two),
        (Attribute::Text(one), Attribute::Text(two)) => one.cmp(two),
        (Attribute::Instant { at: one }, Attribute::Instant { at: two }) => one.cmp(two),
        // One column has one type.
        _ => Ordering::Equal,
    }
}

impl CustomersTable {
    /// Gives each customer its attributes, and counts what does not meet.
    ///
    /// A date that does not lie before `until` is not known yet: it is counted and dropped.
    pub(super) fn attach(self, dataset: &mut Dataset, until: Option<Timestamp>) {
        let (mut future, mut met) = (0, 0);
        let table_rows = self.attributes.len() as u64;
        for (id, mut attributes) in self.attributes {
            if dataset.position(&id).is_none() {
                continue;
            }
            met += 1;
            let all = attributes.len();
            attributes.retain(|_, attribute| until.is_none_or(|until| attribute.is_known(until)));
            future += (all - attributes.len()) as u64;
            dataset.attributes.insert(id, attributes);
        }
        let report = &mut dataset.report;
        report.customer_rows = self.rows;
        report.customer_rows_without_id = self.without_id;
        report.duplicate_customer_rows = self.duplicates;
        report.customers_without_attributes = report.customers - met;
        report.future_attributes = future;
        report.attributes_without_customer = table_rows - met;
        report.skipped_attributes = self.skipped;
    }
}
