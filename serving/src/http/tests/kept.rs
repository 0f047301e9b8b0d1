//! Customers who are given by their ids alone, where a store keeps what they did.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use lapwing_features::{Calendar, Kind, RawEvent, Timestamp, Token, packed};
use lapwing_models::bundle::registry::Challenger;
use lapwing_models::lifecycle::AlertSettings;
use serde_json::{Value as Json, json};

use super::{Answer, ask, events_of, fixture, get, good, post, send};
use crate::http::{Contender, Desk, Limits, Lineup, Served, Setup, State};
use crate::store::tests::{Place, Row, SETTINGS, head, places};
use crate::store::{COLUMNS, Sealer, Store, Value, history_row};

/// What was known when histories were published: months after the cutoff of the fixture.
const UNTIL: &str = "2024-06-01T03:00:00Z";

fn at(text: &str) -> Timestamp {
    Calendar::utc().parse(text).unwrap()
}

/// A service with the store of a place.
fn service(place: &Place, sealer: Option<Sealer>, limits: Limits) -> Arc<State> {
    let desk = Desk::new(place.open(), sealer, AlertSettings::default());
    State::of(Served::new(fixture::bundle(), None).unwrap().into(), limits, Setup { desk: Some(desk), ..Setup::default() })
}

/// Publishes customers, each with its attributes and what it did.
fn publish(store: &Store, name: &str, customers: &[(String, Json, Vec<RawEvent>)], sealer: Option<&Sealer>) {
    let as_of = at(fixture::AS_OF);
    let mut loading = store.load(head(name, as_of), as_of).unwrap().unwrap();
    let place = COLUMNS.iter().position(|column| column.name == "attributes").unwrap();
    let cells = |(id, attributes, _): &(String, Json, Vec<RawEvent>)| {
        let mut cells = Row::new(id, 0.2).cells();
        cells[place] = if attributes.is_null() { Value::Null } else { attributes.to_string().into() };
        cells
    };
    loading.add(customers.iter().map(cells).collect()).unwrap();
    loading.keep_histories(at(UNTIL)).unwrap();
    let kept = |(id, _, events): &(String, Json, Vec<RawEvent>)| history_row(id, packed::pack(&mut events.clone()), sealer).unwrap();
    loading.add_histories(customers.iter().map(kept).collect()).unwrap();
    loading.publish(as_of, &SETTINGS, 3).unwrap();
}

/// The customers of the fixture.
fn customers() -> Vec<(String, Json, Vec<RawEvent>)> {
    let all = fixture::rows();
    let events = |customer: usize| {
        let rows = all.iter().filter(move |row| row.customer == customer);
        rows.map(|row| RawEvent { channel: Token::of(row.channel), ..RawEvent::new(at(&row.ts), Kind::Purchase, Some(row.amount)) })
    };
    (0..fixture::CUSTOMERS).map(|customer| (customer.to_string(), fixture::attributes_json(customer), events(customer).collect())).collect()
}

/// Answers a request, on a runtime that ends with it: a server's connections have one of their own.
fn answer(state: &Arc<State>, request: Request<Body>) -> Answer {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(send(state, request))
}

fn score(state: &Arc<State>, body: &Json) -> Answer {
    answer(state, post(body.to_string()))
}

fn error(entry: &Json) -> (&str, &str) {
    (entry["error"]["code"].as_str().unwrap_or_default(), entry["error"]["pointer"].as_str().unwrap_or_default())
}

