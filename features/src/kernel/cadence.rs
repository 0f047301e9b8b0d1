//! The rhythm of the purchases: gaps between purchase days, and the pause since the last one.

use super::numbers::ratio;
use super::totals::GAPS;
use super::view::View;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Cadence`](crate::schema::Family::Cadence).
///
/// Gaps are whole days and neighbours sum to the days between their ends, so most of it needs no pass over them and is exact.
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let purchase_days = &view.ledger.purchase_days;
    let days = purchase_days.days();
    let ([first, ..], [.., before, last]) = (days, days) else { return };
    let between = |from: i32, to: i32| f64::from(to) - f64::from(from);
    let pause = view.pause;
    let (gaps, sum) = ((days.len() - 1) as f64, between(*first, *last));
    let mean = sum / gaps;
    // n times the sum of squares is at least the square of the sum; beyond 2^53 rounding may say otherwise.
    let spread = (gaps * purchase_days.squared_gaps() - sum * sum).max(0.0);
    let std = ratio(spread, gaps * (gaps - 1.0)).sqrt();
    out[Id::gap_days_mean] = mean;
    out[Id::gap_days_std] = std;
    out[Id::gap_days_last] = between(*before, *last);
    out[Id::gap_days_max] = purchase_days.longest_gap();
    out[Id::gap_days_cv] = ratio(std, mean);
    let half = (days.len() - 1) / 2;
    out[Id::gap_trend_ratio] = ratio(between(days[days.len() - 1 - half], *last), between(*first, days[half]));
    out[Id::shorter_gaps_share] = view.ledger.totals.sorted.count_below(GAPS, pause, purchase_days.gaps()) as f64 / gaps;
    out[Id::gap_days_median] = view.median_gap;
    if days.len() >= 3 {
        let overdue = ratio(pause, view.median_gap);
        out[Id::overdue_ratio] = overdue;
        out[Id::missed_cycles_count] = overdue.floor();
    }
}
