//! An experiment as a table: who was to get what, and what then happened.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use lapwing_features::engine::{column_names, read_parquet};
use lapwing_features::{Column, Values};
use lapwing_models::fit::uplift::Covariate;
use lapwing_models::proof::{Moments, two_rates, welch};

use crate::error::TrainError;
use crate::settings;

/// Most arms beside the control.
const MOST_ARMS: usize = 20;
/// Most groups that a column may part the customers into.
const MOST_GROUPS: usize = 50;
/// A covariate that differs between arms with less than this probability, over the number of covariates, was hardly known before the lot.
const NO_CHANCE: f64 = 1e-4;

/// Who was to get what, and what then happened.
#[derive(Clone, Debug, Default)]
pub struct Experiment {
    /// The customers.
    pub customers: Vec<String>,
    /// The value of the control.
    pub control: String,
    /// The values of the other arms, in order.
    pub arms: Vec<String>,
    /// Of each row: 0 for the control, k for `arms[k - 1]`.
    pub assigned: Vec<usize>,
    /// Of each row, whether it happened.
    pub outcome: Vec<bool>,
}

fn refused(path: &Path, problem: String, hint: &str) -> TrainError {
    TrainError::Experiment { path: path.to_owned(), problem, hint: hint.to_owned() }
}

/// Reads one column.
///
/// # Errors
/// [`TrainError::Engine`] when there is none of the name, or it is of no type that is read.
pub fn column(path: &Path, name: &str) -> Result<Column, TrainError> {
    let mut columns = read_parquet(path, &[name])?;
    columns.pop().ok_or_else(|| TrainError::Fault(format!("the column `{name}` was read and is not there")))
}

/// Each value as people would write it; `None` where there is none.
#[must_use]
pub fn texts(values: &Values) -> Vec<Option<String>> {
    let number = |value: f64| if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { value.to_string() };
    match values {
        Values::Number(values) => values.iter().map(|value| value.map(number)).collect(),
        Values::Measured(values) => values.iter().map(|value| (!value.is_nan()).then(|| number(*value))).collect(),
        Values::Integer(values) | Values::Instant(values) => values.iter().map(|value| value.map(|value| value.to_string())).collect(),
        Values::Text(values) => values.iter().map(|value| value.clone().filter(|value| !value.trim().is_empty())).collect(),
        Values::Written(values) => values.iter().map(|value| value.filter(|value| !value.trim().is_empty()).map(str::to_owned)).collect(),
        Values::Ids(values) => values.iter().map(|value| Some(value.to_owned())).collect(),
        Values::Named(values) => values.iter().map(|value| value.map(str::to_owned)).collect(),
        Values::Flag(values) => values.iter().map(|value| value.map(|value| value.to_string())).collect(),
    }
}

/// A column of 0 and 1, or of truth values, without a gap.
///
/// # Errors
/// [`TrainError::Experiment`] for any other value.
pub fn flags(path: &Path, name: &str) -> Result<Vec<bool>, TrainError> {
    let flag = |(row, value): (usize, Option<String>)| match value.as_deref() {
        Some("1" | "true") => Ok(true),
        Some("0" | "false") => Ok(false),
        _ => Err(refused(path, format!("`{name}` of row {row} is neither 0 nor 1"), "make it a column of 0 and 1, or of truth values")),
    };
    texts(&column(path, name)?.values).into_iter().enumerate().map(flag).collect()
}

/// A column of finite numbers without a gap.
///
/// # Errors
/// [`TrainError::Experiment`] for any other value.
pub fn numbers(path: &Path, name: &str) -> Result<Vec<f64>, TrainError> {
    let found = match column(path, name)?.values {
        Values::Number(values) => values.into_iter().collect::<Option<Vec<f64>>>(),
        _ => None,
    };
    let found = found.filter(|values| values.iter().all(|value| value.is_finite()));
    found.ok_or_else(|| refused(path, format!("`{name}` is no number in every row"), "write 0 for who spent nothing"))
}

/// The group that each customer is in by a column.
///
/// # Errors
/// [`TrainError::Experiment`] when there are too many groups.
pub fn groups(path: &Path, name: &str) -> Result<Vec<String>, TrainError> {
    let groups: Vec<String> =
        texts(&column(path, name)?.values).into_iter().map(|value| value.unwrap_or_else(|| "(none)".to_owned())).collect();
    let distinct = groups.iter().collect::<BTreeSet<_>>().len();
    if distinct > MOST_GROUPS {
        let problem = format!("`{name}` parts the customers into {distinct} groups");
        return Err(refused(path, problem, "name a column of at most 50 values; round numbers, or put them into classes"));
    }
    Ok(groups)
}

