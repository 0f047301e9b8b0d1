//! Angles: the same bits on every machine, for they are made of sums, products and quotients alone, and without a branch, for where a
//! customer's hours point to cannot be guessed.

use std::f64::consts::{FRAC_PI_2, PI};
use std::hint::select_unpredictable;

/// The angle of which the tangent is step / 4, to the last bit or two; filled up to a power of two.
const TABLE: [f64; 8] = {
    let mut table = [0.0; 8];
    let mut step = 1;
    while step <= 4 {
        let tangent = step as f64 / 4.0;
        let (part, mut sum, mut term) = (tangent * tangent / (1.0 + tangent * tangent), 1.0, 60);
        // Horner's form of Euler's series, of which each term is less than half of the one before.
        while term > 0 {
            sum = 1.0 + sum * part * (2 * term) as f64 / (2 * term + 1) as f64;
            term -= 1;
        }
        table[step] = sum * tangent / (1.0 + tangent * tangent);
        step += 1;
    }
    table
};

/// The angle from the x axis to (x, y), above -pi to pi, to an error of 4e-16, above 1 of its size; 0 for (0, 0).
///
/// Each step waits for the one before it, so that there are few: a single division, and the series in pairs of terms.
#[inline(always)]
pub(super) fn atan2(y: f64, x: f64) -> f64 {
    let (across, along) = (y.abs(), x.abs());
    let steep = across > along;
    let (low, high) = if steep { (along, across) } else { (across, along) };
    // The quarter that is next to the tangent, which is low / high.
    let step: usize = [0.125, 0.375, 0.625, 0.875].into_iter().map(|edge| usize::from(low > edge * high)).sum();
    let near = [0.0, 0.25, 0.5, 0.75, 1.0, 0.0, 0.0, 0.0][step];
    let whole = high + near * low;
    let rest = (low - near * high) / if whole > 0.0 { whole } else { 1.0 };
    // What is left is at most 1/8, so that the next term is below 3e-17.
    let square = rest * rest;
    let fourth = square * square;
    let (first, second) = (-1.0 / 3.0 + square * (1.0 / 5.0), -1.0 / 7.0 + square * (1.0 / 9.0));
    let third = -1.0 / 11.0 + square * (1.0 / 13.0) - fourth * (1.0 / 15.0);
    let series = (first + fourth * second) + fourth * fourth * third;
    let angle = TABLE[step] + (rest + rest * square * series);
    let angle = select_unpredictable(steep, FRAC_PI_2 - angle, angle);
    select_unpredictable(x < 0.0, PI - angle, angle).copysign(y)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::atan2;

    proptest! {
        #[test]
        fn angles_are_those_of_libm(y in -40.0..40.0, x in -40.0..40.0) {
            let truth = libm::atan2(y, x);
            prop_assert!((atan2(y, x) - truth).abs() <= 4e-16 * truth.abs().max(1.0), "{} for {truth}", atan2(y, x));
        }
    }

    #[test]
    fn angles_along_the_axes_and_between_them_are_exact() {
        for (y, x) in [(0.0, 1.0), (1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 0.0), (3.0, 3.0), (-3.0, 3.0), (1.0, 1e-17), (1e-17, 1.0)] {
            assert_eq!(atan2(y, x), libm::atan2(y, x), "{y} {x}");
        }
    }
}
