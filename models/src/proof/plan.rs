//! What was decided before the first result was seen.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Most looks that are counted.
const MOST_LOOKS: usize = 100;

/// How what customers do becomes margin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Worth {
    /// This share of what they spend, 0 to 1.
    ShareOfSpend(f64),
    /// So much for each who buys.
    PerPurchase(f64),
}

/// What was decided before the first result was seen.
///
/// ```
/// use lapwing_models::proof::Plan;
/// assert!(Plan::default().check().is_ok());
/// let error = Plan { alpha: 0.0, ..Plan::default() }.check().unwrap_err();
/// assert!(error.to_string().contains("\nhint: "));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// How often a campaign without effect may be told to have one: 0.05.
    pub alpha: f64,
    /// How often an effect as large as the wanted one is to be found: 0.8.
    pub power: f64,
    /// Customers of both sides to wait for; `None` when it is looked at once, with all in.
    pub planned_customers: Option<u64>,
    /// At which counts of customers it was looked at before; `None` when nobody counted the looks. It matters with a plan only.
    pub looks: Option<Vec<u64>>,
    /// The difference of purchase rates that would be worth finding, as in 0.01 for a point.
    pub wanted_lift: Option<f64>,
    /// What contacting one customer costs.
    pub contact_cost: f64,
    /// How what customers do becomes margin; `None` when money is not told.
    pub worth: Option<Worth>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { alpha: 0.05, power: 0.8, planned_customers: None, looks: None, wanted_lift: None, contact_cost: 0.0, worth: None }
    }
}

/// A plan that cannot be meant.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{what} is {value}, which is not {bounds}\nhint: {hint}")]
pub struct PlanError {
    /// The name of the part among the members of [`Plan`]; `margin` for its worth.
    pub key: &'static str,
    /// The part of the plan.
    pub what: &'static str,
    /// Its value.
    pub value: f64,
    /// What it must be.
    pub bounds: &'static str,
    /// What to do.
    pub hint: &'static str,
}

impl Plan {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`PlanError`] for the first that cannot be meant.
    pub fn check(&self) -> Result<(), PlanError> {
        let outside = |key, what, value, bounds, hint| Err(PlanError { key, what, value, bounds, hint });
        let inside = |value: f64| value > 0.0 && value < 1.0;
        if !(inside(self.alpha) && self.alpha <= 0.5) {
            return outside("alpha", "`alpha`", self.alpha, "above 0 and at most 0.5", "0.05 is usual");
        }
        if !inside(self.power) {
            return outside("power", "`power`", self.power, "between 0 and 1", "0.8 is usual");
        }
        if !(self.contact_cost >= 0.0 && self.contact_cost.is_finite()) {
            return outside("contact_cost", "the contact cost", self.contact_cost, "0 or more", "write what reaching one customer costs");
        }
        if self.planned_customers == Some(0) {
            return outside(
                "planned_customers",
                "the planned number of customers",
                0.0,
                "1 or more",
                "leave it out when all customers are in",
            );
        }
        if let Some(lift) = self.wanted_lift.filter(|lift| !(lift.abs() < 1.0 && *lift != 0.0)) {
            return outside(
                "wanted_lift",
                "the wanted lift",
                lift,
                "between -1 and 1, and not 0",
                "write 0.01 for one point of the purchase rate",
            );
        }
        if let Some(looks) = self.looks.as_ref().filter(|looks| looks.len() > MOST_LOOKS) {
            return outside(
                "looks",
                "the number of looks",
                looks.len() as f64,
                "at most 100",
                "leave them out: then any number is allowed for",
            );
        }
        match self.worth {
            Some(Worth::ShareOfSpend(share)) if !(0.0..=1.0).contains(&share) => {
                outside("margin", "the margin", share, "a share of the spend from 0 to 1", "write 0.3 if 30 of 100 spent are earned")
            }
            Some(Worth::PerPurchase(money)) if !(0.0..1e12).contains(&money) => {
                outside("margin", "the margin", money, "0 or more, and below 1e12", "write what one purchase earns")
            }
            _ => Ok(()),
        }
    }
}
