//! Gamma-Gamma: what a purchase day is worth, for a customer whose few days say little.
//!
//! Source: Fader and Hardie, "The Gamma-Gamma model of monetary value" (2013); Fader, Hardie and Lee, "RFM and CLV: using
//! iso-value curves for customer base analysis" (2005).

use serde::{Deserialize, Serialize};

use super::are_sound;
use super::habits::Habits;

/// The value of a purchase day is gamma distributed with shape `p` around a customer's own mean, and these means vary over
/// customers as `p gamma / g`, where `g` is gamma distributed with shape `q` and rate 1. Its JSON reads back to the same bits.
///
/// ```
/// use lapwing_models::btyd::{GammaGamma, Habits};
/// let model = GammaGamma { p: 6.25, q: 3.74, gamma: 15.44 };
/// let habits = Habits::new(1.0, 30.0, 40.0).unwrap();
/// // One day of 100 moves the mean of all, 35.22, most of the way.
/// assert!((80.2..80.3).contains(&model.expected_spend(&habits, 100.0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GammaGamma {
    /// Shape of the values of a customer's days.
    pub p: f64,
    /// Shape of the spread over customers; above 1, so that there is a mean.
    pub q: f64,
    /// Scale, in money.
    pub gamma: f64,
}

impl GammaGamma {
    /// Whether predictions can be computed: every parameter is a number between 1e-15 and 1e15, and `q` is above 1.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        are_sound([self.p, self.q - 1.0, self.gamma])
    }

    /// Mean spend on a purchase day, over all customers.
    #[must_use]
    pub fn mean_spend(&self) -> f64 {
        self.p * self.gamma / (self.q - 1.0)
    }

    /// Expected spend on a purchase day of a customer whose repeat days brought `value_mean` each (the feature
    /// `btyd_value_mean`).
    ///
    /// The more repeat days, the closer to their own mean. Without one, or when the value is not known, it is the mean of all;
    /// a value below 0 counts as 0.
    #[must_use]
    pub fn expected_spend(&self, habits: &Habits, value_mean: f64) -> f64 {
        let x = habits.repeat_days();
        if x == 0.0 || !value_mean.is_finite() {
            return self.mean_spend();
        }
        let others = (self.q - 1.0) / (self.p * x + self.q - 1.0);
        others * self.mean_spend() + (1.0 - others) * value_mean.max(0.0)
    }

    /// Customer lifetime value over the next 365 days, not discounted: the purchase days expected of the customer, times the
    /// spend expected of each.
    #[must_use]
    pub fn clv_365d(&self, expected_purchases_365d: f64, habits: &Habits, value_mean: f64) -> f64 {
        (expected_purchases_365d * self.expected_spend(habits, value_mean)).min(f64::MAX)
    }
}
