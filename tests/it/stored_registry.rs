//! A registry in an object store: promoted to, served and scored from, changed by two at once, and away for a while.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::bundle::Copied;
use crate::support::data;
use crate::support::fitted;
use crate::support::http::Server;
use crate::support::run::{Binary, Folder, assert_same_bytes, text};
use crate::support::s3::{Cut, S3};

/// The bundle with another card, and so another version.
fn other(letter: char) -> Copied {
    let copied = Copied::of(fitted::paced());
    copied.write("card.md", letter.to_string().as_bytes());
    copied.reseal();
    copied
}

fn promote(s3: &S3, bundle: &Path, more: &str) -> Value {
    s3.train(&format!("promote {} --registry {} --json {more}", text(bundle), s3.url("champions"))).done().json()
}

fn listing(s3: &S3) -> Value {
    serde_json::from_slice(&s3.get("champions/registry.json")).expect("it is JSON")
}

/// A service on the registry, over this endpoint.
fn serving(s3: &S3, endpoint: &str, reload_seconds: u32) -> Server {
    let mut command = Binary::Serve.command();
    command.envs(s3.environment()).env("AWS_ENDPOINT", endpoint);
    let every = reload_seconds.to_string();
    command.args(["http", "--addr", "127.0.0.1:0", "--json", "--registry", &s3.url("champions"), "--reload-seconds", &every]);
    Server::of(command)
}

