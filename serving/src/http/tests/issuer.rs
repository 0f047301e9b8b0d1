//! Public keys that are fetched from an issuer, which is a server on a free port here.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{ask, fixture, get, good, send};
use crate::guard::{Claims, KeyFileError};
use crate::http::gate::Signers;
use crate::http::issuer::Issuer;
use crate::http::{Address, Gate, Jwks, Limits, Served, Setup, State, Tokens};

const AN_HOUR: Duration = Duration::from_hours(1);

/// An issuer: gives its answers one after the other, the last one over and over.
#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<VecDeque<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
    /// While it is held, nobody is answered.
    held: Arc<tokio::sync::Mutex<()>>,
}

impl Server {
    fn give(&self, status: &str, body: &str) {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nlocation: /elsewhere\r\nconnection: close\r\n\r\n{body}");
        self.answers.lock().unwrap().push_back(answer.into_bytes());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    async fn answer(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut held = Vec::new();
        while !held.ends_with(b"\r\n\r\n") && stream.read_buf(&mut held).await.is_ok_and(|more| more > 0) {}
        self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(held.starts_with(b"GET /keys?of=lapwing HTTP/1.1\r\n"), "{}", String::from_utf8_lossy(&held));
        drop(self.held.lock().await);
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
        };
        stream.write_all(&answer.unwrap()).await.unwrap();
        stream.shutdown().await.unwrap();
    }

    /// Starts it; its address.
    async fn start(&self, tls: Option<Arc<ServerConfig>>) -> Address {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (scheme, port) = (if tls.is_some() { "https" } else { "http" }, listener.local_addr().unwrap().port());
        let server = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                match &tls {
                    None => server.answer(stream).await,
                    Some(tls) => {
                        // Who does not trust the certificate goes.
                        if let Ok(stream) = TlsAcceptor::from(Arc::clone(tls)).accept(stream).await {
                            server.answer(stream).await;
                        }
                    }
                }
            }
        });
        address(&format!("{scheme}://localhost:{port}/keys?of=lapwing")).unwrap()
    }
}

fn address(text: &str) -> Option<Address> {
    match Jwks::of(text.into())? {
        Jwks::Url(address) => Some(address),
        Jwks::File(_) => None,
    }
}

fn pair(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap()
}

fn encoded(value: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(value)
}

/// The public keys of these numbers.
fn keys(numbers: &[u8]) -> String {
    let key = |number: &u8| json!({"kty": "OKP", "crv": "Ed25519", "kid": number.to_string(), "x": encoded(pair(*number).public_key())});
    json!({"keys": numbers.iter().map(key).collect::<Vec<Value>>()}).to_string()
}

/// A token by the key of this number, until 2100.
fn token(number: u8) -> String {
    let head = json!({"alg": "EdDSA", "kid": number.to_string()});
    let claims = json!({"iss": "them", "aud": "lapwing", "sub": "crm", "exp": 4_102_444_800_u64, "roles": ["lapwing:score"]});
    let signed = format!("{}.{}", encoded(head.to_string()), encoded(claims.to_string()));
    let signature = encoded(pair(number).sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn claims() -> Claims {
    Claims { issuer: "them".to_owned(), audience: "lapwing".to_owned(), roles: "roles".to_owned() }
}

async fn state(address: Address, pause: Duration) -> Arc<State> {
    let mut issuer = Issuer::begin(address, None).await.unwrap();
    issuer.pause = pause;
    let mut gate = Gate::new(None, None).unwrap();
    gate.tokens = Some((claims(), Signers::Issuer(issuer)));
    State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), Setup { gate: Some(gate), ..Setup::default() })
}

