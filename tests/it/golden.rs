//! Bundles of earlier formats are read well enough to say what to do. `tests/golden/bundle-v1` to `bundle-v4` were written by the
//! builds that wrote formats 1 to 4 and stay as they are; `tests/golden/bundle-v5` is of the format of this build. What it scores is written
//! anew by `cargo build --workspace && LAPWING_BLESS=1 cargo test -p lapwing-tests golden::`, and where this build does not read the bundle
//! any more, so is the bundle: that is for formats that nobody has been given yet.

use std::path::PathBuf;

use arrow::array::{Array, RecordBatch};
use lapwing_features::schema;

use crate::readme::blessing;
use crate::support::bundle::Copied;
use crate::support::data;
use crate::support::fitted::AS_OF;
use crate::support::run::{Folder, names, serve, text, train};
use crate::support::shop;
use crate::support::tree::{self, File};

fn golden(name: &str) -> PathBuf {
    tree::root().join("tests/golden").join(name)
}

/// Scores the invented shop, the same in every version, with a golden bundle.
fn score(folder: &Folder, bundle: &str) -> Vec<u8> {
    let events = folder.write(
        "events.csv",
        shop::csv("customer_id,ts,amount", |row| {
            // Four years earlier: inside the time that the golden bundle's data covers.
            format!("{},{},{}", row.customer, lapwing_features::Timestamp(row.ts).plus_days(-4_600), row.amount)
        }),
    );
    let (bundle, out) = (text(&golden(bundle)), folder.arg("scores.parquet"));
    serve(&format!("score --bundle {bundle} --events {events} --as-of 2011-09-10 --out {out}")).done();
    std::fs::read(folder.at("scores.parquet")).expect("it was written")
}

/// Whether `bundle` loads and scores the shop as in `scores`; `None` when its features are not this build's any more: then it
/// is read well enough to say so, and to say what to do.
fn scores_as_it_did(bundle: &str, scores: &str) -> Option<RecordBatch> {
    let folder = Folder::new();
    let check = serve(&format!("check --bundle {}", text(&golden(bundle))));
    if !has_features_of_this_build(bundle) {
        check.refused(1, &[&schema::fingerprint(), "fit again"]);
        return None;
    }
    check.done();
    score(&folder, bundle);
    let found = data::read(&folder.at("scores.parquet"));
    assert_same_columns(&data::read(&golden(scores)), &found);
    Some(found)
}

fn has_features_of_this_build(bundle: &str) -> bool {
    File::read(&format!("tests/golden/{bundle}/manifest.json")).text.contains(&schema::fingerprint())
}

#[test]
fn bundles_of_earlier_formats_are_to_be_fitted_again() {
    for format in [1, 2, 3, 4] {
        let bundle = golden(&format!("bundle-v{format}"));
        serve(&format!("check --bundle {}", text(&bundle))).refused(1, &[&format!("format {format}"), "fit again"]);
    }
}

#[test]
fn the_bundle_of_format_5_loads_and_scores_as_it_did() {
    if blessing() {
        if !has_features_of_this_build("bundle-v5") {
            bless();
        }
        std::fs::write(golden("scores-v5.parquet"), score(&Folder::new(), "bundle-v5")).expect("the folder can be written");
    }
    let found = scores_as_it_did("bundle-v5", "scores-v5.parquet");
    let found = found.expect("features are not what they were, so that all bundles must be fitted again: bless this one if that is meant");
    for column in ["intent", "expected_purchases_365d", "clv_365d"] {
        assert!(data::number(&found, column).null_count() < found.num_rows(), "`{column}` is told");
    }
}

/// Fails unless every column that was there is there and the same to the bit; there may be new ones. How the files are packed
/// plays no part.
fn assert_same_columns(expected: &RecordBatch, found: &RecordBatch) {
    for (field, expected) in expected.schema().fields().iter().zip(expected.columns()) {
        let found = found.column_by_name(field.name()).unwrap_or_else(|| panic!("`{}` is gone", field.name()));
        // Arrow compares floating point numbers by their bits.
        assert_eq!(expected, found, "`{}` is not as it was", field.name());
    }
}

const EVIDENCE: &str = "evidence.json";

/// Fits on every fourth customer of the shipped data, and leaves out the evidence, which scoring does not look at: enough for
/// models, and the bundle stays small.
fn bless() {
    let folder = Folder::new();
    let all = data::read(&data::shipped());
    let ids = data::text(&all, "customer_id");
    let fourth = data::keep(&all, |row| ids.value(row).parse::<u64>().is_ok_and(|id| id.is_multiple_of(4)));
    let events = folder.arg("fourth.parquet");
    data::write(&folder.at("fourth.parquet"), &fourth, 10_000);
    train(&format!("fit --events {events} --as-of {AS_OF} --out {}", folder.arg("bundle"))).done();
    let fresh = Copied::of(&folder.at("bundle"));
    std::fs::remove_file(fresh.file(EVIDENCE)).expect("a bundle has evidence");
    fresh.edit("manifest.json", |manifest| {
        manifest["files"].as_array_mut().expect("it lists its files").retain(|entry| entry["name"] != EVIDENCE);
    });
    fresh.reseal();
    let bundle = golden("bundle-v5");
    if bundle.exists() {
        std::fs::remove_dir_all(&bundle).expect("the old golden bundle can be removed");
    }
    std::fs::create_dir_all(&bundle).expect("the folder can be written");
    for name in names(&fresh.path()) {
        std::fs::copy(fresh.file(&name), bundle.join(&name)).expect("the file can be copied");
    }
}
