//! Goods given back.

use super::numbers::{known_sum, ratio};
use super::view::View;
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Returns`](crate::schema::Family::Returns).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let (ledger, window) = (view.ledger, view.frame.returns_90d);
    let returns = ledger.returns.as_slice();
    let count = view.count_ever(Kind::Return, returns.len());
    let lately = returns.iter().rev().take_while(|order| order.ts >= window.from).count();
    out[Id::returns_count] = count;
    out[Id::returns_90d_count] = lately as f64 * window.scale;
    out[Id::returns_per_purchase_ratio] = ratio(count, ledger.purchases.len() as f64);
    out[Id::days_since_last_return] = view.days_since(returns.last().map(|order| order.ts));
    if !count.is_nan() && ledger.is_spend_known() {
        let returned = known_sum(returns.iter().map(|order| order.amount.abs()));
        out[Id::returned_value_share] = ratio(returned, ledger.totals.values.sum());
    }
}
