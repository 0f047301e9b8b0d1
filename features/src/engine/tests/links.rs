//! The link table: events of an alias are its customer's.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};

use super::{Asked, CustomersConfig, Dataset, EngineError, EventsConfig, Folder, everybody, names};
use crate::snapshot::Attribute;

/// Ids of every form: short and long text, whole numbers, a fraction that is none.
const LINES: [&str; 8] = [
    "customer_id,ts,amount",
    "ann,2024-01-05,20",
    "ann.of.the.long.address@example.com,2024-01-06,5",
    "17,2024-01-07,7",
    "018,2024-02-07,8",
    "ann.of.the.long.address@example.com,2024-01-08,5",
    "17,2024-01-09,7",
    "somebody.whom.no.table.knows@example.com,2024-01-09,7",
];
const ROWS: [&str; 4] = ["alias_id,customer_id,note", "ann,1,x", "ann.of.the.long.address@example.com,1,y", "17,018,z"];

fn linked(links: &str) -> Asked {
    Asked { config: EventsConfig { links: Some(links.to_owned()), ..EventsConfig::default() }, ..Asked::default() }
}

/// Ids, events and attributes of all.
fn seen(dataset: &Dataset) -> (usize, String) {
    (dataset.len(), dataset.fingerprint().unwrap())
}

/// The lines with the customers' own ids.
fn canonical() -> Vec<String> {
    let whose = |line: &str| {
        let (id, rest) = line.split_once(',').unwrap();
        let id = ROWS[1..].iter().find_map(|row| row.strip_prefix(&format!("{id},"))).map_or(id, |row| row.split(',').next().unwrap());
        format!("{id},{rest}")
    };
    LINES.iter().map(|line| whose(line)).collect()
}

#[test]
fn events_of_an_alias_are_as_if_its_customer_s_id_had_been_written() {
    let folder = Folder::new();
    let (events, links) = (folder.csv("events.csv", &LINES), folder.csv("links.csv", &ROWS));
    let canonical = canonical();
    let lines: Vec<&str> = canonical.iter().map(String::as_str).collect();
    let own = Asked::default().read(&[folder.csv("own.csv", &lines)]).unwrap();
    assert_eq!(own.len(), 3);
    assert_eq!(seen(&linked(&links).read(std::slice::from_ref(&events)).unwrap()), seen(&own));
    let unknown = folder.csv("unknown.csv", &["alias_id,customer_id", "nobody,ann", "999,17"]);
    let plain = Asked::default().read(std::slice::from_ref(&events)).unwrap();
    assert_eq!(seen(&linked(&unknown).read(&[events]).unwrap()), seen(&plain), "an alias without events changes nothing");
}

#[test]
fn whole_numbers_and_parquet_are_linked_too() {
    let folder = Folder::new();
    let ids = |ids: Vec<i64>| Arc::new(Int64Array::from(ids)) as ArrayRef;
    let events = |of: Vec<i64>| [("customer_id", ids(of)), ("ts", names(&["2024-01-01", "2024-01-02", "2024-01-03"]))];
    let own = Asked::default().read(&[folder.parquet("own.parquet", &events(vec![7, 9, 9]))]).unwrap();
    let file = folder.parquet("events.parquet", &events(vec![7, 8, 9]));
    let status = names(&["accepted", "proposed"]);
    let links = folder.parquet("links.parquet", &[("alias_id", ids(vec![8, 7])), ("customer_id", ids(vec![9, 9])), ("status", status)]);
    assert_eq!(seen(&linked(&links).read(&[file]).unwrap()), seen(&own));
}

#[test]
fn attributes_are_those_of_the_customer_s_own_row() {
    let folder = Folder::new();
    let events = folder.csv("events.csv", &["customer_id,ts", "a,2024-01-01", "b,2024-01-02"]);
    let links = folder.csv("links.csv", &["alias_id,customer_id", "b,a"]);
    let table = folder.csv("customers.csv", &["customer_id,age", "b,30", "a,40"]);
    let asked = Asked { customers: Some((table, CustomersConfig::default())), ..linked(&links) };
    let dataset = asked.read(&[events]).unwrap();
    assert_eq!(everybody(&dataset)[0].attributes["age"], Attribute::Number(40.0));
    assert_eq!(dataset.report().unwrap().attributes_without_customer, 1);
}

#[test]
fn a_table_that_is_no_link_table_is_refused() {
    let folder = Folder::new();
    let events = folder.csv("events.csv", &["customer_id,ts", "a,2024-01-01"]);
    let refused = |links: String| {
        let error = linked(&links).read(std::slice::from_ref(&events)).unwrap_err();
        assert!(error.to_string().contains("\nhint: "), "{error}");
        error
    };
    let chain = refused(folder.csv("chain.csv", &["alias_id,customer_id", "b,a", "c,b"]));
    assert!(matches!(&chain, EngineError::Links { problem, .. } if problem == "rows 2 and 1 make a chain"), "{chain}");
    assert!(!chain.is_usage());
    assert!(
        matches!(refused(folder.csv("no.csv", &["alias,customer_id", "b,a"])), EngineError::MissingColumn { column, .. } if column == "alias_id")
    );
    assert!(matches!(refused(folder.text("none.csv")), EngineError::NotFound { .. }));
}

#[test]
fn campaigns_are_read_in_the_place_of_channels_when_they_are_asked_for() {
    let folder = Folder::new();
    let events = folder.csv("events.csv", &["customer_id,ts,channel,campaign,source", "a,2024-01-01,web,spring,x", "a,2024-01-02,,,y"]);
    let names = |config: EventsConfig, file: &str| {
        let dataset = Asked { config, ..Asked::default() }.read(&[file.to_owned()])?;
        let mut names: Vec<String> = dataset.names().into_values().collect();
        names.sort();
        Ok::<_, EngineError>(names)
    };
    let by_campaign = EventsConfig { by_campaign: true, ..EventsConfig::default() };
    assert_eq!(names(EventsConfig::default(), &events).unwrap(), ["web"]);
    assert_eq!(names(by_campaign.clone(), &events).unwrap(), ["spring"]);
    let mut renamed = by_campaign.clone();
    renamed.columns.campaign = "source".to_owned();
    assert_eq!(names(renamed.clone(), &events).unwrap(), ["x", "y"]);
    let plain = folder.csv("plain.csv", &["customer_id,ts,channel", "a,2024-01-01,web"]);
    assert_eq!(names(by_campaign.clone(), &plain).unwrap(), [""; 0]);
    assert!(matches!(names(renamed, &plain), Err(EngineError::MissingColumn { column, .. }) if column == "source"));
    let (calendar, resources) = (crate::time::Calendar::utc(), crate::engine::Resources::default());
    let has = |file: &str| {
        let events = [file.to_owned()];
        let request = crate::engine::Request {
            events: &events,
            config: &EventsConfig::default(),
            customers: None,
            calendar: &calendar,
            until: None,
            resources: &resources,
            progress: &|_| (),
        };
        crate::engine::has_campaigns(&request).unwrap()
    };
    assert_eq!((has(&events), has(&plain)), (true, false));
}
