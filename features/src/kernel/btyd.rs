//! Sufficient statistics of buy-till-you-die models (BG/NBD, Gamma-Gamma), in purchase days.
//!
//! Source: Fader, Hardie and Lee, "Counting your customers the easy way" (2005); a purchase day is a transaction.

use super::ledger::Order;
use super::numbers::ratio;
use super::view::View;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Spend on purchase days after the first, and the days on which it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RepeatDays {
    /// The last day that was counted; the first purchase day before any was.
    counted: Option<i32>,
    first: i32,
    spend: f64,
    days: u32,
}

impl RepeatDays {
    #[inline(always)]
    pub(super) fn note(&mut self, purchase: &Order) {
        let Some(counted) = self.counted else {
            (self.first, self.counted) = (purchase.day, Some(purchase.day));
            return;
        };
        if purchase.day > self.first && !purchase.amount.is_nan() {
            self.spend += purchase.amount;
            self.days += u32::from(purchase.day > counted);
            self.counted = Some(purchase.day.max(counted));
        }
    }
}

/// Sets the rows of [`Family::Btyd`](crate::schema::Family::Btyd).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let days = view.ledger.purchase_days.days();
    let ([first, ..], [.., last]) = (days, days) else { return };
    out[Id::btyd_recency_days] = f64::from(*last) - f64::from(*first);
    out[Id::btyd_repeat_days_count] = (days.len() - 1) as f64;
    out[Id::btyd_age_days] = (f64::from(view.frame.cutoff.day) - f64::from(*first)).max(0.0);
    if view.frame.holds_spend {
        let RepeatDays { spend, days, .. } = view.ledger.totals.repeat_days;
        out[Id::btyd_value_mean] = ratio(spend, f64::from(days));
    }
}
