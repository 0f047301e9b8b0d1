//! The same problem by linfa-logistic.
//!
//! linfa's loss is a sum over the rows, so it is given `alpha = lambda * rows`. It stops without a word when its iterations are
//! used up, so the gradient is looked at afterwards.

use linfa::traits::Fit;
use linfa::{DatasetView, ParamGuard};
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, ArrayView1};

use super::SolveError;
use super::newton::{Found, Stop};
use super::objective::{Objective, Point};
use crate::report::NotConverged;

/// Starts at `start`; a second attempt has ten times as many iterations.
///
/// # Errors
/// [`SolveError::NotFinite`] when the start has no finite value, [`SolveError::NotConverged`] when the second attempt ends
/// above the bound too.
pub(super) fn search(objective: &Objective<'_>, lambda: f64, start: Array1<f64>, stop: Stop) -> Result<Found, SolveError> {
    let mut point = objective.at(start);
    if !point.is_finite() {
        return Err(SolveError::NotFinite);
    }
    let mut used = 0;
    for iterations in [stop.iterations, 10 * stop.iterations] {
        if point.gradient_norm() <= stop.gradient {
            break;
        }
        used = iterations;
        let better = attempt(objective, lambda, &point.at, Stop { iterations, ..stop }).map(|at| objective.at(at));
        if let Some(better) = better.filter(Point::is_finite) {
            point = better;
        }
    }
    let gradient_norm = point.gradient_norm();
    if gradient_norm <= stop.gradient {
        Ok(Found { point, curvature: None, fresh: false, iterations: used })
    } else {
        Err(NotConverged { gradient_norm, bound: stop.gradient, iterations: used }.into())
    }
}

/// One run of L-BFGS; `None` when its line search gives up.
fn attempt(objective: &Objective<'_>, lambda: f64, start: &Array1<f64>, stop: Stop) -> Option<Array1<f64>> {
    let labels = objective.rows.labels();
    let rows = labels.len() as f64;
    let positives = labels.iter().filter(|label| **label).count();
    // linfa calls the more frequent class positive, the first one seen when they tie, and puts the intercept last.
    let sign = if 2 * positives > labels.len() || (2 * positives == labels.len() && labels[0]) { 1.0 } else { -1.0 };
    let params = LogisticRegression::default()
        .alpha(lambda * rows)
        .max_iterations(stop.iterations)
        .gradient_tolerance(0.5 * stop.gradient * rows)
        .initial_params(start.iter().skip(1).chain([&start[0]]).map(|weight| sign * weight).collect())
        .check()
        .ok()?;
    let fitted = params.fit(&DatasetView::new(objective.rows.design(), ArrayView1::from(labels))).ok()?;
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    Some([fitted.intercept()].iter().chain(fitted.params()).map(|weight| sign * weight).collect())
}
