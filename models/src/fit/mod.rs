//! Learning: slices, splits, transforms, penalties, calibration and judgement.

mod bootstrap;
mod covariance;
mod design;
pub mod forest;
mod judge;
mod platt;
mod rule;
mod select;
pub mod slices;
pub mod solver;
mod split;
mod table;
#[cfg(test)]
mod tests;

pub use bootstrap::{Comparison, Losses, Scores, compare};
pub use judge::{NAIVE, skill};

use lapwing_features::{Snapshot, Timestamp, Windows};

use crate::logistic::Logistic;
use crate::model::{Basis, Model};
use crate::report::{Certificate, Judged, SliceReport, TargetReport};
use crate::target::Target;
use design::{Columns, Design};
use judge::{Court, verdict};
use select::{Choice, PENALTIES, Scorer, choose};
use solver::SolveError;
use split::{FIT_LEAST, Split};
use table::Table;

/// One customer at one cutoff whose outcome is known.
#[derive(Clone, Debug)]
pub struct TrainingRow {
    /// Number of the customer; rows that share it are one person.
    pub customer: u32,
    /// Which of the cutoffs.
    pub slice: usize,
    /// What was known then. Its population tells which target the row is for; prospects are for none.
    pub snapshot: Snapshot,
    /// Whether the customer bought in the outcome window.
    pub purchased: bool,
}

/// What the user chose.
#[derive(Clone, Debug)]
pub struct FitSettings {
    /// Populations and outcome windows.
    pub windows: Windows,
    /// Seed of folds and bootstrap.
    pub seed: u64,
    /// Columns of the customers table that enter the model.
    pub attributes: Vec<String>,
}

/// A model and what the fit found out about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Ready to serve.
    pub model: Model,
    /// How it came to be and how good it is.
    pub report: TargetReport,
}

/// Learns to answer `target` from the rows of its population.
///
/// `cutoffs[row.slice]` is the cutoff of a row. The order of the rows does not matter, as long as a customer has one row a
/// slice; same rows and seed, same result to the bit on the same machine. Never fails: where there is too little to learn
/// from, the model is the hiatus rule and says why.
///
/// Penalty and calibration are chosen and judged on the split that the report names, then the served model is fitted anew on
/// all rows with both of them.
///
/// # Panics
/// When a row's `slice` is not one of `cutoffs`.
#[must_use]
pub fn fit(target: Target, rows: &[TrainingRow], cutoffs: &[Timestamp], settings: &FitSettings) -> Fitted {
    let table = Table::of(target, rows);
    let split = Split::of(&table, cutoffs, settings.windows.span_days());
    let court = Court { table: &table, split: &split, settings };
    let found = match too_little(target, &table, cutoffs, settings.windows) {
        Some(why) => Err(why),
        None => by_logistic(&court).map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned()),
    };
    let learned = found.unwrap_or_else(|why| by_rule(&court, why));
    let (skill, verdict) = verdict(&learned.judged);
    let report = TargetReport {
        target,
        basis: learned.basis.name().to_owned(),
        why: learned.basis.why().map(str::to_owned),
        split: (!table.rows.is_empty()).then(|| split.report()),
        slices: slice_reports(&table, cutoffs),
        penalty: learned.choice.as_ref().map(|choice| choice.lambda),
        penalty_path: learned.choice.as_ref().map(|choice| choice.trials.clone()).unwrap_or_default(),
        certificate: learned.certificate,
        calibrator: learned.choice.as_ref().map(|choice| choice.calibrator),
        judged: learned.judged,
        verdict,
        skill,
    };
    let Design { inputs, typical, .. } = learned.design;
    Fitted { model: Model { target, inputs, typical, basis: learned.basis }, report }
}

struct Learned {
    design: Design,
    basis: Basis,
    choice: Option<Choice>,
    certificate: Option<Certificate>,
    judged: Vec<Judged>,
}

fn by_logistic(court: &Court<'_>) -> Result<Learned, SolveError> {
    let Court { table, split, settings } = *court;
    let columns = Columns::All(&settings.attributes);
    let mut choice = choose(table, split, columns, &PENALTIES, settings.seed)?;
    let judged = court.judge_model(&choice)?;
    // A hundred inputs rank any few hundred customers a little better or worse than chance. What may be only that, neither on
    // the rows that chose nor on those that judge beyond doubt, is not served: everyone is told the base rate.
    let informed = choice.ranks || verdict(&judged).0;
    let columns = if informed { columns } else { Columns::None };
    if !informed {
        choice.calibrator = choice.of_base_rate;
    }
    let all = table.all();
    let scorer = loop {
        match Scorer::learn(table, &all, columns, choice.lambda) {
            Ok(scorer) => break scorer,
            Err(error) => choice.lambda = PENALTIES.into_iter().rev().find(|lambda| *lambda > choice.lambda).ok_or(error)?,
        }
    };
    let matrix = scorer.design.matrix(&table.rows);
    let weights = &scorer.solution.weights;
    let covariance = covariance::clustered(&matrix, &table.labels, &table.customers_at(&all), &scorer.solution)?;
    let logistic = Logistic {
        transform: scorer.design.transform.clone(),
        intercept: weights.intercept,
        coefficients: weights.coefficients.to_vec(),
        covariance,
        calibrator: choice.calibrator,
        penalty: choice.lambda,
    };
    Ok(Learned {
        basis: Basis::Logistic(Box::new(logistic)),
        certificate: Some(scorer.solution.certificate),
        design: scorer.design,
        choice: Some(choice),
        judged,
    })
}

fn by_rule(court: &Court<'_>, why: String) -> Learned {
    let Court { table, settings, .. } = *court;
    let rule = rule::learn(table, &table.all(), f64::from(settings.windows.active_days));
    Learned {
        design: Design::learn(&table.rows, Columns::All(&settings.attributes)),
        basis: Basis::HiatusRule { why, rule },
        choice: None,
        certificate: None,
        judged: if table.rows.is_empty() { Vec::new() } else { court.judge_rule() },
    }
}

/// Why no model can be fitted to the rows, as a plain sentence; `None` when there is enough.
fn too_little(target: Target, table: &Table<'_>, cutoffs: &[Timestamp], windows: Windows) -> Option<String> {
    let Windows { active_days, horizon_days, gap_days } = windows;
    let population = target.population().name();
    if cutoffs.is_empty() {
        let after = gap_days + horizon_days;
        return Some(format!(
            "no cutoff has {active_days} days of history before it and a complete outcome window of {after} days after it"
        ));
    }
    if table.rows.is_empty() {
        return Some(format!("no {population} customers at any cutoff with a complete outcome window"));
    }
    [(true, target.positives()), (false, target.negatives())].into_iter().find_map(|(label, name)| {
        let customers = table.customers_of_class(&table.all(), label);
        (customers < FIT_LEAST).then(|| format!("{customers} {name}, fewer than {FIT_LEAST}"))
    })
}

fn slice_reports(table: &Table<'_>, cutoffs: &[Timestamp]) -> Vec<SliceReport> {
    let mut reports: Vec<SliceReport> = cutoffs
        .iter()
        .enumerate()
        .map(|(slice, cutoff)| {
            let places = table.of_slices(&[slice]);
            let positives = places.iter().filter(|place| table.labels[**place]).count();
            SliceReport { cutoff: *cutoff, rows: places.len(), positives, base_rate: positives as f64 / places.len().max(1) as f64 }
        })
        .filter(|report| report.rows > 0)
        .collect();
    reports.sort_by_key(|report| std::cmp::Reverse(report.cutoff));
    reports
}
