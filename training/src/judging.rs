//! How past scores did against what then happened, beside two naive rules that need no model.

use lapwing_features::engine::{Customer, Dataset};
use lapwing_features::{Cutoff, Id, Kernel, Population, Timestamp, Windows};
use lapwing_models::fit::{self, Comparison, NAIVE, Rule, Scores, Standing, Verdict};
use lapwing_models::{Estimate, Target};
use serde::Serialize;

use crate::error::TrainError;

/// A past score.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The customer.
    pub id: String,
    /// Which model spoke.
    pub population: Population,
    /// What it said; `None` when it said nothing.
    pub probability: Option<f64>,
}

/// What is judged against what.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The past scores.
    pub scored: &'a [Scored],
    /// Events up to the end of the outcome window at least.
    pub dataset: &'a Dataset,
    /// When the scores were made.
    pub as_of: Cutoff,
    /// The outcome window; `active_days` plays no part.
    pub windows: Windows,
    /// The events are complete up to here.
    pub complete_until: Timestamp,
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// When the scores were made.
    pub as_of: String,
    /// The outcome window: from this instant.
    pub outcome_from: String,
    /// The outcome window: to before this instant.
    pub outcome_to: String,
    /// What became of the rows.
    pub counts: Counts,
    /// Churn, then reactivation.
    pub targets: Vec<TargetJudgement>,
}

/// What became of the rows of a scores file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows.
    pub rows: usize,
    /// Left out: the customer has an earlier row.
    pub duplicates: usize,
    /// Left out: the events hold no purchase of the customer before the scores were made.
    pub without_events: usize,
    /// Left out: prospects, of whom neither model speaks.
    pub prospects: usize,
    /// Left out: the population has a model, but the row has no probability.
    pub without_probability: usize,
}

/// How one model did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetJudgement {
    /// The question.
    pub target: Target,
    /// Customers judged.
    pub rows: usize,
    /// Those for whom the answer turned out to be yes.
    pub positives: usize,
    /// Their share; `None` for no rows.
    pub base_rate: Option<f64>,
    /// Mean of the probabilities; `None` for no rows.
    pub mean_probability: Option<f64>,
    /// Log loss of telling everyone the base rate that turned out, which nobody could know before; `None` for no rows.
    pub base_rate_log_loss: Option<f64>,
    /// How good the model was; `None` for no rows.
    pub model: Option<Quality>,
    /// How good the rules of [`NAIVE`] were, as rankings; empty for no rows.
    pub naive: Vec<NaiveQuality>,
    /// Whether the ranking was better than chance beyond doubt.
    pub skill: bool,
    /// Whether it was better than that of the best naive rule beyond doubt.
    pub beats_naive: bool,
    /// One honest sentence.
    pub verdict: String,
}

/// The metrics of probabilities, see [`lapwing_models::metrics`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// `None` when there is one class only.
    pub auc: Option<Estimate>,
    /// In nats.
    pub log_loss: Estimate,
    /// Mean squared error.
    pub brier: Estimate,
    /// Over ten bins of equal counts.
    pub ece: Estimate,
    /// `None` when nobody is positive.
    pub top_decile_lift: Option<Estimate>,
}

/// The metrics of a ranking without probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NaiveQuality {
    /// The rule.
    pub name: &'static str,
    /// `None` when there is one class only.
    pub auc: Option<Estimate>,
    /// `None` when nobody is positive.
    pub top_decile_lift: Option<Estimate>,
    /// The model's AUC minus this one's, on the same draws: above 0 where the model is better.
    pub model_auc_minus_this: Option<Estimate>,
}

impl Quality {
    fn of(found: &Comparison) -> Option<Self> {
        let losses = found.losses?;
        Some(Self {
            auc: found.auc,
            log_loss: losses.log_loss,
            brier: losses.brier,
            ece: losses.ece,
            top_decile_lift: found.top_decile_lift,
        })
    }
}

impl NaiveQuality {
    fn of(name: &'static str, found: &Comparison) -> Self {
        let Comparison { auc, top_decile_lift, first_auc_minus_this, .. } = *found;
        Self { name, auc, top_decile_lift, model_auc_minus_this: first_auc_minus_this }
    }
}

/// Judges past scores.
///
/// A customer's first row counts, later ones are counted as duplicates. Every customer is one row, so draws of the bootstrap
/// are draws of customers.
///
/// # Errors
/// [`TrainError::OutcomeOpen`] when the outcome window is not complete in the data, [`TrainError::OutcomeEmpty`] when there is no
/// event in it at all, for then events are missing, whoever says that they are complete.
pub fn judge(case: &Case<'_>) -> Result<Judgement, TrainError> {
    let (from, to) = case.windows.outcome(case.as_of.at);
    if !case.windows.is_complete(case.as_of.at, case.complete_until) {
        return Err(TrainError::OutcomeOpen { complete_until: case.complete_until, needed: to });
    }
    if !anything_happened(case.dataset, from, to)? {
        return Err(TrainError::OutcomeEmpty { from, to });
    }
    let facts = happened(case)?;
    let mut counts = Counts { rows: case.scored.len(), ..Counts::default() };
    let mut seen = std::collections::HashSet::new();
    let mut tables = [Table::default(), Table::default()];
    for scored in case.scored {
        if !seen.insert(scored.id.as_str()) {
            counts.duplicates += 1;
        } else if let Some(place) = Target::OF_POPULATIONS.iter().position(|target| target.population() == Some(scored.population)) {
            match (case.dataset.position(&scored.id).and_then(|customer| facts[customer]), scored.probability) {
                (None, _) => counts.without_events += 1,
                (_, None) => counts.without_probability += 1,
                (Some(fact), Some(probability)) => tables[place].push(Target::OF_POPULATIONS[place], probability, fact),
            }
        } else {
            counts.prospects += 1;
        }
    }
    let targets = Target::OF_POPULATIONS.iter().zip(&tables).map(|(target, table)| table.judge(*target, case.seed)).collect();
    Ok(Judgement { as_of: case.as_of.at.to_string(), outcome_from: from.to_string(), outcome_to: to.to_string(), counts, targets })
}

