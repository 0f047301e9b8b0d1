//! A point, an optimum, and what they predict.

use linfa::traits::PredictInplace;
use ndarray::{Array1, Array2, ArrayBase, Data, Ix2};

use crate::report::Certificate;
use crate::sigmoid;

/// A point in the space of coefficients.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Log-odds where all columns are 0.
    pub intercept: f64,
    /// One for each column of the design.
    pub coefficients: Array1<f64>,
}

impl Weights {
    /// Log-odds of the rows of a design.
    ///
    /// # Panics
    /// When the design has another number of columns than there are coefficients.
    #[must_use]
    pub fn log_odds<D: Data<Elem = f64>>(&self, design: &ArrayBase<D, Ix2>) -> Array1<f64> {
        design.dot(&self.coefficients) + self.intercept
    }

    /// The intercept first.
    pub(super) fn joined(&self) -> Array1<f64> {
        [self.intercept].iter().chain(&self.coefficients).copied().collect()
    }

    pub(super) fn from_joined(point: &Array1<f64>) -> Self {
        Self { intercept: point[0], coefficients: point.iter().skip(1).copied().collect() }
    }
}

/// Where a fit ended, and the proof that it is the optimum.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// The optimum.
    pub weights: Weights,
    /// Objective and gradient norm there, computed from the weights alone.
    pub certificate: Certificate,
}

/// A fitted model: the optimum and how sharp it is.
///
/// By linfa's traits it predicts the likelier label of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The optimum.
    pub weights: Weights,
    /// Objective and gradient norm there, computed from the weights alone.
    pub certificate: Certificate,
    /// Second derivatives of the mean penalised objective at the optimum, symmetric; the intercept first, then the coefficients.
    pub hessian: Array2<f64>,
    /// Rows, or the sum of their weights: what `hessian` has to be multiplied by to be that of the sum.
    pub total_weight: f64,
}

impl Solution {
    /// Probability of a positive label for each row of a design.
    ///
    /// # Panics
    /// When the design has another number of columns than the one fitted on.
    #[must_use]
    pub fn probabilities<D: Data<Elem = f64>>(&self, design: &ArrayBase<D, Ix2>) -> Array1<f64> {
        self.weights.log_odds(design).mapv_into(sigmoid)
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<bool>> for Solution {
    fn predict_inplace<'a>(&'a self, x: &'a ArrayBase<D, Ix2>, y: &mut Array1<bool>) {
        y.assign(&self.weights.log_odds(x).mapv(|z| z > 0.0));
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<bool> {
        Array1::from_elem(x.nrows(), false)
    }
}
