//! Which candidates, how much of each, and which calibration.

use ndarray::{Array2, Axis};

use super::bootstrap::Scores;
use super::design::{Columns, Design};
use super::offset::calibrate;
use super::paths::follow;
use super::scorer::one_rate;
use super::solver::{Optimum, Params, SolveError, SolverKind};
use super::split::{FIT_LEAST, Trial};
use super::table::Table;
use super::verdict::skill;
use super::within::{Rows, compare_within};
use crate::calibrate::Calibrator;
use crate::metrics::log_loss;
use crate::report::PenaltyTrial;
use crate::sigmoid;

/// The penalties that are tried, strongest first, per row of the mean log loss.
pub(super) const PENALTIES: [f64; 7] = [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
/// The rows that choose count for this many at most: a slice differs from the next by more than chance.
const MOST_ROWS: f64 = 300.0;
/// Candidates with a smaller weight are left out.
const LEAST_WEIGHT: f64 = 0.01;

/// A way to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Whether lines may bend.
    pub(super) bent: bool,
    /// Per row of the mean log loss.
    pub(super) lambda: f64,
}

/// A candidate and how much of it is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) candidate: Candidate,
    /// All add up to 1.
    pub(super) weight: f64,
}

/// What the trials found out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) members: Vec<Member>,
    pub(super) trials: Vec<PenaltyTrial>,
    pub(super) calibrator: Calibrator,
    /// Whether the ranking on the rows that chose is better than chance beyond doubt.
    pub(super) ranks: bool,
    /// The calibration of telling everyone the base rate.
    pub(super) of_base_rate: Calibrator,
}

impl Choice {
    /// The candidate with the most weight.
    pub(super) fn main(&self) -> Option<Candidate> {
        self.members.iter().max_by(|one, two| one.weight.total_cmp(&two.weight)).map(|member| member.candidate)
    }
}

/// What every candidate said of the rows of a trial.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) tested: Vec<usize>,
    /// Log-odds of the base rate of the rows that were fitted on.
    base: f64,
    said: Vec<(Candidate, Vec<f64>)>,
}

impl Run {
    /// Fits every candidate, each begun where the one before ended. A penalty too weak to have an optimum ends its line of
    /// candidates.
    ///
    /// # Errors
    /// [`SolveError`] when no candidate has an optimum.
    pub(super) fn of(table: &Table<'_>, trial: &Trial, columns: Columns<'_>, solver: SolverKind) -> Result<Self, SolveError> {
        let rows = table.rows_at(&trial.fit);
        let design = Design::learn(&rows, columns);
        let (matrix, tested) = (design.matrix(&rows), design.matrix(&table.rows_at(&trial.tested)));
        let (labels, shares) = (table.labels_at(&trial.fit), design.shares());
        let straight = design.straight();
        let mut run = Self { tested: trial.tested.clone(), base: one_rate(&labels), said: Vec::new() };
        let mut failed = None;
        for bent in [false, true] {
            let columns: Vec<usize> = if bent { (0..shares.len()).collect() } else { straight.clone() };
            if bent && columns.len() == straight.len() {
                continue;
            }
            let part = |matrix: &Array2<f64>| matrix.select(Axis(1), &columns);
            let (own, own_tested) = (part(&matrix), part(&tested));
            let own_shares: Vec<f64> = columns.iter().map(|column| shares[*column]).collect();
            let mut lambdas = PENALTIES.iter();
            let keep = |Optimum { weights, .. }: Optimum| {
                let said = weights.log_odds(&own_tested).to_vec();
                run.said.extend(lambdas.next().map(|lambda| (Candidate { bent, lambda: *lambda }, said)));
            };
            failed = follow(Params::rough(1.0), solver, (&own, &labels), &own_shares, &PENALTIES, keep).err().or(failed);
        }
        failed.filter(|_| run.said.is_empty()).map_or(Ok(run), Err)
    }