/// Whether there is an event of any customer and kind from `from` to before `to`.
pub(crate) fn anything_happened(dataset: &Dataset, from: Timestamp, to: Timestamp) -> Result<bool, TrainError> {
    let end = Cutoff { at: Timestamp::MAX, day: 0, month: 1 };
    let is_active =
        |(): &mut (), customer: Customer<'_>| customer.history.observe(end).events().any(|event| (from..to).contains(&event.ts));
    Ok(dataset.map(|| (), is_active)?.contains(&true))
}

/// What the naive rules go by, and what then happened.
#[derive(Clone, Copy, Debug)]
struct Fact {
    naive: [f64; NAIVE.len()],
    purchased: bool,
}

/// One entry a customer of the data; `None` without a purchase before as-of.
fn happened(case: &Case<'_>) -> Result<Vec<Option<Fact>>, TrainError> {
    Ok(case.dataset.map(
        || Kernel::new(case.dataset.shape.clone()),
        |kernel, customer| {
            let purchased = customer.history.purchased_after(case.as_of, case.windows, case.complete_until)?;
            let features = kernel.features(&customer.history.observe(case.as_of));
            let bought = !features[Id::days_since_last_purchase].is_nan();
            bought.then(|| Fact { naive: NAIVE.map(|(_, id)| features[id]), purchased })
        },
    )?)
}

/// Whether more of a rule of [`NAIVE`] makes churn likelier, 1, or less likely, -1: long away, and often here.
const TOWARDS_CHURN: [f64; NAIVE.len()] = [1.0, -1.0];

/// The rows of one target, by column.
#[derive(Debug, Default)]
struct Table {
    probabilities: Vec<f64>,
    labels: Vec<bool>,
    /// The rankings of [`NAIVE`]: higher means that a positive label is likelier.
    naive: [Vec<f64>; NAIVE.len()],
}

impl Table {
    fn push(&mut self, target: Target, probability: f64, fact: Fact) {
        let sign = if target == Target::Churn { 1.0 } else { -1.0 };
        self.probabilities.push(probability);
        self.labels.push(target.label(fact.purchased));
        for (rule, ranking) in self.naive.iter_mut().enumerate() {
            ranking.push(sign * TOWARDS_CHURN[rule] * fact.naive[rule]);
        }
    }

    /// The model's quality and that of each rule of [`NAIVE`]; nothing for no rows.
    fn measure(&self, seed: u64) -> (Option<Quality>, Vec<NaiveQuality>) {
        let mut sets = vec![Scores::Probabilities(&self.probabilities)];
        sets.extend(self.naive.iter().map(|ranking| Scores::Ranking(ranking)));
        let customers: Vec<u32> = (0..).take(self.labels.len()).collect();
        let found = fit::compare(&sets, &self.labels, &customers, seed);
        let naive = NAIVE.iter().zip(found.iter().skip(1)).map(|((name, _), found)| NaiveQuality::of(name, found));
        (found.first().and_then(Quality::of), naive.collect())
    }

    fn judge(&self, target: Target, seed: u64) -> TargetJudgement {
        let rows = self.labels.len();
        let positives = self.labels.iter().filter(|label| **label).count();
        let mean = |sum: f64| (rows > 0).then(|| sum / rows as f64);
        let base_rate = mean(positives as f64);
        let (model, naive) = self.measure(seed);
        let mean_probability = mean(self.probabilities.iter().sum());
        let (skill, beats_naive, verdict) = verdict(model.as_ref(), &naive, mean_probability, base_rate);
        TargetJudgement {
            target,
            rows,
            positives,
            base_rate,
            mean_probability,
            base_rate_log_loss: base_rate.map(fit::rate_log_loss),
            model,
            naive,
            skill,
            beats_naive,
            verdict,
        }
    }
}

/// Skill, whether the better naive rule is beaten, and the sentence, of a model that said `said` on average where `was` came true.
fn verdict(model: Option<&Quality>, naive: &[NaiveQuality], said: Option<f64>, was: Option<f64>) -> (bool, bool, String) {
    let Some(((model, said), was)) = model.zip(said).zip(was) else { return (false, false, "not judged: nobody to judge".to_owned()) };
    let Some(auc) = model.auc else { return (false, false, "not judged: the same happened to everybody".to_owned()) };
    let rule = Rule::best(naive.iter().filter_map(|rule| Rule::of(rule.name, rule.auc, rule.model_auc_minus_this)));
    let standing = Standing { auc, log_loss: model.log_loss.value, said, was, rule };
    let verdict = standing.verdict();
    (verdict != Verdict::NoSkill, verdict == Verdict::BeatsNaive, standing.told())
}

#[cfg(test)]
mod tests;