/// Waits until the service says this of itself.
fn until(server: &Server, path: &str, holds: impl Fn(&Value) -> bool) {
    for _ in 0..1_200 {
        if holds(&server.get(path).ok()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("`{path}` says {} after a minute", server.get(path).body);
}

#[test]
fn champions_of_a_store_are_served_and_rolled_back() {
    let Some(s3) = S3::of_test("champions") else { return };
    let (folder, second) = (Folder::new(), other('2'));
    let first = promote(&s3, fitted::paced(), "--label one");
    assert_eq!((&first["outcome"], &first["sequence"], &first["registry"]), (&json!("promoted"), &json!(1), &json!(s3.url("champions"))));
    let check =
        || s3.run(Binary::Serve, &format!("check --registry {} --json", s3.url("champions")), &[]).done().json()["model_version"].clone();
    assert_eq!(check(), first["version"]);
    assert_eq!(promote(&s3, fitted::paced(), "")["outcome"], "already_champion");

    let events = text(&fitted::paced().with_extension("parquet"));
    let score = |flag: &str, place: &str, out: &str| {
        let line = format!("score {flag} {place} --events {events} --as-of 2024-01-01 --out {out}");
        s3.run(Binary::Serve, &line, &[])
    };
    score("--registry", &s3.url("champions"), &folder.arg("one")).done();
    score("--bundle", &text(fitted::paced()), &folder.arg("two")).done();
    assert_same_bytes(&folder.at("one"), &folder.at("two"));
    score("--registry", &s3.url("champions"), &s3.url("champions/scores.parquet")).refused(2, &["champions"]);

    let server = serving(&s3, s3.endpoint(), 1);
    let serves = |version: &Value| until(&server, "/v1/models", |told| told.to_string().contains(version.as_str().expect("it is text")));
    serves(&first["version"]);
    let trial = promote(&s3, &second.path(), "--share 0.25 --label two");
    assert_eq!((&trial["outcome"], &trial["trial"]["share"]), (&json!("challenging"), &json!(0.25)));
    serves(&trial["version"]);
    s3.train(&format!("promote --withdraw --registry {}", s3.url("champions"))).done();
    until(&server, "/v1/models", |told| !told.to_string().contains(trial["version"].as_str().expect("it is text")));
    assert_eq!(listing(&s3)["labels"].as_object().map(serde_json::Map::len), Some(2));
    s3.train(&format!("promote --rollback --registry {}", s3.url("champions"))).refused(1, &["no champion before"]);
    assert!(s3.names().iter().all(|name| name == "champions/registry.json" || name.starts_with("champions/bundles/")), "{:?}", s3.names());
}

#[test]
fn promoters_who_come_at_once_leave_a_whole_registry() {
    // That none of them is lost rests on the store, which compares and replaces in one step; this server does it in two. With a
    // store that keeps its word it is tested in `features/src/engine/store/tests.rs`.
    let Some(s3) = S3::of_test("at-once") else { return };
    let first = promote(&s3, fitted::paced(), "");
    let others = ['a', 'b', 'c', 'd'].map(|letter| (letter, other(letter)));
    std::thread::scope(|scope| {
        for (letter, bundle) in &others {
            let s3 = &s3;
            scope.spawn(move || {
                let line = format!("promote {} --registry {} --share 0.1 --label {letter}", text(&bundle.path()), s3.url("champions"));
                s3.train(&line).done();
            });
        }
    });
    let listing = listing(&s3);
    let (version, labels) = (&listing["challenger"]["version"], &listing["labels"]);
    assert!(labels[version.as_str().expect("somebody challenges")].is_string(), "{listing}");
    let checked = s3.run(Binary::Serve, &format!("check --registry {} --json", s3.url("champions")), &[]).done().json();
    assert_eq!(checked["model_version"], first["version"]);
}

#[test]
fn what_a_store_holds_is_checked_as_what_a_folder_holds_is() {
    let Some(s3) = S3::of_test("damaged") else { return };
    promote(&s3, fitted::paced(), "");
    let server = serving(&s3, s3.endpoint(), 0);
    let trial = promote(&s3, &other('x').path(), "--shadow");
    let name = format!("champions/bundles/{}/churn.json", trial["version"].as_str().expect("it is text"));
    let sound = s3.get(&name);
    let reload = || server.post("/v1/models/reload", &json!({}));
    let half = sound[..sound.len() / 2].to_vec();
    let mut flipped = sound.clone();
    flipped[100] ^= 1;
    for (bytes, code) in [(half, "truncated"), (flipped, "corrupt")] {
        s3.put(&name, bytes);
        assert_eq!(reload().status, 409);
        assert_eq!(server.get("/health/ready").ok()["refused_reload"]["code"], code);
    }
    s3.put(&name, sound);
    assert_eq!(reload().ok()["outcome"], "loaded");
    assert_eq!(server.get("/health/ready").ok(), json!({"status": "ready"}));
    let listing = s3.get("champions/registry.json");
    s3.put("champions/registry.json", b"half a li".to_vec());
    assert_eq!(reload().status, 409);
    assert_eq!(server.get("/health/ready").ok()["refused_reload"]["code"], "registry_damaged");
    s3.put("champions/registry.json", listing);
    assert_eq!(reload().ok()["outcome"], "unchanged");
}

#[test]
fn a_store_that_is_away_is_told_and_what_serves_serves_on() {
    let Some(s3) = S3::of_test("away") else { return };
    let on =
        |command: &str, place: &str, changed: &[(&str, &str)]| s3.run(Binary::Serve, &format!("{command} --registry {place}"), changed);
    for command in ["check", "http --addr 127.0.0.1:0"] {
        on(command, &s3.url("champions"), &[]).refused(1, &["is no registry", &s3.url("champions")]);
        let ended = on(command, &s3.url("champions"), &[("AWS_SECRET_ACCESS_KEY", "sup3rs3cr3t")]);
        let ended = ended.refused(1, &["access is denied", "AWS_SECRET_ACCESS_KEY"]);
        assert!(!ended.stderr.contains("sup3rs3cr3t"), "{}", ended.stderr);
    }
    s3.train(&format!("promote --withdraw --registry {}", s3.url("champions"))).refused(1, &["is no registry"]);
    s3.put("taken/events.parquet", std::fs::read(data::shipped()).expect("it is shipped"));
    s3.train(&format!("promote {} --registry {}", text(fitted::paced()), s3.url("taken"))).refused(2, &["events.parquet"]);
    s3.train(&format!("promote {} --registry https://example.org/champions", text(fitted::paced()))).refused(2, &["read only"]);

    promote(&s3, fitted::paced(), "");
    let line = s3.line(Cut { sending: true, after: usize::MAX, times: usize::MAX });
    let server = serving(&s3, line.endpoint(), 1);
    let version = server.get("/health/ready").header("lapwing-model-version").map(str::to_owned);
    line.close(true);
    until(&server, "/health/ready", |told| told["refused_reload"]["code"] == "store_away");
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("lapwing_model_reload_refused 1") && metrics.contains("reason=\"store_away\"} 1"), "{metrics}");
    let scored = server.post("/v1/score", &json!({"as_of": "2024-01-01", "customers": [{"customer_id": "a", "events": []}]}));
    assert_eq!((scored.status, scored.header("lapwing-model-version").map(str::to_owned)), (200, version));
    line.close(false);
    until(&server, "/health/ready", |told| *told == json!({"status": "ready"}));
}
