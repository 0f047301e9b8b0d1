//! Tables in an object store: read from it, written to it, and over a line that breaks.

use std::collections::BTreeSet;
use std::fs;

use crate::support::data;
use crate::support::fitted::{self, AS_OF};
use crate::support::run::{Binary, Ended, Folder, text, train};
use crate::support::s3::{Cut, S3};

const EARLY: &str = "2011-06-12";

/// The server with the shipped events at `in/events.parquet`.
fn with_events(test: &str) -> Option<S3> {
    let s3 = S3::of_test(test)?;
    s3.put("in/events.parquet", fs::read(data::shipped()).expect("it is shipped"));
    Some(s3)
}

fn features(events: &str, out: &str) -> String {
    format!("features --events {events} --cutoff {EARLY} --cutoff {AS_OF} --data-until {AS_OF} --out {out}")
}

/// What `features` says it wrote, the size of the files of a set checked on the way.
fn set(s3: &S3, folder: &str) -> Vec<String> {
    let manifest: serde_json::Value = serde_json::from_slice(&s3.get(&format!("{folder}/_lapwing.json"))).expect("the list is JSON");
    let files = manifest["files"].as_array().expect("a list");
    let whole = |file: &serde_json::Value| {
        let name = format!("{folder}/{}", file["path"].as_str().expect("a path"));
        assert_eq!(s3.get(&name).len() as u64, file["bytes"].as_u64().expect("a size"), "{name}");
        name
    };
    files.iter().map(whole).collect()
}

#[test]
fn features_of_a_store_are_those_of_local_files() {
    let Some(s3) = with_events("equal") else { return };
    s3.put("in/_hidden/more.parquet", b"not read".to_vec());
    s3.put("in/notes.txt", b"not read".to_vec());
    let folder = Folder::new();
    for (at, input) in ["in/events.parquet", "in", "in/", "in/*.parquet", "i?/ev*"].into_iter().enumerate() {
        s3.train(&features(&s3.url(input), &folder.arg(&format!("{at}.parquet")))).done();
        let same = fs::read(folder.at(&format!("{at}.parquet"))).expect("it is written");
        assert!(same == fs::read(&fitted::shipped().features).expect("it is written"), "{input}");
    }
    let ended = s3.train(&features(&s3.url("in"), &s3.url("out/features.parquet"))).done();
    assert!(s3.get("out/features.parquet") == fs::read(&fitted::shipped().features).expect("it is written"), "{}", ended.stderr);
}

#[test]
fn text_and_customers_come_from_a_store_too() {
    let Some(s3) = S3::of_test("text") else { return };
    let folder = Folder::new();
    // More than is asked for at once.
    let rows = 400_000_u64;
    let line = |row: u64| format!("{},2024-{:02}-{:02}T00:00:00Z,{}.5\n", row % 997, row % 12 + 1, row % 28 + 1, row % 50);
    let lines: String = std::iter::once("customer_id,ts,amount\n".to_owned()).chain((0..rows).map(line)).collect();
    let customers = "customer_id,region\n1,north\n2,south\n";
    let config = folder.write("churn.toml", "[model]\nattributes = [\"region\"]\n");
    let line = |events: &str, customers: &str, out: &str| {
        format!("features --config {config} --events {events} --customers {customers} --cutoff 2024-10-01 --json --out {out}")
    };
    let local = train(&line(&folder.write("e.csv", &lines), &folder.write("c.csv", customers), &folder.arg("local.parquet"))).done();
    s3.put("e.csv", lines.into_bytes());
    s3.put("c.csv", customers.as_bytes().to_vec());
    let stored = s3.train(&line(&s3.url("e.csv"), &s3.url("c.csv"), &s3.url("out.parquet"))).done();
    assert_eq!((&local.json()["input"], local.json()["input"]["rows"].as_u64()), (&stored.json()["input"], Some(rows)));
    assert!(s3.get("out.parquet") == fs::read(folder.at("local.parquet")).expect("it is written"));
}

#[test]
fn scores_go_from_store_to_store() {
    let Some(s3) = with_events("scores") else { return };
    let bundle = text(&fitted::shipped().bundle);
    let (events, out) = (s3.url("in/events.parquet"), s3.url("out/scores.parquet"));
    let line = format!("score --bundle {bundle} --events {events} --as-of {AS_OF} --out {out}");
    s3.run(Binary::Serve, &line, &[]).done();
    assert!(s3.get("out/scores.parquet") == fs::read(&fitted::shipped().scores).expect("they are written"));
    // Replaced in place, and judged from there.
    s3.run(Binary::Serve, &line, &[]).done();
    s3.train(&format!("judge --scores {out} --events {events} --json")).done();
    assert_eq!(s3.names(), ["in/events.parquet", "out/scores.parquet"]);
}

#[test]
fn a_set_appears_whole_and_takes_the_place_of_the_one_before() {
    let Some(s3) = with_events("set") else { return };
    let (events, out) = (s3.url("in"), s3.url("out"));
    s3.train(&features(&events, &out)).done();
    let first = set(&s3, "out");
    let folder = Folder::new();
    train(&features(&text(&data::shipped()), &folder.arg("out"))).done();
    for name in &first {
        let local = folder.at("out").join(name.rsplit('/').next().unwrap_or_default());
        assert!(s3.get(name) == fs::read(&local).expect("the same file is written locally"), "{name}");
    }
    s3.train(&features(&events, &out)).done();
    let second = set(&s3, "out");
    assert!(first.iter().chain(&second).all(|name| s3.names().contains(name)), "who reads the first may go on");
    s3.train(&features(&events, &out)).done();
    let there: BTreeSet<String> = s3.names().into_iter().filter(|name| name.contains("cutoff=")).collect();
    assert_eq!(there, second.into_iter().chain(set(&s3, "out")).collect());

    s3.put("other/mine.parquet", b"of somebody else".to_vec());
    s3.train(&features(&events, &s3.url("other"))).refused(2, &["mine.parquet"]);
    s3.train(&features(&events, &s3.url("in"))).refused(2, &["in/events.parquet"]);
    s3.train(&features(&events, &s3.url("in/new.parquet"))).refused(2, &["next run"]);
}

