//! What `fit` and `features` tell.

use std::fmt::Write;
use std::path::Path;

use lapwing_features::engine::InputReport;
use lapwing_models::{Judged, TargetReport};

use super::{count, date, estimate, percent};
use crate::commands::features::CutoffOutcome;
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
        text.push_str(&model(report));
    }
    let _ = write!(text, "bundle {} is in {}", learned.bundle.version(), out.display());
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

fn input(report: &InputReport) -> String {
    report.lines().iter().fold(String::new(), |text, line| text + line + "\n")
}
