//! Champions come and go in one step, and whatever is off is told and left as it is.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::bundle::{BundleError, ModelBundle, fixture};
use crate::promotion::Code;

/// A folder with bundles and a registry; gone when dropped.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn registry(&self) -> PathBuf {
        self.0.path().join("registry")
    }

    /// A bundle of the fixture's first customers, whose evidence is the same whatever their number; its folder and its version.
    fn bundle(&self, customers: usize) -> (PathBuf, String) {
        let bundle = fixture::bundle_of(&fixture::snapshots()[..customers]);
        let dir = self.0.path().join(format!("bundle-{customers}"));
        bundle.save(&dir).unwrap();
        (dir, bundle.version())
    }

    fn promote(&self, customers: usize) -> Promotion {
        promote(&self.registry(), &self.bundle(customers).0).unwrap()
    }

    fn champion(&self) -> String {
        Registry::read(&self.registry()).unwrap().load_champion().unwrap().version()
    }

    fn manifest(&self) -> PathBuf {
        self.registry().join(MANIFEST)
    }

    /// Changes `registry.json` and tells what reading it gives.
    fn forge(&self, change: impl FnOnce(&mut Value)) -> RegistryError {
        let sound = fs::read(self.manifest()).unwrap();
        let mut value: Value = serde_json::from_slice(&sound).unwrap();
        change(&mut value);
        fs::write(self.manifest(), serde_json::to_vec(&value).unwrap()).unwrap();
        let error = Registry::read(&self.registry()).unwrap_err();
        fs::write(self.manifest(), sound).unwrap();
        error
    }
}

#[test]
fn champions_follow_each_other_and_go_back() {
    let place = Place::new();
    let versions = [60, 50, 40].map(|customers| {
        let Promotion::Promoted(entry) = place.promote(customers) else { panic!("{customers} customers are refused") };
        assert_eq!(place.champion(), entry.version);
        entry.version
    });
    let back = || roll_back(&place.registry()).map(|entry| (entry.sequence, entry.version));
    assert_eq!(back().unwrap(), (4, versions[1].clone()));
    assert_eq!(place.champion(), versions[1]);
    assert_eq!(back().unwrap(), (5, versions[0].clone()));
    assert!(matches!(back(), Err(RegistryError::NothingBefore(version)) if version == versions[0]));
    assert!(matches!(place.promote(40), Promotion::Promoted(entry) if entry.sequence == 6 && entry.before.as_ref() == Some(&versions[0])));
    let registry = Registry::read(&place.registry()).unwrap();
    assert_eq!(registry.history().len(), 6, "nothing is forgotten");
    assert_eq!((registry.champion(), registry.champion_before()), (versions[2].as_str(), Some(versions[0].as_str())));
    assert!(registry.history()[0].decision.as_ref().unwrap().reasons.iter().any(|reason| reason.code == Code::FirstChampion));
}

#[test]
fn a_challenger_is_tried_beside_the_champion_until_it_is_champion_or_withdrawn() {
    let place = Place::new();
    let (dir, (other, version)) = (place.registry(), place.bundle(50));
    assert!(matches!(challenge(&dir, &other, 0.1, false), Err(RegistryError::NotARegistry(_))));
    place.promote(60);
    let plain = fs::read(place.manifest()).unwrap();
    for share in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(challenge(&dir, &other, share, true), Err(RegistryError::Share(_))), "{share}");
    }
    assert!(matches!(challenge(&dir, &place.bundle(60).0, 0.1, true), Err(RegistryError::IsChampion(_))));
    assert!(matches!(withdraw(&dir), Err(RegistryError::NoChallenger(_))));
    assert_eq!(fs::read(place.manifest()).unwrap(), plain, "what is refused changes nothing");

    let entered = challenge(&dir, &other, 0.1, true).unwrap();
    label(&dir, &version, " autumn ").unwrap();
    let registry = Registry::read(&dir).unwrap();
    assert_eq!((registry.challenger(), registry.label(&version)), (Some(&entered), Some("autumn")));
    assert_eq!(registry.load_challenger().unwrap().unwrap().version(), version);
    assert_ne!(Registry::mark(&dir).unwrap(), plain);
    assert_eq!(withdraw(&dir).unwrap(), entered);
    label(&dir, &version, "").unwrap();
    assert_eq!(Registry::mark(&dir).unwrap(), plain, "older builds read it again");

    challenge(&dir, &other, 1.0, false).unwrap();
    place.promote(50);
    assert_eq!(Registry::read(&dir).unwrap().challenger(), None, "nobody challenges itself");
}

