//! A small bundle for tests: 240 customers over two years, with attributes, fitted once for all tests.

#[cfg(feature = "batch")]
use std::fmt::Write;
use std::sync::OnceLock;

use lapwing_features::{
    Attribute, Attributes, Calendar, DataShape, Duplicates, FactSettings, History, HistoryBuilder, Kernel, Kind, KindRules, RawEvent,
    Snapshot, Timestamp, Token, Windows,
};
use lapwing_models::Target;
use lapwing_models::bundle::{AssembleInput, ModelBundle, assemble};
use lapwing_models::fit::{FitSettings, Fitted, TrainingRow, fit, slices};
use lapwing_models::lifecycle::LifecycleSettings;

/// The cutoff of the bundle.
pub(crate) const AS_OF: &str = "2024-01-01";

pub(crate) const CUSTOMERS: usize = 240;

/// One event as a CSV row and as JSON would say it.
pub(crate) struct Row {
    pub(crate) customer: usize,
    pub(crate) ts: String,
    pub(crate) amount: f64,
    pub(crate) channel: &'static str,
}

/// The events, in no order: customers with cycles of 10 to 80 days, of whom two of three stop for good.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let begin = at("2022-01-01");
    for customer in 0..CUSTOMERS {
        let cycle = 10 + 10 * draw(8);
        let stop = if customer % 3 == 1 { 730 } else { 250 + draw(480) };
        let mut day = draw(120);
        while day < stop {
            let ts = Timestamp(begin.plus_days(day.cast_signed()).0 + draw(86_400).cast_signed() * 1_000_000).to_string();
            let amount = (500 + draw(20_000)) as f64 / 100.0;
            rows.push(Row { customer, ts, amount, channel: if draw(2) == 0 { "web" } else { "store" } });
            day += 1 + cycle / 2 + draw(cycle);
        }
    }
    rows
}

/// The events as a CSV file.
#[cfg(feature = "batch")]
pub(crate) fn csv() -> String {
    let mut text = String::from("customer_id,ts,amount,channel\n");
    for row in rows() {
        writeln!(text, "{},{},{},{}", row.customer, row.ts, row.amount, row.channel).unwrap();
    }
    text
}

/// The customers table of some customers as a CSV file.
#[cfg(feature = "batch")]
pub(crate) fn customers_csv(customers: std::ops::Range<usize>) -> String {
    let mut text = String::from("customer_id,region,signed_up,points\n");
    for customer in customers {
        let attributes = attributes(customer);
        let [Attribute::Text(region), Attribute::Instant { at }, Attribute::Number(points)] =
            ["region", "signed_up", "points"].map(|name| &attributes[name])
        else {
            panic!("{attributes:?}")
        };
        writeln!(text, "{customer},{region},{at},{points}").unwrap();
    }
    text
}

/// The bundle.
pub(crate) fn bundle() -> ModelBundle {
    static BUNDLE: OnceLock<ModelBundle> = OnceLock::new();
    BUNDLE.get_or_init(|| learn(rows(), AS_OF)).clone()
}

/// A bundle of half the customers, which tells other probabilities.
pub(crate) fn other_bundle() -> ModelBundle {
    static BUNDLE: OnceLock<ModelBundle> = OnceLock::new();
    BUNDLE.get_or_init(|| learn(rows().into_iter().filter(|row| row.customer < CUSTOMERS / 2).collect(), AS_OF)).clone()
}

/// A bundle that knows of a month less.
pub(crate) fn older_bundle() -> ModelBundle {
    static BUNDLE: OnceLock<ModelBundle> = OnceLock::new();
    BUNDLE.get_or_init(|| learn(rows(), "2023-12-01")).clone()
}

/// A bundle of ten customers, too few to learn from.
#[cfg(feature = "batch")]
pub(crate) fn poor_bundle() -> ModelBundle {
    learn(rows().into_iter().filter(|row| row.customer < 10).collect(), AS_OF)
}

