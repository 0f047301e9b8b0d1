//! What a user of the engine would notice, from files to datasets and back.

mod corrupt;
mod customers;
mod errors;
mod kinds;
mod order;
mod paths;
mod places;
mod tables;
mod triage;
mod types;

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use super::{Customer, CustomersConfig, Dataset, EngineError, EventsConfig, Request, read};
use crate::history::Event;
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
}

impl Default for Asked {
    fn default() -> Self {
        Self { config: EventsConfig::default(), calendar: Calendar::utc(), until: None, customers: None }
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

fn events(customer: &Customer) -> Vec<Event> {
    customer.history.observe(Cutoff { at: Timestamp::MAX, day: 0, month: 1 }).events().copied().collect()
}

fn ids(dataset: &Dataset) -> Vec<&str> {
    dataset.customers.iter().map(|customer| customer.id.as_str()).collect()
}

/// The dataset to the bit; NaN is printed, so it equals itself.
fn bits(dataset: &Dataset) -> String {
    let mut dataset = dataset.clone();
    dataset.report.files = 0;
    format!("{} {dataset:?}", dataset.fingerprint())
}
