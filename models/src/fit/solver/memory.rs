//! What the last steps tell about the curvature: L-BFGS on top of a factor that is no longer quite right.

use std::collections::VecDeque;

use ndarray::Array1;

use super::cholesky::Cholesky;

/// Steps that are remembered.
const STEPS: usize = 12;

/// A factor of the curvature somewhere, and the steps taken since.
#[derive(Debug)]
pub(super) struct Memory {
    factor: Cholesky,
    steps: VecDeque<Step>,
}

#[derive(Debug)]
struct Step {
    moved: Array1<f64>,
    /// By how much the gradient changed.
    turned: Array1<f64>,
    /// Their dot product, above 0.
    product: f64,
}

impl Memory {
    pub(super) fn new(factor: Cholesky) -> Self {
        Self { factor, steps: VecDeque::new() }
    }

    /// Takes note of a step, unless it says nothing but rounding.
    pub(super) fn note(&mut self, moved: Array1<f64>, turned: Array1<f64>) {
        let product = moved.dot(&turned);
        if product > 1e-14 * (moved.dot(&moved) * turned.dot(&turned)).sqrt() {
            self.steps.push_back(Step { moved, turned, product });
            if self.steps.len() > STEPS {
                self.steps.pop_front();
            }
        }
    }

    /// Where to go from a point with this gradient, downhill.
    ///
    /// Source: Nocedal and Wright (2006), "Numerical optimization", algorithm 7.4, with the factor as the initial matrix.
    pub(super) fn direction(&self, gradient: &Array1<f64>) -> Array1<f64> {
        let mut q = gradient.clone();
        let mut shares = Vec::with_capacity(self.steps.len());
        for step in self.steps.iter().rev() {
            let share = step.moved.dot(&q) / step.product;
            q.scaled_add(-share, &step.turned);
            shares.push(share);
        }
        let mut direction = self.factor.solve(q.view());
        for (step, share) in self.steps.iter().zip(shares.into_iter().rev()) {
            direction.scaled_add(share - step.turned.dot(&direction) / step.product, &step.moved);
        }
        -direction
    }
}
