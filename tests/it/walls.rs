//! The walls between the crates: who may know whom, read from the manifests and from every path in the code.

use toml::{Table, Value};

use crate::support::tree::{self, File};

/// A room, what it may use of the workspace, and what from outside it must not know.
struct Room {
    folder: &'static str,
    /// Crates of the workspace, each with the cargo features that may be asked of it.
    may_use: &'static [(&'static str, &'static [&'static str])],
    must_not_know: &'static [&'static [&'static str]],
}

const TABLES: [&str; 4] = ["arrow", "parquet", "datafusion", "object_store"];
const CLUSTER: [&str; 6] = ["ballista_core", "ballista_scheduler", "ballista_executor", "datafusion_proto", "arrow_flight", "tonic"];
const ASYNC: [&str; 2] = ["tokio", "futures"];
const HTTP: [&str; 7] = ["axum", "hyper", "hyper_util", "tower", "tower_http", "utoipa", "reqwest"];
const FITTING: [&str; 6] = ["linfa", "linfa_logistic", "smartcore", "ndarray", "rand", "rand_xoshiro"];
const WORKSPACE: [&str; 4] = ["lapwing_features", "lapwing_models", "lapwing_training", "lapwing_serving"];

const ROOMS: [Room; 4] = [
    Room { folder: "features", may_use: &[], must_not_know: &[&HTTP, &FITTING] },
    Room { folder: "models", may_use: &[("lapwing-features", &[])], must_not_know: &[&TABLES, &CLUSTER, &ASYNC, &HTTP] },
    Room {
        folder: "training",
        may_use: &[("lapwing-features", &["engine"]), ("lapwing-models", &["fit"])],
        must_not_know: &[&HTTP, &CLUSTER],
    },
    Room {
        folder: "serving",
        may_use: &[("lapwing-features", &["engine"]), ("lapwing-models", &[])],
        must_not_know: &[&FITTING, &CLUSTER],
    },
];

/// The arrows out of a manifest that no table allows.
fn manifest_breaks(room: &Room, manifest: &Table) -> Vec<String> {
    let mut breaks = Vec::new();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(Value::Table(dependencies)) = manifest.get(section) else { continue };
        for (name, wanted) in dependencies {
            if room.must_not_know.concat().contains(&name.replace('-', "_").as_str()) {
                breaks.push(format!("{}: `{section}` holds `{name}`", room.folder));
            }
            if !name.starts_with("lapwing") {
                continue;
            }
            let Some((_, features)) = room.may_use.iter().find(|(allowed, _)| allowed == name) else {
                breaks.push(format!("{}: `{section}` holds `{name}`", room.folder));
                continue;
            };
            // A test of the service needs a bundle, and a bundle needs a fit.
            let fixture = section == "dev-dependencies" && name == "lapwing-models";
            let asked = wanted.get("features").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            breaks.extend(
                asked
                    .filter(|asked| !(features.contains(asked) || fixture && *asked == "fit"))
                    .map(|asked| format!("{}: asks `{asked}` of `{name}`", room.folder)),
            );
            if wanted.get("default-features").and_then(Value::as_bool) == Some(true) || wanted.get("path").is_some() {
                breaks.push(format!("{}: takes `{name}` past the workspace's table", room.folder));
            }
        }
    }
    breaks
}

