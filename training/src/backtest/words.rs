//! What a backtest comes to, in words.

use lapwing_models::metrics::wilson;
use lapwing_models::{Estimate, Target};

use super::ENOUGH_CUTOFFS;
use super::schema::{Answer, Method, Permutation, Quality, Report, Skill, SliceSkill, TargetBacktest, Verdict};
use super::skill::standing;
use super::slices::how_many_are_off;
use super::table::Table;
use crate::report::{count, percent};

/// A p value above this is no skill.
const LEVEL: f64 = 0.05;
/// The probability whose trust is told, and how far around it rows are taken.
const TRUST: (f64, f64) = (0.3, 0.05);
/// Fewer customers than these near [`TRUST`] say nothing.
const TRUST_LEAST: usize = 20;
/// Weak slices that the answers name.
const NAMED: usize = 3;

/// What the customers with a positive answer do.
#[must_use]
pub fn event(target: Target) -> &'static str {
    match target {
        Target::Churn => "do not buy",
        Target::Reactivation => "buy again",
        Target::Intent => "buy within 7 days",
    }
}

/// What the whole comes to.
#[must_use]
pub fn verdict(pooled: Option<&Skill>, permutation: Option<&Permutation>) -> Verdict {
    let (Some(standing), Some(permutation)) = (pooled.and_then(standing), permutation) else { return Verdict::NotJudged };
    if permutation.p_value > LEVEL { Verdict::NoSkill } else { standing.verdict() }
}

fn model(skill: &Skill) -> Option<&Quality> {
    skill.methods.iter().find(|quality| quality.method == Method::Model)
}

fn named<'a>(skill: &'a Skill, name: &str) -> Option<&'a Quality> {
    skill.methods.iter().find(|quality| quality.name == name)
}

/// The model and the best naive rule over all cutoffs.
fn pair(found: &TargetBacktest) -> Option<(&Skill, &Quality, &Quality)> {
    let pooled = found.pooled.as_ref()?;
    Some((pooled, model(pooled)?, named(pooled, found.best_naive.as_deref()?)?))
}

/// `0.751 (0.730 to 0.772)`.
fn range(found: Estimate) -> String {
    format!("{:.3} ({:.3} to {:.3})", found.value, found.low, found.high)
}

/// One sentence for the top of the page.
#[must_use]
pub fn headline(found: &TargetBacktest) -> String {
    let target = found.target;
    let Some(pooled) = &found.pooled else { return format!("{target}: not judged, for there was nobody to judge") };
    let (Some(standing), Some(permutation)) = (standing(pooled), found.permutation.as_ref()) else {
        return format!("{target}: not judged, for the same happened to all {} rows", count(pooled.rows));
    };
    let over = format!("{} rows of {} customers", count(pooled.rows), count(pooled.customers));
    match found.verdict {
        Verdict::NotJudged | Verdict::NoSkill => format!(
            "{target}: no skill: the AUC is {}, where 0.5 is chance, and shuffled futures do as well with p = {:.3}, over {over}; do not act on this ranking",
            range(standing.auc),
            permutation.p_value
        ),
        _ => format!("{target}: {}; {over}", standing.told()),
    }
}

/// What a reader asks first.
#[must_use]
pub fn answers(found: &TargetBacktest, table: &Table) -> Vec<Answer> {
    let Some((pooled, model, naive)) = pair(found) else { return Vec::new() };
    let answer = |question: &str, answer: String| Answer { question: question.to_owned(), answer };
    vec![
        answer("Is it better than the simple rule?", better(found, pooled, naive)),
        answer("By how much?", by_how_much(found, model, naive)),
        answer("Where is it wrong?", where_wrong(found)),
        answer("Can I trust 30 %?", trust(found.target, table)),
    ]
}

fn better(found: &TargetBacktest, pooled: &Skill, naive: &Quality) -> String {
    let names = |won: fn(&Quality) -> Option<Estimate>| {
        let won = pooled.methods.iter().filter(|quality| is_below_nothing(won(quality)));
        won.map(|quality| format!("`{}`", quality.name)).collect::<Vec<_>>().join(", ")
    };
    let told = |what: &str, names: String| if names.is_empty() { names } else { format!(" {what}, beyond doubt: {names}.") };
    let note = told("Better than the model in it", names(|quality| quality.model_auc_minus_this))
        + &told("Closer in its percentages", names(|quality| quality.log_loss_minus_model));
    let name = &naive.name;
    let text = match found.verdict {
        Verdict::NotJudged => "Nobody knows: there is nothing to compare.".to_owned(),
        Verdict::NoSkill => "No: on these customers it has no skill.".to_owned(),
        Verdict::BeatsNaive => format!("Yes, beyond doubt, in whom it puts first; the best simple rule in that is `{name}`."),
        Verdict::TiesWithNaive => format!("Not beyond doubt: `{name}` is about as good in whom it puts first."),
        Verdict::WorseThanNaive => format!("No: `{name}` is better in whom it puts first, beyond doubt."),
    };
    text + &note
}

