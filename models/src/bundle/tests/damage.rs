//! Whatever is off is found before anything is used.

use serde_json::json;

use super::super::manifest::{CHURN, DATA, DRIFT, GOLDEN, INTENT, LIFECYCLE, REACTIVATION, REPORT, VALUE};
use super::*;

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let saved = Saved::new();
    for name in FILES.into_iter().chain([EVIDENCE, MANIFEST, SEAL]) {
        let sound = saved.read(name);
        let step = (sound.len() / 40).max(1);
        for place in (0..sound.len()).step_by(step).chain([sound.len() - 1]) {
            let mut damaged = sound.clone();
            damaged[place] ^= 1;
            saved.write(name, damaged);
            assert!(ModelBundle::load(&saved.dir()).is_err(), "`{name}`, byte {place}");
        }
        saved.write(name, sound);
    }
    assert!(ModelBundle::load(&saved.dir()).is_ok());
}

#[test]
fn a_truncated_or_longer_file_is_found() {
    let saved = Saved::new();
    for name in FILES {
        let sound = saved.read(name);
        saved.write(name, &sound[..sound.len() / 2]);
        assert!(matches!(saved.error(), BundleError::Size { .. }), "`{name}`");
        saved.write(name, [sound.as_slice(), b" "].concat());
        assert!(matches!(saved.error(), BundleError::Size { .. }), "`{name}`");
        saved.write(name, sound);
    }
}

#[test]
fn a_changed_byte_names_the_file_and_both_digests() {
    let saved = Saved::new();
    let mut damaged = saved.read(CHURN);
    damaged[0] = b' ';
    saved.write(CHURN, damaged);
    let BundleError::Digest { file, found, expected } = saved.error() else { panic!("digest expected") };
    assert_eq!((file.as_str(), found.len(), expected.len()), (CHURN, 64, 64));
}

#[test]
fn missing_and_foreign_entries_are_found() {
    for name in FILES.into_iter().chain([EVIDENCE, SEAL]) {
        let saved = Saved::new();
        fs::remove_file(saved.dir().join(name)).unwrap();
        assert!(matches!(saved.error(), BundleError::Missing(missing) if missing == name), "`{name}`");
    }
    let saved = Saved::new();
    saved.write("notes.txt", "mine");
    assert!(matches!(saved.error(), BundleError::Unexpected(name) if name == "notes.txt"));
}

#[test]
fn a_folder_without_a_manifest_or_no_folder_is_no_bundle() {
    let saved = Saved::new();
    fs::remove_file(saved.dir().join(MANIFEST)).unwrap();
    assert!(matches!(saved.error(), BundleError::NotABundle(_)));
    let nowhere = ModelBundle::load(&saved.dir().join("nowhere")).unwrap_err();
    assert!(matches!(nowhere, BundleError::Io { .. }));
    assert!(nowhere.to_string().contains("nowhere"), "{nowhere}");
}

#[test]
#[cfg(unix)]
fn a_link_is_not_followed() {
    let saved = Saved::new();
    let outside = saved.0.path().join("outside.json");
    fs::rename(saved.dir().join(CHURN), &outside).unwrap();
    std::os::unix::fs::symlink(&outside, saved.dir().join(CHURN)).unwrap();
    assert!(matches!(saved.error(), BundleError::NotAFile(name) if name == CHURN));
}

#[test]
fn huge_files_are_not_read() {
    let saved = Saved::new();
    let grow = |name: &str, bytes| fs::OpenOptions::new().write(true).open(saved.dir().join(name)).unwrap().set_len(bytes).unwrap();
    grow(DRIFT, (64 << 20) + 1);
    assert!(matches!(saved.error(), BundleError::TooLarge { file, .. } if file == DRIFT));
    grow(MANIFEST, (1 << 20) + 1);
    assert!(matches!(saved.error(), BundleError::TooLarge { file, .. } if file == MANIFEST));
}

#[test]
fn a_newer_format_is_refused_whatever_else_it_holds() {
    let saved = Saved::new();
    saved.write("tomorrow.json", "{}");
    saved.write_manifest(&json!({"format_version": 6, "news": true}));
    assert!(matches!(saved.error(), BundleError::Newer { found: 6, most: 5 }));
}

#[test]
fn another_feature_table_is_refused() {
    let saved = Saved::new();
    let mut manifest: Value = serde_json::from_slice(&saved.read(MANIFEST)).unwrap();
    manifest["feature_fingerprint"] = "0000000000000000".into();
    saved.write_manifest(&manifest);
    assert!(matches!(saved.error(), BundleError::Fingerprint { found, .. } if found == "0000000000000000"));
}

#[test]
fn a_manifest_that_names_other_files_is_refused() {
    for name in ["../churn.json", "/etc/passwd", "CHURN.json", "extra.json"] {
        let saved = Saved::new();
        let mut manifest: Value = serde_json::from_slice(&saved.read(MANIFEST)).unwrap();
        manifest["files"][1]["name"] = name.into();
        saved.write_manifest(&manifest);
        assert!(matches!(saved.error(), BundleError::Unsound { file, .. } if file == MANIFEST), "`{name}`");
    }
}

