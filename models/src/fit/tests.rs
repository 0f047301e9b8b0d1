//! Whole fits, on rows made up here.

mod coverage;

use lapwing_features::{Attribute, Attributes, Cutoff, FEATURES, FeatureVector, Id, Population, Windows, example};

use super::*;
use crate::report::SplitKind;
use crate::{AttributeKind, Form, sigmoid};

/// A number in 0..1 that looks random and is the same everywhere.
fn noise(seed: u64) -> f64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn windows() -> Windows {
    Windows::new(30, 30, 0).unwrap()
}

pub(super) fn settings() -> FitSettings {
    FitSettings { windows: windows(), seed: 7, attributes: Vec::new(), solver: SolverKind::Newton }
}

/// Newest first, 10 days apart.
pub(super) fn cutoffs(slices: usize) -> Vec<Timestamp> {
    (0..).take(slices).map(|slice| example::cutoff("2024-06-01").at.plus_days(-10 * slice)).collect()
}

fn row(customer: u32, slice: usize, values: &[(Id, f64)], purchased: bool) -> TrainingRow {
    let mut features = FeatureVector::missing();
    for (id, value) in values {
        features[*id] = *value;
    }
    let cutoff = Cutoff { at: cutoffs(slice + 1)[slice], day: 0, month: 6 };
    let snapshot = Snapshot { cutoff, population: Population::Current, features, facts: None, signs: None, attributes: Attributes::new() };
    TrainingRow { customer, slice, snapshot, purchased }
}

/// Customers who buy again with log-odds `signal` times their standardised purchase count.
pub(super) fn rows(customers: u32, slices: usize, signal: f64) -> Vec<TrainingRow> {
    (0..slices)
        .flat_map(|slice| (0..customers).map(move |customer| (slice, customer)))
        .map(|(slice, customer)| {
            let draw = |what: u64| noise(u64::from(customer) * 1000 + slice as u64 * 10 + what);
            let count = 1.0 + (noise(u64::from(customer) + 77) * 9.0).floor();
            let values = [(Id::days_since_last_purchase, 30.0 * draw(1)), (Id::purchases_count, count), (Id::tenure_days, 300.0 * draw(2))];
            row(customer, slice, &values, draw(3) < sigmoid(signal * (count - 5.0) / 2.6))
        })
        .collect()
}

fn fit_churn(rows: &[TrainingRow], slices: usize) -> Fitted {
    let fitted = fit(Target::Churn, rows, &cutoffs(slices), &settings());
    fitted.model.check().unwrap();
    fitted
}

fn why(fitted: &Fitted) -> &str {
    fitted.model.basis.why().unwrap()
}

#[test]
fn a_signal_is_found_and_judged_on_a_later_slice() {
    let Fitted { model, report, .. } = fit_churn(&rows(300, 8, 1.5), 8);
    assert_eq!((report.basis.as_str(), report.skill), ("logistic", true), "{}", report.verdict);
    let split = report.split.unwrap();
    let cutoffs = cutoffs(8);
    assert_eq!(split.kind, SplitKind::Separated);
    assert_eq!((split.judge, split.calibrate), (vec![cutoffs[0]], vec![cutoffs[3]]));
    assert_eq!((split.fit, split.refit), (cutoffs[6..].to_vec(), cutoffs[3..].to_vec()));
    let names: Vec<&str> = report.judged.iter().map(|judged| judged.name.as_str()).collect();
    assert_eq!(names[..5], ["model", "base rate", "days since last purchase only", "purchase count only", "hiatus rule"]);
    assert_eq!(names[5..], ["BG/NBD", "Pareto/NBD", "random forest"]);
    assert!(report.certificate.unwrap().gradient_norm <= 1e-5);
    let few = model.predict(&row(0, 0, &[(Id::purchases_count, 1.0)], true).snapshot);
    let many = model.predict(&row(0, 0, &[(Id::purchases_count, 9.0)], true).snapshot);
    assert!(few.probability > 0.7 && many.probability < 0.3 && few.low < few.probability && few.probability < few.high);
    assert_eq!(few.contributions[0].code, "purchases_count");
    assert!(few.contributions[0].text.starts_with("1 purchase so far"), "{}", few.contributions[0].text);
}

