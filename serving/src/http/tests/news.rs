//! What callers tell of alerts: bodies that are not what they must be, and what follows from those that are.

use serde_json::{Value as Json, json};

use super::desk::{Service, code};
use super::get;

/// A pointer to each field that an answer names.
fn pointers(answer: &Json) -> Vec<&str> {
    answer["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_bad_field_has_its_pointer_and_nothing_is_repeated() {
    let service = Service::new();
    service.publish("one", &[("a", 0.9)]);
    let id = service.alert().await;
    let (contacted, events) = (format!("/v1/alerts/{id}/contacted"), format!("/v1/alerts/{id}/events"));
    let long = json!({ "actor": "secret".repeat(40), "reason": "secret".repeat(200) }).to_string();
    for (path, body, expected) in [
        (&contacted, r#""secret""#, vec![""]),
        (&contacted, r#"{"at": "secret", "actor": 7, "reason": ["secret"]}"#, vec!["/at", "/actor", "/reason"]),
        (&contacted, r#"{"at": 1577836800}"#, vec!["/at"]),
        (&contacted, r#"{"at": "2199-01-01"}"#, vec!["/at"]),
        (&contacted, r#"{"at": 1e999}"#, vec!["/at"]),
        (&contacted, r#"{"actor": "secret", "actor": "secret"}"#, vec!["/actor"]),
        (&contacted, r#"{"phone": "secret", "se cret": 1}"#, vec!["/phone", ""]),
        (&contacted, &long, vec!["/actor", "/reason"]),
        (&events, "{}", vec!["/events"]),
        (&events, r#"{"events": {"kind": "purchase"}}"#, vec!["/events"]),
        (
            &events,
            r#"{"actor": 1, "events": [null, {"kind": "secret", "ts": "2020-06-01"}, {"reason": 7}, {"kind": "purchase", "ts": "2020-06-01", "ts": "2020-06-01"}]}"#,
            vec!["/events/0", "/events/1/kind", "/events/2/kind", "/events/2/ts", "/events/2/reason", "/events/3/ts", "/actor"],
        ),
    ] {
        let answer = service.post(path, body, None).await;
        assert_eq!(code(&answer), (422, "wrong_shape".to_owned()), "{body}");
        assert_eq!(pointers(&answer.json()), expected, "{body}");
        assert!(!answer.text.contains("secret"), "{}", answer.text);
    }
    let deep = format!(r#"{{"reason": {}{}}}"#, "[".repeat(64), "]".repeat(64));
    for (body, expected) in [("{", (400, "not_json")), (&deep, (400, "too_deep")), (r#"{"\ud800": 1}"#, (400, "not_json"))] {
        assert_eq!(code(&service.post(&contacted, body, None).await), (expected.0, expected.1.to_owned()), "{body}");
    }
    assert_eq!(get(&service.state, &format!("/v1/alerts/{id}")).await.json()["state"], json!("open"), "nothing of it was taken");
}
