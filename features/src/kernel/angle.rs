//! Angles: the same bits on every machine, for they are made of sums, products and quotients alone, and without a branch, for where a
//! customer's hours point to cannot be guessed.

use std::f64::consts::{FRAC_PI_2, PI};
use std::hint::select_unpredictable;

/// Steps of the table between a tangent of 0 and one of 1.
const STEPS: usize = 16;
const STEP: f64 = 1.0 / STEPS as f64;
/// Adding it leaves the nearest whole number in the lowest bits of a float.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// The angle of which the tangent is step / 16, to the last bit or two; filled up to a power of two.
const TABLE: [f64; 2 * STEPS] = {
    let mut table = [0.0; 2 * STEPS];
    let mut step = 1;
    while step <= STEPS {
        let tangent = step as f64 * STEP;
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

/// The angle from the x axis to (x, y), above -pi to pi, to an error of 4e-16; 0 for (0, 0).
#[inline(always)]
pub(super) fn atan2(y: f64, x: f64) -> f64 {
    let (across, along) = (y.abs(), x.abs());
    let steep = across > along;
    let (low, high) = if steep { (along, across) } else { (across, along) };
    let tangent = low / if high > 0.0 { high } else { 1.0 };
    let rounded = tangent * STEPS as f64 + ROUND;
    let near = (rounded - ROUND) * STEP;
    // What is left is at most 1/32, so that the next term is below 1e-20.
    let rest = (tangent - near) / (1.0 + tangent * near);
    let square = rest * rest;
    let series = square * (-1.0 / 3.0 + square * (1.0 / 5.0 + square * (-1.0 / 7.0 + square * (1.0 / 9.0 + square * (-1.0 / 11.0)))));
    let angle = TABLE[rounded.to_bits() as usize % TABLE.len()] + (rest + rest * series);
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
