//! Health, limits at work, metrics, models, and the interface's own description.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use lapwing_features::Kind;
use serde_json::json;
use tower::ServiceExt;

use super::{ask, fixture, get, good, post, score, send, state};
use crate::http::{Limits, Problem, State, health_app};
use crate::http::{body, customer};

#[tokio::test]
async fn one_request_too_many_is_429_at_once_and_health_is_not_held_up() {
    let state = State::new(fixture::bundle(), Limits { in_flight: 1, ..Limits::default() }).unwrap();
    let body = ask(&[good()]);
    // Both are there before either is worked on.
    let (one, other) = futures::future::join(score(&state, &body), score(&state, &body)).await;
    assert_eq!((one.status.as_u16(), other.status.as_u16(), other.header("retry-after")), (200, 429, "1"));
    assert_eq!(other.json()["type"], "urn:lapwing:problem:overloaded");
    for path in ["/health/live", "/health/ready", "/metrics", "/v1/models"] {
        assert_eq!(get(&state, path).await.status, 200, "{path}");
    }
    assert_eq!(score(&state, &body).await.status, 200);
}

#[tokio::test]
async fn bodies_beyond_what_is_held_at_once_are_429_and_late_scores_503() {
    let limits = Limits { buffered_bytes: 1_000, ..Limits::default() };
    let state = State::new(fixture::bundle(), limits).unwrap();
    let long = " ".repeat(1_001);
    assert_eq!(send(&state, post(long)).await.status, 429);
    assert_eq!(score(&state, &ask(&[good()])).await.status, 200);
    let state = State::new(fixture::bundle(), Limits { request_time: Duration::ZERO, ..Limits::default() }).unwrap();
    let answer = score(&state, &ask(&[good()])).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
    assert_eq!(answer.json()["type"], "urn:lapwing:problem:deadline");
}

#[tokio::test]
async fn health_alone_has_no_other_path() {
    let state = state();
    for (path, status) in [("/health/live", 200), ("/health/ready", 200), ("/metrics", 200), ("/v1/models", 404)] {
        let answer = health_app(Arc::clone(&state)).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
}

#[tokio::test]
async fn a_service_that_stops_is_live_but_not_ready() {
    let state = state();
    assert_eq!(get(&state, "/health/ready").await.json(), json!({"status": "ready"}));
    state.stop();
    assert_eq!(get(&state, "/health/live").await.json(), json!({"status": "live"}));
    for answer in [get(&state, "/health/ready").await, score(&state, &ask(&[good()])).await] {
        assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (503, Some("urn:lapwing:problem:stopping")));
    }
}

#[tokio::test]
async fn a_panic_while_scoring_is_a_fault_and_the_next_request_is_served() {
    let state = state();
    let outcome: Result<(), Problem> = state.admission().compute(1, |_| panic!("on purpose")).await;
    assert_eq!(outcome, Err(Problem::Fault));
    assert_eq!(Problem::Fault.status(), 500);
    assert_eq!(score(&state, &ask(&[good()])).await.status, 200);
}

#[tokio::test]
async fn metrics_count_requests_rows_and_refusals() {
    let state = state();
    score(&state, &ask(&[good(), good(), json!({"customer_id": "x", "events": []})])).await;
    score(&state, &json!({})).await;
    get(&state, "/somewhere/private").await;
    let answer = get(&state, "/metrics").await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        "lapwing_http_requests_total{route=\"/v1/score\",status=\"200\"} 1",
        "lapwing_http_requests_total{route=\"none\",status=\"404\"} 1",
        "lapwing_http_request_duration_seconds_count{route=\"/v1/score\"} 2",
        "lapwing_rows_scored_total 2",
        "lapwing_rows_refused_total{reason=\"nothing_known\"} 1",
        "lapwing_requests_refused_total{reason=\"wrong_shape\"} 1",
        &format!("lapwing_model_info{{version=\"{}\",fitted_as_of=\"2024-01-01T00:00:00Z\",role=\"champion\"}} 1", state.version()),
        "# EOF",
    ] {
        assert!(answer.text.contains(line), "{line}\n{}", answer.text);
    }
    assert!(!answer.text.contains("private"));
}

#[tokio::test]
async fn models_tell_version_windows_fingerprints_and_verdicts() {
    let state = state();
    let answer = get(&state, "/v1/models").await.json();
    let model = &answer["models"][0];
    assert_eq!(model["version"], state.version());
    assert_eq!(model["fitted_as_of"], "2024-01-01T00:00:00Z");
    assert_eq!(model["windows"], json!({"active_days": 90, "horizon_days": 90, "gap_days": 0}));
    assert_eq!(model["feature_fingerprint"], lapwing_features::schema::fingerprint());
    assert_eq!(model["features"].as_array().unwrap().len(), lapwing_features::FEATURES.len());
    assert_eq!(model["features"][0], lapwing_features::FEATURES[0].name);
    for (place, target) in ["churn", "reactivation"].into_iter().enumerate() {
        let told = &model["targets"][place];
        assert_eq!(told["target"], target);
        assert!(told["verdict"].as_str().is_some_and(|verdict| !verdict.is_empty()), "{told}");
        assert_eq!(told["report"]["target"], target);
    }
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let document = get(&state(), "/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    for (path, method) in [
        ("/v1/score", "post"),
        ("/v1/score/stream", "post"),
        ("/v1/models", "get"),
        ("/v1/models/{version}", "get"),
        ("/v1/models/shadow", "get"),
        ("/v1/models/reload", "post"),
        ("/health/live", "get"),
        ("/health/ready", "get"),
        ("/metrics", "get"),
        ("/openapi.json", "get"),
    ] {
        assert!(document["paths"][path][method].is_object(), "{path}");
    }
    let credentials = &document["components"]["securitySchemes"];
    assert_eq!((&credentials["bearer"]["scheme"], &credentials["api_key"]["name"]), (&json!("bearer"), &json!("x-api-key")));
    let schemas = &document["components"]["schemas"];
    for name in ["ScoreRequest", "CustomerRequest", "EventRequest", "ScoreResponse", "ProblemBody", "ModelsResponse"] {
        assert!(schemas[name].is_object(), "{name}");
    }
    assert_eq!(schemas["ScoreRequest"]["required"], json!(["as_of", "customers"]));
    assert_eq!(schemas["EventRequest"]["required"], json!(["ts"]));
    for (name, members) in [("ScoreRequest", body::MEMBERS), ("CustomerRequest", customer::MEMBERS)] {
        let described: Vec<&String> = schemas[name]["properties"].as_object().unwrap().keys().collect();
        let mut read = members.to_vec();
        read.sort_unstable();
        assert_eq!(described, read, "{name} describes what is read");
    }
    let customer = &schemas["CustomerRequest"];
    assert_eq!(customer["required"], json!(["customer_id"]));
    assert_eq!(customer["properties"]["customer_id"]["type"], json!(["string", "integer"]));
    assert_eq!(customer["properties"]["population"]["enum"], json!(["current", "lapsed", "prospect"]));
    let kind = schemas["EventRequest"]["properties"]["kind"]["description"].as_str().unwrap();
    assert!(Kind::ALL.iter().all(|one| kind.contains(one.name())), "{kind}");
    assert_unresolved_references_are_none(&document);
}

/// Every `$ref` names a schema that is there.
fn assert_unresolved_references_are_none(document: &serde_json::Value) {
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn a_time_zone_that_this_build_does_not_know_is_refused() {
    let mut bundle = fixture::bundle();
    bundle.timezone = "Moon/Tycho".to_owned();
    assert!(State::new(bundle, Limits::default()).is_err());
}
