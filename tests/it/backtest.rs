//! `lapwing-train backtest`: the models of the past are those that `fit` would have made, they are judged by what then happened, and
//! where there is nothing to know the report says so.

use std::path::Path;
use std::sync::LazyLock;

use arrow::array::RecordBatch;
use serde_json::Value;

use crate::support::data::{self, Draw, micros};
use crate::support::fitted::{self, AS_OF};
use crate::support::run::{Ended, Folder, assert_same_bytes, text, train};
use crate::support::shop;

const DAY: i64 = 86_400_000_000;

fn report(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("report.json")).expect("a report was written");
    serde_json::from_str(&text).expect("it is JSON")
}

fn target<'a>(report: &'a Value, name: &str) -> &'a Value {
    list(&report["targets"]).iter().find(|target| target["target"] == name).expect("both targets are there")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Runs `backtest` on the table, which is written into `folder`, and reads the report.
fn backtest(folder: &Folder, table: &RecordBatch, flags: &str) -> (Ended, Value) {
    data::write(&folder.at("events.parquet"), table, 10_000);
    let ended = train(&format!("backtest --events {} --out {} {flags}", folder.arg("events.parquet"), folder.arg("report"))).done();
    (ended, report(&folder.at("report")))
}

/// Orders of `customers` people over `days` days from 2022-01-01: of each, on the days that `buys` says.
fn orders(customers: u64, days: i64, mut buys: impl FnMut(u64, i64) -> Option<f64>) -> Vec<(String, i64, f64)> {
    let start = micros("2022-01-01");
    let all = (0..customers).flat_map(|customer| (0..days).map(move |day| (customer, day)));
    all.filter_map(|(customer, day)| Some((format!("c{customer:03}"), start + day * DAY, buys(customer, day)?))).collect()
}

fn table(rows: &[(String, i64, f64)]) -> RecordBatch {
    data::table(vec![
        ("customer_id", data::names(rows.iter().map(|row| row.0.clone()))),
        ("ts", data::instants(rows.iter().map(|row| row.1))),
        ("amount", data::numbers(rows.iter().map(|row| row.2))),
    ])
}

/// The shipped data as of the date of the shared fit.
fn shipped() -> &'static Value {
    static FOUND: LazyLock<Value> = LazyLock::new(|| {
        let folder = Folder::new();
        let (events, out) = (text(&data::shipped()), folder.arg("report"));
        train(&format!("backtest --events {events} --as-of {AS_OF} --out {out}")).done();
        report(&folder.at("report"))
    });
    &FOUND
}

#[test]
fn a_backtest_is_fit_then_score_then_judge() {
    let (scores, events) = (text(&fitted::shipped().scores), text(&data::shipped()));
    let judged = train(&format!("judge --scores {scores} --events {events} --json")).done().json();
    for name in ["churn", "reactivation"] {
        let found = target(shipped(), name);
        let same = list(&judged["targets"]).iter().find(|judged| judged["target"] == name).expect("both are judged");
        let skill = &found["cutoffs"][0]["skill"];
        for key in ["rows", "positives", "base_rate", "mean_probability"] {
            assert_eq!(skill[key], same[key], "{name}: {key}");
            assert_eq!(found["pooled"][key], same[key], "{name}: {key}, of one cutoff");
        }
        for key in ["auc", "log_loss", "brier", "ece"] {
            assert_eq!(skill["methods"][0][key], same["model"][key], "{name}: {key} and its interval");
        }
    }
}

