//! The short way and the careful way say the same, and the short one is taken by what most callers send.

use std::time::Duration;

use serde_json::{Value, json};

use lapwing_models::holdout::HoldOutKey;
use lapwing_models::playbook::Advice;

use super::{ask, events_of, fixture, good, score};
use crate::http::admission::Watch;
use crate::http::body;
use crate::http::kept::Kept;
use crate::http::lineup::{Lineup, Served};
use crate::http::scoring::carefully;
use crate::http::state::Notes;
use crate::http::swift;

const HOUR: Duration = Duration::from_hours(1);

fn lineup() -> Lineup {
    Lineup::from(Served::new(fixture::bundle(), None).unwrap())
}

/// What the service has beside its models: the shipped playbook, and a key to hold customers out by.
fn advice() -> Advice {
    Advice { key: HoldOutKey::new(&[7; 32]).ok(), ..Advice::default() }
}

/// What the short way answers, if it does, once it is the same as what the careful one answers.
fn short(lineup: &Lineup, body: &str) -> Option<Value> {
    let (watch, advice) = (Watch::of(HOUR), advice());
    let notes = Notes { advice: Some(advice.into()), ..Notes::default() };
    let swift = swift::score(lineup, notes.clone(), body.as_bytes(), &watch)?.finish().unwrap().0;
    let careful = carefully(lineup, notes, &body::read(body.as_bytes()).unwrap(), &Kept::Nothing, &watch).unwrap().finish().unwrap().0;
    assert_eq!(String::from_utf8_lossy(&swift), String::from_utf8_lossy(&careful), "{body}");
    Some(serde_json::from_slice(&swift).unwrap())
}

#[test]
fn what_most_callers_send_goes_the_short_way_and_is_scored_alike() {
    let lineup = lineup();
    let mut many = Vec::new();
    for customer in 0..fixture::CUSTOMERS {
        let events = events_of(customer);
        let attributes = json!({"region": "north", "points": 3, "signed_up": "2021-01-01", "unknown": [1]});
        let one = json!({"customer_id": customer, "attributes": attributes, "events": events});
        if !events.is_empty() {
            many.push(one);
        }
    }
    let answer = short(&lineup, &ask(&many).to_string()).expect("the short way is taken");
    let scores = answer["scores"].as_array().unwrap();
    assert_eq!(scores.len(), many.len());
    let held_out = |side: bool| scores.iter().filter(move |score| score["actions"][0]["held_out"] == side).count();
    assert!(held_out(true) > 5 && held_out(false) > 5 * held_out(true), "{} {}", held_out(true), held_out(false));
    let full = json!({"customer_id": "a", "events": [{
        "ts": "2023-11-01", "known_at": "2023-11-02T00:00:00+02:00", "kind": "purchase", "amount": 20, "quantity": 1.5, "order_id": 7,
        "line_id": "x", "channel": "web", "category": null, "more": {"ignored": [1, "x"]}}, {"ts": "2024-01-01", "amount": "late"}]});
    let features =
        json!({"customer_id": "b", "population": "current", "features": {"days_since_last_purchase": 3, "purchases_count": null}});
    for customer in [full, features, good()] {
        assert!(short(&lineup, &ask(std::slice::from_ref(&customer)).to_string()).is_some(), "{customer}");
    }
    let explained =
        r#"{"as_of":"2024-01-01","explain":2,"customers":[{"events":[{"ts":"2023-11-01","amount":1}],"customer_id":"caf\u00e9"}]}"#;
    let answer = short(&lineup, explained).expect("the short way is taken");
    assert_eq!((&answer["scores"][0]["customer_id"], answer["scores"][0]["reasons"].as_array().unwrap().len()), (&json!("café"), 2));
}

#[tokio::test]
async fn whatever_is_odd_goes_the_careful_way() {
    let lineup = lineup();
    let good = good();
    let odd = [
        json!({"as_of": "2024-01-01", "customers": [good], "explain": 2}),
        json!({"as_of": "2024-01-01", "explain": null, "customers": [good]}),
        ask(&[json!({"customer_id": "a"}), good.clone()]),
        ask(&[json!({"customer_id": "a", "events": []}), good.clone()]),
        ask(&[json!({"customer_id": "a", "events": null, "features": {"purchases_count": 0}})]),
        ask(&[json!({"customer_id": "x".repeat(1_025), "events": good["events"]})]),
        ask(&[json!({"customer_id": "a", "events": [{"ts": "2023-11-01", "channel": "x".repeat(1_025)}]})]),
    ];
    let state = super::state();
    for body in odd {
        let short = swift::score(&lineup, Notes::default(), body.to_string().as_bytes(), &Watch::of(HOUR));
        // Members are written here in the order of their names, so that `explain` comes after what it is needed for.
        assert!(short.is_none(), "{body}");
        assert_eq!(score(&state, &body).await.status, 200, "{body}");
    }
    let long = score(&state, &ask(&[json!({"customer_id": "a", "events": [{"ts": "2023-11-01", "channel": "x".repeat(1_025)}]})])).await;
    assert_eq!(long.json()["scores"][0]["error"]["code"], "text_too_long");
    assert_eq!(long.json()["scores"][0]["error"]["pointer"], "/customers/0/events/0/channel");
}
