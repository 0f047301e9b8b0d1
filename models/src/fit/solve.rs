//! L2 logistic regression by linfa-logistic, with a proof of convergence.
//!
//! The objective is the mean log loss plus `lambda / 2` times the squared norm of the coefficients; the intercept is not
//! penalised. linfa's loss is a sum over the rows, so it is given `alpha = lambda * rows`.

use linfa::traits::Fit;
use linfa::{DatasetView, ParamGuard};
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use thiserror::Error;

use crate::report::Certificate;
use crate::{logit, sigmoid};

/// Why there are no coefficients.
#[derive(Clone, Debug, Error, PartialEq)]
pub(super) enum SolveError {
    #[error("penalty `{0}` is not above 0 and finite\nhint: a penalty of 0.01 suits most data")]
    Penalty(f64),
    #[error("all {0} rows to fit on have one class\nhint: use a longer history")]
    OneClass(usize),
    #[error(
        "the fit did not converge: gradient norm {gradient_norm:e} after {iterations} iterations, not {bound:e}\nhint: use a longer history"
    )]
    NotConverged { gradient_norm: f64, bound: f64, iterations: u64 },
    #[error("the curvature of the fit is not positive\nhint: use a longer history")]
    Singular,
}

/// What to solve, not yet checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Params {
    /// Per row of the mean log loss.
    pub(super) lambda: f64,
    /// The gradient norm of the mean objective below which a point counts as the optimum.
    pub(super) bound: f64,
    /// Iterations of the first attempt; the second has ten times as many.
    pub(super) iterations: u64,
}

impl Params {
    pub(super) fn new(lambda: f64) -> Self {
        Self { lambda, bound: 1e-5, iterations: 300 }
    }

    /// For a fit that only serves to choose: by then the objective is within `bound^2 / (2 lambda)` of the optimum.
    pub(super) fn rough(lambda: f64) -> Self {
        Self { bound: 1e-4, ..Self::new(lambda) }
    }

    /// # Errors
    /// [`SolveError::Penalty`] unless `lambda` is above 0 and finite.
    pub(super) fn check(self) -> Result<Solver, SolveError> {
        if self.lambda > 0.0 && self.lambda.is_finite() { Ok(Solver(self)) } else { Err(SolveError::Penalty(self.lambda)) }
    }
}

/// Checked parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solver(Params);

/// The optimum: what was looked for, and the proof that it was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Solution {
    pub(super) weights: Weights,
    pub(super) certificate: Certificate,
}

/// A point in the space of coefficients.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights {
    pub(super) intercept: f64,
    pub(super) coefficients: Array1<f64>,
}

impl Weights {
    /// Log-odds of the rows of a design.
    pub(super) fn log_odds(&self, design: &Array2<f64>) -> Array1<f64> {
        design.dot(&self.coefficients) + self.intercept
    }

    /// In linfa's order, the intercept last.
    fn to_linfa(&self, sign: f64) -> Array1<f64> {
        self.coefficients.iter().chain([&self.intercept]).map(|weight| sign * weight).collect()
    }

    fn is_finite(&self) -> bool {
        self.intercept.is_finite() && self.coefficients.iter().all(|weight| weight.is_finite())
    }
}

impl Solver {
    /// Fits `labels` to the rows of `design`, starting at `start` or at 0.
    ///
    /// # Errors
    /// [`SolveError::OneClass`] when all labels are alike; [`SolveError::NotConverged`] when the second attempt ends above the
    /// bound too.
    pub(super) fn solve(&self, design: &Array2<f64>, labels: &[bool], start: Option<&Weights>) -> Result<Solution, SolveError> {
        let positives = labels.iter().filter(|label| **label).count();
        if positives == 0 || positives == labels.len() {
            return Err(SolveError::OneClass(labels.len()));
        }
        let targets = Array1::from_vec(labels.to_vec());
        let base_rate = logit(positives as f64 / labels.len() as f64);
        let mut weights = start.cloned().unwrap_or_else(|| Weights { intercept: base_rate, coefficients: Array1::zeros(design.ncols()) });
        let mut certificate = self.certificate(design, labels, &weights, 0);
        for iterations in [self.0.iterations, 10 * self.0.iterations] {
            if certificate.gradient_norm <= self.0.bound {
                break;
            }
            if let Some(better) = self.attempt(design, &targets, &weights, iterations) {
                weights = better;
            }
            certificate = self.certificate(design, labels, &weights, iterations);
        }
        let Certificate { gradient_norm, iterations, .. } = certificate;
        if gradient_norm <= self.0.bound {
            Ok(Solution { weights, certificate })
        } else {
            Err(SolveError::NotConverged { gradient_norm, bound: self.0.bound, iterations })
        }
    }

    /// One run of linfa's L-BFGS from `start`; `None` when its line search gives up.
    fn attempt(&self, design: &Array2<f64>, targets: &Array1<bool>, start: &Weights, iterations: u64) -> Option<Weights> {
        let rows = targets.len() as f64;
        let positives = targets.iter().filter(|label| **label).count();
        // linfa calls the more frequent class positive, the first one seen when they tie.
        let sign = if 2 * positives > targets.len() || (2 * positives == targets.len() && targets[0]) { 1.0 } else { -1.0 };
        let params = LogisticRegression::default()
            .alpha(self.0.lambda * rows)
            .max_iterations(iterations)
            .gradient_tolerance(0.5 * self.0.bound * rows)
            .initial_params(start.to_linfa(sign))
            .check()
            .ok()?;
        let fitted = params.fit(&DatasetView::new(design.view(), targets.view())).ok()?;
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        let weights = Weights { intercept: sign * fitted.intercept(), coefficients: fitted.params() * sign };
        weights.is_finite().then_some(weights)
    }

