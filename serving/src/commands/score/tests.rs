//! A batch from events to file, and what refuses it.

use std::path::Path;

use lapwing_features::engine::{CustomersConfig, EngineError, EventsConfig};
use lapwing_features::{Column, Kind, Values};
use lapwing_models::bundle::BundleError;
use lapwing_models::bundle::registry::RegistryError;
use tempfile::TempDir;

use super::*;
use crate::exit::{self, Exit};
use crate::fixture;
use crate::settings::Source;

/// A folder with a bundle and events, and the settings to score them with.
fn prepare(bundle: &ModelBundle) -> (TempDir, settings::Score) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    bundle.save(&path("bundle")).unwrap();
    std::fs::write(path("events.csv"), fixture::csv()).unwrap();
    std::fs::write(path("customers.csv"), fixture::customers_csv(0..fixture::CUSTOMERS)).unwrap();
    let settings = settings::Score {
        source: Source::Bundle(path("bundle")),
        events: vec![path("events.csv").display().to_string()],
        reading: EventsConfig::default(),
        customers: Some((path("customers.csv").display().to_string(), CustomersConfig::default())),
        as_of: fixture::AS_OF.to_owned(),
        fit_keys: settings::FitKeys::default(),
        out: path("scores.parquet"),
        advice: settings::Advice::default(),
        resources: engine::Resources::default(),
        json: false,
    };
    (folder, settings)
}

