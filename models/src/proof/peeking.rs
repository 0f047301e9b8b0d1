//! Looking before all are in: who stops at the first look that pleases finds effects where there are none. So early looks are held to
//! wider bounds, chosen so that all looks together are wrong as seldom as one.
//!
//! The bounds are those of Lan and `DeMets` (1983) with their spending function of the O'Brien-Fleming type, `2 - 2 Phi(z / sqrt(t))` a side,
//! where t is the share of the planned customers that is in. Where the earlier looks are known, [`bounds`] gives the exact ones. Where
//! nobody counted them, [`any_time`] gives the limit of these for looks without end: it holds however often, and whenever, somebody looks.
//!
//! Source: Lan and `DeMets` (1983), "Discrete sequential boundaries for clinical trials"; Armitage, `McPherson` and Rowe (1969) for the
//! recursion; Reboussin et al. (2000) for the programme whose numbers the tests hold.

use super::normal::{FARTHEST, quantile, upper};

/// Looks closer to each other than this share of the plan count as one.
pub const CLOSEST: f64 = 1e-3;
/// Points of the grid for each standard deviation of the step between two looks.
const POINTS: f64 = 12.0;
/// Halvings that find a bound to the last digits that the grid gives.
const HALVINGS: usize = 60;

/// The bound on |z| at a look when `fraction` of the plan, above 0, is in, for any number of looks at any time up to the end of the plan.
///
/// It is `z / sqrt(t)`, z the quantile at a quarter of `alpha`: by the reflection principle a Brownian motion crosses a level before time 1
/// with twice the probability that it is above at time 1, a side. From the end of the plan on it is z.
///
/// ```
/// use lapwing_models::proof::peeking::any_time;
/// assert!((any_time(1.0, 0.05) - 2.241_402_7).abs() < 1e-7);
/// assert!((any_time(0.25, 0.05) - 2.0 * any_time(1.0, 0.05)).abs() < 1e-12);
/// assert_eq!(any_time(1.7, 0.05), any_time(1.0, 0.05));
/// ```
#[must_use]
pub fn any_time(fraction: f64, alpha: f64) -> f64 {
    (quantile(0.25 * alpha) / fraction.clamp(f64::MIN_POSITIVE, 1.0).sqrt()).min(FARTHEST)
}

/// What may be spent of `alpha`, on each side, until `fraction` of the plan is in.
fn spent(fraction: f64, alpha: f64) -> f64 {
    2.0 * upper(quantile(0.25 * alpha) / fraction.sqrt())
}

/// The bounds on |z| at looks when these shares of the plan are in; what is not between 0 and 1, or closer than [`CLOSEST`] to the look
/// before, has the bound of the look before it, or, as the first, the farthest one. A share above 1 counts as 1.
///
/// ```
/// let bounds = lapwing_models::proof::peeking::bounds(&[0.2, 0.4, 0.6, 0.8, 1.0], 0.05);
/// let published = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310];
/// assert!(bounds.iter().zip(published).all(|(found, published)| (found - published).abs() < 5e-4), "{bounds:?}");
/// assert!((lapwing_models::proof::peeking::bounds(&[1.0], 0.05)[0] - 1.96).abs() < 1e-4); // one look at the end costs nothing
/// ```
#[must_use]
pub fn bounds(fractions: &[f64], alpha: f64) -> Vec<f64> {
    let mut walk = Walk::default();
    let mut last = FARTHEST;
    fractions
        .iter()
        .map(|fraction| {
            // What is no number stays none, and is no look.
            let fraction = if *fraction > 1.0 { 1.0 } else { *fraction };
            if fraction - walk.at >= CLOSEST {
                let may = (spent(fraction, alpha) - walk.crossed).max(0.0);
                last = walk.bound(fraction, may);
                walk.step(fraction, last);
            }
            last
        })
        .collect()
}

/// A Brownian motion from 0 on that has not yet crossed a bound: how likely it is to be where.
#[derive(Debug, Default)]
struct Walk {
    at: f64,
    /// Probability that it has crossed, on each side.
    crossed: f64,
    /// Places and the density there times the weight of the place; empty before the first look.
    mass: Vec<(f64, f64)>,
}

impl Walk {
    /// Probability to be above `level` at `fraction`, and not to have crossed before.
    fn above(&self, level: f64, fraction: f64) -> f64 {
        if self.mass.is_empty() {
            return upper(level / fraction.sqrt());
        }
        let step = (fraction - self.at).sqrt();
        self.mass.iter().map(|(place, mass)| mass * upper((level - place) / step)).sum()
    }

