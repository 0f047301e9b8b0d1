//! Invariant 1: what happens at or after the cutoff, or becomes known after it, changes nothing.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::DataType;

use crate::support::data::{self, Draw};
use crate::support::fitted::{self, AS_OF, Outputs};
use crate::support::run::{Folder, assert_same_bytes, train};

/// As many rows of garbage as the rows they replace, and half as many again.
fn garbage(like: &RecordBatch, count: usize, from: i64, seed: u64) -> RecordBatch {
    let mut draw = Draw(seed);
    let schema = like.schema();
    let columns = schema.fields().iter().map(|field| {
        let values: ArrayRef = match field.name().as_str() {
            "ts" => data::instants((0..count).map(|row| from + if row == 0 { 0 } else { draw.below(500 * 86_400_000_000).cast_signed() })),
            // Ids that the past knows, ids that it does not, and none.
            "customer_id" => Arc::new(
                (0..count)
                    .map(|_| match draw.below(10) {
                        0 => None,
                        1..=3 => Some(format!("stranger {}", draw.below(500))),
                        _ => Some((12_346 + draw.below(5_942)).to_string()),
                    })
                    .collect::<StringArray>(),
            ),
            "amount" => data::numbers((0..count).map(|_| match draw.below(8) {
                0 => Some(f64::NAN),
                1 => Some(f64::INFINITY),
                2 => Some(-1e300),
                3 => None,
                4 => Some(0.0),
                5 => Some(1e11),
                6 => Some(-5.0),
                _ => Some(1e-9),
            })),
            _ => match field.data_type() {
                DataType::Int64 => Arc::new((0..count).map(|_| Some(draw.next().cast_signed())).collect::<Int64Array>()),
                DataType::Boolean => Arc::new((0..count).map(|_| Some(draw.below(2) == 0)).collect::<BooleanArray>()),
                DataType::Float64 => data::numbers((0..count).map(|_| Some(f64::NAN))),
                _ => Arc::new((0..count).map(|_| Some(format!("garbage {}", draw.below(50)))).collect::<StringArray>()),
            },
        };
        arrow::compute::cast(&values, field.data_type()).expect("garbage is made in the column's own type")
    });
    RecordBatch::try_new(like.schema(), columns.collect()).expect("garbage has the shape of the data")
}

/// The rows before `at` as they are, and garbage from `at` on, in one shuffled file.
fn poisoned(batch: &RecordBatch, at: i64, seed: u64) -> RecordBatch {
    let ts = data::instant_column(batch, "ts");
    let past = data::keep(batch, |row| ts.value(row) < at);
    let replaced = batch.num_rows() - past.num_rows();
    assert!(replaced > 1_000, "the shipped data has rows after {AS_OF}");
    data::shuffled(&data::append(&past, &garbage(batch, replaced * 3 / 2, at, seed)), seed)
}

#[test]
fn garbage_at_or_after_the_cutoff_changes_no_byte() {
    let folder = Folder::new();
    let events = folder.at("poisoned.parquet");
    data::write(&events, &poisoned(&data::read(&data::shipped()), data::micros(AS_OF), 1), 100_000);
    let (clean, poisoned) = (fitted::shipped(), Outputs::make(&folder.arg("poisoned.parquet"), &folder.at("")));
    assert_same_bytes(&clean.features, &poisoned.features);
    assert_same_bytes(&clean.bundle, &poisoned.bundle);
    assert_same_bytes(&clean.scores, &poisoned.scores);
}

/// A table with kinds and `known_at`: the past as shipped, known at once.
fn with_kinds(batch: &RecordBatch) -> RecordBatch {
    let amount = data::number(batch, "amount");
    let kinds = data::names((0..batch.num_rows()).map(|row| if amount.value(row) < 0.0 { "return" } else { "purchase" }.to_owned()));
    let known = batch.column_by_name("ts").expect("it has times").clone();
    data::with_column(&data::with_column(batch, "kind", kinds), "known_at", known)
}

/// The rows once more, told differently, each known only at `known_at`.
fn told_late(rows: &RecordBatch, known_at: i64) -> RecordBatch {
    let mut draw = Draw(2);
    let kinds = ["purchase", "visit", "complaint", "survey", "coupon_redeem", "no such kind"];
    let (count, schema) = (rows.num_rows(), rows.schema());
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "kind" => data::names((0..count).map(|_| kinds[draw.below(6) as usize].to_owned())),
        "known_at" => data::instants((0..count).map(|_| known_at)),
        "amount" => data::numbers((0..count).map(|_| draw.below(1_000) as f64)),
        "order_id" => data::names((0..count).map(|row| format!("late {row}"))),
        name => rows.column_by_name(name).expect("the name is from the schema").clone(),
    });
    let columns: Vec<ArrayRef> = columns.collect();
    RecordBatch::try_new(rows.schema(), columns).expect("the late rows have the shape of the data")
}

/// The shipped rows before `date`, with kinds and `known_at`.
fn past(date: &str) -> RecordBatch {
    let (shipped, at) = (data::read(&data::shipped()), data::micros(date));
    let ts = data::instant_column(&shipped, "ts");
    with_kinds(&data::keep(&shipped, |row| ts.value(row) < at))
}

