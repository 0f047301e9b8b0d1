//! Bodies that are refused as a whole.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use futures::stream;
use serde_json::{Value, json};

use super::{ask, fixture, good, post, score, send, state};
use crate::http::{Limits, State};

#[tokio::test]
async fn a_wrong_shape_is_422_and_points_at_the_field() {
    let customer = |member: &str, value: Value| {
        let mut customer = good();
        customer[member] = value;
        ask(&[good(), customer])
    };
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
        (json!({"as_of": "2024-01-01", "customers": [good()], "explain": 101}), "/explain"),
        (json!({"as_of": "2024-01-01", "customers": [good()], "explain": -1}), "/explain"),
        (json!({"as_of": "2024-01-01", "customers": [good()], "shoes": 1}), "/shoes"),
        (ask(&[good(), json!(7)]), "/customers/1"),
        (ask(&[good(), json!([])]), "/customers/1"),
        (customer("customer_id", json!(null)), "/customers/1/customer_id"),
        (customer("customer_id", json!(1.5)), "/customers/1/customer_id"),
        (customer("events", json!("none")), "/customers/1/events"),
        (customer("events", json!([[]])), "/customers/1/events/0"),
        (customer("events", json!(null)), "/customers/1"),
        (customer("features", json!({})), "/customers/1"),
        (customer("population", json!("current")), "/customers/1/population"),
        (customer("population", json!("royal")), "/customers/1/population"),
        (customer("attributes", json!([])), "/customers/1/attributes"),
        (customer("a/b~c", json!(1)), "/customers/1/a~1b~0c"),
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
    let body = json!({"customers": [{"customer_id": true, "events": []}, {"customer_id": 1}], "explain": 500});
    let problem = score(&state(), &body).await.json();
    let pointers: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/explain", "/as_of", "/customers/0/customer_id", "/customers/1"]);
    let many = score(&state(), &ask(&vec![json!({}); 500])).await.json();
    assert_eq!(many["errors"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn what_the_caller_sent_is_not_repeated() {
    let state = state();
    let secret = "4711-secret";
    for body in [
        json!({"as_of": secret, "customers": [good()]}),
        json!({"as_of": "2024-01-01", "customers": secret}),
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
async fn a_body_that_is_no_json_is_400() {
    let state = state();
    for body in ["", "{", "as_of=2024", "{\"as_of\": \"2024-01-01\"} x", "{\"explain\": 1e999}", "\u{feff}{}"] {
        let answer = send(&state, post(body)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (400, Some("urn:lapwing:problem:not_json")), "{body}");
    }
    assert_eq!(send(&state, post(vec![b'"', 0xff, b'"'])).await.status, 400);
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
    let answer =
        send(&state(), post(Body::from_stream(stream::iter([std::io::Result::<Bytes>::Err(std::io::ErrorKind::ConnectionReset.into())]))))
            .await;
    assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (400, Some("urn:lapwing:problem:body_cut")));
}
