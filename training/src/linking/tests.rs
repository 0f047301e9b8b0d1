//! People made by hand, and many of them.

use super::*;

fn row(id: &str, phone: &str, email: &str, open_id: &str, name: &str) -> Row {
    Row {
        id: id.to_owned(),
        phone: super::phone(phone, "49"),
        email: super::email(email),
        open_id: super::open_id(open_id),
        name: super::name(name),
    }
}

fn linked(rows: &[Row]) -> Vec<(String, String, String, bool)> {
    let links = link(rows.to_vec(), 0.9, 2).links;
    links.into_iter().map(|link| (link.alias, link.customer, link.reason, link.accepted)).collect()
}

fn told(rows: &[(&str, &str, &str, bool)]) -> Vec<(String, String, String, bool)> {
    rows.iter()
        .map(|(alias, customer, reason, accepted)| ((*alias).to_owned(), (*customer).to_owned(), (*reason).to_owned(), *accepted))
        .collect()
}

#[test]
fn each_evidence_has_its_confidence() {
    let pair = |one: Row, other: Row| {
        let all = link(vec![one, other], 0.9, 1).links;
        all.first().map(|link| ((link.confidence * 1e4).round() / 1e4, link.accepted))
    };
    let cases = [
        ("open id", row("1", "", "", "oX1", ""), row("2", "", "", "oX1", ""), Some((0.99, true))),
        ("open ids differ by case", row("1", "", "", "oX1", ""), row("2", "", "", "ox1", ""), None),
        ("e-mail", row("1", "", "A@b.de", "", ""), row("2", "", " a@B.de", "", ""), Some((0.97, true))),
        ("phone", row("1", "030 1234567", "", "", ""), row("2", "+49 30 1234567", "", "", ""), Some((0.95, true))),
        ("both", row("1", "030 1234567", "a@b.de", "", ""), row("2", "030 1234567", "a@b.de", "", ""), Some((0.9985, true))),
        ("family", row("1", "030 1234567", "", "", "Ann Meier"), row("2", "030 1234567", "", "", "Zoltan Kis"), Some((0.7125, false))),
        (
            "end of the phone",
            row("1", "030 1234567", "", "", "Ann Meier"),
            row("2", "040 1234567", "", "", "Meier, Ann"),
            Some((0.95, true)),
        ),
        ("end of the phone alone", row("1", "030 1234567", "", "", "Ann Meier"), row("2", "040 1234567", "", "", "Zoltan Kis"), None),
        (
            "before the @",
            row("1", "", "ann.meier@b.de", "", "Ann Meier"),
            row("2", "", "annmeier@c.de", "", "Ann Meier"),
            Some((0.8, false)),
        ),
        ("name", row("1", "", "", "", "Ann Meier"), row("2", "", "", "", "ann  MEIER"), Some((0.6, false))),
        ("other names", row("1", "", "", "", "Ann Meier"), row("2", "", "", "", "Annika Meindl"), None),
    ];
    for (what, one, other, expected) in cases {
        assert_eq!(pair(one, other), expected, "{what}");
    }
}

#[test]
fn chains_are_one_customer_by_the_least_id() {
    let rows = [
        row("100", "030 1234567", "", "", ""),
        row("9", "", "", "o1", ""),
        row("20", "030 1234567", "x@y.de", "", ""),
        row("20", "", "", "o1", ""),
        row("7", "", "other@y.de", "", ""),
    ];
    let expected = told(&[("20", "9", "same open id", true), ("100", "9", "same phone; by way of 1 other", true)]);
    assert_eq!(linked(&rows), expected);
    let mut turned = rows.to_vec();
    turned.reverse();
    assert_eq!(linked(&turned), expected, "the order of the rows is nothing");
    assert_eq!(link(rows.to_vec(), 0.9, 1).largest, 3);
}

#[test]
fn what_is_below_the_threshold_joins_nobody() {
    let rows = [row("1", "", "a@b.de", "", "Ann Meier"), row("2", "", "a@b.de", "", ""), row("3", "", "", "", "Ann Meir")];
    assert_eq!(linked(&rows)[1..], told(&[("3", "1", "names 0.98 alike", false)]));
    let strict = link(rows.to_vec(), 0.98, 1).links;
    assert!(strict.iter().all(|link| !link.accepted) && strict.len() == 2, "{strict:?}");
    let lax = link(rows.to_vec(), 0.5, 1).links;
    assert!(lax.iter().all(|link| link.accepted && link.customer == "1") && lax.len() == 2, "{lax:?}");
}

#[test]
fn a_key_that_all_share_and_a_name_that_all_bear_link_nobody() {
    let rows: Vec<Row> = (0..150).map(|id| row(&id.to_string(), "0800 1234567", "", "", "Li Wei")).collect();
    let linked = link(rows, 0.9, 2);
    assert!(linked.links.is_empty());
    assert_eq!(linked.crowded["phone"], Crowd { count: 1, largest: 150 });
    assert_eq!(linked.crowded["begin of name"], Crowd { count: 1, largest: 150 });
    let few: Vec<Row> = (0..60).map(|id| row(&id.to_string(), "", "", "", "Li Wei")).collect();
    let proposed = link(few, 0.9, 2).links;
    assert!(proposed.len() <= 60 * MOST_PROPOSED / 2 && !proposed.is_empty(), "{}", proposed.len());
}

#[test]
fn a_number_that_many_share_is_followed_by_no_part_of_it() {
    // More than share a key, fewer than make a block too large.
    let rows: Vec<Row> = (0..40).map(|id| row(&id.to_string(), "0800 1234567", "shop@b.de", "", ["Ann Meier", "Bo Li"][id % 2])).collect();
    let linked = link(rows, 0.9, 2);
    assert_eq!((linked.crowded["phone"].largest, linked.crowded["e-mail"].largest), (40, 40));
    let accepted: Vec<_> = linked.links.iter().filter(|link| link.accepted || link.reason.contains("same")).collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn a_row_for_each_order_says_no_more_than_one() {
    let once = [row("1", "", "", "o1", "Ann Meier"), row("2", "", "", "o1", "Ann Meyer")];
    // Every row of the one against every row of the other would take minutes.
    let often: Vec<Row> = (0..40_000).map(|at| once[at % 2].clone()).collect();
    assert_eq!(linked(&often), linked(&once));
}

#[test]
fn nobody_is_nothing() {
    let nothing = link(Vec::new(), 0.9, 4);
    assert_eq!((nothing.links.len(), nothing.customers, nothing.largest), (0, 0, 0));
}

#[test]
fn threads_change_nothing() {
    let rows: Vec<Row> = (0..2_000)
        .map(|n| {
            let name = ["Ann Meier", "Anne Meyer", "Bo Li", "Cem Kaya", "Dan Ek"][n % 5];
            row(&n.to_string(), &format!("030 {:07}", n / 2), &format!("user{}@x.de", n / 3), "", &format!("{name} {}", n % 97))
        })
        .collect();
    let one = link(rows.clone(), 0.9, 1);
    assert_eq!(link(rows, 0.9, 3), one);
    assert!(one.links.iter().any(|link| link.accepted) && one.links.iter().any(|link| !link.accepted));
}
