//! One penalty after another, by either solver.

use std::ops::ControlFlow;

use linfa::ParamGuard;
use ndarray::{Array1, Array2};

use super::solver::{Optimum, Params, Penalty, SolveError, SolverKind, Weights};

/// The optimum under each of `lambdas`, strongest first, each begun where the one before ended. A column bears its share of the
/// penalty.
///
/// linfa knows one penalty only: there each column is blown up by the root of one over its share, and its coefficient after it.
///
/// # Errors
/// [`SolveError`] for the first penalty without an optimum; `each` has seen those before it.
pub(super) fn follow(
    params: Params,
    kind: SolverKind,
    (matrix, labels): (&Array2<f64>, &[bool]),
    shares: &[f64],
    lambdas: &[f64],
    mut each: impl FnMut(Optimum),
) -> Result<(), SolveError> {
    let solver = params.kind(kind).check()?;
    match kind {
        SolverKind::Newton => {
            let of = |lambda: &f64| Penalty::Each(shares.iter().map(|share| lambda * share).collect());
            let penalties: Vec<Penalty> = lambdas.iter().map(of).collect();
            solver.path(matrix, labels, None, &penalties, |optimum| {
                each(optimum);
                ControlFlow::Continue(())
            })
        }
        SolverKind::Linfa => {
            let blown_up: Array1<f64> = shares.iter().map(|share| 1.0 / share.sqrt()).collect();
            let penalties: Vec<Penalty> = lambdas.iter().map(|lambda| Penalty::Same(*lambda)).collect();
            solver.path(&(matrix * &blown_up), labels, None, &penalties, |Optimum { weights, certificate }| {
                each(Optimum { weights: Weights { coefficients: weights.coefficients * &blown_up, ..weights }, certificate });
                ControlFlow::Continue(())
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_solvers_end_at_the_same_points() {
        let matrix = Array2::from_shape_fn((80, 3), |(i, j)| ((i * (7 + j) + j) % 11) as f64 / 5.0 - 1.0);
        let labels: Vec<bool> = (0..80).map(|i| (i * i + 3 * i) % 7 < 3).collect();
        let of = |kind| {
            let mut found = Vec::new();
            let params = Params::new(1.0).bound(1e-8);
            follow(params, kind, (&matrix, &labels), &[1.0, 10.0, 0.05], &[1.0, 0.1, 0.01], |optimum| found.push(optimum.weights)).unwrap();
            found
        };
        let (ours, theirs) = (of(SolverKind::Newton), of(SolverKind::Linfa));
        assert_eq!(ours.len(), 3);
        for (one, other) in ours.iter().zip(&theirs) {
            assert!((one.intercept - other.intercept).abs() < 1e-6);
            assert!(one.coefficients.iter().zip(&other.coefficients).all(|(one, other)| (one - other).abs() < 1e-6), "{one:?} {other:?}");
        }
        assert!(ours[0].coefficients != ours[2].coefficients);
    }
}
