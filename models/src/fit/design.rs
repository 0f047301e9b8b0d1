//! Learns inputs and transform from the rows that a model is fitted on.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_features::{Attribute, Id};
use ndarray::{Array2, ArrayViewMut1, Axis};

use super::TrainingRow;
use super::basis::bends;
use crate::input::{AttributeKind, AttributeSpec, InputSchema, Rhythm};
use crate::transform::{DesignColumn, Form, Transform};

/// An input needs this many known values to be used, and a level this many rows to be told apart.
const LEAST_ROWS: usize = 20;
/// Levels of one attribute that are told apart at most: the most frequent.
const MOST_LEVELS: usize = 50;
/// Share of the rows cut off at either end.
const WINSOR: f64 = 0.005;
/// From this skewness on the logarithm is taken.
const SKEWED: f64 = 1.0;
/// Missing in a share of rows within these, an input gets an indicator.
const INDICATED: std::ops::RangeInclusive<f64> = 0.01..=0.99;

/// The rhythm of buying is an opinion about the answer itself, so its line is shrunk by this share of the penalty only.
const RHYTHM_SHARE: f64 = 0.05;

/// A line is shrunk by the penalty itself, a bend by this many times as much.
const BEND_SHARE: f64 = 10.0;

/// Inputs that are the same for everyone at a cutoff.
const SEASON: [Id; 2] = [Id::cutoff_month_sin, Id::cutoff_month_cos];

/// What was learned of the inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Design {
    pub(super) inputs: InputSchema,
    pub(super) transform: Transform,
    pub(super) typical: Vec<Option<f64>>,
}

/// Which inputs are used.
#[derive(Clone, Copy, Debug)]
pub(super) enum Columns<'a> {
    /// Every feature, these attributes, and the rhythm of buying if it could be learned; each number with its bends.
    All(&'a [String], Option<Rhythm>),
    /// One feature, logged.
    One(Id),
    /// None: the base rate.
    None,
}

impl Design {
    pub(super) fn learn(rows: &[&TrainingRow], columns: Columns<'_>) -> Self {
        let inputs = match columns {
            Columns::All(names, rhythm) => inputs(rows, names, rhythm),
            Columns::One(_) | Columns::None => InputSchema::default(),
        };
        let table = read(&inputs, rows);
        let mut found = Vec::new();
        let mut typical = Vec::with_capacity(inputs.len());
        let mut patterns = BTreeSet::new();
        let unknown = if knows_the_seasons(rows) { &[][..] } else { &SEASON[..] };
        for (input, values) in table.iter().enumerate() {
            if let Some(levels) = inputs.levels(input) {
                found.extend((0..levels).filter_map(|level| standardise(input, Form::Level { level }, values)));
                typical.push(None);
                continue;
            }
            let mut known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            known.sort_unstable_by(f64::total_cmp);
            typical.push((2 * known.len() >= values.len() && !known.is_empty()).then(|| quantile(&known, 0.5)));
            match columns {
                Columns::All(..) if unknown.iter().any(|id| *id as usize == input) => {}
                Columns::All(..) => {
                    if let Some(line) = value_form(&known, false).and_then(|form| standardise(input, form, values)) {
                        found.push(line);
                        if !SEASON.iter().any(|id| *id as usize == input) {
                            found.extend(bends(line, &known));
                        }
                    }
                    found.extend(missing_form(values, &mut patterns).and_then(|form| standardise(input, form, values)));
                }
                Columns::One(id) if id as usize == input => {
                    found.extend(value_form(&known, true).and_then(|form| standardise(input, form, values)));
                }
                Columns::One(_) | Columns::None => {}
            }
        }
        Self { inputs, transform: Transform { columns: found }, typical }
    }

    /// The design of `rows`: one row each, row after row in memory, which is how the solver reads it.
    pub(super) fn matrix(&self, rows: &[&TrainingRow]) -> Array2<f64> {
        let mut matrix = Array2::zeros((rows.len(), self.transform.columns.len()));
        let fill = |row: &TrainingRow, mut out: ArrayViewMut1<'_, f64>| {
            let inputs = self.inputs.read(&row.snapshot);
            for (cell, column) in out.iter_mut().zip(&self.transform.columns) {
                *cell = column.of(inputs[column.input]);
            }
        };
        rows.iter().zip(matrix.axis_iter_mut(Axis(0))).for_each(|(row, out)| fill(row, out));
        matrix
    }

    /// How much of the penalty each column bears.
    pub(super) fn shares(&self) -> Vec<f64> {
        let rhythm = self.inputs.rhythm_input();
        let of = |column: &DesignColumn| match column.form {
            Form::Value { .. } if Some(column.input) == rhythm => RHYTHM_SHARE,
            Form::Bend { .. } => BEND_SHARE,
            _ => 1.0,
        };
        self.transform.columns.iter().map(of).collect()
    }

    /// Which columns are no bends.
    pub(super) fn straight(&self) -> Vec<usize> {
        let columns = self.transform.columns.iter().enumerate();
        columns.filter(|(_, column)| !matches!(column.form, Form::Bend { .. })).map(|(place, _)| place).collect()
    }
}

