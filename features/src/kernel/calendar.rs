//! Hours, weekdays, seasons.

use super::frame::Edge;
use super::ledger::Order;
use super::view::View;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sines of the first seven hours on a clock face that starts at midnight, in steps of 15 degrees. From a table, so that every
/// machine agrees.
const SINES: [f64; 7] =
    [0.0, 0.258_819_045_102_520_76, 0.5, std::f64::consts::FRAC_1_SQRT_2, 0.866_025_403_784_438_6, 0.965_925_826_289_068_3, 1.0];

/// Which of those sines that of an hour is, and whether it is below zero.
#[inline]
fn sine(hour: usize) -> (usize, bool) {
    let half = hour % 12;
    (if half <= 6 { half } else { 12 - half }, hour % 24 >= 12)
}

/// Sum of sines: how often each occurs above zero, less how often below, so that opposite hours cancel exactly.
#[derive(Clone, Copy, Debug, Default)]
struct Sines([i32; 7]);

impl Sines {
    #[inline]
    fn add(&mut self, hour: usize) {
        let (place, below) = sine(hour);
        self.0[place] += if below { -1 } else { 1 };
    }

    #[inline]
    fn sum(&self) -> f64 {
        self.0.iter().zip(SINES).fold(0.0, |sum, (count, sine)| sum + f64::from(*count) * sine)
    }
}

/// Sine and cosine of an hour on that face.
fn direction(hour: usize) -> (f64, f64) {
    let of = |hour: usize| match sine(hour) {
        (place, true) => 0.0 - SINES[place],
        (place, false) => SINES[place],
    };
    (of(hour), of(hour + 6))
}

/// When on the clock and in the week the purchases were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    sines: Sines,
    cosines: Sines,
    weekend: u32,
    /// Purchase days by weekday.
    weekdays: [u32; 7],
    /// The direction into which the hours point together, 0 to below 24; NaN when they cancel out.
    mean_hour: f64,
}

impl Clock {
    /// Takes in a purchase; `new_day` tells whether it is the first one of its purchase day.
    #[inline]
    pub(super) fn note(&mut self, purchase: &Order, new_day: bool) {
        self.sines.add(usize::from(purchase.hour));
        self.cosines.add(usize::from(purchase.hour) + 6);
        let weekday = weekday(purchase.day);
        self.weekend += u32::from(weekday >= 5);
        self.weekdays[weekday] += u32::from(new_day);
    }

    /// Tells the mean hour of `all` purchases; to be called when some were taken in, for it costs more than to take in many.
    pub(super) fn settle(&mut self, all: usize) {
        self.mean_hour = self.direction(all as f64);
    }

    fn direction(&self, all: f64) -> f64 {
        let (sine, cosine) = (self.sines.sum(), self.cosines.sum());
        if sine * sine + cosine * cosine < 1e-18 * all * all {
            return f64::NAN;
        }
        let hour = libm::atan2(sine, cosine) * 12.0 / std::f64::consts::PI;
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
        out[Id::purchase_hour_mean] = clock.mean_hour;
        out[Id::weekend_purchases_share] = f64::from(clock.weekend) / purchases as f64;
        out[Id::weekday_concentration] = f64::from(most) / days as f64;
    }
}

/// 0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday.
#[inline]
fn weekday(day: i32) -> usize {
    ((day.rem_euclid(7) + 3) % 7) as usize
}
