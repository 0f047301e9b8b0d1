//! The first screen: is it any good, beside what, by how much.

use maud::{Markup, html};

use super::words::{NONE, day, difference, estimate, metric, percent, prose, several, times};
use super::{capital, nothing};
use crate::backtest::schema::{Quality, Report, Skill, TargetBacktest, Verdict};
use crate::report::count;

/// The title of the window.
pub(super) fn title(report: &Report) -> String {
    let names: Vec<&str> = report.targets.iter().map(|target| target.target.name()).collect();
    match names.split_last() {
        Some((last, [])) => format!("Backtest: {last}"),
        Some((last, others)) => format!("Backtest: {} and {last}", others.join(", ")),
        None => "Backtest".to_owned(),
    }
}

/// What was done, in a sentence; what to be wary of; a card for each question.
pub(super) fn header(report: &Report) -> Markup {
    html! {
        header {
            h1 { (title(report)) }
            p.muted {
                (several(report.cutoffs.len(), "cutoff", "cutoffs"))
                @if let (Some(first), Some(last)) = (report.cutoffs.first(), report.cutoffs.last()) {
                    @if report.cutoffs.len() > 1 { ", " (day(report, &first.as_of)) " to " (day(report, &last.as_of)) } @else { ", " (day(report, &first.as_of)) }
                }
                ". At each, models learned only from what was known before it, and were judged on the days after it: "
                @for (index, target) in report.targets.iter().enumerate() {
                    @if index > 0 { ", " }
                    (target.target.name()) " on " (target.target.windows(report.setup.windows).horizon_days)
                }
                ". Verdicts are of all cutoffs together; a model card judges at one, in the same words, by a model that learned from other dates: where the two differ, go by the many."
            }
            @if !report.warnings.is_empty() {
                div.warnings { ul { @for warning in &report.warnings { li { (prose(warning)) } } } }
            }
            div.cards { @for target in &report.targets { (card(report, target)) } }
        }
    }
}

/// The word for a verdict, and the class that gives it a colour.
fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::NotJudged => ("? Not judged", "unknown"),
        Verdict::NoSkill => ("✗ No skill", "bad"),
        Verdict::WorseThanNaive => ("✗ Worse than the simple rule", "bad"),
        Verdict::TiesWithNaive => ("= No better than the simple rule", "even"),
        Verdict::BeatsNaive => ("✓ Better than the simple rule", "good"),
    }
}

fn card(report: &Report, target: &TargetBacktest) -> Markup {
    let (word, class) = verdict(target.verdict);
    html! {
        section class=(format!("card {class}")) {
            h2 { (capital(target.target.name())) }
            p.verdict { (word) }
            p { (prose(&headline(target))) }
            @match &target.pooled {
                Some(pooled) => { (beside(target, pooled)) p.small.muted { (facts(report, target, pooled)) } },
                None => (nothing("Nobody could be judged.")),
            }
            @if !target.answers.is_empty() {
                dl { @for answer in &target.answers { dt { (answer.question) } dd { (prose(&answer.answer)) } } }
            }
        }
    }
}

/// As a sentence of its own: the card is already headed by what it speaks of.
fn headline(target: &TargetBacktest) -> String {
    let text = target.headline.strip_prefix(&format!("{}: ", target.target)).unwrap_or(&target.headline);
    capital(text.trim_end_matches('.')) + "."
}

/// The baseline named in `target.best_naive`.
pub(super) fn best_naive<'a>(target: &TargetBacktest, skill: &'a Skill) -> Option<&'a Quality> {
    skill.methods.iter().find(|quality| Some(&quality.name) == target.best_naive.as_ref())
}

/// The model beside the best naive rule, the numbers that decide.
fn beside(target: &TargetBacktest, pooled: &Skill) -> Markup {
    let model = pooled.methods.first();
    let naive = best_naive(target, pooled);
    let name = naive.map_or("no simple rule", |naive| naive.name.as_str());
    let row = |name: &str, quality: Option<&Quality>| {
        html! {
            th scope="row" { (name) }
            td { (estimate(quality.and_then(|one| one.auc), metric)) }
            td { (estimate(quality.map(|one| one.log_loss), metric)) }
            td { (estimate(quality.and_then(|one| one.top_decile_lift), times)) }
        }
    };
    let rows = html! {
        tr.own { (row("model", model)) }
        tr { (row(name, naive)) }
        tr {
            th scope="row" { "gain, + is better" }
            td { (estimate(naive.and_then(|one| one.model_auc_minus_this), difference)) }
            td { (estimate(naive.and_then(|one| one.log_loss_minus_model), difference)) }
            td { (NONE) }
        }
    };
    let caption = "The model beside the best simple rule, with 95\u{a0}% intervals";
    super::table("key", caption, &["", "AUC", "log loss", "lift, top tenth"], &rows)
}

fn facts(report: &Report, target: &TargetBacktest, pooled: &Skill) -> String {
    let rows = several(pooled.rows, "row", "rows");
    let customers = several(pooled.customers, "customer", "customers");
    let judged = target.cutoffs.iter().filter(|cutoff| cutoff.skill.is_some()).count();
    let cutoffs = format!("{} of {}", count(judged), several(report.cutoffs.len(), "cutoff", "cutoffs"));
    let luck = target.permutation.map_or_else(
        || "whether it could be luck was not tested".to_owned(),
        |test| {
            let replicates = several(test.replicates, "shuffle", "shuffles");
            format!("permutation p = {} over {replicates} of who bought", super::words::number(test.p_value, 3))
        },
    );
    let (said, was) = (percent(pooled.mean_probability), percent(pooled.base_rate));
    format!("On average the model says {said}, and {was} happened. Judged: {rows}, {customers}, {cutoffs}; {luck}.")
}
