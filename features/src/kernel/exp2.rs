//! Powers of two: the same bits on every machine, for it is made of sums and products alone.

/// Steps of the table between one power of two and the next.
const STEPS: usize = 256;
const STEP_LOG: f64 = std::f64::consts::LN_2 / STEPS as f64;
/// Adding it leaves the nearest whole number in the lowest bits of a float.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// What is smaller than 2 to this power weighs nothing.
const LEAST: f64 = -1_000.0;

/// 2^(step / 256), to the last bit or two.
const TABLE: [f64; STEPS] = {
    let mut table = [1.0; STEPS];
    let mut step = 1;
    while step < STEPS {
        let (x, mut sum, mut term) = (step as f64 * STEP_LOG, 1.0, 30);
        // Horner's form of the exponential series; its 30th term is below 1e-37.
        while term > 0 {
            sum = 1.0 + sum * x / term as f64;
            term -= 1;
        }
        table[step] = sum;
        step += 1;
    }
    table
};

/// 2^x for x from -1000 to 1000, to a relative error of 1e-15.
#[inline(always)]
pub(super) fn exp2_within(x: f64) -> f64 {
    let steps = x * STEPS as f64;
    let rounded = steps + ROUND;
    let whole = rounded.to_bits();
    let rest = (steps - (rounded - ROUND)) * STEP_LOG;
    // rest is at most 0.0014, so that the next term is below 4e-17.
    let series = rest + rest * rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0)));
    let step = TABLE[whole as usize % STEPS];
    // Times a power of two, which is added to the exponent.
    f64::from_bits((step + step * series).to_bits().wrapping_add(whole >> 8 << 52))
}

/// 2^x for x up to 1000; 0 for x below -1000.
#[inline(always)]
pub(super) fn exp2(x: f64) -> f64 {
    if x >= LEAST { exp2_within(x) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::exp2;

    #[test]
    fn powers_of_two_are_those_of_libm() {
        for step in -99_900..99_900 {
            let x = f64::from(step) * 0.010_007;
            let (found, true_value) = (exp2(x), libm::exp2(x));
            assert!((found - true_value).abs() <= 1e-15 * true_value, "2^{x} is {true_value}, not {found}");
        }
        assert_eq!([0.0, 1.0, -1.0, 16.0, -900.0].map(exp2), [1.0, 2.0, 0.5, 65_536.0, libm::exp2(-900.0)]);
        assert_eq!([-1_001.0, -1e300, f64::NEG_INFINITY].map(exp2), [0.0; 3]);
    }
}
