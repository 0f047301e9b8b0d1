//! What was read, what became of it, and how far it has drifted.

use maud::{Markup, html};

use super::words::{NONE, day, number, percent, prose};
use super::{capital, folded, nothing, table};
use crate::backtest::schema::{Drift, Report};
use crate::report::count;

/// So many rows of drift are in sight; the others are folded away.
const IN_SIGHT: usize = 10;
/// From here on a population stability index asks for a look.
const LOOK: f64 = 0.25;
/// Below it nothing has changed.
const SAME: f64 = 0.1;

/// Data quality, the cutoffs, and the drift of each target's features.
pub(super) fn section(report: &Report) -> Markup {
    let data = &report.data;
    html! {
        section id="data" {
            h2 { "Data" }
            p {
                "Events from " (day(report, &data.first_event)) " to " (day(report, &data.last_event)) ", complete until " (day(report, &data.complete_until))
                ". Fingerprint of the data: " code { (data.fingerprint) } "."
            }
            h3 { "Quality of the input" }
            @if data.quality.is_empty() { (nothing("Nothing was told.")) } @else { ul { @for line in &data.quality { li { (prose(line)) } } } }
            h3 { "Cutoffs" }
            (cutoffs(report))
            h3 { "Drift" }
            p {
                "How far the newest customers differ from those that the newest model learned from. PSI below " (number(SAME, 1)) ": nothing has "
                "changed; above " (number(LOOK, 2)) ": time to look. Features that count days since the beginning drift by themselves."
            }
            @for target in &report.targets {
                h4 { (capital(target.target.name())) }
                (drift(report, &target.drift))
            }
        }
    }
}

fn cutoffs(report: &Report) -> Markup {
    let rows = html! {
        @for cutoff in &report.cutoffs {
            tr {
                th scope="row" { span.n { (day(report, &cutoff.as_of)) } }
                td { span.n { (day(report, &cutoff.outcome_from)) } " to before " span.n { (day(report, &cutoff.outcome_to)) } }
                td { (count(cutoff.customers)) }
                td { (count(cutoff.current)) }
                td { (count(cutoff.lapsed)) }
                td { (count(cutoff.prospects)) }
                td { (count(cutoff.learned_from.len())) }
            }
        }
    };
    let heads = ["cutoff", "judged on", "customers", "current", "lapsed", "never bought", "cutoffs learned from"];
    let asked: Vec<String> = report.targets.iter().map(|one| format!("{} is asked of {}", one.target, one.target.asked())).collect();
    table("", &capital(&asked.join("; ")), &heads, &rows)
}

fn drift(report: &Report, drift: &[Drift]) -> Markup {
    if drift.is_empty() {
        return nothing("Not known: no model had learned anything.");
    }
    let moved = drift.iter().filter(|one| one.psi > LOOK).count();
    html! {
        p { (count(moved)) " of " (count(drift.len())) " features are above " (number(LOOK, 2)) "." }
        (folded(report, drift, IN_SIGHT, moves))
    }
}

fn moves(drift: &[Drift]) -> Markup {
    let median = |median: Option<f64>| median.map_or_else(|| NONE.to_owned(), |median| number(median, 2));
    let rows = html! {
        @for one in drift {
            tr {
                th scope="row" { (one.label) }
                td { (number(one.psi, 2)) }
                td.words.n style="min-width:0" { @if one.psi > LOOK { "look" } @else if one.psi >= SAME { "some" } @else { "none" } }
                td { (median(one.median_then)) }
                td { (median(one.median_now)) }
                td { (percent(one.missing_then)) }
                td { (percent(one.missing_now)) }
            }
        }
    };
    let heads = ["feature", "PSI", "change", "median then", "median now", "not known then", "not known now"];
    table("", "The most first", &heads, &rows)
}
