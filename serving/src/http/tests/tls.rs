//! TLS on a free port: with the certificate, with another one after it, and with files that are none.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::fixture;
use crate::http::{Connections, Drained, Limits, Served, Setup, State, Tls, TlsError, app, serve_tls};

/// A folder with a certificate and its key; gone when dropped.
struct Place(tempfile::TempDir);

impl Place {
    fn paths(&self) -> [PathBuf; 2] {
        ["cert.pem", "key.pem"].map(|name| self.0.path().join(name))
    }

    /// Writes another certificate for `localhost`, and says what a caller must trust.
    fn renew(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let [cert, key] = self.paths();
        fs::write(cert, made.cert.pem()).unwrap();
        fs::write(key, made.signing_key.serialize_pem()).unwrap();
        made.cert.der().clone()
    }

    fn tls(&self) -> Result<Tls, TlsError> {
        let [cert, key] = self.paths();
        Tls::new(cert, key)
    }
}

/// Asks for liveness as one who trusts this certificate; what came back, or nothing.
async fn ask(addr: SocketAddr, trusted: CertificateDer<'static>) -> String {
    spawn_blocking(move || {
        let mut roots = RootCertStore::empty();
        roots.add(trusted).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
        let connection = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(addr).unwrap());
        let sent = stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let mut text = String::new();
        // A handshake that failed is no answer.
        let _ = sent.and_then(|()| stream.read_to_string(&mut text).map(drop));
        text
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_shown_and_another_one_after_it_without_a_restart() {
    let place = Place(tempfile::tempdir().unwrap());
    let first = place.renew();
    let tls = Arc::new(place.tls().unwrap());
    let setup = Setup { tls: Some(Arc::clone(&tls)), ..Setup::default() };
    let state = State::of(Served::new(fixture::bundle(), None).unwrap().into(), Limits::default(), setup);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (addr, stop) = (listener.local_addr().unwrap(), Arc::new(Notify::new()));
    let told = Arc::clone(&stop);
    let connections = Connections { head_time: Duration::from_millis(500), ..Connections::default() };
    let run = tokio::spawn(serve_tls(listener, app(Arc::clone(&state)), connections, Some(tls), async move { told.notified().await }));

    let answer = ask(addr, first.clone()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("strict-transport-security: max-age="), "{answer}");
    let second = place.renew();
    assert_eq!(ask(addr, second.clone()).await, "", "not before it is told");
    state.refresh().await;
    assert!(ask(addr, second.clone()).await.contains("200 OK"));
    assert_eq!(ask(addr, first).await, "", "the one before is shown no more");

    let [cert, _] = place.paths();
    fs::write(cert, "half a certifi").unwrap();
    state.refresh().await;
    assert!(ask(addr, second).await.contains("200 OK"), "what is off changes nothing");

    // Whoever does not speak TLS, or nothing at all, is cut.
    let plain = spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let (mut spoken, mut silent) = (Vec::new(), Vec::new());
        let _ = stream.read_to_end(&mut spoken);
        let _ = TcpStream::connect(addr).unwrap().read_to_end(&mut silent);
        (spoken, silent)
    });
    let (spoken, silent) = plain.await.unwrap();
    assert!(!String::from_utf8_lossy(&spoken).contains("HTTP/1.1") && silent.is_empty());
    stop.notify_one();
    assert_eq!(run.await.unwrap(), Drained::All);
}

#[test]
fn files_that_are_none_or_of_each_other_s_are_refused() {
    let place = Place(tempfile::tempdir().unwrap());
    let pem = |place: &Place| match place.tls() {
        Err(error @ TlsError::Pem { what, .. }) => {
            assert!(error.to_string().contains("\nhint: "), "{error}");
            what
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(pem(&place), "certificate");
    place.renew();
    let [cert, key] = place.paths();
    let (old_cert, old_key) = (fs::read(&cert).unwrap(), fs::read(&key).unwrap());
    fs::write(&key, "none").unwrap();
    assert_eq!(pem(&place), "private key");
    place.renew();
    fs::write(&key, &old_key).unwrap();
    assert!(matches!(place.tls(), Err(TlsError::Pair(_))), "the key of another certificate");
    fs::write(&cert, old_cert).unwrap();
    assert!(place.tls().is_ok());
    fs::write(&cert, "").unwrap();
    assert!(place.tls().is_err());
}
