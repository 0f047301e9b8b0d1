//! What a model answers, and which models are refused.

use lapwing_features::{Attributes, Cutoff, FEATURES, FeatureVector, Population, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::hiatus::Cell;
use crate::prediction::Contribution;
use crate::spread::Spread;
use crate::transform::{DesignColumn, Form, Transform};

fn logistic() -> Model {
    let column = |input: Id, form| DesignColumn { input: input as usize, form, mean: 3.0, scale: 2.0 };
    let value = Form::Value { low: 0.0, high: 100.0, log: false };
    let columns =
        vec![column(Id::days_since_last_purchase, value), column(Id::purchases_count, value), column(Id::purchases_count, Form::Missing)];
    let logistic = Logistic {
        transform: Transform { columns },
        intercept: -0.5,
        coefficients: vec![0.8, -0.6, 0.3],
        spread: Spread::of_triangle(&[0.04, 0.01, 0.09, 0.0, 0.0, 0.05, 0.0, 0.0, 0.0, 0.02]),
        calibrator: Calibrator { slope: 0.9, offset: 0.1, ..Calibrator::IDENTITY },
        penalty: 0.01,
    };
    let mut typical = vec![None; FEATURES.len()];
    typical[Id::days_since_last_purchase as usize] = Some(31.0);
    Model { target: Target::Churn, inputs: InputSchema::default(), typical, basis: logistic.into() }
}

fn rule() -> Model {
    let cell = |positives| Cell { rows: 100, positives, customers: 50 };
    let rule = HiatusRule { threshold_days: 40.0, recent: cell(10), overdue: cell(60), all: cell(35) };
    Model { basis: Basis::HiatusRule { why: "12 churned customers, fewer than 50".to_owned(), rule }, ..logistic() }
}

fn snapshot(days: f64, count: f64) -> Snapshot {
    let mut features = FeatureVector::missing();
    (features[Id::days_since_last_purchase], features[Id::purchases_count]) = (days, count);
    let cutoff = Cutoff { at: Timestamp(0), day: 0, month: 1 };
    Snapshot { cutoff, population: Population::Current, features, facts: None, signs: None, attributes: Attributes::new() }
}

fn edit(mut model: Model, change: impl FnOnce(&mut Logistic)) -> Result<(), ModelError> {
    if let Basis::Logistic(logistic) = &model.basis {
        let mut changed = Logistic::clone(logistic);
        change(&mut changed);
        model.basis = changed.into();
    }
    model.check()
}

#[test]
fn the_interval_is_that_of_the_delta_method() {
    let prediction = logistic().predict(&snapshot(7.0, 3.0));
    // x = (1, 2, 0, -1.5): variance 0.04 + 2 * 2 * 0.01 + 4 * 0.09 + 2.25 * 0.02, times the squared slope.
    let half = 1.959_963_984_540_054 * 0.9 * 0.485_f64.sqrt();
    assert!((logit(prediction.high) - prediction.log_odds - half).abs() < 1e-6);
    assert!((prediction.log_odds - logit(prediction.low) - half).abs() < 1e-6);
    assert!((prediction.log_odds - (0.9 * (-0.5 + 0.8 * 2.0 - 0.3 * 1.5) + 0.1)).abs() < 1e-12);
}

#[test]
fn reasons_say_what_is_usual_and_what_is_not_known() {
    let texts: Vec<String> = logistic().predict(&snapshot(52.0, f64::NAN)).contributions.into_iter().map(|part| part.text).collect();
    assert_eq!(texts[0], "52 days since the last purchase; usual is 31 days");
    assert_eq!(texts[1], "the data holds no purchases yet, so not known: purchases so far");
}

/// As [`logistic`], with what was spent as a third input, of another family.
fn of_two_families() -> Model {
    let Model { basis: Basis::Logistic(before), mut typical, .. } = logistic() else { unreachable!() };
    let mut logistic = Logistic::clone(&before);
    let form = Form::Value { low: 0.0, high: 100.0, log: false };
    logistic.transform.columns.push(DesignColumn { input: Id::spend_sum as usize, form, mean: 3.0, scale: 2.0 });
    logistic.coefficients.push(0.4);
    logistic.spread = Spread::new(&vec![vec![0.1]; 5], 0.1).unwrap();
    typical[Id::spend_sum as usize] = Some(9.0);
    typical[Id::purchases_count as usize] = Some(3.0);
    Model { typical, basis: logistic.into(), ..self::logistic() }
}

#[test]
fn what_is_told_does_not_hang_on_how_many_contributions_are_asked_for() {
    let (model, mut silent) = (of_two_families(), 0);
    let values = [0.0, 3.0, 9.0, 12.0, 31.0, 40.0, f64::NAN];
    for (days, count, spend) in
        values.iter().flat_map(|days| values.map(|count| (*days, count))).flat_map(|(days, count)| values.map(|spend| (days, count, spend)))
    {
        let mut snapshot = snapshot(days, count);
        snapshot.features[Id::spend_sum] = spend;
        let whole = model.predict(&snapshot);
        let expected: Vec<&str> = whole.telling(model.target, 3).into_iter().map(|part| part.text.as_str()).collect();
        for most in [0, 1, usize::MAX] {
            let (mut scratch, mut why) = (Scratch::default(), Texts::default());
            scratch.begin(&snapshot);
            let mut prediction = model.answer(&snapshot, &mut scratch);
            model.explain_answer(&mut prediction, &mut scratch, most, 3, &mut why);
            let told: Vec<&str> = (0..why.len()).filter_map(|place| why.get(place)).collect();
            assert_eq!(told, expected, "{days} {count} {spend}, {most}");
        }
        // The one told is of a family whose sum has the other sign.
        let shift = whole.log_odds - whole.intercept;
        let purchases = |part: &&Contribution| part.input != Id::spend_sum as usize;
        let together: f64 = whole.contributions.iter().filter(purchases).map(|part| part.contribution).sum();
        silent += usize::from(expected.len() == 1 && together * shift < 0.0 && expected[0].contains("purchase"));
    }
    assert!(silent > 0, "no customer is told the largest although its family is silent");
}

#[test]
fn the_rule_tells_recent_from_overdue() {
    let (recent, overdue) = (rule().predict(&snapshot(40.0, 1.0)), rule().predict(&snapshot(40.5, 1.0)));
    assert!((recent.probability - 10.5 / 101.0).abs() < 1e-15 && (overdue.probability - 60.5 / 101.0).abs() < 1e-15);
    assert!((overdue.intercept + overdue.contributions[0].contribution - overdue.log_odds).abs() < 1e-9);
    assert_eq!(overdue.contributions.len(), 1);
    let unknown = rule().predict(&snapshot(f64::NAN, 1.0));
    assert_eq!(unknown.contributions[0].contribution, 0.0);
}

#[test]
fn models_whose_parts_do_not_belong_together_are_refused() {
    assert_eq!(logistic().check(), Ok(()));
    assert_eq!(rule().check(), Ok(()));
    let shape = |what, found, expected| Err(ModelError::Shape { target: Target::Churn, what, found, expected });
    assert_eq!(edit(logistic(), |it| it.coefficients.push(0.0)), shape("coefficients", 4, 3));
    assert_eq!(edit(logistic(), |it| it.spread = Spread::new(&[], 0.0).unwrap()), shape("rows of loadings", 0, 4));
    let short = Model { typical: vec![None], ..logistic() };
    assert_eq!(short.check(), shape("usual values", 1, FEATURES.len()));
}

#[test]
fn numbers_that_no_fit_can_give_are_refused() {
    let range = |what| Err(ModelError::Range { target: Target::Churn, what });
    assert_eq!(edit(logistic(), |it| it.coefficients[0] = f64::NAN), range("coefficient"));
    assert_eq!(edit(logistic(), |it| it.spread = Spread::new(&vec![vec![f32::NAN]; 4], 0.0).unwrap()), range("loading"));
    assert_eq!(edit(logistic(), |it| it.spread = Spread::new(&vec![Vec::new(); 4], -1.0).unwrap()), range("loading"));
    assert_eq!(edit(logistic(), |it| it.calibrator.slope = 0.0), range("calibration"));
    assert_eq!(edit(logistic(), |it| it.transform.columns[0].scale = 0.0), range("column"));
    assert_eq!(edit(logistic(), |it| it.transform.columns[0].input = 100_000), range("column"));
    let endless = Model { typical: vec![Some(f64::INFINITY); FEATURES.len()], ..logistic() };
    assert_eq!(endless.check(), range("usual value"));
    let bent = |change: fn(&mut HiatusRule)| {
        let mut model = rule();
        if let Basis::HiatusRule { rule, .. } = &mut model.basis {
            change(rule);
        }
        model.check()
    };
    assert_eq!(bent(|rule| rule.threshold_days = f64::NAN), range("threshold"));
    assert_eq!(bent(|rule| rule.all.positives = 101), range("count"));
}

proptest! {
    #[test]
    fn contributions_and_intercept_are_the_log_odds(days in prop::num::f64::ANY, count in prop::num::f64::ANY, most in 0_usize..4) {
        for model in [logistic(), rule()] {
            let whole = model.predict(&snapshot(days, count));
            let sum: f64 = whole.contributions.iter().map(|part| part.contribution).sum();
            prop_assert!((whole.intercept + sum - whole.log_odds).abs() < 1e-9);
            prop_assert!(0.0 < whole.low && whole.low <= whole.probability && whole.probability <= whole.high && whole.high < 1.0);
            let top = model.predict_top(&snapshot(days, count), most);
            prop_assert_eq!(&top.contributions[..], &whole.contributions[..most.min(whole.contributions.len())]);
            prop_assert_eq!(top.probability.to_bits(), whole.probability.to_bits());
        }
    }
}
