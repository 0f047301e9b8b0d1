//! What can be known of a store without one.

use std::path::Path as Local;

use object_store::path::Path;

use super::address::Scope;
use super::{Address, Manifest, TableSet, is_url};
use crate::engine::{EngineError, Inputs, guard_file};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap().unwrap()
}

#[test]
fn a_url_is_known_by_its_scheme() {
    for url in ["s3://{b}/k", "S3A://b/k", "gs://b", "az://c/k", "abfss://c@a.dfs.core.windows.net/k", "https://example.org/k"] {
        assert!(is_url(url), "{url}");
    }
    for path in ["s3", "/s3:/b", "c:/k", "ftp://example.org/k", "./s3:/b/k"] {
        assert!(!is_url(path) && Address::parse(path).unwrap().is_none(), "{path}");
    }
}

#[test]
fn a_key_stands_as_it_is() {
    for key in ["a b/100%.parquet", "a%20b.parquet", "ünï/x+y=z#1?.csv", "cutoff=2024-01-01.parquet"] {
        let address = address(&format!("s3a://{}/{key}", "bucket"));
        assert_eq!((address.key.as_ref(), address.to_string()), (key, format!("s3://{}/{key}", "bucket")));
    }
    assert_eq!(address("https://example.org/a%20b.csv").key.as_ref(), "a b.csv");
    assert_eq!(address("https://example.org:81/a.csv?x=1").to_string(), "https://example.org:81/a.csv");
}

#[test]
fn nothing_that_connects_is_shown() {
    let signed = address(&format!("https://{}@example.org/a.csv?signature=secret#part", "user:password"));
    let shown = format!("{signed} {signed:?}");
    for secret in ["user", "password", "secret", "part"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn what_is_no_url_of_a_store_is_wrong_usage() {
    for (scheme, rest) in [
        ("s3", ""),
        ("s3", "/key"),
        ("gs", "key:secret@bucket/k"),
        ("https", ""),
        ("s3", "bucket//k"),
        ("s3", "bucket/../k"),
        ("s3", "*/k"),
    ] {
        let text = format!("{scheme}://{rest}");
        let error = Address::parse(&text).unwrap_err();
        assert!(matches!(error, EngineError::BadUrl { .. }) && error.is_usage(), "{text}: {error}");
        assert!(error.to_string().contains("\nhint: ") && !error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn folders_and_globs_mean_the_same_as_local_ones() {
    let finds = |pattern: &str, key: &str| Scope::of(&address(&format!("s3://{}/{pattern}", "b"))).unwrap().admits(&Path::from(key));
    for (pattern, key) in [
        ("", "a.csv"),
        ("in", "in/deep/er/b.CSV"),
        ("in/", "in/a.csv"),
        ("in/202*/*", "in/2023/a.csv"),
        ("in/202?", "in/2024/b.csv"),
        ("in/**/*.csv", "in/2024/other/c.csv"),
        ("in/_old", "in/_old/a.csv"),
    ] {
        assert!(finds(pattern, key), "{pattern} {key}");
    }
    for (pattern, key) in [
        ("in", "inner/a.csv"),
        ("in", "in/.hidden.csv"),
        ("in", "in/_run-1/a.csv"),
        ("in/*.csv", "in/deep/a.csv"),
        ("in/*", "in/2024/_x/a.csv"),
        ("in/*.csv", "in/.a.csv"),
    ] {
        assert!(!finds(pattern, key), "{pattern} {key}");
    }
}

#[test]
fn what_the_next_run_would_read_is_known_by_name() {
    let would = |input: &str, out: &str| {
        let of = |key: &str| address(&format!("s3://{}/{key}", "b"));
        of(input).would_find(&of(out)).unwrap()
    };
    assert!(would("in", "in/scores.parquet") && would("in/*", "in/scores.parquet") && would("in/*/", "in/new/scores.parquet"));
    assert!(!would("in", "out/scores.parquet") && !would("in/*.csv", "in/scores.parquet") && !would("in/a.csv", "in/b.csv"));
}

#[test]
fn what_can_only_be_read_is_not_written() {
    let url = Local::new("https://example.org/scores.parquet");
    let error = guard_file(url, Inputs { events: &[], customers: None, links: None, bundle: None }).unwrap_err();
    assert!(matches!(error, EngineError::Place { .. }), "{error}");
    assert!(matches!(TableSet::create(url), Err(EngineError::BadUrl { .. })));
    assert!(matches!(TableSet::create(Local::new("folder")), Err(EngineError::BadUrl { .. })));
}

#[test]
fn a_list_of_files_leads_nowhere_else() {
    let list = |path: &str| format!(r#"{{"lapwing_set":1,"files":[{{"path":"{path}","bytes":1,"sha256":""}}],"replaced":[]}}"#);
    assert_eq!(Manifest::parse("x", list("_run-1/a.parquet").as_bytes()).unwrap().files[0].path, "_run-1/a.parquet");
    for path in ["../a.parquet", "/a.parquet", "a//b", "", "c:/a", "a/./b"] {
        assert!(matches!(Manifest::parse("x", list(path).as_bytes()), Err(EngineError::Unreadable { .. })), "{path}");
    }
    for text in ["", "{}", r#"{"lapwing_set":2,"files":[],"replaced":[]}"#] {
        assert!(matches!(Manifest::parse("x", text.as_bytes()), Err(EngineError::Unreadable { .. })), "{text}");
    }
}
