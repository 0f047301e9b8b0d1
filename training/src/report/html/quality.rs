//! How good the model is: beside every baseline, by what it says, and by whom it finds first.

use maud::{Markup, html};

use super::summary::best_naive;
use super::words::{NONE, difference, estimate, metric, number, percent, several, times, told};
use super::{figure, nothing, sides, table};
use crate::backtest::schema::{Gains, Method, Quality, Report, Skill, TargetBacktest};
use crate::charts::axis::Write;
use crate::charts::ink::Ink;
use crate::charts::{Bin, Curve, ScoreBin, curves, reliability, scores};
use crate::report::count;

const NOBODY: &str = "Nobody could be judged.";

/// The table of all methods, and the permutation test.
pub(super) fn beside_baselines(_report: &Report, target: &TargetBacktest) -> Markup {
    let Some(pooled) = &target.pooled else { return nothing(NOBODY) };
    html! {
        (methods("All cutoffs together. Saved and gained by the model over each: + means that the model is better.", pooled))
        @match target.permutation {
            Some(test) => p {
                "Could it be luck? The customers' futures were dealt out anew " (several(test.replicates, "time", "times"))
                ": the AUC was then " (metric(test.auc_shuffled)) " on average, and one time in twenty reached " (metric(test.auc_shuffled_95))
                ". On what really happened it is " (metric(test.auc)) ", which gives p = " (number(test.p_value, 3)) "."
            },
            None => p.muted { "Whether it could be luck was not tested." },
        }
    }
}

fn methods(caption: &str, skill: &Skill) -> Markup {
    let heads = ["", "log loss", "AUC", "log loss saved", "AUC gained", "Brier", "ECE", "lift, top tenth"];
    let rows = html! { @for quality in &skill.methods { (row(quality)) } };
    table("", caption, &heads, &rows)
}

fn row(quality: &Quality) -> Markup {
    let kind = match quality.method {
        Method::Model | Method::Naive => None,
        Method::Btyd => Some("model of purchase counts"),
        Method::Challenger => Some("black box"),
    };
    html! {
        tr class=[(quality.method == Method::Model).then_some("own")] {
            th scope="row" { (quality.name) @if let Some(kind) = kind { span.interval { (kind) } } }
            td { (estimate(Some(quality.log_loss), metric)) }
            td { (estimate(quality.auc, metric)) }
            td { (estimate(quality.log_loss_minus_model, difference)) }
            td { (estimate(quality.model_auc_minus_this, difference)) }
            td { (estimate(Some(quality.brier), metric)) }
            td { (estimate(Some(quality.ece), metric)) }
            td { (estimate(quality.top_decile_lift, times)) }
        }
    }
}

/// Reliability and spread of the probabilities.
pub(super) fn calibration(_report: &Report, target: &TargetBacktest) -> Markup {
    let Some(pooled) = &target.pooled else { return nothing(NOBODY) };
    let bin = |bin: &crate::backtest::schema::ReliabilityBin| Bin {
        predicted: bin.predicted,
        observed: bin.observed,
        interval: Some((bin.low, bin.high)),
        rows: bin.rows,
    };
    let bins: Vec<Bin> = pooled.reliability.iter().map(bin).collect();
    let (said, was) = (percent(pooled.mean_probability), percent(pooled.base_rate));
    let desc = format!("{} bins; on average the model says {said} and {was} happened.", bins.len());
    let off = bins.iter().filter(|bin| bin.interval.is_some_and(|(low, high)| bin.predicted < low || bin.predicted > high)).count();
    let caption = format!(
        "Dots on the dashed line: what the model says is what happens. Above it the model says too little, below it too much. \
         {off} of {} intervals miss the line.",
        bins.len()
    );
    let ece = pooled.methods.first().map(|model| told(model.ece, metric));
    html! {
        @if let Some(ece) = ece {
            p { "On average the model says " (said) ", and " (was) " happened. The bins are " (ece) " off on average (ECE); chance alone makes it more than 0." }
        }
        div.figures {
            (figure("What it says, and what happens", &caption, &[(Ink::Dot(0), "model, 95 % interval"), (Ink::Guide, "perfect")], &reliability("Reliability diagram", &desc, &bins)))
            (spread(target))
        }
        details { summary { "The numbers of the diagram" } (reliability_table(pooled)) }
    }
}

fn reliability_table(pooled: &Skill) -> Markup {
    let rows = html! {
        @for bin in &pooled.reliability {
            tr {
                th scope="row" { (percent(bin.predicted)) }
                td { (percent(bin.observed)) span.interval { (percent(bin.low)) " to " (percent(bin.high)) } }
                td { (count(bin.rows)) }
                td { (count(bin.customers)) }
            }
        }
    };
    table("", "Bins of equal counts", &["the model said", "it happened for", "rows", "customers"], &rows)
}

