//! The rule that stands in for a model when there is too little to learn from: bought lately, or not.

use serde::{Deserialize, Serialize};

use crate::logit;
use crate::metrics::wilson;

/// Two cells, told apart by the days since the last purchase, each with the rate that was seen in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HiatusRule {
    /// Customers whose last purchase lies longer back are overdue.
    pub threshold_days: f64,
    /// Of those at or below the threshold.
    pub recent: Cell,
    /// Of those above it.
    pub overdue: Cell,
    /// Of all; speaks for a customer whose days are not known.
    pub all: Cell,
}

/// What was seen of a group of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Rows.
    pub rows: u64,
    /// Rows with a positive label.
    pub positives: u64,
    /// Distinct customers among the rows.
    pub customers: u64,
}

/// Half width of a normal 95 % interval, in standard deviations.
pub(crate) const Z95: f64 = 1.959_963_984_540_054;

impl Cell {
    /// Jeffreys' smoothed rate `(positives + 1/2) / (rows + 1)`: never 0 or 1, and 1/2 when nothing was seen.
    #[must_use]
    pub fn rate(&self) -> f64 {
        (self.positives as f64 + 0.5) / (self.rows as f64 + 1.0)
    }

    /// Wilson's 95 % interval around the smoothed rate. Rows of one customer are not independent, so each customer counts as
    /// one observation, plus one for the smoothing. Wide, 0.05 to 0.95, when nothing was seen.
    ///
    /// ```
    /// use lapwing_models::Cell;
    /// let (low, high) = Cell { rows: 300, positives: 60, customers: 100 }.interval();
    /// assert!(0.13 < low && low < 0.2 && 0.2 < high && high < 0.30);
    /// let (low, high) = Cell::default().interval();
    /// assert!(low < 0.06 && high > 0.94);
    /// ```
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        wilson(self.rate(), self.customers as f64 + 1.0)
    }
}

impl HiatusRule {
    /// The rule when no outcome was ever seen.
    #[must_use]
    pub fn unlearned(threshold_days: f64) -> Self {
        Self { threshold_days, recent: Cell::default(), overdue: Cell::default(), all: Cell::default() }
    }

    /// The cell that speaks for a customer; NaN is not known.
    #[must_use]
    pub fn cell(&self, days_since_last_purchase: f64) -> &Cell {
        if days_since_last_purchase.is_nan() {
            &self.all
        } else if days_since_last_purchase <= self.threshold_days {
            &self.recent
        } else {
            &self.overdue
        }
    }

    /// Log-odds of all customers, from which a cell differs by its contribution.
    pub(crate) fn intercept(&self) -> f64 {
        logit(self.all.rate())
    }
}
