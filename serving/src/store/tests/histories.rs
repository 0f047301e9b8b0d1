//! Histories beside runs: of whom they are kept, for how long, and for whom they open.

use super::*;

/// A key that seals.
fn sealer(digits: &str) -> Sealer {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), digits.repeat(32)).unwrap();
    Sealer::read(file.path()).unwrap()
}

/// Loads customers under a name, and beside them what these did.
fn load<'a>(store: &'a Store, name: &str, at: Timestamp, rows: &[Row], did: &[(&str, &str)], key: Option<&Sealer>) -> Loading<'a> {
    let mut loading = store.load(head(name, at), at).unwrap().unwrap();
    loading.add(rows.iter().map(Row::cells).collect()).unwrap();
    loading.keep_histories(at).unwrap();
    let row = |(id, events): &(&str, &str)| history_row(id, events.as_bytes().to_vec(), key).unwrap();
    loading.add_histories(did.iter().map(row).collect()).unwrap();
    loading
}

fn keep(store: &Store, name: &str, at: Timestamp, rows: &[Row], did: &[(&str, &str)]) -> Outcome {
    load(store, name, at, rows, did, None).publish(at, &SETTINGS, 3).unwrap()
}

/// Until when, and what is kept of `a`, `b` and `c`; of whom nothing is, has an empty text.
fn kept(store: &Store, key: Option<&Sealer>) -> Option<(Timestamp, [String; 3])> {
    let ids = ["a", "b", "c"].map(str::to_owned);
    let found = store.histories(&ids, key, |_| Ok(())).unwrap()?;
    let of = |id: &String| found.customers.get(id).map_or_else(String::new, |kept| String::from_utf8(kept.events.clone()).unwrap());
    Some((found.until, ids.each_ref().map(of)))
}

fn rows(ids: &[&str]) -> Vec<Row> {
    ids.iter().map(|id| Row::new(id, 0.2)).collect()
}

/// How many histories stand in the table of a run; `None` where there is no table.
fn count(store: &Store, seq: i64) -> Option<i64> {
    store.database.read(|tx| super::super::histories::count(tx, seq)).ok()
}

#[test]
fn they_take_their_place_with_the_run_and_are_of_nobody_else() {
    for place in places() {
        let store = place.open();
        assert_eq!(kept(&store, None), None, "nothing is published");
        publish(&store, "one", days(0), &rows(&["a"])).unwrap();
        assert_eq!(kept(&store, None), None, "nor are histories");
        let two = keep(&store, "two", days(1), &rows(&["a", "b"]), &[("a", "a2"), ("b", "b2"), ("c", "c2")]);
        assert_eq!((two.customers, two.histories), (2, 2));
        let second = Some((days(1), ["a2", "b2", ""].map(str::to_owned)));
        assert_eq!(kept(&store, None), second, "`c` is not of the run");
        assert_eq!(publish(&store, "two", days(1), &[]).unwrap(), Outcome { already: true, ..two });

        let loading = load(&store, "three", days(2), &rows(&["a"]), &[("a", "a3")], None);
        assert_eq!(kept(&place.open(), None), second, "of what is loaded nobody knows");
        loading.give_up().unwrap();
        assert_eq!(count(&store, 3), None);
        let twice = load(&store, "three", days(2), &rows(&["a", "a"]), &[("a", "a3")], None).publish(days(2), &SETTINGS, 3);
        assert!(matches!(twice, Err(StoreError::Scores { .. })), "{twice:?}");
        assert_eq!((kept(&store, None), count(&store, 3)), (second, None), "it failed half-way");

        keep(&store, "three", days(2), &rows(&["a"]), &[("a", "a3")]);
        assert_eq!(kept(&place.open(), None), Some((days(2), ["a3", "", ""].map(str::to_owned))));
        assert_eq!((count(&store, 2), count(&store, 3)), (Some(2), Some(1)), "somebody may read those before still");
        publish(&store, "four", days(3), &rows(&["a"])).unwrap();
        assert_eq!(kept(&store, None), None, "none came with the run");
        publish(&store, "five", days(4), &rows(&["a"])).unwrap();
        assert_eq!((count(&store, 2), count(&store, 3)), (None, None));
        assert_eq!(store.customer("a", None).unwrap().unwrap().run_id, "five");
    }
}

