//! Threads, batches and memory: nothing of them shows.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray, TimestampMicrosecondArray};

use super::{Asked, Folder, bits};
use crate::engine::Resources;

/// So many events of so many customers, in no order, as two files.
fn write(folder: &Folder, events: i64, customers: i64) -> Vec<String> {
    let parts = [0..events / 3, events / 3..events];
    let file = |(number, part): (usize, std::ops::Range<i64>)| {
        let mixed = |row: i64, salt: i64| (row.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(salt) >> 20).rem_euclid(1 << 40);
        // Ids short and long, for they are kept in different ways.
        let id = |row: i64| match mixed(row, 1) % customers {
            long if long % 5 == 0 => format!("customer number {long} of many"),
            short => short.to_string(),
        };
        let names = ["purchase", "visit", "return", "a kind that nobody knows", "message_open"];
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("customer_id", Arc::new(part.clone().map(|row| Some(id(row))).collect::<StringArray>())),
            (
                "ts",
                Arc::new(part.clone().map(|row| Some(1_600_000_000_000_000 + mixed(row, 2) * 100)).collect::<TimestampMicrosecondArray>()),
            ),
            ("kind", Arc::new(part.clone().map(|row| Some(names[(mixed(row, 3) % 5) as usize])).collect::<StringArray>())),
            ("amount", Arc::new(part.clone().map(|row| (mixed(row, 4) % 3 > 0).then_some((row % 997) as f64)).collect::<Float64Array>())),
            ("category", Arc::new(part.map(|row| Some((mixed(row, 5) % 100_000).to_string())).collect::<StringArray>())),
        ];
        folder.parquet(&format!("{number}.parquet"), &columns)
    };
    parts.into_iter().enumerate().map(file).collect()
}

fn read(files: &[String], resources: Resources) -> String {
    bits(&Asked { resources, ..Asked::default() }.read(files).unwrap())
}

#[test]
fn threads_and_batches_do_not_show() {
    let folder = Folder::new();
    let files = write(&folder, 20_000, 700);
    let whole = read(&files, Resources { threads: 1, ..Resources::default() });
    for (threads, batch_rows) in [(2, 8_192), (3, 100), (8, 8_192), (1, 7)] {
        assert!(read(&files, Resources { threads, batch_rows, ..Resources::default() }) == whole, "{threads} threads, {batch_rows} rows");
    }
}

#[test]
fn what_waits_in_files_does_not_show() {
    let folder = Folder::new();
    let files = write(&folder, 600_000, 40_000);
    let spill = folder.path("spill/x");
    let spill = spill.parent().unwrap();
    let little = Resources { memory: Some("64MB".parse().unwrap()), spill_dir: Some(spill.to_owned()), ..Resources::default() };
    assert!(read(&files, little.clone()) == read(&files, Resources::default()));
    assert_eq!(std::fs::read_dir(spill).unwrap().count(), 0);

    let nowhere = Resources { spill_dir: Some(spill.join("gone")), ..little };
    let error = Asked { resources: nowhere, ..Asked::default() }.read(&files).unwrap_err();
    assert!(matches!(error, crate::engine::EngineError::Spill { .. }), "{error}");
    assert!(error.to_string().contains("\nhint: "));
}
