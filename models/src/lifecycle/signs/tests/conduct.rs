//! Signs of messages, service, returns and carts.

use super::*;

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
