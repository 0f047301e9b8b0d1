//! Small worlds in which the answer is plain.

use super::*;
use lapwing_features::example;

const AS_OF: &str = "2024-03-01";

/// Forty customers who bought before as-of; the first half bought again after it.
fn dataset() -> Dataset {
    let rows = |number: usize| {
        let first = format!("{number:02},2024-02-{:02},5\n", number % 20 + 1);
        if number < 20 { format!("{first}{number:02},2024-03-10,5\n") } else { first }
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.csv");
    std::fs::write(&file, (0..40).fold("customer_id,ts,amount\n".to_owned(), |text, number| text + &rows(number))).unwrap();
    crate::pipeline::read(&crate::settings::Source::plain(&file), None).unwrap()
}

fn scored(id: &str, probability: Option<f64>) -> Scored {
    Scored { id: id.to_owned(), population: Population::Current, probability }
}

fn judged(scored: &[Scored], complete_until: &str) -> Result<Judgement, TrainError> {
    judge(&Case {
        scored,
        dataset: &dataset(),
        as_of: example::cutoff(AS_OF),
        windows: Windows::new(90, 30, 0).unwrap(),
        complete_until: example::cutoff(complete_until).at,
        seed: 7,
    })
}

/// Scores of all forty by a function of their number.
fn all(probability: impl Fn(usize) -> f64) -> Vec<Scored> {
    (0..40).map(|number| scored(&format!("{number:02}"), Some(probability(number)))).collect()
}

#[test]
fn a_model_that_knows_beats_the_naive_rules() {
    let judgement = judged(&all(|number| if number < 20 { 0.1 } else { 0.9 }), "2024-04-01").unwrap();
    let churn = &judgement.targets[0];
    assert_eq!((churn.rows, churn.positives, churn.base_rate), (40, 20, Some(0.5)));
    assert_eq!(churn.model.unwrap().auc.unwrap().value, 1.0);
    assert_eq!(churn.naive[1].auc.unwrap().value, 0.5, "everybody bought once");
    assert!(churn.skill && churn.beats_naive && churn.verdict.starts_with("beats"), "{}", churn.verdict);
    assert!((churn.base_rate_log_loss.unwrap() - std::f64::consts::LN_2).abs() < 1e-12);
    assert_eq!(judgement.targets[1].verdict, "not judged: nobody to judge");
}

#[test]
fn a_model_that_knows_nothing_has_no_skill() {
    let judgement = judged(&all(|number| 0.1 + (number % 2) as f64 * 0.1), "2024-04-01").unwrap();
    let churn = &judgement.targets[0];
    assert!(!churn.skill && !churn.beats_naive && churn.verdict.starts_with("no skill: "), "{}", churn.verdict);
    assert_eq!(churn.verdict, fit::skill(churn.model.unwrap().auc.unwrap()).1, "in the words of the fit's report");
}

#[test]
fn a_ranking_that_is_the_naive_one_does_not_beat_it() {
    // Number and day fall together in a half: take one half and let the other be those who bought latest.
    let rows: Vec<Scored> = (10..30).map(|number| scored(&format!("{number:02}"), Some(0.9 - f64::from(number % 20) / 40.0))).collect();
    let churn = &judged(&rows, "2024-04-01").unwrap().targets[0];
    assert_eq!(churn.model.unwrap().auc, churn.naive[0].auc);
    assert!(churn.skill && !churn.beats_naive && churn.verdict.starts_with("is no better than"), "{}", churn.verdict);
}

#[test]
fn one_class_has_no_ranking() {
    let rows: Vec<Scored> = all(|_| 0.5).split_off(20);
    let churn = &judged(&rows, "2024-04-01").unwrap().targets[0];
    assert_eq!(churn.verdict, "not judged: the same happened to everybody");
}

#[test]
fn rows_that_cannot_be_judged_are_counted() {
    let mut rows = vec![scored("01", Some(0.2)), scored("01", Some(0.9)), scored("stranger", Some(0.5)), scored("02", None)];
    rows.push(Scored { population: Population::Prospect, ..scored("03", None) });
    let judgement = judged(&rows, "2024-04-01").unwrap();
    let expected = Counts { rows: 5, duplicates: 1, without_events: 1, prospects: 1, without_probability: 1 };
    assert_eq!(judgement.counts, expected);
    assert_eq!(judgement.targets[0].mean_probability, Some(0.2), "the first row of a customer counts");
}

#[test]
fn an_outcome_without_any_event_is_refused_whatever_the_user_says() {
    let late = example::cutoff("2024-03-20");
    let windows = Windows::new(90, 30, 0).unwrap();
    let case = Case { scored: &all(|_| 0.5), dataset: &dataset(), as_of: late, windows, complete_until: late.at.plus_days(60), seed: 7 };
    let error = judge(&case).unwrap_err();
    assert!(matches!(error, TrainError::OutcomeEmpty { from, .. } if from == late.at), "{error}");
    assert!(error.to_string().contains("\nhint: "), "{error}");
    assert_eq!(crate::exit::of_error(&error), crate::exit::Exit::Refused);
    assert!(judge(&Case { as_of: example::cutoff("2024-03-10"), ..case }).is_ok());
}

#[test]
fn an_open_outcome_is_refused_with_the_date_that_is_needed() {
    let error = judged(&all(|_| 0.5), "2024-03-11").unwrap_err();
    assert!(matches!(error, TrainError::OutcomeOpen { .. }));
    assert!(error.to_string().contains("until 2024-03-31T00:00:00Z"), "{error}");
    assert_eq!(crate::exit::of_error(&error), crate::exit::Exit::Refused);
}
