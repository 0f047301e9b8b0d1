//! Shares of customers: how many bought.

use statrs::function::factorial::ln_binomial;

use super::normal::upper;

/// Wilson's interval of a share: `hits` of `n`, `z` standard errors to either side. Of nothing seen it is 0 to 1.
///
/// ```
/// let (low, high) = lapwing_models::proof::wilson(2_262.0, 21_306.0, 1.959963984540054);
/// assert!((low - 0.102_101_653_8).abs() < 1e-9 && (high - 0.110_374_889_8).abs() < 1e-9); // statsmodels 0.15
/// assert_eq!(lapwing_models::proof::wilson(0.0, 0.0, 2.0), (0.0, 1.0));
/// ```
#[must_use]
pub fn wilson(hits: f64, n: f64, z: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let (share, z2) = (hits / n, z * z);
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At shares of 0 and 1 one end is the share itself, but for rounding.
    ((centre - half).clamp(0.0, share), (centre + half).clamp(share, 1.0))
}

/// Newcombe's interval of the difference of two independent shares, `hits` of `n` first minus second, from Wilson's intervals of both: it
/// holds what it says at shares near 0 too, where the usual one is too narrow.
///
/// Source: Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10.
///
/// ```
/// let (low, high) = lapwing_models::proof::newcombe((56.0, 70.0), (48.0, 80.0), 1.959963984540054);
/// assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5); // the paper's table II
/// ```
#[must_use]
pub fn newcombe(first: (f64, f64), second: (f64, f64), z: f64) -> (f64, f64) {
    let share = |(hits, n): (f64, f64)| if n > 0.0 { hits / n } else { 0.5 };
    let ((low, high), (other_low, other_high)) = (wilson(first.0, first.1, z), wilson(second.0, second.1, z));
    let (one, other) = (share(first), share(second));
    let difference = one - other;
    let down = (one - low).hypot(other_high - other);
    let up = (high - one).hypot(other - other_low);
    (difference - down, difference + up)
}

/// Hits or misses that a side must be expected to have for the z test to hold (Cochran 1954).
const LEAST_EXPECTED: f64 = 5.0;

/// Probability of a difference of two shares, `hits` of `n`, at least as large where there is none: the two-sided z test with one pooled
/// share. It is 1 where nobody, or everybody, is a hit.
///
/// Where so few are in that a side is expected to have fewer than five hits or misses, it is Fisher's exact test: of small hold-outs the
/// other finds an effect of nothing up to four times as often as it says.
///
/// ```
/// use lapwing_models::proof::two_rates;
/// let p = two_rates((56.0, 70.0), (48.0, 80.0));
/// assert!((p - 0.008_045_081_368).abs() < 1e-11); // statsmodels 0.15
/// let few = two_rates((4.0, 450.0), (3.0, 50.0));
/// assert!((few - 0.024_722_531_7).abs() < 1e-10); // scipy 1.17
/// ```
#[must_use]
pub fn two_rates(first: (f64, f64), second: (f64, f64)) -> f64 {
    let pooled = (first.0 + second.0) / (first.1 + second.1);
    if first.1.min(second.1) * pooled.min(1.0 - pooled) < LEAST_EXPECTED {
        return fisher(first, second);
    }
    let error = (pooled * (1.0 - pooled) * (1.0 / first.1 + 1.0 / second.1)).sqrt();
    if error > 0.0 { 2.0 * upper((first.0 / first.1 - second.0 / second.1).abs() / error) } else { 1.0 }
}

/// Fisher's exact test of two shares, two-sided: the probability of all tables with the same sums that are no likelier than this one.
fn fisher(first: (f64, f64), second: (f64, f64)) -> f64 {
    let [hits, n, other_hits, others] = [first.0, first.1, second.0, second.1].map(|count| count as u64);
    let all_hits = hits + other_hits;
    let log_likelihood = |hits: u64| ln_binomial(n, hits) + ln_binomial(others, all_hits - hits);
    let here = log_likelihood(hits);
    let tables = all_hits.saturating_sub(others)..=all_hits.min(n);
    let likelihoods = tables.map(|hits| log_likelihood(hits) - here);
    let (mut no_likelier, mut all) = (0.0, 0.0);
    for likelihood in likelihoods.map(libm::exp) {
        all += likelihood;
        // Of equals rounding makes one a little likelier.
        no_likelier += if likelihood <= 1.0 + 1e-7 { likelihood } else { 0.0 };
    }
    no_likelier / all
}
