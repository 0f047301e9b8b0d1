//! The outbox: what is written with which step, who claims it, and what becomes of it.

use std::collections::BTreeSet;
use std::slice;

use lapwing_models::lifecycle::Input;

use super::*;
use crate::store::database::{all, first};
use crate::store::webhooks::{BURY, DUE};

const SECRET: [u8; 32] = [7; 32];

/// Adds a receiver that wants these kinds.
pub(super) fn add(store: &Store, name: &str, kinds: &[MessageKind]) {
    let url = format!("https://example.com/{name}");
    let new = NewReceiver { receiver_id: name.to_owned(), url, kinds: kinds.to_vec(), allow_private: false };
    store.add_receiver(&new, &SECRET, None, START).unwrap();
}

/// Every step that is told was told to this receiver, or waits to be, and nothing else.
pub(super) fn assert_all_told(store: &Store, receiver: &str) {
    let deeds = "SELECT COUNT(*) FROM alert_log WHERE deed IN ('opened', 'contacted', 'recovered', 'lost', 'expired')";
    let steps = store.database.read(|tx| first(tx, deeds, &[])?.unwrap().some_integer(0)).unwrap();
    let found = store.receivers().unwrap().into_iter().find(|found| found.receiver_id == receiver).unwrap();
    assert_eq!(found.sent + found.waiting + found.dead, steps, "{found:?}");
}

/// Kinds and customers of what waits for a receiver.
fn waiting(store: &Store, receiver: &str) -> BTreeSet<(String, String)> {
    let select = "SELECT kind, customer_id FROM outbox WHERE receiver_id = $1 AND next_us IS NOT NULL";
    let of = |mut row: crate::store::database::Row| Ok((row.some_text(0)?, row.some_text(1)?));
    store.database.read(|tx| all(tx, select, &[receiver.into()], of)).unwrap().into_iter().collect()
}

fn pairs(expected: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    expected.iter().map(|(kind, customer)| ((*kind).to_owned(), (*customer).to_owned())).collect()
}

fn contact(store: &Store, customer: &str, at: Timestamp) {
    let filter = AlertFilter { customer_id: Some(customer.to_owned()), limit: 1, ..AlertFilter::default() };
    let alert = store.alerts(&filter, at, &SETTINGS).unwrap().alerts.remove(0);
    let news = News { input: Input::Contact(at), token: "call".to_owned(), actor: "crm".to_owned(), reason: None };
    store.take(&alert.alert_id, slice::from_ref(&news), at, &SETTINGS).unwrap();
    // The same news twice is one step, and one message.
    assert!(!store.take(&alert.alert_id, &[news], at, &SETTINGS).unwrap().changed);
}

fn claim(store: &Store, receiver: &str, lease: &str, now: Timestamp, most: i64) -> Vec<Outgoing> {
    store.claim(receiver, lease, now, Timestamp(now.0 + 60_000_000), most).unwrap()
}

