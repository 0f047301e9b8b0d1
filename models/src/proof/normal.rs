//! Tails of the normal and of Student's distribution.

use statrs::function::beta::beta_reg;
use statrs::function::erf::{erfc, erfc_inv};

/// Beyond this no bound is told: a normal variable is there once in 10^15.
pub(super) const FARTHEST: f64 = 8.0;

/// Probability that a standard normal variable is above `z`.
pub(super) fn upper(z: f64) -> f64 {
    0.5 * erfc(z / std::f64::consts::SQRT_2)
}

/// Where a standard normal variable is above with probability `tail`, 0 to 1; at most [`FARTHEST`] from 0.
pub(super) fn quantile(tail: f64) -> f64 {
    (std::f64::consts::SQRT_2 * erfc_inv(2.0 * tail)).clamp(-FARTHEST, FARTHEST)
}

/// Probability that a variable of Student's distribution is above `t`, which is not negative.
pub(super) fn student_upper(t: f64, freedom: f64) -> f64 {
    let outside = freedom / (freedom + t * t);
    // Near 1 the first would lose the digits that the second keeps.
    if outside < 0.5 {
        0.5 * beta_reg(0.5 * freedom, 0.5, outside)
    } else {
        0.5 * (1.0 - beta_reg(0.5, 0.5 * freedom, t * t / (freedom + t * t)))
    }
}

/// Where a variable of Student's distribution is above with probability `tail`, above 0 and at most 0.5.
pub(super) fn student_quantile(tail: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while student_upper(high, freedom) > tail && high < 1e300 {
        (low, high) = (high, 2.0 * high);
    }
    // Halves until no number lies between.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if student_upper(middle, freedom) > tail { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}
