//! Curves agree with predictions, whatever the columns.

use lapwing_features::{Attribute, Attributes, Cutoff, FEATURES, FeatureVector, Population, Timestamp};

use super::*;
use crate::calibrate::Calibrator;
use crate::hiatus::{Cell, HiatusRule};
use crate::input::{AttributeKind, AttributeSpec, InputSchema};
use crate::logistic::Logistic;
use crate::spread::Spread;
use crate::target::Target;
use crate::transform::{DesignColumn, Form, Transform};

const DAYS: usize = Id::days_since_last_purchase as usize;
const COUNT: usize = Id::purchases_count as usize;

fn model(basis: Basis) -> Model {
    let country =
        AttributeSpec { name: "country".to_owned(), kind: AttributeKind::Categorical { levels: vec!["DE".to_owned(), "FR".to_owned()] } };
    let inputs = InputSchema { attributes: vec![country], rhythm: None };
    Model { target: Target::Churn, typical: vec![None; inputs.len()], inputs, basis }
}

fn logistic() -> Model {
    let column = |input, form| DesignColumn { input, form, mean: 0.5, scale: 2.0 };
    let columns = vec![
        column(DAYS, Form::Value { low: 0.0, high: 60.0, log: true }),
        column(DAYS, Form::Missing),
        column(COUNT, Form::Value { low: 1.0, high: 9.0, log: false }),
        column(FEATURES.len(), Form::Level { level: 0 }),
        column(FEATURES.len(), Form::Level { level: 1 }),
    ];
    let size = columns.len();
    model(Basis::from(Logistic {
        transform: Transform { columns },
        intercept: -0.2,
        coefficients: vec![1.5, 0.4, -0.8, 0.6, -0.3],
        spread: Spread::new(&vec![Vec::new(); size + 1], 0.0).unwrap(),
        calibrator: Calibrator { slope: 0.9, offset: 0.1, ..Calibrator::IDENTITY },
        penalty: 0.01,
    }))
}

fn snapshots() -> Vec<Snapshot> {
    let cutoff = Cutoff { at: Timestamp(0), day: 0, month: 1 };
    (0..200_u32)
        .map(|number| {
            let mut features = FeatureVector::missing();
            features[Id::days_since_last_purchase] = if number % 10 == 0 { f64::NAN } else { f64::from(number % 97) };
            features[Id::purchases_count] = f64::from(1 + number % 7);
            let country = ["DE", "FR", "IT", "DE"][number as usize % 4];
            let attributes = Attributes::from([("country".to_owned(), Attribute::Text(country.to_owned()))]);
            Snapshot { cutoff, population: Population::Current, features, facts: None, signs: None, attributes }
        })
        .collect()
}

fn found(model: &Model) -> Vec<InputEffect> {
    let snapshots = snapshots();
    effects(model, &snapshots.iter().collect::<Vec<_>>())
}

#[test]
fn contributions_are_those_of_the_prediction() {
    let rule = HiatusRule {
        threshold_days: 30.0,
        recent: Cell { rows: 50, positives: 5, customers: 50 },
        overdue: Cell { rows: 50, positives: 30, customers: 50 },
        all: Cell { rows: 100, positives: 35, customers: 100 },
    };
    for model in [logistic(), model(Basis::HiatusRule { why: String::new(), rule })] {
        for snapshot in snapshots() {
            let raw = model.inputs.read(&snapshot);
            for part in model.predict(&snapshot).contributions {
                let own = model.contribution(part.input, raw[part.input]);
                assert!(own.is_some_and(|own| (own - part.contribution).abs() < 1e-12), "{part:?} is not {own:?}");
            }
        }
    }
}

#[test]
fn the_most_important_comes_first_with_its_direction() {
    let found = found(&logistic());
    let told: Vec<(&str, Direction)> = found.iter().map(|effect| (effect.code.as_str(), effect.direction())).collect();
    let expected =
        [("days_since_last_purchase", Direction::Raises), ("purchases_count", Direction::Lowers), ("country", Direction::Neither)];
    assert_eq!(told, expected);
    assert!(found.windows(2).all(|pair| pair[0].importance >= pair[1].importance));
}

#[test]
fn curves_lie_where_customers_are() {
    let found = found(&logistic());
    let (days, count, country) = (&found[0], &found[1], &found[2]);
    assert!((0.1 - days.missing.0).abs() < 1e-12 && days.missing.1 != 0.0);
    assert!(days.curve.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{:?}", days.curve);
    let known: f64 = days.density.iter().map(|bin| bin.share).sum();
    assert!((known - 0.9).abs() < 1e-12 && days.density.len() == 20);
    assert_eq!(count.curve.iter().map(|point| point.0).collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let levels: Vec<(&str, f64)> = country.levels.iter().map(|level| (level.name.as_str(), level.share)).collect();
    assert_eq!(levels, [("DE", 0.5), ("FR", 0.25), ("other", 0.25)]);
    assert!(country.curve.is_empty() && country.density.is_empty());
}

#[test]
fn without_customers_nothing_matters() {
    let found = effects(&logistic(), &[]);
    assert!(found.len() == 3 && found.iter().all(|effect| effect.importance == 0.0 && effect.curve.is_empty()));
}
