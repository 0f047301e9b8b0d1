//! The model card: what was found, how it was measured, and what it is not for, in Markdown.
//!
//! The first lines say in plain words whether there is skill. Nothing in it depends on rows at or after the cutoff.

mod intent;
mod target;
mod value;

use std::fmt::Write;

use lapwing_features::{Population, Snapshot, parted};

use crate::bundle::ModelBundle;
use crate::drift::Histogram;
use crate::lifecycle::{BandCuts, Thresholds};
use crate::prediction::for_people;
use crate::report::TargetReport;

/// What the card tells beyond the bundle.
pub(crate) struct CardNotes<'a> {
    /// Every customer seen before the cutoff, as of then.
    pub(crate) snapshots: &'a [Snapshot],
    /// Events before the cutoff.
    pub(crate) events: u64,
}

/// The card of `bundle`.
pub(crate) fn markdown(bundle: &ModelBundle, notes: &CardNotes<'_>) -> String {
    let mut card = String::from("# Model card: who will leave, who can be won back\n\n");
    for report in &bundle.reports {
        let _ = writeln!(card, "- {}", found(report));
        if let Some(better) = &report.beaten_by {
            let _ = writeln!(card, "  **Beaten, beyond doubt, in one thing:** {better}.");
        }
    }
    card += ONE_LOOK;
    card += &questions(bundle);
    for (model, report) in bundle.told() {
        card += &target::section(report, model, notes.snapshots);
    }
    card += &intent::section(bundle);
    card += &value::section(bundle);
    card += &thresholds(&bundle.thresholds);
    card += &data(bundle, notes);
    card += &reproduce(bundle);
    card += LIMITS;
    card
}

/// That the verdicts above are of few dates, and where those of more are.
const ONE_LOOK: &str = "\nThese are verdicts of the dates named, on rows that the judged models had not seen. `lapwing-train backtest` asks at several past dates, in the same \
    words; in the demo that is `report/report.html`. Where it says something else, dates differ, and what was learned until then: go by the many.\n";

/// What was found, in one line.
fn found(report: &TargetReport) -> String {
    let (name, verdict) = (capital(report.target.name()), &report.verdict);
    let judged = report.split.as_ref().filter(|_| !report.judged.is_empty()).map(|split| target::instants(&split.judge));
    let when = judged.map_or_else(String::new, |cutoffs| format!(" (judged at {})", cutoffs.replace("T00:00:00Z", "")));
    match &report.why {
        Some(why) => format!("**{name}: no model, the {} speaks**, because {why}. {verdict}{when}", report.basis),
        None if report.skill => format!("**{name}: a model with skill.** {}{when}", capital(verdict)),
        None => format!("**{name}: no skill was found.** {}{when}", capital(verdict)),
    }
}

fn questions(bundle: &ModelBundle) -> String {
    let windows = bundle.windows;
    let (active, horizon, gap) = (windows.active_days, windows.horizon_days, windows.gap_days);
    let after = if gap == 0 { "after the cutoff".to_owned() } else { format!("that begin {gap} days after the cutoff") };
    format!(
        "\n## What it answers\n\n\
         Fitted as of {as_of} on what was known before.\n\n\
         - `churn_probability`: the chance that a customer who bought in the {active} days before the cutoff does not buy in the {horizon} days {after}.\n\
         - `reactivation_probability`: the chance that a customer who bought before those {active} days, but not in them, buys in the {horizon} days {after}.\n\
         - `intent`: 100 x the chance that a customer seen lately, who may never have bought, buys in the next 7 days.\n\
         - `expected_purchases_365d`, `clv_365d`: purchase days and spend expected of a buyer in a year.\n\
         - A customer who never bought has none of them but `intent`. Stage, segment, tier and band are rules, told below.\n\n\
         Meant for choosing whom to contact, with what and when, and for counting who is at risk. Not meant for credit, prices, \
         employment or any decision about a person's rights, nor for customers of another shop than the one it was fitted on.\n",
        as_of = bundle.as_of,
    )
}