#[test]
fn a_way_back_is_told_from_a_way_on() {
    let place = Place::new();
    let versions = [60, 50].map(|customers| {
        place.promote(customers);
        place.champion()
    });
    let went_back = |version: &str| Registry::read(&place.registry()).unwrap().went_back_since(version);
    assert!(!went_back(&versions[0]) && !went_back(&versions[1]));
    roll_back(&place.registry()).unwrap();
    assert!(went_back(&versions[1]) && !went_back(&versions[0]));
}

#[test]
fn the_champion_stays_it_and_a_damaged_copy_is_made_anew() {
    let place = Place::new();
    place.promote(60);
    let listing = fs::read(place.manifest()).unwrap();
    assert!(matches!(place.promote(60), Promotion::Already(entry) if entry.sequence == 1));
    assert_eq!(fs::read(place.manifest()).unwrap(), listing);
    let card = Registry::read(&place.registry()).unwrap().bundle_dir(&place.champion()).join("card.md");
    fs::write(&card, "half a card").unwrap();
    let registry = Registry::read(&place.registry()).unwrap();
    assert!(matches!(registry.load_champion(), Err(RegistryError::Bundle { source: BundleError::Size { .. }, .. })));
    assert!(matches!(promote(&place.registry(), &place.bundle(50).0), Err(RegistryError::Bundle { .. })), "nobody to compare with");
    assert!(matches!(place.promote(60), Promotion::Already(_)));
    assert!(registry.load_champion().is_ok());
}

#[test]
fn a_refused_first_challenger_leaves_no_registry() {
    let place = Place::new();
    let mut bundle = fixture::bundle();
    bundle.reports[0].skill = false;
    let dir = place.0.path().join("bundle");
    bundle.save(&dir).unwrap();
    let Promotion::Refused { champion, decision, .. } = promote(&place.registry(), &dir).unwrap() else { panic!("it has no skill") };
    assert!(champion.is_none() && decision.reasons.iter().any(|reason| reason.code == Code::NoSkill), "{decision:?}");
    assert!(!place.registry().exists());
}

#[test]
fn what_a_crash_left_behind_does_no_harm() {
    let place = Place::new();
    place.promote(60);
    let champion = place.champion();
    let (_, next) = place.bundle(50);
    // Before the copy was whole, and before the list took its name.
    let half = place.registry().join(BUNDLES).join(".lapwing-abcdef").join("fresh");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("card.md"), "half").unwrap();
    fs::write(place.registry().join("registry.json.new"), "{\"format_ver").unwrap();
    assert_eq!(place.champion(), champion);
    assert!(matches!(place.promote(50), Promotion::Promoted(_)));
    assert_eq!(place.champion(), next);
    // Of a first promotion: everything but the list.
    fs::remove_file(place.manifest()).unwrap();
    assert!(matches!(Registry::read(&place.registry()), Err(RegistryError::NotARegistry(_))));
    assert!(matches!(place.promote(50), Promotion::Promoted(entry) if entry.sequence == 1));
}

#[test]
fn a_bundle_that_cannot_be_copied_changes_nothing() {
    let place = Place::new();
    fs::create_dir(place.registry()).unwrap();
    fs::write(place.registry().join(BUNDLES), "no folder").unwrap();
    assert!(matches!(promote(&place.registry(), &place.bundle(60).0), Err(RegistryError::Io { .. })));
    assert!(matches!(Registry::read(&place.registry()), Err(RegistryError::NotARegistry(_))));
    fs::remove_file(place.registry().join(BUNDLES)).unwrap();
    place.promote(60);
    let (champion, listing) = (place.champion(), fs::read(place.manifest()).unwrap());
    let (bundle, next) = place.bundle(50);
    let taken = Registry::read(&place.registry()).unwrap().bundle_dir(&next);
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("thesis.txt"), "years of work").unwrap();
    assert!(matches!(promote(&place.registry(), &bundle), Err(RegistryError::Foreign { entry, .. }) if entry == "thesis.txt"));
    assert_eq!((place.champion(), fs::read(place.manifest()).unwrap()), (champion, listing));
}

#[test]
fn a_challenger_that_changed_while_it_was_copied_is_not_taken() {
    let place = Place::new();
    place.promote(60);
    let registry = Registry::read(&place.registry()).unwrap();
    let ((bundle, found), (_, decided)) = (place.bundle(50), place.bundle(40));
    let error = write::store(&registry, &bundle, &decided).unwrap_err();
    assert!(matches!(error, RegistryError::Exchanged { version, found: other } if version == decided && other == found));
    assert!(!registry.bundle_dir(&decided).exists());
}

