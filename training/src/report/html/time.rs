//! Base rate and skill from cutoff to cutoff.

use lapwing_models::Estimate;
use maud::{Markup, html};

use super::quality::pair;
use super::words::{NONE, day, difference, estimate, metric, percent, prose};
use super::{figure, nothing, table};
use crate::backtest::schema::{CutoffSkill, Quality, Report, Skill, TargetBacktest};
use crate::charts::axis::Write;
use crate::charts::ink::Ink;
use crate::charts::{Series, TimePoint, over_time};
use crate::report::count;

/// Three charts over the cutoffs, and their table.
pub(super) fn over_cutoffs(report: &Report, target: &TargetBacktest) -> Markup {
    if target.cutoffs.iter().all(|cutoff| cutoff.skill.is_none()) {
        return nothing("Nobody could be judged at any cutoff.");
    }
    let labels: Vec<String> = target.cutoffs.iter().map(|cutoff| day(report, &cutoff.as_of)).collect();
    let rule = target.best_naive.as_deref().unwrap_or("no simple rule");
    let desc =
        format!("{} cutoffs, {} to {}.", labels.len(), labels.first().map_or("", String::as_str), labels.last().map_or("", String::as_str));
    let rates = [
        series(target, 0, |_, skill| Some(bare(skill.mean_probability))),
        series(target, 5, |_, skill| Some(bare(skill.base_rate))),
        Series { points: points(&target.cutoffs, |cutoff| cutoff.training_base_rate.map(bare)), look: 2 },
    ];
    let of = |pick: fn(&Quality) -> Option<Estimate>| {
        [
            series(target, 0, |target, skill| pair(target, skill).0.and_then(pick).map(known)),
            series(target, 1, |target, skill| pair(target, skill).1.and_then(pick).map(known)),
        ]
    };
    let saved = [series(target, 0, |target, skill| pair(target, skill).1.and_then(|naive| naive.log_loss_minus_model).map(known))];
    html! {
        div.figures {
            (figure(
                "Base rate", "Where the grey line moves and the blue one does not, the model says too much or too little.",
                &[(Ink::Line(0), "the model says"), (Ink::Line(5), "happened"), (Ink::Line(2), "rate it learned from")],
                &over_time("Base rate over cutoffs", &desc, "share", Write::Percent, &labels, None, &rates),
            ))
            (figure(
                "AUC", "0.5 is guessing. Bars are 95 % intervals.",
                &[(Ink::Line(0), "model"), (Ink::Line(1), rule)],
                &over_time("AUC over cutoffs", &desc, "AUC", Write::Number, &labels, Some(0.5), &of(|quality| quality.auc)),
            ))
            (figure(
                "Log loss saved", &format!("How much lower the model's log loss is than that of `{rule}`: above the dashed line the model is better."),
                &[(Ink::Line(0), "with 95 % interval"), (Ink::Guide, "no difference")],
                &over_time("Log loss saved over cutoffs", &desc, "nats", Write::Signed, &labels, Some(0.0), &saved),
            ))
        }
        details { summary { "The numbers of each cutoff" } (each(report, target, rule)) }
        (without_model(report, target))
    }
}

type Point = (f64, Option<(f64, f64)>);

fn bare(value: f64) -> Point {
    (value, None)
}

fn known(found: Estimate) -> Point {
    (found.value, Some((found.low, found.high)))
}

fn points(cutoffs: &[CutoffSkill], point: impl Fn(&CutoffSkill) -> Option<Point>) -> Vec<TimePoint> {
    let at = |(at, cutoff)| point(cutoff).map(|(value, interval)| TimePoint { at, value, interval });
    cutoffs.iter().enumerate().filter_map(at).collect()
}

fn series(target: &TargetBacktest, look: u8, point: impl Fn(&TargetBacktest, &Skill) -> Option<Point>) -> Series {
    Series { points: points(&target.cutoffs, |cutoff| point(target, cutoff.skill.as_ref()?)), look }
}

fn each(report: &Report, target: &TargetBacktest, rule: &str) -> Markup {
    let heads = [
        "cutoff",
        "rows",
        "happened",
        "the model said",
        "learned from",
        "rate then",
        "AUC",
        "log loss",
        &format!("log loss saved over {rule}"),
    ];
    let share = |share: Option<f64>| share.map_or_else(|| NONE.to_owned(), percent);
    let rows = html! {
        @for cutoff in &target.cutoffs {
            @let skill = cutoff.skill.as_ref();
            @let (model, naive) = skill.map_or((None, None), |skill| pair(target, skill));
            tr {
                th scope="row" { span.n { (day(report, &cutoff.as_of)) } span.interval { (cutoff.basis) } }
                td { (skill.map_or_else(|| NONE.to_owned(), |skill| count(skill.rows))) }
                td { (share(skill.map(|skill| skill.base_rate))) }
                td { (share(skill.map(|skill| skill.mean_probability))) }
                td { (count(cutoff.training_rows)) " rows" }
                td { (share(cutoff.training_base_rate)) }
                td { (estimate(model.and_then(|one| one.auc), metric)) }
                td { (estimate(model.map(|one| one.log_loss), metric)) }
                td { (estimate(naive.and_then(|one| one.log_loss_minus_model), difference)) }
            }
        }
    };
    table("", "Oldest cutoff first", &heads, &rows)
}

/// Why some cutoffs had no fitted model; those with the same reason stand together.
fn without_model(report: &Report, target: &TargetBacktest) -> Markup {
    let mut told: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for cutoff in &target.cutoffs {
        let Some(why) = &cutoff.why else { continue };
        let same = |(basis, reason, _): &&mut (&str, &str, _)| *basis == cutoff.basis && reason == why;
        match told.iter_mut().find(same) {
            Some((_, _, days)) => days.push(day(report, &cutoff.as_of)),
            None => told.push((&cutoff.basis, why, vec![day(report, &cutoff.as_of)])),
        }
    }
    html! {
        @if !told.is_empty() {
            p { "Cutoffs without a fitted model:" }
            ul { @for (basis, why, days) in told { li { "the " (basis) " speaks, because " (prose(why)) ": " (days.join(", ")) } } }
        }
    }
}
