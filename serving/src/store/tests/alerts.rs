//! Alerts as they are kept.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_models::lifecycle::{Input, Unmoved};

use super::*;

fn news(input: Input, token: &str) -> News {
    News { input, token: token.to_owned(), actor: "crm".to_owned(), reason: None }
}

fn all(store: &Store, now: Timestamp) -> Vec<Alert> {
    store.alerts(&AlertFilter { limit: 100_000, ..AlertFilter::default() }, now, &SETTINGS).unwrap().alerts
}

fn hours(hours: i64) -> Timestamp {
    Timestamp(START.0 + hours * 3_600_000_000)
}

#[test]
fn an_alert_opens_is_contacted_and_ends_with_a_purchase() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.9), Row::new("b", 0.2)]).unwrap();
        let opened = all(&store, days(0));
        let [alert] = &opened[..] else { panic!("{opened:?}") };
        assert_eq!((alert.state.as_str(), alert.due_at, alert.warnings.clone()), ("open", hours(72), vec!["turned_red".to_owned()]));
        assert_eq!((alert.at_stake, alert.reasons.len()), (90.0, 1));
        let contact = news(Input::Contact(hours(5)), "call-1");
        let taken = store.take(&alert.alert_id, std::slice::from_ref(&contact), hours(6), &SETTINGS).unwrap();
        assert_eq!((taken.alert.state.as_str(), taken.alert.contacted_at, taken.changed), ("contacted", Some(hours(5)), true));
        let again = store.take(&alert.alert_id, &[contact], hours(9), &SETTINGS).unwrap();
        assert_eq!((again.alert, again.changed), (taken.alert, false), "the same token is the same news");
        assert_eq!((taken.unmoved, again.unmoved), (None, Some(Unmoved::AlreadyTold)));
        let early = store.take(&alert.alert_id, &[news(Input::Purchase(hours(-1)), "order-0")], hours(9), &SETTINGS).unwrap();
        assert_eq!((early.changed, early.unmoved), (false, Some(Unmoved::BeforeScoring)));
        let other = store.take(&alert.alert_id, &[news(Input::Contact(hours(7)), "call-2")], hours(9), &SETTINGS).unwrap();
        assert_eq!((other.alert.contacted_at, other.changed), (Some(hours(5)), false), "the first contact counts");
        assert_eq!(other.unmoved, Some(Unmoved::AlreadyContacted));
        let bought = store.take(&alert.alert_id, &[news(Input::Purchase(hours(8)), "order-1")], hours(9), &SETTINGS).unwrap().alert;
        let end = (bought.state.as_str(), bought.because.as_deref(), bought.with_contact, bought.ended_at);
        assert_eq!(end, ("recovered", Some("purchase"), Some(true), Some(hours(8))), "when it took place, not when it was told");
        let late = store.take(&alert.alert_id, &[news(Input::Purchase(hours(9)), "order-2")], hours(9), &SETTINGS).unwrap();
        assert_eq!((late.changed, late.unmoved), (false, Some(Unmoved::Ended)));
        let (_, log) = store.alert(&alert.alert_id, hours(9), &SETTINGS).unwrap().unwrap();
        assert_eq!(log.iter().map(|entry| entry.deed.as_str()).collect::<Vec<_>>(), ["opened", "contacted", "recovered"]);
        assert!(matches!(store.take("none", &[], hours(9), &SETTINGS), Err(StoreError::NoAlert)));
        assert_eq!(store.out_of_step().unwrap(), [""; 0]);
    }
}

#[test]
fn what_time_does_is_exact_whenever_somebody_looks() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.9)]).unwrap();
        let second = |at: Timestamp, more: i64| Timestamp(at.0 + more * 1_000_000);
        assert_eq!(all(&store, second(hours(72), -1))[0].state, "open");
        let late = &all(&store, hours(500))[0];
        assert_eq!((late.state.as_str(), late.ended_at), ("expired", Some(hours(72))));
        let refused = store.take(&late.alert_id, &[news(Input::Contact(hours(71)), "late")], hours(500), &SETTINGS);
        assert!(matches!(refused, Err(StoreError::Ended("expired"))), "{refused:?}");
        // The cooldown keeps another from opening, to the second.
        let bands = |day: Timestamp, name: &str| publish(&store, name, day, &[Row::new("a", 0.9)]).unwrap().opened;
        publish(&store, "calm", second(hours(72 + 720), -2), &[Row::new("a", 0.2)]).unwrap();
        assert_eq!(bands(second(hours(72 + 720), -1), "too-early"), 0);
        publish(&store, "calm-2", second(hours(72 + 720), 0), &[Row::new("a", 0.2)]).unwrap();
        assert_eq!(bands(second(hours(72 + 720), 0), "in-time"), 1);
    }
}

