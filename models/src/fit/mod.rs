//! Learning: slices, splits, transforms, penalties, calibration and judgement.

mod baselines;
mod basis;
mod bootstrap;
mod covariance;
mod design;
mod directions;
pub mod forest;
mod judge;
mod offset;
mod paths;
mod permutation;
mod rule;
mod scorer;
mod select;
pub mod slices;
pub mod solver;
mod split;
mod table;
#[cfg(test)]
mod tests;
pub mod uplift;
mod verdict;
mod within;

pub use baselines::{Baseline, Family, NAIVE, baselines};
pub use bootstrap::{Comparison, Losses, Scores, compare};
pub use permutation::{Permuted, permute};
pub use verdict::{Rule, Standing, Verdict, rate_log_loss, skill};
pub use within::{Rows, compare_within, mean_by_customer};

use lapwing_features::{Snapshot, Timestamp, Windows};

use crate::btyd;
use crate::evidence::Evidence;
use crate::input::Rhythm;
use crate::logistic::Logistic;
use crate::model::{Basis, Model};
use crate::report::{Certificate, Judged, SliceReport, SplitKind, TargetReport};
use crate::target::Target;
use design::{Columns, Design};
use judge::{Court, beaten_by, verdict};
use scorer::Scorer;
use select::{Choice, Run, choose};
use solver::{SolveError, SolverKind};
use split::{FIT_LEAST, Split, Trial};
use table::Table;

/// One customer at one cutoff whose outcome is known.
#[derive(Clone, Debug)]
pub struct TrainingRow {
    /// Number of the customer; rows that share it are one person.
    pub customer: u32,
    /// Which of the cutoffs.
    pub slice: usize,
    /// What was known then. It tells which targets the row is for: see [`Target::concerns`].
    pub snapshot: Snapshot,
    /// Whether the customer bought in the outcome window, which is not the same one for every target: see [`Target::windows`].
    pub purchased: bool,
}

/// What the user chose.
#[derive(Clone, Debug)]
pub struct FitSettings {
    /// Populations and outcome windows of churn and reactivation; those of intent follow from them: see [`Target::windows`].
    pub windows: Windows,
    /// Seed of folds and bootstrap.
    pub seed: u64,
    /// Columns of the customers table that enter the model.
    pub attributes: Vec<String>,
    /// What finds the coefficients; both find the same.
    pub solver: SolverKind,
}

/// A model and what the fit found out about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Ready to serve.
    pub model: Model,
    /// How it came to be and how good it is.
    pub report: TargetReport,
    /// A sample of the rows it was judged on.
    pub evidence: Evidence,
}

/// Learns to answer `target` from the rows of its population.
///
/// `cutoffs[row.slice]` is the cutoff of a row. The order of the rows does not matter, as long as a customer has one row a
/// slice; same rows and seed, same result to the bit on the same machine. Never fails: where there is too little to learn
/// from, the model is the hiatus rule and says why.
///
/// The model is an average of penalised logistic regressions, of straight lines and of lines that bend at knots. How much of each, and the
/// calibration, is found on slices that are at least a horizon later than the rows fitted on, and judged on one that is later still, as the
/// split of the report tells; then the served model is fitted to all rows.
///
/// # Panics
/// When a row's `slice` is not one of `cutoffs`.
#[must_use]
pub fn fit(target: Target, rows: &[TrainingRow], cutoffs: &[Timestamp], settings: &FitSettings) -> Fitted {
    let table = Table::of(target, rows);
    let windows = target.windows(settings.windows);
    let split = Split::of(&table, cutoffs, windows.span_days(), settings.seed);
    let court = Court { target, table: &table, split: &split, settings };
    let found = match too_little(target, &table, cutoffs, windows) {
        Some(why) => Err(why),
        None => by_logistic(&court).map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned()),
    };
    let learned = found.unwrap_or_else(|why| by_rule(&court, why));
    let (skill, verdict) = verdict(&learned.judged);
    let report = TargetReport {
        target,
        basis: learned.basis.name().to_owned(),
        why: learned.basis.why().map(str::to_owned),
        split: (!table.rows.is_empty()).then(|| split.report(&table)),
        slices: slice_reports(&table, cutoffs),
        penalty: learned.choice.as_ref().and_then(Choice::main).map(|candidate| candidate.lambda),
        penalty_path: learned.choice.as_ref().map(|choice| choice.trials.clone()).unwrap_or_default(),
        certificate: learned.certificate,
        calibrator: learned.choice.as_ref().map(|choice| choice.calibrator),
        beaten_by: beaten_by(&learned.judged),
        judged: learned.judged,
        verdict,
        skill,
        sample: None,
    };
    let Design { inputs, typical, .. } = learned.design;
    Fitted { model: Model { target, inputs, typical, basis: learned.basis }, report, evidence: learned.evidence }
}

