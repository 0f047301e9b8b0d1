//! No order and no partitioning of rows shows in what is read.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, TimestampMicrosecondArray, TimestampMillisecondArray};

use super::{Asked, Folder, Resources, bits, floats, text};
use crate::Kind;

/// A sale or what looks like one: (customer, minutes, amount, kind, order).
type Sale = (i64, i64, Option<f64>, Option<&'static str>, i64);

/// Numbers that look random and are the same in each run.
fn numbers(seed: u64) -> impl FnMut(u32) -> u32 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below
    }
}

fn sales() -> Vec<Sale> {
    let mut next = numbers(7);
    (0..3_000)
        .map(|_| {
            let customer = i64::from(next(200));
            let minutes = i64::from(next(400)) * 720;
            let amount = (next(10) > 0).then(|| f64::from(next(2_000)) / 100.0 - 5.0);
            let kind = [Some("purchase"), Some("visit"), Some("odd"), None][next(4) as usize];
            (customer, minutes, amount, kind, i64::from(next(500)))
        })
        .collect()
}

fn shuffled(mut sales: Vec<Sale>, seed: u64) -> Vec<Sale> {
    let mut next = numbers(seed);
    for at in (1..sales.len()).rev() {
        sales.swap(at, next(at as u32 + 1) as usize);
    }
    sales
}

const START: i64 = 1_700_000_000;

/// Ids, times and orders in one of three dresses.
fn write(folder: &Folder, name: &str, sales: &[Sale], dress: usize) -> String {
    let ids: Vec<String> = sales.iter().map(|sale| sale.0.to_string()).collect();
    let orders: Vec<String> = sales.iter().map(|sale| sale.4.to_string()).collect();
    let seconds: Vec<i64> = sales.iter().map(|sale| START + sale.1 * 60).collect();
    let texts = |texts: &[String]| text(&texts.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>());
    let (id, ts, order): (ArrayRef, ArrayRef, ArrayRef) = match dress {
        0 => (
            Arc::new(Int64Array::from_iter_values(sales.iter().map(|sale| sale.0))),
            Arc::new(TimestampMillisecondArray::from_iter_values(seconds.iter().map(|at| at * 1_000)).with_timezone("UTC")),
            texts(&orders),
        ),
        1 => (
            texts(&ids),
            Arc::new(TimestampMicrosecondArray::from_iter_values(seconds.iter().map(|at| at * 1_000_000)).with_timezone("Asia/Tokyo")),
            Arc::new(Int64Array::from_iter_values(sales.iter().map(|sale| sale.4))),
        ),
        _ => (
            floats(&sales.iter().map(|sale| Some(sale.0 as f64)).collect::<Vec<_>>()),
            Arc::new(TimestampMillisecondArray::from_iter_values(seconds.iter().map(|at| at * 1_000))),
            texts(&orders),
        ),
    };
    let amount = floats(&sales.iter().map(|sale| sale.2).collect::<Vec<_>>());
    let kind = text(&sales.iter().map(|sale| sale.3).collect::<Vec<_>>());
    folder.parquet(name, &[("ts", ts), ("kind", kind), ("customer_id", id), ("order_id", order), ("amount", amount)])
}

fn write_csv(folder: &Folder, name: &str, sales: &[Sale]) -> String {
    let row = |(customer, minutes, amount, kind, order): &Sale| {
        let ts = crate::Timestamp((START + minutes * 60) * 1_000_000);
        let amount = amount.map(|amount| amount.to_string()).unwrap_or_default();
        format!("{amount},{customer},{order},{},\"a, \"\"quoted\"\"\nremark\",{ts}", kind.unwrap_or_default())
    };
    let rows: Vec<String> = sales.iter().map(row).collect();
    let lines: Vec<&str> = std::iter::once("amount,customer_id,order_id,kind,remark,ts").chain(rows.iter().map(String::as_str)).collect();
    folder.csv(name, &lines)
}

