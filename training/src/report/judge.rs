//! What `judge` tells: the model beside the naive rules.

use std::fmt::Write;

use super::{WIDTH, count, estimate, percent, wrapped};
use crate::judging::{Judgement, TargetJudgement};

/// The judgement as text, at most [`WIDTH`] columns wide.
#[must_use]
pub fn text(judgement: &Judgement) -> String {
    let Judgement { as_of, outcome_from, outcome_to, counts, targets } = judgement;
    let mut text = format!("scores of {as_of}, judged by purchases from {outcome_from} to before {outcome_to}\n");
    let left_out = [
        (counts.duplicates, "rows left out: the customer has an earlier row"),
        (counts.without_events, "rows left out: no purchase before the scores in these events"),
        (counts.prospects, "rows left out: prospects, of whom neither model speaks"),
        (counts.without_probability, "rows left out: no probability"),
    ];
    let _ = writeln!(text, "{} rows", count(counts.rows));
    for (number, what) in left_out.iter().filter(|(number, _)| *number > 0) {
        let _ = writeln!(text, "{} {what}", count(*number));
    }
    text.push('\n');
    text + &table(targets) + &verdicts(targets) + WORDS
}

/// The metrics of each model and the naive rules beside it.
#[must_use]
pub fn table(targets: &[TargetJudgement]) -> String {
    let mut text = row(&["", "people", "said", "was", "AUC (95 % interval)", "lift", "log loss", "ECE"]);
    let number = |number: Option<f64>| number.map_or("-".to_owned(), |number| format!("{number:.3}"));
    for judged in targets {
        let share = |share: Option<f64>| share.map_or("-".to_owned(), percent);
        let model = judged.model.as_ref();
        let log_loss = model.map(|model| model.log_loss.value);
        text.push_str(&row(&[
            &format!("{} model", judged.target),
            &count(judged.rows),
            &share(judged.mean_probability),
            &share(judged.base_rate),
            &estimate(model.and_then(|model| model.auc), 3),
            &estimate(model.and_then(|model| model.top_decile_lift), 1),
            &format!("{} ({})", number(log_loss), number(judged.base_rate_log_loss)),
            &number(model.map(|model| model.ece.value)),
        ]));
        for naive in &judged.naive {
            let (auc, lift) = (estimate(naive.auc, 3), estimate(naive.top_decile_lift, 1));
            text.push_str(&row(&[&format!(" {}", naive.name), "", "", "", &auc, &lift, "", ""]));
        }
    }
    text
}

/// The verdicts, a sentence a target.
#[must_use]
pub fn verdicts(targets: &[TargetJudgement]) -> String {
    let told = |judged: &TargetJudgement| wrapped(&format!("{}: {}", judged.target, judged.verdict), WIDTH, "  ") + "\n";
    targets.iter().map(told).collect()
}

/// What the words of the table mean.
pub const WORDS: &str = "AUC: 0.5 is guessing, 1 perfect; lift: hits in the top tenth over the average; log loss in brackets:\n\
    that of telling everyone the rate that turned out, which nobody could know\n";

fn row(cells: &[&str; 8]) -> String {
    let [name, people, said, was, auc, lift, loss, ece] = cells;
    let line = format!("{name:<30}{people:>6} {said:>4} {was:>4} {auc:<19} {lift:<13} {loss:<13} {ece:<5}");
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::{Counts, NaiveQuality, Quality};
    use lapwing_models::fit::NAIVE;
    use lapwing_models::{Estimate, Target};

    fn judged() -> TargetJudgement {
        let estimate = |value: f64| Estimate { value, low: value - 0.01, high: value + 0.01 };
        let model = Quality {
            auc: Some(estimate(0.755)),
            log_loss: estimate(0.531),
            brier: estimate(0.18),
            ece: estimate(0.04),
            top_decile_lift: Some(estimate(1.9)),
        };
        let naive =
            |(name, _)| NaiveQuality { name, auc: Some(estimate(0.7)), top_decile_lift: None, model_auc_minus_this: Some(estimate(0.05)) };
        TargetJudgement {
            target: Target::Reactivation,
            rows: 99_999,
            positives: 99_998,
            base_rate: Some(0.99),
            mean_probability: Some(0.31),
            base_rate_log_loss: Some(0.619),
            model: Some(model),
            naive: NAIVE.map(naive).to_vec(),
            skill: true,
            beats_naive: true,
            verdict: "beats `purchase count only`, the best naive rule, in whom it puts first: AUC +0.050 (+0.040 to +0.060)".to_owned(),
        }
    }

    #[test]
    fn the_table_fits_the_screen_and_names_the_naive_rules() {
        let text = table(&[judged()]) + &verdicts(&[judged()]) + WORDS;
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(NAIVE.iter().all(|(name, _)| text.contains(name)), "{text}");
        assert!(text.contains("0.531 (0.619)"), "{text}");
    }

    #[test]
    fn rows_that_were_left_out_are_told() {
        let counts = Counts { rows: 9, duplicates: 2, without_events: 1, ..Counts::default() };
        let (as_of, outcome_from, outcome_to) = ("a".to_owned(), "b".to_owned(), "c".to_owned());
        let text = text(&Judgement { as_of, outcome_from, outcome_to, counts, targets: Vec::new() });
        assert!(text.contains("2 rows left out: the customer has an earlier row\n1 rows left out"), "{text}");
        assert!(!text.contains("prospects"), "{text}");
    }
}
