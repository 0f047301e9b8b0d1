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
    let intercept = logistic.calibrator.apply(logistic.intercept);
    let (mut before_calibration, mut log_odds) = (logistic.intercept, intercept);
    for (input, added) in curves.visit(raw, logs, places) {
        before_calibration += added;
        match parts.last_mut() {
            Some((last, part)) if *last == input => *part += slope * added,
            whole => {
                if let Some((_, part)) = whole {
                    log_odds += *part;
                }
                // What is added to 0 is never -0.
                parts.push((input, 0.0 + slope * added));
            }
        }
    }
    if let Some((_, part)) = parts.last() {
        log_odds += *part;
    }
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
mod tests;
