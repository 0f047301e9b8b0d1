//! Arrow streams in, Arrow streams out.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array, NullArray, RecordBatch, StringArray,
    StringViewArray, StructArray, TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use futures::stream;
use lapwing_features::Calendar;
use serde_json::{Value, json};

use super::{Answer, ask, events_of, fixture, get, score, send, state};

pub(super) const PATH: &str = "/v1/score/stream?as_of=2024-01-01";
pub(super) const KIND: &str = "application/vnd.apache.arrow.stream";

pub(super) fn request(body: impl Into<Body>) -> Request<Body> {
    Request::post(PATH).header(header::CONTENT_TYPE, KIND).body(body.into()).unwrap()
}

pub(super) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

pub(super) fn written(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

/// The rows of a customer's events, as pandas and polars would hold them.
pub(super) struct Table {
    ids: Vec<String>,
    ts: Vec<i64>,
    kinds: Vec<&'static str>,
    amounts: Vec<Option<f64>>,
    channels: Vec<Option<String>>,
}

pub(super) fn table(customers: std::ops::Range<usize>) -> Table {
    let mut table = Table { ids: Vec::new(), ts: Vec::new(), kinds: Vec::new(), amounts: Vec::new(), channels: Vec::new() };
    for customer in customers {
        for event in events_of(customer) {
            table.ids.push(customer.to_string());
            table.ts.push(Calendar::utc().parse(event["ts"].as_str().unwrap()).unwrap().0);
            table.kinds.push("purchase");
            table.amounts.push(event["amount"].as_f64());
            table.channels.push(event["channel"].as_str().map(str::to_owned));
        }
    }
    table
}

pub(super) fn rows_of(table: &Table) -> RecordBatch {
    batch(vec![
        ("customer_id", Arc::new(StringArray::from_iter_values(&table.ids))),
        ("ts", Arc::new(TimestampMicrosecondArray::from(table.ts.clone()).with_timezone("UTC"))),
        ("kind", Arc::new(StringArray::from(table.kinds.clone()))),
        ("amount", Arc::new(Float64Array::from(table.amounts.clone()))),
        ("channel", Arc::new(StringArray::from(table.channels.clone()))),
        (
            "basket",
            Arc::new(StructArray::from(vec![(
                Arc::new(Field::new("n", DataType::Null, true)),
                Arc::new(NullArray::new(table.ids.len())) as ArrayRef,
            )])),
        ),
    ])
}

/// Streams of the forms that writers have, to be changed.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let dictionary = |texts: Vec<&str>| Arc::new(texts.into_iter().collect::<DictionaryArray<Int32Type>>()) as ArrayRef;
    let typed = batch(vec![
        ("customer_id", Arc::new(StringViewArray::from(vec!["a longer name than a view holds", "b", "b"]))),
        ("ts", dictionary(vec!["2023-10-02", "2023-11-01", "2023-11-01T10:00:00Z"])),
        ("kind", dictionary(vec!["purchase", "visit", "purchase"])),
        ("amount", Arc::new(Decimal128Array::from(vec![Some(2_000), None, Some(1)]).with_precision_and_scale(10, 2).unwrap())),
        ("order_id", Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]))),
        ("known_at", Arc::new(Date32Array::from(vec![None, Some(19_000), Some(19_700)]))),
        ("attribute_region", Arc::new(arrow::array::LargeStringArray::from(vec![Some("north"), None, Some("south")]))),
    ]);
    vec![written(&[rows_of(&table(0..2))]), written(&[rows_of(&table(2..3)), rows_of(&table(3..4))]), written(&[typed.clone(), typed])]
}

/// The rows of an answer, each as the columns that are not null.
pub(super) fn rows(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, KIND), "{}", answer.text);
    assert!(!answer.header("lapwing-model-version").is_empty());
    let batches: Vec<_> = StreamReader::try_new(&answer.bytes[..], None).unwrap().map(Result::unwrap).collect();
    let cell = |array: &ArrayRef, row: usize| match array.data_type() {
        _ if array.is_null(row) => Value::Null,
        DataType::Utf8 => json!(array.as_string::<i32>().value(row)),
        DataType::Float64 => json!(array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => json!(array.as_boolean().value(row)),
        DataType::Int64 => json!(array.as_primitive::<Int64Type>().value(row)),
        DataType::Timestamp(..) => json!("at"),
        other => panic!("{other}"),
    };
    let row = |batch: &RecordBatch, row: usize| {
        let names = batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
        Value::Object(
            names.into_iter().zip(batch.columns().iter().map(|array| cell(array, row))).filter(|(_, value)| !value.is_null()).collect(),
        )
    };
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |place| row(batch, place))).collect()
}

