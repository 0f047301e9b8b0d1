//! The published estimates of the buy-till-you-die models on the CDNOW sample, weeks 1 to 39.
//!
//! The data may not be copied, so the test needs a folder with `cdnow_sample.parquet`, named by `LAPWING_DATA`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use arrow::array::{Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use lapwing_models::btyd::{Habits, fit};

use crate::support::data;

const DAY: i64 = 86_400_000_000;

/// The sample; `None`, and a line that says so, where it is not at hand.
fn sample() -> Option<RecordBatch> {
    let path = std::env::var_os("LAPWING_DATA").map(|folder| PathBuf::from(folder).join("cdnow_sample.parquet"));
    let found = path.filter(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: `LAPWING_DATA` names no folder with `cdnow_sample.parquet`");
    }
    found.map(|path| data::read(&path))
}

/// Each customer in weeks up to 30 September 1997, with the mean value of a repeat day (NaN without one).
fn calibration(sample: &RecordBatch) -> Vec<(Habits, f64)> {
    let column = |name: &str, kind| cast(sample.column_by_name(name).expect("the column is there"), &kind).expect("it can be cast");
    let (customers, times, amounts) = (
        column("customer_id", DataType::Utf8),
        column("ts", DataType::Timestamp(TimeUnit::Microsecond, None)),
        column("amount", DataType::Float64),
    );
    let customers = customers.as_any().downcast_ref::<arrow::array::StringArray>().expect("text");
    let times = times.as_any().downcast_ref::<arrow::array::TimestampMicrosecondArray>().expect("instants");
    let amounts = amounts.as_any().downcast_ref::<Float64Array>().expect("numbers");
    let end = data::micros("1997-09-30").div_euclid(DAY);
    let mut days: BTreeMap<&str, BTreeMap<i64, f64>> = BTreeMap::new();
    for row in 0..sample.num_rows() {
        let day = times.value(row).div_euclid(DAY);
        if day <= end {
            *days.entry(customers.value(row)).or_default().entry(day).or_default() += amounts.value(row);
        }
    }
    let weeks = |days: i64| days as f64 / 7.0;
    let known = |days: &BTreeMap<i64, f64>| {
        let purchases: BTreeSet<i64> = days.keys().copied().collect();
        let (first, last) = (*purchases.first().expect("one"), *purchases.last().expect("one"));
        let repeats = (purchases.len() - 1) as f64;
        let value = days.iter().skip(1).map(|(_, amount)| amount).sum::<f64>() / repeats;
        (Habits::new(repeats, weeks(last - first), weeks(end - first)).expect("the days are in order"), value)
    };
    days.values().map(known).collect()
}

fn assert_published(found: &[f64], published: &[f64]) {
    for (found, published) in found.iter().zip(published) {
        assert!((found / published - 1.0).abs() < 0.005, "{found} is not the published {published}");
    }
}

#[test]
fn the_published_estimates_come_out() {
    let Some(sample) = sample() else { return };
    let customers = calibration(&sample);
    assert_eq!(customers.len(), 2_357);
    let habits: Vec<_> = customers.iter().map(|(habits, _)| (*habits, 1.0)).collect();
    // Fader, Hardie and Lee (2005), table 2.
    let bg = fit::bg_nbd(&habits).expect("the fit ends");
    assert_published(&[bg.model.r, bg.model.alpha, bg.model.a, bg.model.b], &[0.243, 4.414, 0.793, 2.426]);
    assert!((bg.log_likelihood - -9_582.4).abs() < 0.1, "{}", bg.log_likelihood);
    let pareto = fit::pareto_nbd(&habits).expect("the fit ends");
    assert_published(&[pareto.model.r, pareto.model.alpha, pareto.model.s, pareto.model.beta], &[0.553, 10.578, 0.606, 11.669]);
    assert!((pareto.log_likelihood - -9_595.0).abs() < 0.1, "{}", pareto.log_likelihood);
    // Fader and Hardie (2013), on the 946 customers who came back.
    let values: Vec<_> = customers.iter().map(|(habits, value)| (*habits, *value, 1.0)).collect();
    let spend = fit::gamma_gamma(&values).expect("the fit ends");
    assert_eq!(spend.customers, 946.0);
    assert_published(&[spend.model.p, spend.model.q, spend.model.gamma], &[6.25, 3.74, 15.44]);
}
