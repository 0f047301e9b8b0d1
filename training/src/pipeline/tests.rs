//! The road from a small file to a bundle, and what stops it.

use super::*;
use crate::exit::{Exit, of_error};
use lapwing_features::example;

/// Writes `rows` of a CSV file with the header `customer_id,ts,amount` and makes it the source.
fn source(folder: &tempfile::TempDir, rows: &str) -> Source {
    let path = folder.path().join("events.csv");
    std::fs::write(&path, format!("customer_id,ts,amount\n{rows}")).unwrap();
    Source::plain(&path)
}

fn learned(source: &Source, as_of: &str) -> Result<Learned, TrainError> {
    let windows = Windows::new(30, 30, 0).unwrap();
    learn(Task { source, as_of: example::cutoff(as_of), windows, seed: 1, lifecycle: &LifecycleSettings::default(), intent: true })
}

const ROWS: &str = "b,2024-01-05,10\na,2024-01-01,5\na,2024-01-20,5\na,2024-03-20,5\nc,2024-02-01,-3\nb,2024-04-20,99\n";

#[test]
fn little_data_gives_a_bundle_by_the_hiatus_rule() {
    let folder = tempfile::tempdir().unwrap();
    let learned = learned(&source(&folder, ROWS), "2024-04-10").unwrap();
    assert_eq!(learned.bundle.churn.basis.name(), "hiatus rule");
    let mut ids: Vec<String> = learned.scores().into_iter().map(|score| score.customer_id).collect();
    ids.sort();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(learned.last_event, example::cutoff("2024-03-20").at);
    assert_eq!(learned.complete_until, example::cutoff("2024-03-21").at, "up to the end of the last purchase's day");
    assert_eq!(learned.input.future, 1);
}

#[test]
fn what_happens_after_as_of_changes_nothing() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let before = learned(&source(&one, ROWS), "2024-04-10").unwrap();
    let poisoned = ROWS.replace("b,2024-04-20,99", "z,2024-04-10,-1e9\nz,2024-05-01,7");
    assert_eq!(before.bundle, learned(&source(&two, &poisoned), "2024-04-10").unwrap().bundle);
}

#[test]
fn the_users_word_on_completeness_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = source(&folder, ROWS);
    source.data_until = Some(example::cutoff("2024-04-05").at);
    assert_eq!(learned(&source, "2024-04-10").unwrap().complete_until, example::cutoff("2024-04-05").at);
    assert_eq!(learned(&source, "2024-04-01").unwrap().complete_until, example::cutoff("2024-04-01").at);
}

#[test]
fn gaps_are_between_purchase_days() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = read(&source(&folder, ROWS), None).unwrap();
    assert_eq!(purchase_gaps(&dataset, example::cutoff("2024-04-01")).unwrap(), [19, 60]);
}

#[test]
fn a_history_that_is_too_short_for_the_others_may_do_for_intent() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = learned(&source(&folder, ROWS), "2024-02-15").unwrap().bundle;
    let slices: Vec<usize> = bundle.reports.iter().map(|report| report.slices.len()).collect();
    assert_eq!(slices, [0, 0, 0], "not with less than 30 and 7 days before the last purchase");
    let bundle = learned(&source(&folder, &(ROWS.to_owned() + "a,2024-02-11,5\n")), "2024-02-15").unwrap().bundle;
    let slices: Vec<usize> = bundle.reports.iter().map(|report| report.slices.len()).collect();
    assert_eq!(slices, [0, 0, 1]);
    assert!(bundle.intent.is_some_and(|model| model.basis.name() == "hiatus rule"));
    assert!(bundle.cutoffs.is_empty(), "those of intent are in its report");
}

#[test]
fn intent_is_left_out_where_it_is_not_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (source, lifecycle) = (source(&folder, ROWS), LifecycleSettings::default());
    let windows = Windows::new(30, 30, 0).unwrap();
    let task = Task { source: &source, as_of: example::cutoff("2024-04-10"), windows, seed: 1, lifecycle: &lifecycle, intent: false };
    let bundle = learn(task).unwrap().bundle;
    assert_eq!((bundle.intent, bundle.reports.len()), (None, 2));
}

#[test]
fn nothing_before_as_of_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = learned(&source(&folder, ROWS), "2023-01-01").unwrap_err();
    assert!(matches!(error, TrainError::Engine(_)));
    assert_eq!(of_error(&error), Exit::Refused);
}

#[test]
fn events_without_a_purchase_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = learned(&source(&folder, "c,2024-02-01,-3\n"), "2024-04-10").unwrap_err();
    assert!(matches!(error, TrainError::NoPurchase { customers: 1, .. }));
    assert_eq!(of_error(&error), Exit::Refused);
}

#[test]
fn an_attribute_must_be_a_column() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = source(&folder, ROWS);
    let table = folder.path().join("customers.csv");
    std::fs::write(&table, "customer_id,region\na,north\n").unwrap();
    source.customers = Some((table.display().to_string(), lapwing_features::engine::CustomersConfig::default()));
    source.attributes = vec!["region".to_owned()];
    assert!(read(&source, None).is_ok());
    source.attributes.push("shoe_size".to_owned());
    let error = read(&source, None).unwrap_err();
    assert!(matches!(&error, TrainError::UnknownAttribute { name, known } if name == "shoe_size" && known == "`region`"), "{error}");
    assert_eq!(of_error(&error), Exit::Usage);
}
