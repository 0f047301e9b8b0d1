//! How often and how lately a customer bought.

use super::numbers::ratio;
use super::view::View;
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Purchases`](crate::schema::Family::Purchases).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let purchases = view.ledger.purchases.as_slice();
    let count = view.count_ever(Kind::Purchase, purchases.len());
    out[Id::purchases_count] = count;
    out[Id::repeat_purchases_count] = view.count_ever(Kind::Purchase, purchases.len().saturating_sub(1));
    out[Id::purchase_days_count] = view.count_ever(Kind::Purchase, view.ledger.purchase_days.days().len());
    if purchases.is_empty() {
        return;
    }
    out[Id::days_since_last_purchase] = view.pause;
    out[Id::tenure_days] = view.tenure;
    out[Id::one_time_buyer] = f64::from(purchases.len() == 1);
    out[Id::last_purchase_tenure_ratio] = ratio(view.pause, view.tenure);
    out[Id::purchases_30d_pace] = count * 30.0 / view.tenure.max(30.0);
}
