//! Coupons used.

use super::ledger::Ledger;
use super::numbers::ratio;
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Coupons`](crate::schema::Family::Coupons).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    let coupons = ledger.times(Kind::CouponRedeem);
    let count = ledger.count_ever(Kind::CouponRedeem, coupons.len());
    out[Id::coupons_count] = count;
    out[Id::coupons_90d_count] = ledger.count_last(Kind::CouponRedeem, 90);
    out[Id::coupons_per_purchase_ratio] = ratio(count, ledger.purchases.len() as f64);
    out[Id::days_since_last_coupon] = ledger.days_since(coupons.last().copied());
}
