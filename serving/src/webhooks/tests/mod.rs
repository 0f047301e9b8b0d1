//! Delivery to a receiver that fails, hangs, lies, and goes away.

mod server;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::Input;
use rustls::{RootCertStore, ServerConfig};
use serde_json::Value as Json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::*;
use crate::http::Desk;
use crate::http::wire::AlertBody;
use crate::store::tests::{Place, Row, SETTINGS, START, days, places, publish};
use crate::store::{AlertFilter, MessageKind, NewReceiver, News, Receiver, Sealer, StoreError};
use server::{Reply, Server, WELL};

const SECRET: [u8; 32] = [7; 32];

/// A store, whoever delivers from it, and a clock that is set by hand. The client of a server's database must not be used on a thread of a
/// runtime, so that tests are none of its tasks.
struct Post {
    runtime: Runtime,
    desk: Arc<Desk>,
    courier: Arc<Courier>,
    clock: Arc<AtomicI64>,
}

impl Post {
    fn new(place: &Place, roots: Option<RootCertStore>) -> Self {
        let desk = Arc::new(Desk::new(place.open(), None, SETTINGS));
        let clock = Arc::new(AtomicI64::new(START.0));
        let told = Arc::clone(&clock);
        let mut courier = Courier::new(Arc::clone(&desk), roots, Arc::new(move || Timestamp(told.load(Ordering::Relaxed)))).unwrap();
        Arc::get_mut(&mut courier).unwrap().patience = Duration::from_secs(5);
        Self { runtime: Runtime::new().unwrap(), desk, courier, clock }
    }

    fn server(&self, replies: &[Reply]) -> Server {
        self.runtime.block_on(Server::start(replies, None))
    }

    fn impatient(mut self) -> Self {
        Arc::get_mut(&mut self.courier).unwrap().patience = Duration::from_secs(2);
        self
    }

    fn add(&self, name: &str, url: String, allow_private: bool) {
        let kinds = MessageKind::ALL.to_vec();
        let new = NewReceiver { receiver_id: name.to_owned(), url, kinds, allow_private };
        self.desk.store.add_receiver(&new, &SECRET, None, START).unwrap();
    }

    /// Opens an alert for each of these customers.
    fn open(&self, customers: &[&str]) {
        let rows: Vec<_> = customers.iter().map(|id| Row::new(id, 0.9)).collect();
        publish(&self.desk.store, &customers.concat(), START, &rows).unwrap();
    }

    fn set(&self, at: Timestamp) {
        self.clock.store(at.0, Ordering::Relaxed);
    }

    fn deliver(&self) {
        self.runtime.block_on(Arc::clone(&self.courier).until_empty()).unwrap();
    }

    fn told(&self, name: &str) -> Receiver {
        self.desk.store.receivers().unwrap().into_iter().find(|receiver| receiver.receiver_id == name).unwrap()
    }

    /// Sent, failed, waiting and dead.
    fn counts(&self, name: &str) -> [i64; 4] {
        let Receiver { sent, failed, waiting, dead, .. } = self.told(name);
        [sent, failed, waiting, dead]
    }
}

