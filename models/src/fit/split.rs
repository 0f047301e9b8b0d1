//! Which rows serve for what.

use std::collections::BTreeSet;

use lapwing_features::Timestamp;

use super::table::Table;
use crate::report::{SplitKind, SplitReport};

/// A class needs this many customers among the rows that choose or judge.
const TRIED_LEAST: usize = 20;
/// A class needs this many customers among the rows that are fitted on.
pub(super) const FIT_LEAST: usize = 50;
/// Later slices that choose, at most.
const MOST_CHOOSING: usize = 3;

/// Rows that are fitted on, and others that tell how good that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    pub(super) fit: Vec<usize>,
    pub(super) tested: Vec<usize>,
}

/// How a fit tries its candidates, and how it is judged itself: a rolling origin where history allows.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub(super) kind: SplitKind,
    /// The first is the one that judges: the newest slice; all folds when history is too short for a later slice.
    judging: Vec<Trial>,
    /// Those that choose for the judged model.
    rehearsal: Vec<Trial>,
    cutoffs: Cutoffs,
}

#[derive(Clone, Debug, Default)]
struct Cutoffs {
    chosen_on: Vec<Timestamp>,
    fit: Vec<Timestamp>,
    refit: Vec<Timestamp>,
    judge: Vec<Timestamp>,
}

impl Split {
    /// The best split that the slices of `table` allow: the outcome of every row that is fitted on is known before the cutoff of
    /// any row that it is tested on, `separation_days` later. Tested slices lie that far apart from each other too.
    pub(super) fn of(table: &Table<'_>, cutoffs: &[Timestamp], separation_days: i64, seed: u64) -> Self {
        let mut slices: Vec<usize> = table.rows.iter().map(|row| row.slice).collect::<BTreeSet<_>>().into_iter().collect();
        slices.sort_by_key(|slice| std::cmp::Reverse(cutoffs[*slice]));
        let before = |later: usize| {
            let last = cutoffs[later].plus_days(-separation_days);
            slices.iter().copied().filter(|slice| cutoffs[*slice] <= last).collect::<Vec<_>>()
        };
        let at = |slices: &[usize]| slices.iter().map(|slice| cutoffs[*slice]).collect::<Vec<_>>();
        let mut rolling: Vec<(usize, Trial)> = Vec::new();
        for slice in &slices {
            let apart = rolling.last().is_none_or(|(last, _)| cutoffs[*slice] <= cutoffs[*last].plus_days(-separation_days));
            let trial = Trial { fit: table.of_slices(&before(*slice)), tested: table.of_slices(&[*slice]) };
            if rolling.len() <= MOST_CHOOSING && apart && table.has(&trial.fit, FIT_LEAST) && table.has(&trial.tested, TRIED_LEAST) {
                rolling.push((*slice, trial));
            }
        }
        let tried: Vec<usize> = rolling.iter().map(|(slice, _)| *slice).collect();
        let mut trials = rolling.into_iter().map(|(_, trial)| trial);
        let Some(judging) = trials.next() else {
            let folds = folds(table, &table.all(), seed);
            let all = at(&slices);
            let cutoffs = Cutoffs { chosen_on: Vec::new(), fit: all.clone(), refit: all.clone(), judge: all };
            return Self { kind: SplitKind::CustomerFolds, rehearsal: folds.clone(), judging: folds, cutoffs };
        };
        let later: Vec<Trial> = trials.collect();
        let refit = before(tried[0]);
        let fit = tried.get(1).map_or_else(|| refit.clone(), |slice| before(*slice));
        let cutoffs = Cutoffs { chosen_on: at(&tried[1..]), fit: at(&fit), refit: at(&refit), judge: at(&tried[..1]) };
        let (kind, rehearsal) =
            if later.is_empty() { (SplitKind::JudgeSeparated, folds(table, &judging.fit, seed)) } else { (SplitKind::Separated, later) };
        Self { kind, judging: vec![judging], rehearsal, cutoffs }
    }

    /// The trials that judge: one on a later slice, or one a fold.
    pub(super) fn judging(&self) -> &[Trial] {
        &self.judging
    }

