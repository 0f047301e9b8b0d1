//! Scores told column by column, as the Open Inference Protocol has them.

use super::problem::{MOST_ERRORS, Problem};
use super::wire::{EntryError, FieldError, MAX_OUTPUTS, OutputTensor, ScoreEntry, TensorData, TensorMetadata};

/// The columns that are numbers, in the order of [`numbers`].
const NUMBERS: [&str; 14] = [
    "churn_probability",
    "churn_low",
    "churn_high",
    "reactivation_probability",
    "reactivation_low",
    "reactivation_high",
    "health",
    "intent",
    "intent_low",
    "intent_high",
    "expected_purchases_365d",
    "clv_365d",
    "log_odds",
    "intercept",
];

/// The columns that are texts.
const TEXTS: [&str; 2] = ["population", "model_version"];

const _: () = assert!(NUMBERS.len() + TEXTS.len() == MAX_OUTPUTS, "as many may be asked for as there are");

/// The columns of an answer.
#[derive(Debug, Default)]
pub(super) struct Columns {
    numbers: [Vec<Option<f64>>; NUMBERS.len()],
    texts: [Vec<String>; TEXTS.len()],
    /// At most [`MOST_ERRORS`].
    refused: Vec<FieldError>,
}

impl Columns {
    /// Takes a row in, scored by the model of this version.
    pub(super) fn push(&mut self, entry: &ScoreEntry<'_>, version: &str) {
        for (column, number) in self.numbers.iter_mut().zip(numbers(entry)) {
            column.push(number);
        }
        for (column, text) in self.texts.iter_mut().zip([entry.population, version]) {
            column.push(text.to_owned());
        }
    }

    /// Takes the error of a row in: a tensor has no place for it, so that it is the whole request's.
    pub(super) fn refuse(&mut self, error: &EntryError) {
        if self.refused.len() < MOST_ERRORS {
            self.refused.push(FieldError { pointer: error.pointer.clone(), detail: error.detail.clone() });
        }
    }

    /// The columns of these names in this order; all of them when there are none.
    ///
    /// # Errors
    /// [`Problem::WrongShape`] when any row was refused.
    pub(super) fn tensors(self, names: &[String]) -> Result<Vec<OutputTensor>, Problem> {
        if !self.refused.is_empty() {
            return Err(Problem::WrongShape(self.refused));
        }
        let all = || NUMBERS.iter().chain(&TEXTS).copied();
        let known = |name: &String| all().find(|known| known == name);
        let names: Vec<&'static str> = if names.is_empty() { all().collect() } else { names.iter().filter_map(known).collect() };
        Ok(names.into_iter().filter_map(|name| self.tensor(name)).collect())
    }

    fn tensor(&self, name: &'static str) -> Option<OutputTensor> {
        let rows = self.texts[0].len();
        let numbers = NUMBERS.iter().position(|known| *known == name).map(|place| TensorData::Numbers(self.numbers[place].clone()));
        let texts = || TEXTS.iter().position(|known| *known == name).map(|place| TensorData::Texts(self.texts[place].clone()));
        let data = numbers.or_else(texts)?;
        Some(OutputTensor { name, datatype: datatype(name), shape: [rows], data })
    }
}

/// Whether there is a column of this name.
pub(super) fn is_column(name: &str) -> bool {
    NUMBERS.contains(&name) || TEXTS.contains(&name)
}

/// The columns, as the model's metadata tells them.
pub(super) fn metadata() -> Vec<TensorMetadata> {
    NUMBERS.iter().chain(&TEXTS).map(|name| TensorMetadata { name, datatype: datatype(name), shape: vec![-1] }).collect()
}

fn datatype(name: &str) -> &'static str {
    if TEXTS.contains(&name) { "BYTES" } else { "FP64" }
}

fn numbers(entry: &ScoreEntry<'_>) -> [Option<f64>; NUMBERS.len()] {
    let end = |interval: Option<[f64; 2]>, place: usize| interval.map(|ends| ends[place]);
    [
        entry.churn_probability,
        end(entry.churn_interval, 0),
        end(entry.churn_interval, 1),
        entry.reactivation_probability,
        end(entry.reactivation_interval, 0),
        end(entry.reactivation_interval, 1),
        entry.health,
        entry.intent,
        end(entry.intent_interval, 0),
        end(entry.intent_interval, 1),
        entry.expected_purchases_365d,
        entry.clv_365d,
        entry.log_odds,
        entry.intercept,
    ]
}
