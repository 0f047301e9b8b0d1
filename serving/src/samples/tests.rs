//! What is kept of requests, what is read back, and that who is forgotten is gone.

use std::fs;
use std::path::Path;

use lapwing_features::{FeatureVector, Population, Timestamp};

use super::folder::Held;
use super::*;
use crate::audit::AuditKey;

const ALL: Room = Room { share: 1.0, bytes: 16 << 20 };

fn key() -> AuditKey {
    AuditKey::new(&[7; 32]).unwrap()
}

fn sample(customer: &str, first: f64) -> Sample {
    let mut features = FeatureVector::missing();
    features.as_mut_slice()[0] = first;
    Sample {
        customer_id: customer.to_owned(),
        as_of: Timestamp(1_704_067_200_000_001),
        model_version: "20240101-0a1b2c3d".to_owned(),
        by_features: false,
        population: Population::Current,
        probability: Some(0.25),
        features,
    }
}

/// Writes samples as one run of the service does.
fn keep(dir: &Path, room: Room, samples: impl IntoIterator<Item = Sample>) {
    let log = SampleLog::open(dir, key(), room).unwrap();
    samples.into_iter().for_each(|sample| {
        let before = log.written() + log.dropped();
        log.keep(sample);
        // One after the other, so that none is left out.
        while log.written() + log.dropped() == before {
            std::thread::yield_now();
        }
    });
}

fn text(dir: &Path) -> String {
    Held::take(dir).unwrap().files().unwrap().iter().map(|(_, path)| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn what_was_seen_comes_back_to_the_bit_and_nobody_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("requests");
    keep(&dir, ALL, [sample("mary@example.com", 0.1 + 0.2), sample("mary@example.com", f64::NAN), sample("b", 1e-300)]);
    let mut other = sample("c", 1.0);
    other.model_version = "20230101-00000000".to_owned();
    keep(&dir, ALL, [other]);
    assert!(!text(&dir).contains("mary"));
    let samples = read(&dir, "20240101-0a1b2c3d").unwrap();
    assert_eq!((samples.by_customer.len(), samples.by_others, samples.unreadable), (2, 1, 0));
    let asked = &samples.by_customer[&key().customer("mary@example.com")];
    assert_eq!(asked[0].as_of, Timestamp(1_704_067_200_000_001));
    assert_eq!(asked[0].features[0], 0.1 + 0.2);
    assert!(asked[1].features[0].is_nan() && asked.iter().all(|asked| asked.features[1].is_nan()));
    let error = read(&dir, "20250101-00000000").unwrap_err();
    assert!(matches!(error, SampleError::Nothing { .. }) && error.to_string().contains("\nhint: "), "{error}");
}

#[test]
fn the_same_customers_are_kept_in_about_the_share_that_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let of = |share| SampleLog::open(folder.path(), key(), Room { share, ..ALL }).unwrap();
    let (tenth, half) = (of(0.1), of(0.5));
    let ids: Vec<String> = (0..2_000).map(|id| id.to_string()).collect();
    let kept = |log: &SampleLog| ids.iter().filter(|id| log.wants(id)).count();
    assert!((150..250).contains(&kept(&tenth)) && (900..1_100).contains(&kept(&half)), "{} {}", kept(&tenth), kept(&half));
    assert!(ids.iter().all(|id| !tenth.wants(id) || half.wants(id)));
    assert_eq!((kept(&of(0.0)), kept(&of(1.0))), (0, 2_000));
}

#[test]
fn files_stay_within_their_room_and_the_newest_lines_stay() {
    let folder = tempfile::tempdir().unwrap();
    let room = Room { share: 1.0, bytes: 8_192 };
    keep(folder.path(), room, (0..60).map(|id| sample(&id.to_string(), f64::from(id))));
    let text = text(folder.path());
    assert!(text.len() <= 8_192, "{}", text.len());
    assert!(text.contains(&key().customer("59")) && !text.contains(&key().customer("0")));
    assert!(fs::read_dir(folder.path()).unwrap().count() > 3);
}