    /// The trials that choose for the judged model. Nothing that they see is judged on, but where folds do both.
    pub(super) fn rehearsal(&self) -> &[Trial] {
        &self.rehearsal
    }

    /// The rows that judge.
    pub(super) fn judge(&self) -> Vec<usize> {
        let mut places: Vec<usize> = self.judging.iter().flat_map(|trial| trial.tested.iter().copied()).collect();
        places.sort_unstable();
        places
    }

    pub(super) fn report(&self, table: &Table<'_>) -> SplitReport {
        let Cutoffs { chosen_on, fit, refit, judge } = self.cutoffs.clone();
        let rows = |cutoffs: &[Timestamp]| table.rows.iter().filter(|row| cutoffs.contains(&row.snapshot.cutoff.at)).count();
        SplitReport {
            kind: self.kind,
            fit_rows: rows(&fit),
            calibrate_rows: rows(&chosen_on),
            refit_rows: rows(&refit),
            judge_rows: rows(&judge),
            fit,
            calibrate: chosen_on,
            refit,
            judge,
        }
    }

    /// The trials that choose for the served model, out of the runs of [`judging`](Self::judging) and [`rehearsal`](Self::rehearsal):
    /// the newest that there are.
    pub(super) fn newest<T>(&self, judging: Vec<T>, rehearsal: Vec<T>) -> Vec<T> {
        match self.kind {
            SplitKind::Separated => judging.into_iter().chain(rehearsal).take(MOST_CHOOSING).collect(),
            SplitKind::JudgeSeparated | SplitKind::CustomerFolds => judging,
        }
    }
}

/// One trial a fold of the customers of `places`, of those that hold any.
fn folds(table: &Table<'_>, places: &[usize], seed: u64) -> Vec<Trial> {
    let folds = table.folds(places, seed);
    let of = |fold: usize, inside: bool| -> Vec<usize> {
        places.iter().zip(&folds).filter(|(_, own)| (**own == fold) == inside).map(|(place, _)| *place).collect()
    };
    let trials = (0..super::table::FOLDS).map(|fold| Trial { fit: of(fold, false), tested: of(fold, true) });
    trials.filter(|trial| !trial.tested.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cutoffs, rows};
    use super::*;
    use crate::target::Target;

    #[test]
    fn whatever_is_fitted_on_is_known_before_it_is_tested() {
        let (rows, cutoffs) = (rows(120, 9, 0.0), cutoffs(9));
        let table = Table::of(Target::Churn, &rows);
        for (separation, nearest) in [(29, 3), (30, 3), (31, 4)] {
            let split = Split::of(&table, &cutoffs, separation, 1);
            let slice = |place: usize| table.rows[place].slice;
            let newest = |places: &[usize]| places.iter().map(|place| slice(*place)).min().unwrap();
            assert_eq!((newest(&split.judging()[0].tested), newest(&split.judging()[0].fit)), (0, nearest));
            assert_eq!((split.kind, split.rehearsal().is_empty()), (SplitKind::Separated, false));
            let tested: Vec<usize> = split.judging().iter().chain(split.rehearsal()).map(|trial| newest(&trial.tested)).collect();
            for (trial, tested) in split.judging().iter().chain(split.rehearsal()).zip(&tested) {
                assert!(trial.tested.iter().all(|place| slice(*place) == *tested));
                assert!(cutoffs[*tested].days_since(cutoffs[newest(&trial.fit)]) >= separation as f64);
            }
            assert!(tested.windows(2).all(|pair| cutoffs[pair[0]].days_since(cutoffs[pair[1]]) >= separation as f64), "{tested:?}");
        }
    }

    #[test]
    fn the_newest_trials_choose_for_the_served_model_the_newest_first() {
        let rows = rows(120, 15, 0.0);
        let split = Split::of(&Table::of(Target::Churn, &rows), &cutoffs(15), 30, 1);
        assert_eq!((split.kind, split.judging().len(), split.rehearsal().len()), (SplitKind::Separated, 1, 3));
        assert_eq!(split.newest(vec![0], vec![1, 2, 3]), [0, 1, 2]);
    }
}
