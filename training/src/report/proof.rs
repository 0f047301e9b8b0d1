//! What `proof` tells.

use std::fmt::Write;

use lapwing_models::proof::{ArmResult, Grouped, Verdict};

use super::{count, indented};
use crate::commands::proof::Proof;

/// What each arm did, as text.
#[must_use]
pub fn text(proof: &Proof) -> String {
    let mut text = format!(
        "{} customers, drawn by lot; counted: `{}`; those left alone are `{}`\n",
        count(proof.customers),
        proof.outcome,
        proof.control
    );
    for arm in &proof.arms {
        let (with, without) = (arm.results.treated.customers, arm.results.held_out.customers);
        let _ = write!(text, "\n`{}`: {} customers, against {} left alone\n", arm.arm, count(with as usize), count(without as usize));
        for sentence in &arm.told {
            let _ = writeln!(text, "{}", indented(sentence));
        }
        text.push_str(&groups(&arm.groups));
    }
    text.push_str("\nin brackets: 95 % intervals; everybody whom the lot gave the campaign counts, reached or not\n");
    text
}

fn groups(groups: &[Grouped]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let mut text = row(["group", "with", "left alone", "points (95 % interval)", "verdict"]);
    for group in groups {
        let results = &group.results;
        let rate = |arm: &ArmResult| {
            let share = arm.purchase_rate.map_or("-".to_owned(), |share| format!("{:.2} %", 100.0 * share));
            format!("{}: {share}", count(arm.customers as usize))
        };
        let points = results.purchase_rate.map_or("-".to_owned(), |found| {
            format!("{:+.2} ({:+.2} to {:+.2})", 100.0 * found.value, 100.0 * found.low, 100.0 * found.high)
        });
        let verdict = match (group.is_shown, results.verdict) {
            (_, Verdict::Nothing) => "-",
            (false, _) => "may be chance",
            (true, _) if results.purchase_rate.is_some_and(|found| found.value > 0.0) => "it worked",
            (true, _) => "it did harm",
        };
        text.push_str(&row([
            &format!("{} {}", group.attribute, group.value),
            &rate(&results.treated),
            &rate(&results.held_out),
            &points,
            verdict,
        ]));
    }
    text.push_str("  verdicts allow for the number of groups (Holm), the intervals do not: of groups without effect, seldom any is said to have one\n");
    text
}

fn row([group, with, without, points, verdict]: [&str; 5]) -> String {
    let group: String = group.chars().take(26).collect();
    let line = format!("  {group:<26} {with:>16} {without:>16} {points:<26} {verdict}");
    format!("{}\n", line.trim_end())
}
