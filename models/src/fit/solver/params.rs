//! What to solve and how: parameters, and parameters that were checked.

use std::thread;

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use super::SolveError;

/// Which algorithm looks for the optimum. Both prove in the same way that they found it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SolverKind {
    /// Newton's method on all rows, begun on a sample of them.
    #[default]
    Newton,
    /// L-BFGS of linfa-logistic: no sample weights, one penalty for all coefficients.
    Linfa,
}

/// L2 penalties: `1/2 sum_j lambda_j b_j^2` is added to the mean log loss. The intercept has none.
#[derive(Clone, Debug, PartialEq)]
pub enum Penalty {
    /// The same for each coefficient, above 0.
    Same(f64),
    /// One for each coefficient, 0 or more.
    Each(Vec<f64>),
}

impl From<f64> for Penalty {
    fn from(lambda: f64) -> Self {
        Self::Same(lambda)
    }
}

impl From<Vec<f64>> for Penalty {
    fn from(lambdas: Vec<f64>) -> Self {
        Self::Each(lambdas)
    }
}

impl Penalty {
    /// # Errors
    /// [`SolveError::Penalty`] or [`SolveError::ColumnPenalty`] for one that is out of its range.
    pub(super) fn check(&self) -> Result<(), SolveError> {
        match self {
            Self::Same(lambda) if !(*lambda > 0.0 && lambda.is_finite()) => Err(SolveError::Penalty(*lambda)),
            Self::Same(_) => Ok(()),
            Self::Each(lambdas) => match lambdas.iter().position(|lambda| !(*lambda >= 0.0 && lambda.is_finite())) {
                Some(column) => Err(SolveError::ColumnPenalty { column, penalty: lambdas[column] }),
                None => Ok(()),
            },
        }
    }

    /// One for each of `columns`.
    ///
    /// # Errors
    /// [`SolveError::Shape`] when there are not as many.
    pub(super) fn spread(&self, columns: usize) -> Result<Vec<f64>, SolveError> {
        match self {
            Self::Same(lambda) => Ok(vec![*lambda; columns]),
            Self::Each(lambdas) if lambdas.len() == columns => Ok(lambdas.clone()),
            Self::Each(lambdas) => Err(SolveError::Shape { what: "penalties", found: lambdas.len(), expected: columns, of: "column" }),
        }
    }
}

/// What to solve, not yet checked.
///
/// ```
/// use lapwing_models::fit::solver::{Params, SolveError};
/// use linfa::ParamGuard;
/// assert!(Params::new(0.01).bound(1e-9).check().is_ok());
/// assert_eq!(Params::new(-1.0).check().unwrap_err(), SolveError::Penalty(-1.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Params(Solver);

/// Checked parameters: see [`solve`](Self::solve) and [`path`](Self::path).
#[derive(Clone, Debug, PartialEq)]
pub struct Solver {
    pub(super) penalty: Penalty,
    pub(super) bound: f64,
    pub(super) iterations: u64,
    pub(super) kind: SolverKind,
    pub(super) threads: usize,
}

impl Params {
    /// The optimum under `penalty`, per row of the mean log loss: a number or one for each column.
    #[must_use]
    pub fn new(penalty: impl Into<Penalty>) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self(Solver { penalty: penalty.into(), bound: 1e-7, iterations: 300, kind: SolverKind::Newton, threads })
    }

    /// For a fit that only serves to choose: by then the objective is within `bound^2 / (2 lambda)` of the optimum.
    #[must_use]
    pub fn rough(penalty: impl Into<Penalty>) -> Self {
        Self::new(penalty).bound(1e-4)
    }

    /// The gradient norm of the mean objective below which a point counts as the optimum; 1e-7 unless told.
    #[must_use]
    pub fn bound(mut self, bound: f64) -> Self {
        self.0.bound = bound;
        self
    }

    /// Points to try at most; 300 unless told.
    #[must_use]
    pub fn iterations(mut self, iterations: u64) -> Self {
        self.0.iterations = iterations;
        self
    }

    /// The algorithm; [`SolverKind::Newton`] unless told.
    #[must_use]
    pub fn kind(mut self, kind: SolverKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Threads to use, as many as there are processors unless told. The result is the same to the bit for any number.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.0.threads = threads.max(1);
        self
    }
}

impl ParamGuard for Params {
    type Checked = Solver;
    type Error = SolveError;

    /// # Errors
    /// [`SolveError::Penalty`], [`SolveError::ColumnPenalty`] or [`SolveError::Bound`] for what is out of its range;
    /// [`SolveError::Unsupported`] for one penalty a column where the solver takes one for all.
    fn check_ref(&self) -> Result<&Solver, SolveError> {
        let Solver { penalty, bound, kind, .. } = &self.0;
        penalty.check()?;
        if *kind == SolverKind::Linfa && matches!(penalty, Penalty::Each(_)) {
            return Err(SolveError::Unsupported("penalty for each coefficient"));
        }
        if *bound > 0.0 && bound.is_finite() { Ok(&self.0) } else { Err(SolveError::Bound(*bound)) }
    }

    fn check(self) -> Result<Solver, SolveError> {
        self.check_ref()?;
        Ok(self.0)
    }
}
