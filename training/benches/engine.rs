//! Time of the engine on files: `cargo bench -p lapwing-training --bench engine`. Criterion asks for more of two crates beneath
//! `DataFusion` than the binaries do, so the first time it is built once more.
//!
//! 200,000 events of 5,000 customers in one Parquet file, in the order of time, so that no customer's rows lie together. What is
//! timed is an event: scanned and gathered by customer, from events and from the history table that they make; brought together and
//! made into histories; brought together, seen at one cutoff and at twelve.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use lapwing_features::engine::{
    Dataset, EngineError, EventsConfig, HistoryFiles, Part, Request, Resources, TableFile, read, write_parquet,
};
use lapwing_features::{Calendar, Column, Cutoff, Kernel, Kind, Timestamp, Values};

const EVENTS: i64 = 200_000;
const CUSTOMERS: u64 = 5_000;
const DAY: i64 = 86_400_000_000;
/// 2022-01-01T00:00:00Z.
const BEGIN: i64 = 1_640_995_200_000_000;
/// Microseconds from one event to the next, so that all of them take three years.
const STEP: i64 = 1_096 * DAY / EVENTS;

/// A number that looks like chance: the finisher of `MurmurHash3`.
fn mixed(number: u64) -> u64 {
    let mut hash = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

fn write_events(path: &Path) {
    let numbers = || (0..EVENTS.unsigned_abs()).map(|event| mixed(event + 1));
    let kind = |number: u64| [Kind::Purchase, Kind::Visit, Kind::Visit, Kind::MessageOpen][number as usize >> 8 & 3];
    let amount = |number: u64| (kind(number) == Kind::Purchase).then(|| (number >> 16 & 0xffff) as f64 / 100.0);
    let columns = [
        Column::new("customer_id", Values::Text(numbers().map(|number| Some(format!("C{:09}", number % CUSTOMERS))).collect())),
        Column::new("ts", Values::Instant((0..EVENTS).map(|event| Some(BEGIN + event * STEP)).collect())),
        Column::new("kind", Values::Named(numbers().map(|number| Some(kind(number).name())).collect())),
        Column::new("amount", Values::Number(numbers().map(amount).collect())),
        Column::new("channel", Values::Named(numbers().map(|number| Some(["web", "app"][number as usize >> 10 & 1])).collect())),
    ];
    write_parquet(path, &columns).expect("the folder can be written");
}

fn gathered(path: &Path) -> Dataset {
    let events = [path.display().to_string()];
    let request = Request {
        events: &events,
        config: &EventsConfig::default(),
        customers: None,
        calendar: &Calendar::utc(),
        until: None,
        resources: &Resources::default(),
        progress: &|_| (),
    };
    read(&request).expect("the events were written just now")
}

/// The first days of so many months.
fn cutoffs(months: i64) -> Vec<Cutoff> {
    (0..months).map(|month| Calendar::utc().cutoff(Timestamp(BEGIN + (700 + 30 * month) * DAY))).collect()
}

/// What the features of all customers at all cutoffs add up to, so that none is left out.
fn seen(dataset: &Dataset, cutoffs: &[Cutoff]) -> f64 {
    let mut total = 0.0;
    let work = |part: Part<'_>| {
        let (mut kernel, mut sum) = (Kernel::new(dataset.shape.clone()), 0.0);
        part.each(|customer| {
            let mut walk = kernel.follow(customer.history);
            sum += cutoffs.iter().map(|cutoff| walk.features(*cutoff).as_slice()[2]).sum::<f64>();
        })?;
        Ok::<_, EngineError>(sum)
    };
    let add = |sum: f64| {
        total += sum;
        Ok(())
    };
    dataset.sweep(work, add).expect("nothing was spilled");
    total
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let (events, table) = (folder.path().join("events.parquet"), folder.path().join("table"));
    write_events(&events);
    let dataset = gathered(&events);
    let files =
        HistoryFiles::for_events(EVENTS.unsigned_abs()).write(&dataset, &[0], |name| table.join(name)).expect("the folder can be written");
    files.into_iter().try_for_each(TableFile::publish).expect("the folder can be written");

    let mut group = criterion.benchmark_group("engine");
    group.measurement_time(Duration::from_secs(5)).sample_size(20).throughput(Throughput::Elements(EVENTS.unsigned_abs()));
    group.bench_function("gathered from events", |bench| bench.iter(|| black_box(gathered(&events)).len()));
    group.bench_function("gathered from histories", |bench| bench.iter(|| black_box(gathered(&table)).len()));
    group.bench_function("made into histories", |bench| bench.iter(|| dataset.map(|| (), |(), customer| customer.history.len())));
    for months in [1, 12] {
        let cutoffs = cutoffs(months);
        group.bench_function(format!("seen at {months} cutoffs"), |bench| bench.iter(|| black_box(seen(&dataset, &cutoffs))));
    }
    group.finish();
    criterion.final_summary();
}
