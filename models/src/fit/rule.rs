//! Tunes the hiatus rule.

use std::collections::BTreeSet;

use lapwing_features::Id;

use super::design::quantile;
use super::table::Table;
use crate::hiatus::{Cell, HiatusRule};

/// Thresholds that are tried lie at this many quantiles of the days.
const CANDIDATES: usize = 19;

/// The rule whose threshold splits the rows at `places` with the least log loss; of equals the smallest. With no rows, or none
/// whose days are known, the threshold is `default_days`.
pub(super) fn learn(table: &Table<'_>, places: &[usize], default_days: f64) -> HiatusRule {
    let mut days: Vec<f64> = places.iter().map(|place| days(table, *place)).filter(|days| days.is_finite()).collect();
    days.sort_unstable_by(f64::total_cmp);
    let rule = |threshold_days: f64| {
        let cell = |of: &dyn Fn(f64) -> bool| count(table, places, of);
        HiatusRule {
            threshold_days,
            recent: cell(&|days| days <= threshold_days),
            overdue: cell(&|days| days > threshold_days),
            all: cell(&|_| true),
        }
    };
    if days.is_empty() {
        return rule(default_days);
    }
    (1..=CANDIDATES)
        .map(|step| rule(quantile(&days, step as f64 / (CANDIDATES + 1) as f64)))
        .min_by(|one, two| surprise(one).total_cmp(&surprise(two)))
        .unwrap_or_else(|| rule(default_days))
}

/// What the rule says of the rows at `places`.
pub(super) fn apply(rule: &HiatusRule, table: &Table<'_>, places: &[usize]) -> Vec<f64> {
    places.iter().map(|place| rule.cell(days(table, *place)).rate()).collect()
}

/// The counts of the rows at `places` whose days satisfy `of`.
pub(super) fn count(table: &Table<'_>, places: &[usize], of: &dyn Fn(f64) -> bool) -> Cell {
    let within: Vec<usize> = places.iter().copied().filter(|place| of(days(table, *place))).collect();
    Cell {
        rows: within.len() as u64,
        positives: within.iter().filter(|place| table.labels[**place]).count() as u64,
        customers: within.iter().map(|place| table.rows[*place].customer).collect::<BTreeSet<_>>().len() as u64,
    }
}

fn days(table: &Table<'_>, place: usize) -> f64 {
    table.rows[place].snapshot.features[Id::days_since_last_purchase]
}

/// Log loss of the rule on its own rows, summed.
fn surprise(rule: &HiatusRule) -> f64 {
    let of = |cell: &Cell| {
        let (rate, negatives) = (cell.rate(), cell.rows - cell.positives);
        -(cell.positives as f64 * rate.ln() + negatives as f64 * (1.0 - rate).ln())
    };
    of(&rule.recent) + of(&rule.overdue)
}