fn spread(target: &TargetBacktest) -> Markup {
    if target.scores.is_empty() {
        return nothing("No probabilities were given.");
    }
    let bins: Vec<ScoreBin> = target
        .scores
        .iter()
        .map(|bin| ScoreBin { from: bin.from, to: bin.to, positives: bin.positives, negatives: bin.negatives })
        .collect();
    let (yes, no) = sides(target.target);
    let (positives, negatives) = bins.iter().fold((0, 0), |(yes, no), bin| (yes + bin.positives, no + bin.negatives));
    let desc = format!("{} {yes} above, {} {no} below, by probability.", count(positives), count(negatives));
    let caption = "The further apart the two heaps lie, the better the model tells them apart. Both have the same scale.";
    figure(
        "How its probabilities spread",
        caption,
        &[(Ink::Bar(3), yes), (Ink::Bar(2), no)],
        &scores("Distribution of probabilities", &desc, (yes, no), &bins),
    )
}

/// Gains and lift.
pub(super) fn ranking(_report: &Report, target: &TargetBacktest) -> Markup {
    if target.gains.is_empty() {
        return nothing("No customer with a positive outcome, so nobody to find.");
    }
    let (yes, _) = sides(target.target);
    let found: Vec<Vec<(f64, f64)>> =
        target.gains.iter().map(|gains| gains.points.iter().map(|at| (at.contacted, at.found)).collect()).collect();
    let lift = |gains: &Gains| gains.points.iter().filter_map(|at| Some((at.contacted, at.lift?))).collect();
    let lifts: Vec<Vec<(f64, f64)>> = target.gains.iter().map(lift).collect();
    let lines = |points: &[Vec<(f64, f64)>], heading: &str, desc: &str, name: &str, write: Write, chance: f64| {
        let along: Vec<(f64, f64)> = [0.0, 1.0].map(|x| (x, if write == Write::Percent { x } else { chance })).into();
        let guide = [Curve { points: &along, ink: Ink::Guide }];
        let own = points.iter().enumerate().map(|(index, points)| Curve { points, ink: Ink::Line(index as u8) });
        let all: Vec<Curve<'_>> = guide.into_iter().chain(own).collect();
        curves(heading, desc, ("share of customers contacted", name), write, &[0.0, 1.0], &all)
    };
    let keys: Vec<(Ink, &str)> = target
        .gains
        .iter()
        .enumerate()
        .map(|(index, gains)| (Ink::Line(index as u8), gains.name.as_str()))
        .chain([(Ink::Guide, "at random")])
        .collect();
    let told = reached(target, yes);
    let gains = lines(&found, "Gains", &told, &format!("share of {yes} found"), Write::Percent, 0.0);
    let lift = lines(&lifts, "Lift", &told, "times as many as at random", Write::Number, 1.0);
    html! {
        p { (told) }
        div.figures {
            (figure("Gains", "How many are found when the customers with the highest probability are contacted first.", &keys, &gains))
            (figure("Lift", "The same as a multiple of what contacting at random finds.", &keys, &lift))
        }
        details { summary { "The numbers of the curves" } (gains_table(target)) }
    }
}

/// What the first tenth and the first fifth hold, for the model and the rule.
fn reached(target: &TargetBacktest, yes: &str) -> String {
    let at = |gains: &Gains, share: f64| gains.points.iter().find(|at| (at.contacted - share).abs() < 1e-9).map(|at| percent(at.found));
    let told: Vec<String> =
        target.gains.iter().filter_map(|gains| Some(format!("{}: {} and {}", gains.name, at(gains, 0.1)?, at(gains, 0.2)?))).collect();
    format!("Of all {yes}, the first tenth and the first fifth of the customers hold, by {}.", told.join("; by "))
}

fn gains_table(target: &TargetBacktest) -> Markup {
    let heads: Vec<String> =
        target.gains.iter().flat_map(|gains| [format!("{}: found", gains.name), format!("{}: lift", gains.name)]).collect();
    let heads: Vec<&str> = std::iter::once("contacted").chain(heads.iter().map(String::as_str)).collect();
    let longest = target.gains.iter().map(|gains| gains.points.len()).max().unwrap_or(0);
    let rows = html! {
        @for index in 0..longest {
            tr {
                th scope="row" { (target.gains.iter().find_map(|gains| gains.points.get(index)).map_or_else(|| NONE.to_owned(), |at| percent(at.contacted))) }
                @for gains in &target.gains {
                    @match gains.points.get(index) {
                        Some(at) => { td { (percent(at.found)) } td { (at.lift.map_or_else(|| NONE.to_owned(), times)) } },
                        None => { td { (NONE) } td { (NONE) } },
                    }
                }
            }
        }
    };
    table("", "Highest probability first, within each cutoff", &heads, &rows)
}

/// AUC and log loss of the model and the best naive rule of one cutoff.
pub(super) fn pair<'a>(target: &TargetBacktest, skill: &'a Skill) -> (Option<&'a Quality>, Option<&'a Quality>) {
    (skill.methods.first(), best_naive(target, skill))
}
