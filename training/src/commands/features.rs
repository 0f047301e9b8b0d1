//! `features`: writes the point-in-time table, one row a customer and cutoff.
//!
//! Columns: `customer_id`, `cutoff`, `population`, every feature in the order of [`FEATURES`], the attributes that the config
//! names, then `purchased_in_outcome`, `churned` (of current customers), `reactivated` (of lapsed ones) and `horizon_days`.
//! What is missing, not known yet or does not apply is null.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use lapwing_features::engine::{Dataset, InputReport, guard_file, guard_folder, write_parquet};
use lapwing_features::{Calendar, Column, Cutoff, FEATURES, Snapshot, Timestamp, Values};
use lapwing_models::Target;
use lapwing_models::bundle::folder;
use lapwing_models::lifecycle::LifecycleSettings;
use serde::Serialize;

use crate::error::TrainError;
use crate::{pipeline, report, settings};

/// What `features --json` prints.
#[derive(Debug, Serialize)]
struct Outcome {
    out: PathBuf,
    complete_until: String,
    cutoffs: Vec<CutoffOutcome>,
    input: InputReport,
}

/// The rows of one cutoff.
#[derive(Clone, Debug, Serialize)]
pub struct CutoffOutcome {
    /// The cutoff.
    pub cutoff: String,
    /// Customers seen before it.
    pub rows: usize,
    /// Whether the outcome window is complete in the data, so that the labels are known.
    pub labelled: bool,
}

/// One customer at one cutoff.
struct Row {
    id: String,
    snapshot: Snapshot,
    purchased: Option<bool>,
}

/// Runs `features`.
///
/// # Errors
/// [`TrainError`] when the data cannot be read, holds nothing before a cutoff, or the table cannot be written; then nothing is
/// written, and what was there stays.
pub fn run(settings: &settings::Features) -> Result<(), TrainError> {
    let file = settings.out.extension() == Some(OsStr::new("parquet"));
    if file {
        guard_file(&settings.out, settings.source.inputs())?;
    } else {
        guard_folder(&settings.out, settings.source.inputs())?;
        folder::own_files(&settings.out, is_table)?;
    }
    let dataset = pipeline::read(&settings.source, settings.source.data_until)?;
    let complete_until = pipeline::complete_until(&settings.source, &dataset, None);
    let tables = Tables { settings, dataset: &dataset, complete_until };
    let cutoffs = if file { tables.write_file(&settings.out)? } else { tables.write_folder(&settings.out)? };
    let outcome = Outcome { out: settings.out.clone(), complete_until: complete_until.to_string(), cutoffs, input: dataset.report };
    report::say(&report::fit::features_summary(&outcome.input, &outcome.cutoffs, &outcome.out));
    if settings.json { report::result(&outcome) } else { Ok(()) }
}

/// What tables are made from.
struct Tables<'a> {
    settings: &'a settings::Features,
    dataset: &'a Dataset,
    complete_until: Timestamp,
}

impl Tables<'_> {
    fn write_file(&self, path: &Path) -> Result<Vec<CutoffOutcome>, TrainError> {
        let mut rows = Vec::new();
        let mut outcomes = Vec::new();
        for cutoff in &self.settings.cutoffs {
            let of_cutoff = self.rows(*cutoff)?;
            outcomes.push(self.outcome(*cutoff, of_cutoff.len()));
            rows.extend(of_cutoff);
        }
        write_parquet(path, &self.columns(&rows))?;
        Ok(outcomes)
    }

    /// Replaces the folder whole.
    fn write_folder(&self, out: &Path) -> Result<Vec<CutoffOutcome>, TrainError> {
        folder::replace(out, is_table, |fresh| {
            let table = |cutoff: &Cutoff| {
                let rows = self.rows(*cutoff)?;
                write_parquet(&fresh.join(file_name(*cutoff, &self.settings.source.calendar)), &self.columns(&rows))?;
                Ok(self.outcome(*cutoff, rows.len()))
            };
            self.settings.cutoffs.iter().map(table).collect()
        })
    }

    fn rows(&self, cutoff: Cutoff) -> Result<Vec<Row>, TrainError> {
        let source = &self.settings.source;
        let facts = LifecycleSettings::default().fact_settings(self.settings.windows);
        let snapshots = pipeline::snapshots_at(source, self.dataset, cutoff, facts);
        if snapshots.is_empty() {
            let first = self.dataset.shape.since().unwrap_or(cutoff.at);
            return Err(TrainError::NothingBefore { cutoff: cutoff.at, first });
        }
        let purchased = |id: &str| {
            let customer = &self.dataset.customers[self.dataset.position(id)?];
            customer.history.purchased_after(cutoff, self.settings.windows, self.complete_until)
        };
        Ok(snapshots.into_iter().map(|(id, snapshot)| Row { purchased: purchased(&id), id, snapshot }).collect())
    }

    fn outcome(&self, cutoff: Cutoff, rows: usize) -> CutoffOutcome {
        CutoffOutcome { cutoff: cutoff.at.to_string(), rows, labelled: self.settings.windows.is_complete(cutoff.at, self.complete_until) }
    }

    fn columns(&self, rows: &[Row]) -> Vec<Column> {
        let text = |of: &dyn Fn(&Row) -> String| Values::Text(rows.iter().map(|row| Some(of(row))).collect());
        let label = |target: Target| {
            let of = |row: &Row| row.purchased.filter(|_| target.concerns(&row.snapshot)).map(|purchased| target.label(purchased));
            Values::Flag(rows.iter().map(of).collect())
        };
        let mut table = vec![
            Column::new("customer_id", text(&|row| row.id.clone())),
            Column::new("cutoff", Values::Instant(rows.iter().map(|row| Some(row.snapshot.cutoff.at.0)).collect())),
            Column::new("population", text(&|row| row.snapshot.population.name().to_owned())),
        ];
        for (place, feature) in FEATURES.iter().enumerate() {
            let values = rows.iter().map(|row| Some(row.snapshot.features.as_slice()[place]).filter(|value| !value.is_nan()));
            table.push(Column::new(feature.name, Values::Number(values.collect())));
        }
        table.extend(self.settings.source.attributes.iter().map(|name| Column::new(name, attribute(rows, name))));
        table.push(Column::new("purchased_in_outcome", Values::Flag(rows.iter().map(|row| row.purchased).collect())));
        table.push(Column::new("churned", label(Target::Churn)));
        table.push(Column::new("reactivated", label(Target::Reactivation)));
        let horizon = i64::from(self.settings.windows.horizon_days);
        table.push(Column::new("horizon_days", Values::Integer(vec![Some(horizon); rows.len()])));
        table
    }
}

/// What the customers table says under `name`.
fn attribute(rows: &[Row], name: &str) -> Values {
    Values::of_attribute(rows.iter().map(|row| row.snapshot.attributes.get(name)))
}

/// `cutoff=2011-09-10.parquet` for a local midnight, with the time in UTC for any other instant.
fn file_name(cutoff: Cutoff, calendar: &Calendar) -> String {
    if calendar.start_of_day(cutoff.day) == cutoff.at {
        return format!("cutoff={}.parquet", report::date_of_day(cutoff.day));
    }
    format!("cutoff={}.parquet", cutoff.at.to_string().replace(':', "-"))
}

/// Whether a file of this name is one of an earlier table.
fn is_table(name: &str) -> bool {
    name.starts_with("cutoff=") && name.ends_with(".parquet")
}

#[cfg(test)]
mod tests;
