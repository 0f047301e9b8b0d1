//! The insights as one page of the same make as the report: no script, no font, no image, no network.

mod attribution;
mod retention;
mod stages;
#[cfg(test)]
mod tests;

use maud::{Markup, html};

use super::words::several;
use super::{document, nothing};
use crate::insights::schema::Insights;
use crate::report::count;

/// A section: anchor, heading, body.
type Section = (&'static str, &'static str, fn(&Insights) -> Markup);

const SECTIONS: [Section; 6] = [
    ("conversion", "From prospect to loyal", stages::conversion),
    ("retention", "Who stays", retention::section),
    ("attribution", "What led to the purchases", attribution::section),
    ("channels", "Through which channel customers answer", attribution::preference),
    ("stages", "Who buys, by stage", stages::outcomes),
    ("transitions", "From stage to stage", stages::transitions),
];

/// The page: the same insights give the same bytes.
#[must_use]
pub fn page(found: &Insights) -> String {
    let body = html! {
        header {
            h1 { "Lapwing: " (count(found.customers as usize)) " customers on " (date(&found.as_of)) }
            p.muted {
                "Purchases are known until " (date(&found.complete_until)) ". Days and months are those of " (found.timezone)
                "; lifecycle rules are those of model " code { (found.model_version) } "."
            }
        }
        nav aria-label="Contents" { ul { @for (anchor, heading, _) in SECTIONS { li { a href=(format!("#{anchor}")) { (heading) } } } } }
        main {
            @for (anchor, heading, body) in SECTIONS { section id=(anchor) { h2 { (heading) } (body(found)) } }
            section id="input" {
                h2 { "Input" }
                ul { @for line in found.input.lines() { li { (super::words::prose(&line)) } } }
            }
        }
        footer { p.small.muted { "Lapwing " (found.lapwing_version) ". The same numbers are in " code { "insights.json" } " and the Parquet tables beside this page." } }
    };
    document(&format!("Lapwing insights, {}", date(&found.as_of)), found.lapwing_version, &body)
}

/// The day of an instant at midnight in UTC, else the instant.
fn date(instant: &str) -> &str {
    instant.strip_suffix("T00:00:00Z").unwrap_or(instant)
}

fn customers(number: u64) -> String {
    several(number as usize, "customer", "customers")
}

/// Where there is nothing to show.
fn nobody() -> Markup {
    nothing("Nobody has bought yet.")
}
