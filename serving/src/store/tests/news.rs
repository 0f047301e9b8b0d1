//! What is told late, what the cooldown holds back, and what is told twice.

use std::collections::BTreeMap;

use lapwing_models::lifecycle::Input;

use super::*;

fn hours(hours: i64) -> Timestamp {
    Timestamp(START.0 + hours * 3_600_000_000)
}

fn told(customer_id: &str, at: Timestamp, what: Happening) -> Happened {
    Happened { customer_id: customer_id.to_owned(), at, what }
}

fn alerts(store: &Store, now: Timestamp) -> Vec<Alert> {
    store.alerts(&AlertFilter { limit: 1_000, ..AlertFilter::default() }, now, &SETTINGS).unwrap().alerts
}

/// By customer: how the alert stands, since when if it ended, and whether contact came first.
fn ends(store: &Store, now: Timestamp) -> BTreeMap<String, (String, Option<Timestamp>, Option<bool>)> {
    alerts(store, now).into_iter().map(|alert| (alert.customer_id, (alert.state, alert.ended_at, alert.with_contact))).collect()
}

#[test]
fn what_events_tell_after_the_deadline_counts_by_its_own_time() {
    for place in places() {
        let store = place.open();
        let rows = ["a", "b", "c", "d", "e", "f", "g"].map(|id| Row::new(id, 0.9));
        publish(&store, "one", days(0), &rows).unwrap();
        assert_eq!(store.awaited().unwrap().len(), 7);
        let sum = Happening::Purchase(Some(30.0));
        let file = [
            told("a", hours(70), Happening::Contact),
            told("b", hours(72), Happening::Contact),
            told("c", hours(-1), Happening::Contact),
            told("d", hours(71), sum),
            told("e", hours(20), sum),
            told("e", hours(10), Happening::Contact),
            told("f", hours(73), sum),
            told("a", hours(90), Happening::Purchase(None)),
            told("nobody", hours(1), Happening::Contact),
        ];
        let mut rows = rows.to_vec();
        // The run itself tells of the last purchase only.
        rows[6].bought = hours(50);
        let second = publish_with(&store, "two", hours(80), &rows, &file).unwrap();
        assert_eq!((second.contacted, second.bought, second.opened), (2, 3, 0));
        let expected = [
            ("a", "contacted", None, None),
            ("b", "expired", Some(72), None),
            ("c", "expired", Some(72), None),
            ("d", "recovered", Some(71), Some(false)),
            ("e", "recovered", Some(20), Some(true)),
            ("f", "expired", Some(72), None),
            ("g", "recovered", Some(50), Some(false)),
        ];
        let expected: BTreeMap<_, _> =
            expected.map(|(id, state, ended, contact)| (id.to_owned(), (state.to_owned(), ended.map(hours), contact))).into();
        assert_eq!(ends(&store, hours(80)), expected);
        let of_e = alerts(&store, hours(80)).into_iter().find(|alert| alert.customer_id == "e").unwrap();
        let (_, log) = store.alert(&of_e.alert_id, hours(80), &SETTINGS).unwrap().unwrap();
        let log: Vec<_> = log.iter().map(|entry| (entry.deed.as_str(), entry.at, entry.recorded_at)).collect();
        let expected = [("opened", hours(0), hours(0)), ("contacted", hours(10), hours(80)), ("recovered", hours(20), hours(80))];
        assert_eq!(log, expected, "when it took place, and when it became known");
        // The same again, and with the next run: nothing changes but what was not there yet.
        assert!(publish_with(&store, "two", hours(81), &rows, &file).unwrap().already);
        let third = publish_with(&store, "three", hours(95), &rows, &file).unwrap();
        assert_eq!((third.contacted, third.bought), (0, 1), "the purchase of `a` had not taken place before");
        assert_eq!(ends(&store, hours(95))["a"], ("recovered".to_owned(), Some(hours(90)), Some(true)));
        assert_eq!(store.out_of_step().unwrap(), [""; 0]);
    }
}

#[test]
fn an_end_that_is_written_stays() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.9)]).unwrap();
        assert_eq!(store.expire(hours(73), &SETTINGS).unwrap(), 1, "somebody looked before the file came");
        let file = [told("a", hours(70), Happening::Contact)];
        assert_eq!(publish_with(&store, "two", hours(80), &[Row::new("a", 0.9)], &file).unwrap().contacted, 0);
        assert_eq!(ends(&store, hours(80))["a"].0, "expired");
        assert_eq!(store.out_of_step().unwrap(), [""; 0]);
    }
}

#[test]
fn events_tell_campaigns_of_purchases_with_their_amounts() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.2), Row::new("b", 0.2)]).unwrap();
        let exposed = |id: &str, held_out| Exposure { customer_id: id.to_owned(), at: days(1), held_out, contacted: true, action: None };
        store.expose("winback", &[exposed("a", false), exposed("b", true)]).unwrap();
        // A run knows that `a` bought on the third day, and events for how much, and what else.
        let rows = [Row { bought: days(3), ..Row::new("a", 0.2) }, Row::new("b", 0.2)];
        publish(&store, "two", days(4), &rows).unwrap();
        let bought = |id, at, amount| told(id, at, Happening::Purchase(amount));
        let file = [
            bought("a", days(3), Some(20.0)),
            bought("a", days(2), Some(5.0)),
            bought("a", days(0), Some(1_000.0)),
            bought("b", days(2), None),
            bought("b", days(9), Some(1_000.0)),
        ];
        for (name, day) in [("three", 5), ("four", 6)] {
            publish_with(&store, name, days(day), &rows, &file).unwrap();
            let found = store.campaign("winback", 30, days(40)).unwrap().observed;
            let told: Vec<_> = found.iter().map(|one| (one.observation.purchased, one.observation.spend)).collect();
            assert_eq!(told, [(true, Some(25.0)), (true, None)], "{name}");
        }
    }
}

