//! BG/NBD: a customer may drop out right after each repeat purchase.
//!
//! Source: Fader, Hardie and Lee, "Counting your customers the easy way: an alternative to the Pareto/NBD model", Marketing
//! Science 24 (2005). The windows with a gap are derived here: given that the customer is alive now, their rate and their
//! probability of dropping out are independent, gamma and beta. At rate `l` and probability `p` they are still alive after
//! `u` days with probability `e^(-l p u)`. Taking the mean over `l` is closed, over `p` it is done by quadrature, which has no
//! special cases where the published hypergeometric series have (`a = 1`, many purchases, short histories).

use serde::{Deserialize, Serialize};

use super::habits::Habits;
use super::integrate::beta_mean;
use super::{are_sound, bounded};
use crate::sigmoid;

/// Purchase rates are gamma distributed over customers with shape `r` and rate `alpha` (in days); the probability of dropping
/// out after a repeat purchase is beta distributed with `a` and `b`. Its JSON reads back to the same bits.
///
/// ```
/// use lapwing_models::btyd::{BgNbd, Habits};
/// let model = BgNbd { r: 0.243, alpha: 30.9, a: 0.793, b: 2.426 };
/// let habits = Habits::new(2.0, 210.0, 270.0).unwrap();
/// assert!((0.72..0.73).contains(&model.alive(&habits)));
/// assert!((1.2..1.3).contains(&model.expected_purchases(&habits, 0.0, 273.0)));
/// // Longer windows hold more purchases.
/// assert!(model.none_probability(&habits, 0.0, 30.0) > model.none_probability(&habits, 0.0, 90.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BgNbd {
    /// Shape of the purchase rates.
    pub r: f64,
    /// Rate of the purchase rates, in days.
    pub alpha: f64,
    /// First shape of the dropout probabilities.
    pub a: f64,
    /// Second shape of the dropout probabilities.
    pub b: f64,
}

impl BgNbd {
    /// Whether predictions can be computed: every parameter is a number between 1e-15 and 1e15.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        are_sound([self.r, self.alpha, self.a, self.b])
    }

    /// Probability that the customer has not dropped out yet; 1 without a repeat purchase.
    #[must_use]
    pub fn alive(&self, habits: &Habits) -> f64 {
        let (x, span, age) = (habits.repeat_days(), habits.span_days(), habits.age_days());
        if x == 0.0 {
            return 1.0;
        }
        let hiatus = (self.r + x) * libm::log1p((age - span) / (self.alpha + span));
        sigmoid(libm::log((self.b + x - 1.0) / self.a) - hiatus)
    }

    /// Expected purchase days in the `horizon_days` that begin `gap_days` from now; 0 when the horizon is not above 0.
    #[must_use]
    pub fn expected_purchases(&self, habits: &Habits, gap_days: f64, horizon_days: f64) -> f64 {
        self.alive(habits) * self.expected_if_alive(habits, gap_days, horizon_days)
    }

    /// As [`expected_purchases`](Self::expected_purchases), of a customer who has not dropped out yet: a function of repeat days and
    /// age alone.
    pub(crate) fn expected_if_alive(&self, habits: &Habits, gap_days: f64, horizon_days: f64) -> f64 {
        let (gap, horizon) = (bounded(gap_days), bounded(horizon_days));
        let (shape, rate) = self.purchase_rate(habits);
        // (1 - e^(-l p h)) / p purchases are expected of a customer who is alive when the window begins.
        let of = |p: f64| {
            let survival = if gap == 0.0 { 1.0 } else { libm::exp(-shape * libm::log1p(p * gap / rate)) };
            survival * -libm::expm1(-shape * libm::log1p(p * horizon / (rate + p * gap))) / p
        };
        beta_mean(self.a, self.b + habits.repeat_days(), shape.max(1.0) * (gap + horizon) / rate, of)
    }

    /// Probability of no purchase in the `horizon_days` that begin `gap_days` from now; 1 when the horizon is not above 0.
    ///
    /// This is not `1 - alive`: a customer who is alive may well not buy in the window.
    #[must_use]
    pub fn none_probability(&self, habits: &Habits, gap_days: f64, horizon_days: f64) -> f64 {
        let (gap, horizon) = (bounded(gap_days), bounded(horizon_days));
        let (shape, rate) = self.purchase_rate(habits);
        let some = if gap == 0.0 {
            -libm::expm1(-shape * libm::log1p(horizon / rate))
        } else {
            let of = |p: f64| {
                let survival = libm::exp(-shape * libm::log1p(p * gap / rate));
                survival * -libm::expm1(-shape * libm::log1p(horizon / (rate + p * gap)))
            };
            beta_mean(self.a, self.b + habits.repeat_days(), shape.max(1.0) * gap / rate, of)
        };
        (1.0 - self.alive(habits) * some).clamp(0.0, 1.0)
    }

    /// Shape and rate of the customer's own purchase rate, given that they are alive.
    fn purchase_rate(&self, habits: &Habits) -> (f64, f64) {
        (self.r + habits.repeat_days(), self.alpha + habits.age_days())
    }
}
