//! Which warning signs customers showed, and how many of those with and without them then left.

use lapwing_models::lifecycle::Group;
use maud::{Markup, html};

use super::words::{NONE, day, percent, several};
use super::{nothing, table};
use crate::backtest::schema::Report;
use crate::report::count;

/// The signs at the newest cutoff.
pub(super) fn section(report: &Report) -> Markup {
    html! {
        section id="signs" {
            h2 { "Warning signs" }
            @match &report.signs {
                Some(signs) => {
                    p {
                        "Of " (several(signs.customers, "customer", "customers")) " on " (day(report, &signs.as_of)) ": in how many each sign was "
                        "raised, clear, or not known for want of data; and of the current ones, who bought lately, the share that did not buy in "
                        (several(report.setup.windows.horizon_days as usize, "day", "days")) " after. A sign tells something where the two intervals "
                        "lie apart. With fifteen signs, one or two do by chance where they nearly touch."
                    }
                    (rows(report))
                },
                None => (nothing("Not told: this report was made without them.")),
            }
        }
    }
}

fn rows(report: &Report) -> Markup {
    let rows = html! {
        @for sign in report.signs.iter().flat_map(|signs| &signs.signs) {
            tr {
                th scope="row" { code { (sign.sign.name()) } }
                @for group in [sign.raised, sign.clear, sign.unknown] { td { (count(group.customers as usize)) } }
                (rate(sign.raised))
                (rate(sign.clear))
            }
        }
    };
    let heads = ["sign", "raised", "clear", "not known", "left, with it", "left, without it"];
    table("titled", "Signs, their customers, and what then happened", &heads, &rows)
}

fn rate(group: Group) -> Markup {
    html! {
        td {
            @match group.rate() {
                Some((rate, low, high)) => { (percent(rate)) span.interval { (percent(low)) " to " (percent(high)) } },
                None => (NONE),
            }
        }
    }
}