#[test]
fn the_report_holds_what_the_page_shows() {
    let found = shipped();
    assert_eq!((&found["schema_version"], &found["setup"]["seed"]), (&2.into(), &42.into()));
    let warned = list(&found["warnings"]).iter().any(|warning| warning.as_str().is_some_and(|text| text.contains("only one cutoff")));
    assert!(warned, "{}", found["warnings"]);
    let churn = target(found, "churn");
    let names: Vec<&str> = list(&churn["pooled"]["methods"]).iter().filter_map(|method| method["name"].as_str()).collect();
    assert_eq!(names[..5], ["model", "base rate", "days since last purchase only", "purchase count only", "hiatus rule"]);
    assert!(churn["skill"] == true && churn["best_naive"].is_string(), "{}", churn["headline"]);
    assert!(number(&churn["permutation"]["p_value"]) < 0.01);
    let rows = |bins: &Value, keys: &[&str]| list(bins).iter().flat_map(|bin| keys.iter().map(|key| number(&bin[*key]))).sum::<f64>();
    assert_eq!(rows(&churn["pooled"]["reliability"], &["rows"]), number(&churn["pooled"]["rows"]));
    assert_eq!(rows(&churn["scores"], &["positives", "negatives"]), number(&churn["pooled"]["rows"]));
    for grouping in list(&churn["groupings"]) {
        assert_eq!(rows(&grouping["slices"], &["rows"]), number(&churn["pooled"]["rows"]), "{}", grouping["by"]);
    }
    assert_eq!(list(&churn["gains"]).len(), 2, "the model and the best naive rule");
    assert!(number(&churn["profit"]["methods"][0]["expected_maximum"]) > number(&churn["profit"]["methods"][1]["expected_maximum"]));
    for part in ["answers", "effects", "stability", "reasons", "drift"] {
        assert!(!list(&churn[part]).is_empty(), "{part}");
    }
    for effect in list(&churn["effects"]) {
        let shares: f64 = list(&effect["density"]).iter().map(|bin| number(&bin["share"])).sum();
        let missing = effect["missing"]["share"].as_f64().unwrap_or(0.0);
        assert!((shares + missing - 1.0).abs() < 1e-9, "{}: {shares} and {missing}", effect["code"]);
    }
    let (signs, all) = (&found["signs"], number(&found["signs"]["customers"]));
    for sign in list(&signs["signs"]) {
        let states = ["raised", "clear", "unknown"].map(|state| &sign[state]);
        assert_eq!(states.iter().map(|group| number(&group["customers"])).sum::<f64>(), all, "{sign}");
        assert_eq!(states.iter().map(|group| number(&group["judged"])).sum::<f64>(), number(&churn["pooled"]["rows"]), "{sign}");
    }
    let rate = |state: &str| number(&signs["signs"][0][state]["churned"]) / number(&signs["signs"][0][state]["judged"]);
    assert!(rate("raised") > rate("clear"), "who is overdue leaves more often: {}", signs["signs"][0]);
    assert!(target(found, "reactivation")["profit"].is_null(), "nobody knows what a contact brings there");
}

#[test]
fn what_is_not_an_outcome_changes_nothing() {
    let (one, two) = (Folder::new(), Folder::new());
    let flags = "--horizon-days 30 --active-days 30 --as-of 2023-12-01 --as-of 2024-01-15";
    let clean = backtest(&one, &shop::table(), flags).1;
    // After the cutoff amounts are garbage, and after the outcome window strangers and old customers buy at random.
    let mut draw = Draw(5);
    let (last, end) = (micros("2024-01-15"), micros("2024-02-14"));
    let known = shop::rows().into_iter().filter(|row| row.ts < end);
    let mut rows: Vec<_> = known.map(|row| (row.customer, row.ts, if row.ts < last { row.amount } else { 1e6 })).collect();
    for _ in 0..300 {
        rows.push((format!("c{:02}", draw.below(90)), end + draw.below(100).cast_signed() * DAY, 1.0 + draw.below(9) as f64));
    }
    let poisoned = backtest(&two, &table(&rows), flags).1;
    assert_ne!(clean["data"]["fingerprint"], poisoned["data"]["fingerprint"]);
    assert!(!list(&clean["targets"]).is_empty());
    assert_eq!(clean["targets"], poisoned["targets"]);
    assert_eq!(clean["cutoffs"], poisoned["cutoffs"]);
}

#[test]
fn the_same_data_in_any_order_and_the_same_seed_give_the_same_bytes() {
    let (one, two) = (Folder::new(), Folder::new());
    let flags = "--horizon-days 30 --active-days 30 --most-cutoffs 2";
    let first = backtest(&one, &shop::table(), flags).1;
    backtest(&two, &data::shuffled(&shop::table(), 3), flags);
    assert_same_bytes(&one.at("report"), &two.at("report"));
    let other = backtest(&two, &shop::table(), &format!("{flags} --seed 7")).1;
    assert_ne!(first["targets"], other["targets"], "the seed counts");
}

