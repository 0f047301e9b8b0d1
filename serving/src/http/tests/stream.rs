//! Lines in, lines out.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, header};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Answer, ask, events_of, fixture, good, score, send, state};
use crate::http::{Limits, State, app};

const PATH: &str = "/v1/score/stream?as_of=2024-01-01";

fn lines(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header(header::CONTENT_TYPE, "application/x-ndjson").body(body.into()).unwrap()
}

fn entries(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/x-ndjson"), "{}", answer.text);
    assert!(!answer.header("lapwing-model-version").is_empty());
    assert!(answer.text.is_empty() || answer.text.ends_with('\n'), "{}", answer.text);
    answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_line_is_scored_as_it_is_in_a_request_however_it_is_cut() {
    let state = state();
    let customers: Vec<Value> = (0..20).map(|customer| json!({"customer_id": customer, "events": events_of(customer)})).collect();
    let expected = score(&state, &ask(&customers)).await.json()["scores"].clone();
    let text = customers.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    for size in [7, 1_000, 1 << 20] {
        let pieces: Vec<std::io::Result<Bytes>> = text.as_bytes().chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let answer = send(&state, lines(PATH, Body::from_stream(stream::iter(pieces)))).await;
        assert_eq!(json!(entries(&answer)), expected, "{size}");
    }
    let metrics = super::get(&state, "/metrics").await.text;
    assert!(metrics.contains("lapwing_rows_scored_total 80"), "{metrics}");
}

#[tokio::test]
async fn a_bad_line_has_its_entry_and_the_others_are_scored() {
    let state = state();
    let good = good();
    let text =
        format!("{good}\n\n{{\"customer_id\": 1\n[]\r\n{good} x\n{}\n{good}", json!({"customer_id": "a", "events": [{"amount": 1}]}));
    let told = entries(&send(&state, lines(PATH, text)).await);
    let errors: Vec<_> = told.iter().map(|entry| (entry["error"]["code"].as_str(), entry["error"]["pointer"].as_str())).collect();
    let (none, bad) = ((None, None), |code, pointer| (Some(code), Some(pointer)));
    assert_eq!(errors, [none, bad("not_json", ""), bad("wrong_type", ""), bad("not_json", ""), bad("missing_time", "/events/0/ts"), none]);
    assert_eq!(told[1]["error"]["detail"], "line 3: it must be one JSON object in UTF-8");
    assert_eq!(told[3]["error"]["detail"], "line 5: it must be one JSON object in UTF-8");
    assert_eq!(entries(&send(&state, lines(PATH, "")).await), Vec::<Value>::new());
}

#[tokio::test]
async fn what_holds_for_all_lines_is_in_the_query() {
    let state = state();
    for (query, pointer) in [
        ("", "/as_of"),
        ("?as_of=soon", "/as_of"),
        ("?as_of=2024-01-01&explain=x", "/explain"),
        ("?as_of=2024-01-01&explain=1001", "/explain"),
        ("?as_of=2024-01-01&as_of=2024-01-02", "/as_of"),
        ("?as_of=2024-01-01&exlpain=3", "/exlpain"),
    ] {
        let answer = send(&state, lines(&format!("/v1/score/stream{query}"), good().to_string())).await;
        assert_eq!((answer.status.as_u16(), answer.json()["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{query}");
    }
    let told = entries(&send(&state, lines("/v1/score/stream?as_of=2024-01-01T00:00:00%2B00:00&explain=2", good().to_string())).await);
    assert_eq!(told[0]["reasons"].as_array().unwrap().len(), 2);
    let other = Request::post(PATH).header(header::CONTENT_TYPE, "application/json").body(Body::empty()).unwrap();
    assert_eq!(send(&state, other).await.status, 415);
    state.stop();
    assert_eq!(send(&state, lines(PATH, "")).await.status, 503);
}

#[tokio::test]
async fn a_stream_that_ends_before_its_time_says_why() {
    let good = good().to_string() + "\n";
    let begun = |then: stream::BoxStream<'static, std::io::Result<Bytes>>| {
        Body::from_stream(stream::iter([Ok(Bytes::from(good.clone()))]).chain(then))
    };
    let broken = stream::iter([Err(std::io::ErrorKind::ConnectionReset.into())]).boxed();
    let long = stream::iter([Ok(Bytes::from(" ".repeat(1_001)))]).boxed();
    for (then, code) in [(stream::pending().boxed(), "body_timeout"), (broken, "body_cut"), (long, "too_large")] {
        let limits = Limits { body_bytes: 1_000, body_time: Duration::from_millis(100), ..Limits::default() };
        let state = State::new(fixture::bundle(), limits).unwrap();
        let told = entries(&send(&state, lines(PATH, begun(then))).await);
        assert_eq!((told.len(), &told[0]["customer_id"], &told[1]["error"]["code"]), (2, &json!("good"), &json!(code)));
    }
}

#[tokio::test]
async fn no_more_is_read_than_the_caller_takes_answers_to() {
    let (line, taken) = (good().to_string() + "\n", std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0)));
    let seen = std::sync::Arc::clone(&taken);
    let without_end = stream::repeat_with(move || {
        seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::io::Result::Ok(Bytes::from(line.clone()))
    });
    let state = State::new(fixture::bundle(), Limits { in_flight: 1, ..Limits::default() }).unwrap();
    let answer = app(std::sync::Arc::clone(&state)).oneshot(lines(PATH, Body::from_stream(without_end))).await.unwrap();
    let mut body = answer.into_body();
    for _ in 0..10 {
        let frame = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await.unwrap().unwrap();
        assert!(frame.into_data().unwrap().ends_with(b"\n"));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let most = taken.load(std::sync::atomic::Ordering::Relaxed);
    assert!((10..=16).contains(&most), "{most}");
    assert_eq!(send(&state, lines(PATH, good().to_string())).await.status, 429, "there is a place for one");
    drop(body);
    // The place is free once the stream notices that nobody listens.
    let mut status = 429;
    for _ in 0..100 {
        status = send(&state, lines(PATH, good().to_string())).await.status.as_u16();
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(status, 200);
}