fn numbers(path: &Path, name: &str) -> Vec<Option<f64>> {
    match engine::read_parquet(path, &[name]).unwrap().as_slice() {
        [Column { values: Values::Number(numbers), .. }] => numbers.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn everybody_is_scored_once_and_twice_the_same_bytes() {
    let (_folder, settings) = prepare(&fixture::bundle());
    let scored = score_into_file(&settings).unwrap();
    let bytes = std::fs::read(&settings.out).unwrap();
    assert_eq!(scored.rows as u64, scored.input.customers);
    assert_eq!(scored.by_population.values().sum::<u64>(), scored.input.customers);
    assert!(scored.by_population.len() == 2 && scored.by_risk_band.len() > 1, "{scored:?}");
    let probabilities = numbers(&settings.out, "churn_probability");
    assert_eq!(probabilities.len(), scored.rows);
    assert_eq!(probabilities.iter().flatten().count() as u64, scored.by_population["current"]);
    run(&settings).unwrap();
    assert_eq!(std::fs::read(&settings.out).unwrap(), bytes);
}

#[test]
fn kinds_are_named_by_the_bundle_and_before_it_by_the_config() {
    let mut bundle = fixture::bundle();
    bundle.kinds.names = [("sale".to_owned(), Kind::Purchase), ("deal".to_owned(), Kind::Purchase)].into();
    let (folder, mut settings) = prepare(&bundle);
    settings.reading.kinds = [("deal".to_owned(), Kind::Visit), ("look".to_owned(), Kind::View)].into();
    let file = folder.path().join("events.csv");
    settings.customers = None;
    std::fs::write(&file, "customer_id,ts,kind\na,2023-12-01,sale\nb,2023-12-01,deal\nc,2023-12-01,look\n").unwrap();
    let calendar = Calendar::utc();
    let dataset = read(&settings, &bundle, &calendar, calendar.cutoff(bundle.as_of)).unwrap();
    let since = [Kind::Purchase, Kind::Visit, Kind::View].map(|kind| dataset.shape.since_kind(kind).is_some());
    assert_eq!((since, dataset.report().unwrap().unknown_kinds.len()), ([true; 3], 0));
    assert_eq!(dataset.kinds.names.len(), 3);
}

#[test]
fn a_bundle_that_could_not_learn_is_told_of() {
    let (_folder, settings) = prepare(&fixture::poor_bundle());
    let scored = score_into_file(&settings).unwrap();
    assert_eq!(scored.basis_notes.keys().copied().collect::<Vec<_>>(), ["churn", "intent", "reactivation"]);
    assert_eq!(scored.by_probability_basis.keys().copied().collect::<Vec<_>>(), ["hiatus rule"]);
}

#[test]
fn a_fitted_model_without_skill_is_told_of() {
    let mut bundle = fixture::bundle();
    bundle.reports[0].skill = false;
    let (_folder, settings) = prepare(&bundle);
    let warnings = score_into_file(&settings).unwrap().warnings;
    assert!(matches!(&warnings[..], [warning] if warning.starts_with("churn probabilities are by a model without")), "{warnings:?}");
}

#[test]
fn attributes_that_the_models_weigh_must_be_there() {
    let (folder, settings) = prepare(&fixture::bundle());
    let mut spoilt = settings::Score { customers: None, ..settings.clone() };
    let refused = |spoilt: &settings::Score| {
        let error = run(spoilt).unwrap_err();
        assert_eq!(exit::of_error(&error), Exit::Refused, "{error}");
        assert!(error.to_string().contains("\nhint: ") && !spoilt.out.exists(), "{error}");
        error
    };
    assert!(matches!(refused(&spoilt), ServeError::NoCustomers(name) if name == "points"));
    spoilt.customers.clone_from(&settings.customers);
    let table = folder.path().join("customers.csv");
    std::fs::write(&table, fixture::customers_csv(0..9).replace("region", "area")).unwrap();
    assert!(matches!(refused(&spoilt), ServeError::NoAttribute { name, .. } if name == "region"));
    // A word in a column of numbers makes it one of texts.
    std::fs::write(&table, fixture::customers_csv(0..9).replace(",3\n", ",three\n")).unwrap();
    assert!(matches!(refused(&settings), ServeError::AttributeType { name, expected: "numbers", count: 9 } if name == "points"));
    std::fs::write(&table, fixture::customers_csv(0..fixture::CUSTOMERS - 5)).unwrap();
    let warnings = score_into_file(&settings).unwrap().warnings;
    assert!(matches!(&warnings[..], [warning] if warning.starts_with("5 of 240 customers")), "{warnings:?}");
    let columns = engine::read_parquet(&settings.out, &["attribute_points", "attribute_region"]).unwrap();
    assert!(matches!(&columns[0].values, Values::Number(points) if points.iter().filter(|points| points.is_none()).count() == 5));
    assert!(matches!(&columns[1].values, Values::Text(regions) if regions.len() == fixture::CUSTOMERS));
}

#[test]
fn a_late_delivery_and_a_config_of_another_fit_are_told() {
    let (_folder, mut settings) = prepare(&fixture::bundle());
    let scored = score_into_file(&settings).unwrap();
    assert!(scored.warnings.is_empty() && scored.last_event.is_some_and(|last| last.starts_with("2023-12-")), "{:?}", scored.warnings);
    settings.as_of = "2024-01-15".to_owned();
    settings.fit_keys =
        settings::FitKeys { horizon_days: Some(28), active_days: Some(90), gap_days: None, timezone: Some("Europe/London".to_owned()) };
    let warnings = score_into_file(&settings).unwrap().warnings;
    let parts = ["`horizon_days` is 28", "`timezone` is Europe/London", "days before as-of"];
    assert_eq!(warnings.len(), parts.len(), "{warnings:?}");
    assert!(warnings.iter().zip(parts).all(|(warning, part)| warning.contains(part)), "{warnings:?}");
}

#[test]
fn an_export_that_is_shorter_than_that_of_the_fit_is_told() {
    let (folder, settings) = prepare(&fixture::bundle());
    let csv = fixture::csv();
    let since = |day: &str| {
        let kept = csv.lines().filter(|line| line.split(',').nth(1).is_some_and(|ts| ts == "ts" || ts >= day));
        std::fs::write(folder.path().join("events.csv"), kept.collect::<Vec<_>>().join("\n")).unwrap();
        score_into_file(&settings).unwrap().warnings
    };
    assert_eq!(since("2022-01-20"), [""; 0]);
    let warnings = since("2022-07-01");
    assert!(matches!(&warnings[..], [warning] if warning.starts_with("the first event is at 2022-07-01")), "{warnings:?}");
}

#[test]
fn what_does_not_work_leaves_no_file_and_has_its_exit_code() {
    type Spoil = fn(&mut settings::Score);
    type Is = fn(&ServeError) -> bool;
    let is_place: Is = |e| matches!(e, ServeError::Engine(EngineError::Place { .. }));
    let cases: [(Spoil, Is, Exit); 9] = [
        (
            |s| s.source = Source::Registry(s.source.dir().to_owned()),
            |e| matches!(e, ServeError::Registry(RegistryError::NotARegistry(_))),
            Exit::Refused,
        ),
        (
            |s| s.source = Source::Bundle(s.source.dir().join("no")),
            |e| matches!(e, ServeError::Bundle(BundleError::NotABundle(_) | BundleError::Io { .. })),
            Exit::Refused,
        ),
        (|s| s.events[0].push_str(".no"), |e| matches!(e, ServeError::Engine(EngineError::NotFound { .. })), Exit::Usage),
        (|s| s.as_of = "soon".into(), |e| matches!(e, ServeError::Time { .. }), Exit::Usage),
        (|s| s.as_of = "1066-10-14".into(), |e| matches!(e, ServeError::ImplausibleAsOf), Exit::Usage),
        (|s| s.as_of = "2001-01-01".into(), |e| matches!(e, ServeError::Engine(EngineError::NoUsableRows { .. })), Exit::Refused),
        (|s| assert!(s.out.pop()), is_place, Exit::Usage),
        (|s| s.out = s.source.dir().join("manifest.json"), is_place, Exit::Usage),
        (|s| s.out = s.events[0].clone().into(), is_place, Exit::Usage),
    ];
    let (folder, settings) = prepare(&fixture::poor_bundle());
    for (spoil, is, exit) in cases {
        let mut spoilt = settings.clone();
        spoil(&mut spoilt);
        let error = run(&spoilt).unwrap_err();
        assert!(is(&error), "{error:?}");
        assert_eq!(exit::of_error(&error), exit, "{error}");
        assert!(error.to_string().contains("\nhint: "), "{error}");
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }
}
