//! Invariant 8: a bundle of which any byte is off is refused whole, before anything of it is used.

use std::fs::File;

use crate::support::bundle::Copied;
use crate::support::data;
use crate::support::fitted::{self, AS_OF};
use crate::support::run::{Ended, Folder, names, serve, text};

fn copy() -> Copied {
    Copied::of(&fitted::shipped().bundle)
}

fn check(bundle: &Copied) -> Ended {
    serve(&format!("check --bundle {}", text(&bundle.path())))
}

#[test]
fn a_bundle_as_written_is_taken() {
    check(&copy()).done();
}

#[test]
fn one_byte_anywhere_is_noticed() {
    for name in names(&fitted::shipped().bundle) {
        let bundle = copy();
        let good = bundle.read(&name);
        for place in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            bundle.write(&name, &bad);
            check(&bundle).refused(1, &[]);
        }
        bundle.write(&name, &good[..good.len() / 2]);
        check(&bundle).refused(1, &[]);
        bundle.write(&name, &[&good[..], b" "].concat());
        check(&bundle).refused(1, &[]);
        bundle.write(&name, b"");
        check(&bundle).refused(1, &[]);
        std::fs::remove_file(bundle.file(&name)).expect("it is there");
        check(&bundle).refused(1, &[]);
        bundle.write(&name, &good);
        check(&bundle).done();
    }
}

#[test]
fn what_does_not_belong_there_is_noticed() {
    let bundle = copy();
    bundle.write("extra.json", b"{}");
    check(&bundle).refused(1, &["extra.json"]);
    std::fs::remove_file(bundle.file("extra.json")).expect("it is there");
    std::fs::create_dir(bundle.file("folder")).expect("it can be made");
    check(&bundle).refused(1, &["folder"]);
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let bundle = copy();
    // Sparse: it has the size and takes no room.
    File::create(bundle.file("churn.json")).and_then(|file| file.set_len(1 << 40)).expect("the file system knows sparse files");
    check(&bundle).refused(1, &["churn.json", "1099511627776"]);
}

#[test]
fn a_number_that_was_changed_with_care_fails_the_golden_rows() {
    // Sizes and digests are right, so only scoring anew can tell.
    for name in ["churn.json", "reactivation.json"] {
        let bundle = copy();
        bundle.edit(name, |model| {
            let intercept = &mut model["basis"]["logistic"]["intercept"];
            *intercept = (intercept.as_f64().expect("a fitted model has an intercept") + 1e-9).into();
        });
        bundle.reseal();
        check(&bundle).refused(1, &["golden row"]);
    }
    let resealed = copy();
    resealed.reseal();
    check(&resealed).done();
}

#[test]
fn a_bundle_of_another_format_is_refused_with_what_to_do() {
    let bundle = copy();
    bundle.edit("manifest.json", |manifest| manifest["format_version"] = 6.into());
    bundle.reseal();
    check(&bundle).refused(1, &["format 6", "newer build"]);
}

#[test]
fn no_command_serves_what_check_refuses() {
    let bundle = copy();
    bundle.write("lifecycle.json", b"{}");
    let folder = Folder::new();
    let path = text(&bundle.path());
    let events = text(&data::shipped());
    serve(&format!("score --bundle {path} --events {events} --as-of {AS_OF} --out {}", folder.arg("scores.parquet")))
        .refused(1, &["lifecycle.json"]);
    assert!(folder.names().is_empty(), "nothing is written: {:?}", folder.names());
    serve(&format!("http --bundle {path} --addr 127.0.0.1:0")).refused(1, &["lifecycle.json"]);
}

#[test]
fn a_folder_that_is_no_bundle_is_refused() {
    let folder = Folder::new();
    let made = folder.at("made");
    std::fs::create_dir(&made).expect("the folder can be written");
    serve(&format!("check --bundle {}", text(&made))).refused(1, &["manifest.json"]);
    let missing = serve(&format!("check --bundle {}", folder.arg("missing")));
    assert!([1, 2].contains(&missing.code) && missing.stderr.contains("hint: "), "{missing:?}");
}
