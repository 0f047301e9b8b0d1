//! Each type a column may have.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array,
    LargeStringArray, NullArray, StringViewArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::Int32Type;

use super::{Asked, Folder, at, events, everybody, floats, ids, names, read_default, text};
use crate::time::{Calendar, Timestamp};

const DATES: [&str; 3] = ["2024-01-01", "2024-01-02", "2024-01-03"];

/// The ids that a column gives, one event a row.
fn ids_of(column: ArrayRef) -> Vec<String> {
    let folder = Folder::new();
    let file = folder.parquet("events.parquet", &[("customer_id", column), ("ts", names(&DATES))]);
    ids(&read_default(&file))
}

#[test]
fn whole_numbers_of_any_type_are_the_same_ids() {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![12347, 5, 0])),
        Arc::new(Int64Array::from(vec![12347, 5, 0])),
        Arc::new(UInt64Array::from(vec![12347, 5, 0])),
        Arc::new(Float64Array::from(vec![12347.0, 5.0, -0.0])),
        Arc::new(Float32Array::from(vec![12347.0, 5.0, 0.0])),
        Arc::new(Decimal128Array::from(vec![12347, 5, 0]).with_precision_and_scale(38, 0).unwrap()),
        Arc::new(Decimal128Array::from(vec![1_234_700, 500, 0]).with_precision_and_scale(20, 2).unwrap()),
        names(&["12347", "5", "0"]),
        Arc::new(LargeStringArray::from(vec!["12347", "5", "0"])),
        Arc::new(StringViewArray::from(vec!["12347", "5", "0"])),
        Arc::new(["12347", "5", "0"].into_iter().collect::<DictionaryArray<Int32Type>>()),
    ];
    for column in columns {
        let found = format!("{}", column.data_type());
        assert_eq!(ids_of(column), ["0", "12347", "5"], "{found}");
    }
}

#[test]
fn text_ids_stay_as_they_are() {
    assert_eq!(ids_of(names(&["007", "1.0", "Ünal"])), ["007", "1.0", "Ünal"]);
    assert_eq!(ids_of(Arc::new(UInt64Array::from(vec![u64::MAX, 1, 2]))), ["1", "18446744073709551615", "2"]);
}

#[test]
fn ids_in_csv_keep_leading_zeros_and_lose_the_fraction_of_floats() {
    let folder = Folder::new();
    let file = folder.csv("events.csv", &["customer_id,ts", "007,2024-01-01", "12347.0,2024-01-02", "a.0,2024-01-03", "1.5,2024-01-04"]);
    assert_eq!(ids(&read_default(&file)), ["007", "1.5", "12347", "a.0"]);
}

#[test]
fn ids_with_fractions_or_beyond_exact_floats_name_nobody() {
    let folder = Folder::new();
    let id = floats(&[Some(1.5), Some(1e17), Some(f64::INFINITY), Some(f64::NAN), None, Some(7.0)]);
    let file = folder.parquet("events.parquet", &[("customer_id", id), ("ts", names(&["2024-01-01"; 6]))]);
    let dataset = read_default(&file);
    assert_eq!(ids(&dataset), ["7"]);
    assert_eq!((dataset.report().unwrap().unreadable_customer_id, dataset.report().unwrap().without_customer_id), (3, 2));
}

/// The instant that a column of one row gives, `calendar` being that of Tokyo.
fn instant_of(column: ArrayRef) -> Timestamp {
    let folder = Folder::new();
    let file = folder.parquet("events.parquet", &[("customer_id", names(&["a"])), ("ts", column)]);
    let asked = Asked { calendar: Calendar::of_zone("Asia/Tokyo").unwrap(), ..Asked::default() };
    events(&everybody(&asked.read(&[file]).unwrap())[0])[0].ts
}

#[test]
fn timestamps_with_a_zone_are_instants_in_any_unit() {
    let seconds = at("2024-03-31T12:00:00Z").0 / 1_000_000;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampSecondArray::from(vec![seconds]).with_timezone("UTC")),
        Arc::new(TimestampMillisecondArray::from(vec![seconds * 1_000]).with_timezone("Europe/London")),
        Arc::new(TimestampMicrosecondArray::from(vec![seconds * 1_000_000]).with_timezone("+09:00")),
        Arc::new(TimestampNanosecondArray::from(vec![seconds * 1_000_000_000 + 999]).with_timezone("UTC")),
        names(&["2024-03-31T12:00:00Z"]),
        names(&["2024-03-31 14:00:00+02:00"]),
        Arc::new(["2024-03-31T12:00:00Z"].into_iter().collect::<DictionaryArray<Int32Type>>()),
    ];
    for column in columns {
        let found = format!("{}", column.data_type());
        assert_eq!(instant_of(column), at("2024-03-31T12:00:00Z"), "{found}");
    }
}

