//! Campaigns: who is left without, who was assigned, what came of it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use lapwing_models::holdout::HoldOutKey;
use lapwing_models::lifecycle::AlertSettings;
use lapwing_models::playbook::{Advice, SHIPPED};
use serde_json::{Value as Json, json};

use super::{fixture, get, send};
use crate::http::{Desk, Limits, Served, Setup, State};
use crate::store::{Store, StoreUrl};
use crate::{playbook, settings};

const CAMPAIGN: &str = "/v1/campaigns/winback_cant_lose";

fn service(key: bool) -> (Arc<State>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreUrl::Sqlite(folder.path().join("lapwing.db"))).unwrap();
    let desk = Some(Desk::new(store, None, AlertSettings::default()));
    let key = key.then(|| HoldOutKey::new(b"an example key of 32 bytes or so").unwrap());
    let setup = Setup { desk, advice: Advice { key, ..Advice::default() }, ..Setup::default() };
    (State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup), folder)
}

async fn post(state: &Arc<State>, path: &str, body: &Json) -> (u16, Json) {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap();
    let answer = send(state, request).await;
    (answer.status.as_u16(), answer.json())
}

/// A day of January 2020.
fn day(day: u32) -> String {
    format!("2020-01-{day:02}T12:00:00Z")
}

#[tokio::test]
async fn sides_are_drawn_by_the_key_and_told_alike_everywhere() {
    let (state, _folder) = service(true);
    let mut held_out = 0;
    for customer in 0..500 {
        let asked = get(&state, &format!("{CAMPAIGN}/assignment?customer_id=c{customer}")).await.json();
        held_out += u32::from(asked["side"] == "held_out");
        assert_eq!(asked["hold_out_share"], json!(0.1));
    }
    assert!((25..=80).contains(&held_out), "{held_out} of 500");
    let status = async |path: &str| get(&state, path).await.status.as_u16();
    assert_eq!(status("/v1/campaigns/none/assignment?customer_id=a").await, 404);
    assert_eq!(status(&format!("{CAMPAIGN}/assignment")).await, 422);
    for (query, pointer) in [
        ("customer_id=a&customer_id=b", "/customer_id"),
        ("customer_id=a&side=b", "/side"),
        ("customer_id=", "/customer_id"),
        ("customer_id=%20", "/customer_id"),
        ("customer_id=%00", "/customer_id"),
    ] {
        let answer = get(&state, &format!("{CAMPAIGN}/assignment?{query}")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (422, &json!(pointer)), "{query}");
    }
    let (state, _folder) = service(false);
    let answer = get(&state, &format!("{CAMPAIGN}/assignment?customer_id=a")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["type"]), (409, &json!("urn:lapwing:problem:no_holdout_key")));
}

