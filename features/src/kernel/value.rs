//! What the purchases were worth.

use super::ledger::Ledger;
use super::numbers::{add, known_sum, last_three_ratio, max, mean, median, ratio, std};
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Value`](crate::schema::Family::Value).
pub(super) fn fill(ledger: &Ledger, values: &mut Vec<f64>, out: &mut FeatureVector) {
    if ledger.coverage(ledger.since.spend).is_held() {
        out[Id::spend_sum] = known_sum(ledger.purchases.iter().map(|purchase| purchase.amount));
        fill_order_values(ledger, values, out);
    }
    let units = ledger.purchases.iter().map(|purchase| purchase.quantity).filter(|units| !units.is_nan());
    out[Id::units_per_order_mean] = ratio(units.clone().fold(0.0, add), units.count() as f64);
}

fn fill_order_values(ledger: &Ledger, values: &mut Vec<f64>, out: &mut FeatureVector) {
    values.clear();
    values.extend(ledger.purchases.iter().map(|purchase| purchase.amount).filter(|amount| !amount.is_nan()));
    let Some(last) = values.last().copied() else { return };
    let (mean_value, largest) = (mean(values), max(values));
    let earned = values.iter().filter(|value| **value > 0.0).fold(0.0, |sum, value| sum + value);
    out[Id::order_value_mean] = mean_value;
    out[Id::order_value_std] = std(values, mean_value);
    out[Id::order_value_max] = largest;
    out[Id::order_value_last] = last;
    out[Id::order_value_trend_ratio] = last_three_ratio(values);
    out[Id::top_order_share] = ratio(largest, earned);
    // Last, because it reorders the values.
    out[Id::order_value_median] = median(values);
}