fn thresholds(thresholds: &Thresholds) -> String {
    let days = |days: u32| format!("{days} days");
    let known = |value: Option<f64>| value.map_or_else(|| "not known".to_owned(), for_people);
    let list = |cuts: &[f64]| cuts.iter().map(|cut| for_people(*cut)).collect::<Vec<_>>().join(", ");
    let band = |cuts: Option<BandCuts>| {
        cuts.map_or_else(|| "not known".to_owned(), |cuts| format!("yellow from {:.4}, red from {:.4}", cuts.yellow, cuts.red))
    };
    let none = || "not known".to_owned();
    let rows = [
        ("usual days between purchases", known(thresholds.norm_gap_days)),
        ("dormant from", days(thresholds.dormant_after_days)),
        ("churned from", days(thresholds.churned_after_days)),
        ("returned for", days(thresholds.returned_days)),
        ("new for", days(thresholds.new_days)),
        ("slipping above", format!("{} cycles, or from {} cycles on", thresholds.overdue_ratio, thresholds.missed_cycles)),
        ("slipping when activity is down by more than", format!("{} %", for_people(100.0 * thresholds.activity_drop))),
        ("loyal from", format!("{} purchase days in 365 days", thresholds.loyal_purchases)),
        ("active from", format!("{} purchase days in {} days", thresholds.active_purchases, thresholds.active_days)),
        (
            "segments part at",
            format!("{}, {} and {} days", thresholds.segment_days[0], thresholds.segment_days[1], thresholds.segment_days[2]),
        ),
        ("high value above a mean order of", known(thresholds.high_value_order)),
        (
            "value tiers by spend in 365 days",
            thresholds
                .value_tiers
                .map_or_else(none, |cuts| format!("middle above {}, top above {}", for_people(cuts.middle), for_people(cuts.top))),
        ),
        ("RFM, days since the last purchase below", thresholds.rfm.as_ref().map_or_else(none, |cuts| list(&cuts.r))),
        ("RFM, purchase days in 365 days above", thresholds.rfm.as_ref().map_or_else(none, |cuts| list(&cuts.f))),
        ("RFM, spend in 365 days above", thresholds.rfm.as_ref().and_then(|cuts| cuts.m).map_or_else(none, |cuts| list(&cuts))),
        ("risk band by churn probability", band(thresholds.risk.churn)),
        ("risk band by 1 - reactivation probability", band(thresholds.risk.reactivation)),
    ];
    let mut text = String::from("\n## Thresholds of the rules\n\n| rule | value |\n|---|---|\n");
    for (rule, value) in rows {
        let _ = writeln!(text, "| {rule} | {value} |");
    }
    text
}

fn data(bundle: &ModelBundle, notes: &CardNotes<'_>) -> String {
    let count = |population| notes.snapshots.iter().filter(|snapshot| snapshot.population == population).count();
    let known = |histogram: &&Histogram| histogram.missing < 1.0;
    let features = bundle.drift.features.values().filter(known).count();
    let mut text = String::from("\n## Data\n\n");
    let since = bundle.shape.since().map_or_else(|| "never".to_owned(), |since| since.to_string());
    for line in [
        format!("events: {}, the first at {since}, all before {}", parted(notes.events), bundle.as_of),
        format!(
            "customers: {} current, {} lapsed, {} who never bought",
            parted(count(Population::Current)),
            parted(count(Population::Lapsed)),
            parted(count(Population::Prospect))
        ),
        format!("features that the data can tell: {features} of {}", bundle.drift.features.len()),
        format!("attributes of the customers table that may enter: {}", attributes(bundle)),
        format!("cutoffs that were learned from: {}", target::instants(&bundle.cutoffs)),
        format!("time zone: {}; seed: {}; data fingerprint: `{}`", bundle.timezone, bundle.seed, bundle.data_fingerprint),
        format!("made by Lapwing {}", bundle.made_by),
    ] {
        let _ = writeln!(text, "- {line}");
    }
    text
}