#[test]
fn times_without_a_zone_are_read_on_the_local_clock() {
    let seconds = at("2024-03-31T00:00:00Z").0 / 1_000_000;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampSecondArray::from(vec![seconds])),
        Arc::new(TimestampNanosecondArray::from(vec![seconds * 1_000_000_000])),
        Arc::new(Date32Array::from(vec![(seconds / 86_400) as i32])),
        Arc::new(Date64Array::from(vec![seconds * 1_000])),
        names(&["2024-03-31"]),
        names(&["2024-03-31 00:00:00"]),
    ];
    for column in columns {
        let found = format!("{}", column.data_type());
        assert_eq!(instant_of(column), at("2024-03-31T00:00:00+09:00"), "{found}");
    }
}

#[test]
fn times_that_overflow_are_implausible() {
    let folder = Folder::new();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampSecondArray::from(vec![0, i64::MAX, i64::MIN])),
        Arc::new(Date32Array::from(vec![0, i32::MAX, i32::MIN])),
        Arc::new(Date64Array::from(vec![0, i64::MAX, i64::MIN])),
    ];
    for column in columns {
        let file = folder.parquet("events.parquet", &[("customer_id", names(&["a"; 3])), ("ts", column)]);
        let dataset = read_default(&file);
        assert_eq!((dataset.report().unwrap().implausible_time, dataset.report().unwrap().events), (2, 1));
    }
}

/// The amounts that a column gives to one customer's events on successive days.
fn amounts_of(column: ArrayRef) -> Vec<f64> {
    let folder = Folder::new();
    let id = names(&["a"; 3]);
    let file = folder.parquet("events.parquet", &[("customer_id", id), ("ts", names(&DATES)), ("amount", column)]);
    events(&everybody(&read_default(&file))[0]).iter().map(|event| event.amount).collect()
}

#[test]
fn amounts_of_any_type_of_number_are_the_same() {
    let columns: Vec<ArrayRef> = vec![
        floats(&[Some(12.25), Some(-3.5), Some(0.0)]),
        Arc::new(Float32Array::from(vec![12.25, -3.5, -0.0])),
        Arc::new(Decimal128Array::from(vec![1225, -350, 0]).with_precision_and_scale(20, 2).unwrap()),
        names(&["12.25", " -3.5 ", "0"]),
        Arc::new(["12.25", "-3.5", "-0"].into_iter().collect::<DictionaryArray<Int32Type>>()),
    ];
    for column in columns {
        let found = format!("{}", column.data_type());
        let bits: Vec<u64> = amounts_of(column).into_iter().map(f64::to_bits).collect();
        assert_eq!(bits, [12.25_f64, -3.5, 0.0].map(f64::to_bits), "{found}");
    }
    assert_eq!(amounts_of(Arc::new(Int64Array::from(vec![3, -4, 0]))), [3.0, -4.0, 0.0]);
    assert_eq!(amounts_of(Arc::new(Decimal128Array::from(vec![999, 1, 10]).with_precision_and_scale(9, 2).unwrap())), [9.99, 0.01, 0.1]);
}

#[test]
fn columns_of_nulls_only_are_not_given() {
    let folder = Folder::new();
    let nulls: ArrayRef = Arc::new(NullArray::new(3));
    let columns = [("customer_id", names(&["a"; 3])), ("ts", names(&DATES)), ("amount", Arc::clone(&nulls)), ("channel", nulls)];
    let dataset = read_default(&folder.parquet("events.parquet", &columns));
    assert!(events(&everybody(&dataset)[0]).iter().all(|event| event.amount.is_nan() && !event.channel.is_some()));
}

#[test]
fn names_are_equal_whatever_their_type() {
    let folder = Folder::new();
    let channel = |column: ArrayRef| {
        let file = folder.parquet("events.parquet", &[("customer_id", names(&["a"; 3])), ("ts", names(&DATES)), ("channel", column)]);
        events(&everybody(&read_default(&file))[0]).iter().map(|event| event.channel).collect::<Vec<_>>()
    };
    let expected = channel(text(&[Some("1"), None, Some("0")]));
    assert_eq!(channel(Arc::new(Int64Array::from(vec![Some(1), None, Some(0)]))), expected);
    assert_eq!(channel(floats(&[Some(1.0), Some(f64::NAN), Some(0.0)])), expected);
    assert_eq!(channel(text(&[Some("1"), Some("  "), Some("0")])), expected);
    assert_eq!(channel(Arc::new(BooleanArray::from(vec![true, false, true])))[0], crate::event::Token::of("true"));
}
