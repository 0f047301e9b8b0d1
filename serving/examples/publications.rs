//! What one publication after the other takes, and what the store weighs then: `cargo run --release -p lapwing-serving
//! --no-default-features --example publications -- STORE CUSTOMERS RUNS`, where the store is a file or `postgres://..`.
//!
//! Customers are made up, the same ones in each run, a day apart; eight runs stay, so that from the ninth on each publication takes one
//! out. After the last one, pages that few customers match are read.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::{AlertSettings, RiskBand, Segment, Stage, ValueTier};
use lapwing_serving::store::{COLUMNS, CustomerFilter, RunHead, Sort, Store, StoreUrl, Value};

const DAY: i64 = 86_400_000_000;
const START: i64 = 1_700_000_000_000_000;
const KEPT: usize = 8;
const AT_ONCE: u64 = 20_000;

/// A number that looks drawn, the same for the same customer and question.
fn drawn(customer: u64, question: u64) -> f64 {
    let mut mixed = (customer ^ question << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 11) as f64 / 9_007_199_254_740_992.0
}

/// One of these names, the first ones more often.
fn name(customer: u64, question: u64, names: &[&'static str]) -> Value<'static> {
    let place = drawn(customer, question).powi(2) * names.len() as f64;
    names[place as usize].into()
}

fn row(customer: u64, run: u64) -> Vec<Value<'static>> {
    let risk = (0.5 * drawn(customer, 1) + 0.4 * drawn(customer / 3, 2) + 0.1 * drawn(customer, 100 + run)).powi(2);
    let clv = 400.0 * drawn(customer, 3).powi(3);
    let named = |question, names: &[&'static str]| name(customer, question, names);
    let cell = |column: &str| match column {
        "customer_id" => format!("c{customer:07}").into(),
        "population" => "current".into(),
        "phase" => "stability".into(),
        "stage" => named(4, &Stage::ALL.iter().map(|stage| stage.name()).collect::<Vec<_>>()),
        "segment" => named(5, &Segment::ALL.iter().map(|segment| segment.name()).collect::<Vec<_>>()),
        "value_tier" => named(6, &ValueTier::ALL.iter().map(|tier| tier.name()).collect::<Vec<_>>()),
        "risk_band" => if risk > 0.55 {
            RiskBand::Red
        } else if risk > 0.35 {
            RiskBand::Yellow
        } else {
            RiskBand::Green
        }
        .name()
        .into(),
        "churn_probability" | "churn_probability_low" | "churn_probability_high" => risk.into(),
        "clv_365d" => clv.into(),
        "at_stake" => (risk * clv).into(),
        "health" => (100.0 * (1.0 - risk)).into(),
        "intent" | "expected_purchases_365d" => (10.0 * drawn(customer, 7)).into(),
        "reason_1" | "reason_2" | "reason_3" => "152 days since the last purchase; usual is 31".into(),
        "last_purchase_us" | "stage_entered_us" => Value::Integer(START - DAY - (drawn(customer, 8) * 1e13) as i64),
        "signs_raised" => "overdue,silent".into(),
        "rfm_r" | "rfm_f" | "rfm_m" => Value::Integer(3),
        _ => Value::Null,
    };
    COLUMNS.iter().map(|column| cell(column.name)).collect()
}

/// Megabytes of a file; 0 where there is none.
fn megabytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len() >> 20)
}

/// What it is, the filter by column and text, and the order.
type Case = (&'static str, &'static [(&'static str, &'static str)], Sort);

fn pages(store: &Store) -> Result<(), Box<dyn Error>> {
    let cases: [Case; 6] = [
        ("everybody by churn_probability", &[], Sort::By("churn_probability")),
        ("nobody: lapsed", &[("population", "lapsed")], Sort::Id),
        ("the rarest stage, most at stake first", &[("stage", "retained"), ("risk_band", "red")], Sort::By("at_stake")),
        ("green, the highest churn_probability first", &[("risk_band", "green")], Sort::By("churn_probability")),
        ("low tier, red, rarest segment by id", &[("value_tier", "low"), ("risk_band", "red"), ("segment", "about_to_lose")], Sort::Id),
        ("yellow, by reactivation_probability", &[("risk_band", "yellow")], Sort::By("reactivation_probability")),
    ];
    for (what, equal, sort) in cases {
        let equal = equal.iter().map(|(name, text)| (*name, (*text).to_owned().into())).collect();
        let filter = CustomerFilter { equal, sort, limit: 100, ..CustomerFilter::default() };
        let mut took = Vec::new();
        let mut found = 0;
        for _ in 0..5 {
            let begin = Instant::now();
            found = store.customers(&filter, None)?.customers.len();
            took.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        took.sort_by(f64::total_cmp);
        println!("| {what} | {found} | {:.1} | {:.1} |", took[2], took[4]);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let [place, customers, runs] = std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "STORE CUSTOMERS RUNS")?;
    let (customers, runs): (u64, u64) = (customers.parse()?, runs.parse()?);
    let url: StoreUrl = place.parse()?;
    let store = Store::open(&url)?;
    println!("| run | opened | load s | publish s | file MB | log of changes MB |\n|---:|---:|---:|---:|---:|---:|");
    for run in 1..=runs {
        let at = Timestamp(START + run.cast_signed() * DAY);
        let (run_id, digest) = (format!("run-{run}"), format!("digest-{run}"));
        let head = RunHead { run_id, digest, as_of: at, model_version: "m".to_owned(), horizon_days: 90 };
        let begin = Instant::now();
        let mut loading = store.load(head, at)?.map_err(|_| "the store is not a new one")?;
        for first in (0..customers).step_by(AT_ONCE as usize) {
            loading.add((first..customers.min(first + AT_ONCE)).map(|customer| row(customer, run)).collect())?;
        }
        let loaded = begin.elapsed().as_secs_f64();
        let outcome = loading.publish(at, &AlertSettings::default(), KEPT)?;
        let published = begin.elapsed().as_secs_f64() - loaded;
        let [file, log] = ["", "-wal"].map(|end| megabytes(Path::new(&format!("{place}{end}"))));
        println!("| {run} | {} | {loaded:.1} | {published:.1} | {file} | {log} |", outcome.opened);
    }
    println!("\n| page of 100 | found | ms, median | ms, longest |\n|---|---:|---:|---:|");
    pages(&store)
}