#[test]
fn an_id_alone_is_scored_as_its_events_and_attributes_are() {
    for place in places() {
        let state = service(&place, None, Limits::default());
        publish(&place.open(), "one", &customers(), None);
        for as_of in [fixture::AS_OF, "2023-06-01"] {
            let sent = (0..fixture::CUSTOMERS).map(
                |customer| json!({"customer_id": customer, "events": events_of(customer), "attributes": fixture::attributes_json(customer)}),
            );
            let sent = score(&state, &json!({"as_of": as_of, "customers": sent.collect::<Vec<_>>()})).json();
            let alone: Vec<Json> = (0..fixture::CUSTOMERS).map(|customer| json!({"customer_id": customer})).collect();
            let found = score(&state, &json!({"as_of": as_of, "customers": alone})).json();
            let (mut populations, mut ignored) = (Vec::new(), 0);
            for (sent, found) in sent["scores"].as_array().unwrap().iter().zip(found["scores"].as_array().unwrap()) {
                if sent.get("error").is_some() {
                    // Whoever was not seen before the cutoff has no score either way.
                    assert_eq!((error(sent).0, error(found).0), ("nothing_known", "nothing_known"));
                    continue;
                }
                assert!(sent.get("history_until").is_none(), "{sent}");
                let mut same = found.clone();
                assert_eq!(same.as_object_mut().unwrap().remove("history_until"), Some(json!(UNTIL)));
                assert_eq!(same.to_string(), sent.to_string());
                populations.push(found["population"].clone());
                ignored += found["ignored_events"].as_u64().unwrap();
            }
            assert!(["current", "lapsed"].iter().all(|name| populations.contains(&json!(name))));
            assert!(ignored > 0 || as_of == fixture::AS_OF, "what came later is told");
        }
        let metrics = answer(&state, Request::get("/metrics").body(Body::empty()).unwrap()).text;
        assert!(metrics.contains("lapwing_queue_duration"), "{metrics}");
    }
}

#[test]
fn lines_of_orders_late_news_and_repeated_rows_are_read_as_they_were_sent() {
    for place in places() {
        let state = service(&place, None, Limits::default());
        let (mut json, mut raw) = (Vec::new(), Vec::new());
        for (day, order, line, category, known_at, amount) in [
            ("2023-09-01", "7", "x", "gift", None, 10.1),
            ("2023-09-01", "7", "y", "toys", None, 0.2),
            ("2023-09-01", "7", "y", "toys", None, 0.2),
            ("2023-09-01", "3", "", "", Some("2023-10-01"), 1.0 / 3.0),
            ("2023-11-01", "9", "x", "gift", Some("2024-02-01"), 50.0),
            ("2024-01-01", "10", "x", "gift", None, 60.0),
        ] {
            json.push(json!({"ts": day, "kind": "purchase", "amount": amount, "quantity": 2, "order_id": order, "line_id": line, "category": category, "known_at": known_at}));
            let name = |name: &str| Token::of_option((!name.is_empty()).then_some(name));
            let event = RawEvent::new(at(day), Kind::Purchase, Some(amount));
            let (order, line, category) = (name(order), name(line), name(category));
            raw.push(RawEvent { known_at: known_at.map(at), quantity: Some(2.0), order, line, category, ..event });
        }
        publish(&place.open(), "one", &[("a".to_owned(), Json::Null, raw)], None);
        let both = ask(&[json!({"customer_id": "a", "events": json}), json!({"customer_id": "a"})]);
        let entries = score(&state, &both).json()["scores"].clone();
        let mut found = entries[1].clone();
        found.as_object_mut().unwrap().remove("history_until").unwrap();
        assert_eq!((found.to_string(), &found["ignored_events"]), (entries[0].to_string(), &json!(2)));
    }
}

#[test]
fn who_is_not_known_is_told_in_its_entry_and_the_others_are_scored() {
    for place in places() {
        let state = service(&place, None, Limits::default());
        let alone = |id: &str| json!({"customer_id": id});
        let asked = ask(&[good(), alone("1"), alone("nobody"), json!({"customer_id": "1", "population": "current"})]);
        let nothing = score(&state, &asked).json()["scores"].clone();
        assert_eq!(error(&nothing[1]), ("nothing_given", "/customers/1"));
        assert!(nothing[1]["error"]["detail"].as_str().unwrap().contains("--keep-histories"), "{nothing}");
        publish(&place.open(), "one", &customers(), None);
        let told = score(&state, &asked).json()["scores"].clone();
        assert!(told[0].get("error").is_none() && told[1]["history_until"] == json!(UNTIL), "{told}");
        assert_eq!(error(&told[2]), ("unknown_customer", "/customers/2/customer_id"));
        assert_eq!(error(&told[3]), ("population_without_features", "/customers/3/population"));
        let early = json!({"as_of": "2000-01-01", "customers": [alone("1")]});
        assert_eq!(error(&score(&state, &early).json()["scores"][0]), ("nothing_known", "/customers/0/customer_id"));
        let metrics = answer(&state, Request::get("/metrics").body(Body::empty()).unwrap()).text;
        assert!(metrics.contains("rows_refused_total{reason=\"unknown_customer\"} 1"), "{metrics}");

        place.open().forget("1", at(UNTIL)).unwrap();
        assert_eq!(error(&score(&state, &asked).json()["scores"][1]), ("unknown_customer", "/customers/1/customer_id"));
        let lines = Request::post("/v1/score/stream?as_of=2024-01-01").header(header::CONTENT_TYPE, "application/x-ndjson");
        let line: Json = serde_json::from_str(&answer(&state, lines.body(Body::from(alone("2").to_string())).unwrap()).text).unwrap();
        assert!(error(&line).0 == "nothing_given" && line["error"]["detail"].as_str().unwrap().contains("`/v1/score`"), "{line}");
    }
}

