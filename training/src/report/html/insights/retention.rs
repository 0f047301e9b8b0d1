//! Cohorts as tables that darken with the share that bought.

use maud::{Markup, html};

use super::super::table;
use super::super::words::NONE;
use super::nobody;
use crate::insights::schema::{Cohort, Insights, Month};
use crate::report::count;

/// So many months and channels have room on the page.
const MOST: usize = 25;

pub(super) fn section(found: &Insights) -> Markup {
    html! {
        p {
            "Of the customers who first bought in a month, the share that bought again in each month after, in per cent. Month 0 is the "
            "first. A month that is not over is not told, for its buyers are not all known. Customers who are older than the data are "
            "among those of its first months."
        }
        @if found.retention_by_month.is_empty() { (nobody()) } @else {
            (cohorts("By month of the first purchase", "month", &found.retention_by_month))
            p {
                "The first channel is that of the earliest thing that a customer did up to the first purchase and that names one. Here "
                "each month after counts those alone for whom it is over, so that late columns rest on fewer and older customers."
            }
            (cohorts("By first channel", "channel", &found.retention_by_channel))
        }
    }
}

fn cohorts(caption: &str, head: &str, cohorts: &[Cohort]) -> Markup {
    // The newest are the ones that can be helped.
    let shown = &cohorts[cohorts.len().saturating_sub(MOST)..];
    let last = shown.iter().flat_map(|cohort| &cohort.months).filter(|month| month.share.is_some()).map(|month| month.months_after).max();
    let months = last.map_or(0, |last| last as usize + 1).min(MOST);
    let numbers: Vec<String> = (0..months).map(|month| month.to_string()).collect();
    let heads: Vec<&str> = [head, "customers"].into_iter().chain(numbers.iter().map(String::as_str)).collect();
    let rows = html! {
        @for cohort in shown {
            tr {
                th scope="row" { span.n { (cohort.name) } }
                td { (count(cohort.customers as usize)) }
                @for month in 0..months { (cell(cohort.months.get(month))) }
            }
        }
    };
    html! {
        (table("", caption, &heads, &rows))
        @if shown.len() < cohorts.len() { p.small.muted { "The other " (cohorts.len() - shown.len()) " are in the table." } }
    }
}

fn cell(month: Option<&Month>) -> Markup {
    let Some(share) = month.and_then(|month| month.share) else { return html! { td { (NONE) } } };
    let shade = format!("background:color-mix(in srgb, var(--link) {:.0}%, transparent)", 60.0 * share);
    html! { td style=(shade) { (format!("{:.0}", 100.0 * share)) } }
}
