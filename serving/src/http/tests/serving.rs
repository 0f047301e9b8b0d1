//! Connections as they come and go, over the loopback device on a free port.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Version};
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{ask, fixture, good};
use crate::http::{Connections, Drained, Limits, State, app, serve};

const HEAD: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";

/// A service that runs until told to stop.
struct Service {
    addr: SocketAddr,
    stop: Arc<Notify>,
    run: JoinHandle<Drained>,
}

impl Service {
    async fn start(app: Router, connections: Connections) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, stop) = (listener.local_addr().unwrap(), Arc::new(Notify::new()));
        let told = Arc::clone(&stop);
        let run = tokio::spawn(serve(listener, app, connections, async move { told.notified().await }));
        Self { addr, stop, run }
    }

    async fn end(self) -> Drained {
        self.stop.notify_one();
        self.run.await.unwrap()
    }

    /// Sends `bytes` and reads until the service closes the connection.
    fn exchange(&self, bytes: &'static [u8]) -> JoinHandle<String> {
        let addr = self.addr;
        spawn_blocking(move || {
            let mut stream = TcpStream::connect(addr).unwrap();
            stream.write_all(bytes).unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        })
    }
}

/// Short enough that a test need not wait, long enough for a head that is sent at once.
fn quick() -> Connections {
    let time = Duration::from_millis(300);
    Connections { head_time: time, write_time: time, ..Connections::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed_after_its_answer() {
    let service = Service::start(app(super::state()), quick()).await;
    let text = service.exchange(HEAD).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("{\"status\":\"live\"}"), "{text}");
    assert_eq!(service.end().await, Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut() {
    let service = Service::start(app(super::state()), quick()).await;
    let text = service.exchange(b"GET /health/live HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    assert!(!text.contains("200 OK"), "{text}");
    assert_eq!(service.end().await, Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_send_no_body_hold_nobody_up() {
    let state = State::new(fixture::bundle(), Limits { in_flight: 1, ..Limits::default() }).unwrap();
    let service = Service::start(app(state), Connections::default()).await;
    let (addr, body) = (service.addr, ask(&[good()]).to_string());
    let silent = spawn_blocking(move || {
        let head = |length: usize| {
            format!(
                "POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            )
        };
        let connect = |bytes: &str| {
            let mut stream = TcpStream::connect(addr).unwrap();
            stream.write_all(bytes.as_bytes()).unwrap();
            stream
        };
        // Nothing at all, the beginnings of a head in both versions of HTTP, a head, and a part of a body.
        let part = head(100) + "{\"as_of\"";
        let silent: Vec<TcpStream> =
            ["", "PO", "PRI * HTTP/2.0\r\n", &head(100), &part].iter().cycle().take(100).map(|bytes| connect(bytes)).collect();
        let mut good = connect(&(head(body.len()) + &body));
        let mut text = String::new();
        good.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        silent
    });
    drop(silent.await.unwrap());
    assert_eq!(service.end().await, Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_what_can_be_done_callers_are_answered_200_or_429_and_health_is_live() {
    let limits = Limits { in_flight: 2, ..Limits::default() };
    let service = Service::start(app(State::new(fixture::bundle(), limits).unwrap()), Connections::default()).await;
    let head =
        format!("content-type: application/json\r\nhost: x\r\nconnection: close\r\ncontent-length: {}", ask(&[good()]).to_string().len());
    let request: &'static str = format!("POST /v1/score HTTP/1.1\r\n{head}\r\n\r\n{}", ask(&[good()])).leak();
    let (mut counts, mut others) = ([0, 0], Vec::new());
    // As long as it takes until both were seen; on a machine that does much else they meet seldom.
    for _ in 0..50 {
        let asked: Vec<_> = (0..64).map(|_| service.exchange(request.as_bytes())).collect();
        let live = service.exchange(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        assert!(live.starts_with("HTTP/1.1 200 OK\r\n"), "{live}");
        for answer in asked {
            let text = answer.await.unwrap();
            match text.split(' ').nth(1) {
                Some("200") => counts[0] += 1,
                Some("429") if text.contains("retry-after: 1") => counts[1] += 1,
                _ => others.push(text),
            }
        }
        if counts.iter().all(|count| *count > 0) {
            break;
        }
    }
    assert!(others.is_empty() && counts[0] > 0 && counts[1] > 0, "{counts:?} {others:?}");
    assert_eq!(service.end().await, Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_never_comes_to_the_point_is_cut() {
    let service = Service::start(app(super::state()), quick()).await;
    for bytes in [&b""[..], b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let addr = service.addr;
        let cut = spawn_blocking(move || {
            let mut stream = TcpStream::connect(addr).unwrap();
            stream.write_all(bytes).unwrap();
            stream.read_to_end(&mut Vec::new())
        });
        // What matters is that it ends.
        let _ = cut.await.unwrap();
    }
    assert_eq!(service.end().await, Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_said_to_be_too_large_is_refused_before_it_comes_and_the_connection_ends() {
    let state = State::new(fixture::bundle(), Limits { body_bytes: 1_000, ..Limits::default() }).unwrap();
    let service = Service::start(app(state), Connections::default()).await;
    for (expect, length) in [("expect: 100-continue\r\n", 1_001), ("", 1_001), ("", 100_000_000)] {
        let addr = service.addr;
        let told = spawn_blocking(move || {
            let mut stream = TcpStream::connect(addr).unwrap();
            let head =
                format!("POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{expect}\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            if expect.is_empty() {
                stream.write_all(&[b' '; 600]).unwrap();
            }
            // Far less than a body may take to come: nothing is waited for.
            stream.set_read_timeout(Some(Duration::from_millis(900))).unwrap();
            let mut first = [0; 12];
            stream.read_exact(&mut first).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut text = String::from_utf8_lossy(&first).into_owned();
            stream.read_to_string(&mut text).unwrap();
            text
        });
        let text = told.await.unwrap();
        assert!(text.starts_with("HTTP/1.1 413") && text.contains("connection: close\r\n") && text.contains("too_large"), "{text}");
    }
    assert_eq!(service.end().await, Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_spoken_with_callers_that_begin_with_it() {
    let service = Service::start(app(super::state()), Connections::default()).await;
    let stream = tokio::net::TcpStream::connect(service.addr).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut answers = Vec::new();
    for _ in 0..8 {
        let request = super::post(ask(&[good()]).to_string());
        let (mut head, body) = request.into_parts();
        head.uri = "http://example.test/v1/score".parse().unwrap();
        answers.push(sender.send_request(Request::from_parts(head, body)));
    }
    for answer in futures::future::join_all(answers).await {
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
        let body = to_bytes(Body::new(answer.into_body()), usize::MAX).await.unwrap();
        assert!(body.starts_with(b"{"));
    }
    drop(sender);
    assert_eq!(service.end().await, Drained::All);
    drop(connection);
}

/// More than the buffers between two sockets hold.
static LONG: [u8; 128 << 20] = [0; 128 << 20];

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_never_reads_is_cut_and_makes_room() {
    let router = Router::new().route("/long", get(async || &LONG[..])).route("/health/live", get(async || "live"));
    let service = Service::start(router, Connections { most: 1, ..quick() }).await;
    let addr = service.addr;
    let deaf = spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        stream
    });
    let deaf = deaf.await.unwrap();
    assert!(service.exchange(HEAD).await.unwrap().ends_with("live"));
    drop(deaf);
    assert_eq!(service.end().await, Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_cap_connections_wait_for_their_turn() {
    let service = Service::start(app(super::state()), Connections { most: 1, ..quick() }).await;
    let exchanges: Vec<_> = (0..3).map(|_| service.exchange(HEAD)).collect();
    for exchange in exchanges {
        assert!(exchange.await.unwrap().contains("200 OK"));
    }
    assert_eq!(service.end().await, Drained::All);
}

/// A handler that says when it was entered and waits until it may answer.
fn slow() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (entered, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (enters, answers) = (Arc::clone(&entered), Arc::clone(&answer));
    let handler = async move || {
        enters.notify_one();
        answers.notified().await;
        "done"
    };
    (Router::new().route("/health/live", get(handler)), entered, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_is_answered_before_the_end() {
    let (router, entered, answer) = slow();
    let service = Service::start(router, Connections { drain_time: Duration::from_mins(1), ..Connections::default() }).await;
    let exchange = service.exchange(HEAD);
    entered.notified().await;
    service.stop.notify_one();
    answer.notify_one();
    assert!(exchange.await.unwrap().ends_with("done"));
    assert_eq!(service.run.await.unwrap(), Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_closes_its_side_is_answered() {
    let (router, entered, answer) = slow();
    let service = Service::start(router, quick()).await;
    let addr = service.addr;
    let exchange = spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(HEAD).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    entered.notified().await;
    answer.notify_one();
    assert!(exchange.await.unwrap().ends_with("done"));
    assert_eq!(service.end().await, Drained::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_in_time_is_cut() {
    let (router, entered, _answer) = slow();
    let service = Service::start(router, Connections { drain_time: Duration::ZERO, ..Connections::default() }).await;
    let addr = service.addr;
    let stream = spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(HEAD).unwrap();
        stream
    });
    entered.notified().await;
    assert_eq!(service.end().await, Drained::Cut(1));
    drop(stream.await.unwrap());
}
