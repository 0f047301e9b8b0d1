//! Invariant 3: unknown is not "no". A cutoff whose outcome window is not complete has no labels at all, not even the ones that
//! look known already.

use arrow::array::Array;

use crate::support::data;
use crate::support::fitted;
use crate::support::run::{Folder, text, train};

/// Labels known, and labels there, of one cutoff of the shipped data, whose last day is 2011-12-09.
fn labels(cutoff: &str, more: &str) -> (usize, usize) {
    let folder = Folder::new();
    let (events, out) = (text(&data::shipped()), folder.arg("features.parquet"));
    train(&format!("features --events {events} --cutoff {cutoff} --out {out} {more}")).done();
    let table = data::read(&folder.at("features.parquet"));
    let purchased = data::flag(&table, "purchased_in_outcome");
    (purchased.len() - purchased.null_count(), purchased.len())
}

#[test]
fn a_window_that_is_one_day_short_has_no_label_at_all() {
    let (known, all) = labels("2011-09-11", "");
    assert!(known == all && all > 3_000, "2011-09-11 + 90 days is the end of the last day: {known} of {all}");
    let (known, all) = labels("2011-09-12", "");
    assert!(known == 0 && all > 3_000, "2011-09-12 + 90 days is a day later than the data: {known} of {all}");
    assert_eq!(labels("2011-09-11", "--gap-days 1").0, 0);
    assert_eq!(labels("2011-06-01", "--data-until 2011-08-29").0, 0);
    assert!(labels("2011-06-01", "--data-until 2011-08-30").0 > 0);
}

#[test]
fn the_fit_leaves_out_every_slice_that_is_not_complete() {
    let report = std::fs::read(fitted::shipped().bundle.join("report.json")).expect("a bundle has a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("it is JSON");
    let as_of = data::micros(fitted::AS_OF);
    for target in report["targets"].as_array().expect("three models are told of") {
        let horizon_days = if target["target"] == "intent" { 7 } else { 90 };
        let slices = target["slices"].as_array().expect("its slices are told");
        assert!(!slices.is_empty());
        for slice in slices {
            let cutoff = slice["cutoff"].as_i64().expect("in microseconds");
            assert!(cutoff + horizon_days * 86_400_000_000 <= as_of, "the outcome of {slice} reaches past what was known");
        }
    }
}

#[test]
fn scores_are_not_judged_before_their_outcome_is_known() {
    let (scores, events) = (text(&fitted::shipped().scores), text(&data::shipped()));
    train(&format!("judge --scores {scores} --events {events} --horizon-days 90")).done();
    train(&format!("judge --scores {scores} --events {events} --horizon-days 92")).refused(1, &["2011-12-11"]);
}