#[test]
fn each_step_is_written_once_for_each_who_wants_it() {
    for place in places() {
        let store = place.open();
        publish(&store, "before", days(-40), &[Row::new("z", 0.9)]).unwrap();
        add(&store, "all", &MessageKind::ALL);
        add(&store, "ends", &[MessageKind::Recovered, MessageKind::Lost, MessageKind::Expired]);
        let rows = |risk| ["a", "b", "c"].map(|id| Row::new(id, risk)).to_vec();
        publish(&store, "one", days(0), &rows(0.9)).unwrap();
        publish(&store, "one", days(0), &rows(0.9)).unwrap();
        // Nobody asked to be told when that alert opened.
        let opened = ["a", "b", "c"].map(|id| ("alert.opened", id));
        assert_eq!(waiting(&store, "all"), pairs(&[&opened[..], &[("alert.expired", "z")]].concat()));
        assert_eq!(waiting(&store, "ends"), pairs(&[("alert.expired", "z")]));
        contact(&store, "a", days(1));
        contact(&store, "b", days(1));
        let bought = Row { bought: days(2), ..Row::new("a", 0.9) };
        publish(&store, "two", days(2), &[bought]).unwrap();
        store.expire(days(50), &SETTINGS).unwrap();
        let ends = [("alert.expired", "z"), ("alert.recovered", "a"), ("alert.lost", "b"), ("alert.expired", "c")];
        let contacts = [("alert.contacted", "a"), ("alert.contacted", "b")];
        assert_eq!(waiting(&store, "ends"), pairs(&ends));
        assert_eq!(waiting(&store, "all"), pairs(&[&ends[..], &opened, &contacts].concat()));
        let erased = store.forget("b", days(50)).unwrap();
        assert_eq!((erased.messages, waiting(&store, "ends").len(), waiting(&store, "all").len()), (4, 3, 6));
        assert_eq!(store.waiting().unwrap(), 9);
        let removed = store.remove_receiver("ends").unwrap();
        assert_eq!((removed.waiting, store.waiting().unwrap(), store.receivers().unwrap().len()), (3, 6, 1));
    }
}

#[test]
fn without_a_receiver_nothing_is_written() {
    for place in places() {
        let store = place.open();
        publish(&store, "one", days(0), &[Row::new("a", 0.9)]).unwrap();
        contact(&store, "a", days(1));
        assert_eq!((store.waiting().unwrap(), store.due(days(9)).unwrap()), (0, vec![]));
        for (id, done) in [("x", store.remove_receiver("x")), ("y", store.rotate_receiver("y", &SECRET, None, START))] {
            assert!(matches!(&done, Err(StoreError::NoReceiver(named)) if named == id), "{done:?}");
        }
        for at in 0..32 {
            add(&store, &format!("r{at}"), &MessageKind::ALL);
        }
        let new = NewReceiver { receiver_id: "r32".to_owned(), url: String::new(), kinds: vec![], allow_private: false };
        let refused = store.add_receiver(&new, &SECRET, None, START);
        assert!(matches!(refused, Err(StoreError::ReceiverCount(32))), "{refused:?}");
    }
}

#[test]
fn a_message_is_one_courier_s_until_its_lease_ends() {
    for place in places() {
        let (store, other) = (place.open(), place.open());
        add(&store, "crm", &[MessageKind::Opened]);
        let rows: Vec<_> = (0..5).map(|at| Row::new(&format!("c{at}"), 0.9)).collect();
        publish(&store, "one", days(0), &rows).unwrap();
        assert_eq!(claim(&store, "crm", "first", Timestamp(START.0 - 1), 9), [], "nothing is due before it happened");
        let first = claim(&store, "crm", "first", START, 3);
        let second = claim(&other, "crm", "second", START, 9);
        let ids = |messages: &[Outgoing]| messages.iter().map(|message| message.message_id.clone()).collect::<BTreeSet<_>>();
        assert_eq!((first.len(), second.len(), ids(&first).is_disjoint(&ids(&second))), (3, 2, true));
        assert_eq!(other.due(Timestamp(START.0 + 59_999_999)).unwrap(), []);
        // The first died, and comes back after its lease was taken up.
        let later = Timestamp(START.0 + 60_000_000);
        let ends = |messages: &[Outgoing], end: &End| messages.iter().map(|one| (one.message_id.clone(), end.clone())).collect::<Vec<_>>();
        store.settle("crm", "second", &ends(&second, &End::Sent), later).unwrap();
        let again = claim(&other, "crm", "third", later, 9);
        assert_eq!((ids(&again), again[0].tries), (ids(&first), 0));
        let failed = End::Failed(None, "too late".to_owned());
        assert_eq!(store.settle("crm", "first", &ends(&first[..1], &failed), later).unwrap(), 0, "it is not theirs any more");
        store.settle("crm", "first", &ends(&first[1..2], &End::Sent), later).unwrap();
        let counted = || store.receivers().unwrap().into_iter().map(|one| (one.sent, one.failed, one.waiting, one.dead)).next().unwrap();
        assert_eq!(counted(), (3, 1, 2, 0), "what was taken is taken");
        store.settle("crm", "third", &ends(&again, &End::Sent), later).unwrap();
        assert_eq!(counted(), (5, 1, 0, 0), "and counted once");
        assert_all_told(&store, "crm");
    }
}

