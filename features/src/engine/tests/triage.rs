//! Which rows are left out, and that each is counted once.

use super::{Asked, Folder, at, bits, events, events_at, everybody, ids, names, read_default, text};
use crate::history::Duplicates;
use crate::time::{Calendar, Timestamp};

#[test]
fn each_reason_counts_its_rows() {
    let folder = Folder::new();
    let file = folder.csv(
        "events.csv",
        &[
            "customer_id,ts,amount,quantity",
            "a,2024-01-01,1,1",
            "a,2024-01-02,NaN,x",
            "a,2024-01-03,1e13,",
            "a,2024-01-04,much,1",
            ",2024-01-05,1,1",
            "\" \",2024-01-05,1,1",
            "a,,1,1",
            "a,someday,1,1",
            ",never,1,1",
            "a,1899-12-31,1,1",
            "a,2200-01-01,1,1",
            "a,2024-01-01,1,1",
        ],
    );
    let dataset = read_default(&file);
    let report = dataset.report().unwrap();
    assert_eq!((report.files, report.rows, report.customers, report.events), (1, 12, 1, 4));
    assert_eq!((report.without_customer_id, report.without_time, report.unreadable_time, report.implausible_time), (2, 1, 2, 2));
    assert_eq!((report.unreadable_amount, report.without_amount, report.unreadable_quantity), (3, 3, 1));
    assert_eq!((report.exact_duplicates, report.duplicate_order_lines), (1, 0));
    assert_eq!(dataset.last_event, Some(at("2024-01-04")));
    let lines = report.lines();
    assert_eq!(lines[0], "12 rows in 1 file read: 4 events of 1 customer");
    assert!(lines.contains(&"2 rows left out: no customer id".to_owned()), "{lines:?}");
    assert!(lines.contains(&"1 row dropped: they repeat another".to_owned()), "{lines:?}");
    let hint = lines.iter().position(|line| line.starts_with("hint: write times as `2024-03-31` or `2024-03-31T12:00:00Z`;")).unwrap();
    assert!(!lines.iter().any(|line| line.contains("someday")), "no values are told: {lines:?}");
    assert_eq!(
        lines[hint - 3..hint],
        ["1 row left out: no time", "2 rows left out: the time cannot be read", "2 rows left out: the time is before 1900 or after 2199"]
    );
    assert_eq!(lines.len(), 10, "what is zero is not told: {lines:?}");
}

#[test]
fn duplicates_are_kept_when_told_so() {
    let folder = Folder::new();
    let file = folder.csv("events.csv", &["customer_id,ts,amount", "a,2024-01-01,1", "a,2024-01-01,1"]);
    let mut asked = Asked::default();
    asked.config.duplicates = Duplicates::Keep;
    let dataset = asked.read(&[file]).unwrap();
    assert_eq!((dataset.report().unwrap().events, dataset.report().unwrap().exact_duplicates), (2, 0));
}

#[test]
fn dropped_lines_of_an_order_that_no_line_id_tells_apart_are_told() {
    let folder = Folder::new();
    let rows = ["a,2024-01-01,5,o1,x", "a,2024-01-01,5,o1,x", "a,2024-01-01,5,o1,y", "a,2024-01-02,5,,x", "a,2024-01-02,5,,x"];
    let file = folder.csv("e.csv", &[["customer_id,ts,amount,order_id,sku"].as_slice(), &rows].concat());
    let mut asked = Asked::default();
    let report = asked.read(std::slice::from_ref(&file)).unwrap().report().unwrap();
    assert_eq!((report.events, report.exact_duplicates, report.duplicate_order_lines), (2, 3, 2));
    let lines = report.lines();
    assert!(lines[2].starts_with("2 of the dropped rows name an order but no line"), "{lines:?}");
    assert!(lines[3].starts_with("hint: map the product column to `line_id`"), "{lines:?}");

    asked.config.columns.line_id = "sku".to_owned();
    let report = asked.read(std::slice::from_ref(&file)).unwrap().report().unwrap();
    assert_eq!((report.events, report.exact_duplicates, report.duplicate_order_lines), (3, 2, 0));
    assert!(!report.lines().iter().any(|line| line.contains("hint")));

    asked.config = crate::engine::EventsConfig { duplicates: Duplicates::Keep, ..Default::default() };
    let report = asked.read(&[file]).unwrap().report().unwrap();
    assert_eq!((report.events, report.duplicate_order_lines), (5, 0));
}

