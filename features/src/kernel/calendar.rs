//! Hours, weekdays, seasons.

use std::hint::select_unpredictable;

use super::angle::atan2;
use super::frame::Edge;
use super::ledger::Order;
use super::view::View;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sines of the first seven hours on a clock face that starts at midnight, in steps of 15 degrees. From a table, so that every
/// machine agrees.
const SINES: [f64; 7] =
    [0.0, 0.258_819_045_102_520_76, 0.5, std::f64::consts::FRAC_1_SQRT_2, 0.866_025_403_784_438_6, 0.965_925_826_289_068_3, 1.0];

/// Sine and cosine of a month, 1 to 12, on a clock face of twelve.
pub(super) fn direction(month: u8) -> (f64, f64) {
    let mut hours = Hours::default();
    hours.add(2 * usize::from(month.saturating_sub(1)));
    hours.sums()
}

/// How often each hour occurs; filled up to a power of two.
#[derive(Clone, Copy, Debug, Default)]
struct Hours([i32; 32]);

impl Hours {
    #[inline(always)]
    fn add(&mut self, hour: usize) {
        self.0[hour % 32] += 1;
    }

    /// Sums of their sines and cosines.
    #[inline(always)]
    fn sums(&self) -> (f64, f64) {
        // Less how often the opposite hour does, so that opposite hours cancel exactly.
        let hours: [i32; 12] = std::array::from_fn(|n| self.0[n] - self.0[n + 12]);
        // In pairs, for each sum waits for those in it.
        let sum = |counts: [i32; 7]| {
            let [_, one, two, three, four, five, six] = std::array::from_fn(|n| f64::from(counts[n]) * SINES[n]);
            (one + two) + (three + four) + (five + six)
        };
        // Both ways from where a sine is 0, which is 6 hours earlier for the cosine, to where it is 1.
        let sines = std::array::from_fn(|n| if n == 0 || n == 6 { hours[n] } else { hours[n] + hours[12 - n] });
        let cosines = std::array::from_fn(|n| if n == 0 || n == 6 { hours[6 - n] } else { hours[6 - n] - hours[6 + n] });
        (sum(sines), sum(cosines))
    }
}

/// When on the clock and in the week the purchases were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    hours: Hours,
    /// Purchases and purchase days by weekday.
    weekdays: [u32; 8],
    days: [u32; 8],
    /// The direction into which the hours point together, 0 to below 24; NaN when they cancel out.
    mean_hour: f64,
}

impl Clock {
    /// Takes in a purchase; `new_day` tells whether it is the first one of its purchase day.
    #[inline(always)]
    pub(super) fn note(&mut self, purchase: &Order, new_day: bool) {
        self.hours.add(usize::from(purchase.hour));
        let weekday = weekday(purchase.day);
        self.weekdays[weekday] += 1;
        self.days[weekday] += u32::from(new_day);
    }

    /// Tells the mean hour of `all` purchases; to be called when some were taken in, for it costs more than to take in many.
    #[inline(always)]
    pub(super) fn settle(&mut self, all: usize) {
        self.mean_hour = self.direction(all as f64);
    }

    #[inline(always)]
    fn direction(&self, all: f64) -> f64 {
        let (sine, cosine) = self.hours.sums();
        let hour = atan2(sine, cosine) * (12.0 / std::f64::consts::PI);
        let hour = hour + select_unpredictable(hour < 0.0, 24.0, 0.0);
        let points = sine * sine + cosine * cosine >= 1e-18 * all * all;
        // A tiny negative angle plus 24 rounds to 24, which is 0.
        select_unpredictable(points, if hour >= 24.0 { 0.0 } else { hour }, f64::NAN)
    }
}

/// Sets the rows of [`Family::Calendar`](crate::schema::Family::Calendar).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    (out[Id::cutoff_month_sin], out[Id::cutoff_month_cos]) = view.frame.month;
    let year_ago = view.purchases_since(Edge::Year) - view.purchases_since(Edge::YearEnd);
    out[Id::purchases_same_90d_last_year_count] = f64::from(year_ago) * view.frame.year_scale;
    let (purchases, days) = (view.ledger.purchases.len(), view.ledger.purchase_days.days().len());
    if purchases > 0 {
        let clock = &view.ledger.totals.clock;
        let most = clock.days.into_iter().fold(0, u32::max);
        out[Id::purchase_hour_mean] = clock.mean_hour;
        out[Id::weekend_purchases_share] = f64::from(clock.weekdays[WEEKEND].iter().sum::<u32>()) / purchases as f64;
        out[Id::weekday_concentration] = f64::from(most) / days as f64;
    }
}

/// Saturday and Sunday.
const WEEKEND: std::ops::Range<usize> = 4..6;

/// 0 for Tuesday to 6 for Monday, for the first of all days is a Tuesday; 1970-01-01 was a Thursday.
#[inline(always)]
fn weekday(day: i32) -> usize {
    // What a division by 7 leaves, in two products: the first one's lower half is the share of a week, in parts of 2^64.
    let share = u64::from(day.wrapping_sub(i32::MIN) as u32).wrapping_mul(u64::MAX / 7 + 1);
    ((u128::from(share) * 7) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_follow_one_another() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, -1].map(weekday), [2, 3, 4, 5, 6, 0, 1, 2, 1]);
        for day in [i32::MIN, -1_000_000_000, -4_000, 20_000, 2_000_000_000, i32::MAX] {
            assert_eq!(weekday(day), day.abs_diff(i32::MIN) as usize % 7);
        }
    }
}