#[test]
fn shuffled_and_split_over_files_of_other_types_is_the_same_dataset() {
    let folder = Folder::new();
    let one = write(&folder, "one.parquet", &sales(), 0);
    let whole = Asked::default().read(&[one]).unwrap();
    assert_eq!(whole.report().unwrap().rows, 3_000);
    assert!(whole.report().unwrap().exact_duplicates > 0 || whole.report().unwrap().events == 3_000);
    assert!(whole.shape.since_kind(Kind::Visit).is_some());

    let mixed = shuffled(sales(), 3);
    for (at, part) in mixed.chunks(457).enumerate() {
        match at % 4 {
            3 => write_csv(&folder, &format!("parts/{at}.csv"), part),
            dress => write(&folder, &format!("parts/{at}.parquet"), part, dress),
        };
    }
    let parts = Asked::default().read(&[folder.text("parts")]).unwrap();
    assert_eq!(parts.report().unwrap().files, 7);
    assert_eq!(bits(&parts), bits(&whole));

    let csv = write_csv(&folder, "all.csv", &shuffled(mixed, 11));
    assert_eq!(bits(&Asked::default().read(&[csv]).unwrap()), bits(&whole));
}

#[test]
fn a_column_may_be_missing_in_some_files() {
    let folder = Folder::new();
    let sales = folder.csv("sales.csv", &["customer_id,ts,amount,channel", "a,2024-01-02,5,web"]);
    let visits = folder.csv("visits.csv", &["ts,customer_id,kind", "2024-01-01,a,visit"]);
    let dataset = Asked::default().read(&[sales, visits]).unwrap();
    let kinds: Vec<Kind> = super::events(&super::everybody(&dataset)[0]).iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::Visit, Kind::Purchase]);
}

#[test]
fn results_of_a_map_come_in_the_order_of_customers() {
    let folder = Folder::new();
    let dataset = Asked::default().read(&[write(&folder, "one.parquet", &sales(), 0)]).unwrap();
    let mapped = dataset.map(
        || 0_usize,
        |calls, customer| {
            *calls += 1;
            (customer.id.to_owned(), *calls)
        },
    );
    let mapped = mapped.unwrap();
    assert_eq!(mapped.len(), dataset.len());
    assert!(mapped.iter().enumerate().all(|(place, (id, calls))| dataset.position(id) == Some(place) && *calls > 0));
    let hashes = mapped.iter().map(|(id, _)| crate::Token::of(id).to_hex());
    assert!(hashes.is_sorted(), "by the hash of the id");
}

#[test]
fn the_fingerprint_tells_any_difference_that_features_can_see() {
    let folder = Folder::new();
    let of = |row: &str| {
        Asked::default().read(&[folder.csv("e.csv", &["customer_id,ts,amount,channel,known_at", row])]).unwrap().fingerprint().unwrap()
    };
    let base = of("a,2024-01-01,5,web,2024-01-02");
    assert_eq!(base.len(), 16);
    assert_eq!(base, of("a,2024-01-01T00:00:00Z,5.00,web,2024-01-02"));
    for other in [
        "b,2024-01-01,5,web,2024-01-02",
        "a,2024-01-02,5,web,2024-01-02",
        "a,2024-01-01,6,web,2024-01-02",
        "a,2024-01-01,5,shop,2024-01-02",
        "a,2024-01-01,5,web,",
    ] {
        assert_ne!(of(other), base, "{other}");
    }
}

#[test]
fn progress_ends_at_the_number_of_rows() {
    let folder = Folder::new();
    let file = write(&folder, "one.parquet", &sales(), 0);
    let last = std::sync::atomic::AtomicU64::new(0);
    let asked = Asked::default();
    super::read(&super::Request {
        events: &[file],
        config: &asked.config,
        customers: None,
        calendar: &asked.calendar,
        until: None,
        resources: &Resources::default(),
        progress: &|rows| last.store(rows, std::sync::atomic::Ordering::Relaxed),
    })
    .unwrap();
    assert_eq!(last.into_inner(), 3_000);
}