    /// Objective and gradient norm, both of the mean, computed here from nothing but the weights.
    fn certificate(&self, design: &Array2<f64>, labels: &[bool], weights: &Weights, iterations: u64) -> Certificate {
        let rows = labels.len() as f64;
        let mut errors = weights.log_odds(design);
        let mut loss = 0.0;
        for (z, label) in errors.iter_mut().zip(labels) {
            let signed = if *label { *z } else { -*z };
            loss += (-signed.abs()).exp().ln_1p() + (-signed).max(0.0);
            *z = sigmoid(*z) - f64::from(u8::from(*label));
        }
        let intercept: f64 = errors.sum() / rows;
        let coefficients = &weights.coefficients;
        let gradient = design.t().dot(&errors) / rows + coefficients * self.0.lambda;
        Certificate {
            gradient_norm: (gradient.dot(&gradient) + intercept * intercept).sqrt(),
            objective: loss / rows + 0.5 * self.0.lambda * coefficients.dot(coefficients),
            iterations,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ndarray::ShapeBuilder;

    use super::*;

    /// Rows, labels and customers that any language can write down.
    pub(in crate::fit) fn fixture() -> (Array2<f64>, Vec<bool>, Vec<u32>) {
        let x = |i: usize, j: usize| if j == 0 { ((i * 7) % 11) as f64 / 5.0 - 1.0 } else { ((i * 5) % 13) as f64 / 6.0 - 1.0 };
        let design = Array2::from_shape_fn((24, 2).f(), |(i, j)| x(i, j));
        (design, (0..24).map(|i| (i * i + 3 * i) % 7 < 3).collect(), (0..24).map(|i| i % 8).collect())
    }

    fn exact(lambda: f64) -> Solver {
        Params { bound: 1e-8, ..Params::new(lambda) }.check().unwrap()
    }

    fn assert_near(found: f64, expected: f64, by: f64) {
        assert!((found - expected).abs() < by, "{found} is not {expected}");
    }

    /// scikit-learn 1.9.1: `LogisticRegression(C=1 / (0.05 * 24), solver="newton-cholesky", tol=1e-12)`.
    #[test]
    fn coefficients_agree_with_scikit_learn() {
        let (design, labels, _) = fixture();
        let solution = exact(0.05).solve(&design, &labels, None).unwrap();
        assert_near(solution.weights.intercept, -0.901_566_781_381_326_7, 1e-6);
        assert_near(solution.weights.coefficients[0], -0.214_878_013_480_819_3, 1e-6);
        assert_near(solution.weights.coefficients[1], -0.239_751_244_154_341_35, 1e-6);
        assert_near(solution.certificate.objective, 0.595_509_479_906_515_9, 1e-12);
        assert!(solution.certificate.gradient_norm <= 1e-8);
    }

    #[test]
    fn turning_the_labels_turns_the_signs() {
        let (design, labels, _) = fixture();
        let turned: Vec<bool> = labels.iter().map(|label| !label).collect();
        let (one, two) = (exact(0.05).solve(&design, &labels, None).unwrap(), exact(0.05).solve(&design, &turned, None).unwrap());
        assert_near(one.weights.intercept, -two.weights.intercept, 1e-6);
        assert_near(one.weights.coefficients[1], -two.weights.coefficients[1], 1e-6);
    }

    #[test]
    fn classes_of_equal_size_keep_their_signs() {
        let design = Array2::from_shape_fn((8, 1).f(), |(i, _)| i as f64);
        for first in [false, true] {
            let labels: Vec<bool> = (0..8).map(|i| (i >= 4) != first).collect();
            let solution = exact(0.1).solve(&design, &labels, None).unwrap();
            assert_eq!(solution.weights.coefficients[0] > 0.0, !first);
        }
    }

    #[test]
    fn a_start_at_the_optimum_stays_there() {
        let (design, labels, _) = fixture();
        let solution = exact(0.05).solve(&design, &labels, None).unwrap();
        let again = exact(0.05).solve(&design, &labels, Some(&solution.weights)).unwrap();
        assert_eq!((again.weights, again.certificate.iterations), (solution.weights, 0));
    }

    #[test]
    fn a_design_without_columns_gives_the_base_rate() {
        let labels = [true, false, false, false];
        let solution = exact(0.1).solve(&Array2::zeros((4, 0)), &labels, None).unwrap();
        assert_near(sigmoid(solution.weights.intercept), 0.25, 1e-12);
    }

    #[test]
    fn penalties_are_checked() {
        for lambda in [0.0, -1.0, f64::INFINITY] {
            assert_eq!(Params::new(lambda).check().err(), Some(SolveError::Penalty(lambda)));
        }
        assert!(Params::new(f64::NAN).check().is_err());
    }

    #[test]
    fn one_class_is_refused() {
        let (design, ..) = fixture();
        assert_eq!(exact(0.1).solve(&design, &[true; 24], None), Err(SolveError::OneClass(24)));
    }

    #[test]
    fn stopping_early_is_not_taken_for_an_optimum() {
        let (design, labels, _) = fixture();
        let hasty = Params { lambda: 1e-3, bound: 1e-200, iterations: 1 }.check().unwrap();
        assert!(matches!(hasty.solve(&design, &labels, None), Err(SolveError::NotConverged { iterations: 10, .. })));
    }
}
