//! Coupons used.

use super::numbers::ratio;
use super::view::View;
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Coupons`](crate::schema::Family::Coupons).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let coupons = view.ledger.seen(Kind::CouponRedeem);
    let count = view.count_ever(Kind::CouponRedeem, coupons.count as usize);
    out[Id::coupons_count] = count;
    out[Id::coupons_90d_count] = view.count_last(Kind::CouponRedeem);
    out[Id::coupons_per_purchase_ratio] = ratio(count, view.ledger.purchases.len() as f64);
    out[Id::days_since_last_coupon] = view.days_since(coupons.last());
}
