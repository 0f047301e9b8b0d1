//! A history table gives the same bytes as the events that it was made of.

use crate::support::data;
use crate::support::fitted::{self, Outputs};
use crate::support::run::{Folder, assert_same_bytes, text, train};

#[test]
fn a_history_table_changes_no_byte() {
    let folder = Folder::new();
    let table = folder.arg("table");
    train(&format!("histories --events {} --files 8 --out {table}", text(&data::shipped()))).done();
    let clean = fitted::shipped();
    // Every command takes it for events too.
    let outputs = Outputs::make(&table, &folder.at(""));
    assert_same_bytes(&clean.features, &outputs.features);
    assert_same_bytes(&clean.bundle, &outputs.bundle);
    assert_same_bytes(&clean.scores, &outputs.scores);
}

#[test]
fn a_table_that_grew_by_days_is_the_table_of_all_days() {
    let (folder, shipped) = (Folder::new(), data::read(&data::shipped()));
    let clean = fitted::shipped();
    let table = folder.arg("table");
    for (day, begin) in (0..shipped.num_rows()).step_by(6_000).enumerate() {
        let rows = shipped.slice(begin, 6_000.min(shipped.num_rows() - begin));
        data::write(&folder.at("day.parquet"), &rows, 1_000);
        let files = if day == 0 { "--files 8" } else { "" };
        train(&format!("histories --events {} --append {files} --out {table}", folder.arg("day.parquet"))).done();
    }
    let out = folder.arg("features.parquet");
    let as_of = fitted::AS_OF;
    train(&format!("features --histories {table} --cutoff 2011-06-12 --cutoff {as_of} --data-until {as_of} --out {out}")).done();
    assert_same_bytes(&clean.features, &folder.at("features.parquet"));
}
