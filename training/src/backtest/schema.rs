//! What a backtest found, as `report.json` holds it and the page draws it.
//!
//! [`SCHEMA_VERSION`] is raised when a field is renamed, removed or changes its meaning; new fields leave it as it is. Instants are
//! text in RFC 3339, lengths of time are days, rates and probabilities lie between 0 and 1, log-odds and log loss are natural.
//! Every number is finite: what is not known or cannot be is `null`.

mod insight;
mod signs;
mod skill;

use lapwing_features::Windows;
use lapwing_features::engine::InputReport;
use lapwing_models::Target;
pub use lapwing_models::effects::Direction;
pub use lapwing_models::fit::Verdict;
use serde::{Deserialize, Serialize};

pub use insight::{
    CoefficientStability, Drift, Effect, EffectBin, EffectLevel, EffectMissing, EffectPoint, Grouping, ReasonCount, SliceSkill,
};
pub use signs::{SignGroups, Signs};
pub use skill::{Gains, GainsPoint, Method, Permutation, Profit, ProfitCurve, ProfitPoint, Quality, ReliabilityBin, ScoreBin, Skill};

/// The version of these types that this build writes.
pub const SCHEMA_VERSION: u32 = 2;

/// A whole backtest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`] of the build that wrote it.
    pub schema_version: u32,
    /// Version of Lapwing that wrote it.
    pub lapwing_version: String,
    /// What was asked.
    pub setup: Setup,
    /// What the data held.
    pub data: Data,
    /// The cutoffs that were judged, oldest first; at least one.
    pub cutoffs: Vec<CutoffFacts>,
    /// Churn, then reactivation, then intent if it was asked for.
    pub targets: Vec<TargetBacktest>,
    /// The warning signs at the newest cutoff, and what then happened; `None` in reports of earlier builds.
    #[serde(default)]
    pub signs: Option<Signs>,
    /// What to be wary of, one sentence each; empty when there is nothing.
    pub warnings: Vec<String>,
}

/// What was asked of the backtest: with the same data it gives the same report again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// Populations and outcome windows, in days.
    pub windows: Windows,
    /// IANA zone of days and dates.
    pub timezone: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// Days from one cutoff to the next; `None` when the cutoffs were named.
    pub step_days: Option<u32>,
    /// Columns of the customers table that enter the models and by which slices are told, in the user's order.
    pub attributes: Vec<String>,
    /// Confidence of every interval, 0.95; intervals of metrics are percentiles over draws of whole customers.
    pub confidence: f64,
}

/// What was read, over the whole time; each fit saw only what was known before its cutoff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// 16 hex digits over everything that features and models can see.
    pub fingerprint: String,
    /// The first event.
    pub first_event: String,
    /// The last event.
    pub last_event: String,
    /// The data tell who bought up to here.
    pub complete_until: String,
    /// How many rows went in, what became of them, by reason.
    pub input: InputReport,
    /// The same for people: what is not zero, a line each, the counts of all rows first.
    pub quality: Vec<String>,
}

/// One cutoff of the backtest: models were learned from what was known before it, as `lapwing-train fit --as-of` does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutoffFacts {
    /// The cutoff.
    pub as_of: String,
    /// The outcome window: from this instant.
    pub outcome_from: String,
    /// The outcome window: to before this instant.
    pub outcome_to: String,
    /// Customers seen before the cutoff.
    pub customers: usize,
    /// Those who bought within `active_days` before it.
    pub current: usize,
    /// Those who bought before that and not since.
    pub lapsed: usize,
    /// Those who never bought.
    pub prospects: usize,
    /// The earlier cutoffs that were learned from, newest first.
    pub learned_from: Vec<String>,
}

/// One question, judged over all cutoffs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetBacktest {
    /// The question.
    pub target: Target,
    /// The horizon in words that fit "customers who .. in the next 90 days", as in "do not buy".
    pub event: String,
    /// One sentence for the top of the page: is it any good, beside what, by how much.
    pub headline: String,
    /// What the headline says, for programs and colours.
    pub verdict: Verdict,
    /// Whether the ranking is better than chance beyond doubt: the pooled AUC's interval lies above 0.5, and of the permutations
    /// at most 5 % did as well.
    pub skill: bool,
    /// What a reader asks first, each with its answer in a sentence or two.
    pub answers: Vec<Answer>,
    /// Name of the naive rule that did best by pooled AUC; `None` when nothing could be judged.
    pub best_naive: Option<String>,
    /// All cutoffs together. AUC and lift compare customers of one cutoff only. `None` when there is nobody to judge.
    pub pooled: Option<Skill>,
    /// Each cutoff by itself, oldest first: base rate and skill over time.
    pub cutoffs: Vec<CutoffSkill>,
    /// Whether skill could be luck; `None` when the outcomes have one class only.
    pub permutation: Option<Permutation>,
    /// Positives found by contacting the best share at each cutoff: the model, then the best naive rule; empty without positives.
    pub gains: Vec<Gains>,
    /// What contacting brings under stated costs; `None` where a contact's gain is not known: for all but churn.
    pub profit: Option<Profit>,
    /// How the model's probabilities spread, by what then happened: 20 bins of equal width from 0 to 1; empty for no rows.
    pub scores: Vec<ScoreBin>,
    /// How far each input's part in the model changed from cutoff to cutoff, the weightiest first.
    pub stability: Vec<CoefficientStability>,
    /// Skill by stage, by tenure and by each attribute of the settings.
    pub groupings: Vec<Grouping>,
    /// The slices where said and happened are furthest apart beyond doubt, the worst first, at most ten; empty when there are none.
    pub weakest: Vec<SliceSkill>,
    /// What the newest model believes of each input that it uses, the weightiest first.
    pub effects: Vec<Effect>,
    /// What the newest model gives as reasons for the customers of the newest cutoff, the most frequent first, at most 20.
    pub reasons: Vec<ReasonCount>,
    /// How far the customers of the newest cutoff differ from the rows its model learned from, the most first.
    pub drift: Vec<Drift>,
}

/// A question of a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// As in "Is it better than the simple rule?"
    pub question: String,
    /// In plain words, with its numbers.
    pub answer: String,
}

/// One cutoff, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutoffSkill {
    /// The cutoff.
    pub as_of: String,
    /// How the probability was found: `logistic`, `base rate` or `hiatus rule`.
    pub basis: String,
    /// Why there is no fitted model; `None` when there is one.
    pub why: Option<String>,
    /// Rows that were learned from, one a customer and earlier cutoff.
    pub training_rows: usize,
    /// Share of positives among them; `None` for no rows.
    pub training_base_rate: Option<f64>,
    /// How good it was; `None` when there was nobody to judge.
    pub skill: Option<Skill>,
}
