//! How far the coefficients could be off: the sandwich of curvature and scatter, clustered by customer.

use std::collections::BTreeMap;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1, Axis, Slice};

use super::solver::{Cholesky, SolveError, Weights};
use crate::sigmoid;

/// Vectors that are held at once.
const BLOCK: usize = 1024;

/// Covariance of the intercept, then the coefficients: `H^-1 (B + P) H^-1`, symmetric to the bit.
///
/// `P = n diag(0, penalties)` for `n` rows is the penalty and `H = X'WX + P` the curvature of the penalised loss. `B` is the sum over
/// customers of the outer product of their summed scores, times `m / (m - 1)` for `m` customers, so that the many slices of
/// one customer count as the one person they are. `B` alone would tell how far a shrunk coefficient scatters, but not how far
/// it is shrunk; `P` adds the square of that which the penalty, read as a prior, expects. To that comes how far the candidates that were
/// averaged lie `apart`: the sum of their outer products.
///
/// Source: White (1982), "Maximum likelihood estimation of misspecified models"; Liang and Zeger (1986) for the clusters;
/// Nychka (1988), "Bayesian confidence intervals for smoothing splines" for the penalty; Buckland, Burnham and Augustin (1997),
/// "Model selection: an integral part of inference" for the average.
///
/// # Errors
/// [`SolveError::Singular`] when `H` is not positive definite.
pub(super) fn clustered(
    design: &Array2<f64>,
    labels: &[bool],
    customers: &[u32],
    weights: &Weights,
    penalties: &[f64],
    apart: &[Array1<f64>],
) -> Result<Array2<f64>, SolveError> {
    let width = design.ncols() + 1;
    let probabilities = weights.log_odds(design).mapv(sigmoid);
    let mut rows_of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, customer) in customers.iter().enumerate() {
        rows_of.entry(*customer).or_default().push(place);
    }
    let people: Vec<&Vec<usize>> = rows_of.values().collect();
    let curved = |place: &usize, mut out: ArrayViewMut1<'_, f64>| {
        let weight = (probabilities[*place] * (1.0 - probabilities[*place])).sqrt();
        add(weight, design.row(*place), &mut out);
    };
    let scored = |places: &&Vec<usize>, mut out: ArrayViewMut1<'_, f64>| {
        for place in *places {
            add(probabilities[*place] - f64::from(u8::from(labels[*place])), design.row(*place), &mut out);
        }
    };
    let mut curvature = squares(&(0..labels.len()).collect::<Vec<_>>(), width, curved);
    let m = people.len() as f64;
    let mut scatter = squares(&people, width, scored) * (m / (m - 1.0).max(1.0));
    for (column, lambda) in penalties.iter().enumerate() {
        let penalty = lambda * labels.len() as f64;
        curvature[[column + 1, column + 1]] += penalty;
        scatter[[column + 1, column + 1]] += penalty;
    }
    let factor = Cholesky::of(&curvature, 0.0).ok_or(SolveError::Singular)?;
    let half = factor.solve_each(scatter);
    let whole = factor.solve_each(half.reversed_axes());
    let between = |i: usize, j: usize| apart.iter().map(|member| member[i] * member[j]).sum::<f64>();
    let found = Array2::from_shape_fn((width, width), |(i, j)| whole[[i.max(j), i.min(j)]] + between(i.max(j), i.min(j)));
    if found.iter().all(|value| value.is_finite()) { Ok(found) } else { Err(SolveError::Singular) }
}

/// Adds `times` a row of the design, with a 1 before it, to `out`.
fn add(times: f64, row: ArrayView1<'_, f64>, out: &mut ArrayViewMut1<'_, f64>) {
    out[0] += times;
    out.slice_axis_mut(Axis(0), Slice::from(1..)).scaled_add(times, &row);
}

/// The sum over `items` of the outer product of the vector that `fill` makes of each, in blocks, so that the vectors need not
/// all be there at once.
fn squares<T>(items: &[T], width: usize, fill: impl Fn(&T, ArrayViewMut1<'_, f64>)) -> Array2<f64> {
    let mut sum = Array2::zeros((width, width));
    for block in items.chunks(BLOCK) {
        let mut vectors = Array2::zeros((block.len(), width));
        block.iter().zip(vectors.rows_mut()).for_each(|(item, out)| fill(item, out));
        general_mat_mul(1.0, &vectors.t(), &vectors, 1.0, &mut sum);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::solver::Params;
    use crate::fit::solver::tests::fixture;
    use linfa::ParamGuard;

    /// The lower triangle, row after row.
    fn triangle(whole: &Array2<f64>) -> Vec<f64> {
        (0..whole.nrows()).flat_map(|i| (0..=i).map(move |j| whole[[i, j]])).collect()
    }

    /// `inv(H) @ (B + P) @ inv(H)` by numpy at scikit-learn's optimum, 8 customers with 3 rows each.
    #[test]
    fn covariance_agrees_with_numpy() {
        let (design, labels, customers) = fixture();
        let weights = Params::new(0.05).bound(1e-8).check().unwrap().solve(&design, &labels, None).unwrap().weights;
        let found = triangle(&clustered(&design, &labels, &customers, &weights, &[0.05; 2], &[]).unwrap());
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
    fn how_far_candidates_lie_apart_is_added() {
        let (design, labels, customers) = fixture();
        let weights = Params::new(0.05).check().unwrap().solve(&design, &labels, None).unwrap().weights;
        let of = |apart: &[Array1<f64>]| triangle(&clustered(&design, &labels, &customers, &weights, &[0.05; 2], apart).unwrap());
        let more = of(&[ndarray::array![1.0, 2.0, -3.0], ndarray::array![0.0, 1.0, 1.0]]);
        for ((more, less), added) in more.iter().zip(of(&[])).zip([1.0, 2.0, 5.0, -3.0, -5.0, 10.0]) {
            assert!((more - less - added).abs() < 1e-12, "{more} is not {less} and {added}");
        }
    }

    #[test]
    fn a_fit_that_is_sure_of_everything_is_refused() {
        let weights = Weights { intercept: 1e4, coefficients: Array1::zeros(1) };
        assert_eq!(clustered(&Array2::zeros((2, 1)), &[true, true], &[0, 1], &weights, &[0.1], &[]), Err(SolveError::Singular));
    }
}
