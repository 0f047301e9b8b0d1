//! Pages of those that a filter lets through.

use std::time::Duration;

use super::*;

const STAGES: [&str; 4] = ["active", "slipping", "dormant", "loyal"];

/// Customers of every kind, few of some.
fn mixed() -> Vec<Row> {
    let row = |at: usize| {
        let risk = [0.1, 0.3, 0.6, 0.85][at * 7 % 11 % 4] + (at % 13) as f64 / 1_000.0;
        let held_out = [None, Some(false), Some(false), Some(true)][at * 5 % 19 % 4];
        Row { stage: STAGES[at * at % 97 % 4], held_out, ..Row::new(&format!("c{:03}", at * 37 % 500), risk) }
    };
    (0..500).map(row).collect()
}

/// The ids of all pages, one after the other.
fn walk(store: &Store, mut filter: CustomerFilter) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let page = store.customers(&filter, None).unwrap();
        assert!(page.customers.len() <= filter.limit);
        seen.extend(page.customers.iter().map(|customer| customer.text("customer_id").unwrap().to_owned()));
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return seen,
        }
    }
}

#[test]
fn whoever_fits_comes_once_and_in_order() {
    for place in places() {
        let (store, rows) = (place.open(), mixed());
        publish(&store, "one", days(0), &rows).unwrap();
        let asked = |stage: Option<&str>, band: Option<&str>, held_out: Option<bool>| -> Vec<(&'static str, Value<'static>)> {
            let text = |name, text: Option<&str>| text.map(|text| (name, text.to_owned().into()));
            let held_out = held_out.map(|flag| (HELD_OUT, i64::from(flag).into()));
            text("stage", stage).into_iter().chain(text("risk_band", band)).chain(held_out).collect()
        };
        let bands = [None, Some("green"), Some("yellow"), Some("red"), Some("violet")];
        let cases = [None].into_iter().chain(STAGES.map(Some)).flat_map(|stage| bands.map(|band| (stage, band)));
        let cases: Vec<_> = cases.flat_map(|(stage, band)| [None, Some(true), Some(false)].map(|side| (stage, band, side))).collect();
        for by_old_build in [false, true] {
            if by_old_build {
                store.database.write(|tx| tx.run("DELETE FROM run_cells")).unwrap();
            }
            for (stage, band, side) in &cases {
                for sort in [Sort::Id, Sort::By("churn_probability"), Sort::By("reactivation_probability")] {
                    let filter = CustomerFilter { equal: asked(*stage, *band, *side), sort, limit: 7, ..CustomerFilter::default() };
                    let fits = |row: &&Row| {
                        let is_there = stage.is_none_or(|stage| row.stage == stage) && band.is_none_or(|band| row.band == band);
                        is_there && side.is_none_or(|side| row.held_out.unwrap_or(false) == side)
                    };
                    let mut expected: Vec<&Row> = rows.iter().filter(fits).collect();
                    expected.sort_by(|one, other| one.id.cmp(&other.id));
                    if sort == Sort::By("churn_probability") {
                        expected.sort_by(|one, other| other.risk.total_cmp(&one.risk));
                    }
                    let expected: Vec<&str> = expected.into_iter().map(|row| row.id.as_str()).collect();
                    assert_eq!(walk(&store, filter), expected, "{stage:?} {band:?} {side:?} {sort:?}, {by_old_build}");
                }
            }
        }
    }
}

#[test]
fn a_page_of_a_run_that_is_gone_is_refused() {
    for place in places() {
        let (store, rows) = (place.open(), mixed());
        publish(&store, "one", days(0), &rows).unwrap();
        let mut filter = CustomerFilter { limit: 10, ..CustomerFilter::default() };
        filter.after = store.customers(&filter, None).unwrap().next;
        for day in 1..3 {
            publish(&store, &format!("later-{day}"), days(day), &rows[..3]).unwrap();
            assert_eq!(store.customers(&filter, None).unwrap().customers.len(), 10, "three runs are kept");
        }
        publish(&store, "last", days(3), &rows[..3]).unwrap();
        let refused = store.customers(&filter, None).unwrap_err();
        assert!(matches!(refused, StoreError::RunGone) && refused.to_string().contains("\nhint: "), "{refused}");
    }
}

#[test]
fn a_read_that_takes_too_long_is_broken_off() {
    for place in places() {
        let store = place.open();
        let count = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000000000) SELECT COUNT(*) FROM n";
        let hurried = store.within(Duration::from_millis(50));
        let broken_off = hurried.database.read(|tx| database::first(tx, count, &[]));
        assert!(matches!(broken_off, Err(StoreError::Busy)), "it would take minutes");
        // Neither the next read nor any other is in a hurry because of it.
        publish(&store, "one", days(0), &mixed()).unwrap();
        assert_eq!(store.customers(&CustomerFilter { limit: 1_000, ..CustomerFilter::default() }, None).unwrap().customers.len(), 500);
        let calm = store.within(Duration::from_hours(1));
        assert_eq!(calm.customers(&CustomerFilter { limit: 1_000, ..CustomerFilter::default() }, None).unwrap().customers.len(), 500);
    }
}
