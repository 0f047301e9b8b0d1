//! The part of the card that tells of one model.

use std::fmt::Write;

use lapwing_features::Timestamp;

use super::capital;
use crate::model::{Basis, Model};
use crate::prediction::for_people;
use crate::report::{Estimate, Judged, SplitReport, TargetReport};
use crate::transform::Form;

/// Most rows of the table of weights.
const WEIGHTS: usize = 12;

/// How the model was measured, what came out, and what weighs most in it.
pub(super) fn section(report: &TargetReport, model: &Model) -> String {
    let mut text = format!("\n## {}\n\nBasis: {}.\n", capital(report.target.name()), report.basis);
    if let Some(split) = &report.split {
        text += &measured(split);
    }
    if matches!(model.basis, Basis::Logistic(_)) && report.why.is_some() {
        text += "\nThe model that was measured is not served, for it may rank no better than chance: everyone is told the base rate.\n";
    }
    text += &judged(&report.judged);
    text += &slices(report);
    text + &weights(report, model)
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
        let _ = writeln!(text, "| {part} | {rows} | {} |", instants(cutoffs));
    }
    text += "\nWhat serves was then fitted on all complete cutoffs, with the penalty and the calibration that were found.\n";
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
        let _ = writeln!(text, "| {:.4} | {:.4} | {} |", bin.predicted, bin.observed, bin.rows);
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
        let _ = writeln!(text, "| {} | {} | {} | {:.4} |", slice.cutoff, slice.rows, slice.positives, slice.base_rate);
    }
    text
}

fn weights(report: &TargetReport, model: &Model) -> String {
    let logistic = match &model.basis {
        Basis::Logistic(logistic) if logistic.transform.columns.is_empty() => return String::new(),
        Basis::Logistic(logistic) => logistic,
        Basis::HiatusRule { rule, .. } => {
            let cell = |name: &str, cell: &crate::hiatus::Cell| {
                let (low, high) = cell.interval();
                format!("| {name} | {:.4} ({low:.4} to {high:.4}) | {} |\n", cell.rate(), cell.rows)
            };
            let days = for_people(rule.threshold_days);
            return "\n### The rule\n\n| days since the last purchase | probability | rows |\n|---|---|---|\n".to_owned()
                + &cell(&format!("up to {days}"), &rule.recent)
                + &cell(&format!("more than {days}"), &rule.overdue)
                + &cell("not known", &rule.all);
        }
    };
    let mut ranked: Vec<_> = logistic.transform.columns.iter().zip(&logistic.coefficients).collect();
    ranked.sort_by(|one, two| two.1.abs().total_cmp(&one.1.abs()));
    let mut text = format!(
        "\n### What weighs most\n\nOf {} columns. A weight is what one standard deviation more adds to the log-odds, before calibration \
         (x {:.3}).\n\n| column | weight |\n|---|---|\n",
        ranked.len(),
        logistic.calibrator.slope,
    );
    for (column, coefficient) in ranked.into_iter().take(WEIGHTS) {
        let name = model.inputs.name(column.input);
        let shown = match column.form {
            Form::Value { log: true, .. } => format!("ln(1 + `{name}`)"),
            Form::Value { .. } => format!("`{name}`"),
            Form::Bend { log, knot, .. } => {
                format!("bend of `{name}` at {}", for_people(if log { libm::expm1(knot) } else { knot }))
            }
            Form::Missing => format!("`{name}` is missing"),
            Form::Level { level } => format!("`{name}` is {}", model.inputs.level_name(column.input, level as f64)),
        };
        let _ = writeln!(text, "| {shown} | {coefficient:+.4} |");
    }
    if let (Some(penalty), Some(proof)) = (report.penalty, &report.certificate) {
        let _ = writeln!(text, "\nL2 penalty {penalty:e}; gradient norm at the optimum {:.1e}.", proof.gradient_norm);
    }
    text
}