#[test]
fn what_fails_waits_is_given_up_or_ends_the_receiver() {
    for place in places() {
        let store = place.open();
        add(&store, "crm", &[MessageKind::Opened]);
        publish(&store, "one", days(0), &["a", "b", "c"].map(|id| Row::new(id, 0.9))).unwrap();
        let claimed = claim(&store, "crm", "l", START, 9);
        let [one, two, three] = &claimed[..] else { panic!("{claimed:?}") };
        let next = Timestamp(START.0 + 5_000_000);
        let ends = [
            (one.message_id.clone(), End::Failed(Some(next), "é".repeat(150))),
            (two.message_id.clone(), End::Failed(None, "the answer was 500".to_owned())),
        ];
        assert_eq!(store.settle("crm", "l", &ends, START).unwrap(), 1);
        let told = store.receivers().unwrap().remove(0);
        assert_eq!((told.sent, told.failed, told.waiting, told.dead), (0, 2, 2, 1));
        let again = claim(&store, "crm", "m", next, 9);
        assert_eq!(again.iter().map(|message| (&message.message_id, message.tries)).collect::<Vec<_>>(), [(&one.message_id, 1)]);
        let ends = [(three.message_id.clone(), End::Gone("the answer was 410".to_owned())), (one.message_id.clone(), End::Sent)];
        assert_eq!(store.settle("crm", "m", &ends, next).unwrap(), 1);
        let told = store.receivers().unwrap().remove(0);
        assert_eq!((told.sent, told.waiting, told.dead, told.disabled_at), (1, 0, 2, Some(next)), "what was taken is taken");
        publish(&store, "two", days(1), &["d"].map(|id| Row::new(id, 0.9))).unwrap();
        assert_eq!((store.waiting().unwrap(), claim(&store, "crm", "n", days(9), 9).len()), (0, 0));
    }
}

#[test]
fn a_secret_is_sealed_rotates_and_opens_with_its_key_only() {
    for place in places() {
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), "0f".repeat(32)).unwrap();
        let sealer = Sealer::read(key.path()).unwrap();
        let store = place.open();
        let new = |id: &str| NewReceiver {
            receiver_id: id.to_owned(),
            url: "https://example.com/".to_owned(),
            kinds: vec![MessageKind::Opened],
            allow_private: true,
        };
        store.add_receiver(&new("sealed"), &SECRET, Some(&sealer), START).unwrap();
        store.add_receiver(&new("plain"), &SECRET, None, START).unwrap();
        assert!(matches!(store.add_receiver(&new("plain"), &SECRET, None, START), Err(StoreError::Conflict)));
        publish(&store, "one", days(0), &[Row::new("a", 0.9)]).unwrap();
        let rotated = store.rotate_receiver("sealed", &[8; 32], Some(&sealer), days(1)).unwrap();
        assert_eq!((rotated.is_sealed, rotated.old_until), (true, Some(days(1))));
        let due = store.due(START).unwrap();
        let [plain, sealed] = &due[..] else { panic!("{due:?}") };
        assert!(!format!("{plain:?}{sealed:?}").contains("secret"), "{plain:?}");
        assert_eq!(plain.secrets(None, START).unwrap(), [SECRET.to_vec()]);
        let before = Timestamp(days(1).0 - 1);
        assert_eq!(sealed.secrets(Some(&sealer), before).unwrap(), [vec![8; 32], SECRET.to_vec()]);
        assert_eq!(sealed.secrets(Some(&sealer), days(1)).unwrap(), [vec![8; 32]], "for a day both are good");
        assert!(matches!(sealed.secrets(None, START), Err(StoreError::NoWebhookKey)));
        let stored = |id: &str| {
            let select = "SELECT secret FROM receivers WHERE receiver_id = $1";
            store.database.read(|tx| first(tx, select, &[id.into()])?.unwrap().some_text(0)).unwrap()
        };
        let swap = "UPDATE receivers SET secret = $1 WHERE receiver_id = 'plain'";
        store.database.write(|tx| tx.execute(swap, &[stored("sealed").into()])).unwrap();
        let moved = store.due(START).unwrap().remove(0);
        assert!(matches!(moved.secrets(Some(&sealer), START), Err(StoreError::Key(_))), "moved to another it does not open");
    }
}

