//! What can be known of a store without one.

use std::path::Path as Local;

use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::address::Scope;
use super::connect::{block_on, in_memory};
use super::{Address, Manifest, Mirror, TableSet, is_url, stored_file};
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

/// A folder of a bucket in memory, and what puts files there.
fn shelf(bucket: &str) -> (std::path::PathBuf, impl Fn(&str, &str)) {
    let store = in_memory(bucket);
    let put = move |name: &str, text: &str| {
        let bytes = text.as_bytes().to_vec();
        block_on(async { Ok(store.put(&Path::from(format!("shelf/{name}")), bytes.into()).await.unwrap()) }).unwrap();
    };
    (format!("s3://{bucket}/shelf").into(), put)
}

fn changed(mirror: &mut Mirror, number: &str) {
    let listing = mirror.copy("list.json", 1_000).unwrap().map_or(String::new(), |bytes| String::from_utf8(bytes.to_vec()).unwrap());
    let local = mirror.local();
    std::fs::create_dir_all(local.join("things").join(number)).unwrap();
    std::fs::write(local.join("things").join(number).join("a.txt"), number).unwrap();
    std::fs::write(local.join("list.json"), listing + number).unwrap();
    std::fs::write(local.join("lock"), "").unwrap();
}

#[test]
fn of_two_who_change_a_folder_at_once_one_is_told_and_nothing_is_lost() {
    let (url, put) = shelf("two-at-once");
    let text = |name: &str| stored_file(&url, name, 1_000).unwrap().map(|bytes| String::from_utf8(bytes).unwrap());
    for first in ["", "0"] {
        if !first.is_empty() {
            put("list.json", first);
        }
        let [mut one, mut two] = [(); 2].map(|()| Mirror::to_change(&url).unwrap());
        changed(&mut one, "1");
        changed(&mut two, "2");
        assert!(one.put_back("list.json").unwrap());
        assert!(!two.put_back("list.json").unwrap(), "it was changed meanwhile");
        assert_eq!(text("list.json"), Some(format!("{first}1")));
        let mut again = Mirror::to_change(&url).unwrap();
        changed(&mut again, "2");
        assert!(again.put_back("list.json").unwrap());
        assert_eq!(text("list.json"), Some(format!("{first}12")));
        assert_eq!((text("things/1/a.txt"), text("things/2/a.txt")), (Some("1".to_owned()), Some("2".to_owned())));
        assert_eq!(text("lock"), None, "what lies beside the list stays here");
    }
}

#[test]
fn what_was_not_changed_is_not_put_back_and_what_is_too_long_is_not_copied() {
    let (url, put) = shelf("unchanged");
    put("list.json", "1");
    put("things/a.txt", "of today");
    let mut mirror = Mirror::to_change(&url).unwrap();
    mirror.copy("list.json", 1_000).unwrap();
    assert_eq!(mirror.copy("things/a.txt", 8).unwrap().unwrap(), "of today");
    assert_eq!(std::fs::read(mirror.local().join("things/a.txt")).unwrap(), b"of today");
    assert_eq!(mirror.other("things").unwrap().as_deref(), Some("list.json"));
    let error = mirror.copy("things/a.txt", 7).unwrap_err();
    assert!(matches!(&error, EngineError::Store { reason, .. } if reason.contains("larger")), "{error}");
    put("things/a.txt", "of tomorrow");
    put("list.json", "2");
    assert!(mirror.put_back("list.json").unwrap(), "it changes nothing, so that nobody is in its way");
    assert_eq!(stored_file(&url, "things/a.txt", 100).unwrap().unwrap(), b"of tomorrow");
    assert_eq!(stored_file(&url, "list.json", 100).unwrap().unwrap(), b"2");
    assert_eq!(stored_file(&url, "none", 100).unwrap(), None);
}

#[test]
fn only_what_can_be_written_is_copied_to_be_changed() {
    assert!(Mirror::begin("https://example.org/champions".as_ref()).is_ok());
    for url in ["https://example.org/champions", "champions", "s3:champions"] {
        let error = Mirror::to_change(url.as_ref()).unwrap_err();
        assert!(matches!(error, EngineError::BadUrl { .. }) && error.is_usage(), "{url}: {error}");
    }
    assert!(matches!(stored_file("champions".as_ref(), "x", 1), Err(EngineError::BadUrl { .. })));
}
