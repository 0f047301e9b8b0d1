//! How far the coefficients could be off: the sandwich of curvature and scatter, clustered by customer.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2};

use super::solve::{SolveError, Weights};
use crate::sigmoid;

/// Covariance of the intercept, then the coefficients: `H^-1 (B + P) H^-1`, the lower triangle row after row.
///
/// `P = n diag(0, penalties)` for `n` rows is the penalty and `H = X'WX + P` the curvature of the penalised loss. `B` is the sum over
/// customers of the outer product of their summed scores, times `m / (m - 1)` for `m` customers, so that the many slices of
/// one customer count as the one person they are. `B` alone would tell how far a shrunk coefficient scatters, but not how far
/// it is shrunk; `P` adds the square of that which the penalty, read as a prior, expects.
///
/// Source: White (1982), "Maximum likelihood estimation of misspecified models"; Liang and Zeger (1986) for the clusters;
/// Nychka (1988), "Bayesian confidence intervals for smoothing splines" for the penalty.
///
/// # Errors
/// [`SolveError::Singular`] when `H` is not positive definite.
pub(super) fn clustered(
    design: &Array2<f64>,
    labels: &[bool],
    customers: &[u32],
    weights: &Weights,
    penalties: &[f64],
) -> Result<Vec<f64>, SolveError> {
    let width = design.ncols() + 1;
    let probabilities = weights.log_odds(design).mapv(sigmoid);
    let mut numbers = BTreeMap::new();
    for customer in customers {
        let next = numbers.len();
        numbers.entry(*customer).or_insert(next);
    }
    let mut curved = Array2::zeros((labels.len(), width));
    let mut scores = Array2::<f64>::zeros((numbers.len(), width));
    for (place, row) in design.rows().into_iter().enumerate() {
        let probability = probabilities[place];
        let weight = (probability * (1.0 - probability)).sqrt();
        let error = probability - f64::from(u8::from(labels[place]));
        let mut score = scores.row_mut(numbers[&customers[place]]);
        let mut curve = curved.row_mut(place);
        (curve[0], score[0]) = (weight, score[0] + error);
        for (column, value) in row.iter().enumerate() {
            curve[column + 1] = weight * value;
            score[column + 1] += error * value;
        }
    }
    let mut curvature = curved.t().dot(&curved);
    let m = numbers.len() as f64;
    let mut scatter = scores.t().dot(&scores) * (m / (m - 1.0).max(1.0));
    for (column, lambda) in penalties.iter().enumerate() {
        let penalty = lambda * labels.len() as f64;
        curvature[[column + 1, column + 1]] += penalty;
        scatter[[column + 1, column + 1]] += penalty;
    }
    let factor = Cholesky::of(curvature).ok_or(SolveError::Singular)?;
    let half = factor.solve(scatter);
    let whole = factor.solve(half.reversed_axes().as_standard_layout().into_owned());
    let triangle: Vec<f64> = (0..width).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|place| whole[place]).collect();
    if triangle.iter().all(|value| value.is_finite()) { Ok(triangle) } else { Err(SolveError::Singular) }
}

/// The lower factor `L` of a positive definite matrix `L L'`.
struct Cholesky(Array2<f64>);

impl Cholesky {
    /// `None` when `matrix` is not positive definite.
    fn of(mut matrix: Array2<f64>) -> Option<Self> {
        for i in 0..matrix.nrows() {
            for j in 0..=i {
                let done: f64 = (0..j).map(|k| matrix[[i, k]] * matrix[[j, k]]).sum();
                let rest = matrix[[i, j]] - done;
                if i == j {
                    if rest.is_nan() || rest <= 0.0 {
                        return None;
                    }
                    matrix[[i, i]] = rest.sqrt();
                } else {
                    matrix[[i, j]] = rest / matrix[[j, j]];
                }
            }
        }
        Some(Self(matrix))
    }

    /// `(L L')^-1 right`, column by column.
    fn solve(&self, mut right: Array2<f64>) -> Array2<f64> {
        let n = self.0.nrows();
        for mut column in right.columns_mut() {
            let mut x: Array1<f64> = column.to_owned();
            for i in 0..n {
                let done: f64 = (0..i).map(|k| self.0[[i, k]] * x[k]).sum();
                x[i] = (x[i] - done) / self.0[[i, i]];
            }
            for i in (0..n).rev() {
                let done: f64 = (i + 1..n).map(|k| self.0[[k, i]] * x[k]).sum();
                x[i] = (x[i] - done) / self.0[[i, i]];
            }
            column.assign(&x);
        }
        right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::solve::Params;
    use crate::fit::solve::tests::fixture;
    use ndarray::array;

    /// `inv(H) @ (B + P) @ inv(H)` by numpy at scikit-learn's optimum, 8 customers with 3 rows each.
    #[test]
    fn covariance_agrees_with_numpy() {
        let (design, labels, customers) = fixture();
        let solver = Params { bound: 1e-8, ..Params::new(0.05) }.check().unwrap();
        let weights = solver.solve(&design, &labels, None).unwrap().weights;
        let found = clustered(&design, &labels, &customers, &weights, &[0.05; 2]).unwrap();
        let expected = [
            0.045_750_385_933_500_25,
            0.055_319_643_366_124_45,
            0.296_294_612_998_343_5,
            0.001_106_581_247_876_537_8,
            -0.075_967_834_853_533_08,
            0.172_299_202_955_048_2,
        ];
        assert!(found.iter().zip(expected).all(|(one, two)| (one - two).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn a_fit_that_is_sure_of_everything_is_refused() {
        let weights = Weights { intercept: 1e4, coefficients: Array1::zeros(1) };
        assert_eq!(clustered(&Array2::zeros((2, 1)), &[true, true], &[0, 1], &weights, &[0.1]), Err(SolveError::Singular));
    }

    #[test]
    fn solving_undoes_multiplying() {
        let matrix = array![[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]];
        let expected = array![[1.0, -2.0], [0.5, 3.0], [-1.0, 0.0]];
        let found = Cholesky::of(matrix.clone()).unwrap().solve(matrix.dot(&expected));
        assert!(found.iter().zip(&expected).all(|(one, two)| (one - two).abs() < 1e-14), "{found}");
    }

    #[test]
    fn a_matrix_that_is_not_positive_is_refused() {
        assert!(Cholesky::of(array![[1.0, 2.0], [2.0, 1.0]]).is_none());
    }
}
