//! Time of the kernel, one customer after the other on one core: `cargo bench -p lapwing-features --no-default-features`.
//!
//! The customers have 40 events each over three years: 25 % purchases with amounts, 3 % returns, 42 % visits, 15 % opened messages,
//! 10 % carts, 3 % service requests, 2 % surveys, on three channels, without orders and categories. Each turn takes the next
//! of them, and they are so many that no branch is learned by heart. The features of a history are asked when it has just been
//! built, as they are where it matters; the building is timed by itself.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use lapwing_features::{Calendar, Cutoff, DataShape, Duplicates, History, HistoryBuilder, Kernel, Kind, RawEvent, Timestamp, Token};

const CUSTOMERS: usize = 10_000;
/// So many histories are built before the features of each are asked: few enough to be in the second-level cache still.
const AT_ONCE: usize = 100;
const EVENTS: usize = 40;
const DAY: i64 = 86_400_000_000;
/// 2022-01-01T00:00:00Z.
const BEGIN: i64 = 1_640_995_200_000_000;
const DAYS: i64 = 1_096;

/// `SplitMix64`: enough to mix kinds and times.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn event(random: &mut Random) -> RawEvent {
    let ts = Timestamp(BEGIN + (random.share() * (DAYS * 86_400) as f64) as i64 * 1_000_000);
    let price = 3.0 + random.share();
    let cents = |value: f64| Some((value * 100.0).round() / 100.0);
    let (kind, amount) = match random.share() {
        share if share < 0.25 => (Kind::Purchase, cents((price + random.share()).exp())),
        share if share < 0.28 => (Kind::Return, cents(-price.exp())),
        share if share < 0.70 => (Kind::Visit, None),
        share if share < 0.85 => (Kind::MessageOpen, None),
        share if share < 0.95 => (Kind::CartAdd, None),
        share if share < 0.98 => (Kind::Ticket, None),
        _ => (Kind::Survey, None),
    };
    let channel = match random.share() {
        share if share < 0.5 => "web",
        share if share < 0.8 => "app",
        _ => "store",
    };
    RawEvent { channel: Token::of(channel), ..RawEvent::new(ts, kind, amount) }
}

fn customers() -> Vec<Vec<RawEvent>> {
    let mut random = Random(7);
    (0..CUSTOMERS).map(|_| (0..EVENTS).map(|_| event(&mut random)).collect()).collect()
}

fn build(builder: &mut HistoryBuilder, rows: &[RawEvent], calendar: &Calendar, history: &mut History) {
    for row in rows {
        builder.push(*row);
    }
    builder.build_into(calendar, Duplicates::Drop, history);
}

fn months(calendar: &Calendar) -> [Cutoff; 12] {
    [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map(|months| calendar.cutoff(Timestamp(BEGIN + (DAYS - 30 * months) * DAY)))
}

/// Customers one after the other, whose histories are built anew each time.
struct Customers<'a> {
    rows: &'a [Vec<RawEvent>],
    calendar: &'a Calendar,
    next: usize,
    builder: HistoryBuilder,
    histories: Vec<History>,
}

impl Customers<'_> {
    /// How long `work` takes with `count` histories.
    fn time(&mut self, count: u64, mut work: impl FnMut(&History)) -> Duration {
        let (mut spent, mut left) = (Duration::ZERO, count as usize);
        while left > 0 {
            let histories = &mut self.histories[..left.min(AT_ONCE)];
            left -= histories.len();
            for history in &mut *histories {
                build(&mut self.builder, &self.rows[self.next], self.calendar, history);
                self.next = (self.next + 1) % self.rows.len();
            }
            let start = Instant::now();
            for history in &*histories {
                work(black_box(history));
            }
            spent += start.elapsed();
        }
        spent
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let (calendar, mut rows) = (Calendar::utc(), customers());
    let mut shape = DataShape::default();
    rows.iter().flatten().for_each(|row| shape.note(row));
    let months = months(&calendar);
    let mut kernel = Kernel::new(shape);
    let histories = vec![History::default(); AT_ONCE];
    let mut customers = Customers { rows: &rows, calendar: &calendar, next: 0, builder: HistoryBuilder::new(), histories };

    criterion.bench_function("features of 40 events at one cutoff", |bench| {
        bench.iter_custom(|count| {
            customers.time(count, |history| {
                black_box(kernel.features(&history.observe(months[11])));
            })
        });
    });
    criterion.bench_function("features of 40 events at twelve cutoffs", |bench| {
        bench.iter_custom(|count| {
            customers.time(count, |history| {
                let mut walk = kernel.follow(history);
                for cutoff in months {
                    black_box(walk.features(cutoff));
                }
            })
        });
    });
    let (mut builder, mut history) = (HistoryBuilder::new(), History::default());
    let mut next = (0..CUSTOMERS).cycle();
    let mut next = move || next.next().unwrap_or_default();
    criterion.bench_function("a history of 40 unsorted rows", |bench| {
        bench.iter(|| build(&mut builder, black_box(&rows[next()]), &calendar, black_box(&mut history)));
    });
    for rows in &mut rows {
        rows.sort_by_key(|row| row.ts);
    }
    criterion.bench_function("a history of 40 sorted rows", |bench| {
        bench.iter(|| build(&mut builder, black_box(&rows[next()]), &calendar, black_box(&mut history)));
    });
    criterion.final_summary();
}
