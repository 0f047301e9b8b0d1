//! A model as it serves: from a snapshot to a probability with its interval and reasons.

use std::iter;

use lapwing_features::{Id, Snapshot, Texts};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::calibrate::Calibrator;
use crate::hiatus::{HiatusRule, Z95};
use crate::input::InputSchema;
use crate::logistic::Logistic;
use crate::prediction::{Part, Prediction, Together, largest, stands_aside, telling};
use crate::prepared::Prepared;
use crate::scratch::Scratch;
use crate::target::Target;
use crate::{logit, sigmoid};

/// Answers one question about a customer. Its JSON reads back to the same bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The question.
    pub target: Target,
    /// What goes in.
    pub inputs: InputSchema,
    /// Median of each input over the fit rows; `None` when it has no median.
    pub typical: Vec<Option<f64>>,
    /// How the answer is found.
    pub basis: Basis,
}

/// How a probability is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// By a fitted logistic regression; without columns it gives everyone the base rate.
    Logistic(Box<Prepared>),
    /// By the hiatus rule, since there was too little to learn from.
    HiatusRule {
        /// Why there is no model, in a plain sentence.
        why: String,
        /// The rule.
        rule: HiatusRule,
    },
}

impl From<Logistic> for Basis {
    fn from(logistic: Logistic) -> Self {
        Self::Logistic(Box::new(logistic.into()))
    }
}

impl Basis {
    /// The name in data and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Logistic(logistic) if logistic.transform.columns.is_empty() => "base rate",
            Self::Logistic(_) => "logistic",
            Self::HiatusRule { .. } => "hiatus rule",
        }
    }

    /// Why there is no model that tells customers apart; `None` when there is one.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Logistic(logistic) if logistic.transform.columns.is_empty() => {
                Some("nothing that is known ranks these customers better than chance")
            }
            Self::Logistic(_) => None,
            Self::HiatusRule { why, .. } => Some(why),
        }
    }
}

/// Why a model that was read cannot serve.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ModelError {
    /// Two parts do not belong together.
    #[error("the {target} model has {found} {what}, not {expected}\nhint: fit it again with this build of Lapwing")]
    Shape {
        /// Which model.
        target: Target,
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A number is out of its range.
    #[error("the {target} model has a {what} out of range\nhint: fit it again with this build of Lapwing")]
    Range {
        /// Which model.
        target: Target,
        /// What is out of range.
        what: &'static str,
    },
}

/// Probabilities are kept this far from 0 and 1.
const LEAST_PROBABILITY: f64 = 1e-6;

impl Model {
    /// What the model says of `snapshot`, whatever its population; the sum of the intercept and the contributions is the
    /// log-odds.
    #[must_use]
    pub fn predict(&self, snapshot: &Snapshot) -> Prediction {
        self.predict_top(snapshot, usize::MAX)
    }

    /// As [`predict`](Self::predict), with the `most` largest contributions only; every number is the same to the bit.
    #[must_use]
    pub fn predict_top(&self, snapshot: &Snapshot, most: usize) -> Prediction {
        let mut scratch = Scratch::default();
        scratch.begin(snapshot);
        let mut prediction = self.answer(snapshot, &mut scratch);
        self.explain_answer(&mut prediction, &mut scratch, most, 0, &mut Texts::default());
        prediction
    }

    /// As [`predict`](Self::predict), without contributions: their inputs and parts are left in `scratch`, which has
    /// [begun](Scratch::begin) with `snapshot`.
    pub(crate) fn answer(&self, snapshot: &Snapshot, scratch: &mut Scratch) -> Prediction {
        scratch.take_up(&self.inputs, snapshot);
        match &self.basis {
            Basis::Logistic(logistic) => by_logistic(logistic, scratch),
            Basis::HiatusRule { rule, .. } => by_rule(rule, scratch),
        }
    }

    /// Gives `prediction`, the [`answer`](Self::answer) that left its parts in `scratch`, its `most` largest contributions, and
    /// adds the first `told` of [`Prediction::telling`] to `why`, in words.
    pub(crate) fn explain_answer(&self, prediction: &mut Prediction, scratch: &mut Scratch, most: usize, told: usize, why: &mut Texts) {
        if most == 0 && told == 0 {
            return;
        }
        // What is not contributed to the side that is told, stands aside, or is of a family that is silent, is asked for as a
        // contribution only.
        let shift = prediction.log_odds - prediction.intercept;
        let together = Together::of(scratch.parts.iter().copied());
        scratch.rank(|input, raw, part| (most > 0) | ((part * shift > 0.0) & !stands_aside(input, raw) & together.speak(input, shift)));
        let part = |scratch: &mut Scratch| {
            let (input, part) = scratch.take()?;
            Some(self.inputs.part(input, part, scratch.raw[input], self.typical.get(input).copied().flatten()))
        };
        let first: Vec<Part> = iter::from_fn(|| part(scratch)).take(most).collect();
        prediction.contributions = first.iter().map(|part| self.inputs.tell(part)).collect();
        if told == 0 {
            return;
        }
        let parts = first.iter().copied().chain(iter::from_fn(|| part(scratch)));
        let mut found = telling(parts, together, shift, self.target, told);
        if found.is_empty() {
            scratch.rank(|_, _, part| part * shift > 0.0);
            found.extend(largest(iter::from_fn(|| part(scratch)), shift));
        }
        for part in &found {
            match prediction.contributions.iter().find(|known| known.input == part.input) {
                Some(known) => why.push(&known.text),
                None => why.push_with(|text| self.inputs.write(part, text)),
            }
        }
    }

