//! L2 logistic regression: our own solver, and linfa's beside it.
//!
//! The objective is the mean log loss, each row counting by its weight, plus `1/2 sum_j lambda_j b_j^2` over the coefficients;
//! the intercept is not penalised. The result holds its own proof: see [`Optimum`].
//!
//! A design is read row after row. One that lies otherwise in memory is copied block by block, which takes a little longer.
//! Beside the design, a fit takes no number for each row; it copies one row in 16 at most to begin with, and the sums of all
//! lanes take an eighth of the design at most. A few matrices of the size of the Hessian come on top, which is little where
//! there are many rows for each column, but not where there are fewer than some forty.
//!
//! ```
//! use lapwing_models::fit::solver::Params;
//! use linfa::{Dataset, ParamGuard, traits::{Fit, Predict}};
//! use ndarray::array;
//!
//! let (design, labels) = (array![[0.0], [1.0], [2.0], [3.0]], [false, true, false, true]);
//! let solution = Params::new(0.1).check()?.solve(&design, &labels, None)?;
//! assert!(solution.weights.coefficients[0] > 0.0);
//! assert!(solution.certificate.gradient_norm <= 1e-7);
//!
//! let dataset = Dataset::new(design, ndarray::Array1::from(labels.to_vec()));
//! let same = Params::new(0.1).fit(&dataset)?;
//! assert_eq!(same, solution);
//! assert_eq!(same.predict(&dataset).to_vec(), [false, false, true, true]);
//! # Ok::<(), lapwing_models::fit::solver::SolveError>(())
//! ```

mod cholesky;
mod error;
mod memory;
mod newton;
mod objective;
mod oracle;
mod params;
mod rows;
mod solution;
mod solve;
mod start;
#[cfg(test)]
pub(super) mod tests;

pub(super) use cholesky::Cholesky;
pub use error::SolveError;
pub use params::{Params, Penalty, Solver, SolverKind};
pub use solution::{Optimum, Solution, Weights};