#[test]
fn who_is_forgotten_has_none_whether_published_or_on_the_way() {
    for place in places() {
        let store = place.open();
        let (all, did) = (rows(&["a", "b"]), [("a", "secret"), ("b", "b")]);
        keep(&store, "one", days(0), &all, &did);
        let before = load(&store, "two", days(1), &all, &did, None);
        let erased = store.forget("a", days(1)).unwrap();
        assert_eq!((erased.scores, erased.histories), (2, 2));
        assert_eq!(kept(&store, None), Some((days(0), ["", "b", ""].map(str::to_owned))));
        // Of these nobody has taken it out yet.
        let mut before = before;
        before.add(vec![all[0].cells()]).unwrap();
        before.add_histories(vec![history_row("a", b"secret".to_vec(), None).unwrap()]).unwrap();
        assert_eq!(before.publish(days(1), &SETTINGS, 3).unwrap().histories, 1);
        let third = keep(&store, "three", days(2), &all, &did);
        assert_eq!((third.customers, third.histories, third.forgotten), (1, 1, 1));
        assert_eq!(kept(&store, None), Some((days(2), ["", "b", ""].map(str::to_owned))));
        assert_eq!(store.forget("a", days(3)).unwrap(), Erased::default(), "nothing has come back");
    }
}

#[test]
fn what_is_sealed_opens_with_its_key_for_its_customer() {
    for place in places() {
        let (store, key) = (place.open(), sealer("0f"));
        load(&store, "one", days(0), &rows(&["a", "b"]), &[("a", "secret"), ("b", "b")], Some(&key))
            .publish(days(0), &SETTINGS, 3)
            .unwrap();
        assert_eq!(kept(&store, Some(&key)), Some((days(0), ["secret", "b", ""].map(str::to_owned))));
        let plain = store
            .database
            .read(|tx| database::all(tx, "SELECT events, sealed FROM history_1", &[], |mut row| Ok((row.bytes(0)?, row.bytes(1)?))));
        for (events, sealed) in plain.unwrap() {
            assert!(events.is_none() && !String::from_utf8_lossy(&sealed.unwrap()).contains("secret"));
        }
        let ask = |key: Option<&Sealer>| store.histories(&["a".to_owned()], key, |_| Ok(()));
        assert!(matches!(ask(None), Err(StoreError::NoHistoryKey)));
        assert!(matches!(ask(Some(&sealer("a5"))), Err(StoreError::Key(_))));
        let swap = "UPDATE history_1 SET sealed = (SELECT sealed FROM history_1 WHERE customer_id = 'b') WHERE customer_id = 'a'";
        store.database.write(|tx| tx.execute(swap, &[])).unwrap();
        assert!(matches!(ask(Some(&key)), Err(StoreError::Key(_))), "another's does not open");
    }
}

#[test]
fn what_a_killed_publication_leaves_goes_with_a_later_one() {
    for place in places() {
        let store = place.open();
        drop(load(&store, "one", days(0), &rows(&["a"]), &[("a", "a1")], None));
        assert_eq!(count(&store, 1), Some(1));
        publish(&store, "two", days(2), &rows(&["a"])).unwrap();
        // The number of what was left is free again.
        assert_eq!((kept(&store, None), count(&store, 1)), (None, None));
        keep(&store, "three", days(3), &rows(&["a"]), &[("a", "a3")]);
        assert_eq!(kept(&store, None), Some((days(3), ["a3", "", ""].map(str::to_owned))));
    }
}

#[test]
fn many_are_asked_for_at_once_and_only_while_there_is_room() {
    for place in places() {
        let store = place.open();
        let ids: Vec<String> = (0..450).map(|at| format!("c{at}")).collect();
        let all: Vec<Row> = ids.iter().map(|id| Row::new(id, 0.2)).collect();
        let did: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "1234567890")).collect();
        keep(&store, "one", days(0), &all, &did);
        let mut bytes = Vec::new();
        let found = store.histories(&ids, None, |more| {
            bytes.push(more);
            Ok(())
        });
        assert_eq!((found.unwrap().unwrap().customers.len(), bytes.iter().sum::<usize>()), (450, 4_500));
        assert!(bytes.iter().all(|bytes| *bytes <= 2_000), "{bytes:?}");
        let full = store.histories(&ids, None, |_| Err(StoreError::Busy));
        assert!(matches!(full, Err(StoreError::Busy)), "{full:?}");
    }
}
