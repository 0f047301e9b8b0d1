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

/// The sign of a customer who did these things, in data of this shape; the population's gap is 40 days.
fn read_in(kernel: &mut Kernel, sign: Sign, rows: &[Row]) -> SignReading {
    let mut builder = HistoryBuilder::new();
    for row in rows {
        builder.push(event(*row));
    }
    let history = builder.build(&lapwing_features::Calendar::utc(), Duplicates::Keep);
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
fn silence_while_messages_are_sent() {
    let seen = |own: f64, sent: &[f64]| [of(Kind::Visit, &[own]), of(Kind::MessageSent, sent)].concat();
    check(
        Sign::Silent,
        &[
            ("16 days and a message", seen(16.0, &[3.0]), Raised, Some(16.0), Some(15.0)),
            ("15 days to the instant", seen(15.0, &[3.0]), Clear, Some(15.0), Some(15.0)),
            ("no message in these days", seen(40.0, &[16.0]), Clear, Some(40.0), Some(15.0)),
            ("no message ever", seen(40.0, &[]), Clear, Some(40.0), Some(15.0)),
            ("a purchase is a sign of life", [seen(40.0, &[3.0]), of(Kind::Purchase, &[2.0])].concat(), Clear, Some(2.0), Some(15.0)),
            ("nothing ever, written to for 20 days", of(Kind::MessageSent, &[3.0, 20.0]), Raised, Some(20.0), Some(15.0)),
            ("nothing ever, written to for 3 days", of(Kind::MessageSent, &[3.0]), Clear, Some(3.0), Some(15.0)),
        ],
    );
    let rows = seen(40.0, &[3.0]);
    for (since, why) in [
        ([(900.0, Kind::Visit), (900.0, Kind::Purchase)], "data without messages"),
        ([(900.0, Kind::MessageSent), (900.0, Kind::Purchase)], "data without interactions"),
        ([(900.0, Kind::MessageSent), (14.0, Kind::Visit)], "interactions of 14 days"),
    ] {
        assert_eq!(read_in(&mut kernel_of(&since), Sign::Silent, &rows).state, Unknown, "{why}");
    }
}

#[test]
fn messages_that_nobody_opens() {
    let told = |sent: &[f64], opened: &[f64]| [of(Kind::MessageSent, sent), of(Kind::MessageOpen, opened)].concat();
    check(
        Sign::Unresponsive,
        &[
            ("three of 60 days, the first to the instant", told(&[1.0, 30.0, 60.0], &[61.0]), Raised, Some(0.0), Some(3.0)),
            ("the first before that", told(&[1.0, 30.0, 60.5], &[]), Clear, Some(0.0), Some(2.0)),
            ("one opened", told(&[1.0, 30.0, 60.0], &[59.0]), Clear, Some(1.0), Some(3.0)),
            ("one clicked", [told(&[1.0, 2.0, 3.0], &[]), of(Kind::MessageClick, &[1.0])].concat(), Clear, Some(1.0), Some(3.0)),
        ],
    );
    let rows = told(&[1.0, 2.0, 3.0], &[]);
    for (since, why) in [
        (vec![(900.0, Kind::Visit)], "data without messages"),
        (vec![(900.0, Kind::MessageSent)], "data that does not tell who opened"),
        (vec![(900.0, Kind::MessageSent), (50.0, Kind::MessageOpen)], "opened messages of 50 days"),
    ] {
        assert_eq!(read_in(&mut kernel_of(&since), Sign::Unresponsive, &rows).state, Unknown, "{why}");
    }
}

#[test]
fn complaints_of_a_month_against_the_half_year_before() {
    let called =
        |now: &[f64], before: u32| [of(Kind::Ticket, now), spread(Kind::Complaint, before, 210.0, 30.0), bought(&[(1.0, 1.0)])].concat();
    check(
        Sign::ComplaintsUp,
        &[
            ("the first", called(&[30.0], 0), Raised, Some(1.0), Some(0.0)),
            ("two after one a month", called(&[1.0, 2.0], 6), Raised, Some(2.0), Some(1.0)),
            ("one after one a month", called(&[1.0], 6), Clear, Some(1.0), Some(1.0)),
            ("none", called(&[], 0), Clear, Some(0.0), Some(0.0)),
        ],
    );
    let calls = |days: f64, rows: &[Row]| read_in(&mut kernel_of(&[(days, Kind::Ticket)]), Sign::ComplaintsUp, rows).state;
    assert_eq!(calls(100.0, &called(&[1.0], 0)), Unknown, "what is usual is not known");
    assert_eq!(calls(100.0, &called(&[], 0)), Clear, "none in the month, whatever is usual");
    assert_eq!(calls(29.0, &called(&[], 0)), Unknown, "not a month is covered");
    assert_eq!(
        read_in(&mut kernel_of(&[(900.0, Kind::Visit)]), Sign::ComplaintsUp, &called(&[], 0)).state,
        Unknown,
        "data without complaints"
    );
}

#[test]
fn answers_to_surveys() {
    let answers = |points: &[f64]| -> Vec<Row> {
        points.iter().rev().enumerate().map(|(place, points)| (5.0 + 10.0 * place as f64, Kind::Survey, *points, "")).collect()
    };
    check(
        Sign::LowSatisfaction,
        &[
            ("a detractor", answers(&[6.0]), Raised, Some(6.0), None),
            ("not one", answers(&[6.5]), Clear, Some(6.5), None),
            ("2 below the own mean", answers(&[9.0, 10.0, 9.5, 7.5]), Raised, Some(7.5), Some(9.5)),
            ("1.5 below", answers(&[9.0, 10.0, 9.5, 8.0]), Clear, Some(8.0), Some(9.5)),
            ("an answer without a score", of(Kind::Survey, &[3.0]), Unknown, None, None),
            ("never asked", bought(&[(1.0, 1.0)]), Unknown, None, None),
        ],
    );
}

#[test]
fn returns_of_a_quarter_against_all_before() {
    let days = |counts: [u32; 4]| {
        let [bought, returned, bought_before, returned_before] = counts;
        let now = [spread(Kind::Purchase, bought, 90.0, 0.0), spread(Kind::Return, returned, 90.0, 0.0)].concat();
        let before = [spread(Kind::Purchase, bought_before, 600.0, 90.0), spread(Kind::Return, returned_before, 600.0, 90.0)].concat();
        [now, before, of(Kind::Visit, &[1.0])].concat()
    };
    check(
        Sign::ReturnsUp,
        &[
            ("1 of 4 after 1 of 5", days([3, 1, 4, 1]), Raised, Some(0.25), Some(0.2)),
            ("1 of 4 after 1 of 4", days([3, 1, 3, 1]), Clear, Some(0.25), Some(0.25)),
            ("only a return after purchases only", days([0, 1, 3, 0]), Raised, Some(1.0), Some(0.0)),
            ("none", days([3, 0, 3, 0]), Clear, Some(0.0), Some(0.0)),
            ("nothing before to go by", days([3, 1, 0, 0]), Unknown, Some(0.25), None),
            ("none, and nothing before", days([3, 0, 0, 0]), Clear, Some(0.0), None),
        ],
    );
    let since = |days: f64| kernel_of(&[(900.0, Kind::Purchase), (days, Kind::Return)]);
    assert_eq!(read_in(&mut since(80.0), Sign::ReturnsUp, &days([3, 1, 4, 1])).state, Unknown, "returns of 80 days");
    assert_eq!(
        read_in(&mut kernel_of(&[(900.0, Kind::Purchase)]), Sign::ReturnsUp, &days([3, 0, 3, 0])).state,
        Unknown,
        "data without returns"
    );
}

#[test]
fn carts_that_no_purchase_follows() {
    let carts = |now: &[f64], before: &[f64], purchases: &[f64]| {
        [of(Kind::CartAdd, now), of(Kind::CartAdd, before), of(Kind::Purchase, purchases), of(Kind::Visit, &[1.0])].concat()
    };
    let six = [40.0, 60.0, 80.0, 100.0, 120.0, 140.0];
    check(
        Sign::CartAbandonment,
        &[
            ("one, never before", carts(&[10.0], &[], &[300.0]), Raised, Some(1.0), Some(0.0)),
            ("a purchase after it", carts(&[10.0], &[], &[9.0]), Clear, Some(0.0), Some(0.0)),
            ("a purchase at the same instant", carts(&[10.0], &[], &[10.0]), Clear, Some(0.0), Some(0.0)),
            ("a purchase before it", carts(&[10.0], &[], &[11.0]), Raised, Some(1.0), Some(0.0)),
            ("one, as every month", carts(&[10.0], &six, &[]), Clear, Some(1.0), Some(1.0)),
            ("two, instead of one a month", carts(&[10.0, 20.0], &six, &[]), Raised, Some(2.0), Some(1.0)),
            ("earlier ones that were bought are no habit", carts(&[10.0], &[40.0], &[11.0]), Raised, Some(1.0), Some(0.0)),
            ("bought 30 days later is too late", carts(&[], &[60.0], &[30.0]), Clear, Some(0.0), Some(1.0 / 6.0)),
        ],
    );
    let since = |days: f64| kernel_of(&[(900.0, Kind::Purchase), (days, Kind::CartAdd)]);
    let state = |kernel: &mut Kernel, now: &[f64]| read_in(kernel, Sign::CartAbandonment, &carts(now, &[], &[])).state;
    assert_eq!(state(&mut since(100.0), &[10.0]), Unknown, "what is usual is not known");
    assert_eq!(state(&mut since(100.0), &[]), Clear, "none, whatever is usual");
    assert_eq!(state(&mut kernel_of(&[(900.0, Kind::Purchase)]), &[]), Unknown, "data without carts");
    assert_eq!(state(&mut kernel_of(&[(900.0, Kind::CartAdd)]), &[10.0]), Unknown, "data without purchases");
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
    assert_eq!(read(Sign::PurchaseRateDrop, &rows).state, Clear);
    let mut thresholds = Thresholds::default();
    thresholds.signs.purchase_rate_ratio = 0.7;
    let facts = SignFacts { purchases_90d: Some(Compared { now: 2, before: 3 }), ..SignFacts::default() };
    let snapshot = thresholds.judge(None, Some(&facts));
    assert_eq!(snapshot[Sign::PurchaseRateDrop as usize].state, Raised);
    assert_eq!(SignStates::of(&snapshot).count(), 1);
}