#[test]
fn nothing_of_a_future_row_is_looked_at() {
    let folder = Folder::new();
    let read = |rows: &[&str]| {
        let lines: Vec<&str> = ["customer_id,ts,amount,quantity,kind,channel,known_at"].iter().chain(rows).copied().collect();
        let asked = Asked { until: Some(at("2024-02-01")), ..Asked::default() };
        asked.read(&[folder.csv("events.csv", &lines)]).unwrap()
    };
    let past = "a,2024-01-31T23:59:59Z,1,1,purchase,web,";
    let tame =
        read(&[past, "a,2024-02-01,1,1,purchase,web,", "b,2024-02-01,1,1,purchase,web,", "a,2024-01-05,1,1,purchase,web,2024-02-02"]);
    let wild = read(&[past, ",2024-02-01,NaN,x,bogus,?,soon", "c,2030-01-01,y,1e99,,,never", ",2024-01-05,z,z,bogus,?,2024-02-02"]);
    assert_eq!(tame.report().unwrap().future, 3);
    assert_eq!(bits(&tame), bits(&wild));
    assert_eq!(ids(&tame), ["a"]);
}

#[test]
fn amounts_of_future_rows_decide_no_kind() {
    let folder = Folder::new();
    let file = folder.csv("events.csv", &["customer_id,ts,amount", "a,2024-01-01,", "a,2024-03-01,5"]);
    let until = |date| Asked { until: Some(at(date)), ..Asked::default() }.read(std::slice::from_ref(&file)).unwrap();
    assert_eq!(events(&everybody(&until("2024-02-01"))[0])[0].kind, crate::Kind::Purchase);
    assert_eq!(events(&everybody(&until("2024-04-01"))[0])[0].kind, crate::Kind::Purchase, "nor do amounts that came after it");
}

#[test]
fn known_at_is_kept_and_what_is_unreadable_in_it_leaks_nothing() {
    let folder = Folder::new();
    let file = folder.parquet(
        "events.parquet",
        &[
            ("customer_id", names(&["a"; 4])),
            ("ts", names(&["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"])),
            ("known_at", text(&[None, Some("2024-01-09"), Some("later"), Some("2024-02-01")])),
        ],
    );
    let asked = Asked { until: Some(at("2024-02-01")), ..Asked::default() };
    let dataset = asked.read(&[file]).unwrap();
    let known: Vec<Timestamp> = events(&everybody(&dataset)[0]).iter().map(|event| event.known_at).collect();
    assert_eq!(known, [at("2024-01-01"), at("2024-01-09"), at("2024-02-01")], "known at the as-of date is known");
    assert_eq!((dataset.report().unwrap().unreadable_time, dataset.report().unwrap().future), (1, 0));
    assert_eq!(events_at(&everybody(&dataset)[0], Calendar::utc().cutoff(at("2024-01-05"))).len(), 1);
}

#[test]
fn data_are_complete_until_the_day_after_the_last_purchase_but_not_past_the_as_of_date() {
    let folder = Folder::new();
    let file = folder.parquet(
        "events.parquet",
        &[
            ("customer_id", names(&["a", "b"])),
            ("ts", names(&["2024-06-01T20:00:00Z", "2024-09-01T00:00:00Z"])),
            ("kind", names(&["purchase", "visit"])), // of another feed, which goes on
        ],
    );
    let dataset = read_default(&file);
    let tokyo = Calendar::of_zone("Asia/Tokyo").unwrap();
    assert_eq!(dataset.complete_until(&Calendar::utc(), None), at("2024-06-02"));
    assert_eq!(dataset.complete_until(&tokyo, None), at("2024-06-03T00:00:00+09:00"));
    assert_eq!(dataset.complete_until(&Calendar::utc(), Some(at("2024-06-01T21:00:00Z"))), at("2024-06-01T21:00:00Z"));
    assert_eq!(dataset.complete_until(&Calendar::utc(), Some(at("2024-07-01"))), at("2024-06-02"));
}
