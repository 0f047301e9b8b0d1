//! Runs, pages, the summary, and what is forgotten.

use super::*;

fn ids(page: &CustomerPage) -> Vec<&str> {
    page.customers.iter().map(|customer| customer.text("customer_id").unwrap()).collect()
}

#[test]
fn a_run_takes_the_place_of_the_one_before_and_twice_is_once() {
    for place in places() {
        let store = place.open();
        assert_eq!(store.customer("a", None).unwrap(), None, "nothing is published");
        assert_eq!(store.summary(START, &SETTINGS).unwrap(), None);
        let first = publish(&store, "one", days(0), &[Row::new("a", 0.2), Row::new("b", 0.9)]).unwrap();
        assert_eq!((first.customers, first.opened, first.already), (2, 1, false));
        let again = publish(&store, "one", days(9), &[]).unwrap();
        assert_eq!(again, Outcome { already: true, ..first });
        assert_eq!(store.customer("a", None).unwrap().unwrap().number("churn_probability"), Some(0.2));
        publish(&store, "two", days(1), &[Row::new("a", 0.3)]).unwrap();
        let customer = store.customer("a", None).unwrap().unwrap();
        assert_eq!((customer.run_id.as_str(), customer.number("churn_probability")), ("two", Some(0.3)));
        assert_eq!(customer.number("rfm_r"), Some(3.0));
        assert_eq!(store.customer("b", None).unwrap(), None, "the run has no such customer");
        let other = store.load(RunHead { digest: "x".to_owned(), ..head("two", days(1)) }, days(1));
        assert!(matches!(other, Err(StoreError::OtherRun(_))), "{other:?}");
        assert!(matches!(publish(&store, "old", days(-1), &[]), Err(StoreError::Older { .. })));
        // A second process finds what the first left.
        assert_eq!(place.open().customer("a", None).unwrap().unwrap(), customer);
    }
}

#[test]
fn a_mark_differs_once_another_process_publishes_or_forgets_and_stays_otherwise() {
    for place in places() {
        let (store, other) = (place.open(), place.open());
        let Some(mut lookout) = store.lookout().unwrap() else { continue };
        let mut seen = vec![lookout.mark().unwrap()];
        publish(&other, "one", days(0), &[Row::new("a", 0.2), Row::new("b", 0.9)]).unwrap();
        seen.push(lookout.mark().unwrap());
        let loading = other.load(head("two", days(1)), days(1)).unwrap().unwrap();
        assert_eq!(lookout.mark().unwrap(), seen[1], "of what is not published nobody knows");
        loading.give_up().unwrap();
        assert_eq!(store.customer("b", None).unwrap().unwrap().run_id, "one");
        publish(&store, "two", days(1), &[Row::new("a", 0.3), Row::new("b", 0.9)]).unwrap();
        seen.push(lookout.mark().unwrap());
        other.forget("b", days(1)).unwrap();
        seen.push(lookout.mark().unwrap());
        assert!(seen.iter().enumerate().all(|(at, mark)| !seen[..at].contains(mark)), "{seen:?}");
        assert_eq!(lookout.mark().unwrap(), seen[3]);
        assert_eq!(store.customer("b", None).unwrap(), None);
        assert_eq!(store.customer("a", None).unwrap().unwrap().run_id, "two");
    }
}

#[test]
fn a_run_that_is_gone_is_not_read_on() {
    for place in places() {
        let (store, other) = (place.open(), place.open());
        publish(&store, "run0", days(0), &[Row::new("a", 0.1)]).unwrap();
        assert_eq!(store.customer("a", None).unwrap().unwrap().run_id, "run0");
        for at in 1..6 {
            publish(&other, &format!("run{at}"), days(at), &[Row::new("a", 0.1)]).unwrap();
        }
        assert_eq!(store.customer("a", None).unwrap().unwrap().run_id, "run5");
    }
}

