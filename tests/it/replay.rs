//! Invariant 7: training, batch and HTTP give the same numbers, to the bit.

use std::collections::BTreeMap;

use arrow::array::{Array, RecordBatch};
use lapwing_features::{FEATURES, Timestamp};
use serde_json::{Value, json};

use crate::support::data;
use crate::support::fitted::{self, AS_OF};
use crate::support::http::Server;

/// Each customer's events before as-of, as a caller would send them, in no particular order.
fn requests(batch: &RecordBatch) -> BTreeMap<String, Vec<Value>> {
    let shuffled = data::shuffled(batch, 11);
    let (ids, ts) = (data::text(&shuffled, "customer_id"), data::instant_column(&shuffled, "ts"));
    let (amounts, orders) = (data::number(&shuffled, "amount"), data::text(&shuffled, "order_id"));
    let quantities = data::integer(&shuffled, "quantity");
    let mut requests: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in 0..shuffled.num_rows() {
        let mut event = json!({
            "ts": Timestamp(ts.value(row)).to_string(),
            "amount": amounts.value(row),
            "quantity": quantities.value(row),
            "order_id": orders.value(row),
        });
        // The kind may be told or left to the sign of the amount.
        if row % 2 == 0 && amounts.value(row) != 0.0 {
            event["kind"] = if amounts.value(row) > 0.0 { "purchase" } else { "return" }.into();
        }
        requests.entry(ids.value(row).to_owned()).or_default().push(event);
    }
    requests
}

/// Fails unless an entry of the answer says what the row of the batch file says.
pub(crate) fn assert_same(scores: &RecordBatch, row: usize, entry: &Value) {
    let id = data::text(scores, "customer_id").value(row);
    for (column, member) in [
        ("churn_probability", &entry["churn_probability"]),
        ("churn_probability_low", &entry["churn_interval"][0]),
        ("churn_probability_high", &entry["churn_interval"][1]),
        ("reactivation_probability", &entry["reactivation_probability"]),
        ("reactivation_probability_low", &entry["reactivation_interval"][0]),
        ("reactivation_probability_high", &entry["reactivation_interval"][1]),
        ("health", &entry["health"]),
        ("intent", &entry["intent"]),
        ("expected_purchases_365d", &entry["expected_purchases_365d"]),
        ("clv_365d", &entry["clv_365d"]),
        ("intent_low", &entry["intent_interval"][0]),
        ("intent_high", &entry["intent_interval"][1]),
    ] {
        let batch = data::value(data::number(scores, column), row);
        assert_eq!(batch.map(f64::to_bits), member.as_f64().map(f64::to_bits), "`{column}` of {id}: {batch:?} and {member}");
    }
    for (column, member) in [
        ("population", &entry["population"]),
        ("stage", &entry["stage"]),
        ("phase", &entry["phase"]),
        ("previous_stage", &entry["previous_stage"]),
        ("segment", &entry["segment"]),
        ("risk_band", &entry["risk_band"]),
        ("value_tier", &entry["value_tier"]),
        ("probability_basis", &entry["probability_basis"]),
    ] {
        let texts = data::text(scores, column);
        assert_eq!(texts.is_valid(row).then(|| texts.value(row)), member.as_str(), "`{column}` of {id}");
    }
    for (place, column) in ["reason_1", "reason_2", "reason_3"].into_iter().enumerate() {
        let texts = data::text(scores, column);
        assert_eq!(texts.is_valid(row).then(|| texts.value(row)), entry["why"][place].as_str(), "`{column}` of {id}");
    }
    assert_reasons_are_among_the_contributions(entry);
    for (column, member) in [("rfm_r", "r"), ("rfm_f", "f"), ("rfm_m", "m")] {
        let points = data::integer(scores, column);
        assert_eq!(points.is_valid(row).then(|| points.value(row)), entry["rfm"][member].as_i64(), "`{column}` of {id}");
    }
}

