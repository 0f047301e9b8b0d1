//! A small bundle for tests: a logistic churn model made by hand, and the hiatus rule for reactivation.

use lapwing_features::{
    Attribute, Attributes, Calendar, DataShape, Duplicates, FEATURES, Id, Kind, KindRules, Snapshot, Timestamp, Windows, example,
};

use super::{AssembleInput, ModelBundle, assemble};
use crate::calibrate::Calibrator;
use crate::evidence::Evidence;
use crate::fit::{Fitted, TrainingRow};
use crate::hiatus::{Cell, HiatusRule};
use crate::input::{AttributeKind, AttributeSpec, InputSchema};
use crate::lifecycle::LifecycleSettings;
use crate::logistic::Logistic;
use crate::model::{Basis, Model};
use crate::report::{Estimate, Judged, SliceReport, SplitKind, SplitReport, TargetReport};
use crate::spread::Spread;
use crate::target::Target;
use crate::transform::{DesignColumn, Form, Transform};

/// The cutoff of the fixture.
pub(crate) fn as_of() -> Timestamp {
    example::cutoff("2024-06-01").at
}

pub(crate) fn windows() -> Windows {
    Windows::new(90, 90, 0).unwrap()
}

/// Sixty customers: every third has lapsed, every tenth never bought.
pub(crate) fn snapshots() -> Vec<Snapshot> {
    (0..60).map(snapshot).collect()
}

fn snapshot(number: u32) -> Snapshot {
    let day = |month: u32, day: u32| format!("2024-{month:02}-{:02}", 1 + day % 28);
    let dates: Vec<String> = match number {
        n if n % 10 == 9 => vec![day(5, n)],
        n if n % 3 == 0 => vec![day(1, n), day(2, 3 * n)],
        n => (1..=1 + n % 5).map(|month| day(month, 7 * n)).chain([day(5, n)]).collect(),
    };
    let kind = if number % 10 == 9 { "visit" } else { "purchase" };
    let rows: Vec<(&str, &str, f64)> = dates.iter().map(|date| (date.as_str(), kind, 5.0 + f64::from(number % 7))).collect();
    let region = if number.is_multiple_of(2) { "north" } else { "south" };
    let attributes: Attributes = [
        ("region".to_owned(), Attribute::Text(region.to_owned())),
        ("phone".to_owned(), Attribute::Text(format!("555-{number:04}"))),
        ("balance".to_owned(), Attribute::Number(if number == 1 { f64::NAN } else { 10.5 })),
    ]
    .into();
    let settings = LifecycleSettings::default().fact_settings(windows());
    Snapshot::take(&mut example::kernel(), &example::history(&rows), example::cutoff("2024-06-01"), settings, attributes).unwrap()
}

fn shape() -> DataShape {
    example::kernel().shape().clone()
}

fn kinds() -> KindRules {
    KindRules { column: true, names: [("sale".to_owned(), Kind::Purchase)].into(), amounts_since: Some(as_of().plus_days(-100)) }
}

fn inputs() -> InputSchema {
    let spec = |name: &str, kind| AttributeSpec { name: name.to_owned(), kind };
    let levels = vec!["north".to_owned(), "south".to_owned()];
    InputSchema {
        attributes: vec![spec("region", AttributeKind::Categorical { levels }), spec("balance", AttributeKind::Numeric)],
        rhythm: None,
    }
}

fn churn_model() -> Model {
    let value =
        |id: Id, mean, scale| DesignColumn { input: id as usize, form: Form::Value { low: 0.0, high: 400.0, log: true }, mean, scale };
    let columns = vec![
        value(Id::days_since_last_purchase, 3.0, 0.7),
        value(Id::purchases_count, 1.1, 0.3),
        DesignColumn { input: FEATURES.len(), form: Form::Level { level: 0 }, mean: 0.5, scale: 0.5 },
        DesignColumn { input: FEATURES.len() + 1, form: Form::Missing, mean: 0.1, scale: 0.3 },
    ];
    let mut covariance = vec![0.01; 15];
    for diagonal in [0, 2, 5, 9, 14] {
        covariance[diagonal] = 0.05;
    }
    let logistic = Logistic {
        transform: Transform { columns },
        intercept: -0.3,
        coefficients: vec![0.9, -1.0 / 3.0, 0.1, 0.2],
        spread: Spread::of_triangle(&covariance),
        calibrator: Calibrator { slope: 0.95, offset: 0.02, ..Calibrator::IDENTITY },
        penalty: 0.001,
    };
    let mut typical = vec![None; inputs().len()];
    typical[0] = Some(21.0);
    Model { target: Target::Churn, inputs: inputs(), typical, basis: logistic.into() }
}

