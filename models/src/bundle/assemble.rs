//! Making a bundle out of what a fit found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lapwing_features::{Calendar, DataShape, Duplicates, FEATURES, KindRules, Snapshot, Timestamp, Windows};

use super::ModelBundle;
use super::choose::golden_rows;
use super::evidence;
use super::manifest::Manifest;
use crate::card::{self, CardNotes};
use crate::drift::{DriftBaselines, Histogram};
use crate::fit::Fitted;
use crate::lifecycle::{LifecycleSettings, Thresholds};
use crate::model::Model;
use crate::score::{self, CHURN_PROBABILITY, INTENT, REACTIVATION_PROBABILITY};
use crate::target::Target;
use crate::value;

/// What a bundle is made of. Nothing in it may know of anything at or after `as_of`.
#[derive(Debug)]
pub struct AssembleInput<'a> {
    /// The model of current customers and its report.
    pub churn: Fitted,
    /// The model of lapsed customers and its report.
    pub reactivation: Fitted,
    /// The model of everyone seen lately and its report; `None` leaves it out.
    pub intent: Option<Fitted>,
    /// Every customer seen before `as_of`, as of then, in an order that is always the same.
    pub snapshots: &'a [Snapshot],
    /// All gaps between purchase days before `as_of`, of all customers, in days, in any order.
    pub gaps: &'a [u32],
    /// Events before `as_of`.
    pub events: u64,
    /// What the data holds before `as_of`.
    pub shape: DataShape,
    /// What told the kinds of the events.
    pub kinds: KindRules,
    /// Populations and outcome windows.
    pub windows: Windows,
    /// The calendar that the data was read with.
    pub calendar: &'a Calendar,
    /// The rule for duplicates that the data was read with.
    pub duplicates: Duplicates,
    /// What the user set; to be checked before.
    pub settings: &'a LifecycleSettings,
    /// The cutoff of `snapshots`.
    pub as_of: Timestamp,
    /// The seed of the fits.
    pub seed: u64,
    /// Tells data sets apart.
    pub data_fingerprint: String,
}

/// Learns thresholds, risk bands and histograms from the customers as of the cutoff, chooses golden rows, writes the card.
///
/// Never fails: what cannot be learned is left unknown, as [`Thresholds::learn`] tells. The same input gives the same bundle
/// to the bit.
///
/// ```
/// use lapwing_features::{Calendar, DataShape, Duplicates, KindRules, Windows, example};
/// use lapwing_models::fit::{FitSettings, fit, solver::SolverKind};
/// use lapwing_models::lifecycle::LifecycleSettings;
/// use lapwing_models::{AssembleInput, Target, assemble};
///
/// let windows = Windows::new(90, 90, 0).unwrap();
/// let settings = FitSettings { windows, seed: 1, attributes: Vec::new(), solver: SolverKind::Newton };
/// let bundle = assemble(AssembleInput {
///     churn: fit(Target::Churn, &[], &[], &settings),
///     reactivation: fit(Target::Reactivation, &[], &[], &settings),
///     intent: Some(fit(Target::Intent, &[], &[], &settings)),
///     snapshots: &[],
///     gaps: &[],
///     events: 0,
///     shape: DataShape::default(),
///     kinds: KindRules::default(),
///     windows,
///     calendar: &Calendar::utc(),
///     duplicates: Duplicates::Drop,
///     settings: &LifecycleSettings::default(),
///     as_of: example::cutoff("2024-06-01").at,
///     seed: 1,
///     data_fingerprint: String::new(),
/// });
/// assert!(bundle.version().starts_with("20240601-"));
/// assert!(bundle.card.contains("hiatus rule"), "without data there is no model, and the card says so");
/// ```
#[must_use]
pub fn assemble(input: AssembleInput<'_>) -> ModelBundle {
    let AssembleInput { churn, reactivation, intent, snapshots, calendar, as_of, .. } = input;
    let leaving = probabilities(&churn.model, snapshots);
    let returning = probabilities(&reactivation.model, snapshots);
    let mut thresholds = Thresholds::learn(snapshots, input.gaps, input.settings, input.windows);
    thresholds.learn_risk(leaving.iter().copied(), returning.iter().copied(), input.settings);
    let mut scores: BTreeMap<String, Histogram> = [(CHURN_PROBABILITY, &leaving), (REACTIVATION_PROBABILITY, &returning)]
        .map(|(name, of)| (name.to_owned(), Histogram::learn(of)))
        .into();
    if let Some(intent) = &intent {
        let points: Vec<f64> = probabilities(&intent.model, snapshots).into_iter().map(score::points).collect();
        scores.insert(INTENT.to_owned(), Histogram::learn(&points));
    }
    let (value, value_report) = value::learn(snapshots);
    for (name, column) in score::VALUES {
        let values: Vec<f64> = snapshots.iter().filter_map(|snapshot| column(&value?.of(snapshot)?)).collect();
        scores.insert(name.to_owned(), Histogram::learn(&values));
    }
    let cutoffs: BTreeSet<Timestamp> =
        [&churn, &reactivation].iter().flat_map(|fitted| fitted.report.slices.iter().map(|s| s.cutoff)).collect();
    let mut evidence = BTreeMap::from([(Target::Churn, churn.evidence), (Target::Reactivation, reactivation.evidence)]);
    let told = |Fitted { model, report, evidence: of_intent }| {
        evidence.insert(Target::Intent, of_intent);
        (model, report)
    };
    let (intent, of_intent) = intent.map(told).unzip();
    let mut bundle = ModelBundle {
        churn: churn.model,
        reactivation: reactivation.model,
        intent,
        value,
        thresholds,
        drift: DriftBaselines { features: feature_histograms(snapshots), scores },
        shape: input.shape,
        kinds: input.kinds,
        timezone: calendar.name().to_owned(),
        duplicates: input.duplicates,
        windows: input.windows,
        as_of,
        cutoffs: cutoffs.into_iter().rev().collect(),
        seed: input.seed,
        data_fingerprint: input.data_fingerprint,
        reports: [churn.report, reactivation.report].into_iter().chain(of_intent).collect(),
        value_report: Some(value_report),
        card: String::new(),
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
        golden: Vec::new(),
        evidence: evidence::bytes(evidence),
        version: Arc::from(""),
    };
    bundle.golden = golden_rows(&bundle, snapshots, calendar);
    bundle.card = card::markdown(&bundle, &CardNotes { snapshots, events: input.events });
    let manifest = Manifest::of(&bundle, &bundle.contents());
    bundle.version = Arc::from(manifest.version);
    bundle
}

/// What `model` says of those it speaks for.
fn probabilities(model: &Model, snapshots: &[Snapshot]) -> Vec<f64> {
    let asked = snapshots.iter().filter(|snapshot| model.target.concerns(snapshot));
    asked.map(|snapshot| model.predict_top(snapshot, 0).probability).collect()
}

fn feature_histograms(snapshots: &[Snapshot]) -> BTreeMap<String, Histogram> {
    let histogram = |place: usize| {
        let values: Vec<f64> = snapshots.iter().map(|snapshot| snapshot.features.as_slice()[place]).collect();
        Histogram::learn(&values)
    };
    FEATURES.iter().enumerate().map(|(place, feature)| (feature.name.to_owned(), histogram(place))).collect()
}
