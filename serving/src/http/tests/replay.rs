//! What batch scoring wrote, HTTP says, to the bit.

use lapwing_features::engine::{Resources, read_parquet};
use lapwing_features::{Column, Timestamp, Values};
use lapwing_models::lifecycle::Sign;
use serde_json::{Value, json};

use super::{ask, events_of, fixture, score, state};
use crate::{commands, settings};

#[tokio::test]
async fn http_gives_the_numbers_of_the_batch_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fixture::bundle().save(&path("bundle")).unwrap();
    std::fs::write(path("events.csv"), fixture::csv()).unwrap();
    // The requests bring no attributes, and so does a table of strangers.
    std::fs::write(path("customers.csv"), fixture::customers_csv(fixture::CUSTOMERS..fixture::CUSTOMERS + 1)).unwrap();
    let settings = settings::Score {
        source: settings::Source::Bundle(path("bundle")),
        events: vec![path("events.csv").display().to_string()],
        reading: lapwing_features::engine::EventsConfig::default(),
        customers: Some((path("customers.csv").display().to_string(), lapwing_features::engine::CustomersConfig::default())),
        as_of: fixture::AS_OF.to_owned(),
        fit_keys: settings::FitKeys::default(),
        out: path("scores.parquet"),
        advice: settings::Advice::default(),
        resources: Resources::default(),
        json: false,
    };
    let out = settings.out.clone();
    tokio::task::spawn_blocking(move || commands::score::run(&settings)).await.unwrap().unwrap();

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
    let columns = read_parquet(&out, &names).unwrap();
    let flags: Vec<String> = Sign::ALL.iter().map(|sign| format!("sign_{}", sign.name())).collect();
    let flags = read_parquet(&out, &flags.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let entered = read_parquet(&out, &["stage_entered_at"]).unwrap();
    let reasons = read_parquet(&out, &["reason_1", "reason_2", "reason_3"]).unwrap();
    let customers: Vec<Value> =
        (0..240).map(|customer| json!({"customer_id": customer.to_string(), "events": events_of(customer)})).collect();
    let answer = score(&state(), &ask(&customers)).await.json();
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
