//! Invariant 9: only the edge knows the edge. In each binary one file maps errors to exit codes, one prints, and in the service
//! one maps errors to HTTP status and one defines wire types.

use crate::support::tree::{self, File};

/// The files below `folder` whose shipped code has `word`, other than to compare with it.
fn naming(folder: &str, word: &str) -> Vec<String> {
    let names = |file: &File| file.shipped_code().any(|(_, line)| line.contains(word) && !line.contains(&format!("== {word}")));
    tree::files(folder, ".rs").into_iter().filter(|file| !file.is_test()).filter(names).map(|file| file.path).collect()
}

#[test]
fn one_file_maps_errors_to_http_status() {
    let refusals =
        ["BAD_REQUEST", "NOT_FOUND", "METHOD_NOT_ALLOWED", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "UNPROCESSABLE_ENTITY"];
    let more = ["TOO_MANY_REQUESTS", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "REQUEST_TIMEOUT"];
    for status in refusals.iter().chain(&more) {
        let found = naming("serving/src", &format!("StatusCode::{status}"));
        assert_eq!(found, ["serving/src/http/problem.rs"], "{status}");
    }
}

#[test]
fn one_file_of_each_binary_maps_errors_to_exit_codes() {
    for binary in ["training", "serving"] {
        let exit = format!("{binary}/src/exit.rs");
        for path in naming(&format!("{binary}/src"), "ExitCode") {
            assert!(path == exit || path == format!("{binary}/src/main.rs"), "{path} knows exit codes");
        }
        assert!(naming(&format!("{binary}/src"), "process::exit").is_empty(), "a program ends by returning from main");
    }
    for library in ["features/src", "models/src"] {
        assert!(naming(library, "ExitCode").is_empty() && naming(library, "StatusCode").is_empty(), "{library} knows an edge");
    }
}

#[test]
fn one_file_of_each_binary_prints() {
    let print =
        ["println!", "eprintln!", "print!(", "eprint!(", "stdout().lock()", "stderr().lock()", "write!(std::io", "writeln!(std::io"];
    for (folder, most) in [("training/src", 1), ("serving/src", 1), ("features/src", 0), ("models/src", 0)] {
        let mut found: Vec<String> = print.iter().flat_map(|word| naming(folder, word)).collect();
        found.sort();
        found.dedup();
        assert!(found.len() <= most, "{folder}: {found:?}");
    }
}

#[test]
fn wire_types_are_defined_in_one_place() {
    for derive in ["ToSchema)]", "Serialize, "] {
        let found: Vec<String> = naming("serving/src/http", derive);
        assert!(!found.is_empty() && found.iter().all(|path| path.starts_with("serving/src/http/wire")), "{derive}: {found:?}");
    }
}