#[test]
fn who_reads_while_a_set_is_replaced_sees_one_of_both() {
    let Some(s3) = with_events("replaced") else { return };
    let folder = Folder::new();
    let config = folder.write("churn.toml", "[events.columns]\nts = \"cutoff\"\namount = \"spend_90d_sum\"\n");
    let one = format!("features --events {} --cutoff {EARLY} --out {}", s3.url("in"), s3.url("out"));
    let two = features(&s3.url("in"), &s3.url("out"));
    let read = || -> Ended {
        let out = folder.arg("read.parquet");
        s3.train(&format!("features --config {config} --events {} --cutoff 2012-01-01 --json --out {out}", s3.url("out")))
    };
    let seen = |ended: &Ended| (ended.json()["input"]["files"].as_u64(), ended.json()["input"]["rows"].as_u64());
    s3.train(&one).done();
    let small = seen(&read().done());
    s3.train(&two).done();
    let large = seen(&read().done());
    assert_ne!(small, large);
    std::thread::scope(|scope| {
        let write = || {
            for line in [&one, &two, &one, &two, &one, &two] {
                s3.train(line).done();
            }
        };
        let writing = scope.spawn(write);
        while !writing.is_finished() {
            let ended = read();
            // Two sets may have come and gone meanwhile; then it is said.
            if ended.code == 0 {
                assert!([small, large].contains(&seen(&ended)), "{:?}", seen(&ended));
            } else {
                assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
            }
        }
    });
    assert_eq!(seen(&read().done()), large);
}

#[test]
fn a_store_that_does_not_give_is_told_without_secrets() {
    let Some(s3) = with_events("refused") else { return };
    let folder = Folder::new();
    let out = folder.arg("out.parquet");
    let (events, nothing) = (s3.url("in"), s3.url("nothing"));
    s3.train(&features(&s3.url("in/none.parquet"), &out)).refused(2, &["in/none.parquet", "does not exist"]);
    s3.train(&features(&nothing, &out)).refused(2, &[&nothing]);
    s3.train(&features(&format!("s3://{}-{}/in", "lapwing-none", std::process::id()), &out)).refused(2, &["lapwing-none"]);
    s3.train(&features(concat!("s3", "://"), &out)).refused(2, &["bucket"]);
    s3.train(&format!("fit --events {events} --as-of {AS_OF} --out {}", s3.url("bundle"))).refused(2, &["local folders"]);
    for (events, out) in [(events.as_str(), out.as_str()), (&text(&data::shipped()), &s3.url("out.parquet"))] {
        let ended = s3.run(Binary::Train, &features(events, out), &[("AWS_SECRET_ACCESS_KEY", "sup3rs3cr3t")]);
        let ended = ended.refused(1, &["access is denied", "AWS_SECRET_ACCESS_KEY"]);
        assert!(!ended.stderr.contains("sup3rs3cr3t") && !ended.stderr.contains(s3.secret()), "{}", ended.stderr);
    }
    assert!(folder.names().is_empty());
    assert_eq!(s3.names(), ["in/events.parquet"]);
}

#[test]
fn a_line_that_breaks_a_few_times_changes_nothing() {
    let Some(s3) = with_events("breaks") else { return };
    let (events, out) = (s3.url("in/events.parquet"), s3.url("out.parquet"));
    for cut in [Cut { sending: false, after: 60_000, times: 3 }, Cut { sending: true, after: 200_000, times: 3 }] {
        let line = s3.line(cut);
        s3.run_over(&line, Binary::Train, &features(&events, &out)).done();
        assert_eq!(line.broken(), 3, "{cut:?}");
        assert!(s3.get("out.parquet") == fs::read(&fitted::shipped().features).expect("it is written"), "{cut:?}");
    }
}

#[test]
fn a_line_that_always_breaks_leaves_nothing_behind() {
    let Some(s3) = with_events("broken") else { return };
    let folder = Folder::new();
    let (events, local) = (s3.url("in/events.parquet"), text(&data::shipped()));
    s3.train(&features(&events, &s3.url("set"))).done();
    let before = (s3.names(), set(&s3, "set"));
    let always = |sending, after| s3.line(Cut { sending, after, times: usize::MAX });
    for (line, events, out) in [
        (always(false, 6_000), &events, folder.arg("out.parquet")),
        (always(false, 0), &events, folder.arg("out.parquet")),
        (always(true, 100_000), &local, s3.url("out.parquet")),
        (always(true, 100_000), &local, s3.url("set")),
    ] {
        let ended = s3.run_over(&line, Binary::Train, &features(events, &out));
        ended.refused(1, &["s3:", "the connection was dropped"]);
        assert!(line.broken() > 1, "it was tried again");
    }
    assert!(folder.names().is_empty());
    assert_eq!((s3.names(), set(&s3, "set")), before);
}