#[test]
fn what_the_judged_model_says_does_not_depend_on_the_outcomes_that_judge_it() {
    let rows = rows(300, 8, 1.5);
    let others: Vec<TrainingRow> =
        rows.iter().map(|row| TrainingRow { purchased: row.purchased != (row.slice == 0), ..row.clone() }).collect();
    let said = |rows: &[TrainingRow]| {
        let Fitted { report, evidence, .. } = fit_churn(rows, 8);
        (report.judged[0].log_loss.value, evidence.rows.into_iter().map(|row| (row.model, row.rules)).collect::<Vec<_>>())
    };
    let ((loss, one), (other_loss, other)) = (said(&rows), said(&others));
    assert_eq!(one, other);
    assert!(loss < other_loss, "{loss} {other_loss}");
}

#[test]
fn noise_is_no_skill() {
    let Fitted { model, report, .. } = fit_churn(&rows(300, 8, 0.0), 8);
    assert!(!report.skill && report.verdict.starts_with("no skill: "), "{}", report.verdict);
    assert!(report.judged[0].auc.unwrap().low < 0.5, "what was measured is told as it was");
    assert_eq!((report.basis.as_str(), report.why.as_deref()), ("base rate", model.basis.why()));
    let one = model.predict(&row(0, 0, &[(Id::purchases_count, 1.0)], true).snapshot);
    let other = model.predict(&row(0, 0, &[(Id::purchases_count, 9.0)], true).snapshot);
    assert_eq!((one.probability, one.contributions.len()), (other.probability, 0));
    assert!((one.probability - 0.5).abs() < 0.1 && one.low < one.probability && one.probability < one.high);
}

#[test]
fn four_slices_allow_a_separate_judge_only() {
    let split = fit_churn(&rows(300, 4, 1.5), 4).report.split.unwrap();
    assert_eq!((split.kind, split.judge.len(), split.refit.len(), split.calibrate.len()), (SplitKind::JudgeSeparated, 1, 1, 0));
}

#[test]
fn a_short_history_is_judged_by_folds() {
    let report = fit_churn(&rows(300, 3, 1.5), 3).report;
    assert_eq!(report.split.unwrap().kind, SplitKind::CustomerFolds);
    assert!(report.skill, "{}", report.verdict);
}

#[test]
fn order_of_rows_does_not_matter_and_json_gives_back_every_bit() {
    let mut rows = rows(200, 5, 1.0);
    let one = fit_churn(&rows, 5);
    rows.reverse();
    assert_eq!(one, fit_churn(&rows, 5));
    let json = serde_json::to_string(&one.model).unwrap();
    assert_eq!(serde_json::from_str::<Model>(&json).unwrap(), one.model);
    let json = serde_json::to_string(&one.report).unwrap();
    assert_eq!(serde_json::from_str::<TargetReport>(&json).unwrap(), one.report);
}

#[test]
fn slices_are_reported_with_their_rates() {
    let slices = fit_churn(&rows(100, 2, 0.0), 3).report.slices;
    assert_eq!(slices.iter().map(|slice| (slice.cutoff, slice.rows)).collect::<Vec<_>>(), [(cutoffs(1)[0], 100), (cutoffs(2)[1], 100)]);
    assert!((slices[0].base_rate - slices[0].positives as f64 / 100.0).abs() < 1e-15);
}

#[test]
fn too_little_falls_back_and_says_why() {
    assert_eq!(why(&fit_churn(&[], 0)), "no cutoff has 30 days of history before it and a complete outcome window of 30 days after it");
    assert_eq!(why(&fit_churn(&[], 3)), "no current customers at any cutoff with a complete outcome window");
    let loyal: Vec<TrainingRow> = (0..80).map(|customer| row(customer, 0, &[(Id::days_since_last_purchase, 3.0)], true)).collect();
    let fitted = fit_churn(&loyal, 1);
    assert_eq!(why(&fitted), "0 churned customers, fewer than 50");
    assert_eq!(fitted.report.verdict, "not judged: the rows to judge on have one class only");
    let lost: Vec<TrainingRow> = (0..80).map(|customer| TrainingRow { purchased: false, ..loyal[customer].clone() }).collect();
    let fitted = fit_churn(&lost, 1);
    assert_eq!(why(&fitted), "0 customers who stayed, fewer than 50");
    let prediction = fitted.model.predict(&lost[0].snapshot);
    assert!((prediction.probability - 80.5 / 81.0).abs() < 1e-12 && prediction.low > 0.9);
}

