//! What the models of an experiment weigh: numbers standardised, texts one by one, what is missing told.

use std::collections::BTreeMap;

use ndarray::Array2;

use super::Covariate;

/// A level needs this many rows, and something missing too, to be told apart.
const LEAST: usize = 20;
/// Levels of one covariate at most: the most frequent.
const MOST_LEVELS: usize = 50;

/// A column of the design.
#[derive(Clone, Debug, PartialEq)]
enum Column {
    Number { covariate: usize, mean: f64, scale: f64 },
    Level { covariate: usize, level: String },
    Missing { covariate: usize },
}

/// Learned from some rows, made of any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Design(Vec<Column>);

impl Design {
    pub(super) fn learn(covariates: &[Covariate], rows: &[usize]) -> Self {
        let mut columns = Vec::new();
        for (covariate, values) in covariates.iter().enumerate() {
            let known = match values {
                Covariate::Numbers(values) => {
                    let known: Vec<f64> = rows.iter().filter_map(|row| values[*row]).collect();
                    columns.extend(standardised(covariate, &known));
                    known.len()
                }
                Covariate::Texts(values) => {
                    let mut counts = BTreeMap::<&str, usize>::new();
                    for text in rows.iter().filter_map(|row| values[*row].as_deref()) {
                        *counts.entry(text).or_default() += 1;
                    }
                    let known = counts.values().sum();
                    let mut levels: Vec<_> = counts.into_iter().filter(|(_, count)| *count >= LEAST).collect();
                    levels.sort_by_key(|(level, count)| (std::cmp::Reverse(*count), *level));
                    levels.truncate(MOST_LEVELS);
                    columns.extend(levels.into_iter().map(|(level, _)| Column::Level { covariate, level: level.to_owned() }));
                    known
                }
            };
            let missing = rows.len() - known;
            if missing >= LEAST && known >= LEAST {
                columns.push(Column::Missing { covariate });
            }
        }
        Self(columns)
    }

    pub(super) fn matrix(&self, covariates: &[Covariate], rows: &[usize]) -> Array2<f64> {
        Array2::from_shape_fn((rows.len(), self.0.len()), |(row, column)| self.0[column].of(covariates, rows[row]))
    }
}

/// `None` where a number is the same for all, and tells nothing.
fn standardised(covariate: usize, known: &[f64]) -> Option<Column> {
    let count = known.len() as f64;
    let mean = known.iter().sum::<f64>() / count;
    let scale = (known.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count).sqrt();
    (known.len() >= LEAST && scale > 0.0 && scale.is_finite()).then_some(Column::Number { covariate, mean, scale })
}

impl Column {
    fn of(&self, covariates: &[Covariate], row: usize) -> f64 {
        let is = |yes: bool| f64::from(u8::from(yes));
        match (self, &covariates[self.covariate()]) {
            // Beyond eight deviations nothing more is learned, and a slip of a digit would weigh all.
            (Self::Number { mean, scale, .. }, Covariate::Numbers(values)) => {
                values[row].map_or(0.0, |value| ((value - mean) / scale).clamp(-8.0, 8.0))
            }
            (Self::Level { level, .. }, Covariate::Texts(values)) => is(values[row].as_ref() == Some(level)),
            (Self::Missing { .. }, Covariate::Numbers(values)) => is(values[row].is_none()),
            (Self::Missing { .. }, Covariate::Texts(values)) => is(values[row].is_none()),
            _ => 0.0,
        }
    }

    fn covariate(&self) -> usize {
        match self {
            Self::Number { covariate, .. } | Self::Level { covariate, .. } | Self::Missing { covariate } => *covariate,
        }
    }
}
