//! What the numbers of an answer must hold to.

use lapwing_features::{Attributes, Calendar, Duplicates, HistoryBuilder, Kind, RawEvent, Token};
use lapwing_features::{FEATURES, Kernel, Snapshot};
use lapwing_models::lifecycle::Sign;
use serde_json::{Map, Value, json};

use super::{ask, events_of, fixture, score, state};
use crate::http::wire::MAX_EXPLAIN;

/// Customers of the fixture in one request.
fn by_events(customers: std::ops::Range<usize>) -> Vec<Value> {
    customers.map(|customer| json!({"customer_id": customer, "events": events_of(customer)})).collect()
}

#[tokio::test]
async fn an_answer_has_the_documented_shape() {
    let state = state();
    let answer = score(&state, &ask(&by_events(0..40))).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let answer = answer.json();
    assert_eq!(answer["as_of"], "2024-01-01T00:00:00Z");
    assert_eq!(answer["model"]["name"], "churn");
    assert_eq!(answer["model"]["version"], state.version());
    assert_eq!(answer["model"]["fitted_as_of"], "2024-01-01T00:00:00Z");
    assert_eq!(answer["model"]["basis"]["churn"], "logistic");
    assert_eq!(answer["model"]["skill"], json!({"churn": true, "reactivation": false, "intent": true}));
    let scores = answer["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 40);
    let mut populations = std::collections::BTreeSet::new();
    for score in scores {
        let population = score["population"].as_str().unwrap();
        populations.insert(population.to_owned());
        let (speaks, silent) = if population == "current" { ("churn", "reactivation") } else { ("reactivation", "churn") };
        let probability = score[format!("{speaks}_probability")].as_f64().unwrap();
        let interval = &score[format!("{speaks}_interval")];
        assert!(interval[0].as_f64().unwrap() <= probability && probability <= interval[1].as_f64().unwrap(), "{score}");
        assert!(score[format!("{silent}_probability")].is_null() && score[format!("{silent}_interval")].is_null(), "{score}");
        assert_eq!(score["health"].is_null(), population != "current", "{score}");
        let [purchases, spend] = ["expected_purchases_365d", "clv_365d"].map(|name| score[name].as_f64().unwrap());
        assert!(purchases > 0.0 && spend > purchases, "{score}");
        let days = days_since_last_event(score["customer_id"].as_str().unwrap().parse().unwrap());
        assert_eq!(score["intent"].is_null(), days > 180.0, "{days}: {score}");
        if let Some(intent) = score["intent"].as_f64() {
            let [low, high] = [0, 1].map(|end| score["intent_interval"][end].as_f64().unwrap());
            assert!(0.0 < low && low <= intent && intent <= high && high < 100.0, "{score}");
        }
        assert!(score["stage"].is_string() && score["segment"].is_string() && score["risk_band"].is_string(), "{score}");
        assert!((1..=5).contains(&score["rfm"]["r"].as_u64().unwrap()), "{score}");
        assert!((1..=3).contains(&score["why"].as_array().unwrap().len()), "{score}");
        assert!(!score["reasons"].as_array().unwrap().is_empty() && score["reasons"].as_array().unwrap().len() <= 5, "{score}");
    }
    assert_eq!(populations.len(), 2, "{populations:?}");
}

/// Of a fixture customer, who does nothing but buy.
fn days_since_last_event(customer: usize) -> f64 {
    let features = features(customer);
    features["days_since_last_purchase"].as_f64().unwrap()
}

#[tokio::test]
async fn a_bundle_without_intent_says_nothing_of_it() {
    let mut bundle = fixture::bundle();
    bundle.intent = None;
    bundle.reports.truncate(2);
    let state = crate::http::state::State::new(bundle, crate::http::state::Limits::default()).unwrap();
    let answer = score(&state, &ask(&by_events(0..1))).await.json();
    let told = [&answer["model"]["basis"]["intent"], &answer["scores"][0]["intent"], &answer["scores"][0]["intent_interval"]];
    assert!(told.iter().all(|told| told.is_null()), "{answer}");
    assert_eq!(answer["model"]["skill"], json!({"churn": true, "reactivation": false, "intent": null}));
}

#[tokio::test]
async fn contributions_and_intercept_sum_to_the_log_odds() {
    let mut body = ask(&by_events(0..20));
    assert!(fixture::bundle().churn.inputs.attributes.len() + FEATURES.len() <= MAX_EXPLAIN as usize);
    body["explain"] = json!(MAX_EXPLAIN);
    for score in score(&state(), &body).await.json()["scores"].as_array().unwrap() {
        let parts: Vec<f64> = score["reasons"].as_array().unwrap().iter().map(|reason| reason["contribution"].as_f64().unwrap()).collect();
        let sum = score["intercept"].as_f64().unwrap() + parts.iter().sum::<f64>();
        assert!((sum - score["log_odds"].as_f64().unwrap()).abs() < 1e-9, "{score}");
        assert!(parts.windows(2).all(|pair| pair[0].abs() >= pair[1].abs()), "{parts:?}");
    }
}

#[tokio::test]
async fn explain_says_how_many_reasons_and_changes_no_other_number() {
    let ask_for = |explain: u32| {
        let mut body = ask(&by_events(0..3));
        body["explain"] = json!(explain);
        body
    };
    let state = state();
    let mut none = score(&state, &ask_for(0)).await.json();
    let mut three = score(&state, &ask_for(3)).await.json();
    for place in 0..3 {
        assert_eq!(none["scores"][place]["reasons"].take(), json!([]));
        let reasons = three["scores"][place]["reasons"].take().as_array().unwrap().len();
        let basis = &three["scores"][place]["probability_basis"];
        assert_eq!(reasons, if basis == "logistic" { 3 } else { 1 });
    }
    assert_eq!(none, three);
}

#[tokio::test]
async fn features_give_the_same_probabilities_as_their_events_to_the_bit() {
    let state = state();
    let attributes = json!({"region": "north", "signed_up": "2021-05-01", "points": 3});
    let (mut by_events, mut by_features) = (by_events(0..30), Vec::new());
    for (customer, request) in by_events.iter_mut().enumerate() {
        request["attributes"] = attributes.clone();
        by_features.push(json!({"customer_id": customer, "features": features(customer), "attributes": attributes}));
    }
    let one = score(&state, &ask(&by_events)).await.json();
    let two = score(&state, &ask(&by_features)).await.json();
    for place in 0..30 {
        for member in [
            "population",
            "churn_probability",
            "churn_interval",
            "reactivation_probability",
            "reactivation_interval",
            "intent",
            "intent_interval",
            "expected_purchases_365d",
            "clv_365d",
            "log_odds",
            "reasons",
        ] {
            assert_eq!(one["scores"][place][member], two["scores"][place][member], "{member} of {place}");
        }
    }
}

/// The features of a fixture customer by name, missing ones null.
pub(super) fn features(customer: usize) -> Map<String, Value> {
    let calendar = Calendar::utc();
    let mut history = HistoryBuilder::new();
    for row in fixture::rows().iter().filter(|row| row.customer == customer) {
        let event = RawEvent::new(calendar.parse(&row.ts).unwrap(), Kind::Purchase, Some(row.amount));
        history.push(RawEvent { channel: Token::of(row.channel), ..event });
    }
    let history = history.build(&calendar, Duplicates::Drop);
    let bundle = fixture::bundle();
    let cutoff = calendar.cutoff(calendar.parse(fixture::AS_OF).unwrap());
    let mut kernel = Kernel::new(bundle.shape.clone());
    let snapshot = Snapshot::take(&mut kernel, &history, cutoff, bundle.fact_settings(), Attributes::new()).unwrap();
    let values = FEATURES.iter().zip(snapshot.features.as_slice());
    values.map(|(feature, value)| (feature.name.to_owned(), json!(value))).collect()
}

#[tokio::test]
async fn every_sign_is_told_with_its_value_and_what_is_normal() {
    let customers = [json!({"customer_id": 1, "events": events_of(1)}), json!({"customer_id": 2, "features": features(2)})];
    let answer = score(&state(), &ask(&customers)).await.json();
    let [by_events, by_features] = [0, 1].map(|place| &answer["scores"][place]);
    let signs = by_events["signs"].as_array().unwrap();
    let codes: Vec<&str> = signs.iter().map(|sign| sign["code"].as_str().unwrap()).collect();
    assert_eq!(codes, Sign::ALL.iter().map(|sign| sign.name()).collect::<Vec<_>>());
    let overdue = &signs[0];
    let days = days_since_last_event(1).ceil();
    assert_eq!(overdue["value"].as_f64(), Some(days), "{overdue}");
    let late = days > 1.5 * overdue["normal"].as_f64().unwrap();
    assert_eq!(overdue["state"], if late { "raised" } else { "clear" }, "{overdue}");
    assert!(overdue["text"].as_str().unwrap().contains(" since the last purchase; usual is "), "{overdue}");
    assert_eq!(signs[8]["state"], "unknown", "the data holds no messages: {}", signs[8]);
    assert!(signs[8]["value"].is_null() && signs[8]["text"].as_str().unwrap().starts_with("not known without"), "{}", signs[8]);
    assert!(by_features["signs"].as_array().unwrap().iter().all(|sign| sign["state"] == "unknown"), "{by_features}");
    assert!(by_features["stage_entered_at"].is_null() && by_features["phase"].is_null(), "{by_features}");
    assert!(by_events["stage_entered_at"].as_str().unwrap().ends_with('Z') && by_events["phase"].is_string(), "{by_events}");
}

#[tokio::test]
async fn order_and_repetition_of_events_change_nothing() {
    let state = state();
    let one = score(&state, &ask(&by_events(1..2))).await.json();
    let mut events = events_of(1);
    events.reverse();
    events.push(events[0].clone());
    let two = score(&state, &ask(&[json!({"customer_id": 1, "events": events})])).await.json();
    assert_eq!(one, two);
}

#[tokio::test]
async fn attributes_count_and_those_that_no_model_knows_do_not() {
    let state = state();
    let with = |attributes: Value| ask(&[json!({"customer_id": 1, "events": events_of(1), "attributes": attributes})]);
    let plain = score(&state, &ask(&by_events(1..2))).await.json();
    assert_eq!(score(&state, &with(json!({"shoe_size": [42], "points": null, "region": " "}))).await.json(), plain);
    let known = score(&state, &with(json!({"points": 16, "region": "south", "signed_up": "2021-01-01"}))).await.json();
    assert_ne!(known["scores"][0]["log_odds"], plain["scores"][0]["log_odds"]);
}

#[tokio::test]
async fn the_cutoff_may_be_a_date_or_an_instant_in_any_zone() {
    let state = state();
    let mut answers = Vec::new();
    for as_of in ["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00"] {
        let mut body = ask(&by_events(0..2));
        body["as_of"] = json!(as_of);
        answers.push(score(&state, &body).await.json());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn a_prospect_by_features_is_told_or_derived() {
    let customers = [
        json!({"customer_id": 1, "features": {"purchases_count": 0}}),
        json!({"customer_id": 3, "features": {"days_since_last_purchase": null, "purchases_count": null}, "population": "prospect"}),
    ];
    for score in score(&state(), &ask(&customers)).await.json()["scores"].as_array().unwrap() {
        assert_eq!(score["population"], "prospect", "{score}");
        assert!(score["churn_probability"].is_null() && score["reasons"] == json!([]), "{score}");
    }
}