#[test]
fn a_customer_who_is_there_twice_is_refused_and_nothing_is_left() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.2)]).unwrap();
        let twice = publish(&store, "two", days(1), &[Row::new("a", 0.3), Row::new("a", 0.4)]);
        assert!(matches!(&twice, Err(StoreError::Scores { why, .. }) if why.contains("twice")), "{twice:?}");
        assert_eq!(store.customer("a", None).unwrap().unwrap().run_id, "one");
        let given_up = store.load(head("two", days(1)), days(1)).unwrap().unwrap();
        given_up.give_up().unwrap();
        assert_eq!(publish(&store, "two", days(1), &[Row::new("a", 0.3)]).unwrap().customers, 1);
    }
}

#[test]
fn of_two_who_publish_the_same_one_does() {
    for place in places() {
        let (one, two) = (place.open(), place.open());
        let rows = [Row::new("a", 0.9), Row::new("b", 0.9)];
        let mut loading = one.load(head("run", days(0)), days(0)).unwrap().unwrap();
        loading.add(rows.iter().map(Row::cells).collect()).unwrap();
        let theirs = publish(&two, "run", days(0), &rows).unwrap();
        let ours = loading.publish(days(0), &SETTINGS, 3).unwrap();
        assert_eq!((ours, theirs.opened), (Outcome { already: true, ..theirs.clone() }, 2));
        let all = AlertFilter { limit: 9, ..AlertFilter::default() };
        assert_eq!(one.alerts(&all, days(0), &SETTINGS).unwrap().alerts.len(), 2);
    }
}

