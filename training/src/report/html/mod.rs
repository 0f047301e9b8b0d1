//! The report of a backtest as one HTML page that needs nothing else: no script, no font, no image, no network.
//!
//! [`page`] puts the parts together, one file a part. Every text of the report goes through `maud`, which escapes it, or through the
//! charts, which do too; and the page forbids scripts and loads, should something get through nevertheless.

mod beliefs;
mod data;
pub mod insights;
mod quality;
mod reading;
mod signs;
mod slices;
mod stability;
mod summary;
mod time;
mod value;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use lapwing_models::Target;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::backtest::schema::{Report, TargetBacktest};
use crate::charts::ink::{self, Ink};

const STYLE: &str = include_str!("style.css");

/// The page of `report`: the same report gives the same bytes.
///
/// Characters that HTML forbids, wherever they come from, appear as U+FFFD.
#[must_use]
pub fn page(report: &Report) -> String {
    let body = html! {
        (summary::header(report))
        (contents(report))
        main {
            @for target in &report.targets { (section(report, target)) }
            (signs::section(report))
            (data::section(report))
            (reading::section(report))
        }
        (reading::footer(report))
    };
    document(&summary::title(report), &report.lapwing_version, &body)
}

/// A whole page around `body`.
fn document(title: &str, version: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="generator" content=(format!("Lapwing {version}"));
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(ink::STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string().replace(forbidden, "\u{fffd}")
}

/// Characters that have no place in HTML or XML.
fn forbidden(character: char) -> bool {
    matches!(character, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// A part of a target's section.
type Part = fn(&Report, &TargetBacktest) -> Markup;

/// The parts of a target's section: anchor, heading, body.
const PARTS: [(&str, &str, Part); 8] = [
    ("quality", "How good it is", quality::beside_baselines),
    ("calibration", "Can its probabilities be trusted?", quality::calibration),
    ("ranking", "Whom it finds first", quality::ranking),
    ("time", "From cutoff to cutoff", time::over_cutoffs),
    ("slices", "Where it is wrong", slices::where_wrong),
    ("profit", "What a campaign would bring", value::profit),
    ("beliefs", "What the model believes", beliefs::effects),
    ("stability", "How much it changes its mind", stability::section),
];

fn section(report: &Report, target: &TargetBacktest) -> Markup {
    let name = target.target.name();
    html! {
        section id=(name) {
            h2 { (capital(name)) ": customers who " (target.event) (window(report, target)) }
            @for (anchor, heading, part) in PARTS {
                section id=(format!("{name}-{anchor}")) { h3 { (heading) } (part(report, target)) }
            }
        }
    }
}

/// When it is to happen, unless the event tells it.
fn window(report: &Report, target: &TargetBacktest) -> String {
    let windows = report.setup.windows;
    if target.target.windows(windows) != windows {
        return String::new();
    }
    let days = words::several(windows.horizon_days as usize, "day", "days");
    match windows.gap_days {
        0 => format!(" in the next {days}"),
        gap => format!(" in the {days} that begin {} from now", words::several(gap as usize, "day", "days")),
    }
}

fn contents(report: &Report) -> Markup {
    html! {
        nav aria-label="Contents" {
            @for target in &report.targets {
                @let name = target.target.name();
                ul {
                    li { a href=(format!("#{name}")) { b { (capital(name)) } } }
                    @for (anchor, heading, _) in PARTS { li { a href=(format!("#{name}-{anchor}")) { (heading) } } }
                }
            }
            ul {
                li { a href="#signs" { b { "Warning signs" } } }
                li { a href="#data" { b { "Data" } } }
                li { a href="#reading" { "How to read this, and its limits" } }
                li { a href="#again" { "How to make it again" } }
            }
        }
    }
}

/// Words that stand in for a part of which nothing is known.
fn nothing(why: &str) -> Markup {
    html! { p.muted { (why) } }
}

/// A chart with its heading, what to look at, and the keys of its lines.
fn figure(heading: &str, caption: &str, keys: &[(Ink, &str)], svg: &str) -> Markup {
    html! {
        figure {
            figcaption {
                b { (heading) }
                (words::prose(caption))
                @if !keys.is_empty() { (legend(keys)) }
            }
            (PreEscaped(svg))
        }
    }
}

fn legend(keys: &[(Ink, &str)]) -> Markup {
    html! {
        ul.legend {
            @for (ink, name) in keys {
                li {
                    svg viewBox="0 0 120 48" aria-hidden="true" {
                        @match ink {
                            Ink::Bar(_) => rect class=(ink.class()) x="0" y="0" width="120" height="48" {},
                            Ink::Dot(_) => circle class=(ink.class()) cx="60" cy="24" r="16" {},
                            _ => line class=(ink.class()) x1="0" y1="24" x2="120" y2="24" {},
                        }
                    }
                    (name)
                }
            }
        }
    }
}

/// A table that scrolls by itself where the screen is narrow.
fn table(class: &str, caption: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        // Not a `caption`, which would be as wide as the table and cut off with it.
        p class=(format!("caption {class}")) { (caption) }
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table class=(class) {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// Inputs that all targets together may have on the page: more would make it too large to send around.
const ROOM: usize = 320;

/// The first `in_sight` of what there is of each input, then those that are folded away; of inputs for which the page has no room,
/// how many they are.
fn folded<T>(report: &Report, inputs: &[T], in_sight: usize, draw: impl Fn(&[T]) -> Markup) -> Markup {
    let room = ROOM / report.targets.len().max(1);
    let (shown, beyond) = inputs.split_at(inputs.len().min(room));
    let (first, rest) = shown.split_at(shown.len().min(in_sight));
    html! {
        (draw(first))
        @if !rest.is_empty() { details { summary { "The other " (words::several(rest.len(), "input", "inputs")) } (draw(rest)) } }
        @if !beyond.is_empty() {
            p.small.muted { "There is no room here for " (words::several(beyond.len(), "further input", "further inputs")) ", which are in " code { "report.json" } "." }
        }
    }
}

/// What to call the customers for whom the answer is yes, and the others.
fn sides(target: Target) -> (&'static str, &'static str) {
    (target.positives(), target.negatives())
}

/// With a capital first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
