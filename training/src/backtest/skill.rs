//! How good every method was on the same rows.

use std::collections::BTreeSet;

use lapwing_models::fit::{Comparison, Rows, Rule, Scores, Standing, compare_within};
use lapwing_models::metrics::{BINS, calibration_bins, wilson};

use super::schema::{Method, Quality, ReliabilityBin, Skill};
use super::table::Table;

/// Every method on the rows of `table`; `None` for no rows.
#[must_use]
pub fn skill(table: &Table, seed: u64) -> Option<Skill> {
    let rows = Rows { labels: &table.labels, customers: &table.customers, groups: &table.groups };
    let sets: Vec<Scores<'_>> = table.said.iter().map(|said| Scores::Probabilities(said)).collect();
    let found = compare_within(&sets, rows, seed);
    let qualities = table.methods.iter().zip(found).enumerate();
    let methods: Vec<Quality> = qualities.filter_map(|(place, (method, found))| quality(method, &found, place == 0)).collect();
    (!table.is_empty()).then(|| Skill {
        rows: table.len(),
        customers: table.people(),
        positives: table.positives(),
        base_rate: table.positives() as f64 / table.len() as f64,
        mean_probability: table.model().iter().sum::<f64>() / table.len() as f64,
        methods,
        reliability: reliability(table),
    })
}

fn quality((name, method): &(String, Method), found: &Comparison, model: bool) -> Option<Quality> {
    let losses = found.losses?;
    let others = |difference| if model { None } else { difference };
    Some(Quality {
        name: name.clone(),
        method: *method,
        auc: found.auc,
        log_loss: losses.log_loss,
        brier: losses.brier,
        ece: losses.ece,
        top_decile_lift: found.top_decile_lift,
        model_auc_minus_this: others(found.first_auc_minus_this),
        log_loss_minus_model: others(losses.log_loss_minus_first),
    })
}

/// The model's bins of equal counts, each with the interval of what was seen in it.
fn reliability(table: &Table) -> Vec<ReliabilityBin> {
    let said = table.model();
    let mut order: Vec<usize> = (0..said.len()).collect();
    order.sort_by(|one, two| said[*one].total_cmp(&said[*two]));
    let mut rest = order.as_slice();
    let bin = |bin: lapwing_models::metrics::CalibrationBin| {
        // Bins hold neighbours, and never part equal probabilities.
        let (own, after) = rest.split_at(bin.rows.min(rest.len()));
        rest = after;
        let customers = own.iter().map(|place| table.customers[*place]).collect::<BTreeSet<_>>().len();
        let (low, high) = wilson(bin.observed, customers as f64);
        ReliabilityBin { predicted: bin.predicted, observed: bin.observed, low, high, rows: bin.rows, customers }
    };
    calibration_bins(said, &table.labels, BINS).into_iter().map(bin).collect()
}

/// The naive rule that ranks best; `None` when there is none.
#[must_use]
pub fn best_naive(skill: &Skill) -> Option<Rule<'_>> {
    let naive = skill.methods.iter().filter(|quality| quality.method == Method::Naive);
    Rule::best(naive.filter_map(|quality| Rule::of(&quality.name, quality.auc, quality.model_auc_minus_this)))
}

/// The model beside it; `None` when the outcomes have one class only.
#[must_use]
pub fn standing(skill: &Skill) -> Option<Standing<'_>> {
    let model = skill.methods.iter().find(|quality| quality.method == Method::Model)?;
    let (auc, log_loss) = (model.auc?, model.log_loss.value);
    Some(Standing { auc, log_loss, said: skill.mean_probability, was: skill.base_rate, rule: best_naive(skill) })
}