#[test]
fn a_warning_in_the_cooldown_opens_an_alert_after_it() {
    for place in places() {
        let store = place.open();
        let day = |name: &str, at: i64, a: f64, b: f64| {
            publish(&store, name, days(at), &[Row::new("a", a), Row::new("b", b), Row::new("c", 0.9)]).unwrap().opened
        };
        assert_eq!(day("first", 0, 0.9, 0.9), 3);
        // All three run out on the third day, and may be warned of again from the thirty-third on.
        assert_eq!(day("calm", 5, 0.2, 0.2), 0);
        assert_eq!(day("red again", 10, 0.9, 0.9), 0);
        assert_eq!(day("one of them calm", 20, 0.9, 0.2), 0);
        assert_eq!(day("the last day", 32, 0.9, 0.2), 0);
        assert_eq!(day("after it", 33, 0.9, 0.2), 1);
        let opened: Vec<_> = alerts(&store, days(33)).into_iter().filter(|alert| alert.state == "open").collect();
        let [alert] = &opened[..] else { panic!("{opened:?}") };
        assert_eq!((alert.customer_id.as_str(), alert.run_id.as_str(), alert.opened_at), ("a", "after it", days(33)));
        assert_eq!(alert.warnings, ["turned_red", "risk_rose"], "of `c` there is nothing new: it was red all the time");
        assert_eq!(day("again", 34, 0.9, 0.2), 0);
        assert_eq!(store.out_of_step().unwrap(), [""; 0]);
        // Who is forgotten is held back nowhere.
        day("expired", 40, 0.2, 0.2);
        day("held back", 50, 0.9, 0.2);
        let held = || {
            store.database.read(|tx| database::all(tx, "SELECT customer_id FROM held_warnings", &[], |mut row| row.some_text(0))).unwrap()
        };
        assert_eq!(held(), ["a"]);
        store.forget("a", days(50)).unwrap();
        assert_eq!(held(), [""; 0]);
    }
}

#[test]
fn a_key_that_comes_with_something_else_is_refused_and_nothing_is_taken() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.9), Row::new("b", 0.9)]).unwrap();
        let ids: Vec<String> = alerts(&store, days(0)).into_iter().map(|alert| alert.alert_id).collect();
        let news = |input| News { input, token: "key".to_owned(), actor: "crm".to_owned(), reason: None };
        let once = |digest: &str| Once { key: "key".to_owned(), digest: digest.to_owned() };
        let take = |id: &str, input, digest: &str| store.take_once(id, &[news(input)], Some(&once(digest)), hours(9), &SETTINGS);
        let (contact, bought) = (Input::Contact(hours(5)), Input::Purchase(hours(6)));
        let first = take(&ids[0], contact, "one").unwrap();
        assert!(first.changed);
        store.take(&ids[0], &[News { token: "bought".to_owned(), ..news(bought) }], hours(9), &SETTINGS).unwrap();
        assert_eq!(take(&ids[0], contact, "one").unwrap(), first, "a retry is told what the first was, whatever came since");
        assert!(matches!(take(&ids[0], bought, "two"), Err(StoreError::KeyReused)));
        let (alert, log) = store.alert(&ids[0], hours(9), &SETTINGS).unwrap().unwrap();
        assert_eq!(alert.state, "recovered");
        let times: Vec<_> = log.iter().map(|entry| (entry.at, entry.recorded_at)).collect();
        assert_eq!(times, [(days(0), days(0)), (hours(5), hours(9)), (hours(6), hours(9))], "each by its own time");
        assert!(take(&ids[1], bought, "two").unwrap().changed, "another alert, other keys");
        // What changed nothing holds its key too.
        let late = || {
            store.take_once(&ids[1], &[news(bought)], Some(&Once { key: "late".to_owned(), digest: "x".to_owned() }), hours(9), &SETTINGS)
        };
        assert!(!late().unwrap().changed && !late().unwrap().changed);
        // An older build kept no answers.
        store.database.write(|tx| tx.run("UPDATE idempotency_keys SET answer = NULL")).unwrap();
        assert!(!take(&ids[1], bought, "two").unwrap().changed);
        let other = Once { key: "late".to_owned(), digest: "y".to_owned() };
        assert!(matches!(store.take_once(&ids[1], &[], Some(&other), hours(9), &SETTINGS), Err(StoreError::KeyReused)));
        assert_eq!(store.out_of_step().unwrap(), [""; 0]);
        store.forget("a", hours(9)).unwrap();
        store.forget("b", hours(9)).unwrap();
        let left = store.database.read(|tx| database::all(tx, "SELECT name FROM idempotency_keys", &[], |mut row| row.some_text(0)));
        assert_eq!(left.unwrap(), [""; 0]);
    }
}