fn reproduce(bundle: &ModelBundle) -> String {
    let windows = bundle.windows;
    format!(
        "\n## How to make it again\n\nThe same events and the same build give the same bytes.\n\n```sh\nlapwing-train fit --events YOUR_EVENTS --as-of {} \\\n  \
         --active-days {} --horizon-days {} --gap-days {} --timezone {} --seed {} --out BUNDLE_DIR\n```\n\nHow it does at several past dates, \
         by stage, tenure and attribute, with charts: `lapwing-train backtest` with the same flags.\n",
        bundle.as_of, windows.active_days, windows.horizon_days, windows.gap_days, bundle.timezone, bundle.seed
    )
}

fn attributes(bundle: &ModelBundle) -> String {
    let names: Vec<String> = bundle.churn.inputs.attributes.iter().map(|spec| format!("`{}`", spec.name)).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

const LIMITS: &str = "\n## Limits\n\n\
    - The probabilities hold for customers like those of the past. After a change of prices, range, channels or season, look at the drift \
    of features and scores, and fit again.\n\
    - Of an attribute nothing tells since when it holds, dates aside: one that is written after the outcome is known leaks it.\n\
    - Reasons tell what moves the probability in the model; they do not prove what moves the customer. Only a hold-out group does.\n\
    - A weight speaks of one input while all others stay; inputs that tell much the same share their weight.\n\
    - Intervals around a probability tell how well the model is known, not what one customer will do, and not how far all rates may move \
    together: compare the base rates of the slices, which show how far they did.\n";

/// With a capital first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture;

    #[test]
    fn the_first_lines_say_what_was_found() {
        let card = fixture::bundle().card;
        let first: Vec<&str> = card.lines().take(4).collect();
        assert_eq!(first[2], "- **Churn: a model with skill.** The model beats the naive rules. (judged at 2024-03-03)");
        assert_eq!(
            first[3],
            "- **Reactivation: no model, the hiatus rule speaks**, because 8 reactivated customers, fewer than 50. Nothing was judged."
        );
        assert!(found(&fixture::churn_report(false)).starts_with("**Churn: no skill was found.**"));
    }

    #[test]
    fn what_beat_the_model_is_told_right_below_it() {
        let mut bundle = fixture::bundle();
        bundle.reports[0].beaten_by = Some("`random forest` was better".to_owned());
        let card = markdown(&bundle, &CardNotes { snapshots: &[], events: 0 });
        assert_eq!(card.lines().nth(3), Some("  **Beaten, beyond doubt, in one thing:** `random forest` was better."));
        assert!(card.contains("Where it says something else, dates differ"), "{card}");
    }

    #[test]
    fn the_card_tells_everything_a_judge_would_ask() {
        let card = fixture::bundle().card;
        for text in [
            "five folds of customers",
            "| model | 0.750 (0.700 to 0.800) | 0.6100",
            "| base rate | 0.500",
            "| 0.2500 | 0.2000 | 38 |",
            "| cutoff | rows | churned customers | base rate |",
            "| `days_since_last_purchase` | 0.",
            "| likelier |",
            "lapwing-train fit --events YOUR_EVENTS --as-of 2024-06-01T00:00:00Z",
            "| up to 120 | 0.3095",
            "| dormant from | 90 days |",
            "events: 123, the first at 2000-01-01T00:00:00Z, all before 2024-06-01T00:00:00Z",
            "seed: 42",
            "Not meant for credit",
        ] {
            assert!(card.contains(text), "`{text}` is not in\n{card}");
        }
    }

    #[test]
    fn a_card_of_nobody_says_so() {
        let card = fixture::bundle_of(&[]).card;
        assert!(card.contains("customers: 0 current, 0 lapsed, 0 who never bought"));
        assert!(card.contains("| risk band by churn probability | not known |"));
    }
}
