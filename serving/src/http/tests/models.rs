//! Champion and challenger: who meets whom, what the shadow sees, what is told of both.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use lapwing_models::bundle::registry::Challenger;
use serde_json::{Value, json};

use super::{Answer, ask, events_of, fixture, get, score, send};
use crate::http::{Contender, Limits, Lineup, Served, Setup, State};

/// The fixture's bundle, challenged by another one.
fn challenged(share: f64, shadow: bool) -> Arc<State> {
    let champion = Served::new(fixture::bundle(), Some("summer".to_owned())).unwrap();
    let other = Served::new(fixture::other_bundle(), None).unwrap();
    let terms = Challenger { version: other.version.clone(), share, shadow };
    State::of(Lineup { champion, challenger: Some(Contender::new(other, terms)) }, Limits::default(), Setup::default())
}

fn customers() -> Vec<Value> {
    (0..60).map(|customer| json!({"customer_id": customer.to_string(), "events": events_of(customer)})).collect()
}

fn by_challenger(answer: &Answer) -> Vec<bool> {
    answer.json()["scores"].as_array().unwrap().iter().map(|score| score["model_version"].is_string()).collect()
}

#[tokio::test]
async fn a_customer_always_meets_the_same_side_and_is_scored_as_by_it_alone() {
    let (state, customers) = (challenged(0.3, false), customers());
    let whole = score(&state, &ask(&customers)).await;
    let sides = by_challenger(&whole);
    let share = sides.iter().filter(|side| **side).count();
    assert!((8..=28).contains(&share), "{share} of 60");
    let (champion, challenger) = (fixture::bundle(), fixture::other_bundle());
    assert_eq!(whole.header("lapwing-model-version"), champion.version());
    assert_eq!(whole.json()["model"]["version"], champion.version());
    let alone = [champion, challenger.clone()].map(|bundle| State::new(bundle, Limits::default()).unwrap());
    for (place, (customer, challenged)) in customers.iter().zip(&sides).enumerate() {
        let asked = ask(std::slice::from_ref(customer));
        let [again, expected] = [&state, &alone[usize::from(*challenged)]].map(|state| score(state, &asked));
        let (again, expected) = (again.await, expected.await);
        assert_eq!(by_challenger(&again), [*challenged], "in a request of its own it meets the same side");
        let version = expected.header("lapwing-model-version");
        assert_eq!((again.header("lapwing-model-version"), again.json()["model"]["version"].as_str()), (version, Some(version)));
        let mut told = whole.json()["scores"][place].clone();
        let model_version = told.as_object_mut().unwrap().remove("model_version");
        assert_eq!(model_version, challenged.then(|| json!(challenger.version())));
        assert_eq!(told, expected.json()["scores"][0]);
    }
    let text = get(&state, "/metrics").await.text;
    assert!(text.contains(&format!("lapwing_rows_scored_by_model_total{{version=\"{}\"}} {}", challenger.version(), 2 * share)), "{text}");
}

#[tokio::test]
async fn the_shadow_follows_tables_too() {
    let rows =
        json!([{"customer_id": "a", "days_since_last_purchase": 3, "purchases_count": 2}, {"days_since_last_purchase": 400}, {"shoes": 1}]);
    let tensors = json!({"inputs": [
        {"name": "customer_id", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]},
        {"name": "days_since_last_purchase", "shape": [2], "datatype": "FP64", "data": [3.0, 400.0]}]});
    for (path, body) in [("/invocations", json!({"dataframe_records": rows})), ("/v2/models/churn/infer", tensors)] {
        let (state, plain) = (challenged(0.0, true), challenged(0.0, false));
        let request = || Request::post(path).header("content-type", "application/json").body(Body::from(body.to_string())).unwrap();
        let (answer, expected) = (send(&state, request()).await, send(&plain, request()).await);
        assert_eq!((answer.status.as_u16(), answer.text), (200, expected.text), "{path}");
        let told = loop {
            let report = get(&state, "/v1/models/shadow").await.json();
            let targets = report["targets"].as_array().unwrap().clone();
            if targets.len() == 2 {
                break targets;
            }
            tokio::task::yield_now().await;
        };
        let told: Vec<_> = told.iter().map(|target| (target["target"].as_str().unwrap(), target["customers"].as_u64().unwrap())).collect();
        assert_eq!(told, [("churn", 1), ("reactivation", 1)], "{path}");
    }
}

#[tokio::test]
async fn the_shadow_is_seen_in_metrics_and_report_and_in_no_answer() {
    let (state, plain) = (challenged(0.0, true), challenged(0.0, false));
    let asked = ask(&customers());
    assert_eq!(score(&state, &asked).await.text, score(&plain, &asked).await.text);
    assert_eq!(get(&plain, "/v1/models/shadow").await.json()["type"], "urn:lapwing:problem:no_shadow");

    let report = loop {
        let report = get(&state, "/v1/models/shadow").await.json();
        let compared: u64 = report["targets"].as_array().unwrap().iter().map(|target| target["customers"].as_u64().unwrap()).sum();
        if compared + report["not_scored"].as_u64().unwrap() == 60 {
            break report;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(report["champion"], fixture::bundle().version());
    assert_eq!(report["challenger"], fixture::other_bundle().version());
    assert_eq!((&report["not_scored"], &report["skipped_requests"]), (&json!(0), &json!(0)));
    let text = get(&state, "/metrics").await.text;
    for target in report["targets"].as_array().unwrap() {
        let number = |name: &str| target[name].as_f64().unwrap();
        let (mean, absolute, largest) =
            (number("mean_difference"), number("mean_absolute_difference"), number("largest_absolute_difference"));
        assert!(0.0 < absolute && mean.abs() <= absolute && absolute <= largest && largest < 1.0, "{target}");
        let binned: u64 = target["histogram"].as_array().unwrap().iter().map(|bin| bin["customers"].as_u64().unwrap()).sum();
        assert_eq!(target["customers"], binned);
        let name = target["target"].as_str().unwrap();
        assert!(text.contains(&format!("lapwing_shadow_difference_count{{target=\"{name}\"}} {binned}")), "{text}");
    }
}

#[tokio::test]
async fn who_serves_is_told_with_role_share_label_and_card() {
    let state = challenged(0.25, true);
    let models = get(&state, "/v1/models").await.json()["models"].clone();
    let told = |place: usize| ["role", "label", "share", "shadow"].map(|name| models[place][name].clone());
    assert_eq!(told(0), [json!("champion"), json!("summer"), json!(0.75), json!(false)]);
    assert_eq!(told(1), [json!("challenger"), json!(null), json!(0.25), json!(true)]);
    for bundle in [fixture::bundle(), fixture::other_bundle()] {
        let model = get(&state, &format!("/v1/models/{}", bundle.version())).await.json();
        assert_eq!((model["version"].as_str(), model["card"].as_str()), (Some(&*bundle.version()), Some(&*bundle.card)));
        assert_eq!(model["feature_fingerprint"], lapwing_features::schema::fingerprint());
        assert!(model["targets"][0]["report"].is_object());
    }
    let answer = get(&state, "/v1/models/20240101-00000000").await;
    assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (404, Some("urn:lapwing:problem:no_model")));
    let text = get(&state, "/metrics").await.text;
    assert!(text.contains("role=\"champion\"} 1") && text.contains("role=\"challenger\"} 1"), "{text}");
}
