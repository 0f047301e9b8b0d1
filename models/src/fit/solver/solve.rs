//! From checked parameters to an optimum.

use std::ops::ControlFlow;

use linfa::DatasetBase;
use linfa::dataset::AsSingleTargets;
use linfa::traits::Fit;
use ndarray::{Array2, ArrayBase, ArrayView2, Data, Ix2};

use super::newton::{Found, Search, Stop};
use super::objective::Objective;
use super::rows::Rows;
use super::start::{self, Start};
use super::{Optimum, Penalty, Solution, SolveError, Solver, SolverKind, Weights, oracle};
use crate::report::Certificate;

impl Solver {
    /// Fits `labels` to the rows of `design`, beginning at `start` if there is one.
    ///
    /// # Errors
    /// [`SolveError`]: when shapes differ, values are not finite, there is one class only or no single optimum, or it was not
    /// reached.
    pub fn solve<D: Data<Elem = f64>>(
        &self,
        design: &ArrayBase<D, Ix2>,
        labels: &[bool],
        start: Option<&Weights>,
    ) -> Result<Solution, SolveError> {
        self.solve_rows(design.view(), labels, None, start)
    }

    /// As [`solve`](Self::solve), where a row with weight `k` counts as `k` rows would; 0 leaves it out.
    ///
    /// # Errors
    /// As [`solve`](Self::solve), and [`SolveError::SampleWeight`] for a weight below 0 or not finite.
    pub fn solve_weighted<D: Data<Elem = f64>>(
        &self,
        design: &ArrayBase<D, Ix2>,
        labels: &[bool],
        sample_weights: &[f64],
        start: Option<&Weights>,
    ) -> Result<Solution, SolveError> {
        self.solve_rows(design.view(), labels, Some(sample_weights), start)
    }

    /// The optimum under one penalty of `penalties` after another, each begun where the last one ended, so the strongest
    /// should come first. `each` is called with every optimum and may end the path.
    ///
    /// The penalty of the parameters does not count here; their other settings do.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use lapwing_models::fit::solver::Params;
    /// use linfa::ParamGuard;
    /// let design = ndarray::array![[0.0], [1.0], [2.0], [3.0]];
    /// let labels = [false, true, false, true];
    /// let mut found = Vec::new();
    /// let penalties = [1.0.into(), 0.1.into(), 0.01.into()];
    /// Params::rough(1.0).check()?.path(&design, &labels, None, &penalties, |optimum| {
    ///     found.push(optimum.weights.coefficients[0]);
    ///     if found.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// })?;
    /// assert!(found.len() == 2 && found[0] < found[1]);
    /// # Ok::<(), lapwing_models::fit::solver::SolveError>(())
    /// ```
    ///
    /// # Errors
    /// As [`solve`](Self::solve), for the first penalty without an optimum; `each` has seen those before it.
    pub fn path<D: Data<Elem = f64>>(
        &self,
        design: &ArrayBase<D, Ix2>,
        labels: &[bool],
        sample_weights: Option<&[f64]>,
        penalties: &[Penalty],
        mut each: impl FnMut(Optimum) -> ControlFlow<()>,
    ) -> Result<(), SolveError> {
        let rows = Rows::of(design.view(), labels, sample_weights)?;
        let mut start = None;
        for penalty in penalties {
            penalty.check()?;
            let step = Self { penalty: penalty.clone(), ..self.clone() };
            let objective = step.objective(rows)?;
            let found = step.search(&objective, start.take(), false)?;
            start = Some(Start { at: found.point.at.clone(), curvature: found.curvature.clone() });
            if each(optimum(&found)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn solve_rows<'a>(
        &self,
        design: ArrayView2<'a, f64>,
        labels: &'a [bool],
        sample_weights: Option<&'a [f64]>,
        start: Option<&Weights>,
    ) -> Result<Solution, SolveError> {
        let rows = Rows::of(design, labels, sample_weights)?;
        let objective = self.objective(rows)?;
        let start = match start {
            Some(weights) if weights.coefficients.len() != rows.width() => {
                let found = weights.coefficients.len();
                return Err(SolveError::Shape { what: "coefficients to start at", found, expected: rows.width(), of: "column" });
            }
            Some(weights) => Some(start::near(&rows, &objective.penalties, self.threads, weights.joined())),
            None => None,
        };
        let found = self.search(&objective, start, true)?;
        let Optimum { weights, certificate } = optimum(&found);
        let curvature = match found.curvature {
            Some(curvature) if found.fresh => curvature,
            _ => objective.curved_at(found.point.at).1,
        };
        Ok(Solution { weights, certificate, hessian: mirrored(objective.penalised(&curvature)), total_weight: rows.total() })
    }

    fn objective<'a>(&self, rows: Rows<'a>) -> Result<Objective<'a>, SolveError> {
        if self.kind == SolverKind::Linfa && rows.weights().is_some() {
            return Err(SolveError::Unsupported("sample weights"));
        }
        Ok(Objective { rows, penalties: self.penalty.spread(rows.width())?, threads: self.threads })
    }

    fn search(&self, objective: &Objective<'_>, start: Option<Start>, curved: bool) -> Result<Found, SolveError> {
        let stop = Stop { gradient: self.bound, decrement: 0.0, iterations: self.iterations, curved };
        let start = || start.unwrap_or_else(|| start::of(&objective.rows, &objective.penalties, self.threads));
        match (self.kind, &self.penalty) {
            (SolverKind::Newton, _) => {
                let Start { at, curvature } = start();
                Search::new(objective, at, curvature, stop).run()
            }
            (SolverKind::Linfa, Penalty::Same(lambda)) => oracle::search(objective, *lambda, start().at, stop),
            (SolverKind::Linfa, Penalty::Each(_)) => Err(SolveError::Unsupported("penalty for each coefficient")),
        }
    }
}

impl<D, T> Fit<ArrayBase<D, Ix2>, T, SolveError> for Solver
where
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = bool>,
{
    type Object = Solution;

    /// With the weights of the data set, where it has some.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Solution, SolveError> {
        let labels: Vec<bool> = dataset.as_single_targets().iter().copied().collect();
        let weights: Option<Vec<f64>> = dataset.weights().map(|weights| weights.iter().copied().map(f64::from).collect());
        self.solve_rows(dataset.records().view(), &labels, weights.as_deref(), None)
    }
}

fn optimum(found: &Found) -> Optimum {
    let Found { point, iterations, .. } = found;
    let certificate = Certificate { gradient_norm: point.gradient_norm(), objective: point.value, iterations: *iterations };
    Optimum { weights: Weights::from_joined(&point.at), certificate }
}

/// The lower triangle on either side.
fn mirrored(mut matrix: Array2<f64>) -> Array2<f64> {
    for i in 0..matrix.nrows() {
        for j in 0..i {
            matrix[[j, i]] = matrix[[i, j]];
        }
    }
    matrix
}