#[test]
fn what_is_told_is_signed_and_is_what_http_tells() {
    for place in places() {
        let post = Post::new(&place, None);
        let server = post.server(&[WELL]);
        post.add("crm", server.url(), true);
        post.open(&["a"]);
        post.deliver();
        post.deliver();
        let alert = post.desk.store.alerts(&AlertFilter { limit: 1, ..AlertFilter::default() }, START, &SETTINGS).unwrap().alerts.remove(0);
        {
            let came = server.came.lock().unwrap();
            let [first] = &came[..] else { panic!("{} came", came.len()) };
            assert!(first.head.starts_with("POST /hook?of=lapwing HTTP/1.1\r\n"), "{}", first.head);
            assert!(first.header("webhook-id").starts_with("msg_") && !first.header("webhook-id").contains('.'));
            assert_eq!((first.header("webhook-timestamp"), first.header("content-type")), ("1700000000", "application/json"));
            assert!(first.is_signed_by(&SECRET) && !first.is_signed_by(&[8; 32]));
            let body: Json = serde_json::from_str(&first.body).unwrap();
            let told = serde_json::to_value(AlertBody::from(alert.clone())).unwrap();
            assert_eq!((&body["type"], &body["timestamp"], &body["data"]), (&"alert.opened".into(), &"2023-11-14T22:13:20Z".into(), &told));
        }
        // Told of the contact with both secrets, and a day later with the new one alone.
        let contact = News { input: Input::Contact(START), token: "call".to_owned(), actor: "crm".to_owned(), reason: None };
        post.desk.store.take(&alert.alert_id, &[contact], START, &SETTINGS).unwrap();
        post.desk.store.rotate_receiver("crm", &[8; 32], None, days(1)).unwrap();
        post.deliver();
        post.desk.store.expire(days(30), &SETTINGS).unwrap();
        post.set(days(30));
        post.deliver();
        let came = server.came.lock().unwrap();
        let kinds: Vec<Json> = came.iter().map(|came| serde_json::from_str::<Json>(&came.body).unwrap()["type"].clone()).collect();
        assert_eq!(kinds, ["alert.opened", "alert.contacted", "alert.lost"]);
        assert!(came[1].is_signed_by(&SECRET) && came[1].is_signed_by(&[8; 32]));
        assert!(!came[2].is_signed_by(&SECRET) && came[2].is_signed_by(&[8; 32]));
        assert_eq!(post.counts("crm"), [3, 0, 0, 0]);
        let counts = &post.desk.posted;
        assert_eq!((counts.sent.get(), counts.failed.get(), counts.dead.get(), counts.waiting.get()), (3, 0, 0, 0));
    }
}

#[test]
fn whatever_a_receiver_does_the_message_comes_again_until_it_is_taken() {
    for place in places() {
        let post = Post::new(&place, None).impatient();
        let elsewhere = post.server(&[WELL]);
        let location: &'static str = format!("location: {}", elsewhere.url()).leak();
        let busy = Reply::Says(503, "retry-after: 600");
        let fails = [Reply::Says(500, "x: y"), Reply::Says(302, location), Reply::Cut, Reply::Hangs, Reply::Leaves, busy];
        let whys = ["the answer was 500", "the answer was 302", "", "no answer within", "", "the answer was 503"];
        let server = post.server(&[&fails[..], &[Reply::Huge]].concat());
        post.add("crm", server.url(), true);
        post.open(&["a"]);
        // Each wait is at most a tenth longer than the schedule says.
        let mut now = START;
        for (wait, (tries, why)) in [5, 300, 1_800, 7_200, 18_000, 36_000].into_iter().zip((1..).zip(whys)) {
            post.deliver();
            assert_eq!(post.counts("crm"), [0, tries, 1, 0]);
            let told = post.told("crm").why.unwrap();
            assert!(told.contains(why), "{told}");
            post.set(Timestamp(now.0 + wait * 999_999));
            post.deliver();
            assert_eq!(server.came(), tries as usize, "not before its time");
            now = Timestamp(now.0 + wait * 1_100_000);
            post.set(now);
        }
        post.deliver();
        assert_eq!((post.counts("crm"), post.told("crm").why), ([1, 6, 0, 0], None));
        let came = server.came.lock().unwrap();
        let ids: BTreeSet<&str> = came.iter().map(|came| came.header("webhook-id")).collect();
        let times: BTreeSet<&str> = came.iter().map(|came| came.header("webhook-timestamp")).collect();
        assert_eq!((came.len(), ids.len(), times.len()), (7, 1, 7), "one message, signed anew at each try");
        assert!(came.iter().all(|came| came.is_signed_by(&SECRET)));
        assert_eq!(elsewhere.came(), 0, "nobody goes where it is sent to");
    }
}

