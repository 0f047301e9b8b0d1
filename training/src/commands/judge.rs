//! `judge`: how a past scores file did against what then happened.

use std::path::Path;

use lapwing_features::engine::{InputReport, read_parquet};
use lapwing_features::{Column, Population, Timestamp, Values};
use lapwing_models::score;
use serde::Serialize;

use crate::error::TrainError;
use crate::judging::{self, Case, Judgement, Scored};
use crate::{pipeline, report, settings};

/// The columns that are read; `lapwing-serve score` writes them.
const COLUMNS: [&str; 5] = [score::CUSTOMER_ID, score::AS_OF, score::POPULATION, score::CHURN_PROBABILITY, score::REACTIVATION_PROBABILITY];

/// What `judge --json` prints.
#[derive(Debug, Serialize)]
struct Outcome {
    complete_until: String,
    horizon_days: u32,
    gap_days: u32,
    #[serde(flatten)]
    judgement: Judgement,
    input: InputReport,
}

/// Runs `judge`.
///
/// # Errors
/// [`TrainError`] when scores or events cannot be read, or the outcome is not complete in the events.
pub fn run(settings: &settings::Judge) -> Result<(), TrainError> {
    let (as_of, scored) = read_scores(&settings.scores)?;
    let dataset = pipeline::read(&settings.source, settings.source.data_until)?;
    let complete_until = pipeline::complete_until(&settings.source, &dataset, None);
    let judgement = judging::judge(&Case {
        scored: &scored,
        dataset: &dataset,
        as_of: settings.source.calendar.cutoff(as_of),
        windows: settings.windows,
        complete_until,
        seed: settings.seed,
    })?;
    if settings.json {
        return report::result(&Outcome {
            complete_until: complete_until.to_string(),
            horizon_days: settings.windows.horizon_days,
            gap_days: settings.windows.gap_days,
            judgement,
            input: dataset.report,
        });
    }
    report::say(&dataset.report.lines().join("\n"));
    report::screen(&report::judge::text(&judgement))
}

/// Reads a scores file: when its scores were made, and its rows.
///
/// # Errors
/// [`TrainError::Engine`] when the file cannot be read or lacks a column, [`TrainError::Scores`] when its values are none of a
/// scores file: no row, several dates, an unknown population, a number that is no probability.
pub fn read_scores(path: &Path) -> Result<(Timestamp, Vec<Scored>), TrainError> {
    let columns = read_parquet(path, &COLUMNS)?;
    rows(&columns).map_err(|problem| TrainError::Scores { path: path.to_owned(), problem })
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
