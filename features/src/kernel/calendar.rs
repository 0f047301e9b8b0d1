//! Hours, weekdays, seasons.

use super::ledger::Ledger;
use crate::event::Kind;
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
fn direction(hour: usize) -> (f64, f64) {
    (SINES[hour % 24], SINES[(hour + 6) % 24])
}

/// Sets the rows of [`Family::Calendar`](crate::schema::Family::Calendar).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    let months = usize::from(ledger.cutoff.month.saturating_sub(1));
    (out[Id::cutoff_month_sin], out[Id::cutoff_month_cos]) = direction(months * 2);
    let purchases = ledger.purchases.as_slice();
    let covered = ledger.coverage(ledger.since.kind(Kind::Purchase));
    out[Id::purchases_same_90d_last_year_count] = covered.between(365, 275).count(purchases, |purchase| purchase.ts);
    if purchases.is_empty() {
        return;
    }
    let (mut hours, mut weekend) = ([0_u32; 24], 0_u32);
    for purchase in purchases {
        hours[usize::from(purchase.hour) % 24] += 1;
        weekend += u32::from(weekday(purchase.day) >= 5);
    }
    out[Id::purchase_hour_mean] = mean_hour(&hours);
    out[Id::weekend_purchases_share] = f64::from(weekend) / purchases.len() as f64;
    let mut weekdays = [0_u32; 7];
    for day in &ledger.purchase_days {
        weekdays[weekday(*day)] += 1;
    }
    let most = weekdays.into_iter().fold(0, u32::max);
    out[Id::weekday_concentration] = f64::from(most) / ledger.purchase_days.len() as f64;
}

/// 0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday.
fn weekday(day: i32) -> usize {
    ((day.rem_euclid(7) + 3) % 7) as usize
}

/// The direction into which the hours point together, 0 to below 24; missing when they cancel out.
fn mean_hour(hours: &[u32; 24]) -> f64 {
    let (mut sine, mut cosine, mut all) = (0.0, 0.0, 0.0);
    for (hour, count) in hours.iter().enumerate() {
        let (s, c) = direction(hour);
        let count = f64::from(*count);
        (sine, cosine, all) = (sine + count * s, cosine + count * c, all + count);
    }
    if libm::hypot(sine, cosine) < 1e-9 * all {
        return f64::NAN;
    }
    // A tiny negative angle plus 24 rounds to 24, which is 0.
    (libm::atan2(sine, cosine) * 12.0 / std::f64::consts::PI + 24.0) % 24.0
}
