//! Newton's method that reuses a factor of the curvature as long as that pays.
//!
//! A pass for value and gradient is cheap; one for the curvature costs some such passes more, the more columns there are. So
//! the search begins at the optimum of a sample of the rows, goes on over all rows with the sample's curvature, which L-BFGS
//! mends, and takes the curvature anew where progress is slow. A step that does not lead down far enough is taken again with
//! the curvature of its own point, and then shortened by damping (Levenberg).

use ndarray::{Array1, Array2};

use super::SolveError;
use super::cholesky::Cholesky;
use super::memory::Memory;
use super::objective::{Objective, Point};
use super::rows::Rows;
use crate::report::NotConverged;

/// With as many columns or fewer, the curvature costs little beside the gradient and is taken at each point.
const NARROW: usize = 24;
/// A pass shall shorten the gradient to this share, or the curvature is taken anew.
const SLOW: f64 = 0.25;
/// The first damping, of a curvature with ones on its diagonal; each further one is ten times as much.
const DAMPING: f64 = 1e-3;
/// More damping than this leaves no step worth taking.
const MOST_DAMPING: f64 = 1e9;
/// The share of the descent that the slope promises which has to come true.
const DESCENT: f64 = 1e-4;
/// Differences of the objective below this share of it may be rounding.
const ROUNDING: f64 = 1e-13;
/// The last step may change log-odds by so much at most where a column has no penalty.
const STILL: f64 = 1e-4;

/// When a point is near enough.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// Gradient norm.
    pub(super) gradient: f64,
    /// What a Newton step would win, twice.
    pub(super) decrement: f64,
    /// Points to try at most.
    pub(super) iterations: u64,
    /// Whether the curvature is wanted where the search ends.
    pub(super) curved: bool,
}

/// Where a search ended.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) point: Point,
    /// Of the mean log loss there, lower triangle; that of another point where `fresh` is false.
    pub(super) curvature: Option<Array2<f64>>,
    pub(super) fresh: bool,
    pub(super) iterations: u64,
}

/// The search for the lowest point of an objective.
pub(super) struct Search<'o, 'r> {
    objective: &'o Objective<'r>,
    stop: Stop,
    /// The largest value of each column, the intercept first, when one has no penalty; then only its steps show that there is
    /// an optimum, for where a column tells the classes apart the gradient comes down without end.
    sizes: Option<Array1<f64>>,
    /// Whether the curvature is taken at each point.
    eager: bool,
    point: Point,
    curvature: Option<Array2<f64>>,
    fresh: bool,
    memory: Option<Memory>,
    damping: f64,
    iterations: u64,
    /// To what share the last step brought the gradient.
    shortened: f64,
}

impl<'o, 'r> Search<'o, 'r> {
    /// Begins at `start`, with a `curvature` of the mean log loss from near it if there is one.
    pub(super) fn new(objective: &'o Objective<'r>, start: Array1<f64>, curvature: Option<Array2<f64>>, stop: Stop) -> Self {
        let sizes = objective.penalties.contains(&0.0).then(|| sizes(&objective.rows));
        let eager = sizes.is_some() || objective.rows.width() <= NARROW;
        let fresh = eager || curvature.is_none();
        let (point, curvature) = if fresh {
            let (point, curvature) = objective.curved_at(start);
            (point, Some(curvature))
        } else {
            (objective.at(start), curvature)
        };
        Self { objective, stop, sizes, eager, point, curvature, fresh, memory: None, damping: 0.0, iterations: 0, shortened: 1.0 }
    }

    /// # Errors
    /// [`SolveError::NotFinite`] when the start has no finite value, [`SolveError::Singular`] when there is no single lowest
    /// point, [`SolveError::NotConverged`] when it was not reached.
    pub(super) fn run(mut self) -> Result<Found, SolveError> {
        if !self.point.is_finite() {
            return Err(SolveError::NotFinite);
        }
        let mut last: Option<f64> = None;
        loop {
            let near = self.point.gradient_norm() <= self.stop.gradient;
            if near && self.sizes.is_none() {
                return Ok(self.found());
            }
            let Some(mut step) = self.step() else { return Err(SolveError::Singular) };
            let mut decrement = -self.point.gradient.dot(&step);
            if !self.fresh && (decrement <= 0.0 || last.is_some_and(|last| decrement > SLOW * SLOW * last)) {
                self.refresh();
                let Some(new) = self.step() else { return Err(SolveError::Singular) };
                step = new;
                decrement = -self.point.gradient.dot(&step);
            }
            if (self.stop.decrement > 0.0 && decrement <= self.stop.decrement) || (near && self.is_still(&step)) {
                return Ok(self.found());
            }
            if self.iterations >= self.stop.iterations {
                return Err(self.failure());
            }
            last = Some(decrement);
            self.iterations += 1;
            if !self.advance(step, decrement) {
                last = None;
                if !self.fresh {
                    self.refresh();
                } else if self.damping < MOST_DAMPING {
                    self.damping = (10.0 * self.damping).max(DAMPING);
                    self.memory = None;
                } else {
                    return Err(self.failure());
                }
            }
        }
    }