struct Learned {
    design: Design,
    basis: Basis,
    choice: Option<Choice>,
    certificate: Option<Certificate>,
    judged: Vec<Judged>,
    evidence: Evidence,
}

fn by_logistic(court: &Court<'_>) -> Result<Learned, SolveError> {
    let Court { target, table, split, settings } = *court;
    let windows = target.windows(settings.windows);
    let columns = |places: &[usize]| Columns::All(&settings.attributes, rhythm(table, places, windows));
    let run = |trial: &Trial| Run::of(table, trial, columns(&trial.fit), settings.solver);
    let judging = split.judging().iter().map(run).collect::<Result<Vec<_>, _>>()?;
    let rehearsal = match split.kind {
        SplitKind::CustomerFolds => judging.clone(),
        SplitKind::Separated | SplitKind::JudgeSeparated => split.rehearsal().iter().map(run).collect::<Result<_, _>>()?,
    };
    let rehearsed = choose(table, &rehearsal, split.kind == SplitKind::Separated, settings.seed);
    let (judged, evidence) = court.judge_model(&judging, &rehearsed);
    let newest = split.newest(judging, rehearsal);
    let mut choice = choose(table, &newest, split.kind != SplitKind::CustomerFolds, settings.seed);
    // A hundred inputs rank any few hundred customers a little better or worse than chance. What may be only that, neither on
    // the rows that chose nor on those that judge beyond doubt, is not served: everyone is told the base rate.
    let informed = rehearsed.ranks || verdict(&judged).0;
    let all = table.all();
    let scorer = if informed {
        Scorer::learn(table, &all, columns(&all), &choice.members, settings.solver)?
    } else {
        choice.calibrator = choice.of_base_rate;
        Scorer::of_base_rate(table, &all)
    };
    let matrix = scorer.design.matrix(&table.rows);
    let customers = table.customers_at(&all);
    let covariance = covariance::clustered(&matrix, &table.labels, &customers, &scorer.weights, &scorer.penalties, &scorer.apart)?;
    let logistic = Logistic {
        transform: scorer.design.transform.clone(),
        intercept: scorer.weights.intercept,
        coefficients: scorer.weights.coefficients.to_vec(),
        spread: directions::spread(&matrix, &covariance)?,
        calibrator: choice.calibrator,
        penalty: choice.main().map_or(0.0, |candidate| candidate.lambda),
    };
    Ok(Learned {
        basis: logistic.into(),
        certificate: Some(scorer.certificate),
        design: scorer.design,
        choice: Some(choice),
        judged,
        evidence,
    })
}

/// What the rhythm of buying says of the outcome window, as everyone at the newest cutoff of `places` has it; `None` when it
/// cannot be learned.
fn rhythm(table: &Table<'_>, places: &[usize], windows: Windows) -> Option<Rhythm> {
    let fitted = btyd::fit::bg_nbd(&table.habits(places)).ok()?;
    Some(Rhythm { model: fitted.model, gap_days: windows.gap_days, horizon_days: windows.horizon_days })
}

fn by_rule(court: &Court<'_>, why: String) -> Learned {
    let Court { table, settings, .. } = *court;
    let rule = rule::learn(table, &table.all(), f64::from(settings.windows.active_days));
    let (judged, evidence) = if table.rows.is_empty() { Default::default() } else { court.judge_rule() };
    Learned {
        design: Design::learn(&table.rows, Columns::All(&settings.attributes, None)),
        basis: Basis::HiatusRule { why, rule },
        choice: None,
        certificate: None,
        judged,
        evidence,
    }
}

/// Why no model can be fitted to the rows, as a plain sentence; `None` when there is enough.
fn too_little(target: Target, table: &Table<'_>, cutoffs: &[Timestamp], windows: Windows) -> Option<String> {
    let Windows { active_days, horizon_days, gap_days } = windows;
    if cutoffs.is_empty() {
        let after = gap_days + horizon_days;
        return Some(format!(
            "no cutoff has {active_days} days of history before it and a complete outcome window of {after} days after it"
        ));
    }
    if table.rows.is_empty() {
        return Some(format!("no {} at any cutoff with a complete outcome window", target.asked()));
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
