//! Sufficient statistics of buy-till-you-die models (BG/NBD, Gamma-Gamma), in purchase days.
//!
//! Source: Fader, Hardie and Lee, "Counting your customers the easy way" (2005); a purchase day is a transaction.

use super::ledger::Ledger;
use super::numbers::ratio;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Btyd`](crate::schema::Family::Btyd).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    let ([first, ..], [.., last]) = (ledger.purchase_days.as_slice(), ledger.purchase_days.as_slice()) else { return };
    out[Id::btyd_recency_days] = f64::from(*last) - f64::from(*first);
    out[Id::btyd_repeat_days_count] = (ledger.purchase_days.len() - 1) as f64;
    out[Id::btyd_age_days] = (f64::from(ledger.cutoff.day) - f64::from(*first)).max(0.0);
    if ledger.coverage(ledger.since.spend).is_held() {
        out[Id::btyd_value_mean] = repeat_day_value(ledger, *first);
    }
}

/// Spend on purchase days after the first, by day, over the days on which it is known.
fn repeat_day_value(ledger: &Ledger, first: i32) -> f64 {
    let (mut sum, mut days, mut counted) = (0.0, 0.0, first);
    for purchase in ledger.purchases.iter().filter(|purchase| purchase.day > first && !purchase.amount.is_nan()) {
        sum += purchase.amount;
        if purchase.day > counted {
            (days, counted) = (days + 1.0, purchase.day);
        }
    }
    ratio(sum, days)
}
