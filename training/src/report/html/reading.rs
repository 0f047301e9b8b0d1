//! How to read the page, what it cannot tell, how to make it again.

use maud::{Markup, html};

use super::words::{several, short};
use crate::backtest::schema::Report;

/// A word and what it means.
const WORDS: [(&str, &str); 9] = [
    (
        "AUC",
        "The chance that a customer for whom the answer is yes ranks above one for whom it is no. 0.5 is guessing, 1 perfect. It decides the verdict, for a simple rule can be held to it too; it tells nothing of whether 30 % means 30 %.",
    ),
    (
        "Log loss",
        "What the probabilities lose on what happened, in nats; less is better. Being sure and wrong costs most. It judges ranking and calibration at once.",
    ),
    ("Brier", "Mean squared distance of the probabilities from what happened; less is better."),
    ("ECE", "How far said and happened are apart on average, over ten bins of equal counts. Chance alone makes it more than 0."),
    ("Lift", "How many times more of those looked for are in the top tenth than in a random tenth."),
    (
        "Intervals",
        "95 %, by drawing whole customers again and again: a customer who is seen at several cutoffs counts once. For a difference, both are judged on the same draws: an interval that leaves out 0 is a difference beyond doubt.",
    ),
    ("Permutation p", "How often futures that were dealt out at random look as good. Above 0.05 the ranking could be luck."),
    ("Simple rule", "The naive rule with the highest AUC. It is chosen after the fact, in its favour."),
    ("Log-odds", "ln(p / (1 − p)). The model adds up one number an input; +0.7 doubles the odds."),
];

/// What the page cannot tell.
const LIMITS: [&str; 6] = [
    "It is about the past. After a change of prices, range, channels or season the probabilities may be off until the model is fitted again.",
    "Cutoffs share customers, and outcome windows may overlap: they are not so many independent proofs. The intervals know of the customers, not of what hit all customers at once.",
    "Effects and reasons tell what moves the probability in the model. They do not prove what moves the customer; only a hold-out group does.",
    "Inputs that tell much the same share their effect: a flat line does not say that an input is useless by itself.",
    "Of an attribute nothing tells since when it holds, dates aside: one that is written after the outcome is known leaks it.",
    "Not meant for decisions on credit, insurance, work or anything else with legal effect on people.",
];

/// Words, limits and the command.
pub(super) fn section(report: &Report) -> Markup {
    html! {
        section id="reading" {
            h2 { "How to read this, and its limits" }
            dl { @for (word, meaning) in WORDS { dt { (word) } dd { (meaning) } } }
            h3 { "Limits" }
            ul { @for limit in LIMITS { li { (limit) } } }
        }
        section id="again" {
            h2 { "How to make it again" }
            p { "With the same data and settings this page comes out the same, byte for byte." }
            pre { code { (command(report)) } }
            p.small { (settings(report)) }
            p.small { "The same numbers, for programs, are in " code { "report.json" } " (schema version " (report.schema_version) ") beside this page." }
        }
    }
}

/// The command that makes the report, but for where the data is.
fn command(report: &Report) -> String {
    let setup = &report.setup;
    let as_of = report.cutoffs.iter().fold(String::new(), |text, cutoff| text + " --as-of " + &short(report, &cutoff.as_of));
    format!(
        "lapwing-train backtest --events EVENTS{}{as_of} --horizon-days {} --active-days {} --gap-days {} --timezone {} --seed {} --out REPORT_DIR",
        if setup.attributes.is_empty() { "" } else { " --customers CUSTOMERS" },
        setup.windows.horizon_days,
        setup.windows.active_days,
        setup.windows.gap_days,
        setup.timezone,
        setup.seed,
    )
}

fn settings(report: &Report) -> String {
    let setup = &report.setup;
    let step =
        setup.step_days.map_or_else(|| "named one by one".to_owned(), |step| format!("{} apart", several(step as usize, "day", "days")));
    let attributes = if setup.attributes.is_empty() { "none".to_owned() } else { setup.attributes.join(", ") };
    format!(
        "Cutoffs: {step}. Attributes: {attributes}. Data fingerprint: {}. Made by Lapwing {}.",
        report.data.fingerprint, report.lapwing_version
    )
}

/// The last line.
pub(super) fn footer(report: &Report) -> Markup {
    html! { footer.small.muted { "Lapwing " (report.lapwing_version) ", backtest report, schema version " (report.schema_version) } }
}
