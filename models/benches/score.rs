//! Time of scoring one customer: `cargo bench -p lapwing-models --bench score`.
//!
//! The models are made up, in the shape that a fit on data of every kind gives them: each of a hundred inputs with a line, three
//! bends and, for some, an indicator; the rhythm of buying; and as many directions of their spread as are kept at most.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use lapwing_features::{
    Attributes, Calendar, DataShape, Duplicates, FEATURES, FactSettings, KindRules, Population, Snapshot, Windows, example,
};
use lapwing_models::btyd::{BgNbd, GammaGamma};
use lapwing_models::fit::solver::SolverKind;
use lapwing_models::fit::{FitSettings, fit};
use lapwing_models::lifecycle::LifecycleSettings;
use lapwing_models::{
    AssembleInput, Calibrator, CalibratorCovariance, DesignColumn, Form, InputSchema, Logistic, Model, ModelBundle, Rhythm, Spread, Target,
    Transform, ValueModel, assemble,
};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

const CUSTOMERS: usize = 256;
const DIRECTIONS: usize = 128;
const REASONS: usize = 3;
const RHYTHM: BgNbd = BgNbd { r: 0.243, alpha: 30.9, a: 0.793, b: 2.426 };

struct Random(Xoshiro256PlusPlus);

impl Random {
    fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn columns() -> Vec<DesignColumn> {
    let of = |input: usize| {
        let (low, high, log) = (0.0, 400.0, input.is_multiple_of(2));
        let column = move |form| DesignColumn { input, form, mean: 1.5, scale: 2.0 };
        let bends = [0.5, 1.0, 3.0].map(|knot| column(Form::Bend { low, high, log, knot, tilt: 0.3 }));
        let missing = input.is_multiple_of(3).then(|| column(Form::Missing));
        [column(Form::Value { low, high, log })].into_iter().chain(bends).chain(missing)
    };
    (0..=FEATURES.len()).flat_map(of).collect()
}

fn model(target: Target, horizon_days: u32) -> Model {
    let mut random = Random::new(7);
    let columns = columns();
    let mut draw = |size: f64| size * (random.share() - 0.5);
    let loadings: Vec<Vec<f32>> = (0..=columns.len()).map(|_| (0..DIRECTIONS).map(|_| draw(0.01) as f32).collect()).collect();
    let logistic = Logistic {
        intercept: -1.0,
        coefficients: columns.iter().map(|_| draw(0.2)).collect(),
        spread: Spread::new(&loadings, 1e-4).expect("each row has as many"),
        transform: Transform { columns },
        calibrator: Calibrator { slope: 0.9, offset: 0.1, covariance: CalibratorCovariance { slope: 0.01, offset: 0.01, both: 0.0 } },
        penalty: 0.01,
    };
    let inputs = InputSchema { attributes: Vec::new(), rhythm: Some(Rhythm { model: RHYTHM, gap_days: 0, horizon_days }) };
    Model { target, typical: vec![Some(1.0); inputs.len()], inputs, basis: logistic.into() }
}

/// Buyers of whom most is known: half current, half lapsed.
fn snapshots() -> Vec<Snapshot> {
    let mut random = Random::new(11);
    let settings = FactSettings { active_days: 90, returned_days: 60 };
    let mut kernel = example::kernel();
    let mut of = |number: usize| {
        let month = if number.is_multiple_of(2) { 5 } else { 1 };
        let days: Vec<String> =
            (0..2 + number % 9).map(|_| 1 + (28.0 * random.share()) as u32).map(|day| format!("2024-0{month}-{day:02}")).collect();
        let kinds = ["purchase", "visit", "purchase", "message_open", "cart_add"];
        let rows: Vec<(&str, &str, f64)> =
            days.iter().zip(kinds.iter().cycle()).map(|(day, kind)| (day.as_str(), *kind, (100.0 * random.share()).round())).collect();
        let history = example::history(&rows);
        let cutoff = example::cutoff("2024-06-01");
        let mut snapshot = Snapshot::take(&mut kernel, &history, cutoff, settings, Attributes::new()).expect("there is an event");
        for feature in snapshot.features.as_mut_slice().iter_mut().filter(|feature| feature.is_nan()) {
            *feature = if random.share() < 0.8 { 5.0 * random.share() } else { f64::NAN };
        }
        snapshot
    };
    (0..CUSTOMERS).map(&mut of).collect()
}

fn bundle(snapshots: &[Snapshot]) -> ModelBundle {
    let windows = Windows::new(90, 90, 0).expect("these are windows");
    let settings = FitSettings { windows, seed: 1, attributes: Vec::new(), solver: SolverKind::Newton };
    let nothing = |target| fit(target, &[], &[], &settings);
    let mut bundle = assemble(AssembleInput {
        churn: nothing(Target::Churn),
        reactivation: nothing(Target::Reactivation),
        intent: Some(nothing(Target::Intent)),
        snapshots,
        gaps: &[10, 20, 30, 40],
        events: 0,
        shape: DataShape::default(),
        kinds: KindRules::default(),
        windows,
        calendar: &Calendar::utc(),
        duplicates: Duplicates::Drop,
        settings: &LifecycleSettings::default(),
        as_of: example::cutoff("2024-06-01").at,
        seed: 1,
        data_fingerprint: String::new(),
    });
    bundle.churn = model(Target::Churn, 90);
    bundle.reactivation = model(Target::Reactivation, 90);
    bundle.intent = Some(model(Target::Intent, 7));
    bundle.value = Some(ValueModel { purchases: RHYTHM, spend: Some(GammaGamma { p: 6.25, q: 3.74, gamma: 15.44 }), net: true });
    bundle
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let snapshots = snapshots();
    let bundle = bundle(&snapshots);
    let intent = snapshots.iter().filter(|snapshot| Target::Intent.concerns(snapshot)).count();
    let current = snapshots.iter().filter(|snapshot| snapshot.population == Population::Current).count();
    println!("{} columns; of {CUSTOMERS} customers {current} are current and {intent} have an intent", columns().len());
    let mut group = criterion.benchmark_group("score");
    group.measurement_time(Duration::from_secs(3)).throughput(Throughput::Elements(CUSTOMERS as u64));
    group.bench_function("one by one", |bench| {
        bench.iter(|| snapshots.iter().for_each(|snapshot| drop(black_box(bundle.score("1", snapshot, REASONS)))));
    });
    let mut scorer = bundle.scorer();
    group.bench_function("by a scorer", |bench| {
        bench.iter(|| snapshots.iter().for_each(|snapshot| drop(black_box(scorer.score("1", snapshot, REASONS)))));
    });
    group.bench_function("for the table", |bench| {
        bench.iter(|| snapshots.iter().for_each(|snapshot| drop(black_box(scorer.score("1", snapshot, 0)))));
    });
    group.finish();
    criterion.final_summary();
}