#[test]
fn when_the_key_changes_secrets_follow_it() {
    for place in places() {
        let key = |lines: &[&str]| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), lines.join("\n")).unwrap();
            Sealer::read(file.path()).unwrap()
        };
        let (old, new) = ("0f".repeat(32), "a5".repeat(32));
        let (before, both, after) = (key(&[&old]), key(&[&new, &old]), key(&[&new]));
        let store = place.open();
        for (id, sealer) in [("a", Some(&before)), ("b", None)] {
            let url = "https://example.com/".to_owned();
            let new = NewReceiver { receiver_id: id.to_owned(), url, kinds: vec![MessageKind::Opened], allow_private: true };
            store.add_receiver(&new, &SECRET, sealer, START).unwrap();
        }
        store.rotate_receiver("a", &[8; 32], Some(&before), days(1)).unwrap();
        assert_eq!(store.reseal_receivers(&after).unwrap(), 1, "what does not open stays");
        assert_eq!(store.reseal_receivers(&both).unwrap(), 1);
        assert_eq!(store.reseal_receivers(&both).unwrap(), 0, "twice is once");
        let secrets = |id: &str| store.target(id).unwrap().unwrap().secrets(Some(&after), START).unwrap();
        assert_eq!((secrets("a"), secrets("b")), (vec![vec![8; 32], SECRET.to_vec()], vec![SECRET.to_vec()]));
    }
}

/// A hundred thousand messages of one publication were claimed in the time of a hundred million, and each that was given up made all be
/// looked at once more.
#[test]
fn no_claim_and_no_burial_looks_at_all_that_waits() {
    let store = Place::file().open();
    for (statement, values) in [(DUE, 3), (BURY, 1)] {
        let values: Vec<Value<'_>> = (0..values).map(|_| Value::Integer(1)).collect();
        let plan =
            store.database.read(|tx| all(tx, &format!("EXPLAIN QUERY PLAN {statement}"), &values, |mut row| row.some_text(3))).unwrap();
        assert!(plan.iter().all(|step| !step.starts_with("SCAN") && !step.contains("B-TREE")), "{plan:?}");
    }
}

#[test]
fn a_kind_has_a_name() {
    for kind in MessageKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    let refused = "alert.calm".parse::<MessageKind>().unwrap_err();
    assert!(refused.contains("`alert.opened`"), "{refused}");
}

#[test]
fn a_store_of_before_is_brought_up_to_date() {
    for place in places() {
        let before = "DROP TABLE outbox; DROP TABLE receivers; DROP TABLE held_warnings; DROP TABLE idempotency_keys; DROP TABLE run_cells; \
                      ALTER TABLE exposures DROP COLUMN action; ALTER TABLE alert_log DROP COLUMN happened_us; ALTER TABLE runs DROP COLUMN history_until_us; \
                      ALTER TABLE loads DROP COLUMN history_until_us; DELETE FROM lapwing_schema WHERE version >= 2";
        place.open().database.write(|tx| tx.run(before)).unwrap();
        let store = place.open();
        add(&store, "crm", &[MessageKind::Opened]);
        publish(&store, "one", days(0), &[Row::new("a", 0.9)]).unwrap();
        assert_eq!(store.waiting().unwrap(), 1);
    }
}
