//! What is told of the models that serve.

use serde::Serialize;
use utoipa::ToSchema;

/// Answer of `GET /v1/models`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelsResponse {
    /// The models that serve: the champion, and the challenger when there is one.
    pub models: Vec<ModelEntry>,
}

/// A bundle and what its models were measured to do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ModelEntry {
    /// Always `churn`.
    pub name: &'static str,
    /// `champion` or `challenger`.
    pub role: &'static str,
    /// What people call it; null when they do not.
    pub label: Option<String>,
    /// The share of customers that it speaks for.
    pub share: f64,
    /// Whether it scores the champion's customers too, unseen.
    pub shadow: bool,
    /// The bundle's version.
    pub version: String,
    /// The date before which everything was learned, in UTC.
    pub fitted_as_of: String,
    /// IANA zone in which days and dates are told.
    pub timezone: String,
    /// The lengths that define who is scored and on what.
    pub windows: WindowDays,
    /// Names of the features, in the order of the table.
    pub features: Vec<&'static str>,
    /// Fingerprint of the feature table.
    pub feature_fingerprint: String,
    /// Fingerprint of the data it was fitted on.
    pub data_fingerprint: String,
    /// Seed of the fit.
    pub seed: u64,
    /// One entry each for churn and reactivation, and one for intent when the bundle has it.
    pub targets: Vec<TargetEntry>,
    /// Why `expected_purchases_365d` or `clv_365d` are null for everybody, where they are: a sentence each.
    pub value_notes: Vec<String>,
}

/// The lengths, in days.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct WindowDays {
    /// Who bought within these is current.
    pub active_days: u32,
    /// A purchase is awaited within these.
    pub horizon_days: u32,
    /// Between the cutoff and the outcome window.
    pub gap_days: u32,
}

/// One model of a bundle.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TargetEntry {
    /// `churn`, `reactivation` or `intent`.
    pub target: String,
    /// `logistic`, `base rate` or `hiatus rule`.
    pub basis: String,
    /// Why customers are not told apart by a fitted model, where they are not.
    pub basis_note: Option<String>,
    /// In one sentence: how it did beside the naive rules.
    pub verdict: String,
    /// Whether it was better than chance on customers it had not seen.
    pub skill: bool,
    /// The whole report: split, slices, penalty, metrics with intervals, baselines.
    #[schema(value_type = Object)]
    pub report: serde_json::Value,
}

/// Answer of `GET /v1/models/{version}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelDetail {
    /// As in the list.
    #[serde(flatten)]
    pub model: ModelEntry,
    /// The model card, in Markdown.
    pub card: String,
}

/// Answer of `POST /v1/models/reload`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReloadResponse {
    /// `loaded`, or `unchanged` when the same models were found again.
    pub outcome: &'static str,
    /// The version of the champion from now on.
    pub champion: String,
    /// The version of the challenger; null when there is none.
    pub challenger: Option<String>,
}

/// Why other models did not take office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusedReload {
    /// For programs: which check failed.
    pub code: &'static str,
    /// For people.
    pub detail: &'static str,
}

/// Answer of `GET /v1/models/shadow`: how far the challenger's probabilities are from the champion's, of the same customers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShadowResponse {
    /// Whose answers were given.
    pub champion: String,
    /// Who scored in the shadow.
    pub challenger: String,
    /// One entry each for churn and reactivation, once a customer was compared.
    pub targets: Vec<ShadowTarget>,
    /// Customers that the champion scored and the challenger could not.
    pub not_scored: u64,
    /// Requests that were left out because the shadow was too far behind.
    pub skipped_requests: u64,
}

/// Differences of one probability: challenger less champion.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShadowTarget {
    /// `churn` or `reactivation`.
    pub target: &'static str,
    /// Customers that were compared.
    pub customers: u64,
    /// Their mean.
    pub mean_difference: f64,
    /// Their mean, signs aside.
    pub mean_absolute_difference: f64,
    /// The largest, signs aside.
    pub largest_absolute_difference: f64,
    /// How many lie where.
    pub histogram: Vec<DifferenceBin>,
}

/// One bin.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct DifferenceBin {
    /// Its upper end, which belongs to it; the lower one is that of the bin before.
    pub up_to: f64,
    /// Customers in it.
    pub customers: u64,
}
