//! How far each input's part in the model changed from cutoff to cutoff.

use maud::{Markup, PreEscaped, html};

use super::words::{NONE, number, signed};
use super::{folded, nothing, table};
use crate::backtest::schema::{CoefficientStability, Report, TargetBacktest};
use crate::charts::trace;
use crate::report::count;

/// So many inputs are in sight; the others are folded away.
const IN_SIGHT: usize = 15;

/// A row an input, with a line of its own over the cutoffs.
pub(super) fn section(report: &Report, target: &TargetBacktest) -> Markup {
    if target.stability.is_empty() {
        return nothing("There were no models to compare.");
    }
    let flipping = target.stability.iter().filter(|one| one.sign_flips > 0).count();
    html! {
        p {
            "Each cutoff has a model of its own. The part of an input is how far it moves a customer's log-odds on average, below 0 where more of "
            "it makes the outcome less likely. A spread as large as the mean, or a change of sign, says: do not read much into this input. "
            (count(flipping)) " of " (count(target.stability.len())) " inputs change sign."
        }
        (folded(report, &target.stability, IN_SIGHT, inputs))
    }
}

fn inputs(inputs: &[CoefficientStability]) -> Markup {
    let rows = html! {
        @for one in inputs {
            tr {
                th scope="row" { (one.label) }
                td { (PreEscaped(trace(&told(one), &one.by_cutoff))) }
                td { (signed(one.mean, 3)) }
                td { (one.spread.map_or_else(|| NONE.to_owned(), |spread| number(spread, 3))) }
                td { (count(one.sign_flips)) }
            }
        }
    };
    table(
        "",
        "Each line has a scale of its own; the thin line is 0",
        &["input", "over cutoffs", "mean", "spread", "changes of sign"],
        &rows,
    )
}

fn told(one: &CoefficientStability) -> String {
    one.by_cutoff.iter().map(|part| signed(*part, 2)).collect::<Vec<_>>().join(", ")
}