#[test]
fn a_log_that_cannot_be_written_drops_and_says_so_and_a_folder_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("requests");
    let log = SampleLog::open(&dir, key(), ALL).unwrap();
    fs::remove_dir_all(&dir).unwrap();
    log.keep(sample("a", 1.0));
    while log.dropped() == 0 {
        std::thread::yield_now();
    }
    assert_eq!(log.written(), 0);
    fs::write(&dir, "a file").unwrap();
    let error = SampleLog::open(&dir, key(), ALL).unwrap_err();
    assert!(matches!(error, SampleError::Io { .. }) && error.to_string().contains("\nhint: "), "{error}");
}

#[test]
fn who_is_forgotten_is_gone_and_the_others_stay_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    for run in 0..3 {
        keep(folder.path(), ALL, ["a", "b", "a", "c"].map(|id| sample(id, f64::from(run))));
    }
    fs::write(folder.path().join("requests-00000009.ndjson"), "{\"customer\":\"torn").unwrap();
    let before = text(folder.path());
    let forgotten = forget(folder.path(), &key(), "a").unwrap();
    let customer = key().customer("a");
    assert_eq!(forgotten, Forgotten { customer: customer.clone(), lines: 6, files: 3, unreadable: 1 });
    let left: String = before.split_inclusive('\n').filter(|line| !line.contains(&customer) && !line.contains("torn")).collect();
    assert_eq!(text(folder.path()), left);
    assert_eq!(forget(folder.path(), &key(), "a").unwrap().lines, 0);
    assert_eq!(forget(folder.path(), &AuditKey::new(&[8; 32]).unwrap(), "b").unwrap().lines, 0, "under another key nobody is known");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| name == "lock" || name.ends_with(".ndjson")), "{names:?}");
}

#[test]
fn forgetting_that_was_cut_off_is_ended_or_undone_whole() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["requests-00000001", "requests-00000002"].map(|name| folder.path().join(name));
    for decided in [false, true] {
        for file in [&one, &two] {
            fs::write(file.with_extension("ndjson"), "before\n").unwrap();
            fs::write(file.with_extension("kept"), "after\n").unwrap();
        }
        if decided {
            fs::write(folder.path().join("forgetting"), "").unwrap();
        }
        assert_eq!(text(folder.path()), if decided { "after\nafter\n" } else { "before\nbefore\n" });
        assert!(!one.with_extension("kept").exists() && !folder.path().join("forgetting").exists());
    }
}

#[test]
fn the_service_goes_on_with_its_log_after_somebody_was_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let log = SampleLog::open(folder.path(), key(), ALL).unwrap();
    for (count, id) in (1..).zip(["a", "b"]) {
        log.keep(sample(id, 1.0));
        while log.written() < count {
            std::thread::yield_now();
        }
        assert_eq!(forget(folder.path(), &key(), "a").unwrap().lines, u64::from(id == "a"));
    }
    assert_eq!(read(folder.path(), "20240101-0a1b2c3d").unwrap().by_customer.len(), 1);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(folder.path().join("lock")).unwrap().permissions()) & 0o077, 0);
}

#[test]
fn skew_tells_each_feature_that_differs_and_how() {
    let batch = |first: f64, second: f64| {
        let mut features = FeatureVector::missing();
        (features.as_mut_slice()[0], features.as_mut_slice()[1]) = (first, second);
        features
    };
    let (mut skew, mut other) = (Skew::default(), Skew::default());
    skew.add(batch(1.0, f64::NAN).as_slice(), &batch(1.0, f64::NAN));
    skew.add(batch(1.0, f64::NAN).as_slice(), &batch(1.5, 2.0));
    other.add(batch(f64::NAN, 2.0).as_slice(), &batch(f64::NAN, f64::NAN));
    other.add(batch(3.0, 2.0).as_slice(), &batch(1.0, 2.0));
    skew.merge(&other);
    let report = skew.report(5);
    assert_eq!((report.compared, report.differing, report.not_found, report.worst_share), (4, 3, 1, 0.5));
    let names = [0, 1].map(|place| lapwing_features::FEATURES[place].name);
    let told: Vec<_> = report.features.iter().map(|f| (f.feature, f.mismatch, f.missing, f.extra, f.largest_difference)).collect();
    assert_eq!(told, [(names[0], 2, 0, 0, 2.0), (names[1], 0, 1, 1, 0.0)]);
    assert_eq!(Skew::default().report(0).worst_share, 0.0);
    assert_eq!(Skew::default().report(3).worst_share, 1.0);
}
