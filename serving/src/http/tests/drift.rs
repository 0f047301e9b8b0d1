//! What the metrics tell of who was scored, and of how they differ from the customers of the fit.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ask, events_of, fixture, get, good, score, state};
use crate::http::State;
use crate::http::drift::{LEAST, WINDOW};

/// The values of a metric, by its labels.
async fn told(state: &Arc<State>, name: &str) -> Vec<(String, f64)> {
    let text = get(state, "/metrics").await.text;
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
    lines.map(|(labels, value)| (labels.to_owned(), value.parse().unwrap())).collect()
}

async fn send_often(state: &Arc<State>, customers: &[Value], times: u64) {
    for _ in 0..times {
        assert_eq!(score(state, &ask(customers)).await.status, 200);
    }
}

#[tokio::test]
async fn customers_of_the_fit_have_not_drifted_and_others_have() {
    let state = state();
    let customers: Vec<Value> = (0..fixture::CUSTOMERS)
        .filter(|customer| !events_of(*customer).is_empty())
        .map(|customer| json!({"customer_id": customer, "events": events_of(customer), "attributes": fixture::attributes_json(customer)}))
        .collect();
    let customers_known = customers.len() as u64;
    send_often(&state, &customers, 1).await;
    assert_eq!(told(&state, "lapwing_drift_psi").await, [], "{customers_known} tell too little");
    assert!(told(&state, "lapwing_drift_baselines").await.iter().all(|(_, count)| *count > 4.0));
    send_often(&state, &customers, LEAST.div_ceil(customers_known) + 4).await;
    let indices = told(&state, "lapwing_drift_psi").await;
    assert!(indices.len() > 100, "{indices:?}");
    assert!(indices.iter().all(|(_, index)| *index < 1e-9), "{indices:?}");
    let one = vec![good(); 1_000];
    send_often(&state, &one, 10).await;
    let index = |indices: &[(String, f64)], name: &str| {
        indices.iter().find(|(labels, _)| labels.contains(&format!("name=\"{name}\""))).map(|(_, index)| *index)
    };
    let indices = told(&state, "lapwing_drift_psi").await;
    for name in ["days_since_last_purchase", "churn_probability"] {
        assert!(index(&indices, name).is_some_and(|index| index > 0.25), "{name}: {indices:?}");
    }
    // Another window or two, and those of before are forgotten.
    for _ in 0..4 {
        send_often(&state, &one, WINDOW / 1_000).await;
        get(&state, "/metrics").await;
    }
    let [(_, customers)] = &told(&state, "lapwing_drift_customers").await[..] else { panic!("one model") };
    assert!(*customers <= 2.0 * WINDOW as f64, "{customers}");
    assert_eq!(index(&told(&state, "lapwing_drift_psi").await, "reactivation_probability"), None);
}

#[tokio::test]
async fn what_is_scored_is_counted_once_by_band_and_timed() {
    let state = state();
    let prospect = json!({"customer_id": "p", "events": [{"ts": "2023-11-01", "kind": "visit"}]});
    // Odd, so that it is begun the short way and done the careful one.
    score(&state, &ask(&[good(), prospect, json!({"customer_id": "x", "events": []})])).await;
    let bands = told(&state, "lapwing_scores_total").await;
    assert_eq!(bands.iter().map(|(_, count)| count).sum::<f64>(), 2.0, "{bands:?}");
    assert!(bands.iter().any(|(labels, count)| labels.contains("band=\"none\"") && *count == 1.0), "{bands:?}");
    assert_eq!(told(&state, "lapwing_drift_customers").await[0].1, 2.0);
    for name in ["lapwing_queue_duration_seconds_count", "lapwing_score_duration_seconds_count"] {
        assert_eq!(told(&state, name).await, [(String::new(), 1.0)], "{name}");
    }
}