fn manifest(path: &str) -> Table {
    toml::from_str(&File::read(path).text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn manifests_hold_no_other_arrow() {
    let breaks: Vec<_> = ROOMS.iter().flat_map(|room| manifest_breaks(room, &manifest(&format!("{}/Cargo.toml", room.folder)))).collect();
    assert!(breaks.is_empty(), "{breaks:#?}");
}

#[test]
fn heavy_halves_stay_behind_their_cargo_features() {
    let workspace = manifest("Cargo.toml");
    for name in ["lapwing-features", "lapwing-models"] {
        let entry = &workspace["workspace"]["dependencies"][name];
        assert_eq!(entry.get("default-features").and_then(Value::as_bool), Some(false), "`{name}` would bring its heavy half everywhere");
    }
    for (folder, heavy) in [("features", &[&TABLES[..], &CLUSTER[..], &ASYNC[..]].concat()), ("models", &FITTING.to_vec())] {
        let manifest = manifest(&format!("{folder}/Cargo.toml"));
        for (name, wanted) in manifest["dependencies"].as_table().expect("a table") {
            let optional = wanted.get("optional").and_then(Value::as_bool) == Some(true);
            assert!(optional || !heavy.contains(&name.replace('-', "_").as_str()), "{folder}: `{name}` is not optional");
        }
    }
    for folder in ["features", "training", "serving", "tests"] {
        let manifest = manifest(&format!("{folder}/Cargo.toml"));
        let default = manifest["features"].get("default").and_then(Value::as_array).into_iter().flatten();
        assert!(default.into_iter().all(|name| name.as_str() != Some("cluster")), "{folder}: everybody would build Ballista");
    }
    let serving = manifest("serving/Cargo.toml");
    let batch: Vec<&str> = serving["features"]["batch"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert_eq!(batch, ["lapwing-features/engine", "arrow"], "`batch` asks for the engine, and for the arrow that it brings");
    assert_eq!(serving["dependencies"]["arrow"].get("optional").and_then(Value::as_bool), Some(true));
}

/// The paths in a file that begin with a name that its place must not know.
fn path_breaks(file: &File) -> Vec<String> {
    let mut forbidden = forbidden_in(&file.path);
    forbidden.retain(|name| !(file.is_test() && *name == "lapwing_models::fit"));
    file.code()
        .flat_map(|(at, line)| {
            let found = forbidden.iter().filter(move |name| tree::begins_path(line, name));
            found.map(move |name| format!("{}:{at}: `{name}`", file.path))
        })
        .collect()
}

/// What code at `path` must not name.
fn forbidden_in(path: &str) -> Vec<&'static str> {
    let folder = path.split('/').next().unwrap_or_default();
    let room = ROOMS.iter().find(|room| room.folder == folder).expect("every member but the tests is a room");
    let mut forbidden = room.must_not_know.concat();
    forbidden.extend(WORKSPACE.iter().filter(|name| {
        let own = **name == format!("lapwing_{folder}");
        !own && !room.may_use.iter().any(|(allowed, _)| allowed.replace('-', "_") == **name)
    }));
    if folder == "features" && !path.starts_with("features/src/engine") {
        forbidden.extend([&TABLES[..], &ASYNC[..], &["crate::engine", "std::fs", "std::net", "std::env", "glob", "tempfile"]].concat());
    }
    if folder == "features" && !path.starts_with("features/src/engine/cluster") {
        forbidden.extend(CLUSTER);
    }
    if folder == "models" {
        forbidden.extend(["lapwing_features::engine", "std::net", "std::env", "std::process"]);
        if !path.starts_with("models/src/bundle") {
            forbidden.push("std::fs");
        }
    }
    if folder == "serving" {
        forbidden.push("lapwing_models::fit");
    }
    forbidden
}

#[test]
fn no_path_in_the_code_crosses_a_wall() {
    let breaks: Vec<_> = ROOMS.iter().flat_map(|room| tree::files(room.folder, ".rs")).flat_map(|file| path_breaks(&file)).collect();
    assert!(breaks.is_empty(), "{breaks:#?}");
}

#[test]
fn the_engine_serves_batch_only() {
    // The service is built without DataFusion too, so only what `batch` switches on may name the engine.
    let is_batch = |path: &str| {
        ["/commands/score", "/commands/publish", "/commands/skew", "/commands/transitions", "/settings/transitions"]
            .iter()
            .any(|command| path.contains(command))
    };
    for file in tree::files("serving/src", ".rs").iter().filter(|file| !file.is_test() && !is_batch(&file.path)) {
        for (at, line) in file.code().filter(|(_, line)| line.contains("lapwing_features::engine")) {
            assert!(file.text.contains("feature = \"batch\""), "{}:{at}: {line}", file.path);
        }
    }
    for file in tree::files("serving/src/http", ".rs").iter().filter(|file| !file.is_test()) {
        assert!(!file.text.contains("engine::"), "{} names the engine", file.path);
    }
}

#[test]
fn a_wall_that_is_crossed_is_noticed() {
    let planted = |path: &str, text: &str| path_breaks(&File { path: path.to_owned(), text: text.to_owned() }).len();
    assert_eq!(planted("training/src/cli.rs", "use lapwing_serving::http::app;"), 1);
    assert_eq!(planted("serving/src/cli.rs", "use lapwing_training::cli;"), 1);
    assert_eq!(planted("features/src/kernel/value.rs", "let batch = arrow::array::RecordBatch::new_empty(schema);"), 1);
    assert_eq!(planted("features/src/engine/read.rs", "use arrow::array::RecordBatch;"), 0);
    assert_eq!(planted("features/src/engine/read.rs", "use ballista_core::client::BallistaClient;"), 1);
    assert_eq!(planted("features/src/engine/cluster/job.rs", "use ballista_core::client::BallistaClient;"), 0);
    assert_eq!(planted("training/src/cli.rs", "use tonic::Request;"), 1);
    assert_eq!(planted("models/src/card.rs", "use lapwing_features::engine::read;"), 1);
    assert_eq!(planted("models/src/card.rs", "// use tokio::fs;\nuse crate::tokio::fs;"), 0);
    let arrow = |text: &str| manifest_breaks(&ROOMS[3], &toml::from_str(text).expect("the planted manifest is TOML")).len();
    assert_eq!(arrow("[dependencies]\nlapwing-training.workspace = true"), 1);
    assert_eq!(arrow("[dev-dependencies]\nlinfa.workspace = true"), 1);
    assert_eq!(arrow("[dependencies]\nlapwing-models = { workspace = true, features = [\"fit\"] }"), 1);
    assert_eq!(arrow("[dependencies]\nlapwing-models.workspace = true"), 0);
}
