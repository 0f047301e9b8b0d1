//! Written whole or not at all, and the same bytes for the same input.

use lapwing_features::{Kind, KindRules, NoKind, Population};

use super::super::manifest::DATA;
use super::*;

#[test]
fn a_bundle_reads_back_to_the_bit() {
    let bundle = fixture::bundle();
    let saved = Saved::new();
    let read = ModelBundle::load(&saved.dir()).unwrap();
    assert_eq!(read, bundle);
    for (number, snapshot) in fixture::snapshots().iter().enumerate() {
        let id = number.to_string();
        let (one, two) = (bundle.score(&id, snapshot, 9), read.score(&id, snapshot, 9));
        assert_eq!(one, two);
        let bits = |score: &crate::Score| score.prediction().map(|p| [p.probability, p.low, p.high, p.log_odds].map(f64::to_bits));
        assert_eq!(bits(&one), bits(&two));
    }
}

#[test]
fn kinds_are_told_as_in_the_data() {
    let saved = Saved::new();
    let told = |name, amount, day| ModelBundle::load(&saved.dir()).unwrap().kind_of(name, amount, fixture::as_of().plus_days(day));
    assert_eq!(told(Some("sale"), None, -1), Ok(Kind::Purchase));
    assert_eq!(told(Some("Sale"), None, -1), Err(NoKind::Unknown));
    assert_eq!(told(None, Some(5.0), -1), Err(NoKind::NotGiven), "the data has a column of kinds");
    saved.forge(DATA, |data| data["kinds"]["column"] = false.into());
    assert_eq!(told(None, Some(5.0), -1), Ok(Kind::Purchase));
    assert_eq!((told(None, None, -101), told(None, None, -100)), (Ok(Kind::Purchase), Err(NoKind::NotGiven)));
}

#[test]
fn a_bundle_that_does_not_say_what_told_kinds_goes_by_its_amounts() {
    let saved = Saved::new();
    saved.forge(DATA, |data| drop(data.as_object_mut().unwrap().remove("kinds")));
    let bundle = ModelBundle::load(&saved.dir()).unwrap();
    assert_eq!(bundle.kinds, KindRules { amounts_since: bundle.shape.since_amounts(), ..KindRules::default() });
}

#[test]
fn the_same_input_makes_the_same_bytes() {
    let (one, two) = (Saved::new(), Saved::new());
    assert_eq!(files_of(&one.dir()), files_of(&two.dir()));
    ModelBundle::load(&one.dir()).unwrap().save(&two.dir()).unwrap();
    assert_eq!(files_of(&one.dir()), files_of(&two.dir()), "reading and writing changes nothing");
}

#[test]
fn the_version_tells_day_and_contents() {
    let version = fixture::bundle().version();
    assert!(version.starts_with("20240601-") && version.len() == 17, "{version}");
    assert_ne!(fixture::bundle_of(&fixture::snapshots()[1..]).version(), version);
    assert_eq!(&*fixture::bundle().score("1", &fixture::snapshots()[0], 0).model_version, version);
}

#[test]
fn golden_rows_cover_every_population_and_name_nobody() {
    let saved = Saved::new();
    let golden: Vec<Value> = serde_json::from_slice(&saved.read("golden.json")).unwrap();
    assert!((15..=30).contains(&golden.len()), "{}", golden.len());
    for population in [Population::Current, Population::Lapsed, Population::Prospect] {
        assert!(golden.iter().filter(|row| row["population"] == population.name()).count() >= 3, "{population:?}");
    }
    assert!(golden.iter().any(|row| row["attributes"]["region"] == "north"));
    assert!(golden.iter().all(|row| row["attributes"].get("phone").is_none()), "attributes that no model reads stay out");
}

#[test]
fn a_bundle_of_nobody_is_a_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("deep/down/bundle");
    fixture::bundle_of(&[]).save(&dir).unwrap();
    assert_eq!(ModelBundle::load(&dir).unwrap(), fixture::bundle_of(&[]));
}

#[test]
fn a_bundle_is_replaced_and_nothing_is_left_behind() {
    let saved = Saved::new();
    let other = fixture::bundle_of(&fixture::snapshots()[..30]);
    other.save(&saved.dir()).unwrap();
    assert_eq!(ModelBundle::load(&saved.dir()).unwrap(), other);
    let left: Vec<_> = fs::read_dir(saved.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["bundle"]);
}

#[test]
fn an_empty_folder_is_taken_and_a_damaged_bundle_replaced() {
    let saved = Saved::new();
    saved.write("churn.json", "half");
    fixture::bundle().save(&saved.dir()).unwrap();
    assert!(ModelBundle::load(&saved.dir()).is_ok());
    let empty = saved.0.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fixture::bundle().save(&empty).unwrap();
    assert!(ModelBundle::load(&empty).is_ok());
}

#[test]
fn what_is_not_a_bundle_is_refused_and_left_as_it_is() {
    for entries in [["thesis.docx", "notes.txt"], ["manifest.json", "thesis.docx"], ["card.md", "churn.json"]] {
        let folder = tempfile::tempdir().unwrap();
        for name in entries {
            fs::write(folder.path().join(name), "years of work").unwrap();
        }
        let before = files_of(folder.path());
        let error = fixture::bundle().save(folder.path()).unwrap_err();
        assert!(matches!(error, BundleError::Occupied { .. }), "{entries:?}: {error}");
        assert_eq!(files_of(folder.path()), before);
    }
}

#[test]
fn a_file_in_the_way_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle");
    fs::write(&file, "a file").unwrap();
    assert!(matches!(fixture::bundle().save(&file), Err(BundleError::Io { .. })));
    assert!(matches!(fixture::bundle().save(&file.join("below")), Err(BundleError::Io { .. })));
    assert_eq!(fs::read(&file).unwrap(), b"a file");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
#[cfg(unix)]
fn a_link_to_a_bundle_stays_a_link() {
    let saved = Saved::new();
    let link = saved.0.path().join("current");
    std::os::unix::fs::symlink(saved.dir(), &link).unwrap();
    let other = fixture::bundle_of(&fixture::snapshots()[..30]);
    other.save(&link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(ModelBundle::load(&saved.dir()).unwrap(), other);
}
