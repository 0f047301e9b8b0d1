//! Wrong usage and configuration: exit code 2, what is wrong, a hint, and nothing written.

use crate::support::data;
use crate::support::fitted::{self, AS_OF};
use crate::support::run::{Folder, serve, text, train};
use crate::support::shop;

/// What the arguments of a case are made from.
struct Place {
    folder: Folder,
    events: String,
    bundle: String,
}

/// What is wrong, the command line made from a place, and what the message names.
type Case = (&'static str, fn(&Place) -> String, &'static [&'static str]);

fn config(place: &Place, text: &str) -> String {
    place.folder.write("churn.toml", text)
}

const TRAIN: &[Case] = &[
    ("no events", |_| "fit --as-of 2024-04-01 --out b".into(), &["`--events`", "LAPWING_EVENTS"]),
    ("no as-of", |place| format!("fit --events {} --out {}", place.events, place.folder.arg("b")), &["`--as-of`", "LAPWING_AS_OF"]),
    ("no out", |place| format!("fit --events {} --as-of 2024-04-01", place.events), &["`--out`", "LAPWING_OUT"]),
    ("no cutoff", |place| format!("features --events {} --out {}", place.events, place.folder.arg("f.parquet")), &["`--cutoff`"]),
    ("a date that is none", |place| fit(place, "--as-of tomorrow"), &["`tomorrow`", "2024-03-31"]),
    ("a horizon of no days", |place| fit(place, "--as-of 2024-04-01 --horizon-days 0"), &["horizon_days", "0"]),
    ("a horizon of a century", |place| fit(place, "--as-of 2024-04-01 --horizon-days 36500"), &["horizon_days", "3650"]),
    ("a horizon that is no number", |place| fit(place, "--as-of 2024-04-01 --horizon-days many"), &["--horizon-days"]),
    ("a zone that is none", |place| fit(place, "--as-of 2024-04-01 --timezone Mars/Olympus"), &["Mars/Olympus", "Europe/London"]),
    ("an unknown flag", |place| fit(place, "--as-of 2024-04-01 --horizont 3"), &["--horizont"]),
    ("a config that is not there", |place| fit(place, "--as-of 2024-04-01 --config none.toml"), &["none.toml"]),
    ("a config that is no TOML", |place| with_config(place, "as_of ="), &["churn.toml"]),
    ("an unknown config key", |place| with_config(place, "horizon_dayz = 30"), &["horizon_dayz", "churn.toml"]),
    ("an unknown key of a column", |place| with_config(place, "[events.columns]\nmoney = 'amount'"), &["money"]),
    ("a mapping to a kind that is none", |place| with_config(place, "[events.kinds]\nbuy = 'purchased'"), &["purchased"]),
    (
        "a column of the config that is not there",
        |place| with_config(place, "[events.columns]\namount = 'Sales'"),
        &["`Sales`", "`amount`"],
    ),
    ("an attribute without a table", |place| with_config(place, "[model]\nattributes = ['region']"), &["`region`", "--customers"]),
    ("an out that is a file", |place| format!("fit --events {0} --as-of 2024-04-01 --out {0}", place.events), &["events.parquet"]),
    ("no challenger", |place| format!("promote --registry {}", place.folder.arg("r")), &["CHALLENGER_DIR"]),
    ("no registry", |place| format!("promote {}", place.bundle), &["`--registry`", "LAPWING_REGISTRY"]),
    (
        "a challenger and a rollback",
        |place| format!("promote {} --rollback --registry {}", place.bundle, place.folder.arg("r")),
        &["--rollback"],
    ),
    (
        "an engine that is none",
        |place| fit(place, "--as-of 2024-04-01 --engine spark://here"),
        &["spark://here", "embedded", "ballista://"],
    ),
    ("a deadline that is none", |place| fit(place, "--as-of 2024-04-01 --deadline soon"), &["`soon`", "2h"]),
    ("a scheduler at no address", |_| "scheduler --addr here".into(), &["`here`"]),
    ("an executor of no scheduler", |_| "executor".into(), &["--scheduler"]),
    ("a customers table that is not there", |place| fit(place, "--as-of 2024-04-01 --customers none.csv"), &["none.csv"]),
];

const SERVE: &[Case] = &[
    ("no bundle", |_| "check".into(), &["`--bundle`", "`--registry`", "LAPWING_BUNDLE"]),
    ("a bundle and a registry", |place| format!("check --bundle {} --registry r", place.bundle), &["`--bundle`", "`--registry`"]),
    (
        "no events to score",
        |place| format!("score --bundle {} --as-of {AS_OF} --out {}", place.bundle, place.folder.arg("s.parquet")),
        &["`--events`"],
    ),
    (
        "no as-of to score",
        |place| format!("score --bundle {} --events {} --out {}", place.bundle, place.events, place.folder.arg("s.parquet")),
        &["`--as-of`"],
    ),
    ("an as-of that is none", |place| score(place, "--as-of tomorrow"), &["`tomorrow`"]),
    ("an as-of in another age", |place| score(place, "--as-of 0024-03-31"), &["1900"]),
    (
        "an unknown config key for scoring",
        |place| {
            let file = config(place, "bundel = 'b'");
            score(place, &format!("--as-of {AS_OF} --config {file}"))
        },
        &["bundel"],
    ),
    ("an address that is none", |place| format!("http --bundle {} --addr here", place.bundle), &["`here`"]),
    ("a limit out of bounds", |place| format!("http --bundle {} --max-in-flight 0", place.bundle), &["max-in-flight"]),
];

fn fit(place: &Place, more: &str) -> String {
    format!("fit --events {} --out {} {more}", place.events, place.folder.arg("bundle"))
}

fn with_config(place: &Place, text: &str) -> String {
    let file = config(place, text);
    fit(place, &format!("--as-of 2024-04-01 --config {file}"))
}

fn score(place: &Place, more: &str) -> String {
    format!("score --bundle {} --events {} --out {} {more}", place.bundle, place.events, place.folder.arg("scores.parquet"))
}

#[test]
fn wrong_usage_is_refused_with_a_hint_and_leaves_nothing() {
    let folder = Folder::new();
    data::write(&folder.at("events.parquet"), &shop::table(), 1_000);
    let place = Place { events: folder.arg("events.parquet"), folder, bundle: text(&fitted::shipped().bundle) };
    for (run, cases) in [(train as fn(&str) -> _, TRAIN), (serve, SERVE)] {
        for (what, line, says) in cases {
            let ended: crate::support::run::Ended = run(&line(&place));
            assert_eq!(ended.code, 2, "{what}:\n{}", ended.stderr);
            assert!(
                ended.stderr.contains("hint: ") || ended.stderr.contains("Usage:") || ended.stderr.contains("--help"),
                "{what}:\n{}",
                ended.stderr
            );
            assert!(ended.stdout.is_empty(), "{what}:\n{}", ended.stdout);
            for word in *says {
                assert!(ended.stderr.contains(word), "{what}: `{word}` is not in\n{}", ended.stderr);
            }
            let left: Vec<_> = place.folder.names().into_iter().filter(|name| name != "events.parquet" && name != "churn.toml").collect();
            assert!(left.is_empty(), "{what}: {left:?} is left");
        }
    }
}

#[test]
fn a_folder_that_is_no_bundle_is_not_overwritten() {
    let folder = Folder::new();
    data::write(&folder.at("events.parquet"), &shop::table(), 1_000);
    std::fs::create_dir(folder.at("precious")).expect("the folder can be written");
    folder.write("precious/thesis.txt", "years of work");
    let ended = train(&format!("fit --events {} --as-of 2024-04-01 --out {}", folder.arg("events.parquet"), folder.arg("precious")));
    assert!([1, 2].contains(&ended.code) && ended.stderr.contains("thesis.txt") && ended.stderr.contains("hint: "), "{ended:?}");
    assert_eq!(std::fs::read_to_string(folder.at("precious/thesis.txt")).expect("it is still there"), "years of work");
}