async fn status(state: &Arc<State>, token: &str) -> u16 {
    let request = Request::post("/v1/score").header("content-type", "application/json").header("authorization", format!("Bearer {token}"));
    send(state, request.body(Body::from(ask(&[good()]).to_string())).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn a_key_that_is_new_is_fetched_when_a_token_names_it() {
    let server = Server::default();
    server.give("200 OK", &keys(&[1]));
    server.give("200 OK", &keys(&[1, 2]));
    let state = state(server.start(None).await, Duration::ZERO).await;
    assert_eq!((status(&state, &token(1)).await, server.asked()), (200, 1));
    assert_eq!((status(&state, &token(2)).await, server.asked()), (200, 2));
    // Signed by another key than it says: that is no new key.
    let forged = format!("{}.{}", token(2).rsplit_once('.').unwrap().0, token(1).rsplit_once('.').unwrap().1);
    assert_eq!((status(&state, &forged).await, status(&state, "lapwing_guess").await, server.asked()), (401, 401, 2));
}

#[tokio::test]
async fn the_issuer_is_not_asked_as_often_as_callers_like() {
    let server = Server::default();
    server.give("200 OK", &keys(&[1]));
    let state = state(server.start(None).await, AN_HOUR).await;
    for number in 2..10 {
        assert_eq!(status(&state, &token(number)).await, 401);
    }
    assert_eq!((status(&state, &token(1)).await, server.asked()), (200, 1));
}

#[tokio::test]
async fn while_one_caller_waits_for_an_issuer_that_hangs_no_other_does() {
    let server = Server::default();
    server.give("200 OK", &keys(&[1]));
    server.give("200 OK", &keys(&[1, 2]));
    let state = state(server.start(None).await, Duration::ZERO).await;
    let held = server.held.lock().await;
    let waits = tokio::spawn({
        let state = Arc::clone(&state);
        async move { status(&state, &token(2)).await }
    });
    while server.asked() < 2 {
        tokio::task::yield_now().await;
    }
    for number in 2..102 {
        assert_eq!(status(&state, &token(number)).await, 401);
    }
    assert_eq!(status(&state, &token(1)).await, 200, "whose key is known waits for nobody");
    assert!(!waits.is_finished(), "the issuer hangs still");
    drop(held);
    assert_eq!((waits.await.unwrap(), status(&state, &token(2)).await, server.asked()), (200, 200, 2));
}

#[tokio::test]
async fn callers_who_go_away_make_the_issuer_be_asked_no_oftener() {
    let server = Server::default();
    server.give("200 OK", &keys(&[1]));
    let issuer = Issuer::begin(server.start(None).await, None).await.unwrap();
    *issuer.asked.lock().await -= issuer.pause;
    let held = server.held.lock().await;
    let mut asking = Box::pin(issuer.refetch_if_due());
    while server.asked() < 2 {
        assert!(futures::poll!(&mut asking).is_pending());
        tokio::task::yield_now().await;
    }
    drop(asking);
    issuer.refetch_if_due().await;
    assert_eq!(server.asked(), 2);
    drop(held);
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_again_stay_and_readiness_says_so() {
    let server = Server::default();
    server.give("200 OK", &keys(&[1]));
    let long = "x".repeat((1 << 20) + 1);
    for (status, body) in [("302 Found", ""), ("500 Internal Server Error", "{}"), ("200 OK", "{\"keys\": []}"), ("200 OK", &long)] {
        server.give(status, body);
    }
    server.give("200 OK", &keys(&[3]));
    let state = state(server.start(None).await, AN_HOUR).await;
    for why in ["the answer was 302", "the answer was 500", "none of it is one", "longer than 1 MiB"] {
        let error = state.gate().unwrap().refetch().await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(status(&state, &token(1)).await, 200);
        assert_eq!(get(&state, "/health/ready").await.json(), json!({"status": "ready", "stale_issuer_keys": true}));
    }
    // As at SIGHUP.
    state.refresh().await;
    assert_eq!((status(&state, &token(1)).await, status(&state, &token(3)).await), (401, 200));
    assert_eq!(get(&state, "/health/ready").await.json(), json!({"status": "ready"}));
}

#[tokio::test]
async fn the_issuer_s_certificate_must_be_trusted() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = Arc::new(builder.with_single_cert(vec![made.cert.der().clone()], key).unwrap());
    let trusting = |certificate: CertificateDer<'static>| {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        Some(roots)
    };
    let server = Server::default();
    server.give("200 OK", &keys(&[1]));
    let address = server.start(Some(config)).await;
    assert!(Issuer::begin(address.clone(), trusting(made.cert.der().clone())).await.is_ok());
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let error = Issuer::begin(address, trusting(other.cert.der().clone())).await.unwrap_err();
    assert!(matches!(error, KeyFileError::Jwks { .. }) && error.to_string().contains("certificate"), "{error}");
    assert_eq!(server.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_does_not_begin_without_the_issuer_s_keys() {
    let server = Server::default();
    server.give("404 Not Found", "");
    let jwks = Jwks::Url(server.start(None).await);
    let error = Gate::new(None, Some(Tokens { jwks: jwks.clone(), claims: claims() })).unwrap_err();
    assert!(error.to_string().contains("the answer was 404") && error.to_string().contains("\nhint: "), "{error}");
    server.give("200 OK", &keys(&[1]));
    // The answer before is given once more, and then no longer.
    let _ = Gate::new(None, Some(Tokens { jwks: jwks.clone(), claims: claims() }));
    assert!(Gate::new(None, Some(Tokens { jwks, claims: claims() })).is_ok());
}

#[test]
fn an_address_that_others_could_answer_for_is_none() {
    let rests = ["example.com/jwks", "me:secret@example.com/jwks", "example.com/jwks", "/jwks", "exa mple.com/"];
    for (scheme, rest) in ["http", "https", "ftp", "https", "https"].into_iter().zip(rests) {
        let bad = format!("{scheme}://{rest}");
        assert_eq!(Jwks::of(bad.clone().into()), None, "{bad}");
    }
    for good in ["https://example.com", "https://example.com:8443/jwks?x=1", "http://127.0.0.1:0/jwks", "http://localhost/jwks"] {
        assert_eq!(address(good).map(|address| address.to_string().trim_end_matches('/').to_owned()), Some(good.to_owned()));
    }
    assert_eq!(Jwks::of("keys/jwks.json".into()), Some(Jwks::File("keys/jwks.json".into())));
}
