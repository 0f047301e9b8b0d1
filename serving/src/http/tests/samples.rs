//! What is kept of requests while they are served.

use super::{ask, events_of, fixture, get, good, score};
use crate::audit::AuditKey;
use crate::http::{Limits, Served, Setup, State};
use crate::samples::{self, Room, SampleLog};
use serde_json::json;

#[tokio::test]
async fn what_is_scored_is_kept_once_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let key = AuditKey::new(&[7; 32]).unwrap();
    let log = SampleLog::open(folder.path(), key.clone(), Room { share: 1.0, bytes: 1 << 30 }).unwrap();
    let served = Served::new(fixture::bundle(), None).unwrap();
    let version = served.version.clone();
    let state = State::of(served.into(), Limits::default(), Setup { samples: Some(log), ..Setup::default() });
    let one = json!({"customer_id": "one", "events": events_of(1)});
    // Odd, so that it is begun the short way and done the careful one.
    score(&state, &ask(&[good(), one, json!({"customer_id": "x", "events": []})])).await;
    let given = json!({"customer_id": "one", "features": {"days_since_last_purchase": 3.5}});
    score(&state, &ask(&[given])).await;
    let metrics = loop {
        let metrics = get(&state, "/metrics").await.text;
        if metrics.contains("lapwing_request_log_lines 3") {
            break metrics;
        }
        tokio::task::yield_now().await;
    };
    assert!(metrics.contains("lapwing_request_log_dropped 0"), "{metrics}");
    let samples = samples::read(folder.path(), &version).unwrap();
    let asked = &samples.by_customer[&key.customer("one")];
    assert_eq!((samples.by_customer.len(), samples.unreadable, asked.len()), (2, 0, 2));
    assert_eq!(asked[1].features.iter().filter(|value| !value.is_nan()).collect::<Vec<_>>(), [&3.5]);
    assert_eq!(asked[0].as_of.to_string(), "2024-01-01T00:00:00Z");
}