impl Experiment {
    /// Reads who was to get what, and what then happened.
    ///
    /// # Errors
    /// [`TrainError::Engine`] when file or columns cannot be read, [`TrainError::Experiment`] when they do not make an experiment.
    pub fn read(settings: &settings::Experiment) -> Result<Self, TrainError> {
        let settings::Experiment { path, customer_id, treatment, control, outcome } = settings;
        let mut given = Vec::new();
        for (row, value) in texts(&column(path, treatment)?.values).into_iter().enumerate() {
            let hint = "leave out rows of whom the lot was not drawn";
            given.push(value.ok_or_else(|| refused(path, format!("`{treatment}` of row {row} is empty"), hint))?);
        }
        let values: BTreeSet<&String> = given.iter().collect();
        let is_plain = values.iter().all(|value| ["0", "1", "true", "false"].contains(&value.as_str()));
        let hint = "name the value of those who were to get nothing by `--control`";
        let control = match control {
            Some(control) => control.clone(),
            None if is_plain => if values.iter().any(|value| value.len() > 1) { "false" } else { "0" }.to_owned(),
            None => return Err(refused(path, format!("`{treatment}` does not tell who is the control"), hint)),
        };
        if !values.contains(&control) || values.len() < 2 || values.len() > MOST_ARMS + 1 {
            let known: Vec<String> = values.iter().take(MOST_ARMS).map(|value| format!("`{value}`")).collect();
            let problem = format!("`{treatment}` has {} values, {}, and the control is `{control}`", values.len(), known.join(", "));
            return Err(refused(path, problem, hint));
        }
        let arms: Vec<String> = values.into_iter().filter(|value| **value != control).cloned().collect();
        let assigned = given.iter().map(|value| arms.iter().position(|arm| arm == value).map_or(0, |arm| arm + 1)).collect();
        let customers = if column_names(path)?.contains(customer_id) {
            let ids = texts(&column(path, customer_id)?.values).into_iter().enumerate();
            let named = ids.map(|(row, id)| id.ok_or_else(|| refused(path, format!("`{customer_id}` of row {row} is empty"), "name each")));
            named.collect::<Result<_, _>>()?
        } else {
            (0..given.len()).map(|row| row.to_string()).collect()
        };
        Ok(Self { customers, control, arms, assigned, outcome: flags(path, outcome)? })
    }

    /// Checks that each customer is there once, as whoever counts them takes it: rows that repeat people make intervals too narrow.
    ///
    /// # Errors
    /// [`TrainError::Experiment`] for the first that is there twice.
    pub fn each_once(&self, path: &Path) -> Result<(), TrainError> {
        let mut rows = HashMap::new();
        let twice = self.customers.iter().enumerate().find_map(|(row, customer)| Some((rows.insert(customer, row)?, row)));
        let Some((first, second)) = twice else { return Ok(()) };
        let hint = "make it one row a customer, with all that it did since it was assigned first";
        Err(refused(path, format!("rows {first} and {second} are of one customer"), hint))
    }

    /// What was known of the customers before the lot: every column but those named.
    ///
    /// # Errors
    /// [`TrainError::AfterTheLot`] for columns that differ between the arms beyond any chance: the lot would have seen to it that what was
    /// known before does not, so they came after.
    pub fn covariates(&self, path: &Path, but: &[&str]) -> Result<(Vec<String>, Vec<Covariate>), TrainError> {
        let (mut names, mut covariates) = (Vec::new(), Vec::new());
        for name in column_names(path)?.into_iter().filter(|name| !but.contains(&name.as_str())) {
            let values = column(path, &name)?.values;
            // What is not finite is no number, and would make the mean of all none.
            let finite = |value: f64| value.is_finite().then_some(value);
            covariates.push(match values {
                Values::Number(values) => Covariate::Numbers(values.into_iter().map(|value| value.and_then(finite)).collect()),
                Values::Measured(values) => Covariate::Numbers(values.into_iter().map(finite).collect()),
                Values::Integer(values) | Values::Instant(values) => {
                    Covariate::Numbers(values.into_iter().map(|value| value.map(|value| value as f64)).collect())
                }
                other => Covariate::Texts(texts(&other)),
            });
            names.push(name);
        }
        let level = NO_CHANCE / covariates.len().max(1) as f64;
        let late = names.iter().zip(&covariates).filter(|(_, covariate)| self.least_chance(covariate) < level);
        let late: Vec<String> = late.map(|(name, _)| name.clone()).collect();
        if late.is_empty() { Ok((names, covariates)) } else { Err(TrainError::AfterTheLot(late)) }
    }

    /// The least probability, over the arms, that a covariate differs so much from the control by chance.
    fn least_chance(&self, covariate: &Covariate) -> f64 {
        let rows = |arm: usize| (0..self.assigned.len()).filter(move |row| self.assigned[*row] == arm);
        let chance = |arm: usize| match covariate {
            Covariate::Numbers(values) => {
                let moments = |arm: usize| {
                    let mut moments = Moments::default();
                    rows(arm).filter_map(|row| values[row]).for_each(|value| moments.add(value));
                    moments
                };
                welch(moments(arm), moments(0), 0.05).map_or(1.0, |found| found.p_value)
            }
            Covariate::Texts(values) => {
                let levels: BTreeSet<&String> = values.iter().flatten().collect();
                let share = |arm: usize, level: &String| {
                    let hits = rows(arm).filter(|row| values[*row].as_ref() == Some(level)).count();
                    (hits as f64, rows(arm).count() as f64)
                };
                // A name of its own for each is no group.
                let few = levels.len() <= MOST_GROUPS;
                let chances = levels.iter().filter(|_| few).map(|level| two_rates(share(arm, level), share(0, level)));
                chances.fold(1.0, f64::min) * levels.len() as f64
            }
        };
        (1..=self.arms.len()).map(chance).fold(1.0, f64::min)
    }
}

#[cfg(test)]
mod tests;