#[tokio::test]
async fn a_campaign_is_proven_by_who_was_left_without() {
    let (state, _folder) = service(true);
    let side = async |id: &str| get(&state, &format!("{CAMPAIGN}/assignment?customer_id={id}")).await.json()["side"] == "treated";
    let (mut treated, mut held_out) = (Vec::new(), Vec::new());
    for customer in 0..900 {
        let id = format!("c{customer}");
        if side(&id).await { treated.push(id) } else { held_out.push(id) }
    }
    let expose = |ids: &[String], at: Option<String>| json!({ "exposures": ids.iter().map(|id| json!({ "customer_id": id, "at": at, "contacted": true })).collect::<Vec<_>>() });
    let all: Vec<String> = treated.iter().chain(&held_out).cloned().collect();
    let (status, told) = post(&state, &format!("{CAMPAIGN}/exposures"), &expose(&all, Some(day(1)))).await;
    assert_eq!(
        (status, &told["new"], &told["treated"], &told["held_out"]),
        (200, &json!(900), &json!(treated.len()), &json!(held_out.len()))
    );
    assert!(told["warning"].as_str().unwrap().contains("spoils the proof"), "those who are held out are said to be contacted");
    let (_, fine) = post(&state, &format!("{CAMPAIGN}/exposures"), &expose(&treated[..5], None)).await;
    assert!(fine.get("warning").is_none() && fine["known"] == 5, "{fine}");
    let (_, again) = post(&state, &format!("{CAMPAIGN}/exposures"), &expose(&all[..5], None)).await;
    assert_eq!((&again["new"], &again["known"]), (&json!(0), &json!(5)), "the first time counts");
    assert_eq!((&told["not_published"], &again["not_published"]), (&json!(900), &json!(5)), "nothing is");
    // Half of the treated buy for 30 within the days, and one in eight of the others; a purchase after the days does not count.
    let bought = |ids: &[String], every: usize| {
        ids.iter().step_by(every).map(|id| json!({ "customer_id": id, "ts": day(20), "amount": 30.0 })).collect::<Vec<_>>()
    };
    let mut outcomes = [bought(&treated, 2), bought(&held_out, 8)].concat();
    outcomes.push(json!({ "customer_id": treated[1], "ts": "2020-02-20", "amount": 30.0 }));
    for _ in 0..2 {
        let (status, told) = post(&state, &format!("{CAMPAIGN}/outcomes"), &json!({ "outcomes": outcomes })).await;
        assert_eq!((status, &told), (200, &json!({ "taken": outcomes.len(), "forgotten": 0, "not_assigned": 0 })));
    }
    let strangers = json!({ "outcomes": [outcomes[0], { "customer_id": "stranger", "ts": day(20), "amount": 30.0 }] });
    let (status, told) = post(&state, &format!("{CAMPAIGN}/outcomes"), &strangers).await;
    assert_eq!((status, &told["taken"], &told["not_assigned"]), (200, &json!(2), &json!(1)));
    let result = get(&state, &format!("{CAMPAIGN}/result?margin_share=0.5&by=stage")).await.json();
    assert_eq!((&result["customers"], &result["waiting"], &result["results"]["verdict"]), (&json!(900), &json!(0), &json!("helped")));
    assert_eq!(result["results"]["treated"]["buyers"], json!(treated.len().div_ceil(2)));
    assert_eq!(result["results"]["look"]["rule"], "one_look");
    assert!(result["results"]["money"]["roi"][0].as_f64().unwrap() > 0.0, "{result}");
    assert_eq!((&result["groups"][0]["attribute"], &result["groups"][0]["value"]), (&json!("stage"), &json!("not known")));
    // Who came lately is waited for, and an early look has wider bounds.
    let late: Vec<String> = (0..900).map(|at| format!("late{at}")).collect();
    assert_eq!(post(&state, &format!("{CAMPAIGN}/exposures"), &expose(&late, None)).await.0, 200);
    let early = get(&state, &format!("{CAMPAIGN}/result")).await.json();
    assert_eq!((&early["customers"], &early["waiting"], &early["results"]["look"]["rule"]), (&json!(900), &json!(900), &json!("any_time")));
    let z = |result: &Json| result["results"]["look"]["z"].as_f64().unwrap();
    assert!(z(&early) > z(&result) + 0.5);
}

