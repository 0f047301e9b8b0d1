//! What the model believes, where it fails, what has changed.

use lapwing_models::Estimate;
use lapwing_models::effects::Direction;
use serde::{Deserialize, Serialize};

/// One input's part in the models of all cutoffs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoefficientStability {
    /// Name of the feature or attribute.
    pub code: String,
    /// The same for people.
    pub label: String,
    /// At each cutoff, oldest first: how far its contribution is from its mean on average over that cutoff's customers, in log-odds,
    /// below 0 where more of the input makes a positive answer less likely. 0 where the model does not use it.
    pub by_cutoff: Vec<f64>,
    /// Mean of `by_cutoff`.
    pub mean: f64,
    /// Standard deviation of `by_cutoff`; `None` for one cutoff.
    pub spread: Option<f64>,
    /// How often the sign changes from one cutoff to the next that uses the input.
    pub sign_flips: usize,
}

/// One way of telling customers apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grouping {
    /// `stage`, `tenure`, or the attribute's name.
    pub by: String,
    /// The groups, in an order of their own; groups with few rows are there too.
    pub slices: Vec<SliceSkill>,
}

/// How good the model was on some of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceSkill {
    /// What tells the group apart, as [`Grouping::by`].
    pub by: String,
    /// Which group, as in `new` or `under 90 days`.
    pub name: String,
    /// Rows.
    pub rows: usize,
    /// Distinct customers among them.
    pub customers: usize,
    /// Rows for which the answer turned out to be yes.
    pub positives: usize,
    /// Their share.
    pub base_rate: f64,
    /// Mean of the model's probabilities.
    pub mean_probability: f64,
    /// Mean of what happened minus what was said: above 0 where the model says too little.
    pub observed_minus_predicted: Estimate,
    /// `None` when there is one class only.
    pub auc: Option<Estimate>,
    /// In nats.
    pub log_loss: Estimate,
}

/// What the model believes of one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Name of the feature or attribute.
    pub code: String,
    /// The same for people.
    pub label: String,
    /// What it is counted in, as in `days`; empty for attributes.
    pub unit: String,
    /// What it says, in one sentence; empty for attributes.
    pub meaning: String,
    /// Mean absolute contribution to the log-odds over the customers of the newest cutoff.
    pub importance: f64,
    /// Which way it works.
    pub direction: Direction,
    /// The contribution to the log-odds by value, lowest value first; empty for an input with levels.
    pub curve: Vec<EffectPoint>,
    /// Where the customers are: bins of equal width over the curve's range, rows beyond it in the outermost; empty for an input
    /// with levels.
    pub density: Vec<EffectBin>,
    /// The same for an input with levels, in its order; empty for numbers.
    pub levels: Vec<EffectLevel>,
    /// Customers whose value is not known; `None` when all are.
    pub missing: Option<EffectMissing>,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectPoint {
    /// The value.
    pub x: f64,
    /// What it adds to the log-odds.
    pub log_odds: f64,
}

/// How many customers have such values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectBin {
    /// From this value.
    pub from: f64,
    /// To below this one; the last bin includes it.
    pub to: f64,
    /// Share of the customers.
    pub share: f64,
}

/// A level of an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectLevel {
    /// Its name; `other` for rare ones and none.
    pub name: String,
    /// What it adds to the log-odds.
    pub log_odds: f64,
    /// Share of the customers.
    pub share: f64,
}

/// The customers whose value is not known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectMissing {
    /// Share of the customers.
    pub share: f64,
    /// What it adds to the log-odds.
    pub log_odds: f64,
}

/// How often an input is given as a reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonCount {
    /// Name of the feature or attribute.
    pub code: String,
    /// The same for people.
    pub label: String,
    /// Customers whose first reason it is.
    pub first: usize,
    /// Customers who have it among their first three.
    pub among_three: usize,
    /// Of those, the share for whom it makes a positive answer likelier.
    pub raises: f64,
    /// How the reason reads for the first of them, by customer id.
    pub example: String,
}

/// How far one input has moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Name of the feature.
    pub code: String,
    /// The same for people.
    pub label: String,
    /// Population stability index: below 0.1 nothing has changed, above 0.25 it is time to look.
    pub psi: f64,
    /// Share of missing values among the training rows.
    pub missing_then: f64,
    /// Share of missing values among the customers of the newest cutoff.
    pub missing_now: f64,
    /// Median of the known values among the training rows; `None` when there is none.
    pub median_then: Option<f64>,
    /// Median of the known values among the customers of the newest cutoff; `None` when there is none.
    pub median_now: Option<f64>,
}
