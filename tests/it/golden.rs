//! Bundles of earlier versions stay readable, and score as they did: `tests/golden/bundle-v1` was written once and is never
//! written again, unless `LAPWING_BLESS=1` says so.

use std::path::PathBuf;

use arrow::array::RecordBatch;
use lapwing_features::schema;

use crate::readme::blessing;
use crate::support::data;
use crate::support::fitted;
use crate::support::run::{Folder, names, serve, text};
use crate::support::shop;
use crate::support::tree::{self, File};

fn golden(name: &str) -> PathBuf {
    tree::root().join("tests/golden").join(name)
}

/// Scores the invented shop, the same in every version, with the golden bundle.
fn score(folder: &Folder) -> Vec<u8> {
    let events = folder.write(
        "events.csv",
        shop::csv("customer_id,ts,amount", |row| {
            // Four years earlier: inside the time that the golden bundle's data covers.
            format!("{},{},{}", row.customer, lapwing_features::Timestamp(row.ts).plus_days(-4_600), row.amount)
        }),
    );
    let (bundle, out) = (text(&golden("bundle-v1")), folder.arg("scores.parquet"));
    serve(&format!("score --bundle {bundle} --events {events} --as-of 2011-09-10 --out {out}")).done();
    std::fs::read(folder.at("scores.parquet")).expect("it was written")
}

#[test]
fn the_first_bundle_still_loads_and_scores_as_it_did() {
    let folder = Folder::new();
    if blessing() {
        bless(&folder);
    }
    let check = serve(&format!("check --bundle {}", text(&golden("bundle-v1"))));
    let manifest = File::read("tests/golden/bundle-v1/manifest.json").text;
    if !manifest.contains(&schema::fingerprint()) {
        // Its features are not this build's any more: it is read well enough to say so, and to say what to do.
        check.refused(1, &[&schema::fingerprint(), "fit again"]);
        return;
    }
    check.done();
    score(&folder);
    assert_same_columns(&data::read(&golden("scores-v1.parquet")), &data::read(&folder.at("scores.parquet")));
}

/// Fails unless two tables are the same to the bit. How the files are packed plays no part.
fn assert_same_columns(expected: &RecordBatch, found: &RecordBatch) {
    assert_eq!(expected.schema().fields(), found.schema().fields());
    for (field, (expected, found)) in expected.schema().fields().iter().zip(expected.columns().iter().zip(found.columns())) {
        // Arrow compares floating point numbers by their bits.
        assert_eq!(expected, found, "`{}` is not as it was", field.name());
    }
}

fn bless(folder: &Folder) {
    let bundle = golden("bundle-v1");
    if bundle.exists() {
        std::fs::remove_dir_all(&bundle).expect("the old golden bundle can be removed");
    }
    std::fs::create_dir_all(&bundle).expect("the folder can be written");
    let fresh = &fitted::shipped().bundle;
    for name in names(fresh) {
        std::fs::copy(fresh.join(&name), bundle.join(&name)).expect("the file can be copied");
    }
    std::fs::write(golden("scores-v1.parquet"), score(folder)).expect("the folder can be written");
}
