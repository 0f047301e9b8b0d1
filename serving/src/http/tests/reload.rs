//! Other models take office while requests are answered, or are refused and change nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use lapwing_models::ModelBundle;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Answer, ask, fixture, get, good, score, send};
use crate::guard::key::hex;
use crate::http::{Limits, Reloaded, Setup, State, watch};
use crate::source::Source;

/// A folder with a registry, written by hand; gone when dropped.
struct Place(tempfile::TempDir);

impl Place {
    /// A registry with the fixture's bundle as champion.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.store(&fixture::bundle());
        place.list(&[("promoted", &fixture::bundle())], &Value::Null);
        place
    }

    fn bundle_dir(&self, version: &str) -> PathBuf {
        self.0.path().join("bundles").join(version)
    }

    fn store(&self, bundle: &ModelBundle) -> PathBuf {
        let dir = self.bundle_dir(&bundle.version());
        bundle.save(&dir).unwrap();
        dir
    }

    /// Writes the list of champions and the challenger, in one step.
    fn list(&self, history: &[(&str, &ModelBundle)], challenger: &Value) {
        let mut before = Value::Null;
        let entries: Vec<Value> = (1..)
            .zip(history)
            .map(|(sequence, (action, bundle))| {
                let before = std::mem::replace(&mut before, json!(bundle.version()));
                json!({"sequence": sequence, "action": action, "version": bundle.version(), "as_of": bundle.as_of, "before": before,
                       "decision": null, "contest": null})
            })
            .collect();
        let listing = json!({"format_version": 2, "history": entries, "challenger": challenger});
        let fresh = self.0.path().join("registry.json.new");
        fs::write(&fresh, listing.to_string()).unwrap();
        fs::rename(fresh, self.0.path().join("registry.json")).unwrap();
    }

    fn source(&self) -> Source {
        Source::Registry(self.0.path().to_owned())
    }
}

fn start(source: Source) -> Arc<State> {
    State::of(source.lineup().unwrap(), Limits::default(), Setup { source: Some(source), ..Setup::default() })
}

async fn reload(state: &Arc<State>) -> Answer {
    send(state, Request::post("/v1/models/reload").body(Body::empty()).unwrap()).await
}

/// Reloads, which must be refused with this code, told everywhere, and change nothing.
async fn refused(state: &Arc<State>, code: &str) {
    let before = state.version();
    let answer = reload(state).await;
    assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (409, Some("urn:lapwing:problem:reload_refused")), "{code}");
    let ready = get(state, "/health/ready").await;
    assert_eq!((ready.status.as_u16(), ready.json()["refused_reload"]["code"].as_str()), (200, Some(code)));
    let detail = ready.json()["refused_reload"]["detail"].as_str().unwrap().to_owned();
    assert!(answer.json()["detail"].as_str().unwrap().starts_with(&detail), "{detail}");
    let metrics = get(state, "/metrics").await.text;
    assert!(metrics.contains(&format!("lapwing_model_reloads_total{{outcome=\"refused\",reason=\"{code}\"}} 1")), "{metrics}");
    assert!(metrics.contains("lapwing_model_reload_refused 1"), "{metrics}");
    let answer = score(state, &ask(&[good()])).await;
    assert_eq!((answer.status.as_u16(), answer.header("lapwing-model-version")), (200, &*before), "the models before serve on");
}

#[tokio::test]
async fn another_champion_and_a_challenger_take_office_without_a_restart() {
    let place = Place::new();
    let state = start(place.source());
    assert_eq!(reload(&state).await.json()["outcome"], "unchanged");
    let other = fixture::other_bundle();
    place.store(&other);
    place.list(&[("promoted", &fixture::bundle())], &json!({"version": other.version(), "share": 1.0, "shadow": false}));
    let told = reload(&state).await.json();
    assert_eq!(told, json!({"outcome": "loaded", "champion": fixture::bundle().version(), "challenger": other.version()}));
    assert_eq!(score(&state, &ask(&[good()])).await.header("lapwing-model-version"), other.version());
    place.list(&[("promoted", &fixture::bundle()), ("promoted", &other)], &Value::Null);
    assert_eq!(reload(&state).await.json(), json!({"outcome": "loaded", "champion": other.version(), "challenger": null}));
    assert!(!get(&state, "/metrics").await.text.contains(&fixture::bundle().version()), "who left office is no model that serves");
}

