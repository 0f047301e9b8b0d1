//! What to do for a customer, as callers are told it.

use std::sync::Arc;

use lapwing_models::holdout::HoldOutKey;
use lapwing_models::lifecycle::{RiskBand, Segment};
use lapwing_models::playbook::{Advice, Facts, Playbook};
use serde_json::{Value, json};

use super::{ask, events_of, fixture, score};
use crate::http::lineup::Served;
use crate::http::state::Setup;
use crate::http::{Limits, State};

fn state_of(advice: Advice) -> Arc<State> {
    let served = Served::new(fixture::bundle(), None).unwrap();
    State::of(served.into(), Limits::default(), Setup { advice, ..Setup::default() })
}

fn everybody() -> Vec<Value> {
    (0..fixture::CUSTOMERS).map(|customer| json!({"customer_id": customer, "events": events_of(customer)})).collect()
}

#[tokio::test]
async fn each_buyer_is_told_what_to_do_by_when() {
    let playbook = Playbook::shipped();
    let answer = score(&state_of(Advice::default()), &ask(&everybody())).await.json();
    let mut told = 0;
    for entry in answer["scores"].as_array().unwrap().iter().filter(|entry| entry["error"].is_null()) {
        let segment = Segment::ALL.iter().copied().find(|known| entry["segment"] == known.name());
        let risk_band = RiskBand::ALL.iter().copied().find(|known| entry["risk_band"] == known.name());
        let expected: Vec<Value> = playbook
            .actions_for(Facts { segment, risk_band, ..Facts::default() })
            .map(|action| {
                json!({"code": action.code, "campaign": action.campaign, "text": action.text, "channel": action.channel,
                       "within_hours": action.within_hours})
            })
            .collect();
        assert_eq!(entry["actions"], Value::Array(expected), "{entry}");
        told += entry["actions"].as_array().unwrap().len();
    }
    assert!(told > fixture::CUSTOMERS);
}

#[tokio::test]
async fn who_never_bought_or_is_given_by_features_gets_no_action() {
    let visit = json!({"customer_id": "a", "events": [{"ts": "2023-11-01", "kind": "visit"}]});
    let features = json!({"customer_id": "b", "population": "current", "features": {"days_since_last_purchase": 3}});
    let answer = score(&state_of(Advice::default()), &ask(&[visit, features])).await.json();
    assert_eq!([&answer["scores"][0]["actions"], &answer["scores"][1]["actions"]], [&json!([]), &json!([])]);
}

#[tokio::test]
async fn who_is_held_out_is_told_by_the_key_and_by_nothing_else() {
    let key = HoldOutKey::new(&[3; 32]).unwrap();
    let (first, again) = (Advice { key: Some(key.clone()), ..Advice::default() }, Advice { key: Some(key.clone()), ..Advice::default() });
    let answer = score(&state_of(first), &ask(&everybody())).await.json();
    assert_eq!(score(&state_of(again), &ask(&everybody())).await.json(), answer, "after a restart too");
    for entry in answer["scores"].as_array().unwrap().iter().filter(|entry| entry["error"].is_null()) {
        for action in entry["actions"].as_array().unwrap() {
            let side = key.is_held_out(action["campaign"].as_str().unwrap(), entry["customer_id"].as_str().unwrap(), 0.1);
            assert_eq!(action["held_out"], side, "{entry}");
        }
    }
}