/// The inputs that `rows` have: the features, these attributes as most rows have them, and the rhythm of buying.
pub(super) fn inputs(rows: &[&TrainingRow], attributes: &[String], rhythm: Option<Rhythm>) -> InputSchema {
    InputSchema { attributes: attributes.iter().map(|name| learn_attribute(rows, name)).collect(), rhythm }
}

/// Whether the cutoffs of `rows` span a year. If not, a season would be told from the others by what may have been anything.
fn knows_the_seasons(rows: &[&TrainingRow]) -> bool {
    let cutoffs = || rows.iter().map(|row| row.snapshot.cutoff.at);
    cutoffs().min().zip(cutoffs().max()).is_some_and(|(first, last)| last.days_since(first) >= 365.0)
}

/// The inputs of `rows`, one vector per input.
fn read(inputs: &InputSchema, rows: &[&TrainingRow]) -> Vec<Vec<f64>> {
    let mut table = vec![Vec::with_capacity(rows.len()); inputs.len()];
    for row in rows {
        for (column, value) in table.iter_mut().zip(inputs.read(&row.snapshot)) {
            column.push(value);
        }
    }
    table
}

/// An attribute is what most rows have in its place.
fn learn_attribute(rows: &[&TrainingRow], name: &str) -> AttributeSpec {
    let (mut numbers, mut instants) = (0_usize, 0_usize);
    let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        match row.snapshot.attributes.get(name) {
            Some(Attribute::Number(_)) => numbers += 1,
            Some(Attribute::Instant { .. }) => instants += 1,
            Some(Attribute::Text(text)) => *texts.entry(text).or_default() += 1,
            None => {}
        }
    }
    let kind = if texts.values().sum::<usize>() > numbers.max(instants) {
        let mut frequent: Vec<(&str, usize)> = texts.into_iter().filter(|(_, rows)| *rows >= LEAST_ROWS).collect();
        frequent.sort_by_key(|(text, rows)| (std::cmp::Reverse(*rows), *text));
        frequent.truncate(MOST_LEVELS);
        let mut levels: Vec<String> = frequent.into_iter().map(|(text, _)| text.to_owned()).collect();
        levels.sort();
        AttributeKind::Categorical { levels }
    } else if instants > numbers {
        AttributeKind::Days
    } else {
        AttributeKind::Numeric
    };
    AttributeSpec { name: name.to_owned(), kind }
}

/// How a number enters, given its sorted known values; `None` when they are too few or all alike.
fn value_form(known: &[f64], always_log: bool) -> Option<Form> {
    if known.len() < LEAST_ROWS {
        return None;
    }
    let (low, high) = (quantile(known, WINSOR), quantile(known, 1.0 - WINSOR));
    if low >= high {
        return None;
    }
    let plain = Form::Value { low, high, log: false };
    let log = low >= 0.0 && (always_log || skewness(&known.iter().filter_map(|value| plain.of(*value))) > SKEWED);
    Some(Form::Value { low, high, log })
}

/// An indicator, unless another input is missing in exactly the same rows: then that one's says it already.
fn missing_form(values: &[f64], patterns: &mut BTreeSet<Vec<bool>>) -> Option<Form> {
    let pattern: Vec<bool> = values.iter().map(|value| value.is_nan()).collect();
    let missing = pattern.iter().filter(|missing| **missing).count() as f64;
    (INDICATED.contains(&(missing / values.len() as f64)) && patterns.insert(pattern)).then_some(Form::Missing)
}

/// The column of `form`; `None` when it does not vary beyond rounding.
fn standardise(input: usize, form: Form, values: &[f64]) -> Option<DesignColumn> {
    let made = || values.iter().filter_map(|value| form.of(*value));
    let (mean, variance, _) = moments(&made());
    let (scale, size) = (variance.sqrt(), made().fold(0.0_f64, |most, value| most.max(value.abs())));
    (scale.is_finite() && scale > size * 1e-9).then_some(DesignColumn { input, form, mean, scale })
}

fn skewness(values: &(impl Iterator<Item = f64> + Clone)) -> f64 {
    let (_, variance, third) = moments(values);
    third / variance.powf(1.5)
}

/// Mean, variance and third central moment, each a mean over the values; NaN for none.
pub(super) fn moments(values: &(impl Iterator<Item = f64> + Clone)) -> (f64, f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let central = |power| values.clone().map(|value| (value - mean).powi(power)).sum::<f64>() / n;
    (mean, central(2), central(3))
}

/// The quantile of sorted values, straight between two neighbours; `sorted` is not empty.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}