fn by_how_much(found: &TargetBacktest, model: &Quality, naive: &Quality) -> String {
    let tenth = |name: &str| {
        let points = &found.gains.iter().find(|gains| gains.name == name)?.points;
        points.iter().find(|point| (point.contacted - 0.1).abs() < 1e-9).map(|point| point.found)
    };
    let mut text = String::new();
    if let (Some(own), Some(other)) = (tenth(&model.name), tenth(&naive.name)) {
        text = format!(
            "Contacting a tenth of the customers finds {} of those who {}; by the rule it finds {}, by chance 10 %. ",
            percent(own),
            found.event,
            percent(other)
        );
    }
    let (Some(auc), Some(Estimate { value, low, high })) = (model.auc, naive.model_auc_minus_this) else { return text };
    text + &format!("Its AUC is {}; less the rule's, {value:+.3} ({low:+.3} to {high:+.3}).", range(auc))
}

/// Whether a difference is below 0 beyond doubt.
fn is_below_nothing(difference: Option<Estimate>) -> bool {
    difference.is_some_and(|difference| difference.high < 0.0)
}

fn where_wrong(found: &TargetBacktest) -> String {
    let slice = |slice: &SliceSkill| {
        format!("{} `{}` (said {}, was {})", slice.by, slice.name, percent(slice.mean_probability), percent(slice.base_rate))
    };
    let off = |cutoff: &&super::schema::CutoffSkill| {
        cutoff.skill.as_ref().is_some_and(|skill| {
            let (low, high) = wilson(skill.base_rate, skill.customers as f64);
            !(low..=high).contains(&skill.mean_probability)
        })
    };
    let judged = found.cutoffs.iter().filter(|cutoff| cutoff.skill.is_some()).count();
    let moved = found.cutoffs.iter().filter(off).count();
    let cutoffs = format!("At {moved} of {judged} cutoffs the mean of what was said lies outside the interval of what was.");
    if found.weakest.is_empty() {
        return format!("In no group of customers beyond doubt. {cutoffs}");
    }
    let named: Vec<String> = found.weakest.iter().take(NAMED).map(slice).collect();
    let (groups, off) = how_many_are_off(&found.groupings);
    format!("Most in {}; {off} of {groups} groups of 30 customers or more are off beyond doubt. {cutoffs}", named.join(", "))
}

fn trust(target: Target, table: &Table) -> String {
    let (around, width) = TRUST;
    let places: Vec<usize> = (0..table.len()).filter(|place| (table.model()[*place] - around).abs() <= width).collect();
    let near = table.at(&places);
    if near.people() < TRUST_LEAST {
        return format!("Hardly anybody was told 25 to 35 %: {} customers, too few to say.", near.people());
    }
    let observed = near.positives() as f64 / near.len() as f64;
    let said = near.model().iter().sum::<f64>() / near.len() as f64;
    let (low, high) = wilson(observed, near.people() as f64);
    let word = if (low..=high).contains(&said) { "Yes" } else { "No" };
    let who = match target {
        Target::Churn => "did not buy",
        Target::Reactivation => "bought again",
        Target::Intent => "bought within 7 days",
    };
    format!(
        "{word}: of {} customers who were told 25 to 35 %, {} on average, {} {who} ({} to {}).",
        count(near.people()),
        percent(said),
        percent(observed),
        percent(low),
        percent(high)
    )
}

/// What to be wary of.
#[must_use]
pub fn warnings(report: &Report) -> Vec<String> {
    let mut warnings = Vec::new();
    let cutoffs = report.cutoffs.len();
    if cutoffs < ENOUGH_CUTOFFS as usize {
        let words = if cutoffs == 1 { "one cutoff".to_owned() } else { format!("{cutoffs} cutoffs") };
        warnings.push(format!("only {words}: how skill changes over time is hardly to be seen"));
    }
    for found in &report.targets {
        let unfitted = found.cutoffs.iter().filter(|cutoff| cutoff.why.is_some()).count();
        if unfitted > 0 {
            warnings.push(format!("{}: at {unfitted} of {} cutoffs there is no fitted model", found.target, found.cutoffs.len()));
        }
        let challengers = |quality: &&Quality| matches!(quality.method, Method::Btyd | Method::Challenger);
        let methods = found.pooled.iter().flat_map(|pooled| &pooled.methods).filter(challengers);
        for Quality { name, model_auc_minus_this, log_loss_minus_model, .. } in methods {
            if is_below_nothing(*model_auc_minus_this) {
                warnings.push(format!("{}: `{name}` is better than the model in whom it puts first, beyond doubt", found.target));
            }
            if is_below_nothing(*log_loss_minus_model) {
                warnings.push(format!("{}: the percentages of `{name}` are closer than the model's, beyond doubt", found.target));
            }
        }
    }
    warnings
}

#[cfg(test)]
mod tests;
