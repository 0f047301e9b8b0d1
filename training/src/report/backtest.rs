//! The screen of `backtest`: what it comes to, a few lines a target.

use std::fmt::Write;

use lapwing_models::Estimate;

use super::{WIDTH, count, estimate, percent, wrapped};
use crate::backtest::schema::{Quality, Report, TargetBacktest};

/// The report as text, at most [`WIDTH`] columns wide.
#[must_use]
pub fn text(report: &Report) -> String {
    let day = |instant: &str| instant.chars().take(10).collect::<String>();
    let (first, last) = (report.cutoffs.first(), report.cutoffs.last());
    let dates = first.zip(last).map_or_else(String::new, |(first, last)| format!(", {} to {}", day(&first.as_of), day(&last.as_of)));
    let days = report.setup.windows.horizon_days;
    let mut text = format!("{} cutoffs{dates}, each judged on the {days} days after it\n", report.cutoffs.len());
    for warning in &report.warnings {
        let _ = writeln!(text, "{}", wrapped(&format!("warning: {warning}"), WIDTH, "  "));
    }
    for found in &report.targets {
        text.push('\n');
        text.push_str(&target(found));
    }
    text.push_str("\nAUC: 0.5 is guessing, 1 perfect; lift: hits in the top tenth over the average; more loss: log loss\n");
    text.push_str("above the model's, where the model is better; in brackets 95 % intervals, by customer\n");
    text
}

fn target(found: &TargetBacktest) -> String {
    let mut text = String::new();
    if let Some(pooled) = &found.pooled {
        let title = format!("{}: {} rows", found.target, count(pooled.rows));
        text.push_str(&row([&title, "AUC", "log loss", "more loss", "ECE", "lift"]));
        for quality in &pooled.methods {
            text.push_str(&method(quality));
        }
        let (said, was) = (percent(pooled.mean_probability), percent(pooled.base_rate));
        let luck = found.permutation.map_or_else(String::new, |found| format!("; luck does as well with p = {:.3}", found.p_value));
        let _ = writeln!(text, "said {said}, was {was}{luck}");
    }
    let _ = writeln!(text, "{}", wrapped(&found.headline, WIDTH, "  "));
    text
}

fn method(quality: &Quality) -> String {
    let signed = |e: Estimate| format!("{:+.3} ({:+.3} {:+.3})", e.value, e.low, e.high);
    row([
        &format!(" {}", quality.name),
        &estimate(quality.auc, 3),
        &format!("{:.3}", quality.log_loss.value),
        &quality.log_loss_minus_model.map_or_else(String::new, signed),
        &format!("{:.3}", quality.ece.value),
        &quality.top_decile_lift.map_or("-".to_owned(), |lift| format!("{:.1}", lift.value)),
    ])
}

fn row([name, auc, loss, more, ece, lift]: [&str; 6]) -> String {
    format!("{}\n", format!("{name:<31} {auc:<19} {loss:<8} {more:<23} {ece:<5} {lift}").trim_end())
}
