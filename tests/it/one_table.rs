//! Invariant 6: names, order, fingerprint and reasons come from one table, and a bundle of another table is refused.

use lapwing_features::{FEATURES, schema};

use crate::support::bundle::Copied;
use crate::support::data;
use crate::support::fitted;
use crate::support::run::{serve, text};

#[test]
fn a_bundle_of_another_feature_table_is_refused_with_what_to_do() {
    let bundle = Copied::of(&fitted::shipped().bundle);
    bundle.edit("manifest.json", |manifest| manifest["feature_fingerprint"] = "0123456789abcdef".into());
    bundle.reseal();
    serve(&format!("check --bundle {}", text(&bundle.path())))
        .refused(1, &["0123456789abcdef", &schema::fingerprint(), "lapwing-train fit"]);
}

#[test]
fn the_parquet_table_has_the_features_in_the_table_s_order() {
    let columns: Vec<String> = data::read(&fitted::shipped().features).schema().fields().iter().map(|field| field.name().clone()).collect();
    let first = columns.iter().position(|name| name == FEATURES[0].name).expect("the first feature is a column");
    let features: Vec<&str> = FEATURES.iter().map(|feature| feature.name).collect();
    assert_eq!(columns[first..first + features.len()], features);
}

#[test]
fn the_table_is_whole() {
    assert!(FEATURES.len() >= 60, "{} features", FEATURES.len());
    for (place, feature) in FEATURES.iter().enumerate() {
        assert_eq!(schema::position(feature.name), Some(place), "`{}` stands there twice", feature.name);
        assert!(feature.meaning.ends_with('.') && !feature.reason.is_empty(), "`{}`", feature.name);
        assert!(feature.reason.contains("{value}"), "the reason of `{}` does not tell the value", feature.name);
    }
}

#[test]
fn reasons_name_rows_of_the_table() {
    let scores = data::read(&fitted::shipped().scores);
    let reasons = data::text(&scores, "reason_1");
    let told = (0..scores.num_rows()).filter(|row| !reasons.value(*row).is_empty()).count();
    assert!(told > 3_000, "{told} customers have a reason");
    assert!((0..scores.num_rows()).all(|row| !reasons.value(row).contains('{')), "a reason has a place that was not filled");
}
