//! Hours, weekdays, seasons.

use super::frame::Edge;
use super::ledger::Order;
use super::view::View;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sines of the 24 hours on a clock face that starts at midnight, in steps of 15 degrees. From a table, so that opposite hours
/// cancel exactly and every machine agrees.
const SINES: [f64; 24] = {
    let quarter =
        [0.0, 0.258_819_045_102_520_76, 0.5, std::f64::consts::FRAC_1_SQRT_2, 0.866_025_403_784_438_6, 0.965_925_826_289_068_3, 1.0];
    let mut sines = [0.0; 24];
    let mut hour = 0;
    while hour < 12 {
        sines[hour] = if hour <= 6 { quarter[hour] } else { quarter[12 - hour] };
        sines[hour + 12] = 0.0 - sines[hour];
        hour += 1;
    }
    sines
};

/// Sine and cosine of an hour on that face.
#[inline]
fn direction(hour: usize) -> (f64, f64) {
    (SINES[hour % 24], SINES[(hour + 6) % 24])
}

/// When on the clock and in the week the purchases were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    sine: f64,
    cosine: f64,
    weekend: u32,
    /// Purchase days by weekday.
    weekdays: [u32; 7],
}

impl Clock {
    /// Takes in a purchase; `new_day` tells whether it is the first one of its purchase day.
    #[inline]
    pub(super) fn note(&mut self, purchase: &Order, new_day: bool) {
        let (sine, cosine) = direction(usize::from(purchase.hour));
        (self.sine, self.cosine) = (self.sine + sine, self.cosine + cosine);
        let weekday = weekday(purchase.day);
        self.weekend += u32::from(weekday >= 5);
        self.weekdays[weekday] += u32::from(new_day);
    }

    /// The direction into which the hours of `all` purchases point together, 0 to below 24; missing when they cancel out.
    #[inline]
    fn mean_hour(&self, all: f64) -> f64 {
        if self.sine * self.sine + self.cosine * self.cosine < 1e-18 * all * all {
            return f64::NAN;
        }
        let hour = libm::atan2(self.sine, self.cosine) * 12.0 / std::f64::consts::PI;
        let hour = if hour < 0.0 { hour + 24.0 } else { hour };
        // A tiny negative angle plus 24 rounds to 24, which is 0.
        if hour >= 24.0 { 0.0 } else { hour }
    }
}

/// Sets the rows of [`Family::Calendar`](crate::schema::Family::Calendar).
#[inline]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let months = usize::from(view.frame.cutoff.month.saturating_sub(1));
    (out[Id::cutoff_month_sin], out[Id::cutoff_month_cos]) = direction(months * 2);
    let year_ago = view.purchases_since(Edge::Year) - view.purchases_since(Edge::YearEnd);
    out[Id::purchases_same_90d_last_year_count] = f64::from(year_ago) * view.frame.year_scale;
    let (purchases, days) = (view.ledger.purchases.len(), view.ledger.purchase_days.days().len());
    if purchases > 0 {
        let clock = &view.ledger.totals.clock;
        let most = clock.weekdays.into_iter().fold(0, u32::max);
        out[Id::purchase_hour_mean] = clock.mean_hour(purchases as f64);
        out[Id::weekend_purchases_share] = f64::from(clock.weekend) / purchases as f64;
        out[Id::weekday_concentration] = f64::from(most) / days as f64;
    }
}

/// 0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday.
#[inline]
fn weekday(day: i32) -> usize {
    ((day.rem_euclid(7) + 3) % 7) as usize
}
