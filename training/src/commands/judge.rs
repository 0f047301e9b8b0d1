//! `judge`: how a past scores file did against what then happened.

use std::path::Path;

use lapwing_features::engine::{InputReport, column_names, read_parquet};
use lapwing_features::{Column, Population, Timestamp, Values, Windows};
use lapwing_models::score;
use serde::Serialize;

use crate::error::TrainError;
use crate::judging::{self, Case, Judgement, Scored};
use crate::{pipeline, report, settings};

/// The columns that are read; `lapwing-serve score` writes them.
const COLUMNS: [&str; 5] = [score::CUSTOMER_ID, score::AS_OF, score::POPULATION, score::CHURN_PROBABILITY, score::REACTIVATION_PROBABILITY];

/// A past scores file.
#[derive(Debug)]
pub struct PastScores {
    /// When its scores were made.
    pub as_of: Timestamp,
    /// Length of the outcome window; files of old do not say it.
    pub horizon_days: Option<u32>,
    /// Days to the outcome window; files of old do not say it.
    pub gap_days: Option<u32>,
    /// Its rows.
    pub scored: Vec<Scored>,
}

/// What `judge --json` prints.
#[derive(Debug, Serialize)]
struct Outcome {
    complete_until: String,
    horizon_days: u32,
    gap_days: u32,
    /// What to be wary of.
    warnings: Vec<String>,
    #[serde(flatten)]
    judgement: Judgement,
    input: InputReport,
}

/// Runs `judge`.
///
/// # Errors
/// [`TrainError`] when scores or events cannot be read, or the outcome is not complete in the events.
pub fn run(settings: &settings::Judge) -> Result<(), TrainError> {
    let past = read_scores(&settings.scores)?;
    let windows = settings.windows(past.horizon_days, past.gap_days)?;
    let warnings = warnings(&past, windows);
    for warning in &warnings {
        report::say(&format!("warning: {warning}"));
    }
    let dataset = pipeline::read(&settings.source, settings.source.data_until)?;
    let complete_until = pipeline::complete_until(&settings.source, &dataset, None);
    let judgement = judging::judge(&Case {
        scored: &past.scored,
        dataset: &dataset,
        as_of: settings.source.calendar.cutoff(past.as_of),
        windows,
        complete_until,
        seed: settings.seed,
    })?;
    let input = dataset.report()?;
    if settings.json {
        return report::result(&Outcome {
            complete_until: complete_until.to_string(),
            horizon_days: windows.horizon_days,
            gap_days: windows.gap_days,
            warnings,
            judgement,
            input,
        });
    }
    report::say(&input.lines().join("\n"));
    report::screen(&report::judge::text(&judgement))
}

/// What was asked for against what the scores say of themselves.
fn warnings(past: &PastScores, windows: Windows) -> Vec<String> {
    let pairs = [("horizon_days", past.horizon_days, windows.horizon_days), ("gap_days", past.gap_days, windows.gap_days)];
    let contradiction = |(name, said, asked): (&str, Option<u32>, u32)| {
        let said = said.filter(|said| *said != asked)?;
        Some(format!("`{name}` is {asked} as asked for, and the scores were made for {said}"))
    };
    pairs.into_iter().filter_map(contradiction).collect()
}

/// Reads a scores file.
///
/// # Errors
/// [`TrainError::Engine`] when the file cannot be read or lacks a column, [`TrainError::Scores`] when its values are none of a
/// scores file: no row, several dates or windows, an unknown population, a number that is no probability.
pub fn read_scores(path: &Path) -> Result<PastScores, TrainError> {
    let failed = |problem| TrainError::Scores { path: path.to_owned(), problem };
    let (as_of, scored) = rows(&read_parquet(path, &COLUMNS)?).map_err(failed)?;
    let there = column_names(path)?;
    let days = |name: &str, least: u32| {
        if !there.iter().any(|column| column == name) {
            return Ok(None);
        }
        let columns = read_parquet(path, &[name])?;
        columns.first().map(|column| one_length(column, least)).transpose().map_err(failed)
    };
    Ok(PastScores { as_of, horizon_days: days(score::HORIZON_DAYS, 1)?, gap_days: days(score::GAP_DAYS, 0)?, scored })
}

/// The whole number that is in every row.
fn one_length(column: &Column, least: u32) -> Result<u32, String> {
    let Values::Number(values) = &column.values else { return Err(format!("`{}` is no number", column.name)) };
    let first = values.first().copied().flatten();
    let length = first.filter(|first| values.iter().all(|value| *value == Some(*first)));
    let length = length.filter(|days| days.fract() == 0.0 && (f64::from(least)..=f64::from(Windows::MOST_DAYS)).contains(days));
    length.map(|days| days as u32).ok_or_else(|| format!("`{}` is not one number of days", column.name))
}

fn rows(columns: &[Column]) -> Result<(Timestamp, Vec<Scored>), String> {
    let [ids, dates, populations, churn, reactivation] = columns else { return Err("columns are missing".to_owned()) };
    let (ids, populations) = (texts(ids)?, texts(populations)?);
    let (churn, reactivation) = (probabilities(churn)?, probabilities(reactivation)?);
    let as_of = one_date(dates)?;
    let mut scored = Vec::with_capacity(ids.len());
    for (row, id) in ids.into_iter().enumerate() {
        let id = id.ok_or_else(|| format!("row {row} has no `customer_id`"))?;
        let named = |population: &Population| Some(population.name()) == populations[row].as_deref();
        let population = [Population::Current, Population::Lapsed, Population::Prospect].into_iter().find(named);
        let population = population.ok_or_else(|| format!("row {row} has no `population` that is known"))?;
        let probability = match population {
            Population::Current => churn[row],
            Population::Lapsed => reactivation[row],
            Population::Prospect => None,
        };
        scored.push(Scored { id, population, probability });
    }
    Ok((as_of, scored))
}

fn texts(column: &Column) -> Result<Vec<Option<String>>, String> {
    match &column.values {
        Values::Text(values) => Ok(values.clone()),
        // Ids that another tool turned into whole numbers.
        Values::Number(values) if values.iter().flatten().all(|value| value.fract() == 0.0 && value.abs() < 1e15) => {
            Ok(values.iter().map(|value| value.map(|value| format!("{value:.0}"))).collect())
        }
        _ => Err(format!("`{}` is no text", column.name)),
    }
}

fn probabilities(column: &Column) -> Result<Vec<Option<f64>>, String> {
    let values = match &column.values {
        Values::Number(values) => values.clone(),
        // A column of nulls alone has no type of its own.
        other if is_null(other) => vec![None; other.len()],
        _ => return Err(format!("`{}` is no number", column.name)),
    };
    match values.iter().flatten().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(value) => Err(format!("`{}` holds {value}, which is no probability", column.name)),
        None => Ok(values),
    }
}

fn is_null(values: &Values) -> bool {
    matches!(values, Values::Text(values) if values.iter().all(Option::is_none))
}

fn one_date(column: &Column) -> Result<Timestamp, String> {
    let Values::Instant(values) = &column.values else { return Err(format!("`{}` is no timestamp", column.name)) };
    let dates: std::collections::BTreeSet<Option<i64>> = values.iter().copied().collect();
    match (dates.len(), dates.first()) {
        (0, _) => Err("it has no rows".to_owned()),
        (1, Some(Some(at))) => Ok(Timestamp(*at)),
        (1, _) => Err(format!("`{}` is null", column.name)),
        (several, _) => Err(format!("`{}` holds {several} dates", column.name)),
    }
}

#[cfg(test)]
mod tests;
