//! Data as the fits read it: alike customers counted once, and places to start from.

use super::FitError;
use super::newton::{Found, Point, minimise};
use crate::report::{Certificate, NotConverged};

/// Distinct observations, in ascending order, each with its weight.
pub(super) type Weighted<const K: usize> = Vec<([f64; K], f64)>;

/// Joins what is alike; observations without weight are left out.
///
/// # Errors
/// [`FitError::Weight`] when a weight is below 0 or not finite.
pub(super) fn compress<const K: usize>(observations: impl Iterator<Item = ([f64; K], f64)>) -> Result<Weighted<K>, FitError> {
    let mut sorted = Vec::new();
    for (observation, weight) in observations {
        if !(weight >= 0.0 && weight.is_finite()) {
            return Err(FitError::Weight(weight));
        }
        if weight > 0.0 {
            sorted.push((observation, weight));
        }
    }
    let order = |one: &([f64; K], f64), two: &([f64; K], f64)| {
        one.0.iter().zip(&two.0).map(|(one, two)| one.total_cmp(two)).find(|order| order.is_ne()).unwrap_or(one.1.total_cmp(&two.1))
    };
    sorted.sort_unstable_by(order);
    sorted.dedup_by(|later, kept| {
        let alike = later.0 == kept.0;
        kept.1 += if alike { later.1 } else { 0.0 };
        alike
    });
    Ok(sorted)
}

/// Weighted sum of `f`.
pub(super) fn total<const K: usize>(data: &Weighted<K>, f: impl Fn(&[f64; K]) -> f64) -> f64 {
    data.iter().map(|(observation, weight)| weight * f(observation)).sum()
}

/// A likelihood in unknowns that may be any number; they are logarithms.
pub(super) trait Likelihood<const K: usize, const N: usize> {
    /// Where the unknowns lie when the data leave them open.
    fn usual(&self) -> [f64; N];

    /// What an observation counts in a mean: as much as its log likelihood may change by.
    fn size(observation: &[f64; K]) -> f64;

    /// Log likelihood of all of `data`.
    fn log_likelihood(&self, unknowns: &[f64; N], data: &Weighted<K>) -> Point<N>;
}

/// Observations of the sample on which starts are tried.
const FEW: usize = 1500;

/// Starts that are followed to their optimum.
const FOLLOWED: usize = 3;

/// The standard deviation of the prior of every unknown: 20 powers of e up and down from where it usually lies. It weighs
/// nothing where the data say anything, and keeps an unknown finite about which they say nothing.
const PRIOR_DEVIATION: f64 = 20.0;

/// So far from where it usually lies an unknown may go freely; a wall as strong as the data keeps it from going much further
/// where the likelihood has no bound, as when all amounts are equal.
const FREE: f64 = 15.0;

/// Gradient norm of the objective up to which a place counts as its maximum.
const BOUND: f64 = 1e-8;

/// Iterations of each search; a dozen are usual.
const ITERATIONS: u64 = 500;

/// Finds the unknowns of greatest likelihood: the best starts are followed on a sample, the best of their ends on all data.
///
/// # Errors
/// [`FitError::NotConverged`] when the gradient there is not 0.
pub(super) fn maximise<const K: usize, const N: usize>(
    likelihood: &impl Likelihood<K, N>,
    data: &Weighted<K>,
    starts: &[[f64; N]],
) -> Result<([f64; N], f64, Certificate), FitError> {
    let stride = data.len().div_ceil(FEW).max(1);
    let sample: Weighted<K> = data.iter().skip(stride / 2).step_by(stride).copied().collect();
    let mut ranked: Vec<([f64; N], f64)> = starts.iter().map(|start| (*start, objective(likelihood, &sample, start).value)).collect();
    ranked.sort_by(|one, two| one.1.total_cmp(&two.1));
    let ends = ranked.iter().take(FOLLOWED).map(|(start, _)| minimise(|place| objective(likelihood, &sample, place), *start, ITERATIONS));
    let Some(best) = ends.min_by(|one, two| one.at.value.total_cmp(&two.at.value)) else { return Err(FitError::NoCustomers) };
    let mut found = minimise(|place| objective(likelihood, data, place), best.place, ITERATIONS);
    found.iterations += best.iterations;
    let certificate = certify(&found)?;
    Ok((found.place, likelihood.log_likelihood(&found.place, data).value, certificate))
}

/// Minus the log likelihood and the log prior, over the size of the data.
fn objective<const K: usize, const N: usize>(likelihood: &impl Likelihood<K, N>, data: &Weighted<K>, place: &[f64; N]) -> Point<N> {
    let size = size(likelihood, data);
    let mut at = Point::ZERO;
    at.add(-1.0 / size, &likelihood.log_likelihood(place, data));
    let precision = 1.0 / (PRIOR_DEVIATION * PRIOR_DEVIATION * size);
    for (i, (unknown, usual)) in place.iter().zip(likelihood.usual()).enumerate() {
        let far = unknown - usual;
        let beyond = (far.abs() - FREE).max(0.0);
        at.value += 0.5 * precision * far * far + beyond * beyond * beyond / 3.0;
        at.gradient[i] += precision * far + beyond * beyond * far.signum();
        at.hessian[i][i] += precision + 2.0 * beyond;
    }
    at
}

fn size<const K: usize, const N: usize, L: Likelihood<K, N>>(_: &L, data: &Weighted<K>) -> f64 {
    total(data, L::size)
}

/// The proof that a search has ended at an optimum.
fn certify<const N: usize>(found: &Found<N>) -> Result<Certificate, NotConverged> {
    let (gradient_norm, iterations) = (found.at.gradient_norm(), found.iterations);
    if gradient_norm <= BOUND {
        Ok(Certificate { gradient_norm, objective: found.at.value, iterations })
    } else {
        Err(NotConverged { gradient_norm, bound: BOUND, iterations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_observations_are_joined_whatever_their_order() {
        let rows = [([2.0], 1.0), ([1.0], 2.0), ([2.0], 0.5), ([3.0], 0.0)];
        let expected = vec![([1.0], 2.0), ([2.0], 1.5)];
        assert_eq!(compress(rows.into_iter()), Ok(expected.clone()));
        assert_eq!(compress(rows.into_iter().rev()), Ok(expected));
        assert_eq!(compress([([1.0], -1.0)].into_iter()), Err(FitError::Weight(-1.0)));
    }

    #[test]
    fn a_search_that_did_not_arrive_is_an_error() {
        let at = Point { value: 1.0, gradient: [0.5], hessian: [[1.0]] };
        let error = certify(&Found { place: [0.0], at, iterations: 7 }).unwrap_err();
        assert_eq!(error, NotConverged { gradient_norm: 0.5, bound: BOUND, iterations: 7 });
        assert!(certify(&Found { place: [0.0], at: Point { value: f64::NAN, ..at }, iterations: 7 }).is_err());
        let at = |slope: f64| Found { place: [0.0], at: Point { gradient: [slope], ..at }, iterations: 7 };
        assert!(certify(&at(BOUND)).is_ok() && certify(&at(1.01 * BOUND)).is_err());
    }
}