#[test]
fn attributes_of_the_request_win_over_those_that_were_published() {
    let [place, ..] = &places()[..] else { return };
    let state = service(place, None, Limits::default());
    publish(&place.open(), "one", &customers(), None);
    let other = json!({"region": "south", "signed_up": "2022-03-01", "points": 16});
    let ask = |attributes: &Json| {
        let (mut sent, mut alone) = (json!({"customer_id": 4, "events": events_of(4)}), json!({"customer_id": 4}));
        for customer in [&mut sent, &mut alone] {
            customer["attributes"] = attributes.clone();
        }
        let entries = score(&state, &ask(&[sent, alone])).json()["scores"].clone();
        [0, 1].map(|place| entries[place]["log_odds"].clone())
    };
    let [sent, found] = ask(&other);
    assert!(sent.is_number() && sent == found, "{sent} {found}");
    assert_ne!(ask(&json!({}))[1], found, "attributes matter to this bundle");
}

#[test]
fn what_is_sealed_needs_the_key_and_what_is_much_needs_room() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "0f".repeat(32)).unwrap();
    let key = || Sealer::read(file.path()).unwrap();
    for place in places() {
        publish(&place.open(), "one", &customers(), Some(&key()));
        let body = ask(&[json!({"customer_id": "1"})]);
        let opened = score(&service(&place, Some(key()), Limits::default()), &body);
        assert_eq!((opened.status.as_u16(), &opened.json()["scores"][0]["history_until"]), (200, &json!(UNTIL)));
        let closed = score(&service(&place, None, Limits::default()), &body);
        assert_eq!((closed.status.as_u16(), closed.json()["type"].as_str().unwrap()), (503, "urn:lapwing:problem:store_failed"));
        let narrow = Limits { buffered_bytes: body.to_string().len() + 10, ..Limits::default() };
        let full = score(&service(&place, Some(key()), narrow), &body);
        assert_eq!((full.status.as_u16(), full.json()["type"].as_str().unwrap()), (503, "urn:lapwing:problem:store_busy"));
    }
}

#[test]
fn the_shadow_sees_what_is_kept_too() {
    for place in places() {
        let champion = Served::new(fixture::bundle(), None).unwrap();
        let other = Served::new(fixture::other_bundle(), None).unwrap();
        let terms = Challenger { version: other.version.clone(), share: 0.0, shadow: true };
        let desk = Some(Desk::new(place.open(), None, AlertSettings::default()));
        let lineup = Lineup { champion, challenger: Some(Contender::new(other, terms)) };
        let state = State::of(lineup, Limits::default(), Setup { desk, ..Setup::default() });
        publish(&place.open(), "one", &customers(), None);
        let asked = ask(&[json!({"customer_id": "1"}), json!({"customer_id": "nobody"}), json!({"customer_id": "4"})]);
        let report = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            assert_eq!(send(&state, post(asked.to_string())).await.status, 200);
            loop {
                let report = get(&state, "/v1/models/shadow").await.json();
                let compared: u64 = report["targets"].as_array().unwrap().iter().filter_map(|target| target["customers"].as_u64()).sum();
                if compared + report["not_scored"].as_u64().unwrap() == 2 {
                    break report;
                }
                tokio::task::yield_now().await;
            }
        });
        assert_eq!((&report["not_scored"], &report["skipped_requests"]), (&json!(0), &json!(0)));
    }
}