#[tokio::test]
async fn a_customer_is_scored_as_it_is_in_a_request_however_its_rows_are_cut() {
    let state = state();
    let customers: Vec<Value> = (0..20).map(|customer| json!({"customer_id": customer, "events": events_of(customer)})).collect();
    let expected = score(&state, &ask(&customers)).await.json()["scores"].clone();
    let whole = rows_of(&table(0..20));
    for (rows_each, bytes_each) in [(whole.num_rows(), 1 << 20), (3, 100), (1, 7)] {
        let batches: Vec<_> =
            (0..whole.num_rows()).step_by(rows_each).map(|at| whole.slice(at, rows_each.min(whole.num_rows() - at))).collect();
        let bytes = written(&batches);
        let pieces: Vec<std::io::Result<Bytes>> = bytes.chunks(bytes_each).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let told = rows(&send(&state, request(Body::from_stream(stream::iter(pieces)))).await);
        assert_eq!(told.len(), 20, "{rows_each}");
        for (row, entry) in told.iter().zip(expected.as_array().unwrap()) {
            for (column, member) in [
                ("customer_id", "/customer_id"),
                ("population", "/population"),
                ("churn_probability", "/churn_probability"),
                ("churn_probability_low", "/churn_interval/0"),
                ("reactivation_probability", "/reactivation_probability"),
                ("clv_365d", "/clv_365d"),
                ("reason_1", "/why/0"),
                ("stage", "/stage"),
                ("rfm_r", "/rfm/r"),
                ("ignored_events", "/ignored_events"),
            ] {
                assert_eq!(row.get(column), entry.pointer(member).filter(|value| !value.is_null()), "{column} of {entry}");
            }
            assert!(row.get("error").is_none() && row["model_version"] == state.version(), "{row}");
        }
    }
    assert!(get(&state, "/metrics").await.text.contains("lapwing_rows_scored_total 80"));
}

#[tokio::test]
async fn columns_may_be_of_the_types_that_tables_have() {
    let state = state();
    let day = |text: &str| Calendar::utc().parse(text).unwrap().0;
    let times = [day("2023-10-02"), day("2023-11-01")];
    let texts = ["2023-10-02", "2023-11-01"];
    let dictionary = |texts: Vec<&str>| Arc::new(texts.into_iter().collect::<DictionaryArray<Int32Type>>()) as ArrayRef;
    let ids: [ArrayRef; 5] = [
        Arc::new(StringArray::from(vec!["12347", "12347"])),
        Arc::new(StringViewArray::from(vec!["12347", "12347"])),
        Arc::new(Int64Array::from(vec![12347, 12347])),
        Arc::new(Float64Array::from(vec![12347.0, 12347.0])),
        dictionary(vec!["12347", "12347"]),
    ];
    let whens: [ArrayRef; 5] = [
        Arc::new(TimestampMicrosecondArray::from(times.to_vec())),
        Arc::new(TimestampNanosecondArray::from(times.map(|at| at * 1_000).to_vec()).with_timezone("Europe/Berlin")),
        Arc::new(Date32Array::from(times.map(|at| (at / 86_400_000_000) as i32).to_vec())),
        Arc::new(StringArray::from(texts.to_vec())),
        dictionary(texts.to_vec()),
    ];
    let amounts: [ArrayRef; 5] = [
        Arc::new(Float64Array::from(vec![20.0, f64::NAN])),
        Arc::new(Int64Array::from(vec![Some(20), None])),
        Arc::new(Decimal128Array::from(vec![Some(2_000), None]).with_precision_and_scale(10, 2).unwrap()),
        Arc::new(arrow::array::Float32Array::from(vec![Some(20.0), None])),
        Arc::new(arrow::array::UInt8Array::from(vec![Some(20), None])),
    ];
    let events = json!([{"ts": texts[0], "kind": "purchase", "amount": 20.0}, {"ts": texts[1], "kind": "purchase"}]);
    let expected = score(&state, &ask(&[json!({"customer_id": "12347", "events": events})])).await.json()["scores"][0].clone();
    for ((id, when), amount) in ids.into_iter().zip(whens).zip(amounts) {
        let types = format!("{} {} {}", id.data_type(), when.data_type(), amount.data_type());
        let kinds = dictionary(vec!["purchase", "purchase"]);
        let body = written(&[batch(vec![("customer_id", id), ("ts", when), ("amount", amount), ("kind", kinds)])]);
        let told = rows(&send(&state, request(body)).await);
        assert_eq!((&told[0]["customer_id"], &told[0]["churn_probability"]), (&json!("12347"), &expected["churn_probability"]), "{types}");
    }
}

