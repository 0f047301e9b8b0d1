//! What batch scoring wrote, HTTP says, to the bit.

use std::path::{Path, PathBuf};

use lapwing_features::engine::{CustomersConfig, EventsConfig, Resources, read_parquet};
use lapwing_features::{Calendar, Column, Timestamp, Values};
use lapwing_models::lifecycle::{AlertSettings, Sign};
use serde_json::{Value, json};

use super::{ask, events_of, fixture, score, state};
use crate::http::{Desk, Limits, Served, Setup, State};
use crate::store::{Store, StoreUrl};
use crate::{commands, settings};

/// A batch of the fixture's events: the file of its scores.
async fn batch(folder: &Path) -> PathBuf {
    let path = |name: &str| folder.join(name);
    fixture::bundle().save(&path("bundle")).unwrap();
    std::fs::write(path("events.csv"), fixture::csv()).unwrap();
    // The requests bring no attributes, and so does a table of strangers.
    std::fs::write(path("customers.csv"), fixture::customers_csv(fixture::CUSTOMERS..fixture::CUSTOMERS + 1)).unwrap();
    let settings = settings::Score {
        source: settings::Source::Bundle(path("bundle")),
        events: vec![path("events.csv").display().to_string()],
        reading: EventsConfig::default(),
        customers: Some((path("customers.csv").display().to_string(), CustomersConfig::default())),
        as_of: fixture::AS_OF.to_owned(),
        fit_keys: settings::FitKeys::default(),
        out: path("scores.parquet"),
        advice: settings::Advice::default(),
        resources: Resources::default(),
        json: false,
    };
    tokio::task::spawn_blocking(move || commands::score::run(&settings)).await.unwrap().unwrap();
    path("scores.parquet")
}

#[tokio::test]
async fn http_gives_the_numbers_of_the_batch_file() {
    let folder = tempfile::tempdir().unwrap();
    let out = batch(folder.path()).await;
    let customers: Vec<Value> =
        (0..240).map(|customer| json!({"customer_id": customer.to_string(), "events": events_of(customer)})).collect();
    assert_as_in_the_file(&out, &score(&state(), &ask(&customers)).await.json());
}

#[tokio::test]
async fn http_gives_them_by_the_id_alone_once_they_are_published_with_histories() {
    let folder = tempfile::tempdir().unwrap();
    let out = batch(folder.path()).await;
    let url = StoreUrl::Sqlite(folder.path().join("lapwing.db"));
    let publish = |histories: bool, until: &str| {
        let told = settings::ToldBy {
            paths: vec![folder.path().join("events.csv").display().to_string()],
            reading: EventsConfig::default(),
            calendar: Calendar::utc(),
            resources: Resources::default(),
        };
        let settings = settings::Publish {
            scores: out.clone(),
            events: Some(told),
            histories: histories.then(|| settings::Source::Bundle(folder.path().join("bundle"))),
            place: settings::StorePlace { url: url.clone(), key: None, alerts: AlertSettings::default() },
            run_id: None,
            keep: 8,
            personal: Vec::new(),
            at: Calendar::utc().parse(until).ok(),
            json: false,
        };
        tokio::task::spawn_blocking(move || commands::publish::run(&settings))
    };
    let desk = Desk::new(Store::open(&url).unwrap(), None, AlertSettings::default());
    let setup = Setup { desk: Some(desk), ..Setup::default() };
    let state = State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup);
    let customers: Vec<Value> = (0..240).map(|customer| json!({"customer_id": customer})).collect();
    let asked = async || score(&state, &ask(&customers)).await.json();

    publish(false, "2024-02-01").await.unwrap().unwrap();
    assert_eq!(asked().await["scores"][7]["error"]["code"], "nothing_given");
    publish(true, "2024-02-02").await.unwrap().unwrap();
    // Another run than the one without; the same twice is one.
    publish(true, "2024-02-03").await.unwrap().unwrap();
    let answer = asked().await;
    assert_as_in_the_file(&out, &answer);
    let scores = answer["scores"].as_array().unwrap();
    // Whatever the clock says, histories end with the last event before it.
    let last = fixture::rows().iter().map(|row| row.ts.clone()).filter(|ts| &**ts < "2024-02-02").max().unwrap();
    assert!(scores.iter().all(|entry| entry["history_until"] == last) && !last.starts_with("2024-02-02"), "{answer}");
    let ignored = |entry: &Value| entry["ignored_events"].as_u64();
    assert!(scores.len() == 240 && scores.iter().filter_map(ignored).all(|ignored| ignored == 0));
    // What lies behind the clock is not kept, and what the batch did not see is told.
    let later: u64 = {
        let answer = score(&state, &json!({"as_of": "2023-06-01", "customers": customers})).await.json();
        answer["scores"].as_array().unwrap().iter().filter_map(ignored).sum()
    };
    assert!(later > 100, "{later}");
}

/// Fails unless each entry of an answer says what its row of the file says.
fn assert_as_in_the_file(out: &Path, answer: &Value) {
    let names = [
        "customer_id",
        "population",
        "stage",
        "phase",
        "previous_stage",
        "segment",
        "risk_band",
        "churn_probability",
        "reactivation_probability",
        "health",
        "intent",
        "expected_purchases_365d",
        "clv_365d",
    ];
    let columns = read_parquet(out, &names).unwrap();
    let flags: Vec<String> = Sign::ALL.iter().map(|sign| format!("sign_{}", sign.name())).collect();
    let flags = read_parquet(out, &flags.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let entered = read_parquet(out, &["stage_entered_at"]).unwrap();
    let reasons = read_parquet(out, &["reason_1", "reason_2", "reason_3"]).unwrap();
    for entry in answer["scores"].as_array().unwrap() {
        let row = position(&columns[0], entry["customer_id"].as_str().unwrap());
        for column in &columns {
            match &column.values {
                Values::Text(texts) => assert_eq!(entry[&column.name].as_str(), texts[row].as_deref(), "{entry}"),
                Values::Number(numbers) => {
                    assert_eq!(entry[&column.name].as_f64().map(f64::to_bits), numbers[row].map(f64::to_bits), "{entry}");
                }
                other => panic!("{} is {other:?}", column.name),
            }
        }
        let Values::Instant(instants) = &entered[0].values else { panic!("it is an instant") };
        let entered_at = instants[row].map(|at| Timestamp(at).to_string());
        assert!(entered_at.is_some() && entry["stage_entered_at"].as_str() == entered_at.as_deref(), "{entry}");
        assert_same_signs(&entry["signs"], &flags, row);
        for (place, column) in reasons.iter().enumerate() {
            let Values::Text(texts) = &column.values else { panic!("reasons are text") };
            assert_eq!(entry["why"][place].as_str(), texts[row].as_deref(), "{entry}");
        }
    }
}

/// Holds the signs of an answer against the columns of the file.
fn assert_same_signs(signs: &Value, flags: &[Column], row: usize) {
    for (sign, column) in signs.as_array().unwrap().iter().zip(flags) {
        let Values::Flag(raised) = &column.values else { panic!("signs are true, false or null") };
        let state = match raised[row] {
            None => "unknown",
            Some(true) => "raised",
            Some(false) => "clear",
        };
        assert_eq!((sign["state"].as_str(), format!("sign_{}", sign["code"].as_str().unwrap())), (Some(state), column.name.clone()));
    }
}

fn position(ids: &Column, id: &str) -> usize {
    let Values::Text(ids) = &ids.values else { panic!("ids are text") };
    ids.iter().position(|other| other.as_deref() == Some(id)).unwrap()
}
