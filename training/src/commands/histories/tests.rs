//! The history table of a small file, and days that are added to it.

use std::fs;
use std::time::SystemTime;

use lapwing_features::engine::read_parquet;

use super::*;
use crate::exit::{Exit, of_error};

fn settings(folder: &Path, lines: &[&str]) -> settings::Histories {
    let path = folder.join("events.csv");
    fs::write(&path, format!("customer_id,ts,amount\n{}\n", lines.join("\n"))).unwrap();
    settings::Histories {
        source: settings::Source::plain(&path),
        append: false,
        files: HistoryFiles::new(16),
        out: folder.join("table"),
        json: false,
    }
}

fn added(settings: &settings::Histories) -> settings::Histories {
    settings::Histories { append: true, files: None, ..settings.clone() }
}

fn fingerprint(out: &Path) -> String {
    pipeline::read_events(&Source::plain(out), None).unwrap().fingerprint().unwrap()
}

fn changes(out: &Path) -> Vec<(String, SystemTime)> {
    let entry = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().unwrap().modified().unwrap());
    let mut all: Vec<_> = fs::read_dir(out).unwrap().map(|found| entry(found.unwrap())).collect();
    all.sort();
    all
}

#[test]
fn a_day_is_added_and_what_it_does_not_change_stays() {
    let folder = tempfile::tempdir().unwrap();
    let days = [["a,2024-01-01,5", "b,2024-01-01,6", "c,2024-01-01,7"].as_slice(), &["b,2024-01-02,8", "d,2024-01-02,9"]];
    let table = settings(folder.path(), days[0]);
    run(&table).unwrap();
    let before = changes(&table.out);
    assert_eq!(before.len(), 16);
    let day = added(&settings(folder.path(), days[1]));
    run(&day).unwrap();
    let after = changes(&table.out);
    assert!(before.iter().zip(&after).all(|(before, after)| before.0 == after.0));
    let changed = before.iter().zip(&after).filter(|(before, after)| before.1 != after.1).count();
    assert!((1..=2).contains(&changed), "{changed} files were written for two customers");
    let whole = fingerprint(&table.out);
    run(&day).unwrap();
    assert_eq!(fingerprint(&table.out), whole, "the same day once more changes nothing");
    let at_once = settings(folder.path(), &days.concat());
    assert_eq!(fingerprint(Path::new(&at_once.source.events[0])), whole);
    run(&settings::Histories { out: folder.path().join("at-once"), ..at_once }).unwrap();
    for (name, _) in after {
        let read = |table: &str| fs::read(folder.path().join(table).join(&name)).unwrap();
        assert!(read("table") == read("at-once"), "{name}");
    }
}

#[test]
fn the_first_day_makes_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let day = added(&settings(folder.path(), &["a,2024-01-01,5"]));
    run(&day).unwrap();
    assert_eq!(changes(&day.out).len(), 1);
    let path = day.out.join("histories-000-of-001.parquet");
    assert_eq!(read_parquet(&path, &["customer_id"]).unwrap()[0].values.len(), 1);
}

#[test]
fn another_parting_is_refused_and_the_table_stays() {
    let folder = tempfile::tempdir().unwrap();
    let table = settings(folder.path(), &["a,2024-01-01,5"]);
    run(&table).unwrap();
    let before = changes(&table.out);
    let error = run(&settings::Histories { append: true, files: HistoryFiles::new(2), ..table.clone() }).unwrap_err();
    assert!(error.to_string().contains("16 files"), "{error}");
    assert_eq!(of_error(&error), Exit::Refused);
    assert_eq!(changes(&table.out), before);
    fs::copy(table.out.join("histories-000-of-016.parquet"), table.out.join("histories-000-of-001.parquet")).unwrap();
    let error = run(&added(&table)).unwrap_err();
    assert!(error.to_string().contains("of one table"), "{error}");
    assert_eq!((of_error(&error), changes(&table.out).len()), (Exit::Refused, 17));
    fs::write(table.out.join("thesis.txt"), "years of work").unwrap();
    assert_eq!(of_error(&run(&added(&table)).unwrap_err()), Exit::Usage);
}

#[test]
fn two_do_not_write_one_table_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let table = settings(folder.path(), &["a,2024-01-01,5"]);
    run(&table).unwrap();
    let other = File::open(&table.out).unwrap();
    other.lock().unwrap();
    let error = run(&added(&table)).unwrap_err();
    assert!(error.to_string().contains("another run"), "{error}");
    other.unlock().unwrap();
    run(&added(&table)).unwrap();
}

#[test]
fn a_table_is_not_written_over_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = settings(folder.path(), &["a,2024-01-01,5"]);
    run(&table).unwrap();
    table.source.events = vec![table.out.display().to_string()];
    for append in [false, true] {
        assert_eq!(of_error(&run(&settings::Histories { append, ..table.clone() }).unwrap_err()), Exit::Usage);
    }
}

#[test]
fn an_alias_that_becomes_known_later_moves_to_its_customer() {
    let folder = tempfile::tempdir().unwrap();
    let days = [["a,2024-01-01,5", "b,2024-01-01,6", "c,2024-01-01,7"].as_slice(), &["c,2024-01-02,8"]];
    let table = settings(folder.path(), days[0]);
    run(&table).unwrap();
    let links = folder.path().join("links.csv");
    fs::write(&links, "alias_id,customer_id\nb,a\n").unwrap();
    let mut day = added(&settings(folder.path(), days[1]));
    day.source.reading.links = Some(links.display().to_string());
    run(&day).unwrap();
    assert_eq!(changes(&table.out).len(), 16, "the table keeps its files");
    let owned = days.concat().iter().map(|line| line.replace("b,", "a,")).collect::<Vec<_>>();
    let own = settings(folder.path(), &owned.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(fingerprint(&table.out), fingerprint(Path::new(&own.source.events[0])));
}