#[test]
fn cutoffs_are_as_many_as_history_allows_and_the_result_is_told_in_short() {
    let folder = Folder::new();
    let (ended, found) = backtest(&folder, &shop::table(), "--horizon-days 150 --active-days 60 --json");
    let cutoffs: Vec<&str> = list(&found["cutoffs"]).iter().filter_map(|cutoff| cutoff["as_of"].as_str()).collect();
    assert_eq!(cutoffs.len(), 6, "{cutoffs:?}");
    assert!(cutoffs.is_sorted());
    assert!(number(&found["setup"]["step_days"]) < 50.0, "closer than a third of the horizon, so that there are six");
    assert!(list(&found["cutoffs"]).iter().all(|cutoff| !list(&cutoff["learned_from"]).is_empty()));
    let told = ended.json();
    assert_eq!(told["targets"][0]["headline"], found["targets"][0]["headline"]);
    assert_eq!(list(&told["cutoffs"]).len(), 6);
}

#[test]
fn customers_are_told_apart_by_the_attributes_of_the_settings() {
    let folder = Folder::new();
    let people = (0..shop::CUSTOMERS).fold("customer_id,region\n".to_owned(), |text, customer| {
        text + &format!("c{customer:02},{}\n", ["north", "south", "west"][customer as usize % 3])
    });
    let config = folder
        .write("churn.toml", format!("[customers]\npath = '{}'\n[model]\nattributes = ['region']\n", folder.write("people.csv", people)));
    let flags = format!("--horizon-days 30 --active-days 30 --most-cutoffs 2 --config {config}");
    let found = backtest(&folder, &shop::table(), &flags).1;
    let groupings = list(&target(&found, "churn")["groupings"]);
    assert_eq!(groupings.iter().filter_map(|grouping| grouping["by"].as_str()).collect::<Vec<_>>(), ["stage", "tenure", "region"]);
    let mut regions: Vec<&str> = list(&groupings[2]["slices"]).iter().filter_map(|slice| slice["name"].as_str()).collect();
    regions.sort_unstable();
    assert_eq!(regions, ["north", "south", "west"]);
}

#[test]
fn where_nothing_can_be_known_there_is_no_skill() {
    // Everybody buys at the same chance every day, for random amounts: the past says nothing of the future.
    let mut draw = Draw(11);
    let rows = orders(300, 400, |_, _| (draw.below(70) == 0).then(|| 1.0 + draw.below(100) as f64));
    let folder = Folder::new();
    let (ended, found) = backtest(&folder, &table(&rows), "--horizon-days 60 --active-days 60 --most-cutoffs 3");
    for name in ["churn", "reactivation"] {
        let found = target(&found, name);
        assert_eq!((&found["verdict"], &found["skill"]), (&"no_skill".into(), &false.into()), "{}", found["headline"]);
        assert!(number(&found["permutation"]["p_value"]) > 0.05, "{}", found["permutation"]);
    }
    assert_eq!(ended.stdout.matches("no skill").count(), 2, "{}", ended.stdout);
}

