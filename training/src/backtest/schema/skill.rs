//! How good probabilities were.

use lapwing_models::Estimate;
use serde::{Deserialize, Serialize};

/// The model beside every baseline on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skill {
    /// Customers and cutoffs judged.
    pub rows: usize,
    /// Distinct customers among them.
    pub customers: usize,
    /// Rows for which the answer turned out to be yes.
    pub positives: usize,
    /// Their share.
    pub base_rate: f64,
    /// Mean of the model's probabilities: beside the base rate, calibration in the large.
    pub mean_probability: f64,
    /// The model first, then the baselines, in the same order everywhere.
    pub methods: Vec<Quality>,
    /// The model's reliability: at most ten bins of equal counts, lowest probability first.
    pub reliability: Vec<ReliabilityBin>,
}

/// What kind of thing was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The model that is served.
    Model,
    /// A rule that needs no model: the base rate, one number of the customer, or a threshold.
    Naive,
    /// A classical model of purchase counts, such as BG/NBD.
    Btyd,
    /// A model that cannot be explained, such as a random forest.
    Challenger,
}

/// How good one method was, each metric with its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// `model`, or the baseline's name, as in `days since last purchase only`.
    pub name: String,
    /// What it is.
    pub method: Method,
    /// Chance that a positive ranks above a negative of the same cutoff; `None` when there is one class only.
    pub auc: Option<Estimate>,
    /// In nats.
    pub log_loss: Estimate,
    /// Mean squared error.
    pub brier: Estimate,
    /// Expected calibration error over ten bins of equal counts.
    pub ece: Estimate,
    /// Positives in the top tenth of each cutoff over what chance finds there; `None` when nobody is positive.
    pub top_decile_lift: Option<Estimate>,
    /// The model's AUC minus this one's on the same draws: above 0 where the model is better; `None` for the model and for one class.
    pub model_auc_minus_this: Option<Estimate>,
    /// This one's log loss minus the model's on the same draws: above 0 where the model is better; `None` for the model.
    pub log_loss_minus_model: Option<Estimate>,
}

/// Rows of neighbouring probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Mean of the probabilities.
    pub predicted: f64,
    /// Share of positives.
    pub observed: f64,
    /// Wilson's 95 % interval of `observed`, each customer counted once: lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Rows.
    pub rows: usize,
    /// Distinct customers among them.
    pub customers: usize,
}

/// Whether a ranking as good as the model's comes about by luck.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permutation {
    /// Times that the customers' futures were dealt out anew: within each cutoff, one customer's outcomes staying together.
    pub replicates: usize,
    /// Pooled AUC of the model on what really happened.
    pub auc: f64,
    /// Mean of the AUC over the replicates.
    pub auc_shuffled: f64,
    /// The AUC that 5 % of the replicates reach.
    pub auc_shuffled_95: f64,
    /// (replicates at least as good as the truth + 1) / (replicates + 1).
    pub p_value: f64,
}

/// One method's gains curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gains {
    /// The method, as in [`Quality::name`].
    pub name: String,
    /// 21 points: nobody, every twentieth, everybody.
    pub points: Vec<GainsPoint>,
}

/// What contacting a share finds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GainsPoint {
    /// Share of the customers of each cutoff that is contacted, those with the highest probability first.
    pub contacted: f64,
    /// Share of all positives that is among them.
    pub found: f64,
    /// `found / contacted`; `None` where nobody is contacted.
    pub lift: Option<f64>,
}

/// What a retention campaign brings: Verbraken, Verbeke and Baesens (2013), "A novel profit maximizing metric for measuring
/// classification performance of customer churn prediction models". Money is in the currency of the data, per customer scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profit {
    /// Cost of contacting a customer: `[profit] contact_cost`.
    pub contact_cost: f64,
    /// Cost of the incentive, for those who take it: `[profit] incentive_cost`.
    pub incentive_cost: f64,
    /// What a customer who is kept is worth: `[profit] customer_value`.
    pub customer_value: f64,
    /// The share of contacted churners who accept and stay is Beta-distributed: first parameter, `[profit] acceptance_alpha`.
    pub acceptance_alpha: f64,
    /// Second parameter, `[profit] acceptance_beta`; the mean share is alpha / (alpha + beta).
    pub acceptance_beta: f64,
    /// Each method, the model first.
    pub methods: Vec<ProfitCurve>,
}

/// What one method's ranking brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfitCurve {
    /// The method, as in [`Quality::name`].
    pub name: String,
    /// Expected maximum profit per customer.
    pub expected_maximum: f64,
    /// The share of customers to contact for it.
    pub contacted: f64,
    /// Profit per customer at the mean acceptance, when the best share is contacted: 21 points; the model and the best naive rule
    /// only, empty for the others.
    pub points: Vec<ProfitPoint>,
}

/// What contacting a share brings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfitPoint {
    /// Share of the customers that is contacted.
    pub contacted: f64,
    /// Profit per customer scored; 0 when nobody is contacted.
    pub profit: f64,
}

/// Rows whose probability lies between two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreBin {
    /// From this probability.
    pub from: f64,
    /// To below this one; the last bin includes it.
    pub to: f64,
    /// Rows for which the answer turned out to be yes.
    pub positives: usize,
    /// Rows for which it turned out to be no.
    pub negatives: usize,
}
