//! What is noted of requests, and that nothing of customers is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::{ask, fixture, get, good, post, score, send};
use crate::audit::{AuditError, AuditKey, AuditLog, Record, verify};
use crate::http::{Gate, Limits, Served, Setup, State};

/// A folder with a log and its key; gone when dropped.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::write(place.key_file(), "0123456789abcdef0123456789abcdef\n").unwrap();
        place
    }

    fn log(&self) -> PathBuf {
        self.0.path().join("audit.jsonl")
    }

    fn key_file(&self) -> PathBuf {
        self.0.path().join("audit.key")
    }

    fn key(&self) -> AuditKey {
        AuditKey::read(&self.key_file()).unwrap()
    }

    fn open(&self) -> Result<AuditLog, AuditError> {
        AuditLog::open(&self.log(), self.key(), Record { event: "start".to_owned(), ..Record::default() })
    }

    fn state(&self, gate: Option<Gate>) -> Arc<State> {
        let setup = Setup { audit: Some(self.open().unwrap()), gate, ..Setup::default() };
        State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup)
    }

    /// The lines, once there are so many.
    async fn lines(&self, count: usize) -> Vec<Value> {
        for _ in 0..5_000 {
            let text = fs::read_to_string(self.log()).unwrap();
            if text.ends_with('\n') && text.lines().count() >= count {
                return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("fewer than {count} lines: {}", fs::read_to_string(self.log()).unwrap())
    }
}

#[tokio::test]
async fn rows_of_a_table_are_noted_where_they_have_a_name() {
    let place = Place::new();
    let state = place.state(None);
    let rows = json!({"dataframe_records": [{"customer_id": "a", "purchases_count": 0}, {"purchases_count": 0}, {}, {"customer_id": "b"}]});
    let request = Request::post("/invocations").header("content-type", "application/json").body(Body::from(rows.to_string()));
    assert_eq!(send(&state, request.unwrap()).await.status, 200);
    let lines = place.lines(2).await;
    assert_eq!(lines[1]["record"]["customers"], json!(["a", "b"].map(|id| place.key().customer(id))));
}

#[tokio::test]
async fn a_request_is_noted_with_its_customers_as_keyed_hashes_only() {
    let place = Place::new();
    let state = place.state(None);
    // 20.5 could stand in the seconds of a time as well; this amount cannot.
    let bought = json!({"customer_id": "good", "events": [{"ts": "2023-11-01T10:00:00Z", "kind": "purchase", "amount": 7_654_321.5}]});
    let customers = [bought, json!({"customer_id": "somebody@example.com", "events": []})];
    let mut request = post(ask(&customers).to_string());
    request.headers_mut().insert("x-request-id", "r-1".parse().unwrap());
    assert_eq!(send(&state, request).await.status, 200);
    get(&state, "/health/live").await;
    get(&state, "/v1/models").await;
    let lines = place.lines(3).await;
    let record = &lines[1]["record"];
    assert_eq!((&record["event"], &record["route"], &record["status"]), (&json!("request"), &json!("POST /v1/score"), &json!(200)));
    assert_eq!((&record["request_id"], &record["model_version"]), (&json!("r-1"), &json!(state.version())));
    let hashes = ["good", "somebody@example.com"].map(|id| place.key().customer(id));
    assert_eq!(record["customers"], json!(hashes));
    assert_eq!(lines[2]["record"]["route"], "GET /v1/models", "health is asked too often to be noted");
    let text = fs::read_to_string(place.log()).unwrap();
    assert!(!text.contains("good") && !text.contains("somebody") && !text.contains("7654321.5"), "{text}");
    assert_eq!(verify(&place.log(), &place.key()).unwrap().lines, 3);
}

#[tokio::test]
async fn customers_of_a_stream_are_noted_with_caller_and_request() {
    use crate::guard::key::{digest, minted};
    use crate::guard::{Key, KeyFile, Role};
    let place = Place::new();
    let keys = place.0.path().join("keys.json");
    let (text, id) = minted([1; 32]);
    let key = Key { id: id.clone(), name: String::new(), roles: vec![Role::Score], sha256: digest(&text), expires: None };
    KeyFile::update(&keys, |held| {
        held.push(key);
        Ok(())
    })
    .unwrap();
    let state = place.state(Some(Gate::new(Some(keys), None).unwrap()));
    let request = Request::post("/v1/score/stream?as_of=2024-01-01").header("content-type", "application/x-ndjson");
    let request = request.header("x-api-key", text).header("x-request-id", "r-2").body(Body::from(good().to_string())).unwrap();
    assert_eq!(send(&state, request).await.status, 200);
    let lines = place.lines(3).await;
    let record = lines.iter().map(|line| &line["record"]).find(|record| record["event"] == "lines").unwrap();
    assert_eq!((&record["caller"], &record["request_id"]), (&json!(id), &json!("r-2")));
    assert_eq!(record["customers"], json!([place.key().customer("good")]));
}

#[tokio::test]
async fn refusals_are_noted_with_their_code_and_without_the_key_that_was_shown() {
    let place = Place::new();
    let keys = place.0.path().join("keys.json");
    crate::guard::KeyFile::update(&keys, |_| Ok(())).unwrap();
    let state = place.state(Some(Gate::new(Some(keys), None).unwrap()));
    let request = Request::get("/v1/models").header("x-api-key", "lapwing_of_somebody_else").body(Body::empty()).unwrap();
    assert_eq!(send(&state, request).await.status, 401);
    state.refresh().await;
    let lines = place.lines(3).await;
    assert_eq!((&lines[1]["record"]["status"], &lines[1]["record"]["note"]), (&json!(401), &json!("unauthorized")));
    assert!(lines[1]["record"]["caller"].is_null());
    assert_eq!(lines[2]["record"]["event"], "keys");
    assert!(!fs::read_to_string(place.log()).unwrap().contains("somebody_else"));
}

fn lines_of(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn a_line_that_was_changed_put_in_or_taken_out_is_noticed() {
    let place = Place::new();
    let state = place.state(None);
    for _ in 0..3 {
        score(&state, &ask(&[good()])).await;
    }
    place.lines(4).await;
    let lines = lines_of(&place.log());
    let broken_at = |lines: &[String]| {
        fs::write(place.log(), lines.concat()).unwrap();
        match verify(&place.log(), &place.key()) {
            Err(AuditError::Broken { line, .. }) => line,
            other => panic!("{other:?}"),
        }
    };
    let changed = [&lines[0], &lines[1].replace("200", "401"), &lines[2], &lines[3]].map(Clone::clone);
    assert_eq!(broken_at(&changed), 2);
    assert_eq!(broken_at(&[lines[0].clone(), lines[2].clone(), lines[3].clone()]), 2);
    assert_eq!(broken_at(&[lines[1].clone(), lines[2].clone()]), 1);
    assert_eq!(broken_at(&[lines[0].clone(), lines[0].clone()]), 2);
    assert_eq!(broken_at(&[lines[0].clone(), "{}\n".to_owned()]), 2);
    // Renumbered and hung anew, but without the key.
    let forged = lines[2].replace("\"sequence\":3", "\"sequence\":2");
    let before = |line: &str| serde_json::from_str::<Value>(line).unwrap()["before"].as_str().unwrap().to_owned();
    let forged = forged.replace(&before(&lines[2]), &before(&lines[1]));
    assert_eq!(broken_at(&[lines[0].clone(), forged]), 2);
    fs::write(place.log(), lines.concat()).unwrap();
    let other = AuditKey::new(&[7; 32]).unwrap();
    assert!(matches!(verify(&place.log(), &other), Err(AuditError::Broken { line: 1, .. })));
    assert_eq!(verify(&place.log(), &place.key()).unwrap().lines, 4);
}

#[tokio::test]
async fn a_log_goes_on_after_a_restart_and_after_a_crash() {
    let place = Place::new();
    place.open().unwrap();
    place.lines(1).await;
    let whole = fs::read_to_string(place.log()).unwrap();
    fs::write(place.log(), format!("{whole}{{\"sequence\":2,\"rec")).unwrap();
    place.open().unwrap();
    let lines = place.lines(2).await;
    assert_eq!((&lines[1]["sequence"], &lines[1]["record"]["note"]), (&json!(2), &json!("18 bytes of a torn line were cut off")));
    assert_eq!(verify(&place.log(), &place.key()).unwrap().lines, 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(place.log()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_log_that_cannot_be_kept_is_refused_at_the_start() {
    let place = Place::new();
    fs::write(place.log(), "no log\n").unwrap();
    assert!(matches!(place.open(), Err(AuditError::Broken { line: 1, .. })));
    let nowhere = place.0.path().join("no").join("audit.jsonl");
    assert!(matches!(AuditLog::open(&nowhere, place.key(), Record::default()), Err(AuditError::Io { doing: "open", .. })));
    assert!(matches!(AuditKey::read(&nowhere), Err(AuditError::Io { doing: "read", .. })));
    fs::write(place.key_file(), "short").unwrap();
    let error = AuditKey::read(&place.key_file()).unwrap_err();
    assert!(matches!(error, AuditError::ShortKey(_)) && error.to_string().contains("\nhint: "), "{error}");
}