#[test]
fn after_the_last_try_a_message_is_given_up() {
    for place in places() {
        let post = Post::new(&place, None);
        let server = post.server(&[Reply::Says(500, "x: y")]);
        post.add("crm", server.url(), true);
        post.open(&["a"]);
        for day in 0..20 {
            post.set(days(2 * day));
            post.deliver();
        }
        assert_eq!((server.came(), post.counts("crm")), (10, [0, 10, 0, 1]));
        assert_eq!((post.desk.posted.failed.get(), post.desk.posted.dead.get()), (10, 1));
    }
}

#[test]
fn whoever_answers_410_is_told_nothing_more() {
    for place in places() {
        let post = Post::new(&place, None);
        let server = post.server(&[Reply::Says(410, "x: y")]);
        post.add("crm", server.url(), true);
        let customers: Vec<String> = (0..30).map(|at| format!("c{at}")).collect();
        post.open(&customers.iter().map(String::as_str).collect::<Vec<_>>());
        post.deliver();
        let asked = server.came();
        assert!(asked <= 8, "{asked}");
        assert_eq!((post.counts("crm"), post.told("crm").disabled_at), ([0, i64::try_from(asked).unwrap(), 0, 30], Some(START)));
        post.set(days(9));
        post.desk.store.expire(days(9), &SETTINGS).unwrap();
        post.deliver();
        assert_eq!((server.came(), post.counts("crm")[2..].to_vec()), (asked, vec![0, 30]));
    }
}

#[test]
fn a_name_that_leads_to_this_machine_is_refused_when_it_is_delivered() {
    let place = places().remove(0);
    let post = Post::new(&place, None);
    let server = post.server(&[WELL]);
    // As if it had led elsewhere when it was added.
    post.add("name", format!("https://localhost:{}/", server.port), false);
    post.add("plain", server.url(), false);
    post.open(&["a"]);
    post.deliver();
    assert_eq!((server.came(), post.counts("name"), post.counts("plain")), (0, [0, 1, 1, 0], [0, 1, 1, 0]));
    let why = |name: &str| post.told(name).why.unwrap();
    assert!(why("name").contains("no address on the internet") && !why("name").contains("hint"), "{}", why("name"));
    assert!(why("plain").contains("not `https`"), "{}", why("plain"));
}

#[test]
fn one_that_hangs_holds_up_none_of_the_others() {
    for place in places() {
        let post = Post::new(&place, None);
        let (hangs, well) = (post.server(&[Reply::Hangs]), post.server(&[WELL]));
        post.add("a-hangs", hangs.url(), true);
        post.add("b-well", well.url(), true);
        let customers: Vec<String> = (0..30).map(|at| format!("c{at}")).collect();
        post.open(&customers.iter().map(String::as_str).collect::<Vec<_>>());
        let keeping = post.runtime.spawn(Arc::clone(&post.courier).keep());
        for _ in 0..2_000 {
            if post.counts("b-well")[0] == 30 {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let [sent, _, waiting, dead] = post.counts("a-hangs");
        assert_eq!((post.counts("b-well"), [sent, waiting, dead]), ([30, 0, 0, 0], [0, 30, 0]));
        keeping.abort();
        assert!(post.runtime.block_on(keeping).unwrap_err().is_cancelled());
    }
}

#[test]
fn two_couriers_deliver_each_message_once_and_take_up_what_the_dead_left() {
    for place in places() {
        let (post, other) = (Post::new(&place, None), Post::new(&place, None));
        let server = post.server(&[WELL]);
        post.add("crm", server.url(), true);
        let customers: Vec<String> = (0..60).map(|at| format!("c{at}")).collect();
        post.open(&customers.iter().map(String::as_str).collect::<Vec<_>>());
        let lease = Timestamp(START.0 + 60_000_000);
        let left = post.desk.store.claim("crm", "dead", START, lease, 10).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| post.deliver());
            scope.spawn(|| other.deliver());
        });
        assert_eq!((server.came(), server.ids().len(), post.counts("crm")), (50, 50, [50, 0, 10, 0]));
        assert!(left.iter().all(|message| !server.ids().contains(&message.message_id)));
        post.set(Timestamp(lease.0 - 1));
        post.deliver();
        assert_eq!(server.came(), 50);
        other.set(lease);
        other.deliver();
        assert_eq!((server.came(), server.ids().len(), post.counts("crm")), (60, 60, [60, 0, 0, 0]));
    }
}

