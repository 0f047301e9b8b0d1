//! Hand-made customers for every rule: raised, just not raised, and not known.

use lapwing_features::{DataShape, Duplicates, FactSettings, HistoryBuilder, Kernel, Kind, RawEvent, Snapshot, Token, example};

use super::*;

/// An event: days before the cutoff, kind, amount or score, category.
type Row = (f64, Kind, f64, &'static str);

const NONE: f64 = f64::NAN;

fn at() -> lapwing_features::Cutoff {
    example::cutoff("2024-06-01")
}

fn event((days, kind, amount, category): Row) -> RawEvent {
    let ts = lapwing_features::Timestamp(at().at.0 - (days * 86_400e6) as i64);
    RawEvent {
        category: Token::of_option((!category.is_empty()).then_some(category)),
        ..RawEvent::new(ts, kind, (!amount.is_nan()).then_some(amount))
    }
}

fn history(rows: &[Row]) -> lapwing_features::History {
    let mut builder = HistoryBuilder::new();
    for row in rows {
        builder.push(event(*row));
    }
    builder.build(&lapwing_features::Calendar::utc(), Duplicates::Keep)
}

/// The sign of a customer who did these things, in data of this shape; the population's gap is 40 days.
fn read_in(kernel: &mut Kernel, sign: Sign, rows: &[Row]) -> SignReading {
    let history = history(rows);
    let settings = FactSettings { active_days: 90, returned_days: 60 };
    let snapshot = Snapshot::take(kernel, &history, at(), settings, lapwing_features::Attributes::new()).unwrap();
    let thresholds = Thresholds { norm_gap_days: Some(40.0), ..Thresholds::default() };
    let reading = thresholds.signs(&snapshot)[sign as usize];
    assert_eq!((reading.sign, thresholds.sign_states(&snapshot).state(sign)), (sign, reading.state));
    reading
}

/// Where the data holds everything for long.
fn read(sign: Sign, rows: &[Row]) -> SignReading {
    read_in(&mut example::kernel(), sign, rows)
}

/// Where the data holds events of these kinds, since so many days before the cutoff.
fn kernel_of(since: &[(f64, Kind)]) -> Kernel {
    let mut shape = DataShape::default();
    for (days, kind) in since {
        shape.note(&event((*days, *kind, NONE, "")));
    }
    Kernel::new(shape)
}

fn of(kind: Kind, days: &[f64]) -> Vec<Row> {
    days.iter().map(|days| (*days, kind, NONE, "")).collect()
}

fn bought(days_and_values: &[(f64, f64)]) -> Vec<Row> {
    days_and_values.iter().map(|(days, value)| (*days, Kind::Purchase, *value, "")).collect()
}

fn spread(kind: Kind, count: u32, from: f64, to: f64) -> Vec<Row> {
    (0..count).map(|place| (to + 0.25 + (from - to - 0.5) * f64::from(place) / f64::from(count), kind, NONE, "")).collect()
}

/// What is tried, what the customer did, and what is to be read.
type Case = (&'static str, Vec<Row>, SignState, Option<f64>, Option<f64>);

fn check(sign: Sign, table: &[Case]) {
    for (what, rows, state, value, normal) in table {
        let reading = read(sign, rows);
        assert_eq!(
            (reading.state, reading.value, reading.normal),
            (*state, *value, *normal),
            "{}: {what}: {}",
            sign.name(),
            reading.text()
        );
    }
}

use SignState::{Clear, Raised, Unknown};

mod conduct;

#[test]
fn late_against_the_own_gap_and_against_the_population() {
    let own = |last: f64| bought(&[(last + 40.0, 1.0), (last + 20.0, 1.0), (last, 1.0)]);
    let once = |last: f64| bought(&[(last, 1.0)]);
    check(
        Sign::Overdue,
        &[
            ("31 days are more than 1.5 x 20", own(31.0), Raised, Some(31.0), Some(20.0)),
            ("30 days are not", own(30.0), Clear, Some(30.0), Some(20.0)),
            ("61 days are more than 1.5 x 40", once(61.0), Raised, Some(61.0), Some(40.0)),
            ("60 days are not", once(60.0), Clear, Some(60.0), Some(40.0)),
            ("never bought", of(Kind::Visit, &[3.0]), Unknown, None, None),
        ],
    );
    check(
        Sign::MissedCycles,
        &[
            ("40 days are 2 x 20", own(40.0), Raised, Some(40.0), Some(20.0)),
            ("39 days are not", own(39.0), Clear, Some(39.0), Some(20.0)),
            ("80 days are 2 x 40", once(80.0), Raised, Some(80.0), Some(40.0)),
            ("79 days are not", once(79.0), Clear, Some(79.0), Some(40.0)),
            ("never bought", of(Kind::Visit, &[3.0]), Unknown, None, None),
        ],
    );
    let snapshot = Snapshot::take(
        &mut example::kernel(),
        &example::history(&example::rows("purchase", &["2024-01-01"])),
        at(),
        FactSettings { active_days: 90, returned_days: 60 },
        lapwing_features::Attributes::new(),
    );
    let ignorant = Thresholds { norm_gap_days: None, ..Thresholds::default() };
    assert_eq!(ignorant.signs(&snapshot.unwrap())[0].state, Unknown, "no gap is known of anybody");
}

#[test]
fn purchases_of_a_quarter_against_those_of_the_one_before() {
    let days = |now: &[f64], before: &[f64]| of(Kind::Purchase, &[now, before].concat());
    check(
        Sign::PurchaseRateDrop,
        &[
            ("1 after 2", days(&[10.0], &[100.0, 120.0]), Raised, Some(1.0), Some(2.0)),
            ("2 after 3", days(&[10.0, 20.0], &[100.0, 120.0, 140.0]), Clear, Some(2.0), Some(3.0)),
            ("0 after 1", days(&[], &[100.0]), Clear, Some(0.0), Some(1.0)),
            ("90 days ago to the instant is in the window, 180 days ago too", days(&[90.0], &[90.5, 180.0]), Raised, Some(1.0), Some(2.0)),
            ("a moment earlier is not", days(&[90.0], &[90.5, 180.5]), Clear, Some(1.0), Some(1.0)),
        ],
    );
    let rows = days(&[], &[100.0, 120.0]);
    assert_eq!(
        read_in(&mut kernel_of(&[(179.5, Kind::Purchase)]), Sign::PurchaseRateDrop, &rows).state,
        Raised,
        "its first day counts whole"
    );
    assert_eq!(
        read_in(&mut kernel_of(&[(179.0, Kind::Purchase)]), Sign::PurchaseRateDrop, &rows).state,
        Unknown,
        "half a year is not covered"
    );
}

#[test]
fn the_last_three_orders_against_those_before() {
    let orders = |last: [f64; 3], before: &[f64]| {
        let values: Vec<f64> = last.into_iter().rev().chain(before.iter().rev().copied()).collect();
        bought(&values.iter().enumerate().map(|(place, value)| (5.0 + 10.0 * place as f64, *value)).collect::<Vec<_>>())
    };
    check(
        Sign::OrderValueDrop,
        &[
            ("8 after 10 is 20 % less", orders([7.0, 8.0, 9.0], &[9.0, 10.0, 11.0]), Raised, Some(8.0), Some(10.0)),
            ("8.01 after 10 is not", orders([8.01; 3], &[10.0; 3]), Clear, Some((8.01 + 8.01 + 8.01) / 3.0), Some(10.0)),
            ("two before are too few", orders([1.0; 3], &[10.0; 2]), Unknown, None, None),
            ("orders without amounts tell nothing", of(Kind::Purchase, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), Unknown, None, None),
            ("below nothing there is no drop", orders([0.0; 3], &[0.0; 3]), Clear, Some(0.0), Some(0.0)),
        ],
    );
    let rows = orders([1.0; 3], &[10.0; 3]);
    assert_eq!(read_in(&mut kernel_of(&[(900.0, Kind::Purchase)]), Sign::OrderValueDrop, &rows).state, Unknown, "data without amounts");
}

#[test]
fn spend_of_a_quarter_against_the_year_before() {
    // 365 in the year before are 90 in 90 days.
    let spent = |now: f64| bought(&[(30.0, now), (200.0, 300.0), (400.0, 65.0)]);
    check(
        Sign::SpendDrop,
        &[
            ("63 after 90 is 30 % less", spent(63.0), Raised, Some(63.0), Some(90.0)),
            ("63.01 after 90 is not", spent(63.01), Clear, Some(63.01), Some(90.0)),
            ("nothing at all", bought(&[(200.0, 365.0)]), Raised, Some(0.0), Some(90.0)),
            ("nothing to fall from", bought(&[(30.0, 5.0)]), Clear, Some(5.0), Some(0.0)),
            ("own purchases without amounts", of(Kind::Purchase, &[30.0, 200.0]), Unknown, None, None),
        ],
    );
    let mut shape = DataShape::default();
    shape.note(&event((200.0, Kind::Purchase, 1.0, "")));
    assert_eq!(read_in(&mut Kernel::new(shape), Sign::SpendDrop, &spent(1.0)).state, Unknown, "110 of 365 days are covered");
    assert_eq!(read_in(&mut kernel_of(&[(900.0, Kind::Purchase)]), Sign::SpendDrop, &spent(1.0)).state, Unknown, "data without amounts");
}

#[test]
fn interactions_of_a_month_against_the_half_year_before() {
    let days = |now: u32, before: u32| [spread(Kind::Visit, now, 30.0, 0.0), spread(Kind::View, before, 210.0, 30.0)].concat();
    check(
        Sign::ActivityDrop,
        &[
            ("6 after 10 a month", days(6, 60), Raised, Some(6.0), Some(10.0)),
            ("7 after 10 a month is 30 %, not more", days(7, 60), Clear, Some(7.0), Some(10.0)),
            ("nothing to fall from", days(0, 0).into_iter().chain(bought(&[(1.0, 1.0)])).collect(), Clear, Some(0.0), Some(0.0)),
        ],
    );
    for (kernel, why) in
        [(kernel_of(&[(900.0, Kind::Purchase)]), "data without interactions"), (kernel_of(&[(209.0, Kind::Visit)]), "too young")]
    {
        assert_eq!(read_in(&mut kernel.clone(), Sign::ActivityDrop, &days(0, 60)).state, Unknown, "{why}");
    }
}

#[test]
fn gaps_between_visits_against_those_before() {
    let visits = |last: f64, before: f64, count: u32| {
        let turn = 1.0 + 3.0 * last;
        let days = [1.0, 1.0 + last, 1.0 + 2.0 * last, turn].into_iter().chain((1..=count).map(|gap| turn + before * f64::from(gap)));
        of(Kind::Visit, &days.collect::<Vec<_>>())
    };
    check(
        Sign::VisitGapLonger,
        &[
            ("16 days after 10", visits(16.0, 10.0, 2), Raised, Some(16.0), Some(10.0)),
            ("15 days after 10", visits(15.0, 10.0, 2), Clear, Some(15.0), Some(10.0)),
            ("one gap before is enough", visits(16.0, 10.0, 1), Raised, Some(16.0), Some(10.0)),
            ("no gap before", visits(16.0, 10.0, 0), Unknown, None, None),
        ],
    );
    assert_eq!(read_in(&mut kernel_of(&[]), Sign::VisitGapLonger, &visits(16.0, 10.0, 2)).state, Unknown, "data without visits");
}

#[test]
fn coupons_of_a_quarter_against_those_of_the_one_before() {
    let used = |now: &[f64], before: &[f64]| of(Kind::CouponRedeem, &[now, before, &[400.0]].concat());
    check(
        Sign::CouponUseDrop,
        &[
            ("1 after 2", used(&[10.0], &[100.0, 120.0]), Raised, Some(1.0), Some(2.0)),
            ("2 after 3", used(&[10.0, 20.0], &[100.0, 120.0, 140.0]), Clear, Some(2.0), Some(3.0)),
            ("0 after 1", used(&[], &[100.0]), Clear, Some(0.0), Some(1.0)),
        ],
    );
    let rows = used(&[], &[100.0, 120.0]);
    assert_eq!(read_in(&mut kernel_of(&[(900.0, Kind::Visit)]), Sign::CouponUseDrop, &rows).state, Unknown, "data without coupons");
    assert_eq!(read_in(&mut kernel_of(&[(170.0, Kind::CouponRedeem)]), Sign::CouponUseDrop, &rows).state, Unknown, "too young");
}

#[test]
fn categories_of_a_quarter_against_those_of_the_one_before() {
    let seen = |now: &[&'static str], before: &[&'static str]| -> Vec<Row> {
        let row = |days: f64, kind| move |name: &&'static str| (days, kind, NONE, *name);
        now.iter().map(row(10.0, Kind::View)).chain(before.iter().map(row(100.0, Kind::Purchase))).collect()
    };
    check(
        Sign::BreadthShrinking,
        &[
            ("1 after 2", seen(&["a", "a"], &["a", "b", "b"]), Raised, Some(1.0), Some(2.0)),
            ("2 after 3", seen(&["a", "d"], &["a", "b", "c"]), Clear, Some(2.0), Some(3.0)),
            ("0 after 1", seen(&[], &["a", "a"]), Clear, Some(0.0), Some(1.0)),
        ],
    );
    let rows = seen(&["a"], &["a", "b"]);
    assert_eq!(read_in(&mut kernel_of(&[(900.0, Kind::View)]), Sign::BreadthShrinking, &rows).state, Unknown, "data without categories");
}

#[test]
fn without_a_history_no_sign_is_known() {
    let features = lapwing_features::FeatureVector::missing();
    let population = lapwing_features::Population::Current;
    let attributes = lapwing_features::Attributes::new();
    let snapshot = Snapshot { cutoff: at(), population, features, facts: None, signs: None, attributes };
    let states = Thresholds::default().sign_states(&snapshot);
    assert!(Sign::ALL.iter().all(|sign| states.state(*sign) == Unknown) && states.count() == 0);
}

#[test]
fn thresholds_are_the_users_to_set() {
    let rows = of(Kind::Purchase, &[10.0, 20.0, 100.0, 120.0, 140.0]);
    assert_eq!(read(Sign::PurchaseRateDrop, &rows).state, Clear, "2 after 3");
    let settings = FactSettings { active_days: 90, returned_days: 60 };
    let history = history(&rows);
    let snapshot = Snapshot::take(&mut example::kernel(), &history, at(), settings, lapwing_features::Attributes::new()).unwrap();
    let mut thresholds = Thresholds::default();
    let before = thresholds.sign_states(&snapshot);
    thresholds.signs.purchase_rate_ratio = 0.7;
    let after = thresholds.sign_states(&snapshot);
    assert_eq!((after.state(Sign::PurchaseRateDrop), after.count()), (Raised, before.count() + 1));
}