#[tokio::test]
async fn contacts_cost_what_their_action_costs_and_unknown_amounts_spoil_no_rate() {
    let (state, _folder) = service(true);
    let mut sides: [Vec<String>; 2] = Default::default();
    for customer in 0..300 {
        let id = format!("c{customer}");
        let asked = get(&state, &format!("{CAMPAIGN}/assignment?customer_id={id}")).await.json();
        sides[usize::from(asked["side"] == "held_out")].push(id);
    }
    let [treated, held_out] = sides;
    // Ten are called, which costs 4 each; the others get a discount for 0.05, as the shipped playbook has it.
    let exposure = |(place, id): (usize, &String)| {
        let action = if place < 10 { "personal_call" } else { "personal_discount" };
        json!({ "customer_id": id, "at": day(1), "contacted": true, "action": action })
    };
    let left = held_out.iter().map(|id| json!({ "customer_id": id, "at": day(1) }));
    let exposures: Vec<Json> = treated.iter().enumerate().map(exposure).chain(left).collect();
    assert_eq!(post(&state, &format!("{CAMPAIGN}/exposures"), &json!({ "exposures": exposures })).await.0, 200);
    let outcome = |id: &String, amount: Option<f64>| json!({ "customer_id": id, "ts": day(9), "amount": amount });
    let mut outcomes: Vec<Json> = treated[..50].iter().map(|id| outcome(id, Some(20.0))).collect();
    outcomes.push(outcome(&treated[50], None));
    assert_eq!(post(&state, &format!("{CAMPAIGN}/outcomes"), &json!({ "outcomes": outcomes })).await.0, 200);
    let result = get(&state, &format!("{CAMPAIGN}/result?margin_share=0.5")).await.json();
    let (side, all) = (&result["results"]["treated"], treated.len());
    assert_eq!((&side["buyers"], &side["customers"], &side["spend_customers"]), (&json!(51), &json!(all), &json!(all - 1)));
    assert!((side["spend_mean"].as_f64().unwrap() - 1_000.0 / (all - 1) as f64).abs() < 1e-9, "{side}");
    let cost = result["results"]["money"]["cost"].as_f64().unwrap();
    assert!((cost - (40.0 + 0.05 * (all - 10) as f64)).abs() < 1e-9, "{cost}");
    assert!(result["told"].to_string().contains("unknown amount"), "{result}");
}

#[tokio::test]
async fn the_playbook_and_the_key_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (book, key) = (folder.path().join("playbook.toml"), folder.path().join("holdout.key"));
    std::fs::write(&book, SHIPPED).unwrap();
    std::fs::write(&key, "07".repeat(32)).unwrap();
    let advised_by = settings::Advice { playbook: Some(book.clone()), holdout_key_file: Some(key.clone()) };
    let setup = Setup { advice: playbook::advice(&advised_by).unwrap(), advised_by, ..Setup::default() };
    let state = State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup);
    let sides = async || {
        let mut sides = Vec::new();
        for customer in 0..60 {
            sides.push(get(&state, &format!("{CAMPAIGN}/assignment?customer_id=c{customer}")).await.json()["side"].clone());
        }
        sides
    };
    let before = sides().await;
    // What is off changes nothing.
    for (path, text) in [(&book, "[[campaign]]\n"), (&key, "too short")] {
        let good = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, text).unwrap();
        state.refresh().await;
        assert_eq!(sides().await, before, "{}", path.display());
        std::fs::write(path, good).unwrap();
    }
    std::fs::write(&key, "08".repeat(32)).unwrap();
    state.refresh().await;
    assert_ne!(sides().await, before, "another lot");
    std::fs::write(&book, SHIPPED.replace("winback_cant_lose", "winback_two")).unwrap();
    state.refresh().await;
    assert_eq!(get(&state, &format!("{CAMPAIGN}/assignment?customer_id=a")).await.status, 404);
    assert_eq!(get(&state, "/v1/campaigns/winback_two/assignment?customer_id=a").await.status, 200);
}

