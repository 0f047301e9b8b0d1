//! The interface's description, for programs and for people, and traces.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use std::path::Path;

use super::{get, send, state};
use crate::guard::{Access, ROUTES};
use crate::http::routes::{campaigns, news};
use crate::http::{document, infer, invocations, openapi, query};

#[test]
fn the_description_in_the_repository_is_that_of_this_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let fresh = document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("LAPWING_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, fresh).unwrap();
    } else {
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = held.lines().zip(fresh.lines()).position(|(one, other)| one != other);
        let hint = "hint: run `LAPWING_BLESS=1 cargo test -p lapwing-serving described`";
        assert!(held == fresh, "serving/openapi.json is old, from line {differs:?} on, counted from 0\n{hint}");
    }
}

#[tokio::test]
async fn operations_have_a_name_each_and_ask_what_the_table_of_routes_says() {
    let document = get(&state(), "/openapi.json").await.json();
    let mut names = Vec::new();
    for route in ROUTES {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        names.push(operation["operationId"].as_str().unwrap().to_owned());
        let is_guarded = route.access != Access::Open;
        assert_eq!(operation["security"].is_array(), is_guarded, "{route:?}");
        assert_eq!(operation["responses"]["403"].is_object(), is_guarded, "{route:?}");
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), ROUTES.len());
    for closed in openapi::CLOSED {
        assert_eq!(document["components"]["schemas"][closed]["additionalProperties"], false, "{closed}");
    }
    for (schema, members) in [
        ("InferRequest", infer::MEMBERS),
        ("InferInput", infer::TENSOR_MEMBERS),
        ("InferOutput", infer::OUTPUT_MEMBERS),
        ("InvocationsRequest", invocations::MEMBERS),
        ("SplitTable", invocations::SPLIT_MEMBERS),
        ("InvocationsParams", invocations::PARAMS_MEMBERS),
        ("ContactedRequest", news::CONTACTED),
        ("AlertEventsRequest", news::EVENTS),
        ("AlertEvent", news::EVENT),
        ("ExposuresRequest", campaigns::EXPOSURES),
        ("ExposureRequest", campaigns::EXPOSURE),
        ("OutcomesRequest", campaigns::OUTCOMES),
        ("OutcomeRequest", campaigns::OUTCOME),
    ] {
        let mut described: Vec<&String> = document["components"]["schemas"][schema]["properties"].as_object().unwrap().keys().collect();
        let mut read = members.to_vec();
        described.sort();
        read.sort_unstable();
        assert_eq!(described, read, "{schema} describes what is read");
    }
}

#[tokio::test]
async fn a_query_that_no_handler_reads_is_refused_but_for_what_is_asked_of_everybody() {
    let state = state();
    let document = get(&state, "/openapi.json").await.json();
    for route in ROUTES {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        let reads = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["in"] == "query"));
        assert_eq!(reads, query::READING.contains(&route.path), "{route:?}");
        let path = route.path.split('/').map(|part| if part.starts_with('{') { "a" } else { part }).collect::<Vec<_>>().join("/");
        let ask = async |query: &str| {
            let request = Request::builder().method(route.method).uri(format!("{path}?{query}")).body(Body::empty()).unwrap();
            let answer = send(&state, request).await;
            assert!(!answer.text.contains("secret"), "{}", answer.text);
            (answer.status.as_u16(), answer.text.contains(":wrong_term").then(|| answer.json()["errors"][0]["pointer"].clone()))
        };
        if !reads {
            let refused = |pointer: &str| (422, Some(Value::from(pointer)));
            let (named, unnamed) = (ask("colour=secret&as_of=1").await, ask("se%20cret=1").await);
            assert_eq!((named == refused("/colour"), unnamed == refused("")), (route.access != Access::Open, route.access != Access::Open));
            assert_eq!((ask("").await.1, ask("&").await.1), (None, None), "{route:?}");
        }
    }
    let detail = get(&state, "/v1/models?colour=red").await.json()["detail"].clone();
    assert_eq!(detail, "`colour` is not taken here, in the query");
}

#[tokio::test]
async fn the_examples_of_the_description_are_scored() {
    let state = state();
    let document = get(&state, "/openapi.json").await.json();
    for (path, schema) in [("/v2/models/churn/infer", "InferRequest"), ("/invocations", "InvocationsRequest")] {
        let example = document["components"]["schemas"][schema]["example"].to_string();
        let request = Request::post(path).header("content-type", "application/json").body(Body::from(example)).unwrap();
        let answer = send(&state, request).await;
        assert!(answer.status == 200 && !answer.text.contains("\"error\""), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_page_tells_every_route_and_asks_for_nothing_from_elsewhere() {
    let page = get(&state(), "/docs").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    for route in ROUTES {
        assert!(page.text.contains(&format!("</span><code>{}</code>", route.path)), "{route:?}");
    }
    for word in ["<script", "://", "src=", "style=\""] {
        assert!(!page.text.contains(word), "{word}");
    }
    for target in page.text.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.text.contains(&format!("id=\"{target}\"")), "{target}");
    }
}

#[tokio::test]
async fn a_trace_is_answered_beside_the_request_s_id_and_a_bad_one_is_ignored() {
    let ask = async |trace: &str| {
        let request = Request::get("/health/live").header("traceparent", trace).header("x-request-id", "mine");
        send(&state(), request.body(Body::empty()).unwrap()).await
    };
    let answer = ask("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").await;
    assert!(answer.header("traceresponse").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert_eq!(answer.header("x-request-id"), "mine");
    let answer = ask("00-4bf92f-00f067aa0ba902b7-01").await;
    assert_eq!((answer.status.as_u16(), answer.header("traceresponse")), (200, ""));
    let document: Value = get(&state(), "/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
}
