//! What callers tell of alerts: bodies that are not what they must be, and what follows from those that are.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value as Json, json};

use super::desk::{AT, SINCE, Service, code};
use super::{get, send};

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

#[tokio::test]
async fn the_log_tells_when_a_thing_took_place_and_when_it_was_told() {
    let service = Service::new();
    service.publish("one", &[("a", 0.9)]);
    let id = service.alert().await;
    let bought = json!({ "events": [{ "kind": "purchase", "ts": SINCE }] }).to_string();
    assert_eq!(service.post(&format!("/v1/alerts/{id}/events"), &bought, None).await.status, 200);
    let detail = get(&service.state, &format!("/v1/alerts/{id}")).await.json();
    let (opened, recovered) = (&detail["log"][0], &detail["log"][1]);
    assert_eq!((&opened["at"], &opened["recorded_at"]), (&json!(AT.to_string()), &json!(AT.to_string())));
    assert_eq!((&recovered["deed"], &recovered["at"]), (&json!("recovered"), &json!(SINCE)));
    assert!(recovered["recorded_at"].as_str().unwrap() > SINCE, "{recovered}");
}

#[tokio::test]
async fn whoever_contacts_a_customer_who_is_held_out_is_told_what_that_spoils() {
    let service = Service::new();
    service.publish("one", &[("held", 0.9), ("other", 0.85), ("free", 0.84)]);
    let listed = async |side: &str| {
        let page = get(&service.state, &format!("/v1/alerts?held_out={side}")).await.json();
        let named = |alert: &Json| (alert["customer_id"].as_str().unwrap().to_owned(), alert["alert_id"].as_str().unwrap().to_owned());
        page["alerts"].as_array().unwrap().iter().map(named).collect::<Vec<_>>()
    };
    let (held, other) = (listed("true").await, listed("false").await);
    assert_eq!((held.len(), &*held[0].0, other.len(), &*other[0].0, &*other[1].0), (1, "held", 2, "other", "free"));
    let customers = get(&service.state, "/v1/customers?held_out=true&stage=slipping").await.json();
    assert_eq!((customers["customers"].as_array().unwrap().len(), &customers["customers"][0]["customer_id"]), (1, &json!("held")));
    let contacted = |id: &str| format!("/v1/alerts/{id}/contacted");
    let fine = service.post(&contacted(&other[0].1), "", None).await.json();
    assert!(fine.get("warning").is_none() && fine["changed"] == true, "{fine}");
    let spoilt = service.post(&contacted(&held[0].1), "{}", Some("key")).await;
    assert!(spoilt.status == 200 && spoilt.json()["warning"].as_str().unwrap().contains("spoils the proof"), "{}", spoilt.text);
    assert_eq!(spoilt.json()["alert"]["state"], "contacted");
    assert_eq!(service.post(&contacted(&held[0].1), "{}", Some("key")).await.text, spoilt.text, "a retry is warned too");
    let bought = json!({ "events": [{ "kind": "purchase", "ts": SINCE }] }).to_string();
    let bought = service.post(&format!("/v1/alerts/{}/events", held[0].1), &bought, None).await.json();
    assert!(bought.get("warning").is_none(), "who buys spoils nothing: {bought}");
}

#[tokio::test]
async fn alerts_come_as_csv_too() {
    let service = Service::new();
    service.publish("one", &[("a", 0.9), ("=b", 0.85), ("champion", 0.95)]);
    let ask = async |path: &str| {
        let request = Request::get(path).header(header::ACCEPT, "text/csv, application/json;q=0.5").body(Body::empty()).unwrap();
        send(&service.state, request).await
    };
    let page = ask("/v1/alerts?limit=2").await;
    assert_eq!(page.header("content-type"), "text/csv; charset=utf-8");
    let head: Vec<&str> = page.text.lines().next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = page.text.lines().map(|line| line.split(',').collect()).collect();
    assert!(rows.len() == 3 && rows.iter().all(|row| row.len() == head.len()), "{}", page.text);
    let cell = |row: usize, name: &str| rows[row][head.iter().position(|column| *column == name).unwrap()];
    assert_eq!((cell(1, "customer_id"), cell(1, "state"), cell(1, "at_stake")), ("champion", "open", "47.5"));
    // The shipped playbook has two days for it, and nothing for whoever has no action.
    let (act_by, alerts) = (AT.plus_days(2).to_string(), get(&service.state, "/v1/alerts").await.json()["alerts"].clone());
    assert_eq!((cell(1, "within_hours"), cell(1, "act_by"), cell(2, "act_by")), ("48", &*act_by, ""));
    assert_eq!((&alerts[0]["act_by"], &alerts[1]["act_by"], alerts[0]["due_at"].is_string()), (&json!(act_by), &Json::Null, true));
    assert_eq!((cell(1, "warnings"), cell(1, "held_out"), cell(1, "reasons")), ("turned_red", "false", "\"'=1+1\""));
    let next = ask(&format!("/v1/alerts?limit=2&cursor={}", page.header("lapwing-next-cursor"))).await;
    assert!(
        next.text.lines().count() == 2 && next.text.contains("\"'=b\"") && next.header("lapwing-next-cursor").is_empty(),
        "{}",
        next.text
    );
}

#[tokio::test]
async fn no_body_is_no_body_whatever_its_type_is_said_to_be() {
    let service = Service::new();
    service.publish("one", &[("a", 0.9)]);
    let contacted = format!("/v1/alerts/{}/contacted", service.alert().await);
    let ask = async |kind: &str, body: Body| {
        let request = Request::post(&contacted).header(header::CONTENT_TYPE, kind).header("idempotency-key", "k").body(body).unwrap();
        send(&service.state, request).await
    };
    let first = service.post(&contacted, "", Some("k")).await;
    assert_eq!((first.status.as_u16(), &first.json()["changed"]), (200, &json!(true)));
    let chunks = Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(""), Ok("")]));
    for body in [Body::empty(), Body::from(""), chunks] {
        assert_eq!(ask("application/json", body).await.text, first.text);
    }
    assert_eq!(ask("application/json", Body::from(" ")).await.status, 400);
    assert_eq!(ask("text/plain", Body::empty()).await.status, 415);
}

#[tokio::test]
async fn dates_are_midnight_in_utc() {
    let service = Service::new();
    service.publish("one", &[("a", 0.9)]);
    let id = service.alert().await;
    let bought = json!({ "events": [{ "kind": "purchase", "ts": "2020-06-01" }] }).to_string();
    assert_eq!(service.post(&format!("/v1/alerts/{id}/events"), &bought, None).await.status, 200);
    let detail = get(&service.state, &format!("/v1/alerts/{id}")).await.json();
    assert_eq!(detail["log"][1]["at"], json!("2020-06-01T00:00:00Z"));
}
