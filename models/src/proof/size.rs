//! How many customers it takes to see an effect.

use serde::Serialize;

use super::normal::{quantile, upper};

/// Customers that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Who get the campaign.
    pub treated: u64,
    /// Who are held out.
    pub held_out: u64,
}

impl Size {
    /// Customers that it takes to find, with probability `power`, that the purchase rate is `rate` + `lift` and not `rate`, by a two-sided
    /// test at `alpha`, when a share `held_out` of them is left alone. `None` where that cannot be: a rate, share or probability that is
    /// not strictly between 0 and 1, or no lift.
    ///
    /// Source: Fleiss, Levin and Paik (2003), "Statistical methods for rates and proportions", without correction for continuity.
    ///
    /// ```
    /// use lapwing_models::proof::Size;
    /// let even = Size::needed(0.10, 0.02, 0.5, 0.05, 0.8).unwrap();
    /// assert_eq!((even.treated, even.held_out), (3_841, 3_841)); // statsmodels 0.15: 3840.85
    /// let tenth = Size::needed(0.10, 0.02, 0.1, 0.05, 0.8).unwrap();
    /// assert_eq!(tenth.all(), 21_854); // a small hold-out makes for a large campaign
    /// assert_eq!(Size::needed(0.10, 0.0, 0.5, 0.05, 0.8), None);
    /// ```
    #[must_use]
    pub fn needed(rate: f64, lift: f64, held_out: f64, alpha: f64, power: f64) -> Option<Self> {
        let inside = |share: f64| share > 0.0 && share < 1.0;
        if ![rate, rate + lift, held_out, alpha, power].into_iter().all(inside) || lift == 0.0 {
            return None;
        }
        let ratio = held_out / (1.0 - held_out);
        let (one, other) = (rate + lift, rate);
        let pooled = (one + ratio * other) / (1.0 + ratio);
        let under_none = (pooled * (1.0 - pooled) * (1.0 + 1.0 / ratio)).sqrt();
        let under_lift = (one * (1.0 - one) + other * (1.0 - other) / ratio).sqrt();
        let root = (quantile(0.5 * alpha) * under_none + quantile(1.0 - power) * under_lift) / lift;
        let treated = root * root;
        let most = 1e15;
        (treated < most && treated * ratio < most)
            .then(|| Self { treated: treated.ceil() as u64, held_out: (treated * ratio).ceil() as u64 })
    }

    /// The least lift above `rate` that so many customers show with probability `power`; `None` where none does, or a side is empty.
    ///
    /// ```
    /// use lapwing_models::proof::Size;
    /// let lift = Size { treated: 3_841, held_out: 3_841 }.detectable(0.10, 0.05, 0.8).unwrap();
    /// assert!((lift - 0.02).abs() < 1e-5);
    /// ```
    #[must_use]
    pub fn detectable(self, rate: f64, alpha: f64, power: f64) -> Option<f64> {
        let room = 1.0 - rate;
        if self.treated == 0 || self.held_out == 0 || !(0.0..1.0).contains(&rate) || self.power(rate, room, alpha) < power {
            return None;
        }
        let (mut low, mut high) = (0.0, room);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if self.power(rate, middle, alpha) < power { low = middle } else { high = middle }
        }
        Some(high)
    }

    /// Probability that so many customers show a lift above `rate`.
    fn power(self, rate: f64, lift: f64, alpha: f64) -> f64 {
        let (treated, held_out) = (self.treated as f64, self.held_out as f64);
        let (one, other) = (rate + lift, rate);
        let pooled = (one * treated + other * held_out) / (treated + held_out);
        let under_none = (pooled * (1.0 - pooled) * (1.0 / treated + 1.0 / held_out)).sqrt();
        let under_lift = (one * (1.0 - one) / treated + other * (1.0 - other) / held_out).sqrt();
        upper((quantile(0.5 * alpha) * under_none - lift) / under_lift)
    }

    /// Both sides.
    #[must_use]
    pub fn all(self) -> u64 {
        self.treated + self.held_out
    }
}
