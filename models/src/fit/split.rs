//! Which rows serve for what.

use std::collections::BTreeSet;

use lapwing_features::Timestamp;

use super::table::Table;
use crate::report::{SplitKind, SplitReport};

/// A class needs this many customers among the rows that choose penalty and calibration.
const CALIBRATE_LEAST: usize = 30;
/// A class needs this many customers among the rows that judge.
const JUDGE_LEAST: usize = 10;
/// A class needs this many customers among the rows that are fitted on.
pub(super) const FIT_LEAST: usize = 50;

/// Rows of a table by what they serve for; see [`SplitReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) kind: SplitKind,
    pub(super) fit: Vec<usize>,
    pub(super) calibrate: Vec<usize>,
    pub(super) refit: Vec<usize>,
    pub(super) judge: Vec<usize>,
    cutoffs: [Vec<Timestamp>; 4],
}

impl Split {
    /// The best split that the slices of `table` allow: the outcome of every row that is fitted on is known before the
    /// cutoff of any row that judges it, `separation_days` later.
    pub(super) fn of(table: &Table<'_>, cutoffs: &[Timestamp], separation_days: i64) -> Self {
        let mut slices: Vec<usize> = table.rows.iter().map(|row| row.slice).collect::<BTreeSet<_>>().into_iter().collect();
        slices.sort_by_key(|slice| std::cmp::Reverse(cutoffs[*slice]));
        let before = |later: usize| {
            let last = cutoffs[later].plus_days(-separation_days);
            slices.iter().copied().filter(|slice| cutoffs[*slice] <= last).collect::<Vec<_>>()
        };
        let make = |kind, parts: [&[usize]; 4]| Self {
            kind,
            fit: table.of_slices(parts[0]),
            calibrate: table.of_slices(parts[1]),
            refit: table.of_slices(parts[2]),
            judge: table.of_slices(parts[3]),
            cutoffs: parts.map(|part| part.iter().map(|slice| cutoffs[*slice]).collect()),
        };
        if let Some(&newest) = slices.first() {
            let refit = before(newest);
            if let Some(&later) = refit.first() {
                let split = make(SplitKind::Separated, [&before(later), &[later], &refit, &[newest]]);
                if table.has(&split.fit, FIT_LEAST) && table.has(&split.calibrate, CALIBRATE_LEAST) && table.has(&split.judge, JUDGE_LEAST)
                {
                    return split;
                }
            }
            let split = make(SplitKind::JudgeSeparated, [&refit, &[], &refit, &[newest]]);
            if table.has(&split.refit, FIT_LEAST) && table.has(&split.judge, JUDGE_LEAST) {
                return split;
            }
        }
        make(SplitKind::CustomerFolds, [&slices, &[], &slices, &slices])
    }

    pub(super) fn report(&self) -> SplitReport {
        let [fit, calibrate, refit, judge] = self.cutoffs.clone();
        SplitReport {
            kind: self.kind,
            fit,
            calibrate,
            refit,
            judge,
            fit_rows: self.fit.len(),
            calibrate_rows: self.calibrate.len(),
            refit_rows: self.refit.len(),
            judge_rows: self.judge.len(),
        }
    }
}
