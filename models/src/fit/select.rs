//! Which penalty, and which calibration.

use linfa::ParamGuard;

use super::bootstrap::{Scores, compare};
use super::design::{Columns, Design};
use super::judge::skill;
use super::platt::calibrate;
use super::solver::{Params, Solution, SolveError};
use super::split::Split;
use super::table::{FOLDS, Table};
use crate::calibrate::Calibrator;
use crate::metrics::log_loss;
use crate::report::PenaltyTrial;
use crate::{logit, sigmoid};

/// The penalties that are tried: half decades from 10 down to 1e-4, per row of the mean log loss.
pub(super) const PENALTIES: [f64; 11] = [10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.000_3, 0.000_1];
/// After this many penalties in a row without a better one, weaker ones are not tried.
const PATIENCE: usize = 2;
/// A smaller difference in log loss does not make a weaker penalty better.
const LEAST_GAIN: f64 = 1e-4;

/// What the split found out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) lambda: f64,
    pub(super) trials: Vec<PenaltyTrial>,
    pub(super) calibrator: Calibrator,
    /// Whether the ranking on the rows that chose is better than chance beyond doubt: see [`ranks`].
    pub(super) ranks: bool,
    /// The calibration of telling everyone the base rate.
    pub(super) of_base_rate: Calibrator,
}

/// A design and its optimum.
#[derive(Clone, Debug)]
pub(super) struct Scorer {
    pub(super) design: Design,
    pub(super) solution: Solution,
}

impl Scorer {
    pub(super) fn learn(table: &Table<'_>, places: &[usize], columns: Columns<'_>, lambda: f64) -> Result<Self, SolveError> {
        let rows = table.rows_at(places);
        let design = Design::learn(&rows, columns);
        let solution = Params::new(lambda).check()?.solve(&design.matrix(&rows), &table.labels_at(places), None)?;
        Ok(Self { design, solution })
    }

    pub(super) fn log_odds(&self, table: &Table<'_>, places: &[usize]) -> Vec<f64> {
        self.solution.weights.log_odds(&self.design.matrix(&table.rows_at(places))).to_vec()
    }
}

/// The penalty of `penalties`, strongest first, that serves later rows best, and the calibration on those rows.
///
/// # Errors
/// [`SolveError`] of the strongest penalty when not even that one converges.
pub(super) fn choose(table: &Table<'_>, split: &Split, columns: Columns<'_>, penalties: &[f64], seed: u64) -> Result<Choice, SolveError> {
    let (paths, places) = if split.calibrate.is_empty() {
        (fold_paths(table, &split.fit, columns, penalties, seed)?, &split.fit)
    } else {
        (vec![Path::follow(table, &split.fit, &split.calibrate, columns, penalties)?], &split.calibrate)
    };
    let tried = paths.iter().map(|path| path.log_losses.len()).min().unwrap_or(0);
    let rows: usize = paths.iter().map(|path| path.tested.len()).sum();
    let mean = |step: usize| paths.iter().map(|path| path.log_losses[step] * path.tested.len() as f64).sum::<f64>() / rows as f64;
    let trials: Vec<PenaltyTrial> =
        penalties[..tried].iter().enumerate().map(|(step, lambda)| PenaltyTrial { lambda: *lambda, log_loss: mean(step) }).collect();
    let best = (0..tried).min_by(|one, two| trials[*one].log_loss.total_cmp(&trials[*two].log_loss)).unwrap_or(0);
    let slack = standard_error(&paths.iter().map(|path| path.log_losses[best]).collect::<Vec<_>>());
    let step = (0..tried).find(|step| trials[*step].log_loss <= trials[best].log_loss + slack.max(LEAST_GAIN)).unwrap_or(best);
    let mut log_odds = vec![0.0; table.rows.len()];
    for path in &paths {
        for (place, z) in path.tested.iter().zip(&path.log_odds[step]) {
            log_odds[*place] = *z;
        }
    }
    let log_odds: Vec<f64> = places.iter().map(|place| log_odds[*place]).collect();
    let labels = table.labels_at(places);
    Ok(Choice {
        lambda: penalties[step],
        trials,
        calibrator: calibrate(&log_odds, &labels),
        ranks: matches!(columns, Columns::All(_)) && ranks(&log_odds, &labels, &table.customers_at(places), seed),
        of_base_rate: calibrate(&base_rates(table, &paths, places), &labels),
    })
}

