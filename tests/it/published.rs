//! Scores into a store, as a nightly job puts them there, and read over HTTP, as a CRM system does.

use std::fs;

use lapwing_features::Calendar;
use lapwing_models::lifecycle::AlertSettings;
use lapwing_serving::store::{AlertFilter, Store};
use serde_json::{Value, json};

use crate::replay::assert_same;
use crate::support::data;
use crate::support::fitted::{self, AS_OF};
use crate::support::http::Server;
use crate::support::run::{Binary, Folder, serve, text};

/// A folder with scores of the shipped data.
fn scored(folder: &Folder, as_of: &str, name: &str) -> String {
    let (bundle, out) = (text(&fitted::shipped().bundle), folder.arg(name));
    serve(&format!("score --bundle {bundle} --events {} --as-of {as_of} --out {out}", text(&data::shipped()))).done();
    out
}

/// A server with this store.
fn server(store: &str) -> Server {
    let mut command = Binary::Serve.command();
    command.args(["http", "--addr", "127.0.0.1:0", "--json", "--bundle", &text(&fitted::shipped().bundle), "--store", store]);
    Server::of(command)
}

#[test]
fn a_run_is_published_once_and_whoever_bought_since_is_recovered() {
    let folder = Folder::new();
    let store = folder.arg("lapwing.db");
    let publish = |scores: &str, at: &str| serve(&format!("publish --scores {scores} --store {store} --at {at} --json"));
    let (early, late) = (scored(&folder, AS_OF, "early.parquet"), scored(&folder, "2011-12-10", "late.parquet"));
    let first = publish(&early, "2011-09-10T06:00:00Z").done().json();
    assert_eq!(first["warnings"], json!([]));
    assert!(first["opened"].as_i64().is_some_and(|opened| opened > 20) && first["already"] == json!(false), "{first}");
    let again = publish(&early, "2011-09-11").done().json();
    assert_eq!((&again["opened"], &again["already"]), (&first["opened"], &json!(true)));
    // Three days have passed: alerts that nobody took up have run out, to the second; only who bought in these for the last time is known
    // to have bought in time.
    let second = publish(&late, "2011-12-10T06:00:00Z").done().json();
    let bought = second["bought"].as_i64().expect("a count");
    assert!(bought < 3 && second["as_of"] == json!("2011-12-10T00:00:00Z"), "{second}");
    let stays = publish(&early, "2011-12-11").done().json();
    let named = format!("run `{}`, as of 2011-12-10T00:00:00Z, stays", second["run_id"].as_str().expect("a name"));
    assert!(stays["already"] == json!(true) && stays["warnings"].to_string().contains(&named), "{stays}");
    serve(&format!("publish --scores {early} --store {store} --run-id another")).refused(1, &["published", "hint:"]);

    let service = server(&store);
    let summary = service.get("/v1/summary").json();
    // By now those of the second run have run out too.
    let opened = [&first, &second].map(|run| run["opened"].as_i64().expect("a count"));
    assert_eq!(summary["alerts"]["expired"].as_i64(), Some(opened.iter().sum::<i64>() - bought));
    let moved: i64 = summary["transitions"].as_array().expect("a list").iter().filter_map(|one| one["customers"].as_i64()).sum();
    assert_eq!(moved, second["customers"].as_i64().expect("a count"));
    let one = service.get("/v1/customers?limit=1&sort=at_stake").json()["customers"][0].clone();
    let same = service.get(&format!("/v1/customers/{}", one["customer_id"].as_str().expect("an id"))).json();
    assert_eq!((&same, one["stage_entered_at"].is_string()), (&one, true));
}