#[test]
fn customers_count_once_however_many_slices_they_are_in() {
    assert!(why(&fit_churn(&rows(40, 8, 0.0), 8)).ends_with(", fewer than 50"));
}

#[test]
fn without_any_outcome_the_rule_knows_nothing() {
    let fitted = fit_churn(&[], 0);
    assert_eq!(fitted.report.judged, []);
    let prediction = fitted.model.predict(&row(0, 0, &[(Id::days_since_last_purchase, 3.0)], true).snapshot);
    assert_eq!(prediction.probability, 0.5);
    assert!(prediction.low < 0.06 && prediction.high > 0.94);
}

#[test]
fn hostile_rows_do_no_harm() {
    let hostile = [0.0, -0.0, 5e-324, -1.0, 1e308, -1e308, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-300];
    let wild: Vec<TrainingRow> = (0..240_u32)
        .map(|customer| {
            let mut row = row(customer, (customer % 3) as usize, &[], noise(u64::from(customer)) < 0.5);
            for (place, value) in row.snapshot.features.as_mut_slice().iter_mut().enumerate() {
                *value = hostile[(noise(u64::from(customer) * 500 + place as u64) * 10.0) as usize];
            }
            row
        })
        .collect();
    let empty: Vec<TrainingRow> = (0..200_u32).map(|customer| row(customer, 0, &[], customer % 2 == 0)).collect();
    let constant: Vec<TrainingRow> =
        (0..200_u32).map(|customer| row(customer, 0, &[(Id::purchases_count, 3.0)], customer % 2 == 0)).collect();
    let two: Vec<TrainingRow> = (0..2_u32).map(|customer| row(customer, 0, &[], customer == 0)).collect();
    for rows in [&wild[..], &empty[..], &constant[..], &two[..], &two[..1]] {
        let fitted = fit_churn(rows, 3);
        for row in rows {
            let prediction = fitted.model.predict(&row.snapshot);
            let sum: f64 = prediction.contributions.iter().map(|part| part.contribution).sum();
            assert!((prediction.intercept + sum - prediction.log_odds).abs() < 1e-9);
            assert!(
                0.0 < prediction.low
                    && prediction.low <= prediction.probability
                    && prediction.probability <= prediction.high
                    && prediction.high < 1.0
            );
        }
        let json = serde_json::to_string(&fitted.model).unwrap();
        assert_eq!(serde_json::from_str::<Model>(&json).unwrap(), fitted.model);
        let json = serde_json::to_string(&fitted.report).unwrap();
        assert_eq!(serde_json::from_str::<TargetReport>(&json).unwrap(), fitted.report);
    }
}

#[test]
fn attributes_enter_when_named() {
    let mut rows = rows(300, 3, 0.0);
    for row in &mut rows {
        let north = row.customer % 2 == 0;
        let region = if row.customer < 4 {
            "rare"
        } else if north {
            "north"
        } else {
            "south"
        };
        row.snapshot.attributes.insert("region".to_owned(), Attribute::Text(region.to_owned()));
        row.snapshot
            .attributes
            .insert("signed_up".to_owned(), Attribute::Instant { at: Timestamp(i64::from(row.customer) * 86_400_000_000) });
        row.purchased = noise(u64::from(row.customer) * 9 + row.slice as u64) < if north { 0.8 } else { 0.2 };
    }
    let named = FitSettings { attributes: vec!["region".to_owned(), "signed_up".to_owned(), "no_such".to_owned()], ..settings() };
    let Fitted { model, report, .. } = fit(Target::Churn, &rows, &cutoffs(3), &named);
    model.check().unwrap();
    assert!(report.skill, "{}", report.verdict);
    assert_eq!(model.inputs.attributes[0].kind, AttributeKind::Categorical { levels: vec!["north".to_owned(), "south".to_owned()] });
    assert_eq!(model.inputs.attributes[1].kind, AttributeKind::Days);
    let prediction = model.predict(&rows[5].snapshot);
    assert_eq!((prediction.contributions[0].code.as_str(), prediction.contributions[0].text.as_str()), ("region", "region: south"));
    let unseen = Snapshot { attributes: [("region".to_owned(), Attribute::Text("mars".to_owned()))].into(), ..rows[5].snapshot.clone() };
    let region = model.predict(&unseen).contributions.into_iter().find(|part| part.code == "region").unwrap();
    assert_eq!(region.text, "region: other");
}

