//! The customers table.

use std::sync::Arc;

use arrow::array::{BinaryArray, BooleanArray, Date32Array, Int64Array};

use super::{Asked, CustomersConfig, Dataset, EngineError, Folder, at, everybody, floats, names};
use crate::snapshot::Attribute;

fn read(folder: &Folder, table: String) -> Result<Dataset, EngineError> {
    let events = folder.csv("events.csv", &["customer_id,ts", "1,2024-01-01", "2,2024-01-01", "3,2024-01-01"]);
    Asked { customers: Some((table, CustomersConfig::default())), ..Asked::default() }.read(&[events])
}

#[test]
fn columns_become_attributes_by_their_types() {
    let folder = Folder::new();
    let table = folder.parquet(
        "customers.parquet",
        &[
            ("customer_id", Arc::new(Int64Array::from(vec![Some(1), Some(2), None, Some(9)]))),
            ("age", floats(&[Some(41.0), Some(f64::NAN), None, None])),
            ("region", names(&["north", " ", "x", "y"])),
            ("born", Arc::new(Date32Array::from(vec![Some(0), None, None, None]))),
            ("member", Arc::new(BooleanArray::from(vec![true, false, true, true]))),
            ("photo", Arc::new(BinaryArray::from(vec![b"".as_slice(); 4]))),
        ],
    );
    let dataset = read(&folder, table).unwrap();
    let attributes = everybody(&dataset).remove(0).attributes;
    assert_eq!(attributes["age"], Attribute::Number(41.0));
    assert_eq!(attributes["region"], Attribute::Text("north".to_owned()));
    assert_eq!(attributes["born"], Attribute::Instant { at: at("1970-01-01") });
    assert_eq!(attributes["member"], Attribute::Text("true".to_owned()));
    assert_eq!(everybody(&dataset)[1].attributes.keys().collect::<Vec<_>>(), ["member"], "what is not given is left out");
    assert!(everybody(&dataset)[2].attributes.is_empty());
    let report = dataset.report().unwrap();
    assert_eq!((report.customer_rows, report.customer_rows_without_id), (4, 1));
    assert_eq!((report.customers_without_attributes, report.attributes_without_customer), (1, 1));
    assert_eq!(report.skipped_attributes, ["photo"]);
    assert_eq!(report.lines().len(), 5, "{:?}", report.lines());
}

#[test]
fn csv_columns_are_typed_and_ids_are_not() {
    let folder = Folder::new();
    let dataset =
        read(&folder, folder.csv("c.csv", &["customer_id,age,since,plan", "1.0,41,2020-02-03,007", "02,40,2020-02-03,x"])).unwrap();
    let attributes = everybody(&dataset).remove(0).attributes;
    assert_eq!(attributes["age"], Attribute::Number(41.0));
    assert_eq!(attributes["since"], Attribute::Instant { at: at("2020-02-03") });
    assert_eq!(attributes["plan"], Attribute::Text("007".to_owned()));
    assert_eq!(dataset.report().unwrap().attributes_without_customer, 1, "`02` is not `2`");
}

#[test]
fn of_rows_with_one_id_the_same_is_kept_in_any_order() {
    let folder = Folder::new();
    let header = "customer_id,age,plan";
    let rows = ["1,30,b", "1,20,c", "1,20,a"];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let lines: Vec<&str> = std::iter::once(header).chain(order.map(|at| rows[at])).collect();
        let dataset = read(&folder, folder.csv("c.csv", &lines)).unwrap();
        assert_eq!(dataset.report().unwrap().duplicate_customer_rows, 2);
        assert_eq!(everybody(&dataset)[0].attributes["age"], Attribute::Number(20.0));
        assert_eq!(everybody(&dataset)[0].attributes["plan"], Attribute::Text("a".to_owned()));
    }
}

#[test]
fn attributes_show_in_the_fingerprint() {
    let folder = Folder::new();
    let of = |row: &str| read(&folder, folder.csv("c.csv", &["customer_id,age,plan,since", row])).unwrap().fingerprint().unwrap();
    assert_eq!(of("1,30,b,2020-01-01"), of("1,30.0,b,2020-01-01"));
    assert_ne!(of("1,30,b,2020-01-01"), of("1,31,b,2020-01-01"));
    assert_ne!(of("1,30,b,2020-01-01"), of("1,30,c,2020-01-01"));
    assert_ne!(of("1,30,b,2020-01-01"), of("1,30,b,2020-01-02"));
}

#[test]
fn a_table_without_the_id_is_wrong_usage() {
    let folder = Folder::new();
    let error = read(&folder, folder.csv("c.csv", &["id,age", "1,30"])).unwrap_err();
    assert!(matches!(error, EngineError::MissingColumn { .. }) && error.to_string().contains("`[customers]`"), "{error}");
    let error = read(&folder, folder.text("none.csv")).unwrap_err();
    assert!(matches!(error, EngineError::NotFound { .. }));
}
