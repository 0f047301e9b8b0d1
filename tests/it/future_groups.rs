//! Parts of a file that lie wholly after the as-of date are not read, and counted all the same.

use std::fs::{self, File};
use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::data;
use crate::support::run::{Ended, Folder, train};

const ROWS: u32 = 6_000;
const GROUP: usize = 1_000;

/// Purchases an hour apart, of which one lacks its time.
fn events(without_time: Option<u32>) -> RecordBatch {
    let start = data::micros("2024-01-01");
    let ts = (0..ROWS).map(|row| (Some(row) != without_time).then(|| start + i64::from(row) * 3_600_000_000));
    data::table(vec![
        ("customer_id", data::names((0..ROWS).map(|row| format!("c{}", row % 97)))),
        ("ts", data::instants(ts)),
        ("amount", data::numbers((0..ROWS).map(|row| f64::from(row % 30) + 0.5))),
    ])
}

/// Overwrites what the row groups from `first` on hold; the footer stays.
fn ruin(path: &Path, first: usize) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("it is there")).expect("it is Parquet");
    let mut bytes = fs::read(path).expect("it is there");
    for group in &reader.metadata().row_groups()[first..] {
        for column in group.columns() {
            let (start, length) = column.byte_range();
            bytes[start as usize..(start + length) as usize].fill(0xff);
        }
    }
    fs::write(path, bytes).expect("it can be written");
}

fn features(folder: &Folder, events: &str, until: &str) -> Ended {
    let (events, out) = (folder.arg(events), folder.arg("out.parquet"));
    train(&format!("features --events {events} --cutoff 2024-03-01 --data-until {until} --json --out {out}"))
}

#[test]
fn what_is_not_read_is_counted() {
    let folder = Folder::new();
    data::write(&folder.at("whole.parquet"), &events(None), ROWS as usize);
    data::write(&folder.at("parts.parquet"), &events(None), GROUP);
    // The fourth of the six begins on May 5, 2024.
    for until in ["2024-05-05", "2024-05-05T23:00:00Z", "2024-05-06", "2024-06-20", "2025-06-01"] {
        let [whole, parts] = ["whole.parquet", "parts.parquet"].map(|events| features(&folder, events, until).done().json());
        assert_eq!(whole["input"], parts["input"], "{until}");
        assert_eq!(parts["input"]["rows"].as_u64(), Some(u64::from(ROWS)), "{until}");
    }
    ruin(&folder.at("parts.parquet"), 4);
    let parts = features(&folder, "parts.parquet", "2024-05-06").done().json();
    assert_eq!(parts["input"], features(&folder, "whole.parquet", "2024-05-06").done().json()["input"]);
    features(&folder, "parts.parquet", "2024-12-01").refused(1, &["parts.parquet"]);
}

#[test]
fn a_part_with_a_row_without_time_is_read() {
    let folder = Folder::new();
    data::write(&folder.at("parts.parquet"), &events(Some(5_500)), GROUP);
    let input = features(&folder, "parts.parquet", "2024-05-05").done().json()["input"].clone();
    assert_eq!((input["without_time"].as_u64(), input["rows"].as_u64()), (Some(1), Some(u64::from(ROWS))));
    ruin(&folder.at("parts.parquet"), 5);
    features(&folder, "parts.parquet", "2024-05-05").refused(1, &["parts.parquet"]);
}