#[test]
fn what_waits_for_a_receiver_that_is_away_is_not_all_tried_at_once() {
    for place in places() {
        let post = Post::new(&place, None);
        let server = post.server(&[Reply::Says(503, "x: y")]);
        post.add("crm", server.url(), true);
        let customers: Vec<String> = (0..30).map(|at| format!("c{at}")).collect();
        post.open(&customers.iter().map(String::as_str).collect::<Vec<_>>());
        let look = async || {
            let mut serving = JoinSet::new();
            post.courier.begin(&mut serving, Duration::ZERO).await.unwrap();
            serving.join_all().await.into_iter().for_each(Result::unwrap);
        };
        post.runtime.block_on(look());
        assert_eq!((server.came(), post.counts("crm")), (8, [0, 8, 30, 0]), "of one look a few");
        server.becomes(WELL);
        post.runtime.block_on(look());
        assert_eq!(post.counts("crm"), [22, 8, 8, 0], "and once it is back what was not tried is told at once");
    }
}

#[test]
fn a_secret_that_changes_while_much_waits_signs_what_is_sent_next() {
    let place = places().remove(0);
    let post = Post::new(&place, None);
    let server = post.server(&[WELL]);
    post.add("crm", server.url(), true);
    let customers: Vec<String> = (0..30).map(|at| format!("c{at}")).collect();
    post.open(&customers.iter().map(String::as_str).collect::<Vec<_>>());
    let (desk, came, rotated) = (Arc::clone(&post.desk), Arc::clone(&server.came), AtomicBool::new(false));
    let clock = move || {
        if came.lock().unwrap().len() >= 8 && !rotated.swap(true, Ordering::Relaxed) {
            desk.store.rotate_receiver("crm", &[8; 32], None, START).unwrap();
        }
        START
    };
    let courier = Courier::new(Arc::clone(&post.desk), None, Arc::new(clock)).unwrap();
    post.runtime.block_on(courier.until_empty()).unwrap();
    let came = server.came.lock().unwrap();
    let by_new: Vec<bool> = came.iter().map(|came| came.is_signed_by(&[8; 32])).collect();
    assert_eq!(by_new, (0..30).map(|at| at >= 8).collect::<Vec<_>>());
}

#[test]
fn a_receiver_s_certificate_must_be_trusted() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = Arc::new(builder.with_single_cert(vec![made.cert.der().clone()], key).unwrap());
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for (trusted, taken) in [(made.cert.der().clone(), true), (other.cert.der().clone(), false)] {
        let mut roots = RootCertStore::empty();
        roots.add(trusted).unwrap();
        let place = places().remove(0);
        let post = Post::new(&place, Some(roots));
        let server = post.runtime.block_on(Server::start(&[WELL], Some(Arc::clone(&config))));
        post.add("crm", format!("https://localhost:{}/", server.port), true);
        post.open(&["a"]);
        post.deliver();
        assert_eq!((server.came(), post.counts("crm")[0]), (usize::from(taken), i64::from(taken)), "{:?}", post.told("crm").why);
    }
}

#[test]
fn whoever_cannot_open_the_secret_leaves_the_message_to_others() {
    let place = places().remove(0);
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "0f".repeat(32)).unwrap();
    let sealer = Sealer::read(key.path()).unwrap();
    let post = Post::new(&place, None);
    let new = NewReceiver {
        receiver_id: "crm".to_owned(),
        url: "http://127.0.0.1/".to_owned(),
        kinds: MessageKind::ALL.to_vec(),
        allow_private: true,
    };
    post.desk.store.add_receiver(&new, &SECRET, Some(&sealer), START).unwrap();
    post.open(&["a"]);
    let refused = post.runtime.block_on(Arc::clone(&post.courier).until_empty());
    assert!(matches!(refused, Err(StoreError::NoWebhookKey)), "{refused:?}");
    assert_eq!((post.counts("crm"), post.desk.store.due(START).unwrap().len()), ([0, 0, 1, 0], 1));
}