#[test]
fn futures_dealt_out_among_the_customers_are_no_skill() {
    // Half of the customers buy every few days, the others hardly ever; from the cutoff on each lives the life of another.
    let (cutoff, mut draw) = (micros("2022-12-01"), Draw(4));
    let rows = orders(300, 400, |customer, _| (draw.below(if customer % 2 == 0 { 15 } else { 90 }) == 0).then_some(10.0));
    let flags = "--horizon-days 60 --active-days 60 --as-of 2022-12-01";
    let (one, two) = (Folder::new(), Folder::new());
    let honest = backtest(&one, &table(&rows), flags).1;
    let churn = target(&honest, "churn");
    assert!(churn["skill"] == true && number(&churn["permutation"]["p_value"]) < 0.01, "{}", churn["headline"]);

    let mut lives: Vec<usize> = (0..300).collect();
    for last in (1..lives.len()).rev() {
        lives.swap(last, draw.below(last as u64 + 1) as usize);
    }
    let dealt = |(id, ts, amount): (String, i64, f64)| {
        let own: usize = id[1..].parse().expect("ids are numbered");
        if ts < cutoff { (id, ts, amount) } else { (format!("c{:03}", lives[own]), ts, amount) }
    };
    let shuffled = backtest(&two, &table(&rows.into_iter().map(dealt).collect::<Vec<_>>()), flags).1;
    let churn = target(&shuffled, "churn");
    assert_eq!((&churn["verdict"], &churn["skill"]), (&"no_skill".into(), &false.into()), "{}", churn["headline"]);
    assert!(number(&churn["permutation"]["p_value"]) > 0.05, "{}", churn["permutation"]);
}

#[test]
fn where_the_same_happens_to_all_nothing_is_judged() {
    // Everybody buys every tenth day: nobody ever leaves, and nobody is ever away.
    let rows = orders(60, 300, |customer, day| ((day + customer.cast_signed()) % 10 == 0).then_some(10.0));
    let folder = Folder::new();
    let found = backtest(&folder, &table(&rows), "--horizon-days 30 --active-days 30 --most-cutoffs 2").1;
    let (churn, reactivation) = (target(&found, "churn"), target(&found, "reactivation"));
    for (one, words) in [(churn, "the same happened to all 120 rows"), (reactivation, "nobody to judge")] {
        assert_eq!((&one["verdict"], &one["permutation"]), (&"not_judged".into(), &Value::Null));
        assert!(one["headline"].as_str().is_some_and(|text| text.contains(words)), "{}", one["headline"]);
    }
    assert!(churn["pooled"]["methods"][0]["auc"].is_null() && reactivation["pooled"].is_null());
}

#[test]
fn what_cannot_be_judged_is_refused_with_what_to_do() {
    let folder = Folder::new();
    data::write(&folder.at("events.parquet"), &shop::table(), 10_000);
    let source = format!("backtest --events {} --out {}", folder.arg("events.parquet"), folder.arg("report"));
    train(&format!("{source} --horizon-days 365")).refused(1, &["a backtest needs 820", "--horizon-days"]);
    train(&format!("{source} --as-of 2024-06-01")).refused(1, &["2024-06-01", "outcome window", "name dates from 2023-"]);
    train(&format!("{source} --as-of 2023-02-01")).refused(1, &["2023-02-01", "too little history"]);
    train(&format!("{source} --step-days 0")).refused(2, &["`step_days` is 0"]);
    train(&format!("{source} --most-cutoffs 0")).refused(2, &["`most_cutoffs` is 0"]);
    for (line, words) in
        [("customer_value = 0", "`customer_value` is 0"), ("incentive_cost = 900", "`incentive_cost` is 900"), ("cost = 1", "cost")]
    {
        let config = folder.write("bad.toml", format!("[profit]\n{line}\n"));
        train(&format!("{source} --config {config}")).refused(2, &[words]);
    }
    assert!(!folder.at("report").exists(), "nothing is written for nothing");
}

#[test]
fn a_report_replaces_a_report_and_nothing_else() {
    let folder = Folder::new();
    let flags = "--horizon-days 30 --active-days 30 --most-cutoffs 1";
    backtest(&folder, &shop::table(), flags);
    std::fs::write(folder.at("report/report.html"), "an old page").expect("the folder can be written");
    backtest(&folder, &shop::table(), flags);
    let again = format!("backtest --events {} --out {} {flags}", folder.arg("events.parquet"), folder.arg("report"));
    std::fs::write(folder.at("report/thesis.txt"), "years of work").expect("the folder can be written");
    train(&again).refused(2, &["thesis.txt"]);
    assert!(folder.at("report/report.json").exists() && folder.at("report/thesis.txt").exists());
    assert_eq!(folder.names(), ["events.parquet", "report"], "nothing is left beside it");
    train(&again.replace(&folder.arg("report"), &folder.arg("."))).refused(2, &["the input"]);
}
