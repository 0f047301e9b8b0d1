//! What a full disk, a reader that left and a path given twice do to a run.

use std::fs::{self, File};
use std::process::Stdio;

use crate::support::fitted::{self, AS_OF};
use crate::support::run::{Binary, Ended, Folder, serve, text};
use crate::support::{bundle::Copied, data};

#[test]
#[cfg(target_os = "linux")]
fn talk_that_nobody_takes_changes_nothing_and_a_result_that_nobody_takes_does() {
    let folder = Folder::new();
    let (bundle, events, out) = (text(&fitted::shipped().bundle), text(&data::shipped()), folder.arg("scores.parquet"));
    let full = || File::options().write(true).open("/dev/full").expect("Linux has it");
    let command = |binary: Binary, line: &str| {
        let mut command = binary.command();
        command.args(line.split_whitespace());
        command
    };
    let score = format!("score --bundle {bundle} --events {events} --as-of {AS_OF} --out {out} --json");
    let features = format!("features --events {events} --cutoff {AS_OF} --out {} --json", folder.arg("features.parquet"));
    for (binary, line) in [(Binary::Serve, &score), (Binary::Train, &features)] {
        let ended: Ended = command(binary, line).stderr(full()).output().expect("the binary starts").into();
        assert_eq!(ended.code, 0, "{line}");
        assert!(ended.json()["out"].is_string(), "{}", ended.stdout);

        let ended: Ended = command(binary, line).stdout(full()).output().expect("the binary starts").into();
        ended.refused(1, &["stdout"]);

        let (reader, writer) = std::io::pipe().expect("the system has room for a pipe");
        drop(reader);
        let ended: Ended = command(binary, line).stdout(Stdio::from(writer)).output().expect("the binary starts").into();
        ended.refused(1, &["stdout"]);
    }
}

#[test]
fn scores_do_not_replace_what_they_are_made_from() {
    let folder = Folder::new();
    let bundle = Copied::of(&fitted::shipped().bundle);
    let events = folder.arg("events.parquet");
    fs::copy(data::shipped(), &events).expect("the folder can be written");
    let manifest = bundle.path().join("manifest.json");
    for out in [text(&manifest), events.clone(), text(&bundle.path())] {
        serve(&format!("score --bundle {} --events {events} --as-of {AS_OF} --out {out}", text(&bundle.path()))).refused(2, &[&out]);
    }
    serve(&format!("check --bundle {}", text(&bundle.path()))).done();
    assert_eq!(fs::metadata(&events).expect("it stays").len(), fs::metadata(data::shipped()).expect("it is shipped").len());
}
