//! From bundle to champion: `lapwing-train promote` lets in what is better than the naive rules and not worse than the champion,
//! and `lapwing-serve --registry` serves it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::bundle::Copied;
use crate::support::fitted;
use crate::support::http::Server;
use crate::support::run::{Binary, Ended, Folder, names, serve, text, train};
use crate::support::tree;

/// A registry to be.
struct Place(Folder);

impl Place {
    fn new() -> Self {
        Self(Folder::new())
    }

    fn registry(&self) -> PathBuf {
        self.0.at("registry")
    }

    fn promote(&self, bundle: &Path) -> Ended {
        train(&format!("promote {} --registry {} --json", text(bundle), text(&self.registry())))
    }

    fn roll_back(&self) -> Ended {
        train(&format!("promote --rollback --registry {} --json", text(&self.registry())))
    }

    /// The version that is served.
    fn champion(&self) -> Value {
        serve(&format!("check --registry {} --json", text(&self.registry()))).done().json()["model_version"].clone()
    }

    fn listing(&self) -> Vec<u8> {
        std::fs::read(self.registry().join("registry.json")).expect("there is a registry")
    }
}

/// The bundle with another card, and so another version, as if its models had been judged better: by `letter` they can be told apart.
fn better(letter: char) -> Copied {
    judged(fitted::paced(), letter, |said, happened| 0.75 * said + 0.25 * happened)
}

/// A copy of a bundle, as if its models had said of each row they were judged on what `said` makes of what they said and of what
/// happened, 0 or 1.
fn judged(bundle: &Path, letter: char, said: impl Fn(f64, f64) -> f64) -> Copied {
    let copied = Copied::of(bundle);
    copied.write("card.md", letter.to_string().as_bytes());
    copied.edit("evidence.json", |evidence| {
        let targets = evidence.as_object_mut().expect("it is told by target").values_mut();
        for row in targets.flat_map(|of| of["rows"].as_array_mut().expect("a target has rows")) {
            let happened = f64::from(u8::from(row["label"] == true));
            row["model"] = said(row["model"].as_f64().expect("a probability"), happened).into();
        }
    });
    copied.reseal();
    copied
}

fn codes(outcome: &Value) -> Vec<&str> {
    let reasons = outcome["reasons"].as_array().expect("there are reasons");
    reasons.iter().map(|reason| reason["code"].as_str().expect("a reason has a code")).collect()
}

#[test]
fn champions_are_served_and_rolled_back() {
    let (place, one, two) = (Place::new(), fitted::paced(), better('2'));
    let first = place.promote(one).done();
    let outcome = first.json();
    assert_eq!((outcome["outcome"].as_str(), outcome["sequence"].as_u64(), &outcome["before"]), (Some("promoted"), Some(1), &Value::Null));
    assert!(codes(&outcome).contains(&"better_than_naive") && codes(&outcome).contains(&"first_champion"), "{outcome}");
    assert!(first.stderr.contains("for: ") && first.stderr.contains("is champion of"), "{}", first.stderr);
    let first = outcome["version"].clone();
    assert_eq!(place.champion(), first);

    let outcome = place.promote(&two.path()).done().json();
    assert!(codes(&outcome).contains(&"better_than_champion") && codes(&outcome).contains(&"champion_had_seen"), "{outcome}");
    assert_eq!((outcome["outcome"].as_str(), &outcome["before"]), (Some("promoted"), &first));
    let second = outcome["version"].clone();
    assert_eq!(place.champion(), second);
    let served = |server: &Server| server.get("/v1/models").ok().to_string();
    let running = Server::start_on("--registry", &place.registry());
    assert!(served(&running).contains(second.as_str().expect("a version is text")));

    let outcome = place.roll_back().done().json();
    assert_eq!((outcome["outcome"].as_str(), &outcome["version"], &outcome["before"]), (Some("rolled_back"), &first, &second));
    assert_eq!(place.champion(), first);
    assert!(served(&Server::start_on("--registry", &place.registry())).contains(first.as_str().expect("a version is text")));
    assert!(served(&running).contains(second.as_str().expect("a version is text")), "a running server keeps its champion");
    place.roll_back().refused(1, &["no champion before"]);

    let listing: Value = serde_json::from_slice(&place.listing()).expect("it is JSON");
    let history = listing["history"].as_array().expect("it has a history");
    let actions: Vec<&str> = history.iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["promoted", "promoted", "rolled_back"]);
}

#[test]
fn the_champion_scores_as_its_bundle_does() {
    let (place, folder) = (Place::new(), Folder::new());
    place.promote(fitted::paced()).done();
    let events = text(&fitted::paced().with_extension("parquet"));
    let score = |flag: &str, path: &Path, out: &str| {
        serve(&format!("score {flag} {} --events {events} --as-of 2024-01-01 --out {out}", text(path)))
    };
    score("--registry", &place.registry(), &folder.arg("one")).done();
    score("--bundle", fitted::paced(), &folder.arg("two")).done();
    assert_eq!(std::fs::read(folder.at("one")).expect("it was written"), std::fs::read(folder.at("two")).expect("it was written"));
    score("--registry", &place.registry(), &text(&place.registry().join("registry.json"))).refused(2, &["registry.json"]);
}

#[test]
fn the_same_bundle_again_changes_nothing() {
    let place = Place::new();
    place.promote(fitted::paced()).done();
    let before = place.listing();
    let again = place.promote(fitted::paced()).done().json();
    assert_eq!((again["outcome"].as_str(), again["sequence"].as_u64()), (Some("already_champion"), Some(1)));
    assert_eq!(place.listing(), before);
}

