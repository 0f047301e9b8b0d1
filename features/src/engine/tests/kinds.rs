//! Which kind a row is of.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray};
use arrow::datatypes::Int32Type;

use super::{Asked, Folder, at, events, events_at, everybody, floats, names, read_default, text};
use crate::{Calendar, Kind};

/// The kinds of one customer's events on successive days.
fn kinds(dataset: &super::Dataset) -> Vec<Kind> {
    events(&everybody(dataset)[0]).iter().map(|event| event.kind).collect()
}

fn days(count: usize) -> ArrayRef {
    names(&(1..=count).map(|day| format!("2024-01-{day:02}")).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn without_a_kind_column_the_amount_decides() {
    let folder = Folder::new();
    let amounts = floats(&[Some(5.0), Some(-5.0), Some(0.0), None, Some(f64::NAN)]);
    let file = folder.parquet("events.parquet", &[("customer_id", names(&["a"; 5])), ("ts", days(5)), ("amount", amounts)]);
    let dataset = read_default(&file);
    assert_eq!(kinds(&dataset), [Kind::Purchase, Kind::Return, Kind::Other, Kind::Other, Kind::Other]);
    assert_eq!(dataset.shape.since_kind(Kind::Other), Some(at("2024-01-03")), "a kind decided late is noted too");
    assert_eq!(dataset.report().unwrap().without_amount, 2);
    let told = "2 rows kept as `other`, which is no purchase: no amount".to_owned();
    assert!(dataset.report().unwrap().lines().contains(&told), "{:?}", dataset.report().unwrap().lines());
}

#[test]
fn rows_without_amounts_are_purchases_when_there_is_no_amount_anywhere() {
    let folder = Folder::new();
    let with_nulls =
        folder.parquet("nulls.parquet", &[("customer_id", names(&["a"; 2])), ("ts", days(2)), ("amount", floats(&[None, None]))]);
    let without_column = folder.parquet("none.parquet", &[("customer_id", names(&["a"; 2])), ("ts", days(2))]);
    let nan = floats(&[Some(f64::NAN), None]);
    let with_nan = folder.parquet("nan.parquet", &[("customer_id", names(&["a"; 2])), ("ts", days(2)), ("amount", nan)]);
    let nan_as_text = folder.csv("nan.csv", &["customer_id,ts,amount", "a,2024-01-01,NaN", "a,2024-01-02,nan"]);
    for (file, unreadable) in [(&with_nulls, 0), (&without_column, 0), (&with_nan, 1), (&nan_as_text, 2)] {
        let dataset = read_default(file);
        assert_eq!((dataset.report().unwrap().unreadable_amount, dataset.report().unwrap().without_amount), (unreadable, 0), "{file}");
        assert_eq!(kinds(&dataset), [Kind::Purchase; 2]);
        assert_eq!(dataset.shape.since_kind(Kind::Purchase), Some(at("2024-01-01")));
        assert_eq!(dataset.shape.since_amounts(), None);
    }
    let elsewhere = folder.csv("more.csv", &["customer_id,ts,amount", "b,2023-12-31,3"]);
    for file in [without_column, with_nan] {
        let dataset = Asked::default().read(&[file, elsewhere.clone()]).unwrap();
        assert_eq!(kinds(&dataset), [Kind::Other; 2], "one amount in another file is enough");
    }
}

#[test]
fn amounts_change_no_kind_of_the_time_before_them() {
    let folder = Folder::new();
    let rows = ["a,2024-01-01,,", "a,2024-01-02,5,2024-01-04", "a,2024-01-03,,", "a,2024-01-04,,", "a,2024-01-05,7,"];
    let file = folder.csv("events.csv", &[&["customer_id,ts,amount,known_at"], &rows[..]].concat());
    let asked = |until: Option<&str>| Asked { until: until.map(at), ..Asked::default() }.read(std::slice::from_ref(&file)).unwrap();

    let all = asked(None);
    assert_eq!(kinds(&all), [Kind::Purchase, Kind::Purchase, Kind::Purchase, Kind::Other, Kind::Purchase]);
    assert_eq!((all.kinds.amounts_since, all.report().unwrap().without_amount), (Some(at("2024-01-04")), 1));
    assert!(!all.kinds.column);
    for (until, count, since) in [("2024-01-03T12:00:00Z", 2, None), ("2024-01-05", 4, Some(at("2024-01-04")))] {
        let early = asked(Some(until));
        let shown = |dataset: &super::Dataset| -> Vec<crate::history::Event> {
            let cutoff = Calendar::utc().cutoff(at(until));
            events_at(&everybody(dataset)[0], cutoff)
        };
        assert_eq!((shown(&early).len(), early.kinds.amounts_since), (count, since), "{until}");
        assert_eq!(format!("{:?}", shown(&early)), format!("{:?}", shown(&all)), "{until}: what came later shows");
    }
}

#[test]
fn an_amount_that_cannot_be_read_still_tells_that_there_are_amounts() {
    let folder = Folder::new();
    let file = folder.csv("events.csv", &["customer_id,ts,amount", "a,2024-01-01,$5", "a,2024-01-02,"]);
    let dataset = read_default(&file);
    assert_eq!(kinds(&dataset), [Kind::Other; 2]);
    assert_eq!(dataset.report().unwrap().without_amount, 2);
}

#[test]
fn amounts_of_data_with_kinds_do_not_decide_the_kinds_of_data_without() {
    let folder = Folder::new();
    let orders = folder.csv("orders.csv", &["customer_id,ts", "a,2024-01-01"]);
    let surveys = folder.csv("surveys.csv", &["customer_id,ts,kind,amount", "a,2024-01-02,survey,9"]);
    let dataset = Asked::default().read(&[orders, surveys]).unwrap();
    assert_eq!(kinds(&dataset), [Kind::Purchase, Kind::Survey]);
    assert_eq!((dataset.kinds.column, dataset.kinds.amounts_since), (true, None));
    assert_eq!(dataset.report().unwrap().without_amount, 0);
}

#[test]
fn kinds_are_looked_up_in_the_configuration_first() {
    let folder = Folder::new();
    let mut asked = Asked::default();
    asked.config.kinds = [("sale".to_owned(), Kind::Purchase), ("visit".to_owned(), Kind::View)].into();
    let columns: [ArrayRef; 2] = [
        text(&[Some("sale"), Some("visit"), Some("return"), Some("Sale"), None, Some("")]),
        Arc::new(
            [Some("sale"), Some("visit"), Some("return"), Some("Sale"), None, Some("")].into_iter().collect::<DictionaryArray<Int32Type>>(),
        ),
    ];
    for kind in columns {
        let file = folder.parquet("events.parquet", &[("customer_id", names(&["a"; 6])), ("ts", days(6)), ("kind", kind)]);
        let dataset = asked.read(&[file]).unwrap();
        assert_eq!(kinds(&dataset), [Kind::Purchase, Kind::View, Kind::Return, Kind::Other, Kind::Other, Kind::Other]);
        assert_eq!(dataset.report().unwrap().without_kind, 2);
        assert_eq!((dataset.kinds.column, &dataset.kinds.names), (true, &asked.config.kinds));
        assert_eq!(dataset.report().unwrap().unknown_kinds, [("Sale".to_owned(), 1)].into());
        assert!(dataset.report().unwrap().lines().contains(&"1 row kept as `other`: unknown kind `Sale`".to_owned()));
    }
}

#[test]
fn of_unknown_kinds_the_first_twenty_names_are_kept_in_any_order_of_rows() {
    let folder = Folder::new();
    let row = |number: usize| format!("a,2024-01-01T00:00:{:02}Z,k{number:02}{}", number % 60, "x".repeat(60));
    let forward: Vec<String> = (0..50).chain(0..50).map(row).collect();
    let backward: Vec<String> = forward.iter().rev().cloned().collect();
    let report = |rows: &[String]| {
        let lines: Vec<&str> = std::iter::once("customer_id,ts,kind").chain(rows.iter().map(String::as_str)).collect();
        read_default(&folder.csv("events.csv", &lines)).report().unwrap()
    };
    let (one, two) = (report(&forward), report(&backward));
    assert_eq!(one, two);
    assert_eq!((one.unknown_kinds.len(), one.more_unknown_kinds), (20, 60));
    assert!(one.unknown_kinds.iter().all(|(name, count)| name.chars().count() == 40 && *count == 2));
}