#[test]
fn nobody_goes_back_to_what_cannot_serve() {
    let place = Place::new();
    place.promote(60);
    let first = Registry::read(&place.registry()).unwrap().bundle_dir(&place.champion());
    place.promote(50);
    let (champion, listing) = (place.champion(), fs::read(place.manifest()).unwrap());
    fs::write(first.join("card.md"), "half a card").unwrap();
    assert!(matches!(roll_back(&place.registry()), Err(RegistryError::Bundle { .. })));
    assert_eq!((place.champion(), fs::read(place.manifest()).unwrap()), (champion, listing));
}

#[test]
fn whoever_comes_at_once_waits_and_nothing_is_lost() {
    let place = Place::new();
    let bundles: Vec<PathBuf> = (0..4).map(|number| place.bundle(60 - number).0).collect();
    std::thread::scope(|scope| {
        for bundle in &bundles {
            scope.spawn(|| assert!(matches!(promote(&place.registry(), bundle), Ok(Promotion::Promoted(_)))));
        }
    });
    let registry = Registry::read(&place.registry()).unwrap();
    assert_eq!(registry.history().len(), 4);
    assert!(registry.load_champion().is_ok());
}

#[test]
fn a_list_that_does_not_hold_together_is_damaged() {
    type Change = fn(&mut Value);
    let place = Place::new();
    place.promote(60);
    place.promote(50);
    roll_back(&place.registry()).unwrap();
    let changes: [Change; 11] = [
        |it| it["history"] = serde_json::json!([]),
        |it| it["history"][0]["sequence"] = 7.into(),
        |it| drop(it["history"].as_array_mut().unwrap().remove(1)),
        |it| it["history"][0]["before"] = "20240601-00000000".into(),
        |it| it["history"][1]["version"] = "../../secrets".into(),
        |it| it["history"][2]["version"] = it["history"][1]["version"].clone(),
        |it| it["history"][2]["action"] = "danced".into(),
        |it| it["history"][0]["mood"] = "good".into(),
        |it| it["challenger"] = serde_json::json!({"version": "../../secrets", "share": 0.5, "shadow": false}),
        |it| it["challenger"] = serde_json::json!({"version": "20240601-00000000", "share": 1.5, "shadow": false}),
        |it| *it = serde_json::json!({"format_version": 1}),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let error = place.forge(change);
        assert!(matches!(&error, RegistryError::Damaged { .. }), "{number}: {error}");
        assert!(error.to_string().contains("registry.json") && error.to_string().contains("\nhint: "), "{error}");
    }
    let newer = place.forge(|it| *it = serde_json::json!({"format_version": 3, "news": true}));
    assert!(matches!(newer, RegistryError::Newer { found: 3, most: 2 }));
}

#[test]
fn a_damaged_list_is_not_written_over() {
    let place = Place::new();
    place.promote(60);
    for text in ["", "{", "[]", "{\"format_version\": \"one\"}"] {
        fs::write(place.manifest(), text).unwrap();
        assert!(matches!(promote(&place.registry(), &place.bundle(50).0), Err(RegistryError::Damaged { .. })), "{text}");
        assert!(matches!(roll_back(&place.registry()), Err(RegistryError::Damaged { .. })), "{text}");
        assert_eq!(fs::read_to_string(place.manifest()).unwrap(), text);
    }
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let place = Place::new();
    fs::create_dir(place.registry()).unwrap();
    fs::write(place.registry().join("thesis.txt"), "years of work").unwrap();
    let error = promote(&place.registry(), &place.bundle(60).0).unwrap_err();
    assert!(matches!(error, RegistryError::Foreign { entry, .. } if entry == "thesis.txt"));
    assert_eq!(fs::read_dir(place.registry()).unwrap().count(), 1);
    let (bundle, _) = place.bundle(60);
    assert!(matches!(promote(&bundle, &bundle), Err(RegistryError::Foreign { .. })));
    assert!(matches!(promote(&bundle.join("registry"), &bundle), Err(RegistryError::Inside { .. })));
    assert!(ModelBundle::load(&bundle).is_ok());
}

#[test]
fn bundles_in_each_other_s_place_are_noticed() {
    let place = Place::new();
    place.promote(60);
    let (other, found) = place.bundle(50);
    let registry = Registry::read(&place.registry()).unwrap();
    let dir = registry.bundle_dir(registry.champion());
    fs::remove_dir_all(&dir).unwrap();
    fs::rename(other, &dir).unwrap();
    assert!(matches!(registry.load_champion(), Err(RegistryError::Exchanged { found: exchanged, .. }) if exchanged == found));
}

