//! What the purchases were worth.

use super::numbers::ratio;
use super::view::View;
use crate::schema::Id;
use crate::signs::OrderValue;
use crate::vector::FeatureVector;

/// Running statistics of the purchases that have an amount.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    count: usize,
    first: f64,
    sum: f64,
    /// Sum of those above zero.
    earned: f64,
    largest: f64,
    /// Sum of the distances to the first value, and of their squares. As the first is one of the values, the spread around the
    /// mean is at least 1 / (n + 1) of that around the first, so that little is lost where one is subtracted from the other.
    distances: f64,
    squares: f64,
    /// The last three values, 0 in place of those that there are not yet, and what all before them sum to.
    lately: [f64; 3],
    before: f64,
}

impl Values {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    #[inline(always)]
    pub(super) fn note(&mut self, value: f64) {
        if self.count == 0 {
            (self.first, self.largest) = (value, value);
        }
        let [third, second, last] = self.lately;
        (self.before, self.lately) = (self.before + third, [second, last, value]);
        self.count += 1;
        self.sum += value;
        self.earned += if value > 0.0 { value } else { 0.0 };
        self.largest = if value > self.largest { value } else { self.largest };
        let distance = value - self.first;
        self.distances += distance;
        self.squares += distance * distance;
    }

    /// How many there are.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What they sum to.
    #[inline(always)]
    pub(super) fn sum(&self) -> f64 {
        self.sum
    }

    /// The mean of the last three values.
    #[inline(always)]
    fn mean_lately(&self) -> f64 {
        let [third, second, last] = self.lately;
        (third + second + last) / 3.0
    }

    /// The sample standard deviation; missing below two values.
    #[inline(always)]
    fn std(&self) -> f64 {
        let count = self.count as f64;
        ratio((self.squares - self.distances * self.distances / count).max(0.0), count - 1.0).sqrt()
    }

    /// The means of the last three and of those before; `None` when there is nothing before.
    pub(super) fn lately(&self) -> Option<OrderValue> {
        let count_before = self.count.checked_sub(3).filter(|before| *before > 0)?;
        Some(OrderValue { last: self.mean_lately(), before: self.before / count_before as f64, count_before: count_before as u32 })
    }

    /// The mean of the last three over the mean of those before, of which there must be three.
    #[inline(always)]
    fn trend(&self) -> f64 {
        if self.count < 6 {
            return f64::NAN;
        }
        ratio(self.mean_lately(), self.before / (self.count - 3) as f64)
    }
}

/// Running mean of the quantities.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Units {
    sum: f64,
    count: u32,
}

impl Units {
    #[inline(always)]
    pub(super) fn note(&mut self, quantity: f64) {
        if !quantity.is_nan() {
            (self.sum, self.count) = (self.sum + quantity, self.count + 1);
        }
    }
}

/// Sets the rows of [`Family::Value`](crate::schema::Family::Value).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let (values, units) = (&view.ledger.totals.values, view.ledger.totals.units);
    out[Id::units_per_order_mean] = ratio(units.sum, f64::from(units.count));
    if !view.frame.holds_spend {
        return;
    }
    if view.ledger.is_spend_known() {
        out[Id::spend_sum] = values.sum;
    }
    if values.count > 0 {
        out[Id::order_value_mean] = values.sum / values.count as f64;
        out[Id::order_value_std] = values.std();
        out[Id::order_value_median] = view.median_value;
        out[Id::order_value_max] = values.largest;
        out[Id::order_value_last] = values.lately[2];
        out[Id::order_value_trend_ratio] = values.trend();
        out[Id::top_order_share] = ratio(values.largest, values.earned);
    }
}
