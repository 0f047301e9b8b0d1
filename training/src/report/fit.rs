//! What `fit` and `features` tell.

use std::fmt::Write;
use std::path::Path;

use lapwing_features::engine::InputReport;
use lapwing_models::lifecycle::{Sign, SignState, SignTally};
use lapwing_models::{Judged, Target, TargetReport, ValueReport};

use super::{count, date, estimate, percent};
use crate::commands::features::CutoffOutcome;
use crate::commands::histories;
use crate::pipeline::Learned;

/// So many quiet days before as-of are worth a word.
const QUIET_DAYS: f64 = 7.0;

/// What was read, what was learned and how good it is.
#[must_use]
pub fn summary(learned: &Learned, out: &Path) -> String {
    let mut text = input(&learned.input);
    let quiet = learned.bundle.as_of.days_since(learned.last_event);
    if quiet >= QUIET_DAYS {
        let last = date(learned.last_event);
        let _ = writeln!(text, "warning: the last event is at {last}, {quiet:.0} days before as-of: is a delivery missing?");
    }
    let cutoffs = &learned.bundle.cutoffs;
    match (cutoffs.last(), cutoffs.first()) {
        (Some(oldest), Some(newest)) => {
            let until = date(learned.complete_until);
            let cutoffs = count(cutoffs.len());
            let _ = writeln!(text, "learned from {cutoffs} cutoffs, {} to {}; data complete until {until}", date(*oldest), date(*newest));
        }
        _ => {
            let _ = writeln!(text, "no cutoff has both enough history and a complete outcome window in the data");
        }
    }
    for report in learned.reports() {
        text.push_str(&if report.target == Target::Intent { line(report) } else { model(report) });
    }
    for lack in learned.bundle.value_report.iter().flat_map(ValueReport::lacks) {
        let _ = writeln!(text, "{lack}");
    }
    text.push_str(&signs(learned));
    let _ = write!(text, "bundle {} is in {}", learned.bundle.version(), out.display());
    text
}

/// The warning signs of everybody known at as-of; what then happened, of those of a past date, is in the report of a backtest.
fn signs(learned: &Learned) -> String {
    let mut tally = SignTally::default();
    for (_, snapshot) in &learned.snapshots {
        tally.add(learned.bundle.thresholds.sign_states(snapshot), None);
    }
    let mut text = format!("warning signs of {} customers:          raised      clear    unknown\n", count(learned.snapshots.len()));
    for sign in Sign::ALL {
        let [raised, clear, unknown] =
            [SignState::Raised, SignState::Clear, SignState::Unknown].map(|state| count(tally.group(*sign, state).customers as usize));
        let _ = writeln!(text, "  {:32} {raised:>10} {clear:>10} {unknown:>10}", sign.name());
    }
    text
}

/// One model: its rows, how it was judged, the verdict.
#[must_use]
pub fn model(report: &TargetReport) -> String {
    let (rows, positives) = (report.rows(), report.positives());
    let share = if rows > 0 { positives as f64 / rows as f64 } else { 0.0 };
    let mut text = format!("{}: {}, {} rows, {} of them positive\n", report.target, report.basis, count(rows), percent(share));
    if let Some(why) = &report.why {
        let _ = writeln!(text, "  no fitted model: {why}");
    }
    for judged in &report.judged {
        text.push_str(&row(judged));
    }
    let _ = writeln!(text, "  {}", report.verdict);
    if let Some(split) = &report.split {
        let _ = writeln!(text, "  {}", split.kind.meaning());
    }
    text
}

/// One model in one line: its rows and the verdict, which tells of its skill; the card tells the rest.
#[must_use]
pub fn line(report: &TargetReport) -> String {
    let (rows, cutoffs) = (count(report.rows()), report.slices.len());
    let of = report
        .sample
        .map_or_else(String::new, |drawn| format!(" of {} customers drawn from {}", count(drawn.customers), count(drawn.of_customers)));
    let why = report.why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
    format!("{}: {}{why}, {rows} rows{of} at {cutoffs} cutoffs; {}\n", report.target, report.basis, report.verdict)
}

fn row(judged: &Judged) -> String {
    let lift = judged.top_decile_lift.map_or("-".to_owned(), |lift| format!("{:.2}", lift.value));
    let auc = estimate(judged.auc, 3);
    let loss = estimate(Some(judged.log_loss), 3);
    format!("  {:<30} AUC {auc:<19}  log loss {loss:<19}  ECE {:.3}  lift {lift}\n", judged.name, judged.ece.value)
}

/// What `features` wrote.
#[must_use]
pub fn features_summary(read: &InputReport, cutoffs: &[CutoffOutcome], out: &Path) -> String {
    let mut text = input(read);
    for outcome in cutoffs {
        let labels = if outcome.labelled { "labels known" } else { "outcome not complete yet: no labels" };
        let _ = writeln!(text, "cutoff {}: {} customers, {labels}", outcome.cutoff, count(outcome.rows));
    }
    let _ = write!(text, "features are in {}", out.display());
    text
}

/// What `histories` wrote.
#[must_use]
pub fn histories_summary(outcome: &histories::Outcome) -> String {
    let mut text = input(&outcome.input);
    let kept = outcome.files - outcome.written;
    let kept = if kept > 0 { format!(", {kept} stayed as they were") } else { String::new() };
    let files = if outcome.written == 1 { "file" } else { "files" };
    let _ = write!(text, "{} {files} written{kept}; the history table is in {}", outcome.written, outcome.out.display());
    text
}

fn input(report: &InputReport) -> String {
    report.lines().iter().fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use lapwing_features::{Windows, example};
    use lapwing_models::fit::{FitSettings, fit};
    use lapwing_models::{Sample, SliceReport};

    use super::*;

    #[test]
    fn one_line_tells_rows_and_verdict() {
        let settings = FitSettings {
            windows: Windows::new(30, 30, 0).unwrap(),
            seed: 1,
            attributes: Vec::new(),
            solver: lapwing_models::fit::solver::SolverKind::Newton,
        };
        let mut report = fit(Target::Intent, &[], &[], &settings).report;
        let text = line(&report);
        assert!(
            text.starts_with("intent: hiatus rule (no cutoff has 30 days of history before it and a complete outcome window of 7 days")
        );
        assert!(text.ends_with(", 0 rows at 0 cutoffs; not judged: there are no rows to judge on\n"), "{text}");
        (report.basis, report.why) = ("logistic".to_owned(), None);
        let cutoff = example::cutoff("2024-01-01").at;
        report.slices = vec![SliceReport { cutoff, rows: 200_000, positives: 9, base_rate: 0.1 }];
        report.sample = Some(Sample { customers: 90_000, of_customers: 1_000_000, most_rows: 200_000 });
        assert!(line(&report).contains("intent: logistic, 200,000 rows of 90,000 customers drawn from 1,000,000 at 1 cutoffs; "));
    }
}
