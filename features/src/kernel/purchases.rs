//! How often and how lately a customer bought.

use super::ledger::Ledger;
use super::numbers::ratio;
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Purchases`](crate::schema::Family::Purchases).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    let count = ledger.count_ever(Kind::Purchase, ledger.purchases.len());
    out[Id::purchases_count] = count;
    out[Id::repeat_purchases_count] = ledger.count_ever(Kind::Purchase, ledger.purchases.len().saturating_sub(1));
    out[Id::purchase_days_count] = ledger.count_ever(Kind::Purchase, ledger.purchase_days.len());
    let (Some(first), Some(last)) = (ledger.purchases.first(), ledger.purchases.last()) else { return };
    let (tenure, since_last) = (ledger.days_since(Some(first.ts)), ledger.days_since(Some(last.ts)));
    out[Id::days_since_last_purchase] = since_last;
    out[Id::tenure_days] = tenure;
    out[Id::one_time_buyer] = f64::from(ledger.purchases.len() == 1);
    out[Id::last_purchase_tenure_ratio] = ratio(since_last, tenure);
    out[Id::purchases_30d_pace] = count * 30.0 / tenure.max(30.0);
}
