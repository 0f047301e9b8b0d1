//! How often and how lately a customer bought.

use super::ledger::Ledger;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Purchases`](crate::schema::Family::Purchases).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    let at = ledger.cutoff().at;
    out[Id::purchases_count] = ledger.purchases.len() as f64;
    let (Some(first), Some(last)) = (ledger.purchases.first(), ledger.purchases.last()) else { return };
    out[Id::days_since_last_purchase] = at.days_since(last.ts);
    out[Id::tenure_days] = at.days_since(first.ts);
}
