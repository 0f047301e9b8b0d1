//! How far the coefficients could be off: the sandwich of curvature and scatter, clustered by customer.

use std::collections::BTreeMap;

use ndarray::Array2;

use super::solver::{Cholesky, Solution, SolveError};
use crate::sigmoid;

/// Covariance of the intercept, then the coefficients: `H^-1 B H^-1`, the lower triangle row after row.
///
/// `H` is the curvature of the summed penalised loss at the optimum. `B` is the sum over
/// customers of the outer product of their summed scores, times `m / (m - 1)` for `m` customers, so that the many slices of
/// one customer count as the one person they are.
///
/// Source: White (1982), "Maximum likelihood estimation of misspecified models"; Liang and Zeger (1986) for the clusters.
///
/// # Errors
/// [`SolveError::Singular`] when `H` is not positive definite.
pub(super) fn clustered(design: &Array2<f64>, labels: &[bool], customers: &[u32], solution: &Solution) -> Result<Vec<f64>, SolveError> {
    let width = design.ncols() + 1;
    let probabilities = solution.weights.log_odds(design).mapv(sigmoid);
    let mut numbers = BTreeMap::new();
    for customer in customers {
        let next = numbers.len();
        numbers.entry(*customer).or_insert(next);
    }
    let mut scores = Array2::<f64>::zeros((numbers.len(), width));
    for (place, row) in design.rows().into_iter().enumerate() {
        let probability = probabilities[place];
        let error = probability - f64::from(u8::from(labels[place]));
        let mut score = scores.row_mut(numbers[&customers[place]]);
        score[0] += error;
        for (column, value) in row.iter().enumerate() {
            score[column + 1] += error * value;
        }
    }
    let m = numbers.len() as f64;
    let scatter = scores.t().dot(&scores) * (m / (m - 1.0).max(1.0));
    let factor = Cholesky::of(&(&solution.hessian * solution.total_weight), 0.0).ok_or(SolveError::Singular)?;
    let half = factor.solve_each(scatter);
    let whole = factor.solve_each(half.reversed_axes());
    let triangle: Vec<f64> = (0..width).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|place| whole[place]).collect();
    if triangle.iter().all(|value| value.is_finite()) { Ok(triangle) } else { Err(SolveError::Singular) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::solver::tests::fixture;
    use crate::fit::solver::{Params, Weights};
    use crate::report::Certificate;
    use linfa::ParamGuard;
    use ndarray::Array1;

    /// `inv(H) @ B @ inv(H)` by numpy at scikit-learn's optimum, 8 customers with 3 rows each.
    #[test]
    fn covariance_agrees_with_numpy() {
        let (design, labels, customers) = fixture();
        let solution = Params::new(0.05).bound(1e-8).check().unwrap().solve(&design, &labels, None).unwrap();
        let found = clustered(&design, &labels, &customers, &solution).unwrap();
        let expected = [
            0.045_187_892_879_762_055,
            0.048_506_271_888_560_8,
            0.174_814_396_949_840_63,
            -0.001_161_993_046_550_990_3,
            -0.036_029_605_622_076_716,
            0.046_463_776_008_656_44,
        ];
        assert!(found.iter().zip(expected).all(|(one, two)| (one - two).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn a_fit_that_is_sure_of_everything_is_refused() {
        let weights = Weights { intercept: 1e4, coefficients: Array1::zeros(1) };
        let certificate = Certificate { gradient_norm: 0.0, objective: 0.0, iterations: 1 };
        let solution = Solution { weights, certificate, hessian: Array2::zeros((2, 2)), total_weight: 2.0 };
        assert_eq!(clustered(&Array2::zeros((2, 1)), &[true, true], &[0, 1], &solution), Err(SolveError::Singular));
    }
}
