//! Where results may be written.

use std::fs;
use std::path::Path;

use super::{EngineError, Folder};
use crate::engine::{Inputs, guard_file, guard_folder, read_parquet, write_parquet};
use crate::table::{Column, Values};

fn table() -> [Column; 1] {
    [Column::new("x", Values::Number(vec![Some(1.0)]))]
}

fn refused(result: Result<(), EngineError>) {
    let error = result.unwrap_err();
    assert!(matches!(error, EngineError::Place { .. }) && error.is_usage(), "{error}");
    assert!(error.to_string().contains("\nhint: "), "{error}");
}

#[test]
fn what_is_read_is_not_written_over_by_whatever_name() {
    let folder = Folder::new();
    let events = vec![folder.csv("in/events.csv", &["customer_id,ts", "1,2024-01-01"])];
    let customers = folder.csv("customers.csv", &["customer_id", "1"]);
    let bundle = folder.path("bundle");
    fs::create_dir(&bundle).unwrap();
    let inputs = Inputs { events: &events, customers: Some(&customers), links: None, bundle: Some(&bundle) };
    for name in ["in/events.csv", "in/../in/./events.csv", "no/../in/events.csv", "customers.csv", "bundle/a.json", "bundle/new/a.json"] {
        refused(guard_file(&folder.0.path().join(name), inputs));
    }
    refused(guard_file(&bundle, inputs));
    for name in ["in", ".", "bundle", "bundle/new"] {
        refused(guard_folder(&folder.0.path().join(name), inputs));
    }
    guard_file(&folder.path("in/scores.parquet"), inputs).unwrap();
    guard_file(&folder.path("bundle.parquet"), inputs).unwrap();
    guard_folder(&folder.0.path().join("in/new"), inputs).unwrap();
    let nothing = Inputs { events: &[folder.text("none.csv")], ..inputs };
    assert!(matches!(guard_file(&folder.path("out.parquet"), nothing), Err(EngineError::NotFound { .. })));
}

#[test]
fn what_the_next_run_would_read_is_not_written() {
    let folder = Folder::new();
    folder.csv("in/2024/events.csv", &["customer_id,ts", "1,2024-01-01"]);
    folder.csv("in/[1]/events.csv", &["customer_id,ts", "1,2024-01-01"]);
    let guarded = |events: &str, out: &str| {
        let events = [folder.text("in").replace("/in", "/") + events];
        let inputs = Inputs { events: &events, customers: None, links: None, bundle: None };
        (guard_file(&folder.0.path().join(out), inputs), guard_folder(&folder.0.path().join(out), inputs))
    };
    for (events, out) in [
        ("in", "in/scores.parquet"),
        ("in", "in/2025/scores.parquet"),
        ("in", "out/../in/scores.parquet"),
        ("in/2024/*", "in/2024/scores.parquet"),
        ("in/20*", "in/2025/scores.parquet"),
        ("in/./20*/*.*", "in/2025/scores.csv"),
        ("in/**/*.csv", "in/2025/08/scores.csv"),
        ("in/../i?/2024", "in/2024/scores.parquet"),
        ("in/[[]1]/*", "in/[1]/scores.parquet"),
    ] {
        let (file, folder) = guarded(events, out);
        refused(file);
        refused(folder);
    }
    for (events, out) in [
        ("in/2024/events.csv", "in/2024/scores.parquet"),
        ("in/2024", "in/scores.parquet"),
        ("in/2024/*.csv", "in/2024/scores.parquet"),
        ("in/2024/ev*", "in/2024/scores.parquet"),
        ("in/*/*.csv", "in/scores.csv"),
        ("in/*/*.csv", "in/2025/08/scores.csv"),
    ] {
        let (file, folder) = guarded(events, out);
        file.unwrap();
        folder.unwrap();
    }
}

#[test]
#[cfg(unix)]
fn a_link_is_followed_and_stays() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    let (old, new) = (folder.path("old.parquet"), folder.path("new.parquet"));
    fs::write(&old, "old").unwrap();
    for (link, target) in [("one", "old.parquet"), ("two", "new.parquet"), ("three", "one")] {
        symlink(target, folder.path(link)).unwrap();
        write_parquet(&folder.path(link), &table()).unwrap();
        assert_eq!(fs::read_link(folder.path(link)).unwrap(), Path::new(target));
    }
    for file in [&old, &new] {
        assert_eq!(read_parquet(file, &["x"]).unwrap(), table());
    }
    symlink("circle", folder.path("circle")).unwrap();
    assert!(matches!(write_parquet(&folder.path("circle"), &table()), Err(EngineError::Unwritable { .. })));

    let events = vec![folder.csv("events.csv", &["customer_id,ts", "1,2024-01-01"])];
    symlink("events.csv", folder.path("link.parquet")).unwrap();
    refused(guard_file(&folder.path("link.parquet"), Inputs { events: &events, customers: None, links: None, bundle: None }));
}

#[test]
#[cfg(unix)]
fn a_device_and_a_folder_stay_what_they_are() {
    let folder = Folder::new();
    refused(write_parquet(Path::new("/dev/null"), &table()));
    refused(write_parquet(folder.0.path(), &table()));
}
