//! What every answer has in common.

use axum::body::Body;
use axum::http::Request;

use super::{ask, get, good, post, score, send, state};

#[tokio::test]
async fn every_answer_bears_an_id_the_version_and_no_store() {
    let state = state();
    let answers = [
        score(&state, &ask(&[good()])).await,
        send(&state, post("{")).await,
        get(&state, "/health/live").await,
        get(&state, "/no/such/path").await,
        get(&state, "/v1/score").await,
    ];
    let mut ids: Vec<&str> = answers.iter().map(|answer| answer.header("x-request-id")).collect();
    for answer in &answers {
        assert_eq!(answer.header("lapwing-model-version"), state.version(), "{:?}", answer.headers);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), answers.len());
    assert!(ids.iter().all(|id| id.len() >= 16), "{ids:?}");
}

#[tokio::test]
async fn a_valid_id_is_kept_and_told_in_problems_and_another_is_replaced() {
    let state = state();
    let with_id = |id: &str| Request::get("/nowhere").header("x-request-id", id).body(Body::empty()).unwrap();
    let long = "a".repeat(128);
    for id in ["a", "4f1c-9_2.B", &long] {
        let answer = send(&state, with_id(id)).await;
        assert_eq!(answer.header("x-request-id"), id);
        assert_eq!(answer.json()["instance"], format!("urn:lapwing:request:{id}"));
    }
    let longer = "a".repeat(129);
    for id in ["", "a b", "a\"b", "ü", &longer] {
        assert_ne!(send(&state, with_id(id)).await.header("x-request-id"), id);
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let state = state();
    let answer = get(&state, "/v2/secret-path").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (404, "application/problem+json"));
    assert!(!answer.text.contains("secret-path"), "{}", answer.text);
    let answer = get(&state, "/v1/score").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (405, "application/problem+json"));
    assert_eq!(answer.header("allow"), "POST");
}