    /// What the members say together, each by its weight; those that this run does not know leave theirs to the others.
    pub(super) fn mixed(&self, members: &[Member]) -> Vec<f64> {
        let known = |member: &&Member| self.said.iter().any(|(candidate, _)| *candidate == member.candidate);
        let total: f64 = members.iter().filter(known).map(|member| member.weight).sum();
        let mut log_odds = vec![if total > 0.0 { 0.0 } else { self.base }; self.tested.len()];
        for (candidate, said) in &self.said {
            let weight: f64 = members.iter().filter(|member| member.candidate == *candidate).map(|member| member.weight).sum();
            if weight > 0.0 {
                log_odds.iter_mut().zip(said).for_each(|(sum, z)| *sum += weight / total * z);
            }
        }
        log_odds
    }
}

/// What the runs say of every candidate: the less its log loss over all their rows, the more weight it gets,
/// `exp(-n (loss - least loss))` for `n` rows, at most 300. The calibration is learned from the first run if that is of a later
/// slice; folds of customers tell nothing of how rates move.
///
/// An average of additive models is additive, and served better on later slices than the best one alone, most of all where
/// few rows choose.
///
/// Source: Akaike (1978), "On the likelihood of a time series model", for the weights.
pub(super) fn choose(table: &Table<'_>, runs: &[Run], later_slices: bool, seed: u64) -> Choice {
    let rows: usize = runs.iter().map(|run| run.tested.len()).sum();
    let mut trials = Vec::new();
    for (candidate, _) in runs.first().map_or(&[][..], |run| &run.said) {
        let of = |run: &Run| {
            let (_, said) = run.said.iter().find(|(other, _)| other == candidate)?;
            let probabilities: Vec<f64> = said.iter().copied().map(sigmoid).collect();
            Some(log_loss(&probabilities, &table.labels_at(&run.tested))? * run.tested.len() as f64)
        };
        if let Some(sum) = runs.iter().map(of).sum::<Option<f64>>() {
            trials.push(PenaltyTrial { lambda: candidate.lambda, bent: candidate.bent, log_loss: sum / rows as f64, weight: 0.0 });
        }
    }
    let least = trials.iter().map(|trial| trial.log_loss).fold(f64::INFINITY, f64::min);
    let worth = |trial: &PenaltyTrial| (-(rows as f64).min(MOST_ROWS) * (trial.log_loss - least)).exp();
    let total: f64 = trials.iter().map(worth).sum();
    let kept: f64 = trials.iter().map(worth).filter(|weight| *weight >= LEAST_WEIGHT * total).sum();
    for trial in &mut trials {
        let weight = worth(trial);
        trial.weight = if weight >= LEAST_WEIGHT * total { weight / kept } else { 0.0 };
    }
    let chosen = trials.iter().filter(|trial| trial.weight > 0.0);
    let members: Vec<Member> =
        chosen.map(|trial| Member { candidate: Candidate { bent: trial.bent, lambda: trial.lambda }, weight: trial.weight }).collect();
    let newest = runs.first().filter(|_| later_slices);
    let calibrated =
        |says: &dyn Fn(&Run) -> Vec<f64>| newest.map_or(Calibrator::IDENTITY, |run| calibrate(&says(run), &table.labels_at(&run.tested)));
    Choice {
        calibrator: calibrated(&|run| run.mixed(&members)),
        of_base_rate: calibrated(&|run| vec![run.base; run.tested.len()]),
        ranks: ranks(table, runs, &members, seed),
        members,
        trials,
    }
}

