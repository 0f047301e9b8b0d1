//! Uplift: not who will buy, but whom a campaign makes buy, learned from an experiment in which the lot decided who got it.
//!
//! One logistic regression learns the outcome of each arm and one that of the control; the difference of what both say of a customer is
//! its uplift (two models, or T-learner). Customers are parted by a hash of their id, and each is told by models that have not seen it, so
//! that everything here is judged out of sample. Whether the order is better than none is told by the Qini coefficient; where it is not,
//! everybody is told the mean effect.
//!
//! Source: Radcliffe (2007), "Using control groups to target on predicted lift"; Künzel et al. (2019), "Metalearners for estimating
//! heterogeneous treatment effects".

mod design;
mod learn;
mod policy;
mod qini;
#[cfg(test)]
mod tests;

pub use policy::{Choice, Policy, Value};
pub use qini::{CurvePoint, Qini};

use serde::Serialize;
use thiserror::Error;

use super::solver::SolveError;
use crate::proof::Results;

/// Fewest customers of an arm, and fewest of either outcome in it.
pub const LEAST_ROWS: usize = 100;
/// Fewest rows of either outcome in an arm.
pub const LEAST_OUTCOMES: usize = 25;

/// What is known of each customer before the lot was drawn; `None` is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Covariate {
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// One of some texts.
    Texts(Vec<Option<String>>),
}

/// An experiment: one entry a row in each list.
#[derive(Clone, Debug, Default)]
pub struct Experiment {
    /// The customers; rows that share one are one person.
    pub customers: Vec<String>,
    /// What was known of them.
    pub covariates: Vec<Covariate>,
    /// Who got what: 0 is the control, k is `arms[k - 1]`.
    pub assigned: Vec<usize>,
    /// Names of the arms but the control.
    pub arms: Vec<String>,
    /// Whether what was wanted happened.
    pub outcome: Vec<bool>,
}

/// What the advice is by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpliftSettings {
    /// What one outcome earns.
    pub margin: f64,
    /// What contacting one customer costs.
    pub contact_cost: f64,
    /// Seed of parting and bootstrap.
    pub seed: u64,
}

/// Why nothing can be learned.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum UpliftError {
    /// Lists of different lengths, or an arm that is not named.
    #[error("the experiment has {found} {what} and {expected} customers\nhint: give one for each")]
    Shape {
        /// What there are too many or too few of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// An arm is too small.
    #[error(
        "{arm} has {rows} customers, of whom {outcomes} had the outcome\nhint: it takes at least {LEAST_ROWS}, and {LEAST_OUTCOMES} with and {LEAST_OUTCOMES} without the outcome"
    )]
    TooFew {
        /// The arm.
        arm: String,
        /// Its customers.
        rows: usize,
        /// Of these, with the outcome.
        outcomes: usize,
    },
    /// There is nothing to compare with.
    #[error("the experiment has the control alone\nhint: name the column that tells who got what, and its value for nobody's campaign")]
    NoArm,
    /// The fit went wrong.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

/// What was learned of one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmUplift {
    /// Its name.
    pub name: String,
    /// What it did on the whole.
    pub results: Results,
    /// How much better than none the order by uplift is.
    pub qini: Qini,
    /// Whether that is beyond noise.
    pub beats_random: bool,
}

/// What is advised for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Advised {
    /// The part that it is in; models of the others told it.
    pub fold: usize,
    /// Of each arm, by how much it makes the outcome likelier: of this customer where the order beats none, else the mean.
    pub uplift: Vec<f64>,
    /// The arm that is expected to earn most, in the order of the arms; `None` to leave the customer alone.
    pub arm: Option<usize>,
    /// What it is expected to earn above leaving the customer alone; 0 where that is best.
    pub expected_profit: f64,
}

/// What was learned of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Uplift {
    /// Of each arm.
    pub arms: Vec<ArmUplift>,
    /// For each row.
    pub advised: Vec<Advised>,
    /// What choosing customer by customer earns, beside contacting everybody; the advice is the way that earned most.
    pub policy: Policy,
}

impl Experiment {
    fn check(&self) -> Result<(), UpliftError> {
        let rows = self.customers.len();
        let lengths = [("outcomes", self.outcome.len()), ("assignments", self.assigned.len())];
        let covariates = self.covariates.iter().map(|covariate| ("values of a covariate", covariate.len()));
        if let Some((what, found)) = lengths.into_iter().chain(covariates).find(|(_, found)| *found != rows) {
            return Err(UpliftError::Shape { what, found, expected: rows });
        }
        if self.arms.is_empty() {
            return Err(UpliftError::NoArm);
        }
        let named = self.assigned.iter().filter(|arm| **arm <= self.arms.len()).count();
        if named != rows {
            return Err(UpliftError::Shape { what: "assignments to arms that are named", found: named, expected: rows });
        }
        for arm in 0..=self.arms.len() {
            let rows = self.rows_of(arm);
            let outcomes = rows.iter().filter(|row| self.outcome[**row]).count();
            if rows.len() < LEAST_ROWS || outcomes < LEAST_OUTCOMES || rows.len() - outcomes < LEAST_OUTCOMES {
                let arm = arm.checked_sub(1).map_or("the control".to_owned(), |arm| format!("`{}`", self.arms[arm]));
                return Err(UpliftError::TooFew { arm, rows: rows.len(), outcomes });
            }
        }
        Ok(())
    }

    fn rows_of(&self, arm: usize) -> Vec<usize> {
        (0..self.assigned.len()).filter(|row| self.assigned[*row] == arm).collect()
    }
}

impl Covariate {
    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Learns whom each arm of an experiment moves, and advises whom to contact and whom to leave alone by expected profit.
///
/// The same rows, in any order, and the same seed give the same models. Intervals are by bootstrap over customers, with the models as they
/// are.
///
/// # Errors
/// [`UpliftError`] when the lists do not match, an arm is too small, or the fit goes wrong.
pub fn uplift(experiment: &Experiment, settings: &UpliftSettings) -> Result<Uplift, UpliftError> {
    experiment.check()?;
    let learned = learn::cross_fitted(experiment, settings.seed)?;
    let arms: Vec<ArmUplift> = (0..experiment.arms.len()).map(|arm| learned.judge(experiment, arm, settings.seed)).collect();
    let mut advised = policy::advise(&learned, &arms, settings);
    let policy = Policy::of(experiment, &learned, &advised, settings);
    policy::settle(&mut advised, policy.choice, &arms, settings);
    Ok(Uplift { arms, advised, policy })
}
