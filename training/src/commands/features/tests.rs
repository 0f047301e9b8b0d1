//! The table of a small file, and where it may stand.

use std::fs;

use super::*;
use crate::exit::{Exit, of_error};
use lapwing_features::engine::{EngineError, read_parquet};
use lapwing_features::{Attribute, Windows, example};

fn settings(folder: &Path, cutoffs: &[&str], out: &str) -> settings::Features {
    let path = folder.join("events.csv");
    std::fs::write(&path, "customer_id,ts,amount\na,2024-01-10,5\na,2024-02-10,5\nb,2023-11-01,5\nc,2024-01-20,-5\n").unwrap();
    settings::Features {
        source: settings::Source::plain(&path),
        cutoffs: cutoffs.iter().map(|date| example::cutoff(date)).collect(),
        windows: Windows::new(30, 14, 0).unwrap(),
        out: folder.join(out),
        json: false,
    }
}

#[test]
fn a_file_holds_all_cutoffs_with_labels_where_they_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &["2024-01-15", "2024-01-28", "2024-02-05"], "table.parquet");
    run(&settings).unwrap();
    let names = ["customer_id", "population", "purchases_count", "purchased_in_outcome", "churned", "reactivated", "horizon_days"];
    let table = read_parquet(&settings.out, &names).unwrap();
    let texts = |values: &[&str]| Values::Text(values.iter().map(|value| Some((*value).to_owned())).collect());
    assert_eq!(table[0].values, texts(&["a", "b", "a", "b", "c", "a", "b", "c"]));
    assert_eq!(table[1].values, texts(&["current", "lapsed", "current", "lapsed", "prospect", "current", "lapsed", "prospect"]));
    assert_eq!(table[2].values, Values::Number([1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0].map(Some).to_vec()));
    let (yes, no, open) = (Some(true), Some(false), None);
    assert_eq!(table[3].values, Values::Flag(vec![no, no, yes, no, no, open, open, open]));
    assert_eq!(table[4].values, Values::Flag(vec![yes, open, no, open, open, open, open, open]));
    assert_eq!(table[5].values, Values::Flag(vec![open, no, open, no, open, open, open, open]));
    assert_eq!(table[6].values, Values::Number(vec![Some(14.0); 8]));
}

#[test]
fn every_feature_is_a_column_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &["2024-01-28"], "table.parquet");
    let dataset = pipeline::read(&settings.source, None).unwrap();
    let tables = Tables { settings: &settings, dataset: &dataset, complete_until: example::cutoff("2024-02-11").at };
    let columns = tables.columns(&tables.rows(settings.cutoffs[0]).unwrap());
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert!(names[3..].iter().zip(&FEATURES).all(|(name, feature)| *name == feature.name));
    assert_eq!(names.len(), 3 + FEATURES.len() + 4);
}

#[test]
fn a_folder_has_a_file_for_each_cutoff_and_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let listed = |out: &Path| {
        let mut names: Vec<String> =
            fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let first = settings(folder.path(), &["2024-01-15", "2024-01-28T06:00:00Z"], "tables");
    run(&first).unwrap();
    assert_eq!(listed(&first.out), ["cutoff=2024-01-15.parquet", "cutoff=2024-01-28T06-00-00Z.parquet"]);
    run(&settings(folder.path(), &["2024-02-05"], "tables")).unwrap();
    assert_eq!(listed(&first.out), ["cutoff=2024-02-05.parquet"]);
    assert_eq!(listed(folder.path()), ["events.csv", "tables"], "nothing is left beside it");
}

#[test]
fn the_events_are_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path(), &["2024-01-28"], "cutoff=1.parquet");
    run(&settings).unwrap();
    let bytes = fs::read(&settings.out).unwrap();
    settings.source.events = vec![settings.out.display().to_string()];
    for out in ["cutoff=1.parquet", "."] {
        settings.out = folder.path().join(out);
        let error = run(&settings).unwrap_err();
        assert!(matches!(error, TrainError::Engine(EngineError::Place { .. })), "{error}");
        assert_eq!(of_error(&error), Exit::Usage);
    }
    assert_eq!(fs::read(folder.path().join("cutoff=1.parquet")).unwrap(), bytes);
}

#[test]
fn a_folder_of_other_files_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &["2024-01-15"], "tables");
    // A folder is none of our files, whatever its name.
    for (file, entry) in [("thesis.txt", "thesis.txt"), ("cutoff=x.parquet/thesis.txt", "cutoff=x.parquet")] {
        let file = settings.out.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "years of work").unwrap();
        let error = run(&settings).unwrap_err();
        assert!(matches!(error, TrainError::Output { .. }) && error.to_string().contains(&format!("`{entry}`")), "{error}");
        assert_eq!(of_error(&error), Exit::Usage);
        assert!(file.exists());
        fs::remove_file(file).unwrap();
    }
}

#[test]
#[cfg(unix)]
fn a_link_to_a_folder_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &["2024-01-15"], "link");
    let tables = folder.path().join("tables");
    fs::create_dir(&tables).unwrap();
    fs::write(tables.join("cutoff=1.parquet"), "old").unwrap();
    std::os::unix::fs::symlink("tables", &settings.out).unwrap();
    run(&settings).unwrap();
    assert_eq!(fs::read_link(&settings.out).unwrap(), Path::new("tables"));
    let names: Vec<_> = fs::read_dir(&tables).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["cutoff=2024-01-15.parquet"]);
}

#[test]
fn a_cutoff_before_all_events_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &["2020-01-01", "2024-01-15"], "tables");
    let error = run(&settings).unwrap_err();
    assert!(matches!(error, TrainError::NothingBefore { .. }));
    assert_eq!(of_error(&error), Exit::Refused);
    assert!(!settings.out.exists());
}

#[test]
fn attributes_keep_their_type() {
    let row = |value: Option<Attribute>| {
        let history = example::history(&[("2024-01-01", "purchase", 5.0)]);
        let attributes = value.map(|value| ("x".to_owned(), value)).into_iter().collect();
        let facts = LifecycleSettings::default().fact_settings(Windows::new(30, 30, 0).unwrap());
        let snapshot = Snapshot::take(&mut example::kernel(), &history, example::cutoff("2024-01-15"), facts, attributes).unwrap();
        Row { id: "a".to_owned(), snapshot, purchased: None }
    };
    assert_eq!(attribute(&[row(None), row(Some(Attribute::Number(2.5)))], "x"), Values::Number(vec![None, Some(2.5)]));
    assert_eq!(attribute(&[row(Some(Attribute::Instant { at: Timestamp(7) }))], "x"), Values::Instant(vec![Some(7)]));
    assert_eq!(attribute(&[row(Some(Attribute::Text("n".to_owned()))), row(None)], "x"), Values::Text(vec![Some("n".to_owned()), None]));
    assert_eq!(attribute(&[row(None)], "x"), Values::Text(vec![None]));
}