#[tokio::test]
async fn attributes_of_a_customer_count_as_they_do_in_a_request() {
    let state = state();
    let with = json!({"customer_id": "a", "events": events_of(1), "attributes": fixture::attributes_json(1)});
    let expected = score(&state, &ask(&[with])).await.json()["scores"][0].clone();
    let rows_of = rows_of(&table(1..2));
    let rows_count = rows_of.num_rows();
    let mut columns: Vec<(String, ArrayRef)> =
        rows_of.schema().fields().iter().map(|field| field.name().clone()).zip(rows_of.columns().iter().cloned()).collect();
    for (name, value) in fixture::attributes_json(1).as_object().unwrap() {
        let array: ArrayRef = match value {
            Value::String(text) => Arc::new(StringArray::from(vec![&text[..]; rows_count])),
            number => Arc::new(Float64Array::from(vec![number.as_f64(); rows_count])),
        };
        columns.push((format!("attribute_{name}"), array));
    }
    columns.push(("attribute_of_nobody".to_owned(), Arc::new(NullArray::new(rows_count))));
    let probability = |row: &Value| row.get("churn_probability").or(row.get("reactivation_probability")).cloned();
    let named = columns.iter().map(|(name, array)| (&name[..], Arc::clone(array))).collect();
    let told = rows(&send(&state, request(written(&[batch(named)]))).await);
    assert_eq!(probability(&told[0]), probability(&expected));
    let without = rows(&send(&state, request(written(&[rows_of]))).await);
    assert_ne!(probability(&told[0]), probability(&without[0]));
}

#[tokio::test]
async fn a_bad_customer_has_its_row_and_the_others_are_scored() {
    let state = state();
    let long = "x".repeat(1_025);
    let ids = vec![Some("a"), None, None, Some(" "), Some(&long[..]), Some("b"), Some("b"), Some("c"), Some("d")];
    let at = Calendar::utc().parse("2023-11-01").unwrap().0;
    let ts = vec![Some(at), Some(at), Some(at), Some(at), Some(at), Some(at), None, Some(i64::MAX), Some(at)];
    let amounts = vec![1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1e300];
    let rows_of = batch(vec![
        ("customer_id", Arc::new(StringArray::from(ids))),
        ("ts", Arc::new(TimestampMicrosecondArray::from(ts))),
        ("kind", Arc::new(StringArray::from(vec!["purchase"; 9]))),
        ("amount", Arc::new(Float64Array::from(amounts))),
    ]);
    let told = rows(&send(&state, request(written(&[rows_of]))).await);
    let told: Vec<_> =
        told.iter().map(|row| ["customer_id", "error_code", "error_pointer"].map(|name| row.get(name).and_then(Value::as_str))).collect();
    let expected = [
        [Some("a"), None, None],
        [None, Some("missing_id"), Some("/customer_id")],
        [None, Some("empty_id"), Some("/customer_id")],
        [None, Some("text_too_long"), Some("/customer_id")],
        [Some("b"), Some("missing_time"), Some("/events/1/ts")],
        [Some("c"), Some("nothing_known"), Some("/events")],
        [Some("d"), Some("number_out_of_range"), Some("/events/0/amount")],
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_customer_has_no_more_events_than_in_a_request() {
    let state = state();
    let count = crate::http::wire::MAX_EVENTS + 1;
    let rows_of = batch(vec![
        ("customer_id", Arc::new(Int64Array::from_iter_values((0..count).map(|_| 7).chain([8])))),
        ("ts", Arc::new(Date32Array::from(vec![19_000; count + 1]))),
    ]);
    let told = rows(&send(&state, request(written(&[rows_of]))).await);
    assert_eq!((told.len(), &told[0]["error_code"], told[1].get("error")), (2, &json!("too_many_events"), None));
}
