//! What is wrong with columns and files is said in words that help.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, BooleanArray, Int64Array, TimestampMicrosecondArray};

use super::{Asked, EngineError, Folder, names};

fn fails(file: &str) -> EngineError {
    Asked::default().read(&[file.to_owned()]).unwrap_err()
}

#[test]
fn a_missing_column_lists_those_there_are() {
    let folder = Folder::new();
    let error = fails(&folder.csv("a.csv", &["CustomerID,ts", "a,2024-01-01"]));
    assert!(matches!(error, EngineError::MissingColumn { .. }) && error.is_usage());
    let told = error.to_string();
    assert!(told.contains("no column `customer_id`; it has `CustomerID`, `ts`"), "{told}");
    assert!(told.contains("hint: say which column it is under `[events.columns]`: `customer_id = \"its name in the file\"`"), "{told}");
}

#[test]
fn a_separator_that_is_no_comma_is_told() {
    let folder = Folder::new();
    let events = folder.csv("events.csv", &["customer_id,ts", "a,2024-01-01"]);
    for header in ["customer_id;ts", "customer_id\tts"] {
        let file = folder.csv("other.csv", &[header]);
        let asked = Asked { customers: Some((file.clone(), super::CustomersConfig::default())), ..Asked::default() };
        let errors = [fails(&file), asked.read(std::slice::from_ref(&events)).unwrap_err()];
        for error in errors {
            assert!(matches!(error, EngineError::MissingColumn { .. }));
            assert!(error.to_string().contains("hint: the separator of a CSV file must be a comma"), "{error}");
        }
    }
}

#[test]
fn a_renamed_column_must_exist_somewhere() {
    let folder = Folder::new();
    let mut asked = Asked::default();
    asked.config.columns.amount = "price".to_owned();
    let without = folder.csv("a.csv", &["customer_id,ts", "a,2024-01-01"]);
    let error = asked.read(std::slice::from_ref(&without)).unwrap_err();
    assert!(matches!(&error, EngineError::MissingColumn { column, .. } if column == "price"), "{error}");
    let with = folder.csv("b.csv", &["customer_id,ts,price", "a,2024-01-01,5"]);
    assert!(asked.read(&[without, with]).is_ok());
}

#[test]
fn a_wrong_type_names_column_type_and_remedy() {
    let folder = Folder::new();
    let binary: ArrayRef = Arc::new(BinaryArray::from(vec![b"a".as_slice()]));
    let flag: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
    let whole: ArrayRef = Arc::new(Int64Array::from(vec![1_700_000_000]));
    let time: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0]));
    for (column, array, expected) in [
        ("ts", Arc::clone(&whole), "a number does not say its unit"),
        ("known_at", whole, "a number does not say its unit"),
        ("ts", Arc::clone(&flag), "cast the column to a timestamp"),
        ("customer_id", Arc::clone(&binary), "cast the column to text"),
        ("customer_id", Arc::clone(&flag), "cast the column to text"),
        ("amount", flag, "cast the column to a number"),
        ("quantity", time, "cast the column to a number"),
        ("kind", binary, "leave it out"),
    ] {
        let mut columns = vec![("customer_id", names(&["a"])), ("ts", names(&["2024-01-01"]))];
        columns.retain(|(name, _)| *name != column);
        columns.push((column, array));
        let error = fails(&folder.parquet("a.parquet", &columns));
        assert!(matches!(&error, EngineError::WrongType { column: found, .. } if found == column) && !error.is_usage(), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn damaged_files_are_named() {
    let folder = Folder::new();
    let whole = folder.parquet("whole.parquet", &[("customer_id", names(&["a"; 900])), ("ts", names(&["2024-01-01"; 900]))]);
    let bytes = fs::read(&whole).unwrap();
    fs::write(folder.path("half.parquet"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(folder.path("empty.parquet"), "").unwrap();
    fs::write(folder.path("really.parquet"), "customer_id,ts\na,2024-01-01\n").unwrap();
    fs::write(folder.path("empty.csv"), "").unwrap();
    fs::write(folder.path("latin.csv"), b"customer_id,ts\nM\xfcller,2024-01-01\n").unwrap();
    fs::write(folder.path("ragged.csv"), "customer_id,ts\na,2024-01-01\nb,2024-01-01,1\n").unwrap();
    for name in ["half.parquet", "empty.parquet", "really.parquet", "empty.csv", "latin.csv", "ragged.csv"] {
        let error = Asked::default().read(&[whole.clone(), folder.text(name)]).unwrap_err();
        assert!(matches!(&error, EngineError::Unreadable { .. }) && !error.is_usage(), "{error}");
        assert!(error.to_string().contains(name) && error.to_string().contains("\nhint: it m"), "{error}");
        assert!(!error.to_string().contains("ller"), "no values are told: {error}");
    }
}

#[test]
fn an_empty_file_is_fine_beside_others_but_not_alone() {
    let folder = Folder::new();
    let empty = folder.csv("empty.csv", &["customer_id,ts"]);
    let full = folder.csv("full.csv", &["customer_id,ts", "a,2024-01-01"]);
    assert!(matches!(fails(&empty), EngineError::NoRows { .. }));
    assert!(!fails(&empty).is_usage());
    assert_eq!(Asked::default().read(&[empty, full]).unwrap().report().unwrap().rows, 1);
}

#[test]
fn rows_of_which_none_can_be_used_are_an_error_that_says_why() {
    let folder = Folder::new();
    let error = fails(&folder.csv("a.csv", &["customer_id,ts", "a,31/12/2024", "b,30/12/2024", ",2024-01-01"]));
    assert!(matches!(error, EngineError::NoUsableRows { rows: 3, .. }) && !error.is_usage());
    let told = error.to_string();
    assert!(told.contains("1 row left out: no customer id, 2 rows left out: the time cannot be read"), "{told}");
    assert!(told.contains("\nhint: write times as `2024-03-31` or `2024-03-31T12:00:00Z`; dates that begin with the day"), "{told}");
    assert!(!told.contains("31/12"), "no values are told: {told}");
    let told = fails(&folder.csv("b.csv", &["customer_id,ts", ",2024-01-01", "a,"])).to_string();
    assert!(told.contains("1 row left out: no time\nhint: check `[events.columns]` and the as-of date"), "{told}");
}

#[test]
fn unknown_keys_of_the_configuration_are_refused() {
    let config: super::EventsConfig =
        serde_json::from_str(r#"{"columns": {"ts": "when"}, "kinds": {"sale": "purchase"}, "duplicates": "keep"}"#).unwrap();
    assert_eq!((config.columns.ts.as_str(), config.columns.customer_id.as_str()), ("when", "customer_id"));
    assert_eq!(config.kinds["sale"], crate::Kind::Purchase);
    assert!(serde_json::from_str::<super::EventsConfig>(r#"{"columns": {"time": "when"}}"#).is_err());
    assert!(serde_json::from_str::<super::EventsConfig>(r#"{"kinds": {"sale": "bought"}}"#).is_err());
    assert!(serde_json::from_str::<super::CustomersConfig>(r#"{"id": "x"}"#).is_err());
}