#[test]
fn a_publication_ends_alerts_by_purchase_and_by_calm() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.9), Row::new("b", 0.9), Row::new("c", 0.9)]).unwrap();
        let bought = Row { bought: hours(10), ..Row::new("a", 0.9) };
        let second = publish(&store, "two", days(1), &[bought, Row::new("b", 0.1), Row::new("c", 0.9)]).unwrap();
        assert_eq!((second.opened, second.bought, second.cleared), (0, 1, 0));
        let third = publish(&store, "three", days(2), &[Row::new("a", 0.1), Row::new("b", 0.1), Row::new("c", 0.6)]).unwrap();
        assert_eq!((third.bought, third.cleared), (0, 1));
        let states: BTreeMap<String, String> = all(&store, days(2)).into_iter().map(|alert| (alert.customer_id, alert.state)).collect();
        let expected = [("a", "recovered"), ("b", "recovered"), ("c", "open")];
        assert_eq!(states, expected.map(|(id, state)| (id.to_owned(), state.to_owned())).into());
        assert_eq!(store.out_of_step().unwrap(), [""; 0]);
    }
}

#[test]
fn two_servers_open_one_alert_and_take_one_contact() {
    for place in places() {
        let rows: Vec<Row> = (0..40).map(|at| Row::new(&format!("c{at}"), 0.9)).collect();
        // SQLite makes writers wait in turn; so does the lock on the server.
        let stores = [place.open(), place.open()];
        let contacted: Vec<bool> = std::thread::scope(|scope| {
            let runs: Vec<_> =
                stores.iter().zip(["one", "two"]).map(|(store, name)| scope.spawn(|| publish(store, name, days(0), &rows))).collect();
            for run in runs {
                run.join().unwrap().unwrap();
            }
            let id = all(&stores[0], days(0))[0].alert_id.clone();
            let calls: Vec<_> = stores
                .iter()
                .zip(["left", "right"])
                .map(|(store, token)| {
                    let id = id.clone();
                    scope.spawn(move || store.take(&id, &[news(Input::Contact(days(0)), token)], days(0), &SETTINGS).unwrap().changed)
                })
                .collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert_eq!(contacted.iter().filter(|ok| **ok).count(), 1, "one of two is told that it came second");
        let alerts = all(&stores[1], days(0));
        let customers: BTreeSet<&str> = alerts.iter().map(|alert| alert.customer_id.as_str()).collect();
        assert_eq!((alerts.len(), customers.len()), (40, 40));
        assert_eq!(stores[0].out_of_step().unwrap(), [""; 0]);
    }
}

#[test]
fn rules_that_become_longer_hold_for_alerts_that_are_open() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.9)]).unwrap();
        let longer = AlertSettings { window_hours: 96, ..SETTINGS };
        let filter = AlertFilter { limit: 9, ..AlertFilter::default() };
        let alert = store.alerts(&filter, hours(75), &longer).unwrap().alerts.remove(0);
        assert_eq!((alert.state.as_str(), alert.due_at), ("open", hours(96)));
        let late = store.alerts(&filter, hours(97), &longer).unwrap().alerts.remove(0);
        assert_eq!((late.state.as_str(), late.ended_at), ("expired", Some(hours(96))));
    }
}

#[test]
fn a_name_that_comes_again_opens_alerts_again() {
    for place in places() {
        let store = place.open();
        for (week, name) in (0..).zip(["mon", "tue", "wed", "thu", "mon"]) {
            let risk = if name == "mon" { 0.9 } else { 0.1 };
            let outcome = publish(&store, name, days(20 * week), &[Row::new("a", risk)]).unwrap();
            assert_eq!((outcome.already, outcome.opened), (false, i64::from(name == "mon")), "{week}");
        }
        assert_eq!(store.out_of_step().unwrap(), [""; 0]);
    }
}