    /// The bound on |z| at `fraction` that is crossed for the first time with this probability, a side.
    fn bound(&self, fraction: f64, may: f64) -> f64 {
        let (mut low, mut high) = (0.0, FARTHEST);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.above(middle * fraction.sqrt(), fraction) > may { low = middle } else { high = middle }
        }
        high
    }

    /// Goes on to a look with this bound on |z|.
    fn step(&mut self, fraction: f64, bound: f64) {
        let level = bound * fraction.sqrt();
        self.crossed += self.above(level, fraction);
        let step = (fraction - self.at).sqrt();
        let density = |from: f64, to: f64| {
            let z = (to - from) / step;
            libm::exp(-0.5 * z * z) / (step * (2.0 * std::f64::consts::PI).sqrt())
        };
        // Simpson's rule wants an even number of intervals.
        let intervals = 2 * (0.5 * POINTS * 2.0 * level / step).ceil().max(8.0) as usize;
        let width = 2.0 * level / intervals as f64;
        let weight = |point: usize| match point {
            0 => 1.0,
            point if point == intervals => 1.0,
            point if point % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let mass = (0..=intervals).map(|point| {
            let place = -level + width * point as f64;
            let here = if self.mass.is_empty() {
                density(0.0, place)
            } else {
                self.mass.iter().map(|(from, mass)| mass * density(*from, place)).sum()
            };
            (place, here * weight(point) * width / 3.0)
        });
        self.mass = mass.collect();
        self.at = fraction;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both sides: how often a walk without drift crosses these bounds.
    fn crossed(fractions: &[f64], bounds: &[f64]) -> f64 {
        let mut walk = Walk::default();
        fractions.iter().zip(bounds).for_each(|(fraction, bound)| walk.step(*fraction, *bound));
        2.0 * walk.crossed
    }

    fn even(looks: u32) -> Vec<f64> {
        (1..=looks).map(|look| f64::from(look) / f64::from(looks)).collect()
    }

    /// Two-sided bounds at 0.05 of the programme of Reboussin et al. (2000), spending function 1, as the R package ldbounds prints them.
    #[test]
    fn bounds_are_the_published_ones() {
        let published: [(u32, &[f64]); 4] = [
            (2, &[2.9626, 1.9686]),
            (3, &[3.7103, 2.5114, 1.9930]),
            (4, &[4.3326, 2.9631, 2.3590, 2.0141]),
            (5, &[4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
        ];
        for (looks, published) in published {
            let found = bounds(&even(looks), 0.05);
            assert!(found.iter().zip(published).all(|(found, published)| (found - published).abs() < 2e-4), "{found:?} {published:?}");
        }
    }

    #[test]
    fn all_looks_together_are_wrong_as_seldom_as_one() {
        assert!(bounds(&even(30), 0.05).is_sorted_by(|one, next| one >= next));
        for fractions in [even(5), even(30), vec![0.1, 0.15, 0.5, 0.97, 1.0]] {
            let found = bounds(&fractions, 0.05);
            assert!((crossed(&fractions, &found) - 0.05).abs() < 1e-5, "{fractions:?}");
        }
    }

    #[test]
    fn the_bound_for_any_time_holds_however_often_somebody_looks() {
        let mut before = 0.0;
        for looks in [1, 5, 20, 100] {
            let fractions = even(looks);
            let all: Vec<f64> = fractions.iter().map(|fraction| any_time(*fraction, 0.05)).collect();
            let wrong = crossed(&fractions, &all);
            assert!(wrong > before && wrong <= 0.05, "{looks} looks: {wrong}");
            before = wrong;
        }
        assert!(before > 0.04, "and wastes little: {before}");
        // Who looks ten times and stops at the first 1.96 is wrong three to four times as often as they think.
        assert!(crossed(&even(10), &[1.96; 10]) > 0.17);
    }

    #[test]
    fn looks_that_are_none_change_no_bound() {
        let plain = bounds(&[0.5, 1.0], 0.05);
        let odd = bounds(&[-1.0, 0.0, 0.5, 0.500_1, 0.4, f64::NAN, 3.0], 0.05);
        assert_eq!(odd, [FARTHEST, FARTHEST, plain[0], plain[0], plain[0], plain[0], plain[1]]);
        assert!(bounds(&[], 0.05).is_empty());
        assert_eq!(bounds(&[0.01], 0.05), [FARTHEST]);
    }
}
