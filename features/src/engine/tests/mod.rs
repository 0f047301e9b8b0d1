//! What a user of the engine would notice, from files to datasets and back.

mod corrupt;
mod customers;
mod errors;
mod histories;
mod kinds;
mod links;
mod order;
mod paths;
mod places;
mod resources;
mod tables;
mod triage;
mod types;

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use super::{Customer, CustomersConfig, Dataset, EngineError, EventsConfig, InputReport, Request, Resources, read};
use crate::history::{Event, History};
use crate::snapshot::Attributes;
use crate::time::{Calendar, Cutoff, Timestamp};

/// A folder that goes away with the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn csv(&self, name: &str, lines: &[&str]) -> String {
        fs::write(self.path(name), format!("{}\n", lines.join("\n"))).unwrap();
        self.text(name)
    }

    fn parquet(&self, name: &str, columns: &[(&str, ArrayRef)]) -> String {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.iter().map(|(name, array)| (*name, Arc::clone(array), true))).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(self.path(name)).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        self.text(name)
    }
}

/// A request with everything at its default.
struct Asked {
    config: EventsConfig,
    calendar: Calendar,
    until: Option<Timestamp>,
    customers: Option<(String, CustomersConfig)>,
    resources: Resources,
}

impl Default for Asked {
    fn default() -> Self {
        Self { config: EventsConfig::default(), calendar: Calendar::utc(), until: None, customers: None, resources: Resources::default() }
    }
}

impl Asked {
    fn read(&self, events: &[String]) -> Result<Dataset, EngineError> {
        read(&Request {
            events,
            config: &self.config,
            customers: self.customers.as_ref().map(|(path, config)| (path.as_str(), config)),
            calendar: &self.calendar,
            until: self.until,
            resources: &self.resources,
            progress: &|_| (),
        })
    }
}

fn read_default(file: &str) -> Dataset {
    Asked::default().read(&[file.to_owned()]).unwrap()
}

fn text(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn names(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn at(text: &str) -> Timestamp {
    Calendar::utc().parse(text).unwrap()
}

/// A customer to keep.
struct Owned {
    id: String,
    history: History,
    attributes: Attributes,
}

/// All customers, by id.
fn everybody(dataset: &Dataset) -> Vec<Owned> {
    let owned = |(): &mut (), customer: Customer<'_>| Owned {
        id: customer.id.to_owned(),
        history: customer.history.clone(),
        attributes: customer.attributes.clone(),
    };
    let mut all = dataset.map(|| (), owned).unwrap();
    all.sort_by(|one, two| one.id.cmp(&two.id));
    all
}

fn events(customer: &Owned) -> Vec<Event> {
    events_at(customer, Cutoff { at: Timestamp::MAX, day: 0, month: 1 })
}

fn events_at(customer: &Owned, cutoff: Cutoff) -> Vec<Event> {
    customer.history.observe(cutoff).events().copied().collect()
}

fn ids(dataset: &Dataset) -> Vec<String> {
    everybody(dataset).into_iter().map(|customer| customer.id).collect()
}

/// The dataset to the bit; NaN is printed, so it equals itself.
fn bits(dataset: &Dataset) -> String {
    let customers = dataset.map(|| (), |(), customer| format!("{customer:?}")).unwrap();
    let report = InputReport { files: 0, ..dataset.report().unwrap() };
    let known = (&dataset.shape, &dataset.kinds, dataset.last_event, dataset.last_purchase);
    format!("{} {known:?} {report:?} {customers:?}", dataset.fingerprint().unwrap())
}
