//! Scores files as they are, and as they should not be.

use super::*;

fn table() -> Vec<Column> {
    let texts = |values: &[&str]| Values::Text(values.iter().map(|value| Some((*value).to_owned())).collect());
    vec![
        Column::new("customer_id", texts(&["1", "2", "3"])),
        Column::new("as_of", Values::Instant(vec![Some(0); 3])),
        Column::new("population", texts(&["current", "lapsed", "prospect"])),
        Column::new("churn_probability", Values::Number(vec![Some(0.25), None, None])),
        Column::new("reactivation_probability", Values::Number(vec![None, Some(0.5), None])),
    ]
}

fn refused(column: usize, values: Values) -> String {
    let mut table = table();
    table[column].values = values;
    rows(&table).unwrap_err()
}

#[test]
fn each_row_brings_the_probability_of_its_population() {
    let (as_of, scored) = rows(&table()).unwrap();
    assert_eq!(as_of, Timestamp(0));
    assert_eq!(scored.iter().map(|row| row.probability).collect::<Vec<_>>(), [Some(0.25), Some(0.5), None]);
}

#[test]
fn ids_that_became_numbers_and_columns_of_nulls_are_taken() {
    let mut table = table();
    table[0].values = Values::Number(vec![Some(1.0), Some(2.0), Some(3.0)]);
    table[4].values = Values::Text(vec![None; 3]);
    let (_, scored) = rows(&table).unwrap();
    assert_eq!((scored[1].id.as_str(), scored[1].probability), ("2", None));
}

#[test]
fn what_is_no_scores_file_is_refused() {
    assert!(refused(0, Values::Text(vec![None; 3])).contains("no `customer_id`"));
    assert!(refused(0, Values::Number(vec![Some(0.5); 3])).contains("no text"));
    assert!(refused(1, Values::Instant(vec![Some(0), Some(0), Some(1)])).contains("2 dates"));
    assert!(refused(1, Values::Instant(vec![None; 3])).contains("null"));
    assert!(refused(1, Values::Number(vec![Some(0.0); 3])).contains("no timestamp"));
    assert!(refused(2, Values::Text(vec![Some("gone".to_owned()); 3])).contains("`population`"));
    assert!(refused(3, Values::Number(vec![Some(1.5); 3])).contains("no probability"));
    assert!(refused(3, Values::Flag(vec![Some(true); 3])).contains("no number"));
    let empty: Vec<Column> = COLUMNS.map(|name| Column::new(name, Values::Instant(Vec::new()))).into();
    assert!(rows(&empty).is_err());
}

#[test]
fn the_file_says_its_windows_and_a_flag_against_it_wins_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.parquet");
    let read = |horizon: Option<[i64; 3]>| {
        let mut table = table();
        table.extend(horizon.map(|days| Column::new("horizon_days", Values::Integer(days.map(Some).to_vec()))));
        lapwing_features::engine::write_parquet(&path, &table).unwrap();
        read_scores(&path)
    };
    let settings = |horizon_days| settings::Judge {
        source: settings::Source::plain(&path),
        scores: path.clone(),
        horizon_days,
        gap_days: None,
        seed: 7,
        json: false,
    };
    let resolved = |past: &PastScores, given| {
        let windows = settings(given).windows(past.horizon_days, past.gap_days).unwrap();
        (windows.horizon_days, windows.gap_days, warnings(past, windows).len())
    };
    let old = read(None).unwrap();
    assert_eq!((resolved(&old, None), resolved(&old, Some(30))), ((90, 0, 0), (30, 0, 0)));
    let new = read(Some([28; 3])).unwrap();
    assert_eq!((resolved(&new, None), resolved(&new, Some(30)), resolved(&new, Some(28))), ((28, 0, 0), (30, 0, 1), (28, 0, 0)));
    for days in [[28, 28, 30], [0; 3], [9_999; 3]] {
        assert!(matches!(read(Some(days)), Err(TrainError::Scores { .. })), "{days:?}");
    }
}

#[test]
fn a_file_that_is_no_scores_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.parquet");
    let mut table = table();
    table[1].values = Values::Instant(vec![Some(0), Some(0), Some(1)]);
    lapwing_features::engine::write_parquet(&path, &table).unwrap();
    let error = read_scores(&path).unwrap_err();
    assert!(matches!(error, TrainError::Scores { .. }) && error.to_string().contains("\nhint: "), "{error}");
    assert_eq!(crate::exit::of_error(&error), crate::exit::Exit::Refused);
}