#[test]
fn a_champion_of_another_build_is_replaced() {
    let features: fn(&Path) = |dir| {
        let manifest = fs::read_to_string(dir.join("manifest.json")).unwrap();
        reseal(dir, &manifest.replace(&lapwing_features::schema::fingerprint(), "0000000000000000"));
    };
    let arithmetic: fn(&Path) = |dir| {
        let mut other = fixture::bundle();
        other.thresholds.dormant_after_days = 5;
        other.save(dir).unwrap();
    };
    for (change, customers) in [(features, 50), (arithmetic, 40)] {
        let place = Place::new();
        place.promote(60);
        let registry = Registry::read(&place.registry()).unwrap();
        change(&registry.bundle_dir(registry.champion()));
        assert!(matches!(registry.load_champion(), Err(RegistryError::Bundle { .. })));
        let Promotion::Promoted(entry) = place.promote(customers) else { panic!("it is as good as the first") };
        assert!(entry.decision.unwrap().reasons.iter().any(|reason| reason.code == Code::ChampionUnreadable));
    }
}

fn reseal(dir: &Path, manifest: &str) {
    let digest = crate::bundle::manifest::sha256(manifest.as_bytes());
    fs::write(dir.join("manifest.sha256"), crate::bundle::manifest::seal_line(&digest, "manifest.json")).unwrap();
    fs::write(dir.join("manifest.json"), manifest).unwrap();
}

/// Copies the files that a registry is read from, but for one, and tells which they were.
fn gathered(place: &Place, purpose: Purpose, but: Option<&str>) -> (tempfile::TempDir, Vec<String>, Result<(), RegistryError>) {
    let (copy, mut names) = (tempfile::tempdir().unwrap(), Vec::new());
    let fetch = |name: &str, most: u64| {
        let Some(bytes) = fs::read(place.registry().join(name)).ok().filter(|_| Some(name) != but) else { return Ok(None) };
        assert!(bytes.len() as u64 <= most);
        let path = copy.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &bytes).unwrap();
        names.push(name.to_owned());
        Ok::<_, RegistryError>(Some(bytes))
    };
    let outcome = gather("far/away".as_ref(), purpose, fetch);
    (copy, names, outcome)
}

#[test]
fn what_lies_elsewhere_is_read_from_a_copy_of_what_is_needed() {
    let place = Place::new();
    let versions = [60, 50, 40].map(|customers| {
        place.promote(customers);
        place.bundle(customers).1
    });
    challenge(&place.registry(), &place.bundle(30).0, 0.1, false).unwrap();
    let bundles = |names: &[String]| {
        let mut found: Vec<String> =
            names.iter().filter_map(|name| Some(name.strip_prefix("bundles/")?.split('/').next()?.to_owned())).collect();
        found.sort();
        found.dedup();
        found.len()
    };
    let (copy, names, outcome) = gathered(&place, Purpose::Serve, None);
    outcome.unwrap();
    assert_eq!(bundles(&names), 2, "champion and challenger: {names:?}");
    let registry = Registry::read(copy.path()).unwrap();
    assert_eq!((registry.load_champion().unwrap().version(), registry.load_challenger().unwrap().is_some()), (versions[2].clone(), true));

    let (copy, names, outcome) = gathered(&place, Purpose::Change, None);
    outcome.unwrap();
    assert_eq!(bundles(&names), 3, "the one before, to go back to");
    assert_eq!(roll_back(copy.path()).unwrap().version, versions[1]);
}

#[test]
fn what_is_not_there_is_told_by_where_it_should_be() {
    let place = Place::new();
    let (_, _, outcome) = gathered(&place, Purpose::Serve, None);
    assert!(matches!(outcome, Err(RegistryError::NotARegistry(at)) if at == Path::new("far/away")));
    place.promote(60);
    let version = place.bundle(60).1;
    let (_, _, outcome) = gathered(&place, Purpose::Serve, Some(&format!("bundles/{version}/manifest.json")));
    let error = outcome.unwrap_err();
    assert!(matches!(&error, RegistryError::Bundle { source: BundleError::NotABundle(_), .. }), "{error}");
    assert!(error.to_string().contains(&format!("far/away/bundles/{version}")), "{error}");
    // Reading judges what else is not there.
    let (copy, _, outcome) = gathered(&place, Purpose::Serve, Some(&format!("bundles/{version}/churn.json")));
    outcome.unwrap();
    let error = Registry::read(copy.path()).unwrap().load_champion().unwrap_err();
    assert!(matches!(error, RegistryError::Bundle { source: BundleError::Missing(_), .. }), "{error}");
    fs::write(place.manifest(), "half a li").unwrap();
    let (_, _, outcome) = gathered(&place, Purpose::Serve, None);
    assert!(matches!(outcome, Err(RegistryError::Damaged { path, .. }) if path == Path::new("far/away/registry.json")));
}