#[test]
fn pages_hold_everybody_once_in_order_and_of_one_run() {
    for place in places() {
        let store = place.open();
        let rows: Vec<Row> = (0..57).map(|at| Row::new(&format!("c{:02}", at * 7 % 57), f64::from(at % 5) / 10.0)).collect();
        publish(&store, "one", days(0), &rows).unwrap();
        for sort in [Sort::Id, Sort::By("churn_probability"), Sort::By("reactivation_probability")] {
            let mut filter = CustomerFilter { sort, limit: 10, ..CustomerFilter::default() };
            let mut seen: Vec<(f64, String)> = Vec::new();
            loop {
                let page = store.customers(&filter, None).unwrap();
                let risk = |customer: &Customer| customer.number("churn_probability").unwrap();
                seen.extend(page.customers.iter().map(|customer| (risk(customer), customer.text("customer_id").unwrap().to_owned())));
                // What is published meanwhile changes no page of a run that was begun.
                let name = format!("{}-{}", sort.name(), seen.len());
                if seen.len() == 20 {
                    publish(&store, &name, days(1), &rows[..3]).unwrap();
                }
                match page.next {
                    Some(next) => filter.after = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen.len(), 57, "{sort:?}");
            let by_id = |pair: &[(f64, String)]| pair[0].1 < pair[1].1;
            let by_risk = |pair: &[(f64, String)]| pair[0].0 > pair[1].0 || (pair[0].0 == pair[1].0 && by_id(pair));
            let ordered = seen.windows(2).all(|pair| if sort == Sort::By("churn_probability") { by_risk(pair) } else { by_id(pair) });
            assert!(ordered, "{sort:?}: {seen:?}");
            publish(&store, &format!("again-{}", sort.name()), days(1), &rows).unwrap();
        }
        let green = CustomerFilter {
            equal: vec![("risk_band", "green".into()), ("stage", "active".into())],
            limit: 99,
            ..CustomerFilter::default()
        };
        assert_eq!(store.customers(&green, None).unwrap().customers.len(), 57);
        let red = CustomerFilter { equal: vec![("risk_band", "red' OR 1 = 1 --".into())], limit: 99, ..CustomerFilter::default() };
        assert_eq!(ids(&store.customers(&red, None).unwrap()), [""; 0]);
    }
}

#[test]
fn only_the_last_runs_are_kept() {
    for place in places() {
        let store = place.open();
        for day in 0..5 {
            publish(&store, &format!("run-{day}"), days(day), &[Row::new("a", 0.2)]).unwrap();
        }
        let kept = store.database.read(|tx| publish::Published::all(tx)).unwrap();
        assert_eq!(kept.iter().map(|run| run.head.run_id.as_str()).collect::<Vec<_>>(), ["run-4", "run-3", "run-2"]);
        let gone = store.database.read(|tx| database::first(tx, "SELECT COUNT(*) FROM run_1", &[]));
        assert!(gone.is_err(), "its table is gone too");
    }
}

#[test]
fn the_summary_counts_stages_bands_moves_and_alerts() {
    for place in places() {
        let store = place.open();
        let moved = |stage: &'static str, risk| Row { stage, ..Row::new("b", risk) };
        publish(&store, "one", days(0), &[Row::new("a", 0.9), moved("active", 0.2)]).unwrap();
        publish(&store, "two", days(1), &[Row::new("a", 0.9), moved("slipping", 0.6), Row::new("c", 0.1)]).unwrap();
        let summary = store.summary(days(1), &SETTINGS).unwrap().unwrap();
        assert_eq!((summary.run.run_id.as_str(), summary.run.customers), ("two", 3));
        let groups: Vec<_> = summary.groups.iter().map(|group| (group.stage.as_str(), group.risk_band.as_str(), group.customers)).collect();
        assert_eq!(groups, [("active", "green", 1), ("active", "red", 1), ("slipping", "yellow", 1)]);
        assert_eq!((summary.groups[1].clv_365d, summary.groups[1].at_stake), (100.0, 90.0));
        let moves: Vec<_> = summary.moves.iter().map(|moved| (moved.before.as_str(), moved.after.as_str(), moved.customers)).collect();
        assert_eq!(moves, [("", "active", 1), ("active", "active", 1), ("active", "slipping", 1)]);
        assert_eq!(summary.alerts, [("open".to_owned(), 2)].into(), "`b` rose by 0.4");
        let of = |warning: &str| summary.alerts_by_warning.iter().find(|(name, ..)| name == warning).map(|(_, _, count)| *count);
        assert_eq!((of("turned_red"), of("risk_rose"), of("new_signs")), (Some(1), Some(1), None));
    }
}

#[test]
fn who_is_forgotten_is_nowhere_and_does_not_come_back() {
    for place in places() {
        let store = place.open();
        let rows = [Row::new("secret-customer", 0.9), Row::new("b", 0.9)];
        publish(&store, "one", days(0), &rows).unwrap();
        publish(&store, "two", days(1), &rows).unwrap();
        let erased = store.forget("secret-customer", days(1)).unwrap();
        assert_eq!(erased, Erased { scores: 2, histories: 0, alerts: 1, alert_log: 1, campaigns: 0, purchases: 0, messages: 0 });
        assert_eq!(store.customer("secret-customer", None).unwrap(), None);
        let third = publish(&store, "three", days(2), &rows).unwrap();
        assert_eq!((third.customers, third.forgotten), (1, 1));
        assert_eq!(store.forget("secret-customer", days(3)).unwrap(), Erased::default(), "a second time there is nothing");
        assert_eq!(store.alerts(&AlertFilter { limit: 9, ..AlertFilter::default() }, days(1), &SETTINGS).unwrap().alerts.len(), 1);
        if let StoreUrl::Sqlite(path) = &place.url {
            drop(store);
            let name = path.file_name().unwrap().to_str().unwrap();
            for file in [path.clone(), path.with_file_name(format!("{name}-wal"))] {
                let bytes = std::fs::read(&file).unwrap_or_default();
                assert!(!bytes.windows(15).any(|part| part == b"secret-customer"), "{} holds it", file.display());
            }
        }
    }
}

#[test]
fn a_store_of_a_newer_build_and_one_that_is_none_are_refused() {
    let place = Place::file();
    drop(place.open());
    let StoreUrl::Sqlite(path) = &place.url else { panic!("a file") };
    rusqlite::Connection::open(path).unwrap().execute_batch("INSERT INTO lapwing_schema VALUES (999)").unwrap();
    assert!(matches!(Store::open(&place.url), Err(StoreError::Newer { found: 999, .. })));
    std::fs::write(path, "no database, but long enough to be taken for one").unwrap();
    let error = Store::open(&place.url).unwrap_err();
    assert!(error.to_string().contains("\nhint: "), "{error}");
    let folder = Store::open(&StoreUrl::Sqlite("/no/such/folder/lapwing.db".into())).unwrap_err();
    assert!(matches!(folder, StoreError::Unopened { .. }), "{folder}");
    // A port that was had a moment ago, and on which nobody listens any more.
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let nobody =
        Store::open(&StoreUrl::Postgres(format!("postgres://lapwing:secret@127.0.0.1:{nobody}/none?connect_timeout=1"))).unwrap_err();
    assert!(matches!(nobody, StoreError::Unopened { .. }) && !nobody.to_string().contains("secret"), "{nobody}");
    assert!(matches!(Store::open(&StoreUrl::Postgres("postgres://host:port:x/".to_owned())), Err(StoreError::Address)));
}

#[test]
fn who_is_forgotten_while_a_run_is_loaded_is_not_in_it() {
    for place in places() {
        let store = place.open();
        let mut loading = store.load(head("one", days(0)), days(0)).unwrap().unwrap();
        loading.add(vec![Row::new("b", 0.9).cells(), Row::new("c", 0.9).cells()]).unwrap();
        store.forget("a", days(0)).unwrap();
        assert_eq!(store.forget("c", days(0)).unwrap().scores, 1, "what is loaded goes at once");
        loading.add(vec![Row::new("a", 0.9).cells()]).unwrap();
        let outcome = loading.publish(days(0), &SETTINGS, 3).unwrap();
        assert_eq!((outcome.customers, outcome.forgotten, outcome.opened), (1, 1, 1));
        assert_eq!(store.customer("a", None).unwrap(), None);
        let exposure = Exposure { customer_id: "a".to_owned(), at: days(0), held_out: false, contacted: true, action: None };
        let other = Exposure { customer_id: "b".to_owned(), ..exposure.clone() };
        let stranger = Exposure { customer_id: "stranger".to_owned(), ..exposure.clone() };
        let noted = store.expose("winback", &[exposure, other.clone(), other, stranger]).unwrap();
        assert_eq!(noted, Exposed { new: 2, known: 1, forgotten: 1, not_published: 1 });
        let bought = ["a", "b", "stranger", "c d"].map(|id| Bought { customer_id: id.to_owned(), at: days(1), amount: None });
        for (campaign, not_assigned) in [("winback", 1), ("reengage", 3)] {
            assert_eq!(store.bought(campaign, &bought).unwrap(), Noted { taken: 3, forgotten: 1, not_assigned }, "{campaign}");
        }
        assert_eq!(store.forget("a", days(2)).unwrap(), Erased::default(), "nothing came back");
    }
}

#[test]
fn what_is_not_published_leaves_nothing() {
    for place in places() {
        let store = place.open();
        let mut loading = store.load(head("early", days(0)), days(0)).unwrap().unwrap();
        loading.add(vec![Row::new("a", 0.2).cells()]).unwrap();
        publish(&store, "late", days(1), &[Row::new("a", 0.2)]).unwrap();
        assert!(matches!(loading.publish(days(0), &SETTINGS, 3), Err(StoreError::Older { .. })));
        let loads = store.database.read(|tx| database::all(tx, "SELECT seq FROM loads", &[], |mut row| row.some_integer(0))).unwrap();
        assert_eq!(loads, [0_i64; 0]);
    }
}

#[test]
fn only_a_publication_begins_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let url = StoreUrl::Sqlite(folder.path().join("typo.db"));
    assert!(matches!(Store::open_existing(&url), Err(StoreError::Unopened { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