fn reactivation_model() -> Model {
    let cell = |rows, positives| Cell { rows, positives, customers: rows };
    let rule = HiatusRule { threshold_days: 120.0, recent: cell(20, 6), overdue: cell(18, 2), all: cell(38, 8) };
    let why = "8 reactivated customers, fewer than 50".to_owned();
    Model {
        target: Target::Reactivation,
        inputs: InputSchema::default(),
        typical: vec![None; FEATURES.len()],
        basis: Basis::HiatusRule { why, rule },
    }
}

/// As that of churn, the other way round.
fn intent_model() -> Model {
    let mut model = Model { target: Target::Intent, ..churn_model() };
    if let Basis::Logistic(logistic) = &model.basis {
        let mut other = Logistic::clone(logistic);
        (other.intercept, other.coefficients[0]) = (-2.0, -0.7);
        model.basis = other.into();
    }
    model
}

fn report(model: &Model, verdict: &str) -> TargetReport {
    let cutoff = as_of().plus_days(-90);
    TargetReport {
        target: model.target,
        basis: model.basis.name().to_owned(),
        why: model.basis.why().map(str::to_owned),
        split: None,
        slices: vec![SliceReport { cutoff, rows: 38, positives: 8, base_rate: 8.0 / 38.0 }],
        penalty: None,
        penalty_path: Vec::new(),
        certificate: None,
        calibrator: None,
        judged: Vec::new(),
        verdict: verdict.to_owned(),
        skill: false,
        beaten_by: None,
        sample: None,
    }
}

/// The churn report, as of a model that was judged.
pub(crate) fn churn_report(skill: bool) -> TargetReport {
    let cutoffs = vec![as_of().plus_days(-90)];
    let estimate = |value| Estimate { value, low: value - 0.05, high: value + 0.05 };
    let judged = |name: &str, auc, against| Judged {
        name: name.to_owned(),
        auc: Some(estimate(auc)),
        log_loss: estimate(0.61),
        brier: estimate(0.2),
        ece: estimate(0.03),
        top_decile_lift: None,
        bins: vec![crate::metrics::CalibrationBin { predicted: 0.25, observed: 0.2, rows: 38 }],
        log_loss_minus_model: against,
        model_auc_minus_this: None,
    };
    let split = SplitReport {
        kind: SplitKind::CustomerFolds,
        fit: cutoffs.clone(),
        calibrate: Vec::new(),
        refit: cutoffs.clone(),
        judge: cutoffs,
        fit_rows: 38,
        calibrate_rows: 0,
        refit_rows: 38,
        judge_rows: 38,
    };
    TargetReport {
        split: Some(split),
        judged: vec![judged("model", 0.75, None), judged("base rate", 0.5, Some(estimate(0.04)))],
        skill,
        beaten_by: None,
        ..report(&churn_model(), "The model beats the naive rules.")
    }
}

/// Twelve customers, every third with a positive label, whom the model knows well.
pub(crate) fn evidence() -> Evidence {
    let snapshots = snapshots().into_iter().filter(|snapshot| Target::Churn.concerns(snapshot)).take(12);
    let rows: Vec<TrainingRow> =
        snapshots.zip(0..).map(|(snapshot, customer)| TrainingRow { customer, slice: 0, snapshot, purchased: customer % 3 > 0 }).collect();
    let labels: Vec<bool> = rows.iter().map(|row| !row.purchased).collect();
    let model = labels.iter().map(|label| if *label { 0.75 } else { 0.125 }).collect();
    Evidence::draw(&rows.iter().collect::<Vec<_>>(), &labels, &[("model", model), ("base rate", vec![0.25; rows.len()])], 42)
}

/// The bundle of `snapshots`.
pub(crate) fn bundle_of(snapshots: &[Snapshot]) -> ModelBundle {
    let reactivation = reactivation_model();
    let reactivation_report = report(&reactivation, "Nothing was judged.");
    assemble(AssembleInput {
        churn: Fitted { model: churn_model(), report: churn_report(true), evidence: evidence() },
        reactivation: Fitted { model: reactivation, report: reactivation_report, evidence: Evidence::default() },
        intent: Some(Fitted { model: intent_model(), report: report(&intent_model(), "Intent was not judged."), evidence: evidence() }),
        snapshots,
        gaps: &[10, 20, 30, 40],
        events: 123,
        shape: shape(),
        kinds: kinds(),
        windows: windows(),
        calendar: &Calendar::of_zone("Europe/London").unwrap(),
        duplicates: Duplicates::Keep,
        settings: &LifecycleSettings::default(),
        as_of: as_of(),
        seed: 42,
        data_fingerprint: "0123456789abcdef".to_owned(),
    })
}

/// The bundle of [`snapshots`].
pub(crate) fn bundle() -> ModelBundle {
    bundle_of(&snapshots())
}