#[test]
fn text_that_is_not_the_json_it_should_be_is_unreadable() {
    let deep = "[".repeat(100_000);
    let saved = Saved::new();
    for name in [CHURN, DATA, DRIFT, GOLDEN, INTENT, LIFECYCLE, REACTIVATION, REPORT, VALUE] {
        let sound = saved.read(name);
        for text in ["", "{", "null", "{\"format_version\": 1}", deep.as_str()] {
            saved.write(name, text);
            saved.seal();
            assert!(matches!(saved.error(), BundleError::Unreadable { file, .. } if file == name), "`{name}`: {text:.20}");
        }
        saved.write(name, sound);
    }
}

#[test]
fn data_notes_that_say_more_or_other_than_they_may_are_unreadable() {
    type Change = fn(&mut Value);
    let changes: [Change; 3] =
        [|v| v["kinds"]["colour"] = 1.into(), |v| v["kinds"]["names"]["sale"] = "gossip".into(), |v| v["hue"] = json!(null)];
    for change in changes {
        let saved = Saved::new();
        saved.forge(DATA, change);
        assert!(matches!(saved.error(), BundleError::Unreadable { file, .. } if file == DATA));
    }
}

#[test]
fn contents_that_cannot_be_are_unsound() {
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Change); 12] = [
        (CHURN, "another target", |v| v["target"] = "reactivation".into()),
        (INTENT, "another target", |v| v["target"] = "reactivation".into()),
        (REPORT, "a report short", |v| drop(v["targets"].as_array_mut().unwrap().pop())),
        (VALUE, "no rate", |v| v["purchases"]["alpha"] = json!(0.0)),
        (LIFECYCLE, "another window", |v| v["active_days"] = 91.into()),
        (LIFECYCLE, "cuts out of order", |v| v["risk"]["churn"]["yellow"] = json!(0.9999)),
        (DRIFT, "cuts out of order", |v| v["features"]["tenure_days"]["cuts"][0] = json!(1e9)),
        (DATA, "unknown zone", |v| v["timezone"] = "Atlantis/Capital".into()),
        (GOLDEN, "no rows", |v| *v = json!([])),
        (GOLDEN, "too few features", |v| v[0]["features"] = json!([1.0])),
        (REPORT, "reports swapped", |v| v["targets"].as_array_mut().unwrap().swap(0, 1)),
        (REPORT, "reports twice", |v| v["targets"][0] = v["targets"][1].clone()),
    ];
    for (name, what, change) in changes {
        let saved = Saved::new();
        saved.forge(name, change);
        let error = saved.error();
        assert!(matches!(&error, BundleError::Unsound { file, .. } if file == name), "`{name}`, {what}: {error}");
    }
}

#[test]
fn a_card_that_is_not_text_and_a_wrong_version_are_unsound() {
    let saved = Saved::new();
    saved.write("card.md", [0xff, 0xfe]);
    saved.seal();
    assert!(matches!(saved.error(), BundleError::Unsound { file, .. } if file == "card.md"));
    let saved = Saved::new();
    let mut manifest: Value = serde_json::from_slice(&saved.read(MANIFEST)).unwrap();
    manifest["version"] = "20240601-00000000".into();
    saved.write_manifest(&manifest);
    assert!(matches!(saved.error(), BundleError::Unsound { file, .. } if file == MANIFEST));
}

#[test]
fn a_model_whose_parts_do_not_fit_is_refused() {
    let saved = Saved::new();
    saved.forge(CHURN, |churn| churn["basis"]["logistic"]["coefficients"] = json!([1.0]));
    assert!(matches!(saved.error(), BundleError::Model(_)));
}

#[test]
fn golden_rows_find_what_scores_otherwise_by_the_last_bit() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        (VALUE, |v| v["spend"] = json!(null)),
        (INTENT, |v| v["basis"]["logistic"]["intercept"] = json!((-2.0_f64).next_up())),
        (CHURN, |v| v["basis"]["logistic"]["coefficients"][0] = json!(0.9_f64.next_up())),
        (REACTIVATION, |v| v["basis"]["hiatus_rule"]["rule"]["recent"]["positives"] = 7.into()),
        (LIFECYCLE, |v| v["dormant_after_days"] = 5.into()),
        (GOLDEN, |v| v[0]["expected"]["probability"] = json!(0.5)),
    ];
    for (name, change) in changes {
        let saved = Saved::new();
        saved.forge(name, change);
        let error = saved.error();
        assert!(matches!(error, BundleError::Golden { .. }), "`{name}`: {error}");
    }
}

#[test]
fn every_message_has_a_hint() {
    let saved = Saved::new();
    saved.write("x", "");
    let errors = [
        saved.error(),
        BundleError::NotABundle("b".into()),
        BundleError::Occupied { path: "b".into(), entry: "x".to_owned() },
        BundleError::Newer { found: 6, most: 5 },
        BundleError::Older { found: 2, least: 3 },
        BundleError::Golden { row: 1, what: "stage", found: "new".to_owned(), expected: "loyal".to_owned() },
    ];
    for error in errors {
        let text = error.to_string();
        let (message, hint) = text.split_once("\nhint: ").expect("a hint");
        assert!(!message.ends_with('.') && !hint.is_empty(), "{text}");
    }
}
