//! Bodies that are refused as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::{ask, fixture, good, post, score, send, state};
use crate::http::{Limits, State};

#[tokio::test]
async fn a_wrong_shape_is_422_and_points_at_the_field() {
    let cases = [
        (json!([]), ""),
        (json!({"customers": [good()]}), "/as_of"),
        (json!({"as_of": 20_240_101, "customers": [good()]}), "/as_of"),
        (json!({"as_of": "yesterday", "customers": [good()]}), "/as_of"),
        (json!({"as_of": "9999-01-01", "customers": [good()]}), "/as_of"),
        (json!({"as_of": "2024-01-01"}), "/customers"),
        (json!({"as_of": "2024-01-01", "customers": {}}), "/customers"),
        (ask(&[]), "/customers"),
        (ask(&vec![good(); 1_001]), "/customers"),
        (json!({"as_of": "2024-01-01", "customers": [good()], "explain": 1001}), "/explain"),
        (json!({"as_of": "2024-01-01", "customers": [good()], "explain": -1}), "/explain"),
        (json!({"as_of": "2024-01-01", "customers": [good()], "shoes": 1}), "/shoes"),
        (json!({"as_of": "2024-01-01", "customers": [good()], "explain": 2.5}), "/explain"),
        (json!({"as_of": "2024-01-01", "customers": [good()], "shoes of mine": 1}), ""),
    ];
    let state = state();
    for (body, pointer) in cases {
        let answer = score(&state, &body).await;
        assert_eq!(answer.status, 422, "{pointer}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert_eq!(problem["status"], 422);
        assert_eq!(problem["error"], problem["detail"]);
        for word in ["type", "title", "detail", "instance"] {
            assert!(problem[word].as_str().is_some_and(|text| !text.is_empty()), "{word}: {problem}");
        }
    }
}

#[tokio::test]
async fn every_field_at_fault_is_named_at_once() {
    let body = json!({"customers": [], "explain": 5000, "shoes": 1});
    let problem = score(&state(), &body).await.json();
    let pointers: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/shoes", "/explain", "/as_of", "/customers"]);
    let many: serde_json::Map<String, Value> = (0..500).map(|number| (format!("shoe_{number}"), json!(1))).collect();
    let many = score(&state(), &Value::Object(many)).await.json();
    assert_eq!(many["errors"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_message_says_what_is_wrong_and_repeats_no_odd_name() {
    let state = state();
    for (body, detail) in [
        (r#"{"as_of": "2024-01-01", "as_of": "2024-01-01", "customers": [{}]}"#, "`/as_of` is given twice"),
        (
            r#"{"as_of": "2024-01-01", "customers": [{}], "shoes": 1}"#,
            "`/shoes` is no member here; known are `as_of`, `explain`, `customers`",
        ),
        (
            r#"{"as_of": "2024-01-01", "customers": [{}], "a b": 1}"#,
            "the body has an unknown member; known are `as_of`, `explain`, `customers`",
        ),
        ("[]", "the body must be an object with `as_of` and `customers`"),
    ] {
        let answer = send(&state, post(body)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["detail"].as_str()), (422, Some(detail)), "{}", answer.text);
    }
}

#[tokio::test]
async fn what_the_caller_sent_is_not_repeated() {
    let state = state();
    let secret = "4711-secret";
    for body in [
        json!({"as_of": secret, "customers": [good()]}),
        json!({"as_of": "2024-01-01", "customers": secret}),
        json!({"as_of": "2024-01-01", "customers": [good()], format!("{secret} in a name"): 1}),
        ask(&[json!(secret)]),
        ask(&[json!({"customer_id": "a", format!("{secret} in a name"): 1})]),
        ask(&[json!({"customer_id": "a", "features": {format!("{secret} in a name"): 1}})]),
        json!({"as_of": "2024-01-01", "customers": [{"customer_id": "a", "features": secret}]}),
        json!({"as_of": "2024-01-01", "customers": [{"customer_id": "a", "features": {}, "population": secret}]}),
        ask(&[json!({"customer_id": "a", "events": [{"ts": secret}]})]),
        ask(&[json!({"customer_id": "a", "features": {"purchases_count": secret}})]),
    ] {
        let answer = score(&state, &body).await;
        assert!(!answer.text.contains(secret), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_400_and_the_place_is_told() {
    let state = state();
    for (body, line, column) in [
        ("", 1, 0),
        ("{", 1, 1),
        ("as_of=2024", 1, 1),
        ("{\"as_of\": \"2024-01-01\"} x", 1, 25),
        ("{\"customers\": [\n  1 2]}", 2, 5),
        ("\u{feff}{}", 1, 1),
    ] {
        let answer = send(&state, post(body)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (400, Some("urn:lapwing:problem:not_json")), "{body}");
        assert!(answer.json()["detail"].as_str().unwrap().ends_with(&format!("line {line}, column {column}")), "{body}: {}", answer.text);
    }
    assert_eq!(send(&state, post(vec![b'"', 0xff, b'"'])).await.status, 400);
    assert_eq!(send(&state, post(r#"{"\ud800": 1}"#)).await.status, 400);
}

#[tokio::test]
async fn an_encoded_body_is_415_and_says_so() {
    let state = state();
    let request = |encoding: &str| {
        let mut request = post(ask(&[good()]).to_string());
        request.headers_mut().insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        request
    };
    for encoding in ["gzip", "br", "identity, gzip"] {
        let answer = send(&state, request(encoding)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (415, Some("urn:lapwing:problem:content_encoding")));
        assert!(answer.json()["detail"].as_str().unwrap().contains("`content-encoding`"), "{}", answer.text);
    }
    assert_eq!(send(&state, request("Identity")).await.status, 200);
}

/// A body of `count` chunks of a thousand bytes, and how many of them were taken.
fn counted(count: usize) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&taken);
    let chunks = stream::iter(0..count).map(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
        std::io::Result::Ok(Bytes::from(" ".repeat(1_000)))
    });
    (Body::from_stream(chunks), taken)
}

#[tokio::test]
async fn a_refusal_takes_the_body_first_but_not_without_end() {
    let json = |request: axum::http::request::Builder| request.header(header::CONTENT_TYPE, "application/json");
    let limits = Limits { body_bytes: 1_000, ..Limits::default() };
    let cases = [
        (415, Request::post("/v1/score")),
        (503, json(Request::post("/v1/score"))),
        (413, json(Request::post("/v1/score")).header(header::CONTENT_LENGTH, "1001")),
        (404, Request::post("/v1/nowhere")),
        (405, Request::put("/v1/score")),
    ];
    for (status, request) in cases {
        let (one, many) = (counted(1), counted(100));
        let state = State::new(fixture::bundle(), limits).unwrap();
        if status == 503 {
            state.stop();
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        for ((body, taken), most) in [(one, 1), (many, 5)] {
            let answer = send(&state, Request::from_parts(head.clone(), body)).await;
            assert_eq!(answer.status, status);
            // What is said to be too large is read on behind the answer.
            while status == 413 && taken.load(Ordering::Relaxed) < most {
                tokio::task::yield_now().await;
            }
            assert_eq!(taken.load(Ordering::Relaxed), most, "{status}");
        }
        // Whoever waits to be asked for the body is not.
        let (body, taken) = counted(1);
        let mut request = Request::from_parts(head.clone(), body);
        request.headers_mut().insert(header::EXPECT, "100-Continue".parse().unwrap());
        assert_eq!(send(&state, request).await.status, status);
        assert_eq!(taken.load(Ordering::Relaxed), 0, "{status}");
    }
}

#[tokio::test]
async fn a_refusal_names_what_its_own_route_takes() {
    let state = state();
    let detail = async |path: &str| {
        let answer = send(&state, Request::post(path).body(Body::from("x")).unwrap()).await;
        (answer.status.as_u16(), answer.json()["detail"].as_str().unwrap().to_owned())
    };
    assert_eq!(detail("/v1/score").await, (415, "send `content-type: application/json`".to_owned()));
    let stream = detail("/v1/score/stream").await;
    assert!(stream.0 == 415 && stream.1.starts_with("send `content-type: application/x-ndjson`, or `content-type: "), "{}", stream.1);
}

#[tokio::test]
async fn another_content_type_is_415_and_parameters_are_fine() {
    let state = state();
    let request = |kind: Option<&str>| {
        let request = Request::post("/v1/score");
        let request = if let Some(kind) = kind { request.header(header::CONTENT_TYPE, kind) } else { request };
        request.body(Body::from(ask(&[good()]).to_string())).unwrap()
    };
    for kind in [None, Some("text/plain"), Some("application/jsonp"), Some("application/x-www-form-urlencoded")] {
        assert_eq!(send(&state, request(kind)).await.status, 415, "{kind:?}");
    }
    assert_eq!(send(&state, request(Some("Application/JSON; charset=utf-8"))).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_whether_it_says_so_or_not() {
    let limits = Limits { body_bytes: 1_000, ..Limits::default() };
    let state = State::new(fixture::bundle(), limits).unwrap();
    let long = " ".repeat(1_001);
    for chunks in [1, 3, 5] {
        let chunks = std::iter::repeat_with(|| std::io::Result::Ok(Bytes::from(long.clone()))).take(chunks).collect::<Vec<_>>();
        assert_eq!(send(&state, post(Body::from_stream(stream::iter(chunks)))).await.status, 413);
    }
    let announced = Request::post("/v1/score").header(header::CONTENT_TYPE, "application/json").header(header::CONTENT_LENGTH, "4001");
    let answer = send(&state, announced.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 413);
    assert!(answer.json()["detail"].as_str().unwrap().contains("1000 bytes"), "{}", answer.text);
    assert_eq!(score(&state, &ask(&[good()])).await.status, 200);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408_and_one_that_breaks_off_is_400() {
    let limits = Limits { body_time: Duration::ZERO, ..Limits::default() };
    let never = Body::from_stream(stream::pending::<std::io::Result<Bytes>>());
    let answer = send(&State::new(fixture::bundle(), limits).unwrap(), post(never)).await;
    assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (408, Some("urn:lapwing:problem:body_timeout")));
    for (length, name) in [(Some("100"), "body_cut"), (None, "bad_chunks")] {
        let broken = stream::iter([std::io::Result::<Bytes>::Err(std::io::ErrorKind::ConnectionReset.into())]);
        let mut request = post(Body::from_stream(broken));
        if let Some(length) = length {
            request.headers_mut().insert(header::CONTENT_LENGTH, length.parse().unwrap());
        }
        let answer = send(&state(), request).await;
        let kind = format!("urn:lapwing:problem:{name}");
        assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (400, Some(kind.as_str())));
        assert_eq!(answer.text.contains("content-length"), length.is_some(), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_body_that_is_nested_too_deeply_is_refused_wherever_that_is() {
    let state = state();
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let of_event = |value: &str| format!(r#"{{"customer_id": 1, "events": [{{"ts": "2023-11-01", "kind": "visit", "extra": {value}}}]}}"#);
    let of_attribute =
        |value: &str| format!(r#"{{"customer_id": 1, "events": [{{"ts": "2023-11-01"}}], "attributes": {{"extra": {value}}}}}"#);
    let asked = |customer: &str| format!(r#"{{"as_of": "2024-01-01", "customers": [{customer}]}}"#);
    let deep = nested(100_000);
    let bodies = [
        (
            "/v1/score",
            vec![
                deep.clone(),
                "[".repeat(100_000),
                format!(r#"{{"extra": {deep}}}"#),
                asked(&of_event(&deep)),
                asked(&of_attribute(&deep)),
            ],
        ),
        ("/v2/models/churn/infer", vec![deep.clone(), format!(r#"{{"inputs": [{{"name": "a", "data": {deep}}}]}}"#)]),
        ("/invocations", vec![deep.clone(), format!(r#"{{"dataframe_records": [{{"extra": {deep}}}]}}"#)]),
    ];
    for (path, bodies) in bodies {
        for body in bodies {
            let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap();
            let answer = send(&state, request).await;
            assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (400, Some("urn:lapwing:problem:too_deep")), "{path}");
            assert!(answer.text.contains("at most 64 arrays and objects"), "{}", answer.text);
        }
    }
    let line = |body: String| {
        let request = Request::post("/v1/score/stream?as_of=2024-01-01").header(header::CONTENT_TYPE, "application/x-ndjson");
        request.body(Body::from(body)).unwrap()
    };
    for customer in [deep.clone(), of_event(&deep), of_attribute(&deep)] {
        let answer = send(&state, line(format!("{customer}\n{}", good()))).await;
        let told: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&told[0]["error"]["code"], &told[1]["customer_id"]), (&json!("too_deep"), &json!("good")));
    }
    // As deep as may be, by either way of reading; brackets in texts are none.
    for value in [nested(58), nested(10), format!("\"\\\"{}\"", "[".repeat(100))] {
        for customer in [of_event(&value), of_attribute(&value)] {
            let answer = send(&state, post(asked(&customer))).await;
            assert!(answer.status == 200 && !answer.text.contains("\"error\""), "{}", answer.text);
        }
    }
    assert_eq!(send(&state, post(asked(&of_event(&nested(60))))).await.status, 400);
}