/// Whether the ranking is better than chance beyond doubt: see [`skill`].
fn ranks(log_odds: &[f64], labels: &[bool], customers: &[u32], seed: u64) -> bool {
    let compared = compare(&[Scores::Ranking(log_odds)], labels, customers, seed);
    compared.first().and_then(|ranking| ranking.auc).is_some_and(|auc| skill(auc).0)
}

/// For each of `places`, the log-odds of the base rate of the rows that its path was fitted on.
fn base_rates(table: &Table<'_>, paths: &[Path], places: &[usize]) -> Vec<f64> {
    let mut log_odds = vec![0.0; table.rows.len()];
    for path in paths {
        path.tested.iter().for_each(|place| log_odds[*place] = path.base);
    }
    places.iter().map(|place| log_odds[*place]).collect()
}

/// Of the mean over folds; 0 when there is one path only, for then nothing tells how far it could be off.
fn standard_error(log_losses: &[f64]) -> f64 {
    let n = log_losses.len() as f64;
    if log_losses.len() < 2 {
        return 0.0;
    }
    let mean = log_losses.iter().sum::<f64>() / n;
    let squares: f64 = log_losses.iter().map(|loss| (loss - mean) * (loss - mean)).sum();
    (squares / (n - 1.0) / n).sqrt()
}

/// The penalties in turn, each started where the last one ended, judged on rows that were not fitted on.
struct Path {
    tested: Vec<usize>,
    /// Log-odds of the base rate of the rows that were fitted on.
    base: f64,
    log_losses: Vec<f64>,
    log_odds: Vec<Vec<f64>>,
}

impl Path {
    /// Ends at the first penalty that does not converge, or after [`PATIENCE`] of them without a better one.
    fn follow(table: &Table<'_>, fit: &[usize], tested: &[usize], columns: Columns<'_>, penalties: &[f64]) -> Result<Self, SolveError> {
        let rows = table.rows_at(fit);
        let design = Design::learn(&rows, columns);
        let (matrix, test_matrix) = (design.matrix(&rows), design.matrix(&table.rows_at(tested)));
        let (labels, test_labels) = (table.labels_at(fit), table.labels_at(tested));
        let positives = labels.iter().filter(|label| **label).count();
        // Half a row of either class keeps it finite; one class alone ends in an error below.
        let base = logit((positives as f64 + 0.5) / (labels.len() as f64 + 1.0));
        let mut path = Self { tested: tested.to_vec(), base, log_losses: Vec::new(), log_odds: Vec::new() };
        let mut last: Option<Solution> = None;
        let mut best = 0;
        for (step, lambda) in penalties.iter().enumerate() {
            let solution = match Params::rough(*lambda).check()?.solve(&matrix, &labels, last.as_ref().map(|last| &last.weights)) {
                Ok(solution) => solution,
                Err(error) if step == 0 => return Err(error),
                Err(_) => break,
            };
            let log_odds = solution.weights.log_odds(&test_matrix).to_vec();
            let probabilities: Vec<f64> = log_odds.iter().copied().map(sigmoid).collect();
            path.log_losses.push(log_loss(&probabilities, &test_labels).unwrap_or(0.0));
            path.log_odds.push(log_odds);
            last = Some(solution);
            if path.log_losses[step] < path.log_losses[best] - LEAST_GAIN {
                best = step;
            } else if step >= best + PATIENCE {
                break;
            }
        }
        Ok(path)
    }
}

/// One path a fold of customers, tested on that fold.
fn fold_paths(table: &Table<'_>, places: &[usize], columns: Columns<'_>, penalties: &[f64], seed: u64) -> Result<Vec<Path>, SolveError> {
    each_fold(table, places, seed, |fit, tested| Path::follow(table, fit, tested, columns, penalties))
}

/// Calls `each` with the rows outside a fold and those inside, for every fold that holds any.
pub(super) fn each_fold<T, E>(
    table: &Table<'_>,
    places: &[usize],
    seed: u64,
    mut each: impl FnMut(&[usize], &[usize]) -> Result<T, E>,
) -> Result<Vec<T>, E> {
    let folds = table.folds(places, seed);
    let of = |fold: usize, inside: bool| -> Vec<usize> {
        places.iter().zip(&folds).filter(|(_, own)| (**own == fold) == inside).map(|(place, _)| *place).collect()
    };
    (0..FOLDS)
        .map(|fold| (of(fold, false), of(fold, true)))
        .filter(|(_, inside)| !inside.is_empty())
        .map(|(fit, tested)| each(&fit, &tested))
        .collect()
}
