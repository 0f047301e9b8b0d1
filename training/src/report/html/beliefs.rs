//! What the newest model believes of each input, and what it gives as reasons.

use maud::{Markup, PreEscaped, html};

use super::words::{number, percent, signed};
use super::{folded, nothing, table};
use crate::backtest::schema::{Direction, Effect, Report, TargetBacktest};
use crate::charts::{Shape, effect, levels};
use crate::report::count;

/// So many effects are in sight; the others are folded away.
const IN_SIGHT: usize = 12;

/// The shapes of all effects, the weightiest first; then the reasons.
pub(super) fn effects(report: &Report, target: &TargetBacktest) -> Markup {
    html! {
        @if target.effects.is_empty() {
            (nothing("The newest model is no sum of effects: there are no shapes to show."))
        } @else {
            p {
                "Each line tells what a value adds to the log-odds that customers " (target.event)
                ": +0.7 doubles the odds, −0.7 halves them. Grey: where the newest cutoff's customers are; where there are none, the line is a "
                "guess. The weightiest come first. Charts that stand together have one scale."
            }
            (folded(report, &target.effects, IN_SIGHT, multiples))
        }
        h4 { "Reasons it gives" }
        (reasons(target))
    }
}

fn multiples(effects: &[Effect]) -> Markup {
    let reach = effects.iter().map(reach).fold(0.0, f64::max);
    let reach = if reach > 0.0 { 1.05 * reach } else { 1.0 };
    html! { div.small-multiples { @for one in effects { (multiple(one, reach)) } } }
}

/// The furthest that an effect goes.
fn reach(effect: &Effect) -> f64 {
    let heights = effect.curve.iter().map(|point| point.log_odds).chain(effect.levels.iter().map(|level| level.log_odds));
    heights.map(f64::abs).filter(|height| height.is_finite()).fold(0.0, f64::max)
}

fn multiple(effect: &Effect, reach: f64) -> Markup {
    let way = match effect.direction {
        Direction::Raises => "rises",
        Direction::Lowers => "falls",
        Direction::Neither => "neither rises nor falls",
    };
    let desc = format!("{way}; weight {}", number(effect.importance, 3));
    html! {
        figure {
            figcaption {
                b { (effect.label) }
                @if effect.label != effect.code.replace('_', " ") { code { (effect.code) } br; }
                @if !effect.meaning.is_empty() { (effect.meaning) br; }
                "weight " (number(effect.importance, 3)) @if !effect.unit.is_empty() { "; " (effect.unit) }
                @if let Some(missing) = effect.missing { "; not known for " (percent(missing.share)) ", adds " (signed(missing.log_odds, 2)) }
            }
            (PreEscaped(drawn(effect, reach, &desc)))
            @if !effect.levels.is_empty() {
                figcaption { @for (index, level) in effect.levels.iter().enumerate() { @if index > 0 { ", " } (level.name) " " (signed(level.log_odds, 2)) } }
            }
        }
    }
}

fn drawn(effect_of: &Effect, reach: f64, desc: &str) -> String {
    if effect_of.levels.is_empty() {
        let line: Vec<(f64, f64)> = effect_of.curve.iter().map(|point| (point.x, point.log_odds)).collect();
        let density: Vec<(f64, f64, f64)> = effect_of.density.iter().map(|bin| (bin.from, bin.to, bin.share)).collect();
        return effect(&effect_of.label, desc, reach, Shape { line: &line, band: &[], density: &density });
    }
    let all: Vec<(&str, f64, f64)> = effect_of.levels.iter().map(|level| (level.name.as_str(), level.log_odds, level.share)).collect();
    levels(&effect_of.label, desc, reach, &all)
}

fn reasons(target: &TargetBacktest) -> Markup {
    if target.reasons.is_empty() {
        return nothing("It gives none.");
    }
    let rows = html! {
        @for reason in &target.reasons {
            tr {
                th scope="row" { (reason.label) }
                td.words { (reason.example) }
                td { (count(reason.first)) }
                td { (count(reason.among_three)) }
                td { (percent(reason.raises)) }
            }
        }
    };
    let heads = ["reason", "as in", "first", "among three", "raises"];
    table(
        "worded",
        "Customers of the newest cutoff who have it as their first reason, or among their first three; of these, the share for whom it raises the probability",
        &heads,
        &rows,
    )
}