    /// Tries a step, and takes it when it leads down far enough.
    fn advance(&mut self, step: Array1<f64>, decrement: f64) -> bool {
        let at = &self.point.at + &step;
        let (trial, curvature) = if self.eager || self.is_last_step() {
            let (trial, curvature) = self.objective.curved_at(at);
            (trial, Some(curvature))
        } else {
            (self.objective.at(at), None)
        };
        let rounding = ROUNDING * self.point.value.abs();
        let down = if decrement > rounding {
            trial.value <= self.point.value - DESCENT * decrement + 0.1 * rounding
        } else {
            trial.gradient_norm() < self.point.gradient_norm()
        };
        if !(down && trial.is_finite()) {
            return false;
        }
        self.shortened = trial.gradient_norm() / self.point.gradient_norm();
        if let Some(curvature) = curvature {
            self.curvature = Some(curvature);
            self.fresh = true;
            self.memory = None;
        } else {
            self.fresh = false;
            if let Some(memory) = &mut self.memory {
                memory.note(step, &trial.gradient - &self.point.gradient);
            }
        }
        self.damping = if self.damping > DAMPING { self.damping / 10.0 } else { 0.0 };
        self.point = trial;
        true
    }

    /// The curvature of this point.
    fn refresh(&mut self) {
        self.curvature = Some(self.objective.curved_at(self.point.at.clone()).1);
        self.fresh = true;
        self.memory = None;
    }

    /// Where to go; `None` when the curvature has no factor however much it is damped, or none at the optimum.
    fn step(&mut self) -> Option<Array1<f64>> {
        if self.memory.is_none() {
            let curvature = self.objective.penalised(self.curvature.as_ref()?);
            let mut factor = Cholesky::of(&curvature, self.damping);
            if factor.is_none() && self.sizes.is_some() && self.point.gradient_norm() <= self.stop.gradient {
                return None;
            }
            let mut damping = self.damping.max(1e-12);
            while factor.is_none() && damping < MOST_DAMPING {
                damping *= 10.0;
                factor = Cholesky::of(&curvature, damping);
            }
            self.memory = Some(Memory::new(factor?));
        }
        Some(self.memory.as_ref()?.direction(&self.point.gradient))
    }

    /// Whether the next point is likely to be near enough. There the curvature is wanted anyway, and comes cheaper with the rest.
    fn is_last_step(&self) -> bool {
        self.stop.curved && self.shortened * self.point.gradient_norm() <= self.stop.gradient
    }

    /// Whether a step changes nobody's log-odds much.
    fn is_still(&self, step: &Array1<f64>) -> bool {
        let sizes = self.sizes.as_ref();
        self.damping == 0.0 && sizes.is_none_or(|sizes| step.iter().zip(sizes).all(|(step, size)| (step * size).abs() <= STILL))
    }

    fn failure(&self) -> SolveError {
        let gradient_norm = self.point.gradient_norm();
        if gradient_norm <= self.stop.gradient {
            return SolveError::Singular;
        }
        NotConverged { gradient_norm, bound: self.stop.gradient, iterations: self.iterations }.into()
    }

    fn found(self) -> Found {
        let fresh = self.fresh;
        Found { point: self.point, curvature: self.curvature, fresh, iterations: self.iterations }
    }
}

/// The largest value of each column, regardless of its sign; 1 for the intercept, which comes first.
fn sizes(rows: &Rows<'_>) -> Array1<f64> {
    let mut sizes = Array1::ones(rows.width() + 1);
    for (j, column) in rows.design().columns().into_iter().enumerate() {
        sizes[j + 1] = column.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    }
    sizes
}