fn learn(rows: Vec<Row>, as_of: &str) -> ModelBundle {
    let calendar = Calendar::utc();
    let windows = Windows::new(90, 90, 0).unwrap();
    let settings = LifecycleSettings::default();
    let facts = settings.fact_settings(windows);
    let mut shape = DataShape::default();
    let mut builders = vec![HistoryBuilder::new(); CUSTOMERS];
    for row in rows {
        let event = RawEvent { channel: Token::of(row.channel), ..RawEvent::new(at(&row.ts), Kind::Purchase, Some(row.amount)) };
        shape.note(&event);
        builders[row.customer].push(event);
    }
    let histories: Vec<History> =
        builders.into_iter().filter(|one| !one.is_empty()).map(|one| one.build(&calendar, Duplicates::Drop)).collect();

    let as_of = at(as_of);
    let since = shape.since().unwrap();
    let mut kernel = Kernel::new(shape.clone());
    let fit_settings = FitSettings {
        windows,
        seed: 1,
        attributes: vec!["region".into(), "signed_up".into(), "points".into()],
        solver: lapwing_models::fit::solver::SolverKind::Newton,
    };
    let mut fitted = |target: Target| -> Fitted {
        let windows = target.windows(windows);
        // Four slices, a horizon apart, are enough for a model and quick to learn from.
        let apart = if target == Target::Intent { 1 } else { 3 };
        let cutoffs: Vec<Timestamp> = slices::plan(as_of, since, windows).into_iter().step_by(apart).take(4).collect();
        let mut training = Vec::new();
        for (slice, cutoff) in cutoffs.iter().map(|at| calendar.cutoff(*at)).enumerate() {
            for (customer, history) in histories.iter().enumerate() {
                let Some(snapshot) = take(&mut kernel, customer, history, cutoff.at, facts) else { continue };
                let purchased = history.purchased_after(cutoff, windows, as_of).unwrap();
                training.push(TrainingRow { customer: customer as u32, slice, snapshot, purchased });
            }
        }
        fit(target, &training, &cutoffs, &fit_settings)
    };
    let [churn, reactivation, intent] = Target::ALL.map(&mut fitted);
    let snapshots: Vec<Snapshot> =
        histories.iter().enumerate().filter_map(|(customer, history)| take(&mut kernel, customer, history, as_of, facts)).collect();
    assemble(AssembleInput {
        churn,
        reactivation,
        intent: Some(intent),
        snapshots: &snapshots,
        gaps: &[20, 30, 40, 50, 60],
        events: histories.iter().map(|history| history.len() as u64).sum(),
        shape,
        kinds: KindRules { amounts_since: Some(since), ..KindRules::default() },
        windows,
        calendar: &calendar,
        duplicates: Duplicates::Drop,
        settings: &settings,
        as_of,
        seed: 1,
        data_fingerprint: "0123456789abcdef".to_owned(),
    })
}

fn take(kernel: &mut Kernel, customer: usize, history: &History, at: Timestamp, facts: FactSettings) -> Option<Snapshot> {
    Snapshot::take(kernel, history, Calendar::utc().cutoff(at), facts, attributes(customer))
}

/// The attributes of a customer.
fn attributes(customer: usize) -> Attributes {
    let region = Attribute::Text(if customer.is_multiple_of(2) { "north" } else { "south" }.to_owned());
    let signed_up = Attribute::Instant { at: at("2021-01-01").plus_days(customer.cast_signed() as i64) };
    let points = Attribute::Number((customer % 17) as f64);
    [("region".to_owned(), region), ("signed_up".to_owned(), signed_up), ("points".to_owned(), points)].into()
}

/// The attributes of a customer as a request has them.
pub(crate) fn attributes_json(customer: usize) -> serde_json::Value {
    let value = |attribute| match attribute {
        Attribute::Text(text) => serde_json::Value::from(text),
        Attribute::Number(number) => number.into(),
        Attribute::Instant { at } => at.to_string().into(),
    };
    attributes(customer).into_iter().map(|(name, attribute)| (name, value(attribute))).collect()
}

fn at(text: &str) -> Timestamp {
    Calendar::utc().parse(text).unwrap()
}
