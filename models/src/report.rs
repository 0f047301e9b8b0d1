//! What a fit found out about itself: how the rows were split, what was chosen, how good it is beside the naive rules.

use lapwing_features::Timestamp;
use serde::{Deserialize, Serialize};
#[cfg(feature = "fit")]
use thiserror::Error;

use crate::calibrate::Calibrator;
use crate::metrics::CalibrationBin;
use crate::target::Target;

/// The report of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetReport {
    /// The question.
    pub target: Target,
    /// `logistic`, `base rate` or `hiatus rule`.
    pub basis: String,
    /// Why there is no fitted model; `None` when there is one.
    pub why: Option<String>,
    /// How the rows were split; `None` when there was nothing to split.
    pub split: Option<SplitReport>,
    /// Every complete slice, newest first.
    pub slices: Vec<SliceReport>,
    /// The penalty with the greatest weight, per row of the mean log loss.
    pub penalty: Option<f64>,
    /// Every candidate that was tried: straight lines, then bent ones, each by its penalty, strongest first.
    pub penalty_path: Vec<PenaltyTrial>,
    /// Proof that the served model is at its optimum.
    pub certificate: Option<Certificate>,
    /// The calibration that was found, and served.
    pub calibrator: Option<Calibrator>,
    /// The model, then the baselines; empty when nothing could be judged.
    pub judged: Vec<Judged>,
    /// One sentence on how good the model is.
    pub verdict: String,
    /// Whether the ranking is better than chance beyond doubt.
    pub skill: bool,
    /// What did better than the model beyond doubt, in a sentence; `None` when nothing did.
    #[serde(default)]
    pub beaten_by: Option<String>,
    /// Which customers the rows are of; `None` when they are of all.
    #[serde(default)]
    pub sample: Option<Sample>,
}

/// Whole customers that were drawn to keep the number of rows within bounds, and whose rows are all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Customers that were drawn.
    pub customers: usize,
    /// Customers that there were to draw from.
    pub of_customers: usize,
    /// Most rows that were to be had.
    pub most_rows: usize,
}

impl TargetReport {
    /// Rows of all slices.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.slices.iter().map(|slice| slice.rows).sum()
    }

    /// Those of [`rows`](Self::rows) with a positive label.
    #[must_use]
    pub fn positives(&self) -> usize {
        self.slices.iter().map(|slice| slice.positives).sum()
    }
}

/// The rows of one cutoff.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceReport {
    /// The cutoff.
    pub cutoff: Timestamp,
    /// Rows of the target's population.
    pub rows: usize,
    /// Those with a positive label.
    pub positives: usize,
    /// Their share.
    pub base_rate: f64,
}

/// How choosing and judging were kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitKind {
    /// Penalties and calibration on later slices than the fit, judged on a still later one.
    Separated,
    /// Penalty and calibration by folds of customers, judged on a later slice.
    JudgeSeparated,
    /// All by folds of customers: history is too short for more.
    CustomerFolds,
}

impl SplitKind {
    /// One sentence on what was measured on what.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Separated => {
                "penalties and calibration were chosen on later slices than the fit and judged on a still later one, at least a horizon apart"
            }
            Self::JudgeSeparated => {
                "penalties and calibration were chosen by five folds of customers and judged on a slice at least a horizon later"
            }
            Self::CustomerFolds => {
                "history is too short for separate slices: choosing and judging both used five folds of customers, which sees no drift"
            }
        }
    }
}

/// Which cutoffs served for what, each newest first, and how many rows that made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitReport {
    /// How they were kept apart.
    pub kind: SplitKind,
    /// Fitted on while the newest of `calibrate` was tested.
    pub fit: Vec<Timestamp>,
    /// Penalties were chosen on for the judged model, the calibration on the newest; empty when folds stood in.
    pub calibrate: Vec<Timestamp>,
    /// The judged model, with the penalty and the calibration that were chosen, was fitted on.
    pub refit: Vec<Timestamp>,
    /// Judged on.
    pub judge: Vec<Timestamp>,
    /// Rows of `fit`.
    pub fit_rows: usize,
    /// Rows of `calibrate`.
    pub calibrate_rows: usize,
    /// Rows of `refit`.
    pub refit_rows: usize,
    /// Rows of `judge`.
    pub judge_rows: usize,
}

/// One candidate and what it led to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PenaltyTrial {
    /// The penalty, per row of the mean log loss.
    pub lambda: f64,
    /// Whether the lines may bend at knots.
    #[serde(default)]
    pub bent: bool,
    /// Log loss on the later slices that chose for the served model, or over the folds.
    pub log_loss: f64,
    /// Its share of the served model.
    #[serde(default)]
    pub weight: f64,
}

/// Proof that a fit is at its optimum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Euclidean norm of the gradient of the mean penalised log loss, computed anew from the coefficients.
    pub gradient_norm: f64,
    /// Mean penalised log loss.
    pub objective: f64,
    /// The bound on the iterations within which it was reached.
    pub iterations: u64,
}

/// In place of a [`Certificate`]: the search for the optimum ended away from it, with its iterations used up or with rounding in
/// its way.
#[cfg(feature = "fit")]
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error(
    "the fit did not converge: gradient norm {gradient_norm:e} after {iterations} iterations, not {bound:e}\nhint: use a longer history"
)]
pub struct NotConverged {
    /// Of the mean objective, where the search ended.
    pub gradient_norm: f64,
    /// What it should have come down to.
    pub bound: f64,
    /// Iterations used.
    pub iterations: u64,
}

/// A value with its 95 % interval by bootstrap over customers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// On the rows as they are.
    pub value: f64,
    /// 2.5 % quantile of the replicates.
    pub low: f64,
    /// 97.5 % quantile of the replicates.
    pub high: f64,
}

/// How good a set of probabilities was; `None` where the rows have one class only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// `model`, or the name of a [`Baseline`](crate::fit::Baseline).
    pub name: String,
    /// See [`auc`](crate::metrics::auc).
    pub auc: Option<Estimate>,
    /// See [`log_loss`](crate::metrics::log_loss).
    pub log_loss: Estimate,
    /// See [`brier`](crate::metrics::brier).
    pub brier: Estimate,
    /// See [`ece`](crate::metrics::ece).
    pub ece: Estimate,
    /// See [`top_decile_lift`](crate::metrics::top_decile_lift).
    pub top_decile_lift: Option<Estimate>,
    /// The bins of `ece`.
    pub bins: Vec<CalibrationBin>,
    /// Its log loss minus that of the model on the same replicates: above 0 where the model is better. `None` for the model.
    pub log_loss_minus_model: Option<Estimate>,
    /// The model's AUC minus this one's, in the same way; `None` in bundles of earlier builds, too.
    #[serde(default)]
    pub model_auc_minus_this: Option<Estimate>,
}