#[test]
fn rows_that_became_known_after_as_of_change_no_byte() {
    let past = past(AS_OF);
    let late = told_late(&past, data::micros(AS_OF) + 1);
    let folder = Folder::new();
    data::write(&folder.at("clean.parquet"), &past, 100_000);
    data::write(&folder.at("late.parquet"), &data::shuffled(&data::append(&past, &late), 3), 100_000);
    for name in ["clean", "late"] {
        std::fs::create_dir(folder.at(name)).expect("the folder can be written");
    }
    let clean = Outputs::make(&folder.arg("clean.parquet"), &folder.at("clean"));
    let late = Outputs::make(&folder.arg("late.parquet"), &folder.at("late"));
    assert_same_bytes(&clean.bundle, &late.bundle);
    assert_same_bytes(&clean.scores, &late.scores);
    assert_same_bytes(&clean.features, &late.features);
}

#[test]
fn rows_that_became_known_between_two_cutoffs_are_not_seen_at_the_first() {
    // They happened before the first cutoff and are in the data that is read: only the kernel can keep them out.
    let (first, past) = ("2011-06-12", past(AS_OF));
    let late = told_late(&self::past(first), data::micros(first) + 1);
    let folder = Folder::new();
    data::write(&folder.at("clean.parquet"), &past, 100_000);
    data::write(&folder.at("late.parquet"), &data::append(&past, &late), 100_000);
    let features = |name: &str, cutoff: &str| {
        let (events, out) = (folder.arg(&format!("{name}.parquet")), folder.arg(&format!("{name}-{cutoff}.parquet")));
        train(&format!("features --events {events} --cutoff {cutoff} --data-until {AS_OF} --out {out}")).done();
        folder.at(&format!("{name}-{cutoff}.parquet"))
    };
    assert_same_bytes(&features("clean", first), &features("late", first));
    let [clean, late] = ["clean", "late"].map(|name| std::fs::read(features(name, AS_OF)).expect("it was written"));
    assert!(clean != late, "at the second cutoff they are known and seen");
}

#[test]
fn what_lies_just_before_the_cutoff_does_change_the_features() {
    // Without this the test above would pass on a program that sees nothing at all.
    let at = data::micros(AS_OF);
    let shipped = data::read(&data::shipped());
    let ts = data::instant_column(&shipped, "ts");
    let past = data::keep(&shipped, |row| ts.value(row) < at);
    let folder = Folder::new();
    let one_more = data::append(&past, &{
        let row = data::rows(&past, vec![0]);
        let schema = row.schema();
        let columns = schema.fields().iter().map(|field| match field.name().as_str() {
            "ts" => data::instants([at - 1]),
            "order_id" => data::texts(["one more"]),
            name => row.column_by_name(name).expect("the name is from the schema").clone(),
        });
        let columns: Vec<ArrayRef> = columns.collect();
        RecordBatch::try_new(row.schema(), columns).expect("one row has the shape of the data")
    });
    data::write(&folder.at("more.parquet"), &one_more, 100_000);
    let out = folder.arg("features.parquet");
    train(&format!("features --events {} --cutoff {AS_OF} --data-until {AS_OF} --out {out}", folder.arg("more.parquet"))).done();
    let (before, after) = (data::read(&fitted::shipped().features), data::read(&folder.at("features.parquet")));
    let least = |batch: &RecordBatch| {
        let days = data::number(batch, "days_since_last_purchase");
        (0..days.len()).filter(|row| days.is_valid(*row)).map(|row| days.value(row)).fold(f64::MAX, f64::min)
    };
    assert!(least(&after) < 1e-6 && least(&before) > 1e-6, "a purchase one microsecond before the cutoff is seen");
}

#[test]
fn dates_of_the_customers_table_are_not_seen_before_they_come() {
    // Each customer's last purchase in the whole file: for those who bought after as-of, the outcome itself.
    let shipped = data::read(&data::shipped());
    let (ids, ts) = (data::text(&shipped, "customer_id"), data::instant_column(&shipped, "ts"));
    let mut last = std::collections::BTreeMap::new();
    for row in 0..shipped.num_rows() {
        let at = last.entry(ids.value(row).to_owned()).or_insert(i64::MIN);
        *at = ts.value(row).max(*at);
    }
    let folder = Folder::new();
    std::fs::write(folder.at("churn.toml"), "[model]\nattributes = [\"last_seen\"]\n").expect("the folder can be written");
    let fit = |name: &str, from_as_of: i64| {
        let seen = last.values().map(|at| if *at < data::micros(AS_OF) { *at } else { *at + from_as_of });
        let table = data::table(vec![("customer_id", data::names(last.keys().cloned())), ("last_seen", data::instants(seen))]);
        data::write(&folder.at(&format!("{name}.parquet")), &table, 100_000);
        let (config, customers, out) = (folder.arg("churn.toml"), folder.arg(&format!("{name}.parquet")), folder.arg(name));
        let events = data::shipped().display().to_string();
        train(&format!("fit --config {config} --events {events} --customers {customers} --as-of {AS_OF} --out {out}")).done();
        folder.at(name)
    };
    assert_same_bytes(&fit("told", 0), &fit("moved", 400 * 86_400_000_000));
}
