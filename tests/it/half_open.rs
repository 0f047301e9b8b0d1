//! Invariant 2: observation `[.., T)`, gap `[T, T + gap)`, outcome `[T + gap, T + gap + horizon)`, told by the binary's own table.

use arrow::array::Array;

use crate::support::data::{self, micros};
use crate::support::run::{Folder, train};

/// Each customer bought once long ago, and once at the instant of its name, in microseconds around an edge.
const EDGES: [(&str, &str, i64, bool); 8] = [
    // name, edge, microseconds past it, whether it counts as bought in the outcome window [06-11, 07-11)
    ("gap begins", "2024-06-01", 0, false),
    ("gap ends", "2024-06-11", -1, false),
    ("outcome begins", "2024-06-11", 0, true),
    ("outcome goes on", "2024-06-25", 0, true),
    ("outcome ends", "2024-07-11", -1, true),
    ("outcome is over", "2024-07-11", 0, false),
    ("observed", "2024-06-01", -1, false),
    ("a year later", "2025-06-01", 0, false),
];

#[test]
fn the_windows_hold_their_first_instant_and_not_their_last() {
    let folder = Folder::new();
    let ids: Vec<_> = EDGES.iter().flat_map(|edge| [edge.0, edge.0]).collect();
    let times = EDGES.iter().flat_map(|(_, day, past, _)| [micros("2024-05-01"), micros(day) + past]);
    let amounts = EDGES.iter().flat_map(|_| [10.0, 20.0]);
    let events = data::table(vec![("customer_id", data::texts(ids)), ("ts", data::instants(times)), ("amount", data::numbers(amounts))]);
    data::write(&folder.at("events.parquet"), &events, 100);
    let (events, out) = (folder.arg("events.parquet"), folder.arg("features.parquet"));
    train(&format!("features --events {events} --cutoff 2024-06-01 --horizon-days 30 --active-days 30 --gap-days 10 --out {out}")).done();

    let table = data::read(&folder.at("features.parquet"));
    assert_eq!(table.num_rows(), EDGES.len());
    let (ids, counts) = (data::text(&table, "customer_id"), data::number(&table, "purchases_count"));
    let (purchased, population) = (data::flag(&table, "purchased_in_outcome"), data::text(&table, "population"));
    for row in 0..table.num_rows() {
        let (name, _, _, bought) = EDGES.iter().find(|edge| edge.0 == ids.value(row)).expect("the ids are those written");
        assert!(purchased.is_valid(row) && purchased.value(row) == *bought, "{name}");
        assert_eq!(counts.value(row), if *name == "observed" { 2.0 } else { 1.0 }, "{name}");
        // 2024-05-01 is 31 days before the cutoff: outside [T - 30 days, T).
        assert_eq!(population.value(row), if *name == "observed" { "current" } else { "lapsed" }, "{name}");
    }
}

#[test]
fn the_first_instant_of_the_active_window_makes_current() {
    let folder = Folder::new();
    let times = [micros("2024-05-02"), micros("2024-05-02") - 1];
    let events = data::table(vec![
        ("customer_id", data::texts(["inside", "outside"])),
        ("ts", data::instants(times)),
        ("amount", data::numbers([1.0, 1.0])),
    ]);
    data::write(&folder.at("events.parquet"), &events, 100);
    let (events, out) = (folder.arg("events.parquet"), folder.arg("features.parquet"));
    train(&format!("features --events {events} --cutoff 2024-06-01 --active-days 30 --out {out}")).done();
    let table = data::read(&folder.at("features.parquet"));
    let (id, population) = (data::text(&table, "customer_id"), data::text(&table, "population"));
    let found: std::collections::BTreeMap<&str, &str> = (0..2).map(|row| (id.value(row), population.value(row))).collect();
    assert_eq!(found, [("inside", "current"), ("outside", "lapsed")].into());
}
