//! Likelihoods against brute force, and their derivatives against differences.

use super::bg_nbd::BgNbdLikelihood;
use super::gamma_gamma::GammaGammaLikelihood;
use super::pareto_nbd::ParetoNbdLikelihood;
use super::sample::{Likelihood, Weighted};
use crate::btyd::tests::golden::{BG_FEW, BG_MANY, PARETO_FEW, PARETO_MANY, Row, bg_few, bg_many, pareto_few, pareto_many};

const BG: BgNbdLikelihood = BgNbdLikelihood { pace: 1.0 };
const PARETO: ParetoNbdLikelihood = ParetoNbdLikelihood { pace: 1.0 };

fn assert_near(found: f64, expected: f64, by: f64) {
    assert!((found - expected).abs() < by * (1.0 + expected.abs()), "{found} is not {expected}");
}

fn assert_table(likelihood: &impl Likelihood<3, 4>, parameters: [f64; 4], rows: &[Row]) {
    for ([x, span, age, ..], [expected, ..]) in rows {
        let found = likelihood.log_likelihood(&parameters.map(f64::ln), &vec![([*x, *span, *age], 1.0)]);
        assert_near(found.value, *expected, 1e-11);
    }
}

#[test]
fn likelihoods_are_what_brute_force_gives() {
    for (model, rows) in [(bg_few(), BG_FEW), (bg_many(), BG_MANY)] {
        assert_table(&BG, [model.r, model.alpha, model.a, model.b], &rows);
    }
    for (model, rows) in [(pareto_few(), PARETO_FEW), (pareto_many(), PARETO_MANY)] {
        assert_table(&PARETO, [model.r, model.alpha, model.s, model.beta], &rows);
    }
}

/// Fader and Hardie's equation 1a, written down as it stands there.
#[test]
fn the_spend_likelihood_is_the_published_one() {
    let (p, q, gamma) = (6.25_f64, 3.74_f64, 0.7_f64);
    for (x, mean) in [(1.0, 0.5), (4.0, 1.2), (2.0, 30.0)] {
        let ln_gamma = |z: f64| libm::lgamma(z);
        let expected =
            ln_gamma(p * x + q) - ln_gamma(p * x) - ln_gamma(q) + q * gamma.ln() + (p * x - 1.0) * f64::ln(mean) + p * x * f64::ln(x)
                - (p * x + q) * (gamma + mean * x).ln();
        let found = GammaGammaLikelihood.log_likelihood(&[p.ln(), (q - 1.1).ln(), gamma.ln()], &vec![([x, mean], 1.0)]);
        assert_near(found.value, expected, 1e-12);
    }
}

fn assert_derivatives<const K: usize, const N: usize>(likelihood: &impl Likelihood<K, N>, place: [f64; N], data: &Weighted<K>) {
    let step = 1e-5;
    let at = likelihood.log_likelihood(&place, data);
    for i in 0..N {
        let moved = |by: f64| {
            let mut place = place;
            place[i] += by;
            likelihood.log_likelihood(&place, data)
        };
        let (less, more) = (moved(-step), moved(step));
        assert_near(at.gradient[i], (more.value - less.value) / (2.0 * step), 1e-7);
        for j in 0..N {
            assert_near(at.hessian[i][j], (more.gradient[j] - less.gradient[j]) / (2.0 * step), 1e-7);
        }
    }
}

#[test]
fn derivatives_are_the_slopes_of_the_likelihood() {
    let data =
        vec![([0.0, 0.0, 1.3], 4.0), ([0.0, 0.0, 0.0], 1.0), ([1.0, 0.2, 0.9], 2.0), ([3.0, 1.1, 1.1], 1.0), ([40.0, 0.7, 1.2], 0.5)];
    for place in [[-0.5, -1.0, -0.2, 0.9], [2.0, 1.5, 1.0, -2.0], [-2.0, 0.3, -3.0, 4.0]] {
        assert_derivatives(&BG, place, &data);
        assert_derivatives(&PARETO, place, &data);
    }
    let spend = vec![([1.0, 0.4], 2.0), ([1.0, 3.0], 1.0), ([7.0, 1.1], 0.5)];
    for place in [[1.8, 1.0, -0.8], [-1.0, -2.0, 0.5]] {
        assert_derivatives(&GammaGammaLikelihood, place, &spend);
    }
}
