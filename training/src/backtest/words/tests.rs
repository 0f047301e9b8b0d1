//! The words follow the numbers.

use super::super::schema::{Gains, GainsPoint};
use super::super::table::Traits;
use super::*;

fn estimate(low: f64, high: f64) -> Estimate {
    Estimate { value: f64::midpoint(low, high), low, high }
}

fn quality(name: &str, method: Method, auc: Option<Estimate>, excess: Option<(f64, f64)>) -> Quality {
    Quality {
        name: name.to_owned(),
        method,
        auc,
        log_loss: estimate(0.5, 0.6),
        brier: estimate(0.1, 0.2),
        ece: estimate(0.0, 0.1),
        top_decile_lift: None,
        model_auc_minus_this: excess.map(|(low, high)| estimate(low, high)),
        log_loss_minus_model: excess.map(|(low, high)| estimate(low, high)),
    }
}

/// A model with this AUC beside `rule`, from which it differs so in AUC and log loss, and a forest that does much better.
fn pooled(auc: Option<(f64, f64)>, excess: (f64, f64)) -> Skill {
    let auc = auc.map(|(low, high)| estimate(low, high));
    Skill {
        rows: 1_000,
        customers: 400,
        positives: 300,
        base_rate: 0.3,
        mean_probability: 0.32,
        methods: vec![
            quality("model", Method::Model, auc, None),
            quality("rule", Method::Naive, auc, Some(excess)),
            quality("forest", Method::Challenger, auc, Some((-0.05, -0.02))),
        ],
        reliability: Vec::new(),
    }
}

fn permutation(p_value: f64) -> Permutation {
    Permutation { replicates: 500, auc: 0.6, auc_shuffled: 0.5, auc_shuffled_95: 0.53, p_value }
}

fn backtest(skill: Option<Skill>, p_value: f64) -> TargetBacktest {
    let permutation = skill.as_ref().and_then(|skill| skill.methods[0].auc).map(|_| permutation(p_value));
    let verdict = verdict(skill.as_ref(), permutation.as_ref());
    TargetBacktest {
        target: Target::Churn,
        event: event(Target::Churn).to_owned(),
        headline: String::new(),
        verdict,
        skill: false,
        answers: Vec::new(),
        best_naive: skill.as_ref().map(|_| "rule".to_owned()),
        pooled: skill,
        cutoffs: Vec::new(),
        permutation,
        gains: ["model", "rule"].map(gains).to_vec(),
        profit: None,
        scores: Vec::new(),
        stability: Vec::new(),
        groupings: Vec::new(),
        weakest: Vec::new(),
        effects: Vec::new(),
        reasons: Vec::new(),
        drift: Vec::new(),
    }
}

fn gains(name: &str) -> Gains {
    let found = if name == "model" { 0.34 } else { 0.21 };
    Gains { name: name.to_owned(), points: vec![GainsPoint { contacted: 0.1, found, lift: Some(10.0 * found) }] }
}

/// Customers of whom `said` was said, and of whom so many were positive.
fn table(said: f64, positives: usize, rows: usize) -> Table {
    Table {
        methods: vec![("model".to_owned(), Method::Model)],
        said: vec![vec![said; rows]],
        labels: (0..rows).map(|row| row < positives).collect(),
        customers: (0..).take(rows).collect(),
        groups: vec![0; rows],
        traits: vec![Traits { stage: None, tenure_days: 1.0, attributes: Vec::new() }; rows],
    }
}

#[test]
fn the_verdict_needs_the_interval_the_shuffles_and_the_rule() {
    let of = |auc, excess, p_value| backtest(Some(pooled(auc, excess)), p_value);
    let cases = [
        (of(Some((0.6, 0.7)), (0.01, 0.02), 0.002), Verdict::BeatsNaive, "beats `rule`"),
        (of(Some((0.6, 0.7)), (-0.01, 0.02), 0.002), Verdict::TiesWithNaive, "is no better than `rule`"),
        (of(Some((0.6, 0.7)), (-0.02, -0.01), 0.002), Verdict::WorseThanNaive, "worse than `rule`"),
        (of(Some((0.49, 0.7)), (0.01, 0.02), 0.002), Verdict::NoSkill, "no skill"),
        (of(Some((0.51, 0.7)), (0.01, 0.02), 0.06), Verdict::NoSkill, "no skill"),
        (of(None, (0.01, 0.02), 0.002), Verdict::NotJudged, "the same happened to all 1,000 rows"),
        (backtest(None, 0.5), Verdict::NotJudged, "nobody to judge"),
    ];
    for (found, verdict, words) in cases {
        let headline = headline(&found);
        assert_eq!(found.verdict, verdict, "{headline}");
        assert!(headline.starts_with("churn: ") && headline.contains(words), "{headline}");
    }
}

#[test]
fn the_answers_name_what_is_found_and_who_does_better() {
    let found = backtest(Some(pooled(Some((0.6, 0.7)), (0.01, 0.02))), 0.002);
    let answers = answers(&found, &table(0.3, 29, 100));
    let told: Vec<&str> = answers.iter().map(|answer| answer.answer.as_str()).collect();
    assert!(
        told[0].starts_with("Yes")
            && told[0].contains("Better than the model in it, beyond doubt: `forest`. Closer in its percentages, beyond doubt: `forest`."),
        "{}",
        told[0]
    );
    assert!(told[1].contains("finds 34 % of those who do not buy; by the rule it finds 21 %"), "{}", told[1]);
    assert!(told[1].ends_with("Its AUC is 0.650 (0.600 to 0.700); less the rule's, +0.015 (+0.010 to +0.020)."), "{}", told[1]);
    assert!(told[2].starts_with("In no group"), "{}", told[2]);
    assert!(told[3].starts_with("Yes: of 100 customers who were told 25 to 35 %, 30 % on average, 29 % did not buy"), "{}", told[3]);
    assert!(super::answers(&backtest(None, 0.5), &Table::default()).is_empty());
}

#[test]
fn thirty_per_cent_is_trusted_only_where_it_came_true() {
    assert!(trust(Target::Reactivation, &table(0.3, 60, 100)).starts_with("No: "));
    assert!(trust(Target::Churn, &table(0.6, 60, 100)).starts_with("Hardly anybody"));
    assert!(trust(Target::Churn, &Table::default()).starts_with("Hardly anybody"));
}

#[test]
fn json_gives_back_every_number() {
    let found = backtest(Some(pooled(Some((0.6, 0.7)), (0.01, 0.02))), 0.1 + 0.2);
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<TargetBacktest>(&json).unwrap(), found);
}
