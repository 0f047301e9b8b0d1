//! Formats, and files that a bundle may do without.

use super::super::manifest::{GOLDEN, INTENT, REPORT, VALUE};
use super::*;
use crate::target::Target;

impl Saved {
    /// Makes the manifest fit the files, as of another format.
    fn seal_as(&self, format: u32) {
        self.seal();
        let mut manifest: Value = serde_json::from_slice(&self.read(MANIFEST)).unwrap();
        manifest["format_version"] = format.into();
        self.write_manifest(&manifest);
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.dir().join(name)).unwrap();
    }
}

#[test]
fn a_bundle_of_an_earlier_format_is_to_be_fitted_again() {
    for format in 0..5 {
        let saved = Saved::new();
        saved.seal_as(format);
        let error = saved.error();
        assert!(matches!(error, BundleError::Older { found, least: 5 } if found == u64::from(format)), "{error}");
        assert!(error.to_string().contains("\nhint: fit again"), "{error}");
    }
}

#[test]
fn a_bundle_may_do_without_some_files_and_holds_none_that_it_does_not_list() {
    let saved = Saved::new();
    let evidence = saved.read(EVIDENCE);
    saved.remove(EVIDENCE);
    saved.seal();
    assert!(ModelBundle::load(&saved.dir()).unwrap().evidence().unwrap().is_empty());
    saved.write(EVIDENCE, evidence);
    assert!(matches!(saved.error(), BundleError::Unexpected(name) if name == EVIDENCE), "it is not listed");
}

#[test]
fn a_bundle_without_intent_and_value_says_nothing_of_them() {
    let saved = Saved::new();
    saved.remove(INTENT);
    saved.remove(VALUE);
    saved.forge(REPORT, |reports| reports["targets"].as_array_mut().unwrap().truncate(2));
    saved.forge(GOLDEN, |rows| {
        for row in rows.as_array_mut().unwrap() {
            let expected = row["expected"].as_object_mut().unwrap();
            for name in ["intent", "expected_purchases_365d", "clv_365d"] {
                expected.remove(name).unwrap();
            }
        }
    });
    let (read, today) = (ModelBundle::load(&saved.dir()).unwrap(), fixture::bundle());
    for snapshot in &fixture::snapshots() {
        let (old, new) = (read.score("a", snapshot, 3), today.score("a", snapshot, 3));
        assert_eq!((old.intent, old.value), (None, None));
        assert_eq!((old.churn, old.reactivation, old.why), (new.churn, new.reactivation, new.why));
    }
}

#[test]
fn evidence_reads_back_to_the_bit() {
    let saved = Saved::new();
    let evidence = ModelBundle::load(&saved.dir()).unwrap().evidence().unwrap();
    let expected = [Target::Churn, Target::Intent].map(|target| (target, fixture::evidence()));
    assert_eq!(evidence, expected.into(), "of reactivation nothing was judged");
}

#[test]
fn evidence_that_cannot_be_is_refused_by_whoever_asks_for_it() {
    type Change = fn(&mut Value);
    let changes: [Change; 4] = [
        |it| it["churn"]["rows"][0]["model"] = 7.into(),
        |it| it["churn"]["rows"][0]["features"] = serde_json::json!([1.0]),
        |it| it["churn"]["rows"][0]["name"] = "Ann".into(),
        |it| it["weather"] = it["churn"].clone(),
    ];
    for change in changes {
        let saved = Saved::new();
        saved.forge(EVIDENCE, change);
        let error = ModelBundle::load(&saved.dir()).unwrap().evidence().unwrap_err();
        assert!(error.to_string().contains("`evidence.json`") && error.to_string().contains("\nhint: "), "{error}");
    }
}
