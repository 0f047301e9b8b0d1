//! How good the models are on the shipped data, and that they do not see a pattern where there is none.

use serde_json::Value;

use crate::support::data::{self, Draw, micros};
use crate::support::fitted;
use crate::support::run::{Folder, serve, text, train};

/// AUC of scikit-learn's logistic regression on the same customers, with 40 to 60 features of its own and its penalty tuned:
/// fitted on what was known before 2011-09-10, judged on the 90 days after.
const SCIKIT_LEARN: [(&str, f64); 2] = [("churn", 0.755), ("reactivation", 0.622)];

#[test]
fn the_models_are_as_good_as_scikit_learn_s_and_better_than_chance() {
    let (scores, events) = (text(&fitted::shipped().scores), text(&data::shipped()));
    let judged = train(&format!("judge --scores {scores} --events {events} --json")).done().json();
    for (target, peer) in SCIKIT_LEARN {
        let found = of_target(&judged, target);
        let auc = |end: &str| found["model"]["auc"][end].as_f64().expect("both classes were seen");
        assert!(auc("low") > 0.5 && found["skill"] == true, "{target}: {found}");
        assert!(auc("high") >= peer, "{target}: {} is below {peer}", auc("high"));
        for naive in found["naive"].as_array().expect("naive rules stand beside the model") {
            assert!(auc("value") > naive["auc"]["value"].as_f64().expect("both classes were seen"), "{target}: {naive}");
        }
    }
}

fn of_target<'a>(judged: &'a Value, target: &str) -> &'a Value {
    let mut targets = judged["targets"].as_array().expect("two models are judged").iter();
    targets.find(|one| one["target"] == target).expect("both targets are judged")
}

#[test]
fn where_nothing_can_be_known_the_report_says_no_skill() {
    // Everybody buys at the same chance every day, for random amounts: the past says nothing of the future.
    let folder = Folder::new();
    let (customers, days, start) = (500, 720_i64, micros("2022-01-01"));
    let mut draw = Draw(3);
    let mut rows: Vec<(String, i64, f64)> = Vec::new();
    for customer in 0..customers {
        for day in 0..days {
            if draw.below(70) == 0 {
                rows.push((format!("c{customer:03}"), start + day * 86_400_000_000, 1.0 + draw.below(100) as f64));
            }
        }
    }
    let batch = data::table(vec![
        ("customer_id", data::names(rows.iter().map(|row| row.0.clone()))),
        ("ts", data::instants(rows.iter().map(|row| row.1))),
        ("amount", data::numbers(rows.iter().map(|row| row.2))),
    ]);
    data::write(&folder.at("events.parquet"), &batch, 10_000);
    let (events, bundle) = (folder.arg("events.parquet"), folder.arg("bundle"));
    let fit = train(&format!("fit --events {events} --as-of 2023-12-22 --out {bundle} --json")).done().json();
    for model in fit["models"].as_array().expect("two models") {
        assert_eq!(model["skill"], false, "{model}");
        assert!(model["verdict"].as_str().is_some_and(|verdict| verdict.contains("no skill")), "{model}");
    }
    assert!(serve(&format!("check --bundle {bundle}")).done().stderr.contains("no skill"), "whoever serves it is told too");
    let registry = folder.at("registry");
    train(&format!("promote {bundle} --registry {}", text(&registry))).refused(1, &["does not become champion", "no skill"]);
    assert!(!registry.exists(), "there is no champion without skill");
}
