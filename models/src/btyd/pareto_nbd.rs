//! Pareto/NBD: a customer may drop out at any moment.
//!
//! Source: Schmittlein, Morrison and Colombo, "Counting your customers: who are they and what will they do next?", Management
//! Science 33 (1987); Fader and Hardie, "A note on deriving the Pareto/NBD model and related expressions" (2005).
//!
//! Given that the customer is alive now, their purchase rate `l` and their dropout rate `m` are independent and gamma. That
//! they were not, is an integral over the moment at which they dropped out; the papers turn it into a difference of two
//! hypergeometric functions, which cancels, while the integral itself is smooth and positive, so it is what is computed. A
//! purchase in a window is an integral of the same form, over the moment of the first purchase `s` days into the window:
//! `E[l e^(-l s)] E[e^(-m (gap + s))]`.

use serde::{Deserialize, Serialize};

use super::habits::Habits;
use super::integrate::Decay;
use super::{are_sound, bounded};
use crate::sigmoid;

/// Purchase rates are gamma distributed over customers with shape `r` and rate `alpha`, dropout rates with shape `s` and rate
/// `beta` (both rates in days). Its JSON reads back to the same bits.
///
/// ```
/// use lapwing_models::btyd::{Habits, ParetoNbd};
/// let model = ParetoNbd { r: 0.553, alpha: 74.0, s: 0.606, beta: 81.7 };
/// let habits = Habits::new(2.0, 210.0, 270.0).unwrap();
/// assert!((0.86..0.87).contains(&model.alive(&habits)));
/// assert!((1.4..1.5).contains(&model.expected_purchases(&habits, 0.0, 273.0)));
/// // Longer windows hold more purchases.
/// assert!(model.none_probability(&habits, 0.0, 30.0) > model.none_probability(&habits, 0.0, 90.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParetoNbd {
    /// Shape of the purchase rates.
    pub r: f64,
    /// Rate of the purchase rates, in days.
    pub alpha: f64,
    /// Shape of the dropout rates.
    pub s: f64,
    /// Rate of the dropout rates, in days.
    pub beta: f64,
}

impl ParetoNbd {
    /// Whether predictions can be computed: every parameter is a number between 1e-15 and 1e15.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        are_sound([self.r, self.alpha, self.s, self.beta])
    }

    /// Probability that the customer has not dropped out yet; 1 on the day of the last purchase.
    #[must_use]
    pub fn alive(&self, habits: &Habits) -> f64 {
        let (x, span, age) = (habits.repeat_days(), habits.span_days(), habits.age_days());
        let hiatus = age - span;
        if hiatus == 0.0 {
            return 1.0;
        }
        let (alpha, beta) = (self.alpha + span, self.beta + span);
        let gone = Decay { a: alpha, p: self.r + x, c: beta, q: self.s + 1.0 }.integral(hiatus);
        let still = (self.r + x) * libm::log1p(hiatus / alpha) + self.s * libm::log1p(hiatus / beta);
        sigmoid(-(still + libm::log(self.s / beta) + libm::log(gone)))
    }

    /// Expected purchase days in the `horizon_days` that begin `gap_days` from now; 0 when the horizon is not above 0.
    #[must_use]
    pub fn expected_purchases(&self, habits: &Habits, gap_days: f64, horizon_days: f64) -> f64 {
        let (gap, horizon) = (bounded(gap_days), bounded(horizon_days));
        let beta = self.beta + habits.age_days();
        // The days of the window that a customer who is alive now lives to see.
        let start = libm::exp(-self.s * libm::log1p(gap / beta)) * (beta + gap);
        let length = libm::log1p(horizon / (beta + gap));
        let growth = (1.0 - self.s) * length;
        let days = start * length * if growth == 0.0 { 1.0 } else { libm::expm1(growth) / growth };
        self.alive(habits) * (self.r + habits.repeat_days()) / (self.alpha + habits.age_days()) * days
    }

    /// Probability of no purchase in the `horizon_days` that begin `gap_days` from now; 1 when the horizon is not above 0.
    ///
    /// This is not `1 - alive`: a customer who is alive may well not buy in the window.
    #[must_use]
    pub fn none_probability(&self, habits: &Habits, gap_days: f64, horizon_days: f64) -> f64 {
        let (gap, horizon) = (bounded(gap_days), bounded(horizon_days));
        let (shape, alpha) = (self.r + habits.repeat_days(), self.alpha + habits.age_days());
        let beta = self.beta + habits.age_days();
        let first = Decay { a: alpha, p: shape + 1.0, c: beta + gap, q: self.s }.integral(horizon);
        let some = shape / alpha * libm::exp(-self.s * libm::log1p(gap / beta)) * first;
        (1.0 - self.alive(habits) * some).clamp(0.0, 1.0)
    }
}
