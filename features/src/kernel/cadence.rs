//! The rhythm of the purchases: gaps between purchase days, and the pause since the last one.

use super::ledger::Ledger;
use super::numbers::{max, mean, median, ratio, std};
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Cadence`](crate::schema::Family::Cadence).
pub(super) fn fill(ledger: &Ledger, gaps: &mut Vec<f64>, out: &mut FeatureVector) {
    gaps.clear();
    gaps.extend(ledger.purchase_days.windows(2).map(|days| f64::from(days[1]) - f64::from(days[0])));
    let Some(last) = gaps.last().copied() else { return };
    let pause = ledger.days_since(ledger.purchases.last().map(|purchase| purchase.ts));
    let mean_gap = mean(gaps);
    let std_gap = std(gaps, mean_gap);
    out[Id::gap_days_mean] = mean_gap;
    out[Id::gap_days_std] = std_gap;
    out[Id::gap_days_last] = last;
    out[Id::gap_days_max] = max(gaps);
    out[Id::gap_days_cv] = ratio(std_gap, mean_gap);
    let half = gaps.len() / 2;
    out[Id::gap_trend_ratio] = ratio(mean(&gaps[gaps.len() - half..]), mean(&gaps[..half]));
    out[Id::shorter_gaps_share] = gaps.iter().filter(|gap| **gap < pause).count() as f64 / gaps.len() as f64;
    // Last, because it reorders the gaps.
    let median_gap = median(gaps);
    out[Id::gap_days_median] = median_gap;
    if gaps.len() >= 2 {
        let overdue = ratio(pause, median_gap);
        out[Id::overdue_ratio] = overdue;
        out[Id::missed_cycles_count] = overdue.floor();
    }
}