#[test]
fn seasons_enter_once_a_year_was_seen() {
    let enters = |days: i64| {
        let mut rows: Vec<TrainingRow> =
            (0..100).map(|customer| row(customer, 0, &[(Id::cutoff_month_sin, f64::from(customer % 2))], true)).collect();
        for row in rows.iter_mut().filter(|row| row.customer % 2 == 0) {
            row.snapshot.cutoff.at = row.snapshot.cutoff.at.plus_days(-days);
        }
        let design = Design::learn(&rows.iter().collect::<Vec<_>>(), Columns::All(&[], None));
        design.transform.columns.iter().any(|column| column.input == Id::cutoff_month_sin as usize)
    };
    assert_eq!([enters(364), enters(365)], [false, true]);
}

#[test]
fn the_rhythm_of_buying_speaks_of_the_window_of_the_target() {
    let mut rows = rows(300, 8, 1.5);
    for row in &mut rows {
        let repeats = f64::from(row.customer % 7);
        let features = &mut row.snapshot.features;
        (features[Id::btyd_repeat_days_count], features[Id::btyd_recency_days]) = (repeats, 12.0 * repeats);
        features[Id::btyd_age_days] = 100.0;
    }
    for (target, horizon_days) in [(Target::Churn, 30), (Target::Intent, 7)] {
        let model = fit(target, &rows, &cutoffs(8), &settings()).model;
        assert_eq!(model.inputs.rhythm.map(|rhythm| rhythm.horizon_days), Some(horizon_days), "{target}");
    }
}

#[test]
fn columns_are_cut_logged_and_marked_where_they_should() {
    let rows: Vec<TrainingRow> = (0..400_u32)
        .map(|customer| {
            let even = f64::from(customer) / 400.0;
            let skewed = (8.0 * even).exp();
            let patchy = if customer % 4 == 0 { f64::NAN } else { even };
            row(customer, 0, &[(Id::days_since_last_purchase, even), (Id::purchases_count, skewed), (Id::tenure_days, patchy)], true)
        })
        .collect();
    let design = Design::learn(&rows.iter().collect::<Vec<_>>(), Columns::All(&[], None));
    let forms = |id: Id| {
        design.transform.columns.iter().filter(move |column| column.input == id as usize).map(|column| column.form).collect::<Vec<_>>()
    };
    let bent = |form: &Form| matches!(form, Form::Bend { .. });
    let [plain, skewed, patchy] = [Id::days_since_last_purchase, Id::purchases_count, Id::tenure_days].map(forms);
    assert!(matches!(plain[0], Form::Value { log: false, .. }) && plain[1..].iter().all(bent) && plain.len() == 4);
    assert!(matches!(skewed[0], Form::Value { log: true, .. }) && skewed[1..].iter().all(bent) && skewed.len() == 4);
    assert!(matches!(patchy[..], [Form::Value { log: false, low, .. }, _, _, _, Form::Missing] if low > 0.002));
    assert_eq!((design.transform.columns.len(), design.straight()), (13, vec![0, 4, 8, 9]));
    assert_eq!((design.typical.len(), design.typical[Id::purchases_count as usize].is_some()), (FEATURES.len(), true));
    let matrix = design.matrix(&rows.iter().collect::<Vec<_>>());
    for column in matrix.columns() {
        let n = column.len() as f64;
        assert!((column.sum() / n).abs() < 0.01);
    }
}