#[tokio::test]
async fn a_customer_is_the_same_by_number_and_by_text() {
    let (state, _folder) = service(true);
    let ids = [json!(12347), json!("12347"), json!(12347.0)];
    let exposures: Vec<Json> = ids.iter().map(|id| json!({ "customer_id": id, "at": day(1) })).collect();
    let (status, told) = post(&state, &format!("{CAMPAIGN}/exposures"), &json!({ "exposures": exposures })).await;
    assert_eq!((status, &told["new"], &told["known"], &told["forgotten"]), (200, &json!(1), &json!(2), &json!(0)), "{told}");
    let outcomes = json!({ "outcomes": [{ "customer_id": 12347, "ts": day(2), "amount": 5 }] });
    assert_eq!(post(&state, &format!("{CAMPAIGN}/outcomes"), &outcomes).await.0, 200);
    let result = get(&state, &format!("{CAMPAIGN}/result")).await.json();
    let buyers = |side: &str| result["results"][side]["buyers"].as_u64().unwrap();
    assert_eq!(buyers("treated") + buyers("held_out"), 1, "{result}");
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let (state, _folder) = service(true);
    let many = vec![json!({ "customer_id": 1 }); 1_001];
    for (path, body, pointers) in [
        ("exposures", json!({}), vec!["/exposures"]),
        ("exposures", json!({ "exposures": [] }), vec!["/exposures"]),
        ("exposures", json!({ "exposures": many }), vec!["/exposures"]),
        ("exposures", json!({ "exposures": [{ "customer_id": "" }, {}] }), vec!["/exposures/0/customer_id", "/exposures/1/customer_id"]),
        ("exposures", json!({ "exposures": [{ "customer_id": "a", "at": "2199-01-01" }] }), vec!["/exposures/0/at"]),
        (
            "exposures",
            json!({ "exposures": [{ "customer_id": "a", "side": "treated", "contacted": 1 }] }),
            vec!["/exposures/0/side", "/exposures/0/contacted"],
        ),
        ("exposures", json!({ "exposures": [{ "customer_id": "a", "action": "thank_you" }] }), vec!["/exposures/0/action"]),
        (
            "outcomes",
            json!({ "outcomes": [7, { "customer_id": 1.5, "ts": "2020-01-01", "amount": -1 }] }),
            vec!["/outcomes/0", "/outcomes/1/customer_id", "/outcomes/1/amount"],
        ),
        ("outcomes", json!({ "outcomes": [{ "customer_id": "a" }], "extra": 1 }), vec!["/extra", "/outcomes/0/ts"]),
        ("outcomes", json!({ "outcomes": [{ "customer_id": "a", "ts": "soon" }] }), vec!["/outcomes/0/ts"]),
    ] {
        let (status, told) = post(&state, &format!("{CAMPAIGN}/{path}"), &body).await;
        let named: Vec<_> = told["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!((status, named), (422, pointers), "{body}");
    }
    for (terms, pointer, detail) in [
        ("days=0", "/days", "`days` must be a whole number from 1 to 3650, in the query"),
        ("by=shoe_size", "/by", "`by` must be one or more of `stage`, `segment`, `value_tier`, in the query"),
        ("margin=-1", "/margin", "`margin` must be 0 or more, and below 1e12, in the query"),
        ("margin=1&margin_share=0.5", "/margin", "`margin` must not be given beside `margin_share`, in the query"),
        ("margin_share=2", "/margin_share", "`margin_share` must be a share of the spend from 0 to 1, in the query"),
        ("wanted_lift=0", "/wanted_lift", "`wanted_lift` must be between -1 and 1, and not 0, in the query"),
        ("planned_customers=0", "/planned_customers", "`planned_customers` must be 1 or more, in the query"),
        ("what=1", "/what", "`what` is none of `days`, `margin`, `margin_share`, `wanted_lift`, `planned_customers`, `by`, in the query"),
        ("days=1&days=1", "/days", "`days` is given twice, in the query"),
        ("days=long", "/days", "`days` must be a whole number from 1 to 3650, in the query"),
        ("margin=much", "/margin", "`margin` must be a number, in the query"),
        ("planned_customers=-1", "/planned_customers", "`planned_customers` must be a whole number, in the query"),
    ] {
        let answer = get(&state, &format!("{CAMPAIGN}/result?{terms}")).await;
        let told = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &told["errors"][0]["pointer"], &told["detail"]),
            (422, &json!(pointer), &json!(detail)),
            "{terms}"
        );
    }
    let nothing = get(&state, &format!("{CAMPAIGN}/result")).await.json();
    assert_eq!((&nothing["customers"], &nothing["results"]["verdict"]), (&json!(0), &json!("nothing")));
}