#[test]
fn what_is_worse_than_the_champion_is_refused() {
    // As sure as ever, of the opposite.
    let (place, worse) = (Place::new(), judged(fitted::paced(), 'w', |said, _| 1.0 - said));
    place.promote(fitted::paced()).done();
    let before = place.listing();
    let ended = place.promote(&worse.path()).refused(1, &["does not become champion", "churn: worse than"]);
    let outcome = ended.json();
    assert_eq!(outcome["outcome"], "refused");
    assert!(codes(&outcome).contains(&"champion_had_seen") && codes(&outcome).contains(&"worse_than_naive"), "{outcome}");
    assert_eq!(place.listing(), before);
    assert_eq!(names(&place.registry().join("bundles")).len(), 1, "what is refused is not copied");
}

#[test]
fn other_windows_need_another_registry() {
    let (place, other) = (Place::new(), Copied::of(fitted::paced()));
    place.promote(fitted::paced()).done();
    other.edit("manifest.json", |manifest| manifest["windows"]["horizon_days"] = 30.into());
    other.write("card.md", b"of another horizon");
    other.reseal();
    place.promote(&other.path()).refused(1, &["60 days of outcome", "30 days of outcome", "`--registry OTHER_DIR`"]);
}

#[test]
fn what_cannot_be_read_or_compared_is_refused() {
    let (place, damaged) = (Place::new(), Copied::of(fitted::paced()));
    damaged.write("churn.json", b"{}");
    place.promote(&damaged.path()).refused(1, &["churn.json"]);
    // Of format 1, which this build does not read.
    place.promote(&tree::root().join("tests/golden/bundle-v1")).refused(1, &["fit"]);
    assert!(!place.registry().exists());
}

#[test]
fn a_damaged_registry_is_told_and_left_as_it_is() {
    let (place, other) = (Place::new(), better('2'));
    place.promote(fitted::paced()).done();
    let whole = place.listing();
    for damaged in [&whole[..whole.len() / 2], b"", b"{\"format_version\": 1, \"history\": []}"] {
        std::fs::write(place.registry().join("registry.json"), damaged).expect("the folder can be written");
        place.promote(&other.path()).refused(1, &["registry.json", "damaged"]);
        place.roll_back().refused(1, &["registry.json", "damaged"]);
        serve(&format!("check --registry {}", text(&place.registry()))).refused(1, &["registry.json", "damaged"]);
        assert_eq!(place.listing(), damaged);
    }
}

#[test]
fn a_champion_of_which_a_byte_is_off_is_not_served() {
    let place = Place::new();
    place.promote(fitted::paced()).done();
    let champion = place.champion();
    let card = place.registry().join("bundles").join(champion.as_str().expect("a version is text")).join("card.md");
    std::fs::write(card, "all is well").expect("the folder can be written");
    serve(&format!("check --registry {}", text(&place.registry()))).refused(1, &["card.md", champion.as_str().expect("a version is text")]);
}

#[test]
fn a_folder_of_somebody_else_does_not_become_a_registry() {
    let place = Place::new();
    std::fs::create_dir(place.registry()).expect("the folder can be written");
    std::fs::write(place.registry().join("thesis.txt"), "years of work").expect("the folder can be written");
    place.promote(fitted::paced()).refused(2, &["thesis.txt"]);
    assert_eq!(names(&place.registry()), ["thesis.txt"]);
    serve(&format!("check --registry {}", text(&place.registry()))).refused(1, &["no registry"]);
    place.promote(&fitted::paced().with_extension("parquet")).refused(1, &[]);
}

#[test]
fn two_at_once_are_both_kept() {
    let (place, bundles) = (Place::new(), ['2', '3'].map(better));
    place.promote(fitted::paced()).done();
    let running = bundles.each_ref().map(|bundle| {
        let mut command = Binary::Train.command();
        command.args(["promote", &text(&bundle.path()), "--registry", &text(&place.registry()), "--json"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("the binary starts")
    });
    let mut last = running.map(|child| Ended::from(child.wait_with_output().expect("it ends")).done().json());
    last.sort_by_key(|outcome| outcome["sequence"].as_u64());
    assert_eq!(last.each_ref().map(|outcome| outcome["sequence"].as_u64()), [Some(2), Some(3)]);
    assert_eq!((&last[1]["before"], place.champion()), (&last[0]["version"], last[1]["version"].clone()));
}

#[test]
fn a_challenger_is_tried_beside_the_champion_and_withdrawn() {
    let (place, other) = (Place::new(), better('t'));
    place.promote(fitted::paced()).done();
    let (champion, registry) = (place.champion(), text(&place.registry()));
    let told =
        train(&format!("promote {} --registry {registry} --share 0.25 --shadow --label autumn --json", text(&other.path()))).done().json();
    assert_eq!((&told["outcome"], &told["champion"]), (&"challenging".into(), &champion));
    assert_eq!(told["trial"], serde_json::json!({"version": told["version"], "share": 0.25, "shadow": true}));
    let server = Server::start_on("--registry", &place.registry());
    let models = server.get("/v1/models").ok()["models"].clone();
    let terms = |place: usize| ["version", "role", "label", "share", "shadow"].map(|name| models[place][name].clone());
    assert_eq!(terms(0), [champion.clone(), "champion".into(), Value::Null, 0.75.into(), false.into()]);
    assert_eq!(terms(1), [told["version"].clone(), "challenger".into(), "autumn".into(), 0.25.into(), true.into()]);
    train(&format!("promote --withdraw --registry {registry}")).done();
    assert_eq!(server.send("POST", "/v1/models/reload", &[], b"").ok()["challenger"], Value::Null);
    train(&format!("promote --withdraw --registry {registry}")).refused(1, &["no challenger"]);
    train(&format!("promote {} --registry {registry} --share 1.5", text(&other.path()))).refused(1, &["1.5"]);
}
