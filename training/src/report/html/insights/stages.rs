//! How far customers came, who bought, and from which stage to which they went.

use maud::{Markup, html};

use super::super::words::{NONE, number, percent, several};
use super::super::{nothing, table};
use super::date;
use crate::insights::schema::Insights;
use crate::report::count;

pub(super) fn conversion(found: &Insights) -> Markup {
    let days = |days: Option<f64>| days.map_or(NONE.to_owned(), |days| number(days, 0));
    let rows = html! {
        @for way in &found.conversion {
            tr {
                th scope="row" { (way.source) " → " (way.target) }
                td { (count(way.entered as usize)) }
                td { (count(way.reached as usize)) }
                td { (way.share.map_or(NONE.to_owned(), percent)) }
                td { (count(way.waiting as usize)) }
                td { (days(way.days_median_reached)) }
                td { (days(way.days_median)) }
            }
        }
    };
    let heads = ["way", "entered", "through", "share", "not, or not yet", "days of those through", "days until half of all"];
    html! {
        p {
            "What customers have ever reached: new with the first purchase, retained with a purchase on a second day, loyal with as many "
            "purchase days in a year as the rules ask. Who bought at once was never a prospect. Those still on the way have been so for "
            "some time only: days until half of all are through takes that time into account (Kaplan and Meier), and is not known where "
            "fewer than half are. Days of those through are shorter, for the slow ones are still to come."
        }
        (table("", "Medians are in days", &heads, &rows))
    }
}

pub(super) fn outcomes(found: &Insights) -> Markup {
    let Some(all) = &found.stage_conversion else {
        return nothing("The data does not go back far enough to tell.");
    };
    let rows = html! {
        @for stage in &all.stages {
            tr {
                th scope="row" { (stage.stage) }
                td { (count(stage.customers as usize)) }
                td { (count(stage.buyers as usize)) }
                td { @match stage.share {
                    Some((share, low, high)) => { (percent(share)) span.interval { (percent(low)) " to " (percent(high)) } },
                    None => (NONE),
                } }
            }
        }
    };
    let days = several(all.horizon_days as usize, "day", "days");
    html! {
        p { "Of the customers in each stage on " (date(&all.from)) ", those who bought in the " (days) " after, with 95 % intervals." }
        (table("", "By stage", &["stage", "customers", "bought", "share"], &rows))
    }
}

pub(super) fn transitions(found: &Insights) -> Markup {
    let of = &found.transitions;
    let heads: Vec<&str> = ["from \\ to"].into_iter().chain(of.targets.iter().copied()).collect();
    let rows = html! {
        @for (source, row) in of.sources.iter().zip(&of.matrix) {
            tr {
                th scope="row" { (source) }
                @for (target, customers) in of.targets.iter().zip(row) {
                    td class=[(source == target).then_some("own")] { @if *customers == 0 { (NONE) } @else { (count(*customers as usize)) } }
                }
            }
        }
    };
    html! {
        p {
            "Customers by their stage on " (date(&of.from)) " (rows) and on " (date(&of.to)) " (columns). Each stage is what the rules say "
            "of what was known on that day; " code { "not_seen" } " are those of whom nothing was known yet. " code { "transitions.parquet" }
            " has the same as the rows of a Sankey diagram."
        }
        (table("", "Customers", &heads, &rows))
    }
}
