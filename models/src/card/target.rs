//! The part of the card that tells of one model.

use std::fmt::Write;

use lapwing_features::{Snapshot, Timestamp, parted};

use super::capital;
use crate::effects::{Direction, effects};
use crate::model::{Basis, Model};
use crate::prediction::for_people;
use crate::report::{Estimate, Judged, Sample, SplitKind, SplitReport, TargetReport};

/// Most rows of the table of weights.
const WEIGHTS: usize = 12;

/// How the model was measured, what came out, and what weighs most in it.
pub(super) fn section(report: &TargetReport, model: &Model, snapshots: &[Snapshot]) -> String {
    let mut text = format!("\n## {}\n\nBasis: {}.\n", capital(report.target.name()), report.basis);
    if let Some(split) = &report.split {
        text += &measured(split);
    }
    text += &drawn(report.sample);
    if matches!(model.basis, Basis::Logistic(_)) && report.why.is_some() {
        text += "\nThe model that was measured is not served, for it may rank no better than chance: everyone is told the base rate.\n";
    }
    text += &judged(&report.judged);
    text += &slices(report);
    text += &tried(report);
    text + &weights(model, snapshots)
}

/// The days of `cutoffs`, or "none".
pub(super) fn instants(cutoffs: &[Timestamp]) -> String {
    if cutoffs.is_empty() {
        return "none".to_owned();
    }
    cutoffs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn measured(split: &SplitReport) -> String {
    let mut text =
        format!("\n### What was measured on what\n\n{}.\n\n| part | rows | cutoffs |\n|---|---|---|\n", capital(split.kind.meaning()));
    for (part, rows, cutoffs) in [
        ("fitted on, while choosing", split.fit_rows, &split.fit),
        ("chosen on", split.calibrate_rows, &split.calibrate),
        ("fitted on, to be judged", split.refit_rows, &split.refit),
        ("judged on", split.judge_rows, &split.judge),
    ] {
        let _ = writeln!(text, "| {part} | {} | {} |", parted(rows), instants(cutoffs));
    }
    let found = match split.kind {
        SplitKind::Separated => "and its calibration were found in the same way, up to the newest",
        SplitKind::JudgeSeparated => "and its calibration were found on the slice that judged here",
        SplitKind::CustomerFolds => "were found in the same way",
    };
    let _ = writeln!(text, "\nWhat serves was then fitted on all complete cutoffs; its penalties {found}.");
    text
}

fn judged(judged: &[Judged]) -> String {
    let Some(model) = judged.first() else { return "\nNothing could be judged: too few outcomes are known.\n".to_owned() };
    let mut text = String::from(
        "\n### How good it is\n\nWith 95 % intervals by bootstrap over customers, up to 500 draws. AUC: 0.5 is chance, 1 perfect. Log loss, Brier, ECE (ten bins of equal counts): \
         less is better. Lift: how many times the base rate in the top tenth. Last column: above 0 where the model is better.\n\n\
         | | AUC | log loss | Brier | ECE | top-decile lift | log loss more than the model's |\n|---|---|---|---|---|---|---|\n",
    );
    for row in judged {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            row.name,
            estimate(row.auc.as_ref(), 3),
            estimate(Some(&row.log_loss), 4),
            estimate(Some(&row.brier), 4),
            estimate(Some(&row.ece), 4),
            estimate(row.top_decile_lift.as_ref(), 2),
            estimate(row.log_loss_minus_model.as_ref(), 4),
        );
    }
    text += "\nCalibration of the model: where it says so much, so much came true.\n\n| predicted | observed | rows |\n|---|---|---|\n";
    for bin in &model.bins {
        let _ = writeln!(text, "| {:.4} | {:.4} | {} |", bin.predicted, bin.observed, parted(bin.rows));
    }
    text
}

fn estimate(estimate: Option<&Estimate>, decimals: usize) -> String {
    let shown = |Estimate { value, low, high }: &Estimate| format!("{value:.decimals$} ({low:.decimals$} to {high:.decimals$})");
    estimate.map_or_else(|| "-".to_owned(), shown)
}

fn slices(report: &TargetReport) -> String {
    if report.slices.is_empty() {
        return "\nNo cutoff had a complete outcome window.\n".to_owned();
    }
    let mut text = format!("\n### Slices\n\n| cutoff | rows | {} | base rate |\n|---|---|---|---|\n", report.target.positives());
    for slice in &report.slices {
        let _ = writeln!(text, "| {} | {} | {} | {:.4} |", slice.cutoff, parted(slice.rows), parted(slice.positives), slice.base_rate);
    }
    text
}

/// Of whom the rows are; empty when they are of all.
fn drawn(sample: Option<Sample>) -> String {
    sample.map_or_else(String::new, |Sample { customers, of_customers, most_rows }| {
        format!(
            "\nTo have at most {} rows, {} of {} customers were drawn by a hash of their id and the seed, each with all of its rows.\n",
            parted(most_rows),
            parted(customers),
            parted(of_customers)
        )
    })
}