#[test]
fn the_next_events_tell_who_was_contacted_and_who_bought_in_time() {
    let folder = Folder::new();
    let store = folder.arg("lapwing.db");
    let (early, late) = (scored(&folder, AS_OF, "early.parquet"), scored(&folder, "2011-12-10", "late.parquet"));
    serve(&format!("publish --scores {early} --store {store} --at 2011-09-10T06:00:00Z")).done();
    let open = Store::open(&store.parse().expect("a path")).expect("it is there");
    let rules = AlertSettings::default();
    let alerts = |at: &str| {
        let at = Calendar::utc().parse(at).expect("a date");
        open.alerts(&AlertFilter { limit: 10_000, ..AlertFilter::default() }, at, &rules).expect("it can be read").alerts
    };
    let ids: Vec<String> = alerts("2011-09-10T07:00:00Z").into_iter().take(4).map(|alert| alert.customer_id).collect();
    let [both, contacted, bought, late_contact] = &ids[..] else { panic!("{ids:?}") };
    // The lines of an order are one purchase; a call is a message, as the configuration says.
    let events = format!(
        "CustomerID,ts,kind,amount,order_id\n{both},2011-09-12 10:00,call,,\n{both},2011-09-20,purchase,20,1\n{both},2011-09-20 00:01,purchase,5,1\n\
         {contacted},2011-09-13 05:59:59,message_sent,,\n{bought},2011-09-11,purchase,9,2\n{late_contact},2011-09-13 06:00,call,,\n"
    );
    let events = folder.write("events.csv", events);
    let config = folder.write(
        "churn.toml",
        format!("[events]\npaths = ['{events}']\n[events.columns]\ncustomer_id = 'CustomerID'\n[events.kinds]\ncall = 'message_sent'"),
    );
    let publish =
        || serve(&format!("publish --config {config} --scores {late} --store {store} --at 2011-12-10T06:00:00Z --json")).done().json();
    let told = publish();
    assert!(told["contacted"] == json!(2) && told["bought"].as_i64().is_some_and(|bought| (2..5).contains(&bought)), "{told}");
    let now = alerts("2011-12-10T07:00:00Z");
    let ended = |id: &str| {
        let alert = now.iter().find(|alert| alert.customer_id == id).expect("it is there");
        (alert.state.clone(), alert.ended_at.map(|at| at.to_string()), alert.with_contact)
    };
    assert_eq!(ended(both), ("recovered".to_owned(), Some("2011-09-20T00:00:00Z".to_owned()), Some(true)));
    assert_eq!(ended(contacted), ("lost".to_owned(), Some("2011-10-13T05:59:59Z".to_owned()), None));
    assert_eq!(ended(bought), ("recovered".to_owned(), Some("2011-09-11T00:00:00Z".to_owned()), Some(false)));
    assert_eq!(ended(late_contact), ("expired".to_owned(), Some("2011-09-13T06:00:00Z".to_owned()), None));
    assert_eq!(publish()["already"], json!(true));
    serve(&format!("publish --scores {late} --run-id other --events {} --store {store}", folder.arg("none.csv")))
        .refused(2, &["none.csv", "hint:"]);
}

#[test]
fn by_its_id_alone_every_customer_scores_as_in_the_batch_file() {
    let folder = Folder::new();
    let (store, outputs) = (folder.arg("lapwing.db"), fitted::shipped());
    let (file, bundle, events) = (text(&outputs.scores), text(&outputs.bundle), text(&data::shipped()));
    // The clock is three months after as-of: what came in between is kept, and is not looked at.
    let keep = format!("--events {events} --bundle {bundle} --keep-histories --at 2011-12-10T06:00:00Z");
    let done = serve(&format!("publish --scores {file} --store {store} {keep} --json")).done().json();
    let scores = data::read(&outputs.scores);
    assert_eq!((&done["customers"], &done["histories"]), (&json!(scores.num_rows()), &json!(scores.num_rows())));
    let (service, ids) = (server(&store), data::text(&scores, "customer_id"));
    let (mut populations, mut ignored) = (Vec::new(), 0);
    let rows: Vec<usize> = (0..scores.num_rows()).collect();
    for rows in rows.chunks(1_000) {
        let customers: Vec<Value> = rows.iter().map(|row| json!({ "customer_id": ids.value(*row) })).collect();
        let answer = service.post("/v1/score", &json!({ "as_of": AS_OF, "explain": 1000, "customers": customers })).ok();
        for (row, entry) in rows.iter().zip(answer["scores"].as_array().expect("a list of scores")) {
            assert_same(&scores, *row, entry);
            assert_eq!(entry["history_until"], "2011-12-09T12:50:00Z", "the last event, whatever the clock says");
            populations.push(entry["population"].clone());
            ignored += entry["ignored_events"].as_u64().expect("a count");
        }
    }
    assert!(["current", "lapsed"].iter().all(|name| populations.contains(&json!(name))) && ignored > 1_000, "{ignored}");
    serve(&format!("publish --scores {file} --store {store} --events {events} --keep-histories")).refused(2, &["--bundle", "hint:"]);
}

