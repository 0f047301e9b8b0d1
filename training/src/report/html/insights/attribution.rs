//! What led to the purchases, by four rules, and through which channel customers answer.

use maud::{Markup, html};

use super::super::words::{NONE, number, percent, several};
use super::super::{nothing, table};
use super::customers;
use crate::insights::schema::{AttributionRow, Attributions, Insights, NO_TOUCH};
use crate::report::count;

/// So many names have room on the page.
const MOST: usize = 40;

pub(super) fn section(found: &Insights) -> Markup {
    html! {
        p {
            "Each purchase is given, whole, to the touches before it: to the first, to the last, to all alike, or by a chain. A touch is "
            "something that the customer did and that names a channel: a visit, a view, an opened message. For the chain, the removal "
            "effect of a name is the share of the purchases that would be lost if whoever comes to it went nowhere from there."
        }
        p { b { "None of these rules knows what would have happened without a touch." } " Whether a campaign paid, only a hold-out group tells." }
        @for of in &found.attribution { (attributions(of)) }
        @if found.attribution.len() == 1 {
            (nothing("No column of campaigns was found; map one to `campaign` under [events.columns] to have this by campaign too."))
        }
    }
}

fn attributions(of: &Attributions) -> Markup {
    let (touched, untouched): (Vec<&AttributionRow>, Vec<&AttributionRow>) = of.rows.iter().partition(|row| row.name != NO_TOUCH);
    let shown = || touched.iter().take(MOST).chain(&untouched);
    let rows = html! {
        @for row in shown() {
            tr {
                th scope="row" { (row.name) }
                td { (count(row.touches as usize)) }
                td { (row.removal_effect.map_or(NONE.to_owned(), percent)) }
                @for credit in row.credits { td { (number(credit.purchases, 1)) span.interval { (number(credit.amount, 0)) } } }
            }
        }
        tr.own {
            th scope="row" { "all" }
            td { } td { }
            @for _ in 0..4 { td { (number(of.purchases, 0)) span.interval { (number(of.amount, 0)) } } }
        }
    };
    let heads = [of.by, "touches", "removal effect", "first", "last", "linear", "chain"];
    let caption = format!("By {}: purchases, and below them their amounts", of.by);
    html! {
        (table("titled", &caption, &heads, &rows))
        p.small.muted {
            "A touch counts for the purchase that follows it within " (several(of.window_days as usize, "day", "days")) ". "
            (several(of.failed_journeys as usize, "journey", "journeys")) " ended without one; " (count(of.open_journeys as usize))
            " may still lead to one and count nowhere."
            @if touched.len() > MOST { " The other " (touched.len() - MOST) " names are in the table." }
        }
    }
}

pub(super) fn preference(found: &Insights) -> Markup {
    let all = found.channel_preference.iter().map(|(_, customers)| customers).sum::<u64>().max(1);
    let rows = html! {
        @for (channel, number) in found.channel_preference.iter().take(MOST) {
            tr { th scope="row" { (channel) } td { (count(*number as usize)) } td { (percent(*number as f64 / all as f64)) } }
        }
    };
    html! {
        p {
            "The channel through which a customer opened, clicked and bought most, of several the latest. Who has done none of these "
            "through a channel that is named has no preference, " code { "(none)" } ". Whose is which is told by " code { "channel_preference.parquet" } "."
        }
        (table("", &format!("Of {}", customers(found.customers)), &["channel", "customers", "share"], &rows))
    }
}
