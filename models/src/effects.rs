//! What a model believes of each of its inputs.
//!
//! A model is a sum: each input adds its own part to the log-odds, whatever the others are. So the whole of what it believes is one
//! curve an input.

use lapwing_features::{Id, Snapshot};
use serde::{Deserialize, Serialize};

use crate::lifecycle::{ascending, nearest_rank};
use crate::logit;
use crate::model::{Basis, Model};

/// A curve has so many steps of equal width.
const STEPS: usize = 20;
/// Where customers are is told in so many bins.
const BINS: usize = 20;
/// A number with so many distinct values at most has a point for each.
const FEW: usize = 25;
/// Share of the customers beyond either end of a curve.
const TAIL: f64 = 0.01;
/// A rank correlation within these is no direction.
const LEAST_CORRELATION: f64 = 0.1;

/// Which way an input works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More of it makes a positive answer likelier.
    Raises,
    /// More of it makes a positive answer less likely.
    Lowers,
    /// Neither by and large, or it is no number.
    Neither,
}

/// What a model believes of one input.
#[derive(Clone, Debug, PartialEq)]
pub struct InputEffect {
    /// The number of the input.
    pub input: usize,
    /// Name of the feature or attribute.
    pub code: String,
    /// Mean absolute contribution to the log-odds over the customers; 0 for none.
    pub importance: f64,
    /// Mean distance of the contributions from their own mean: how far the input tells customers apart.
    pub spread: f64,
    /// Rank correlation of value and contribution over the customers whose value is known; 0 where either is the same for all, and
    /// for an input with levels.
    pub correlation: f64,
    /// Value and contribution, lowest value first; empty when no value is known, or when the input has levels.
    pub curve: Vec<(f64, f64)>,
    /// Where the customers are.
    pub density: Vec<Bin>,
    /// The levels, in their order; empty when the input is a number.
    pub levels: Vec<Level>,
    /// Share of the customers whose value is missing, and what that contributes.
    pub missing: (f64, f64),
}

/// Customers whose value lies between two numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// From this value.
    pub from: f64,
    /// To below this one; the last bin includes it.
    pub to: f64,
    /// Share of all customers.
    pub share: f64,
}

/// Customers with one level of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// What it contributes.
    pub contribution: f64,
    /// Share of all customers.
    pub share: f64,
}

impl InputEffect {
    /// Which way it works, if the correlation is beyond 0.1.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self.correlation {
            correlation if correlation > LEAST_CORRELATION => Direction::Raises,
            correlation if correlation < -LEAST_CORRELATION => Direction::Lowers,
            _ => Direction::Neither,
        }
    }
}

impl Model {
    /// What `input` adds to the calibrated log-odds when its value is `raw`, NaN for a missing one: the same number that a prediction
    /// gives as its contribution. `None` when the model does not use the input.
    #[must_use]
    pub fn contribution(&self, input: usize, raw: f64) -> Option<f64> {
        match &self.basis {
            Basis::Logistic(logistic) => logistic.curves().added(input, raw).map(|added| logistic.calibrator.slope * added),
            Basis::HiatusRule { rule, .. } => {
                (input == Id::days_since_last_purchase as usize).then(|| logit(rule.cell(raw).rate()) - rule.intercept())
            }
        }
    }
}

/// What `model` believes of each input that it uses, the most important first, and where `snapshots` lie on its curves.
///
/// Curves run from the 1 % to the 99 % quantile of the values in `snapshots`: a point for each of few distinct values, else 21 in
/// steps of equal width and the quantiles between. Bins of the density are of equal width, and whoever lies beyond counts in the
/// outermost. Without snapshots every curve is empty and nothing has any importance.
///
/// ```
/// use lapwing_models::effects::{Direction, effects};
/// use lapwing_models::{Calibrator, DesignColumn, Form, InputSchema, Logistic, Model, Spread, Target, Transform};
/// use lapwing_features::{Attributes, FEATURES, FactSettings, Id, Snapshot, example};
///
/// let days = DesignColumn {
///     input: Id::days_since_last_purchase as usize,
///     form: Form::Value { low: 0.0, high: 90.0, log: false },
///     mean: 30.0,
///     scale: 30.0,
/// };
/// let logistic = Logistic {
///     transform: Transform { columns: vec![days] },
///     intercept: 0.0,
///     coefficients: vec![0.6],
///     spread: Spread::new(&[vec![], vec![]], 0.0).unwrap(),
///     calibrator: Calibrator { slope: 0.5, offset: 0.0, ..Calibrator::IDENTITY },
///     penalty: 0.01,
/// };
/// let model = Model {
///     target: Target::Churn,
///     inputs: InputSchema::default(),
///     typical: vec![None; FEATURES.len()],
///     basis: logistic.into(),
/// };
/// let history = example::history(&[("2024-01-01", "purchase", 20.0)]);
/// let facts = FactSettings { active_days: 90, returned_days: 60 };
/// let at = |date| Snapshot::take(&mut example::kernel(), &history, example::cutoff(date), facts, Attributes::new()).unwrap();
/// let snapshots = ["2024-01-31", "2024-03-01"].map(at);
///
/// let found = effects(&model, &snapshots.iter().collect::<Vec<_>>());
/// assert_eq!((found.len(), found[0].code.as_str(), found[0].direction()), (1, "days_since_last_purchase", Direction::Raises));
/// assert_eq!(found[0].curve, [(30.0, 0.0), (60.0, 0.3)]);
/// assert_eq!(found[0].importance, 0.15);
/// ```
#[must_use]
pub fn effects(model: &Model, snapshots: &[&Snapshot]) -> Vec<InputEffect> {
    let table: Vec<Vec<f64>> = snapshots.iter().map(|snapshot| model.inputs.read(snapshot)).collect();
    let mut found: Vec<InputEffect> =
        (0..model.inputs.len()).filter_map(|input| effect(model, input, &table.iter().map(|row| row[input]).collect::<Vec<_>>())).collect();
    found.sort_by(|one, two| two.importance.total_cmp(&one.importance).then(one.input.cmp(&two.input)));
    found
}

