//! The table of a small file, and where it may stand.

use std::fs;

use super::*;
use crate::exit::{Exit, of_error};
use lapwing_features::engine::{Customer, EngineError, read_parquet};
use lapwing_features::{Attribute, Attributes, FEATURES, Values, Windows, example};

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
    let names =
        ["cutoff", "customer_id", "population", "purchases_count", "purchased_in_outcome", "churned", "reactivated", "horizon_days"];
    let table = read_parquet(&settings.out, &names).unwrap();
    let row = |row: usize| {
        let texts = [&table[1].values, &table[2].values].map(|values| match values {
            Values::Text(texts) => texts[row].clone().unwrap(),
            _ => panic!("{values:?}"),
        });
        let numbers = [&table[3].values, &table[7].values].map(|values| match values {
            Values::Number(numbers) => numbers[row].unwrap(),
            _ => panic!("{values:?}"),
        });
        let flags = [&table[4].values, &table[5].values, &table[6].values].map(|values| match values {
            Values::Flag(flags) => flags[row].map_or("open", |flag| if flag { "yes" } else { "no" }),
            _ => panic!("{values:?}"),
        });
        let Values::Instant(cutoffs) = &table[0].values else { panic!("{:?}", table[0].values) };
        let cutoff = settings.cutoffs.iter().position(|cutoff| Some(cutoff.at.0) == cutoffs[row]).unwrap();
        format!("{} {cutoff} {} {} {} {}", texts[0], texts[1], numbers[0], flags.join(" "), numbers[1])
    };
    let mut rows: Vec<String> = (0..table[0].values.len()).map(row).collect();
    assert!(rows.chunk_by(|one, two| one[..1] == two[..1]).count() == 3, "the cutoffs of a customer stand together: {rows:?}");
    assert!(rows.chunk_by(|one, two| one[..1] == two[..1]).all(<[String]>::is_sorted), "the oldest first: {rows:?}");
    rows.sort();
    let expected = [
        "a 0 current 1 no yes open 14",
        "a 1 current 1 yes no open 14",
        "a 2 current 1 open open open 14",
        "b 0 lapsed 1 no open no 14",
        "b 1 lapsed 1 no open no 14",
        "b 2 lapsed 1 open open open 14",
        "c 1 prospect 0 no open open 14",
        "c 2 prospect 0 open open open 14",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn every_feature_is_a_column_in_its_order() {
    let mut sheet = Sheet::new(0);
    let rows = Rows::new(Windows::new(30, 14, 0).unwrap(), example::cutoff("2024-02-11").at, Vec::new(), 0);
    let columns = rows.columns(&mut sheet);
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
fn attributes_keep_their_type_and_are_seen_when_they_were_known() {
    let (number, born) = (Attribute::Number(2.5), Attribute::Instant { at: example::cutoff("2024-01-20").at });
    let attributes = Attributes::from([("age".to_owned(), number.clone()), ("born".to_owned(), born.clone())]);
    let names = vec![("age", Some(&number)), ("born", Some(&born)), ("plan", None)];
    let mut sheet = Sheet::new(0);
    let mut rows = Rows::new(Windows::new(30, 30, 0).unwrap(), example::cutoff("2024-03-01").at, names, 0);
    let history = example::history(&[("2024-01-01", "purchase", 5.0)]);
    let mut kernel = example::kernel();
    let mut walk = kernel.follow(&history);
    for cutoff in ["2024-01-15", "2024-01-25"] {
        assert!(rows.push(&mut walk, Customer { id: "a", history: &history, attributes: &attributes }, example::cutoff(cutoff)));
    }
    let columns = rows.columns(&mut sheet);
    let values = |name: &str| columns.iter().find(|column| column.name == name).unwrap().values.clone();
    assert_eq!(values("age"), Values::Number(vec![Some(2.5); 2]));
    assert_eq!(values("born"), Values::Instant(vec![None, Some(example::cutoff("2024-01-20").at.0)]));
    assert_eq!(values("plan"), Values::Text(vec![None; 2]));
}
