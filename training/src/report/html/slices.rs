//! Where the model is wrong: by stage, by tenure, by what is known of the customers.

use lapwing_models::Estimate;
use maud::{Markup, html};

use super::words::{estimate, metric, percent, points};
use super::{nothing, table};
use crate::backtest::schema::{Report, SliceSkill, TargetBacktest};
use crate::report::count;

/// The worst slices, then every grouping.
pub(super) fn where_wrong(_report: &Report, target: &TargetBacktest) -> Markup {
    html! {
        p {
            "Of each group: what happened minus what the model said, in points of a hundred. Where the interval leaves out 0, the model says "
            "too little (+) or too much (−) beyond doubt. With many groups one in twenty does so by chance."
        }
        @if target.weakest.is_empty() {
            p { "In no group are said and happened apart beyond doubt." }
        } @else {
            (slices("Furthest apart, the worst first", &target.weakest, true))
        }
        @if target.groupings.is_empty() { (nothing("Nobody could be judged, so there are no groups.")) }
        @for grouping in &target.groupings {
            (slices(&format!("By {}", grouping.by), &grouping.slices, false))
        }
    }
}

fn slices(caption: &str, slices: &[SliceSkill], named: bool) -> Markup {
    let heads = ["group", "happened − said", "", "said", "happened", "AUC", "log loss", "rows", "customers"];
    let rows = html! {
        @for slice in slices {
            @let apart = slice.observed_minus_predicted;
            tr {
                th scope="row" { @if named { (slice.by) ": " } (slice.name) }
                td { (estimate(Some(apart), points)) }
                td.words.n style="min-width:0" { (judged(apart)) }
                td { (percent(slice.mean_probability)) }
                td { (percent(slice.base_rate)) }
                td { (estimate(slice.auc, metric)) }
                td { (estimate(Some(slice.log_loss), metric)) }
                td { (count(slice.rows)) }
                td { (count(slice.customers)) }
            }
        }
    };
    table("titled", caption, &heads, &rows)
}

fn judged(apart: Estimate) -> &'static str {
    match apart {
        Estimate { low, .. } if low > 0.0 => "says too little",
        Estimate { high, .. } if high < 0.0 => "says too much",
        _ => "",
    }
}
