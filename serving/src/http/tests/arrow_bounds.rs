//! What an Arrow stream may not be, and how much of it is read.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Date32Array, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};
use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::arrow::{KIND, PATH, batch, request, rows, rows_of, table, written};
use super::{fixture, get, good, send, state};
use crate::http::{Limits, State, app};

async fn code(state: &Arc<State>, body: impl Into<Body>) -> (u16, String) {
    let answer = send(state, request(body)).await;
    let kind = answer.json()["type"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned();
    assert_eq!(answer.header("content-type"), "application/problem+json");
    (answer.status.as_u16(), kind.trim_start_matches("urn:lapwing:problem:").to_owned())
}

#[tokio::test]
async fn a_stream_without_rows_is_answered_by_one() {
    let told = rows(&send(&state(), request(written(&[rows_of(&table(0..1)).slice(0, 0)]))).await);
    assert_eq!(told, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_no_stream_of_events_is_refused_and_says_why() {
    let state = state();
    let sound = written(&[rows_of(&table(0..3))]);
    let schema = StreamWriter::try_new(Vec::new(), &rows_of(&table(0..1)).schema()).unwrap().into_inner().unwrap().len() - 8;
    let refused = |code: &str| (400, code.to_owned());
    for (body, why) in [
        (Vec::new(), "is empty"),
        (b"{\"as_of\": \"2024-01-01\"}".to_vec(), "does not begin like"),
        (b"[]".to_vec(), "does not begin like"),
        (sound[..sound.len() / 2].to_vec(), "breaks off"),
        (sound[schema..].to_vec(), "does not begin with a schema"),
    ] {
        let answer = send(&state, request(body.clone())).await;
        assert!(answer.text.contains(why), "{why}: {}", answer.text);
        assert_eq!(code(&state, body).await, refused("not_arrow"), "{why}");
    }
    let told = rows(&send(&state, request([&sound[..], &sound].concat())).await);
    let last = told.last().unwrap();
    assert!(told.len() == 3 && last["error"].as_str().unwrap().contains("goes on after its end"), "{last}");
    let rows_of = rows_of(&table(0..3));
    let mut file = FileWriter::try_new(Vec::new(), &rows_of.schema()).unwrap();
    file.write(&rows_of).unwrap();
    let answer = send(&state, request(file.into_inner().unwrap())).await;
    assert!(answer.status == 400 && answer.text.contains("is an Arrow file, not a stream"), "{}", answer.text);
    let other = Request::post("/v1/score").header(header::CONTENT_TYPE, KIND).body(Body::from(sound.clone())).unwrap();
    assert_eq!(send(&state, other).await.status, 415);
    assert_eq!(send(&state, request(sound)).await.status, 200);
}

#[tokio::test]
async fn columns_that_do_not_fit_are_named() {
    let state = state();
    let texts = || Arc::new(StringArray::from(vec!["a"])) as ArrayRef;
    let numbers = || Arc::new(Float64Array::from(vec![1.0])) as ArrayRef;
    for (columns, pointers) in [
        (vec![("amount", numbers())], vec!["/customer_id", "/ts"]),
        (vec![("customer_id", texts()), ("ts", numbers())], vec!["/ts"]),
        (vec![("customer_id", texts()), ("ts", texts()), ("amount", texts()), ("kind", numbers())], vec!["/amount", "/kind"]),
    ] {
        let answer = send(&state, request(written(&[batch(columns)]))).await;
        let told: Vec<_> =
            answer.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
        assert_eq!((answer.status.as_u16(), told), (422, pointers.into_iter().map(str::to_owned).collect()));
    }
    let twice = Schema::new(["customer_id", "ts", "ts"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec());
    let body = written(&[RecordBatch::try_new(Arc::new(twice), vec![texts(), texts(), texts()]).unwrap()]);
    assert_eq!(send(&state, request(body)).await.json()["errors"][0]["detail"], "is given twice");
}

#[tokio::test]
async fn a_length_that_a_stream_says_of_itself_is_held_against_the_limits() {
    let limits = Limits { body_bytes: 4_096, ..Limits::default() };
    let state = State::new(fixture::bundle(), limits).unwrap();
    let large = written(&[batch(vec![
        ("customer_id", Arc::new(Int64Array::from(vec![1; 1_000]))),
        ("ts", Arc::new(Date32Array::from(vec![19_000; 1_000]))),
    ])]);
    assert_eq!(code(&state, large[..large.len() - 5_000].to_vec()).await, (413, "large_message".to_owned()), "before the body is there");
    let mut endless = vec![0xff; 4];
    endless.extend_from_slice(&(u32::MAX / 2).to_le_bytes());
    assert_eq!(code(&state, endless).await.0, 400);
    // Each dictionary fits, but not all of them together.
    let names = |column: usize| (0..40).map(|row| format!("{column:030}{row:030}")).collect::<Vec<_>>();
    let dictionary =
        |column: usize| Arc::new(names(column).iter().map(|name| &name[..]).collect::<DictionaryArray<Int32Type>>()) as ArrayRef;
    let columns =
        vec![("customer_id", dictionary(0)), ("ts", Arc::new(Date32Array::from(vec![19_000; 40])) as ArrayRef), ("channel", dictionary(1))];
    assert_eq!(code(&state, written(&[batch(columns)])).await, (413, "large_message".to_owned()));
}

#[tokio::test]
async fn what_is_compressed_or_added_to_a_dictionary_is_refused() {
    let state = state();
    let options = IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
    let part = |names: &[&str]| {
        let keys = arrow::array::Int32Array::from_iter_values((0..).take(names.len()));
        let names = DictionaryArray::new(keys, Arc::new(StringArray::from(names.to_vec())));
        batch(vec![("customer_id", Arc::new(names.clone()) as ArrayRef), ("ts", Arc::new(Date32Array::from(vec![19_000; names.len()])))])
    };
    let parts = [part(&["a", "b"]), part(&["a", "b", "c"])];
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &parts[0].schema(), options).unwrap();
    for part in &parts {
        writer.write(part).unwrap();
    }
    let told = rows(&send(&state, request(writer.into_inner().unwrap())).await);
    // The first customer of the first batch was answered by then; the last may have gone on.
    assert_eq!((told.len(), &told[0]["customer_id"], &told[1]["error_code"]), (2, &json!("a"), &json!("not_arrow")));
    assert!(told[1]["error"].as_str().unwrap().contains("send dictionaries whole"));
    let told = rows(&send(&state, request(written(&parts))).await);
    assert_eq!(told.iter().map(|row| row["customer_id"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b", "a", "b", "c"]);
}

#[tokio::test]
async fn a_stream_that_ends_before_its_time_says_why() {
    let sound = written(&[rows_of(&table(0..2)), rows_of(&table(2..4))]);
    let cut = sound.len() * 3 / 4;
    let begun = |then: stream::BoxStream<'static, std::io::Result<Bytes>>| {
        Body::from_stream(stream::iter([Ok(Bytes::copy_from_slice(&sound[..cut]))]).chain(then))
    };
    let broken = stream::iter([Err(std::io::ErrorKind::ConnectionReset.into())]).boxed();
    for (then, code) in [(stream::pending().boxed(), "body_timeout"), (broken, "body_cut"), (stream::empty().boxed(), "not_arrow")] {
        let limits = Limits { body_time: Duration::from_millis(100), ..Limits::default() };
        let state = State::new(fixture::bundle(), limits).unwrap();
        let told = rows(&send(&state, request(begun(then))).await);
        assert_eq!((told.len(), &told[0]["customer_id"], &told[1]["error_code"]), (2, &json!("0"), &json!(code)));
        assert!(told[1].get("customer_id").is_none());
    }
}

#[tokio::test]
async fn no_more_is_read_than_the_caller_takes_answers_to() {
    let all = written(&[rows_of(&table(0..2)), rows_of(&table(2..4))]);
    let empty = written(&[rows_of(&table(0..2))]);
    // The schema, and then the same batch over and over.
    let head = all[..empty.len() - 8].to_vec();
    let again = all[empty.len() - 8..all.len() - 8].to_vec();
    let taken = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = Arc::clone(&taken);
    let without_end = stream::repeat_with(move || {
        seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::io::Result::Ok(Bytes::from(again.clone()))
    });
    let body = Body::from_stream(stream::iter([Ok(Bytes::from(head))]).chain(without_end));
    let state = State::new(fixture::bundle(), Limits { in_flight: 1, ..Limits::default() }).unwrap();
    let answer = app(Arc::clone(&state)).oneshot(request(body)).await.unwrap();
    assert_eq!(answer.status(), 200);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let most = taken.load(std::sync::atomic::Ordering::Relaxed);
    assert!(most <= 6, "{most}");
    assert_eq!(send(&state, request(all)).await.status, 429, "there is a place for one");
    drop(answer);
    assert_eq!(get(&state, "/health/ready").await.status, 200);
}

#[tokio::test]
async fn lines_are_taken_beside() {
    let lines = Request::post(PATH).header(header::CONTENT_TYPE, "application/x-ndjson").body(Body::from(good().to_string())).unwrap();
    assert_eq!(send(&state(), lines).await.header("content-type"), "application/x-ndjson");
}