#[tokio::test]
async fn the_registry_is_watched_by_its_manifest_and_not_by_its_folders() {
    let place = Place::new();
    let state = start(place.source());
    let watching = tokio::spawn(watch(Arc::clone(&state), Duration::from_millis(1), None));
    let other = fixture::other_bundle();
    place.store(&other);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(state.version(), fixture::bundle().version(), "a folder alone is no promotion");
    place.list(&[("promoted", &fixture::bundle()), ("promoted", &other)], &Value::Null);
    while state.version() != other.version() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    fs::write(place.0.path().join("registry.json"), "half a li").unwrap();
    while state.refused_reload().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(state.refused_reload().unwrap().code, "registry_damaged");
    place.list(&[("promoted", &fixture::bundle())], &json!(null));
    while state.refused_reload().is_some() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(state.version(), fixture::bundle().version());
    watching.abort();
}

#[tokio::test]
async fn who_is_promoted_while_the_service_starts_takes_office() {
    let place = Place::new();
    let mark = place.source().mark().unwrap();
    let state = start(place.source());
    let other = fixture::other_bundle();
    place.store(&other);
    place.list(&[("promoted", &fixture::bundle()), ("promoted", &other)], &Value::Null);
    let watching = tokio::spawn(watch(Arc::clone(&state), Duration::from_hours(1), mark));
    for _ in 0..10_000 {
        if state.version() == other.version() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(state.version(), other.version(), "before the second look");
    watching.abort();
}

/// What somebody does to the folder of a bundle, and the code that it is refused with.
type Damage = (&'static str, fn(&Path));

fn reseal(dir: &Path, change: impl Fn(String) -> String) {
    let manifest = change(fs::read_to_string(dir.join("manifest.json")).unwrap());
    let digits = hex(&Sha256::digest(manifest.as_bytes()));
    fs::write(dir.join("manifest.sha256"), format!("{digits}  manifest.json\n")).unwrap();
    fs::write(dir.join("manifest.json"), manifest).unwrap();
}

const DAMAGES: [Damage; 9] = [
    ("corrupt", |dir| {
        let mut bytes = fs::read(dir.join("churn.json")).unwrap();
        bytes[100] ^= 1;
        fs::write(dir.join("churn.json"), bytes).unwrap();
    }),
    ("truncated", |dir| {
        let bytes = fs::read(dir.join("churn.json")).unwrap();
        fs::write(dir.join("churn.json"), &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("older_format", |dir| reseal(dir, |manifest| manifest.replacen("\"format_version\": 5", "\"format_version\": 4", 1))),
    ("newer_format", |dir| reseal(dir, |manifest| manifest.replacen("\"format_version\": 5", "\"format_version\": 6", 1))),
    ("fingerprint", |dir| reseal(dir, |manifest| manifest.replace(&lapwing_features::schema::fingerprint(), "0000000000000000"))),
    ("golden", |dir| {
        let mut other = fixture::bundle();
        other.thresholds.dormant_after_days += 5;
        other.save(dir).unwrap();
    }),
    ("missing_file", |dir| fs::remove_file(dir.join("golden.json")).unwrap()),
    ("foreign_file", |dir| fs::write(dir.join("thesis.txt"), "years").unwrap()),
    ("no_bundle", |dir| {
        fs::remove_file(dir.join("manifest.json")).unwrap();
    }),
];

#[tokio::test]
async fn each_damage_is_refused_with_its_reason_and_a_sound_copy_is_taken_again() {
    for (code, damage) in DAMAGES {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("bundle");
        fixture::bundle().save(&dir).unwrap();
        let state = start(Source::Bundle(dir.clone()));
        damage(&dir);
        refused(&state, code).await;
        fs::remove_dir_all(&dir).unwrap();
        fixture::other_bundle().save(&dir).unwrap();
        assert_eq!(reload(&state).await.json()["outcome"], "loaded", "{code}");
        assert_eq!(get(&state, "/health/ready").await.json(), json!({"status": "ready"}), "what was refused is forgotten");
        assert!(get(&state, "/metrics").await.text.contains("lapwing_model_reload_refused 0"));
    }
}

#[tokio::test]
async fn a_bundle_that_knows_of_less_is_refused_unless_somebody_went_back() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("bundle");
    fixture::bundle().save(&dir).unwrap();
    let state = start(Source::Bundle(dir.clone()));
    fixture::older_bundle().save(&dir).unwrap();
    refused(&state, "older_as_of").await;

    let (place, older) = (Place::new(), fixture::older_bundle());
    let state = start(place.source());
    place.store(&older);
    place.list(&[("promoted", &fixture::bundle()), ("promoted", &older)], &Value::Null);
    refused(&state, "older_as_of").await;
    place.list(&[("promoted", &older), ("promoted", &fixture::bundle()), ("rolled_back", &older)], &Value::Null);
    assert_eq!(reload(&state).await.json()["champion"], older.version());
}

#[tokio::test]
async fn a_challenger_that_is_off_keeps_the_whole_lineup_out() {
    let place = Place::new();
    let state = start(place.source());
    let other = fixture::other_bundle();
    let dir = place.store(&other);
    fs::write(dir.join("card.md"), "half").unwrap();
    place.list(&[("promoted", &fixture::bundle())], &json!({"version": other.version(), "share": 0.5, "shadow": false}));
    refused(&state, "truncated").await;
    fs::remove_dir_all(&dir).unwrap();
    fixture::bundle().save(&dir).unwrap();
    refused(&state, "exchanged").await;
    fs::remove_file(place.0.path().join("registry.json")).unwrap();
    refused(&state, "no_registry").await;
    fs::write(place.0.path().join("registry.json"), "{\"format_version\": 99}").unwrap();
    refused(&state, "newer_registry").await;
}

#[tokio::test]
async fn a_service_without_a_source_says_so() {
    let answer = reload(&super::state()).await;
    assert_eq!((answer.status.as_u16(), answer.json()["title"].as_str()), (409, Some("the other models are not fit to serve")));
}

/// Reloads between two champions while callers score without a pause: every answer must be whole, and wholly by one model.
async fn under_fire(reloads: usize) {
    let (place, bundles) = (Place::new(), [fixture::bundle(), fixture::other_bundle()]);
    place.store(&bundles[1]);
    let state = start(place.source());
    let asked = ask(&[good()]);
    let mut expected = Vec::new();
    for bundle in &bundles {
        let alone = State::new(bundle.clone(), Limits::default()).unwrap();
        expected.push(score(&alone, &asked).await.json());
    }
    let over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (state, over, asked, expected) = (Arc::clone(&state), Arc::clone(&over), asked.clone(), expected.clone());
            tokio::spawn(async move {
                let mut answered = [0, 0];
                while !over.load(Ordering::Relaxed) {
                    let answer = score(&state, &asked).await;
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    let by = expected.iter().position(|expected| *expected == answer.json()).expect("a model's whole answer");
                    assert_eq!(answer.header("lapwing-model-version"), expected[by]["model"]["version"]);
                    answered[by] += 1;
                }
                answered
            })
        })
        .collect();
    let (one, two) = (&bundles[0], &bundles[1]);
    for number in 0..reloads {
        let history = if number % 2 == 0 { vec![("promoted", one), ("promoted", two)] } else { vec![("promoted", one)] };
        place.list(&history, &Value::Null);
        assert_eq!(state.reload().await, Ok(Reloaded::Loaded), "{number}");
    }
    over.store(true, Ordering::Relaxed);
    let mut answered = [0, 0];
    for caller in callers {
        let each = caller.await.unwrap();
        answered = [answered[0] + each[0], answered[1] + each[1]];
    }
    assert!(answered.iter().all(|count| *count > 0), "{answered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_models_change() {
    under_fire(30).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the full size takes a while: run it with `cargo test -p lapwing-serving --release -- --ignored models_change`"]
async fn no_request_fails_while_models_change_a_thousand_times() {
    under_fire(1_000).await;
}
