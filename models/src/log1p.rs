//! `ln(1 + x)` of several numbers side by side.

/// Numbers that are taken at once: as many as the widest vectors hold.
pub(crate) const LANES: usize = 8;

/// `ln(1 + x)` of each `x`, which is not below 0: to the bit what `libm::log1p` gives, without a branch, so that a compiler makes vectors
/// of it. NaN of NaN.
///
/// Source: the algorithm and its constants are those of FreeBSD's `s_log1p.c`, as `libm` has them.
#[inline(always)]
pub(crate) fn log1p(x: [f64; LANES]) -> [f64; LANES] {
    /// From here on 1 + x is parted into a power of two and a rest near 1; below it x is that rest.
    const PARTED: f64 = f64::from_bits(0x3fda_827a << 32);
    /// The upper half of 1.0, and of the square root of a half.
    const ONE: u64 = 0x3ff0_0000 << 32;
    const ROOT: u64 = 0x3fe6_a09e << 32;
    /// 2^52, and its bits, to which a small whole number may be added.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    const BIAS: f64 = 1023.0;
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const C: [f64; 7] = [
        0.666_666_666_666_673_5,
        0.399_999_999_994_094_2,
        0.285_714_287_436_623_9,
        0.222_221_984_321_497_84,
        0.181_835_721_616_180_5,
        0.153_138_376_992_093_73,
        0.147_981_986_051_165_86,
    ];
    let mut logs = [0.0; LANES];
    for (log, x) in logs.iter_mut().zip(x) {
        let sum = 1.0 + x;
        let shifted = sum.to_bits().wrapping_add(ONE - ROOT);
        let power = f64::from_bits((shifted >> 52) | WHOLE.to_bits()) - (WHOLE + BIAS);
        // What was lost when 1 was added, over the sum; of very large sums nothing.
        let lost = if power >= 2.0 { 1.0 - (sum - x) } else { x - (sum - 1.0) };
        let lost = if power < 54.0 { lost / sum } else { 0.0 };
        let rest = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT)) - 1.0;
        let is_parted = x >= PARTED;
        let (power, lost) = if is_parted { (power, lost) } else { (0.0, 0.0) };
        let f = if is_parted { rest } else { x };

        let half_square = 0.5 * f * f;
        let s = f / (2.0 + f);
        let z = s * s;
        let w = z * z;
        let even = w * (C[1] + w * (C[3] + w * C[5]));
        let odd = z * (C[0] + w * (C[2] + w * (C[4] + w * C[6])));
        let found = s * (half_square + (odd + even)) + (power * LN2_LOW + lost) - half_square + f + power * LN2_HIGH;
        *log = if x < f64::INFINITY { found } else { x };
    }
    logs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_as_libm_has_it(x: f64) -> bool {
        let expected = libm::log1p(x);
        log1p([x; LANES]).iter().all(|found| found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn it_is_to_the_bit_what_libm_gives(
            x in prop_oneof![0.0..1.0, 0.0..1e3, 0.0..1e18, (0_u32..100_000).prop_map(f64::from), any::<u64>().prop_map(|bits| f64::from_bits(bits >> 1))],
        ) {
            prop_assert!(is_as_libm_has_it(x), "{x}: {:?}, not {}", log1p([x; LANES]), libm::log1p(x));
        }
    }

    #[test]
    fn the_edges_are_as_libm_has_them() {
        let edges = [0.0, f64::MIN_POSITIVE, 5e-324, 1e-16, 0.414_213_562_373_094_9, 1.0, 1e90, f64::MAX, f64::INFINITY, f64::NAN];
        for edge in edges {
            let [below, above] = [edge.next_down().max(0.0), edge.next_up()];
            assert!([below, edge, above].into_iter().all(is_as_libm_has_it), "{edge}");
        }
        for power in -60..1_023 {
            for x in [2.0_f64.powi(power), 2.0_f64.powi(power) - 1.0, 2.0_f64.powi(power) * std::f64::consts::SQRT_2 - 1.0] {
                let near = [x.next_down().next_down(), x.next_down(), x, x.next_up()].map(|x| x.max(0.0));
                assert!(near.into_iter().all(is_as_libm_has_it), "{power}");
            }
        }
    }
}