/// Whether the ranking of the rows that chose is better than chance beyond doubt: see [`skill`]. Rows are ranked against those of
/// their own run: to tell a slice of a high rate from one of a low rate is not to tell customers apart.
fn ranks(table: &Table<'_>, runs: &[Run], members: &[Member], seed: u64) -> bool {
    let log_odds: Vec<f64> = runs.iter().flat_map(|run| run.mixed(members)).collect();
    let labels: Vec<bool> = runs.iter().flat_map(|run| table.labels_at(&run.tested)).collect();
    let customers: Vec<u32> = runs.iter().flat_map(|run| table.customers_at(&run.tested)).collect();
    let groups: Vec<usize> = runs.iter().enumerate().flat_map(|(number, run)| vec![number; run.tested.len()]).collect();
    let rows = Rows { labels: &labels, customers: &customers, groups: &groups };
    let compared = compare_within(&[Scores::Ranking(&log_odds)], rows, seed);
    labels.len() >= FIT_LEAST && compared.first().and_then(|ranking| ranking.auc).is_some_and(|auc| skill(auc).0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::rows;
    use super::*;
    use crate::target::Target;

    const STRONG: Candidate = Candidate { bent: false, lambda: 1.0 };
    const WEAK: Candidate = Candidate { bent: true, lambda: 0.1 };

    /// A run over these rows, in which the two candidates tell everyone these log-odds.
    fn run(tested: Vec<usize>, strong: f64, weak: f64) -> Run {
        let said = [(STRONG, strong), (WEAK, weak)].map(|(candidate, z)| (candidate, vec![z; tested.len()]));
        Run { tested, base: 0.3, said: said.into() }
    }

    #[test]
    fn the_weight_falls_with_the_loss_over_all_runs_as_of_300_rows_at_most() {
        let rows = rows(400, 2, 0.0);
        let table = Table::of(Target::Churn, &rows);
        for (first, second) in [(60, 40), (400, 400)] {
            let runs = [run((0..first).collect(), 0.0, 0.2), run((400..400 + second).collect(), 0.1, -0.1)];
            let found = choose(&table, &runs, true, 1);
            let rows = (first + second) as f64;
            let [strong, weak] = [STRONG, WEAK].map(|candidate| {
                let probabilities =
                    |run: &Run| run.mixed(&[Member { candidate, weight: 1.0 }]).into_iter().map(sigmoid).collect::<Vec<_>>();
                let of = |run: &Run| log_loss(&probabilities(run), &table.labels_at(&run.tested)).unwrap() * run.tested.len() as f64;
                runs.iter().map(of).sum::<f64>() / rows
            });
            let [one, other] = [0, 1].map(|place| found.members[place].weight);
            assert!((one + other - 1.0).abs() < 1e-12 && strong != weak);
            assert!((other / one - (-(rows.min(300.0)) * (weak - strong)).exp()).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn the_newest_later_slice_calibrates_and_folds_do_not() {
        let rows = rows(400, 2, 0.0);
        let table = Table::of(Target::Churn, &rows);
        // Far too high on the first run, far too low on the second.
        let runs = [run((0..400).collect(), 2.0, 2.0), run((400..800).collect(), -2.0, -2.0)];
        let later = choose(&table, &runs, true, 1);
        assert!(later.calibrator.offset < -0.01 && later.of_base_rate.offset != later.calibrator.offset, "{later:?}");
        let folds = choose(&table, &runs, false, 1);
        assert_eq!((folds.calibrator, folds.of_base_rate), (Calibrator::IDENTITY, Calibrator::IDENTITY));
        assert_eq!((folds.members, folds.ranks), (later.members, false));
    }

    #[test]
    fn slices_of_other_rates_are_no_ranking_of_customers() {
        let rows = rows(400, 2, 0.0);
        let table = Table::of(Target::Churn, &rows);
        let mostly = |label: bool, slice: usize| -> Vec<usize> {
            table.of_slices(&[slice]).into_iter().filter(|place| table.labels[*place] == label || place % 4 == 0).collect()
        };
        let runs = [run(mostly(true, 0), 1.0, 1.0), run(mostly(false, 1), -1.0, -1.0)];
        assert!(!choose(&table, &runs, true, 1).ranks);
        let mut knows = runs;
        for run in &mut knows {
            for (_, said) in &mut run.said {
                said.iter_mut().zip(&run.tested).for_each(|(z, place)| *z += if table.labels[*place] { 0.5 } else { 0.0 });
            }
        }
        assert!(choose(&table, &knows, true, 1).ranks);
    }

    #[test]
    fn members_that_a_run_does_not_know_leave_their_weight_to_the_others() {
        let mut run = run(vec![0, 1], 1.0, 3.0);
        let members = [(STRONG, 0.25), (WEAK, 0.75)].map(|(candidate, weight)| Member { candidate, weight });
        assert_eq!(run.mixed(&members), [2.5; 2]);
        run.said.pop();
        assert_eq!(run.mixed(&members), [1.0; 2]);
        run.said.pop();
        assert_eq!(run.mixed(&members), [0.3; 2], "the base rate is left");
    }
}
