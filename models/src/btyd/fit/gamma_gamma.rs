//! The likelihood of Gamma-Gamma: equation 1a of Fader and Hardie (2013).

use super::newton::Point;
use super::sample::{Likelihood, Weighted};
use super::special::{ln_rising, polygamma};

/// In `ln p`, `ln(q - LEAST_Q)` and `ln gamma`.
pub(super) struct GammaGammaLikelihood;

/// At 1 the mean spend of all customers is infinite.
const LEAST_Q: f64 = 1.1;

/// Days that are worth much the same and days that are not, customers who are alike and customers who are not.
pub(super) const STARTS: [[f64; 3]; 6] =
    [[0.0, 0.0, 0.0], [1.8, 1.0, -0.8], [1.8, 0.0, -1.8], [4.0, 0.0, -4.0], [1.0, 3.0, 2.0], [4.0, 3.0, -1.0]];

/// `p`, `q` and `gamma`.
pub(super) fn parameters(unknowns: &[f64; 3]) -> [f64; 3] {
    let [p, above, gamma] = unknowns.map(libm::exp);
    [p, LEAST_Q + above, gamma]
}

impl Likelihood<2, 3> for GammaGammaLikelihood {
    fn usual(&self) -> [f64; 3] {
        [0.0; 3]
    }

    fn size(_: &[f64; 2]) -> f64 {
        1.0
    }

    fn log_likelihood(&self, unknowns: &[f64; 3], data: &Weighted<2>) -> Point<3> {
        let [p, q, gamma] = parameters(unknowns);
        let (own, own_slope) = polygamma(q);
        let own_value = libm::lgamma(q);
        let mut sum = Point::<3>::ZERO;
        // Sorted by x, so that what depends on x alone is computed once for each.
        for alike in data.chunk_by(|one, two| one.0[0] == two.0[0]) {
            let x = alike[0].0[0];
            let z = p * x;
            let (rise, (both, both_slope)) = (ln_rising(z, q), polygamma(z + q));
            for ([_, mean], weight) in alike {
                let spend = x * mean;
                let (whole, less, more) = (gamma + spend, libm::log1p(gamma / spend), libm::log1p(spend / gamma));
                let value = rise.value - own_value - q * more - z * less - libm::log(*mean);
                let first = z * (rise.first - less);
                let gradient = [first, both - own - more, (q * spend - z * gamma) / whole];
                let cross = [z * both_slope, -z * gamma / whole, spend / whole];
                let second = [first + z * z * rise.second, both_slope - own_slope, -gamma / whole * (spend / whole) * (z + q)];
                let hessian = [[second[0], cross[0], cross[1]], [cross[0], second[1], cross[2]], [cross[1], cross[2], second[2]]];
                sum.add(*weight, &Point { value, gradient, hessian });
            }
        }
        // From q to the logarithm of what it has above its least.
        let above = q - LEAST_Q;
        for i in [0, 2] {
            sum.hessian[i][1] *= above;
            sum.hessian[1][i] *= above;
        }
        sum.hessian[1][1] = above * above * sum.hessian[1][1] + above * sum.gradient[1];
        sum.gradient[1] *= above;
        sum
    }
}
