//! What is wrong with one customer is said in its own entry, and the others are scored.

use lapwing_features::{Calendar, Kind};
use serde_json::{Value, json};

use super::{Limits, State, ask, good, score, state};

/// Scores `customer` between two good ones and gives its entry.
async fn entry(customer: Value) -> Value {
    let answer = score(&state(), &ask(&[good(), customer, good()])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut scores = answer.json()["scores"].take();
    assert_eq!(scores[0], scores[2]);
    assert!(scores[0]["churn_probability"].is_number(), "{scores}");
    scores[1].take()
}

#[tokio::test]
async fn each_rule_has_its_code_and_points_at_the_field() {
    let past = |name: &str, value: Value| {
        let mut event = json!({"ts": "2023-11-01", "kind": "purchase"});
        event[name] = value;
        json!({"customer_id": "x", "events": [{"ts": "2023-10-01", "amount": 1}, event]})
    };
    let features = |features: Value| json!({"customer_id": "x", "features": features});
    let attribute =
        |name: &str, value: Value| json!({"customer_id": "x", "events": [{"ts": "2023-10-01", "amount": 1}], "attributes": {name: value}});
    let cases = [
        (json!({"customer_id": " ", "events": [{"ts": "2023-10-01"}]}), "empty_id", "/customer_id"),
        (past("ts", json!(null)), "missing_time", "/events/1/ts"),
        (past("ts", json!("soon")), "unreadable_time", "/events/1/ts"),
        (past("ts", json!("")), "unreadable_time", "/events/1/ts"),
        (past("ts", json!(1_698_796_800)), "wrong_type", "/events/1/ts"),
        (past("ts", json!("1066-10-14")), "implausible_time", "/events/1/ts"),
        (past("known_at", json!("soon")), "unreadable_time", "/events/1/known_at"),
        (past("kind", json!(1)), "wrong_type", "/events/1/kind"),
        (past("amount", json!(-1.1e12)), "number_out_of_range", "/events/1/amount"),
        (past("amount", json!("9.99")), "wrong_type", "/events/1/amount"),
        (past("quantity", json!(1e300)), "number_out_of_range", "/events/1/quantity"),
        (past("order_id", json!(1.5)), "wrong_type", "/events/1/order_id"),
        (past("line_id", json!([])), "wrong_type", "/events/1/line_id"),
        (past("channel", json!({})), "wrong_type", "/events/1/channel"),
        (past("category", json!(true)), "wrong_type", "/events/1/category"),
        (json!({"customer_id": "x", "events": []}), "nothing_known", "/events"),
        (json!({"customer_id": "x", "events": [{"ts": "2024-01-01"}, {"ts": "2030-01-01"}]}), "nothing_known", "/events"),
        (features(json!({"shoe_size": 1})), "unknown_feature", "/features/shoe_size"),
        (features(json!({"purchases_count": "many"})), "wrong_type", "/features/purchases_count"),
        (features(json!({"shoe size": 1})), "unknown_feature", "/features"),
        (features(json!({"purchases_count": 3})), "population_unclear", "/features"),
        (features(json!({})), "population_unclear", "/features"),
        (features(json!({"purchases_count": null, "days_since_last_purchase": null})), "population_unclear", "/features"),
        (
            json!({"customer_id": "x", "population": "current", "features": {"days_since_last_purchase": 91}}),
            "population_contradicts",
            "/population",
        ),
        (json!({"customer_id": "x", "population": "current", "features": {"purchases_count": 0}}), "population_contradicts", "/population"),
        (
            json!({"customer_id": "x", "population": "prospect", "features": {"purchases_count": 3}}),
            "population_contradicts",
            "/population",
        ),
        (attribute("points", json!("many")), "wrong_type", "/attributes/points"),
        (attribute("region", json!(7)), "wrong_type", "/attributes/region"),
        (attribute("signed_up", json!("long ago")), "unreadable_time", "/attributes/signed_up"),
    ];
    for (customer, code, pointer) in cases {
        let entry = entry(customer.clone()).await;
        assert_eq!(entry["error"]["code"], code, "{customer} {entry}");
        assert_eq!(entry["error"]["pointer"], format!("/customers/1{pointer}"), "{entry}");
        assert!(entry.get("churn_probability").is_none(), "{entry}");
        assert_eq!(entry["customer_id"], customer["customer_id"], "{entry}");
    }
}

#[tokio::test]
async fn a_customer_of_the_wrong_shape_is_told_in_its_own_entry() {
    let with = |member: &str, value: Value| {
        let mut customer = good();
        customer[member] = value;
        customer
    };
    let features = |population: Value| json!({"customer_id": "good", "features": {"purchases_count": 0}, "population": population});
    let cases = [
        (json!(7), "wrong_type", "", None),
        (json!([]), "wrong_type", "", None),
        (json!(null), "wrong_type", "", None),
        (json!({"events": []}), "missing_id", "/customer_id", None),
        (with("customer_id", json!(null)), "missing_id", "/customer_id", None),
        (with("customer_id", json!(1.5)), "wrong_type", "/customer_id", None),
        (with("customer_id", json!([])), "wrong_type", "/customer_id", None),
        (json!({"customer_id": "good"}), "nothing_given", "", Some("good")),
        (with("events", json!(null)), "nothing_given", "", Some("good")),
        (with("features", json!({})), "both_given", "", Some("good")),
        (with("events", json!("none")), "wrong_type", "/events", Some("good")),
        (with("events", json!({})), "wrong_type", "/events", Some("good")),
        (with("events", json!([null])), "wrong_type", "/events/0", Some("good")),
        (with("events", json!([{"ts": "2023-10-01"}, []])), "wrong_type", "/events/1", Some("good")),
        (json!({"customer_id": "good", "features": []}), "wrong_type", "/features", Some("good")),
        (with("attributes", json!([])), "wrong_type", "/attributes", Some("good")),
        (with("population", json!("current")), "population_without_features", "/population", Some("good")),
        (features(json!("royal")), "unknown_population", "/population", Some("good")),
        (features(json!(1)), "wrong_type", "/population", Some("good")),
        (features(json!({"current": null})), "wrong_type", "/population", Some("good")),
        (with("shoes", json!(1)), "unknown_member", "/shoes", Some("good")),
        (with("a/b c", json!(1)), "unknown_member", "", Some("good")),
    ];
    for (customer, code, pointer, id) in cases {
        let entry = entry(customer.clone()).await;
        assert_eq!(entry["error"]["code"], code, "{customer} {entry}");
        assert_eq!(entry["error"]["pointer"], format!("/customers/1{pointer}"), "{entry}");
        assert_eq!((entry["customer_id"].as_str(), entry.get("customer_id").is_some()), (id, true), "{entry}");
    }
    let answer = score(&state(), &ask(&[json!(7), json!({})])).await;
    assert_eq!((answer.status.as_u16(), answer.json()["scores"].as_array().map(Vec::len)), (200, Some(2)));
}

#[tokio::test]
async fn a_name_that_stands_there_twice_is_refused() {
    for (member, code, detail) in [
        (r#""features": {"purchases_count": 1, "purchases_count": 1}"#, "repeated_feature", "`purchases_count` is given twice"),
        (r#""events": [{"ts": "2023-10-01"}], "attributes": {"points": 1, "points": 1}"#, "repeated_attribute", "`points` is given twice"),
        (r#""events": [], "events": []"#, "repeated_member", "`events` is given twice"),
        (r#""events": [{"ts": "2023-10-01", "ts": "2023-10-01"}]"#, "repeated_member", "an event must not have a member twice"),
        (
            r#""events": [{"ts": "2023-10-01", "amount": 1e999}]"#,
            "unreadable_member",
            "an event must hold text and numbers that fit a double",
        ),
        (r#""\ud800": 1"#, "wrong_type", "must have names that are text"),
    ] {
        let body = format!(r#"{{"as_of": "2024-01-01", "customers": [{{"customer_id": "x", {member}}}]}}"#);
        let answer = super::send(&state(), super::post(body)).await;
        let error = &answer.json()["scores"][0]["error"];
        assert_eq!((error["code"].as_str(), error["detail"].as_str()), (Some(code), Some(detail)), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_customer_has_at_most_a_hundred_thousand_events() {
    let events = |count: usize| {
        let events = vec![r#"{"ts":"2023-10-01"}"#; count].join(",");
        format!(r#"{{"as_of":"2024-01-01","customers":[{{"customer_id":1,"events":[{events}]}}]}}"#)
    };
    let state = state();
    let answer = super::send(&state, super::post(events(100_001))).await;
    assert_eq!(answer.json()["scores"][0]["error"]["code"], "too_many_events", "{}", answer.text);
    let answer = super::send(&state, super::post(events(100_000))).await;
    assert_eq!(answer.json()["scores"][0]["population"], "prospect", "{}", answer.text);
}

#[tokio::test]
async fn of_what_comes_after_the_cutoff_only_the_time_is_looked_at() {
    let plain = entry(json!({"customer_id": "good", "events": good()["events"]})).await;
    let mut customer = good();
    let events = customer["events"].as_array_mut().unwrap();
    events.push(json!({"ts": "2024-01-01T00:00:00Z", "kind": 7, "amount": "poison", "known_at": []}));
    events.push(json!({"ts": "2023-12-01", "known_at": "2024-01-02", "amount": 1e300}));
    events.extend(["2300-01-01", "9999-12-31", "9999-12-31T23:59:59Z"].map(|ts| json!({"ts": ts})));
    let entry = entry(customer).await;
    assert_eq!(entry["ignored_events"], 5);
    let mut same = entry.clone();
    same["ignored_events"] = json!(0);
    assert_eq!(same, plain);
}

#[tokio::test]
async fn unknown_kinds_count_as_other_and_unknown_members_not_at_all() {
    let events = json!([{"ts": "2023-10-01", "kind": "teleport", "amount": 5, "shoes": {"size": 42}}]);
    let entry = entry(json!({"customer_id": "x", "events": events})).await;
    assert_eq!((entry["population"].as_str(), entry["unknown_kinds"].as_u64()), (Some("prospect"), Some(1)));
    assert!(entry["churn_probability"].is_null() && entry["reactivation_probability"].is_null() && entry["risk_band"].is_null());
}

#[tokio::test]
async fn events_that_nothing_tells_the_kind_of_are_counted() {
    let (day, amount) = ("2023-10-01", 5);
    let events = json!([
        {"ts": day},
        {"ts": day, "kind": null, "channel": "web"},
        {"ts": day, "kind": " ", "channel": "store"},
        {"ts": day, "kind": "", "amount": amount},
        {"ts": day, "kind": "visit"},
    ]);
    let entry = entry(json!({"customer_id": "x", "events": events})).await;
    assert_eq!((entry["without_kind"].as_u64(), entry["unknown_kinds"].as_u64()), (Some(3), Some(0)), "{entry}");
    assert_ne!(entry["population"], "prospect", "the amount tells a purchase: {entry}");
}

#[tokio::test]
async fn a_blank_known_at_is_none() {
    let mut customer = good();
    customer["events"][0]["known_at"] = json!(" ");
    assert_eq!(entry(customer).await, entry(good()).await);
}

#[tokio::test]
async fn a_population_that_is_given_is_trusted_where_nothing_speaks_against_it() {
    let with = |population: &str, features: Value| json!({"customer_id": "x", "population": population, "features": features});
    for (population, features) in [
        ("current", json!({})),
        ("lapsed", json!({"purchases_count": 3})),
        ("prospect", json!({"tenure_days": 3})),
        ("current", json!({"days_since_last_purchase": 90})),
    ] {
        assert_eq!(entry(with(population, features.clone())).await["population"], population, "{features}");
    }
}

#[tokio::test]
async fn a_kind_that_is_not_given_is_told_by_the_amount() {
    let told = entry(json!({"customer_id": "x", "events": [{"ts": "2023-10-01", "amount": 5}, {"ts": "2023-10-05", "amount": -5}]})).await;
    let given = [json!({"ts": "2023-10-01", "kind": "purchase", "amount": 5}), json!({"ts": "2023-10-05", "kind": "return", "amount": -5})];
    assert_eq!(told, entry(json!({"customer_id": "x", "events": given})).await);
}

#[tokio::test]
async fn kinds_are_told_as_in_the_data_of_the_fit() {
    let mut bundle = crate::fixture::bundle();
    bundle.kinds.column = true;
    bundle.kinds.names = [("sale".to_owned(), Kind::Purchase), ("visit".to_owned(), Kind::Other)].into();
    let state = State::new(bundle, Limits::default()).unwrap();
    for (event, population, unknown, without) in [
        (json!({"kind": "sale"}), "current", 0, 0),
        (json!({"kind": "purchase"}), "current", 0, 0),
        (json!({"kind": "visit"}), "prospect", 0, 0),
        (json!({"kind": "Sale"}), "prospect", 1, 0),
        (json!({"amount": 5}), "prospect", 0, 1),
        (json!({"kind": null, "amount": -5}), "prospect", 0, 1),
    ] {
        let mut event = event;
        event["ts"] = "2023-12-01".into();
        let answer = score(&state, &ask(&[json!({"customer_id": "x", "events": [event]})])).await.json();
        let entry = &answer["scores"][0];
        assert_eq!(entry["population"], population, "{event}");
        assert_eq!((&entry["unknown_kinds"], &entry["without_kind"]), (&json!(unknown), &json!(without)), "{event}");
    }
}

#[tokio::test]
async fn before_the_data_had_amounts_an_event_needs_none_to_be_a_purchase() {
    let mut bundle = crate::fixture::bundle();
    bundle.kinds.amounts_since = Some(Calendar::utc().parse("2023-12-01").unwrap());
    let state = State::new(bundle, Limits::default()).unwrap();
    for (ts, population, without) in [("2023-11-30", "current", 0), ("2023-12-01", "prospect", 1)] {
        let answer = score(&state, &ask(&[json!({"customer_id": "x", "events": [{"ts": ts}]})])).await.json();
        let entry = &answer["scores"][0];
        assert_eq!((&entry["population"], &entry["without_kind"]), (&json!(population), &json!(without)), "{ts}");
    }
}

#[tokio::test]
async fn the_same_customer_twice_is_scored_twice_and_ids_come_back_as_text() {
    let customer = |id: Value| json!({"customer_id": id, "events": good()["events"]});
    let answer = score(&state(), &ask(&[customer(json!(12347)), customer(json!("12347")), customer(json!(12347.0))])).await;
    let scores = &answer.json()["scores"];
    assert_eq!(scores[0]["customer_id"], "12347");
    assert_eq!(scores[0], scores[1]);
    assert_eq!(scores[0], scores[2]);
}