#[test]
fn what_is_no_scores_file_is_refused_and_the_run_before_is_read_on() {
    let folder = Folder::new();
    let store = folder.arg("lapwing.db");
    let scores = scored(&folder, AS_OF, "scores.parquet");
    serve(&format!("publish --scores {scores} --store {store} --run-id good")).done();
    let bytes = fs::read(&scores).expect("it was written");
    let half = folder.write("half.parquet", &bytes[..bytes.len() / 2]);
    let orders = text(&data::shipped());
    let csv = folder.write("scores.csv", "customer_id,as_of\na,2011-12-10\n");
    for (file, code, word) in [
        (half.as_str(), 1, "half.parquet"),
        (csv.as_str(), 1, "only Parquet is taken"),
        (&orders, 1, "online_retail_orders"),
        ("none.parquet", 2, "none.parquet"),
    ] {
        serve(&format!("publish --scores {file} --store {store}")).refused(code, &[word, "hint:"]);
    }
    serve(&format!("publish --scores {scores} --store {store} --at 2199-01-01")).refused(2, &["--at", "hint:"]);
    serve(&format!("publish --scores {scores} --store {store} --keep-runs 1")).refused(2, &["--keep-runs", "hint:"]);
    serve(&format!("publish --scores {scores} --store {store} --personal region")).refused(2, &["--store-key", "hint:"]);
    serve(&format!("publish --scores {scores} --store {}", folder.arg("no/such/folder.db"))).refused(1, &["--store", "hint:"]);
    let said = serve(&format!("publish --scores {scores} --store {store} --run-id good --json")).done().json();
    assert_eq!((&said["already"], &said["run_id"]), (&json!(true), &json!("good")));
    assert!(said["warnings"][0].as_str().is_some_and(|warning| warning.contains("days before this publication")), "{said}");
}

#[test]
fn a_customer_who_is_forgotten_leaves_a_receipt_that_holds() {
    let folder = Folder::new();
    let (store, key, receipt) = (folder.arg("lapwing.db"), folder.write("audit.key", "k".repeat(32)), folder.arg("receipt.json"));
    let (scores, bundle) = (scored(&folder, AS_OF, "scores.parquet"), text(&fitted::shipped().bundle));
    let keep = format!("--events {} --bundle {bundle} --keep-histories", text(&data::shipped()));
    serve(&format!("publish --scores {scores} --store {store} {keep}")).done();
    serve(&format!("forget --customer 12347 --store {store} --audit-key {key} --receipt {receipt}")).done();
    let told: Value = serde_json::from_str(&fs::read_to_string(&receipt).expect("it was written")).expect("it is JSON");
    assert_eq!((&told["store"]["scores"], &told["store"]["histories"]), (&json!(1), &json!(1)));
    serve(&format!("audit receipt {receipt} --audit-key {key}")).done();
    folder.write("receipt.json", fs::read_to_string(&receipt).expect("it is there").replace("\"scores\":1", "\"scores\":0"));
    serve(&format!("audit receipt {receipt} --audit-key {key}")).refused(1, &["receipt", "hint:"]);
    let service = server(&store);
    assert_eq!(service.get("/v1/customers/12347").status, 404);
    assert_eq!(service.get("/v1/customers/12348").status, 200);
    let asked = json!({"as_of": AS_OF, "customers": [{"customer_id": "12347"}, {"customer_id": "12348"}]});
    let scores = service.post("/v1/score", &asked).ok()["scores"].clone();
    assert_eq!((scores[0]["error"]["code"].as_str(), scores[1]["error"].is_null()), (Some("unknown_customer"), true));
}