fn effect(model: &Model, input: usize, values: &[f64]) -> Option<InputEffect> {
    let when_missing = model.contribution(input, f64::NAN)?;
    let of = |raw: f64| model.contribution(input, raw).unwrap_or(0.0);
    let parts: Vec<f64> = values.iter().map(|value| of(*value)).collect();
    let share = |count: usize| count as f64 / values.len().max(1) as f64;
    let mean = |sum: f64| if values.is_empty() { 0.0 } else { sum / values.len() as f64 };
    let middle = mean(parts.iter().sum());
    let levels = model.inputs.levels(input);
    let known: Vec<(f64, f64)> = values.iter().copied().zip(parts.iter().copied()).filter(|(value, _)| !value.is_nan()).collect();
    let grid = if levels.is_some() { Vec::new() } else { grid(&ascending(known.iter().map(|pair| pair.0))) };
    let level = |level: usize| Level {
        name: model.inputs.level_name(input, level as f64).to_owned(),
        contribution: of(level as f64),
        share: share(values.iter().filter(|value| **value == level as f64).count()),
    };
    Some(InputEffect {
        input,
        code: model.inputs.name(input).to_owned(),
        importance: mean(parts.iter().map(|part| part.abs()).sum()),
        spread: mean(parts.iter().map(|part| (part - middle).abs()).sum()),
        correlation: if levels.is_some() { 0.0 } else { correlation(&known) },
        density: density(&grid, values),
        curve: grid.into_iter().map(|x| (x, of(x))).collect(),
        levels: levels.map_or_else(Vec::new, |levels| (0..levels).map(level).collect()),
        missing: (share(values.len() - known.len()), when_missing),
    })
}

/// Where a curve over ascending `sorted` values is drawn.
fn grid(sorted: &[f64]) -> Vec<f64> {
    let (Some(low), Some(high)) = (nearest_rank(sorted, TAIL), nearest_rank(sorted, 1.0 - TAIL)) else { return Vec::new() };
    let mut distinct: Vec<f64> = sorted.iter().copied().filter(|value| (low..=high).contains(value)).collect();
    distinct.dedup();
    if distinct.len() <= FEW {
        return distinct;
    }
    let steps = (0..=STEPS).map(|step| low + (high - low) * step as f64 / STEPS as f64);
    let quantiles = (1..STEPS).filter_map(|step| nearest_rank(sorted, step as f64 / STEPS as f64));
    let mut points = ascending(steps.chain(quantiles).map(|value| value.clamp(low, high)));
    points.dedup();
    points
}

/// The customers by bins of equal width over the range of `grid`.
fn density(grid: &[f64], values: &[f64]) -> Vec<Bin> {
    let (Some(low), Some(high)) = (grid.first(), grid.last()) else { return Vec::new() };
    let bins = if low < high { BINS } else { 1 };
    let width = (high - low) / bins as f64;
    let mut counts = vec![0_usize; bins];
    for value in values.iter().filter(|value| !value.is_nan()) {
        let bin = if width > 0.0 { ((value - low) / width).max(0.0) as usize } else { 0 };
        counts[bin.min(bins - 1)] += 1;
    }
    let edge = |bin: usize| if bin == bins { *high } else { low + width * bin as f64 };
    let share = |count: usize| count as f64 / values.len() as f64;
    counts.into_iter().enumerate().map(|(bin, count)| Bin { from: edge(bin), to: edge(bin + 1), share: share(count) }).collect()
}

/// Spearman's rank correlation; 0 where either side is all the same.
fn correlation(known: &[(f64, f64)]) -> f64 {
    let ranks = |of: &dyn Fn(&(f64, f64)) -> f64| crate::metrics::midranks(&known.iter().map(of).collect::<Vec<_>>());
    let (values, parts) = (ranks(&|pair| pair.0), ranks(&|pair| pair.1));
    // The mean of ranks from 1 to n, ties or not.
    let middle = f64::midpoint(known.len() as f64, 1.0);
    let product = |one: &[f64], two: &[f64]| one.iter().zip(two).map(|(one, two)| (one - middle) * (two - middle)).sum::<f64>();
    let size = (product(&values, &values) * product(&parts, &parts)).sqrt();
    if size > 0.0 { product(&values, &parts) / size } else { 0.0 }
}

#[cfg(test)]
mod tests;