/// The candidates that have a share of the served model.
fn tried(report: &TargetReport) -> String {
    let shared = || report.penalty_path.iter().filter(|trial| trial.weight > 0.0);
    if report.why.is_some() || shared().next().is_none() {
        return String::new();
    }
    let folds = report.split.as_ref().is_some_and(|split| split.kind == SplitKind::CustomerFolds);
    let tried_on = if folds { "other customers" } else { "later slices" };
    let mut text = format!(
        "\n### What it is made of\n\nAn average of penalised logistic regressions, {} of {} that were tried: the better on {tried_on}, the more of \
         it. Bent lines have knots at the quartiles.\n\n| lines | L2 penalty | log loss on {tried_on} | share |\n|---|---|---|---|\n",
        shared().count(),
        report.penalty_path.len()
    );
    for trial in shared() {
        let lines = if trial.bent { "bent" } else { "straight" };
        let _ = writeln!(text, "| {lines} | {} | {:.4} | {:.2} |", trial.lambda, trial.log_loss, trial.weight);
    }
    if let (Some(proof), Some(calibrator)) = (&report.certificate, report.calibrator) {
        let calibration = if folds {
            "Nothing was calibrated, for there is no later slice.".to_owned()
        } else {
            format!("Calibration on the newest slice adds {:+.3} to the log-odds.", calibrator.offset)
        };
        let _ = writeln!(text, "\nGradient norm at the optimum {:.1e}, at most. {calibration}", proof.gradient_norm);
    }
    text
}

fn weights(model: &Model, snapshots: &[Snapshot]) -> String {
    match &model.basis {
        Basis::Logistic(logistic) if logistic.transform.columns.is_empty() => return String::new(),
        Basis::Logistic(_) => {}
        Basis::HiatusRule { rule, .. } => {
            let cell = |name: &str, cell: &crate::hiatus::Cell| {
                let (low, high) = cell.interval();
                format!("| {name} | {:.4} ({low:.4} to {high:.4}) | {} |\n", cell.rate(), parted(cell.rows))
            };
            let days = for_people(rule.threshold_days);
            return "\n### The rule\n\n| days since the last purchase | probability | rows |\n|---|---|---|\n".to_owned()
                + &cell(&format!("up to {days}"), &rule.recent)
                + &cell(&format!("more than {days}"), &rule.overdue)
                + &cell("not known", &rule.all);
        }
    }
    let asked: Vec<&Snapshot> = snapshots.iter().filter(|snapshot| model.target.concerns(snapshot)).collect();
    let found = effects(model, &asked);
    let mut text = format!(
        "\n### What weighs most\n\nOf {} inputs, over the {} customers of the cutoff. Each adds its own part to the log-odds; the first column of numbers is \
         the mean size of that part.\n\n| input | moves the log-odds by | more of it makes a yes |\n|---|---|---|\n",
        found.len(),
        parted(asked.len())
    );
    for effect in found.iter().take(WEIGHTS) {
        let word = match effect.direction() {
            Direction::Raises => "likelier",
            Direction::Lowers => "less likely",
            Direction::Neither => "neither, by and large",
        };
        let _ = writeln!(text, "| `{}` | {:.4} | {word} |", effect.code, effect.importance);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture;
    use crate::calibrate::Calibrator;
    use crate::report::{Certificate, PenaltyTrial};

    #[test]
    fn it_says_on_whom_candidates_were_tried() {
        let told = |kind| {
            let mut report = fixture::churn_report(true);
            report.split.as_mut().unwrap().kind = kind;
            report.penalty_path = vec![PenaltyTrial { lambda: 0.1, bent: true, log_loss: 0.5, weight: 1.0 }];
            report.certificate = Some(Certificate { gradient_norm: 1e-9, objective: 0.5, iterations: 3 });
            report.calibrator = Some(Calibrator { offset: 0.02, ..Calibrator::IDENTITY });
            measured(report.split.as_ref().unwrap()) + &tried(&report)
        };
        let later = told(SplitKind::Separated);
        assert!(later.contains("found in the same way, up to the newest.") && later.contains("| log loss on later slices |"), "{later}");
        assert!(
            later.contains("| bent | 0.1 | 0.5000 | 1.00 |") && later.contains("Calibration on the newest slice adds +0.020"),
            "{later}"
        );
        let one = told(SplitKind::JudgeSeparated);
        assert!(one.contains("found on the slice that judged here.") && one.contains("| log loss on later slices |"), "{one}");
        let folds = told(SplitKind::CustomerFolds);
        assert!(folds.contains("| log loss on other customers |") && folds.contains("Nothing was calibrated"), "{folds}");
        assert!(!folds.contains("later slices") && !folds.contains("calibration were found"), "{folds}");
    }

    #[test]
    fn it_says_who_was_drawn() {
        assert_eq!(drawn(None), "");
        let sample = Sample { customers: 9, of_customers: 60, most_rows: 200_000 };
        assert!(drawn(Some(sample)).contains("at most 200,000 rows, 9 of 60 customers were drawn"));
    }
}
