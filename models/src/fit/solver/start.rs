//! Where to begin: at the optimum of a sample of the rows, which was begun at that of a smaller one.

use ndarray::{Array1, Array2};

use super::SolveError;
use super::newton::{Search, Stop};
use super::objective::Objective;
use super::rows::Rows;

/// One row in so many is sampled.
const SHARE: usize = 16;
/// Rows of a sample at most; more would not make the way over all rows shorter.
const MOST: usize = 1 << 16;
/// Rows of a sample at least, and as many times the columns.
const LEAST: (usize, usize) = (1024, 16);
/// Rows of the less frequent class of a sample at least.
const FEWEST: usize = 64;
/// The optimum of a sample is this much nearer to where the search ends, squared, than to that of all rows.
const NEAR: f64 = 0.01;
/// Points to try at most; a start need not be good.
const ITERATIONS: u64 = 30;

/// A point, and the curvature of the mean log loss near it where it is known.
pub(super) struct Start {
    pub(super) at: Array1<f64>,
    pub(super) curvature: Option<Array2<f64>>,
}

/// Where to begin the search over `rows`, knowing nothing yet.
pub(super) fn of(rows: &Rows<'_>, penalties: &[f64], threads: usize) -> Start {
    let mut at = Array1::zeros(rows.width() + 1);
    at[0] = rows.base();
    from(rows, penalties, threads, None).unwrap_or(Start { at, curvature: None })
}

/// Where to begin from a point that is known to be near: there, with the curvature of a sample.
pub(super) fn near(rows: &Rows<'_>, penalties: &[f64], threads: usize, at: Array1<f64>) -> Start {
    from(rows, penalties, threads, Some(&at)).map_or(Start { at: at.clone(), curvature: None }, |found| Start { at, ..found })
}

/// `None` where the rows are too few, or those of one class are.
fn from(rows: &Rows<'_>, penalties: &[f64], threads: usize, near: Option<&Array1<f64>>) -> Option<Start> {
    let many = (rows.len() / SHARE).min(MOST);
    if many < LEAST.0.max(LEAST.1 * rows.width()) {
        return None;
    }
    let sample = rows.sample(many);
    if sample.fewest() < FEWEST {
        return None;
    }
    let inner = sample.rows().ok()?;
    let objective = Objective { rows: inner, penalties: penalties.to_vec(), threads };
    if let Some(at) = near {
        return Some(Start { at: at.clone(), curvature: Some(objective.curved_at(at.clone()).1) });
    }
    let start = of(&inner, penalties, threads);
    let decrement = NEAR * rows.width() as f64 / many as f64;
    let stop = Stop { gradient: 0.0, decrement, iterations: ITERATIONS, curved: false };
    let found = search(&objective, start, stop).ok()?;
    Some(found)
}

fn search(objective: &Objective<'_>, start: Start, stop: Stop) -> Result<Start, SolveError> {
    let found = Search::new(objective, start.at, start.curvature, stop).run()?;
    Ok(Start { at: found.point.at, curvature: found.curvature })
}
