//! Goods given back.

use super::ledger::Ledger;
use super::numbers::{known_sum, ratio};
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Returns`](crate::schema::Family::Returns).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    let returns = ledger.returns.as_slice();
    let count = ledger.count_ever(Kind::Return, returns.len());
    out[Id::returns_count] = count;
    out[Id::returns_90d_count] = ledger.coverage(ledger.since.kind(Kind::Return)).last(90).count(returns, |order| order.ts);
    out[Id::returns_per_purchase_ratio] = ratio(count, ledger.purchases.len() as f64);
    out[Id::days_since_last_return] = ledger.days_since(returns.last().map(|order| order.ts));
    if !count.is_nan() {
        let returned = known_sum(returns.iter().map(|order| order.amount.abs()));
        out[Id::returned_value_share] = ratio(returned, known_sum(ledger.purchases.iter().map(|purchase| purchase.amount)));
    }
}
