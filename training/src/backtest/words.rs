//! What a backtest comes to, in words.

use lapwing_models::metrics::wilson;
use lapwing_models::{Estimate, Target};

use super::ENOUGH_CUTOFFS;
use super::schema::{Answer, Method, Permutation, Quality, Report, Skill, SliceSkill, TargetBacktest, Verdict};
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

/// What the whole comes to; `best_naive` is one of the methods of `pooled`.
#[must_use]
pub fn verdict(pooled: Option<&Skill>, best_naive: Option<&str>, permutation: Option<&Permutation>) -> Verdict {
    let auc = pooled.and_then(model).and_then(|model| model.auc);
    let (Some(pooled), Some(auc), Some(permutation)) = (pooled, auc, permutation) else { return Verdict::NotJudged };
    if auc.low <= 0.5 || permutation.p_value > LEVEL {
        return Verdict::NoSkill;
    }
    match best_naive.and_then(|name| named(pooled, name)).and_then(|naive| naive.log_loss_minus_model) {
        Some(excess) if excess.low > 0.0 => Verdict::BeatsNaive,
        Some(excess) if excess.high < 0.0 => Verdict::WorseThanNaive,
        _ => Verdict::TiesWithNaive,
    }
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
    let Some((pooled, model, naive)) = pair(found) else { return format!("{target}: not judged, for there was nobody to judge") };
    let (Some(auc), Some(permutation)) = (model.auc, found.permutation.as_ref()) else {
        return format!("{target}: not judged, for the same happened to all {} rows", count(pooled.rows));
    };
    let over = format!("over {} rows of {} customers", count(pooled.rows), count(pooled.customers));
    let losses = format!("log loss {:.3} against {:.3}", model.log_loss.value, naive.log_loss.value);
    let excess = naive.log_loss_minus_model.map_or_else(String::new, |excess| {
        let (word, sign) = if excess.value >= 0.0 { ("lower", 1.0) } else { ("higher", -1.0) };
        let (one, two) = (sign * excess.low, sign * excess.high);
        format!(", {:.3} {word} ({:.3} to {:.3})", excess.value.abs(), one.min(two), one.max(two))
    });
    match found.verdict {
        Verdict::NotJudged | Verdict::NoSkill => format!(
            "{target}: no skill: the AUC is {}, where 0.5 is chance, and shuffled futures do as well with p = {:.3}, {over}; do not act on this ranking",
            range(auc),
            permutation.p_value
        ),
        Verdict::BeatsNaive => {
            format!("{target}: beats `{}`, the best naive rule, beyond doubt: {losses}{excess}, AUC {}, {over}", naive.name, range(auc))
        }
        Verdict::TiesWithNaive => {
            format!(
                "{target}: better than chance, but not better than `{}`, the best naive rule, beyond doubt: {losses}{excess}, AUC {}, {over}",
                naive.name,
                range(auc)
            )
        }
        Verdict::WorseThanNaive => {
            format!(
                "{target}: worse than `{}`, the best naive rule, beyond doubt: {losses}{excess}, AUC {}, {over}",
                naive.name,
                range(auc)
            )
        }
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
    let won = |quality: &&Quality| quality.log_loss_minus_model.is_some_and(|excess| excess.high < 0.0);
    let stronger: Vec<String> = pooled.methods.iter().filter(won).map(|quality| format!("`{}`", quality.name)).collect();
    let note = if stronger.is_empty() { String::new() } else { format!(" Better than the model beyond doubt: {}.", stronger.join(", ")) };
    let name = &naive.name;
    let text = match found.verdict {
        Verdict::NotJudged => "Nobody knows: there is nothing to compare.".to_owned(),
        Verdict::NoSkill => "No: on these customers it has no skill.".to_owned(),
        Verdict::BeatsNaive => format!("Yes, beyond doubt; the best simple rule here is `{name}`."),
        Verdict::TiesWithNaive => format!("Not beyond doubt: `{name}` is about as good."),
        Verdict::WorseThanNaive => format!("No: `{name}` is better, beyond doubt."),
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
    let excess = naive.log_loss_minus_model.map_or_else(String::new, |excess| {
        format!("; the rule's differs by {:+.3} ({:+.3} to {:+.3})", excess.value, excess.low, excess.high)
    });
    text + &format!("Its log loss is {}{excess}.", range(model.log_loss))
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
        for quality in methods.filter(|quality| quality.log_loss_minus_model.is_some_and(|excess| excess.high < 0.0)) {
            warnings.push(format!("{}: `{}` is better than the model beyond doubt", found.target, quality.name));
        }
    }
    warnings
}

#[cfg(test)]
mod tests;
