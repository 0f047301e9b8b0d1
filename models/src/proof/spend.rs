//! Means of money.

use super::arm::Moments;
use super::normal::{student_quantile, student_upper};

/// The difference of two means whose spreads need not be the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// First minus second.
    pub difference: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability of a difference at least as large where there is none.
    pub p_value: f64,
}

/// The difference of two means with its interval, outside of which it lies with probability `alpha`, by Welch's t.
///
/// `None` with fewer than two values on a side, or where all values of each side are the same and the sides differ: then nothing tells
/// how far they might.
///
/// Source: Welch (1947), "The generalization of Student's problem when several different population variances are involved".
///
/// ```
/// use lapwing_models::proof::{Arm, Observation, welch};
/// let arm = |spend: &[f64]| spend.iter().map(|spend| Observation { spend: Some(*spend), ..Observation::default() }).collect::<Arm>();
/// let (one, two) = (arm(&[1.0, 2.0, 4.0]), arm(&[2.0, 6.0, 7.0, 9.0]));
/// let found = welch(one.spend().unwrap(), two.spend().unwrap(), 0.05).unwrap();
/// assert!((found.difference + 3.666_666_666_7).abs() < 1e-9 && found.low < found.difference && found.high > found.difference);
/// ```
#[must_use]
pub fn welch(first: Moments, second: Moments, alpha: f64) -> Option<Welch> {
    let (one, other) = (first.variance()? / first.count(), second.variance()? / second.count());
    let (difference, variance) = (first.mean() - second.mean(), one + other);
    if variance <= 0.0 {
        return (difference == 0.0).then_some(Welch { difference, low: 0.0, high: 0.0, p_value: 1.0 });
    }
    let freedom = variance * variance / (one * one / (first.count() - 1.0) + other * other / (second.count() - 1.0));
    let error = variance.sqrt();
    let half = student_quantile(0.5 * alpha, freedom) * error;
    let p_value = 2.0 * student_upper((difference / error).abs(), freedom);
    Some(Welch { difference, low: difference - half, high: difference + half, p_value })
}