/// What is said to people is a contribution that moves the probability the way it lies.
fn assert_reasons_are_among_the_contributions(entry: &Value) {
    let shift = entry["log_odds"].as_f64().unwrap_or(0.0) - entry["intercept"].as_f64().unwrap_or(0.0);
    let reasons = entry["reasons"].as_array().expect("a list of reasons");
    for text in entry["why"].as_array().expect("a list of texts") {
        let told = reasons.iter().find(|reason| reason["text"] == *text);
        let moves = told.and_then(|reason| reason["contribution"].as_f64());
        assert!(moves.is_some_and(|moves| moves * shift > 0.0), "{text}: {entry}");
    }
}

#[test]
fn every_customer_scores_over_http_as_in_the_batch_file() {
    let outputs = fitted::shipped();
    let scores = data::read(&outputs.scores);
    let ids = data::text(&scores, "customer_id");
    assert!(scores.num_rows() >= 500);
    let requests = requests(&data::read(&data::shipped()));
    let server = Server::start(&outputs.bundle);
    let rows: Vec<usize> = (0..scores.num_rows()).collect();
    let mut ignored = 0;
    for rows in rows.chunks(400) {
        let customers: Vec<Value> =
            rows.iter().map(|row| json!({ "customer_id": ids.value(*row), "events": requests[ids.value(*row)] })).collect();
        let answer = server.post("/v1/score", &json!({ "as_of": AS_OF, "explain": 1000, "customers": customers })).ok();
        assert_eq!(answer["as_of"], "2011-09-10T00:00:00Z");
        assert_eq!(answer["model"]["version"].as_str(), Some(data::text(&scores, "model_version").value(rows[0])));
        for (row, entry) in rows.iter().zip(answer["scores"].as_array().expect("a list of scores")) {
            assert_eq!(entry["customer_id"].as_str(), Some(ids.value(*row)));
            assert_same(&scores, *row, entry);
            assert_contributions_add_up(entry);
            ignored += entry["ignored_events"].as_u64().expect("a count");
        }
    }
    assert!(ignored > 1_000, "the events after as-of were sent too, and ignored: {ignored}");
}

/// Contributions and intercept sum to the log-odds within 1e-9.
fn assert_contributions_add_up(entry: &Value) {
    let (Some(log_odds), Some(intercept)) = (entry["log_odds"].as_f64(), entry["intercept"].as_f64()) else { return };
    let reasons = entry["reasons"].as_array().expect("a list of reasons");
    let sum: f64 = reasons.iter().filter_map(|reason| reason["contribution"].as_f64()).sum();
    assert!((sum + intercept - log_odds).abs() < 1e-9, "{entry}");
}

#[test]
fn features_written_by_training_score_as_the_events_do() {
    let outputs = fitted::shipped();
    let scores = data::read(&outputs.scores);
    let table = data::read(&outputs.features);
    let as_of = data::micros(AS_OF);
    let cutoffs = data::instant_column(&table, "cutoff");
    let table = data::keep(&table, |row| cutoffs.value(row) == as_of);
    assert_eq!(table.num_rows(), scores.num_rows(), "both know the same customers");
    let server = Server::start(&outputs.bundle);
    let ids = data::text(&table, "customer_id");
    let rows: Vec<usize> = (0..table.num_rows()).collect();
    let by_id: BTreeMap<&str, usize> = (0..scores.num_rows()).map(|row| (data::text(&scores, "customer_id").value(row), row)).collect();
    for rows in rows.chunks(500) {
        let customers: Vec<Value> = rows
            .iter()
            .map(|row| {
                let features: serde_json::Map<String, Value> = FEATURES
                    .iter()
                    .map(|feature| (feature.name.to_owned(), data::value(data::number(&table, feature.name), *row).into()))
                    .collect();
                json!({ "customer_id": ids.value(*row), "population": data::text(&table, "population").value(*row), "features": features })
            })
            .collect();
        let answer = server.post("/v1/score", &json!({ "as_of": AS_OF, "explain": 3, "customers": customers })).ok();
        for (row, entry) in rows.iter().zip(answer["scores"].as_array().expect("a list of scores")) {
            let scored = by_id[ids.value(*row)];
            for column in ["churn_probability", "reactivation_probability", "health", "intent", "expected_purchases_365d", "clv_365d"] {
                let batch = data::value(data::number(&scores, column), scored);
                assert_eq!(batch.map(f64::to_bits), entry[column].as_f64().map(f64::to_bits), "`{column}` of {}", ids.value(*row));
            }
        }
    }
}
