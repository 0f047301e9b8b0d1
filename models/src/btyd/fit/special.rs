//! Ratios of gamma functions and their derivatives, without cancellation between large numbers.

/// A function of one number, with its first two derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Jet {
    pub(super) value: f64,
    pub(super) first: f64,
    pub(super) second: f64,
}

/// From here on Stirling's series is exact to rounding.
const LARGE: f64 = 16.0;

/// `ln(gamma(z + x) / gamma(z))` for `z > 0` and `x >= 0`, with its derivatives by `z`.
///
/// The recurrence of the gamma function brings `z` to where Stirling's series holds; the large terms of the two series are
/// joined by hand, so that a small difference between large numbers never arises.
pub(super) fn ln_rising(z: f64, x: f64) -> Jet {
    let (mut value, mut first, mut second) = (0.0, 0.0, 0.0);
    let mut low = z;
    while low < LARGE {
        let high = low + x;
        value -= libm::log1p(x / low);
        first += x / (low * high);
        second -= x / low / high * ((low + high) / low / high);
        low += 1.0;
    }
    let high = low + x;
    let (ratio, below, above) = (libm::log1p(x / low), series(low), series(high));
    value += (low - 0.5) * ratio + x * libm::log(high) - x + (above.value - below.value);
    first += ratio + 0.5 * x / (low * high) + (above.first - below.first);
    second += -x / (low * high) - 0.5 * x / low / high * ((low + high) / low / high) + (above.second - below.second);
    Jet { value, first, second }
}

/// The first and second derivative of `ln gamma(z)` for `z > 0`, called digamma and trigamma.
pub(super) fn polygamma(z: f64) -> (f64, f64) {
    let (mut first, mut second) = (0.0, 0.0);
    let mut z = z;
    while z < LARGE {
        first -= 1.0 / z;
        second += 1.0 / (z * z);
        z += 1.0;
    }
    let tail = series(z);
    (first + libm::log(z) - 0.5 / z + tail.first, second + 1.0 / z + 0.5 / (z * z) + tail.second)
}

/// What Stirling's formula leaves of `ln gamma(z)`: `1/(12 z) - 1/(360 z^3) + ..`
fn series(z: f64) -> Jet {
    const TERMS: [f64; 6] = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    let inverse = 1.0 / z;
    let (mut value, mut first, mut second) = (0.0, 0.0, 0.0);
    let (mut power, mut degree) = (inverse, 1.0);
    for term in TERMS {
        value += term * power;
        first -= term * degree * power * inverse;
        second += term * degree * (degree + 1.0) * power * inverse * inverse;
        (power, degree) = (power * inverse * inverse, degree + 2.0);
    }
    Jet { value, first, second }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RISING: [(f64, f64, f64, f64, f64); 8] = [
        (2.43e-1, 3.0, -3.893_517_675_749_433e-1, 5.365_563_042_434_735, -1.778_108_217_710_236e1),
        (2.5, 7.5e-1, 6.511_190_606_358_062e-1, 3.138_342_704_229_358e-1, -1.305_594_657_906_55e-1),
        (1.59e1, 4.0e1, 1.403_004_027_203_621e2, 1.280_050_098_722_223, -4.686_223_013_230_71e-2),
        (1.0e-6, 2.0, -1.381_550_955_796_477e1, 1.000_000_999_999e6, -1.000_000_000_001e12),
        (3.0e7, 5.0, 8.608_354_003_146_546e1, 1.666_666_555_555_567e-7, -5.555_554_814_814_926e-15),
        (4.0e1, 1.0e6, 1.281_595_055_858_966e7, 1.013_922_268_314_937e1, -2.531_410_388_078_947e-2),
        (1.0e9, 5.0e-1, 1.036_163_291_834_82e1, 5.000_000_001_25e-10, -5.000_000_002_5e-19),
        (1.0e-2, 1.0, -4.605_170_185_988_091, 1.0e2, -1.0e4),
    ];
    const POLYGAMMA: [(f64, f64, f64); 4] = [
        (1.0e-2, -1.005_608_854_578_687e2, 1.000_162_121_352_831e4),
        (1.1, -4.237_549_404_110_766e-1, 1.433_299_150_792_759),
        (3.74, 1.179_479_353_462_892, 3.062_681_096_895_634e-1),
        (2.5e2, 5.519_459_584_531_046, 4.008_010_666_632_534e-3),
    ];

    fn assert_near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-13, "{found:e} is not {expected:e}");
    }

    /// mpmath 1.4 with 40 digits.
    #[test]
    fn ratios_of_gamma_functions_agree_with_mpmath() {
        for (z, x, value, first, second) in RISING {
            let found = ln_rising(z, x);
            assert_near(found.value, value);
            assert_near(found.first, first);
            assert_near(found.second, second);
        }
    }

    #[test]
    fn polygammas_agree_with_mpmath() {
        for (z, first, second) in POLYGAMMA {
            assert_near(polygamma(z).0, first);
            assert_near(polygamma(z).1, second);
        }
    }
}
