//! Published customers and alerts, as a CRM system meets them.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use lapwing_features::Timestamp;
use lapwing_models::lifecycle::AlertSettings;
use serde_json::{Value as Json, json};

use super::{Answer, fixture, get, send};
use crate::http::{Desk, Limits, Served, Setup, State, keep_time};
use crate::store::{COLUMNS, MessageKind, NewReceiver, RunHead, Sealer, Store, StoreUrl, Value};

const DAY: i64 = 86_400_000_000;

/// The cutoff of what is published: 2020-01-01.
const AS_OF: Timestamp = Timestamp(1_577_836_800_000_000);

/// When it is published: 2190-01-01, so that no window passes while a test runs.
pub(super) const AT: Timestamp = Timestamp(6_942_585_600_000_000);

/// After the cutoff, and before now.
pub(super) const SINCE: &str = "2020-06-01T00:00:00Z";

/// A service with a store of its own; the folder goes with it.
pub(super) struct Service {
    pub(super) state: Arc<State>,
    pub(super) store: Store,
    _folder: tempfile::TempDir,
}

impl Service {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().join("lapwing.db"));
        let key = folder.path().join("store.key");
        std::fs::write(&key, "0f".repeat(32)).unwrap();
        let desk = Desk::new(Store::open(&url).unwrap(), Some(Sealer::read(&key).unwrap()), AlertSettings::default());
        let setup = Setup { desk: Some(desk), ..Setup::default() };
        let state = State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup);
        Self { state, store: Store::open(&url).unwrap(), _folder: folder }
    }

    /// Publishes customers, each by id and risk.
    pub(super) fn publish(&self, name: &str, customers: &[(&str, f64)]) {
        self.publish_at(name, AT, customers);
    }

    pub(super) fn publish_at(&self, name: &str, at: Timestamp, customers: &[(&str, f64)]) {
        let as_of = AS_OF;
        let head = RunHead { run_id: name.to_owned(), digest: name.to_owned(), as_of, model_version: "m".to_owned(), horizon_days: 90 };
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), "0f".repeat(32)).unwrap();
        let sealer = Sealer::read(key.path()).unwrap();
        let row = |(id, risk): &(&str, f64)| {
            let personal = [("email".to_owned(), Json::from("a@example.com"))].into();
            let cell = |name: &str| match name {
                "customer_id" => (*id).to_owned().into(),
                "population" => "current".into(),
                "stage" => "slipping".into(),
                "risk_band" => if *risk > 0.8 { "red" } else { "green" }.into(),
                "churn_probability" | "churn_probability_low" | "churn_probability_high" => (*risk).into(),
                "clv_365d" => 50.0.into(),
                "at_stake" => (risk * 50.0).into(),
                "held_out" if !id.starts_with("free") => i64::from(id.starts_with("held")).into(),
                "action" if id.starts_with("champion") => "early_access".into(),
                "campaign" if id.starts_with("champion") => "champions".into(),
                "reason_1" => "=1+1".into(),
                "signs_raised" => "overdue,silent".into(),
                "last_purchase_us" => (as_of.0 - DAY).into(),
                "attributes" => "{\"region\":\"north\"}".into(),
                "personal" => sealer.seal_attributes(id, &personal).unwrap().into(),
                _ => Value::Null,
            };
            COLUMNS.iter().map(|column| cell(column.name)).collect()
        };
        let mut loading = self.store.load(head, at).unwrap().unwrap();
        loading.add(customers.iter().map(row).collect()).unwrap();
        loading.publish(at, &AlertSettings::default(), 8).unwrap();
    }

    pub(super) async fn post(&self, path: &str, body: &str, key: Option<&str>) -> Answer {
        let mut request = Request::post(path);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        send(&self.state, request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Changes the store by what no customer's answer depends on.
    fn add_receiver(&self) {
        let new = NewReceiver {
            receiver_id: "crm".to_owned(),
            url: "https://example.com/".to_owned(),
            kinds: vec![MessageKind::Expired],
            allow_private: false,
        };
        self.store.add_receiver(&new, &[7; 32], None, AT).unwrap();
    }

    /// The name of the one alert.
    pub(super) async fn alert(&self) -> String {
        get(&self.state, "/v1/alerts").await.json()["alerts"][0]["alert_id"].as_str().unwrap().to_owned()
    }
}

/// As long as a customer may be told as it was before.
async fn a_moment() {
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
}

pub(super) fn code(answer: &Answer) -> (u16, String) {
    let kind = answer.json()["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap().to_owned();
    (answer.status.as_u16(), kind)
}

#[tokio::test]
async fn without_a_store_every_route_says_so() {
    let state = super::state();
    for path in ["/v1/customers", "/v1/customers/a", "/v1/summary", "/v1/alerts", "/v1/alerts/a"] {
        assert_eq!(code(&get(&state, path).await), (404, "no_store".to_owned()), "{path}");
    }
    let request = Request::post("/v1/alerts/a/contacted").body(Body::empty()).unwrap();
    assert_eq!(code(&send(&state, request).await), (404, "no_store".to_owned()));
}

#[tokio::test]
async fn a_customer_is_told_with_personal_attributes_opened() {
    let service = Service::new();
    assert_eq!(code(&get(&service.state, "/v1/customers/a").await), (404, "no_customer".to_owned()));
    assert_eq!(code(&get(&service.state, "/v1/customers/%00").await), (404, "no_customer".to_owned()));
    assert_eq!(get(&service.state, "/v1/alerts?customer_id=%00").await.status, 422);
    assert_eq!(code(&get(&service.state, "/v1/summary").await), (404, "nothing_published".to_owned()));
    service.publish("one", &[("a/b c", 0.25)]);
    let customer = get(&service.state, "/v1/customers/a%2Fb%20c").await.json();
    assert_eq!((&customer["customer_id"], &customer["run_id"]), (&json!("a/b c"), &json!("one")));
    assert_eq!((&customer["churn_interval"], &customer["at_stake"]), (&json!([0.25, 0.25]), &json!(12.5)));
    assert_eq!(customer["signs_raised"], json!(["overdue", "silent"]));
    assert_eq!(customer["attributes"], json!({ "region": "north", "email": "a@example.com" }));
    assert_eq!(customer["reactivation_interval"], Json::Null);
    let summary = get(&service.state, "/v1/summary").await.json();
    assert_eq!((&summary["run"]["customers"], &summary["groups"][0]["risk_band"]), (&json!(1), &json!("green")));
}

#[tokio::test]
async fn a_customer_who_was_told_before_is_told_as_the_store_has_it_now() {
    let service = Service::new();
    service.publish("one", &[("a", 0.25), ("b", 0.5)]);
    let first = get(&service.state, "/v1/customers/a").await;
    assert_eq!((first.status.as_u16(), first.header("content-type")), (200, "application/json"));
    let again = get(&service.state, "/v1/customers/a").await;
    assert_eq!((&again.text, again.header("content-type")), (&first.text, "application/json"));
    service.add_receiver();
    assert_eq!(get(&service.state, "/v1/customers/a").await.text, first.text);
    service.publish("two", &[("a", 0.75), ("b", 0.5)]);
    a_moment().await;
    let swapped = get(&service.state, "/v1/customers/a").await.json();
    assert_eq!((&swapped["run_id"], &swapped["churn_probability"]), (&json!("two"), &json!(0.75)));
    assert_eq!(get(&service.state, "/v1/customers/b").await.status, 200);
    service.store.forget("a", AT).unwrap();
    a_moment().await;
    assert_eq!(code(&get(&service.state, "/v1/customers/a").await), (404, "no_customer".to_owned()));
    assert_eq!(get(&service.state, "/v1/customers/b").await.status, 200, "the others stay");
}

#[tokio::test]
async fn those_who_ask_at_once_are_told_what_each_asked_for() {
    let service = Service::new();
    let ids: Vec<String> = (0..20).map(|at| format!("c{at}")).collect();
    service.publish("one", &ids.iter().map(|id| (&**id, 0.5)).collect::<Vec<_>>());
    for _ in 0..2 {
        let asked = ids.iter().map(|id| {
            let (state, path) = (Arc::clone(&service.state), format!("/v1/customers/{id}"));
            tokio::spawn(async move { get(&state, &path).await.json()["customer_id"].clone() })
        });
        for (id, told) in ids.iter().zip(asked.collect::<Vec<_>>()) {
            assert_eq!(told.await.unwrap(), json!(id));
        }
    }
}

#[tokio::test]
async fn customers_come_in_pages_and_as_csv_without_formulas() {
    let service = Service::new();
    let risks: Vec<(String, f64)> = (0..7).map(|at| (format!("c{at}"), f64::from(at) / 10.0)).collect();
    let customers: Vec<(&str, f64)> = risks.iter().map(|(id, risk)| (&**id, *risk)).collect();
    service.publish("one", &customers);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&service.state, &format!("/v1/customers?sort=churn_probability&limit=3{cursor}")).await.json();
        seen.extend(page["customers"].as_array().unwrap().iter().map(|customer| customer["customer_id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]);
    let request = Request::get("/v1/customers?limit=2&risk_band=green").header(header::ACCEPT, "text/csv").body(Body::empty()).unwrap();
    let csv = send(&service.state, request).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.text.starts_with("customer_id,run_id") && csv.text.contains("\"'=1+1\"") && csv.text.lines().count() == 3, "{}", csv.text);
    assert!(!csv.header("lapwing-next-cursor").is_empty() && !csv.text.contains("example.com"));
    let head = csv.text.lines().next().unwrap().split(',').count();
    assert!(csv.text.lines().all(|line| line.split(',').count() == head));
}

#[tokio::test]
async fn wrong_terms_are_named_and_nothing_is_repeated() {
    let service = Service::new();
    service.publish("one", &[("a", 0.25)]);
    for (path, pointer) in [
        ("/v1/customers?stage=secret", "/stage"),
        ("/v1/customers?risk_band=secret", "/risk_band"),
        ("/v1/customers?sort=secret", "/sort"),
        ("/v1/customers?held_out=secret", "/held_out"),
        ("/v1/customers?limit=0", "/limit"),
        ("/v1/customers?limit=secret", "/limit"),
        ("/v1/customers?cursor=secret", "/cursor"),
        ("/v1/customers?sort=at_stake&cursor=WyJjdXN0b21lcl9pZCIsMSxudWxsLCJhIl0", "/cursor"),
        ("/v1/customers?colour=secret", "/colour"),
        ("/v1/customers?se%20cret=1", ""),
        ("/v1/customers?limit=2&stage=new&limit=3", "/limit"),
        ("/v1/alerts?colour=secret", "/colour"),
        ("/v1/alerts?state=open&state=open", "/state"),
        ("/v1/alerts?state=secret", "/state"),
        ("/v1/alerts?held_out=1", "/held_out"),
        ("/v1/alerts?due_before=secret", "/due_before"),
        ("/v1/alerts?limit=9999", "/limit"),
    ] {
        let answer = get(&service.state, path).await;
        assert_eq!(code(&answer), (422, "wrong_term".to_owned()), "{path}");
        assert_eq!(answer.json()["errors"][0]["pointer"], json!(pointer), "{path}");
        assert!(answer.json()["detail"].as_str().unwrap().ends_with("in the query") || pointer.is_empty(), "{}", answer.text);
        assert!(!answer.text.contains("secret"), "{}", answer.text);
    }
}

#[tokio::test]
async fn an_alert_is_contacted_and_recovers() {
    let service = Service::new();
    service.publish("one", &[("a", 0.9), ("b", 0.1)]);
    let id = service.alert().await;
    let listed = get(&service.state, "/v1/alerts?state=open&due_before=2199-01-01").await.json();
    assert_eq!((listed["alerts"].as_array().unwrap().len(), &listed["alerts"][0]["customer_id"]), (1, &json!("a")));
    assert_eq!(listed["alerts"][0]["warnings"], json!(["turned_red"]));
    let contacted = service.post(&format!("/v1/alerts/{id}/contacted"), "", None).await.json();
    assert_eq!((&contacted["alert"]["state"], &contacted["changed"]), (&json!("contacted"), &json!(true)));
    let again = service.post(&format!("/v1/alerts/{id}/contacted"), "{}", None).await.json();
    assert_eq!((&again["alert"], &again["changed"]), (&contacted["alert"], &json!(false)));
    assert_eq!((contacted.get("reason"), &again["reason"]["code"]), (None, &json!("already_told")));
    let other = service.post(&format!("/v1/alerts/{id}/contacted"), "{}", Some("another")).await.json();
    assert_eq!((&other["changed"], &other["reason"]["code"]), (&json!(false), &json!("already_contacted")));
    let bought = json!({ "events": [{ "kind": "purchase", "ts": SINCE }], "actor": "shop" }).to_string();
    let events = format!("/v1/alerts/{id}/events");
    let recovered = service.post(&events, &bought, None).await.json();
    assert_eq!((&recovered["alert"]["state"], &recovered["alert"]["with_contact"]), (&json!("recovered"), &json!(true)));
    let before = json!({ "events": [{ "kind": "purchase", "ts": "2019-12-31" }] }).to_string();
    for (told, code) in [(&bought, "already_told"), (&before, "alert_ended")] {
        let again = service.post(&events, told, None).await.json();
        assert_eq!((&again["changed"], &again["reason"]["code"]), (&json!(false), &json!(code)));
        assert!(again["reason"]["text"].as_str().is_some_and(|text| !text.is_empty()), "{again}");
    }
    let late = service.post(&format!("/v1/alerts/{id}/contacted"), "{}", Some("late")).await;
    assert_eq!(code(&late), (409, "alert_ended".to_owned()));
    let detail = get(&service.state, &format!("/v1/alerts/{id}")).await.json();
    let log: Vec<_> =
        detail["log"].as_array().unwrap().iter().map(|entry| (entry["deed"].as_str().unwrap(), entry["actor"].as_str().unwrap())).collect();
    assert_eq!(log, [("opened", "lapwing"), ("contacted", "caller"), ("recovered", "shop")]);
    let summary = get(&service.state, "/v1/summary").await.json();
    assert_eq!(summary["alerts"], json!({ "recovered_with_contact": 1 }));
}

#[tokio::test]
async fn a_key_means_one_request() {
    let service = Service::new();
    service.publish("one", &[("a", 0.9)]);
    let id = service.alert().await;
    let (contacted, events) = (format!("/v1/alerts/{id}/contacted"), format!("/v1/alerts/{id}/events"));
    let first = service.post(&contacted, "{\"actor\": \"anna\"}", Some("k1")).await.json();
    assert_eq!((&first["changed"], &first["alert"]["state"]), (&json!(true), &json!("contacted")));
    let retry = service.post(&contacted, "{\"actor\": \"anna\"}", Some("k1")).await.json();
    assert_eq!(retry, first, "the same answer");
    let bought = json!({ "events": [{ "kind": "purchase", "ts": SINCE }] }).to_string();
    for (path, body) in [(&contacted, "{\"actor\": \"bert\"}"), (&contacted, ""), (&events, bought.as_str())] {
        let other = service.post(path, body, Some("k1")).await;
        assert_eq!(code(&other), (422, "idempotency_key_reused".to_owned()), "{path} {body}");
        assert!(other.json()["detail"].as_str().unwrap().contains("a key of its own"));
    }
    let detail = get(&service.state, &format!("/v1/alerts/{id}")).await.json();
    assert_eq!((&detail["state"], detail["log"].as_array().unwrap().len()), (&json!("contacted"), 2), "nothing of it was taken");
    let told = service.post(&events, &bought, Some("k2")).await;
    assert_eq!((&told.json()["alert"]["state"], &told.json()["changed"]), (&json!("recovered"), &json!(true)));
    assert_eq!(service.post(&events, &bought, Some("k2")).await.text, told.text);
    assert_eq!(service.post(&contacted, "{\"actor\": \"anna\"}", Some("k1")).await.json(), first, "whatever came since");
}

#[tokio::test]
async fn a_cursor_of_a_run_that_is_gone_is_told_apart() {
    let service = Service::new();
    let customers = [("a", 0.1), ("b", 0.1), ("c", 0.1)];
    service.publish("one", &customers);
    let page = get(&service.state, "/v1/customers?limit=1").await.json();
    let next = format!("/v1/customers?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    for name in ["two", "three", "four", "five", "six", "seven", "eight"] {
        service.publish(name, &customers);
        assert_eq!(get(&service.state, &next).await.json()["customers"][0]["run_id"], json!("one"));
    }
    service.publish("nine", &customers);
    let gone = get(&service.state, &next).await;
    assert_eq!(code(&gone), (410, "cursor_gone".to_owned()));
    assert!(gone.json()["detail"].as_str().unwrap().contains("begin again"));
}

#[tokio::test]
async fn news_that_cannot_be_are_refused_and_change_nothing() {
    let service = Service::new();
    service.publish("one", &[("a", 0.9)]);
    let id = service.alert().await;
    let (contacted, events) = (format!("/v1/alerts/{id}/contacted"), format!("/v1/alerts/{id}/events"));
    let long = format!("{{\"actor\": \"{}\"}}", "x".repeat(201));
    for (path, body, expected) in [
        (&contacted, "{", 400),
        (&contacted, "[]", 422),
        (&contacted, "{\"at\": \"yesterday\"}", 422),
        (&contacted, "{\"at\": \"2199-01-01\"}", 422),
        (&contacted, "{\"phone\": 1}", 422),
        (&contacted, &long, 422),
        (&events, "{}", 422),
        (&events, "{\"events\": []}", 422),
        (&events, "{\"events\": [{\"kind\": \"refund\", \"ts\": \"2020-01-01\"}]}", 422),
        (&"/v1/alerts/none/contacted".to_owned(), "{}", 404),
    ] {
        assert_eq!(service.post(path, body, None).await.status, expected, "{path} {body}");
    }
    assert_eq!(service.post(&contacted, "{}", Some("")).await.status, 422);
    let empty = Request::post(&events).body(Body::empty()).unwrap();
    assert_eq!(send(&service.state, empty).await.status, 422);
    assert_eq!(get(&service.state, &format!("/v1/alerts/{id}")).await.json()["state"], json!("open"));
}

#[tokio::test]
async fn an_alert_whose_time_has_passed_is_told_though_nobody_looks() {
    let service = Service::new();
    let new = NewReceiver {
        receiver_id: "crm".to_owned(),
        url: "https://example.com/".to_owned(),
        kinds: vec![MessageKind::Expired],
        allow_private: false,
    };
    let long_ago = Timestamp(1_700_000_000_000_000);
    service.store.add_receiver(&new, &[7; 32], None, long_ago).unwrap();
    service.publish_at("one", long_ago, &[("a", 0.9)]);
    assert_eq!(service.store.waiting().unwrap(), 0);
    let desk = Arc::clone(service.state.chores().unwrap());
    let keeping = tokio::spawn(keep_time(Arc::clone(&desk)));
    while service.store.waiting().unwrap() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    keeping.abort();
    desk.posted.sent.inc_by(3);
    desk.posted.waiting.set(1);
    let text = get(&service.state, "/metrics").await.text;
    for line in ["webhooks_sent_total 3", "webhooks_failed_total 0", "webhooks_dead_total 0", "webhooks_waiting 1"] {
        assert!(text.contains(&format!("\nlapwing_{line}\n")), "{line}: {text}");
    }
}