    /// Checks that the parts belong together and every number is one a fit can give, so that predicting cannot fail.
    ///
    /// # Errors
    /// [`ModelError`] names the first part that does not fit.
    pub fn check(&self) -> Result<(), ModelError> {
        let target = self.target;
        let shape =
            |what, found, expected| if found == expected { Ok(()) } else { Err(ModelError::Shape { target, what, found, expected }) };
        let range = |what, fits: bool| if fits { Ok(()) } else { Err(ModelError::Range { target, what }) };
        shape("usual values", self.typical.len(), self.inputs.len())?;
        range("usual value", self.typical.iter().flatten().all(|value| value.is_finite()))?;
        match &self.basis {
            Basis::Logistic(logistic) => {
                let columns = logistic.transform.columns.as_slice();
                shape("coefficients", logistic.coefficients.len(), columns.len())?;
                shape("rows of loadings", logistic.spread.rows(), columns.len() + 1)?;
                range("column", columns.iter().all(|column| column.input < self.inputs.len() && column.is_sound()))?;
                let numbers = logistic.coefficients.iter().chain([&logistic.intercept, &logistic.penalty]);
                range("coefficient", numbers.into_iter().all(|number| number.is_finite()))?;
                range("loading", logistic.spread.is_sound())?;
                let Calibrator { slope, offset, covariance } = logistic.calibrator;
                range("calibration", slope > 0.0 && slope.is_finite() && offset.is_finite() && covariance.is_sound())
            }
            Basis::HiatusRule { rule, .. } => {
                range("threshold", rule.threshold_days.is_finite())?;
                range("count", [rule.recent, rule.overdue, rule.all].iter().all(|cell| cell.positives <= cell.rows))
            }
        }
    }
}

/// Log-odds, and what each input adds to them, in one pass over the inputs.
fn by_logistic(logistic: &Prepared, scratch: &mut Scratch) -> Prediction {
    let Scratch { raw, logs, parts, places, .. } = scratch;
    let (curves, slope) = (logistic.curves(), logistic.calibrator.slope);
    let mut before_calibration = logistic.intercept;
    for (input, added) in curves.visit(raw, logs, places) {
        before_calibration += added;
        match parts.last_mut().filter(|(last, _)| *last == input) {
            Some((_, part)) => *part += slope * added,
            // What is added to 0 is never -0.
            None => parts.push((input, 0.0 + slope * added)),
        }
    }
    let intercept = logistic.calibrator.apply(logistic.intercept);
    let log_odds = parts.iter().fold(intercept, |sum, (_, part)| sum + part);
    let half = Z95 * logistic.standard_error(before_calibration, curves.variance(places));
    Prediction {
        probability: clip(sigmoid(log_odds)),
        low: clip(sigmoid(log_odds - half)),
        high: clip(sigmoid(log_odds + half)),
        log_odds,
        intercept,
        contributions: Vec::new(),
    }
}

fn by_rule(rule: &HiatusRule, scratch: &mut Scratch) -> Prediction {
    let input = Id::days_since_last_purchase as usize;
    let cell = rule.cell(scratch.raw[input]);
    let (low, high) = cell.interval();
    let (log_odds, intercept) = (logit(cell.rate()), rule.intercept());
    scratch.parts.push((input, log_odds - intercept));
    Prediction { probability: clip(cell.rate()), low: clip(low), high: clip(high), log_odds, intercept, contributions: Vec::new() }
}

fn clip(probability: f64) -> f64 {
    probability.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
}

#[cfg(test)]
mod tests {
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
        let columns = vec![
            column(Id::days_since_last_purchase, value),
            column(Id::purchases_count, value),
            column(Id::purchases_count, Form::Missing),
        ];
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
        for (days, count, spend) in values
            .iter()
            .flat_map(|days| values.map(|count| (*days, count)))
            .flat_map(|(days, count)| values.map(|spend| (days, count, spend)))
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
}
