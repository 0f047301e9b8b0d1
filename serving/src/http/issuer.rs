//! The public keys of who signs tokens: read from a file, or fetched from the issuer's address and kept.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, Uri, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::incoming;
use crate::guard::{KeyFileError, KeySet};

/// Longest set of public keys, in bytes.
pub(super) const MOST: u64 = 1 << 20;
/// How long the issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two times that the issuer is asked for the sake of a token.
const PAUSE: Duration = Duration::from_secs(30);
/// How often the issuer is asked when nobody names such a key.
const EVERY: Duration = Duration::from_mins(10);

/// Where public keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jwks {
    /// In this file.
    File(PathBuf),
    /// At this address.
    Url(Address),
}

/// An address that public keys are fetched from: https, or plain http on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    host: String,
    port: u16,
    is_plain: bool,
}

impl Jwks {
    /// A file, unless it begins like an address; `None` for an address that is none, or that anybody on the way could answer for.
    #[must_use]
    pub fn of(path: PathBuf) -> Option<Self> {
        match path.to_str().filter(|text| text.contains("://")) {
            None => Some(Self::File(path)),
            Some(text) => Address::of(text).map(Self::Url),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.uri.fmt(f)
    }
}

impl Address {
    /// What is asked for there.
    pub(super) fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    fn of(text: &str) -> Option<Self> {
        let is_here = |host: &str| host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        Self::anywhere(text).filter(|address| !address.is_plain || is_here(&address.host))
    }

    /// An address that nothing secret is asked of, or told: it may be plain http of another machine too.
    #[must_use]
    pub fn anywhere(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let host = uri.host().filter(|host| !host.is_empty())?.trim_matches(['[', ']']).to_owned();
        let is_plain = match uri.scheme_str()? {
            "https" => false,
            "http" => true,
            _ => return None,
        };
        // A password in an address ends up in logs.
        let named = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        (!named).then_some(Self { uri, host, port, is_plain })
    }
}

/// An issuer whose keys are fetched.
#[derive(Debug)]
pub(super) struct Issuer {
    address: Address,
    tls: Option<Arc<ClientConfig>>,
    /// However many tokens name keys that are not known, it is asked no sooner again.
    pub(super) pause: Duration,
    /// When it was asked last.
    pub(super) asked: Mutex<Instant>,
    keys: ArcSwap<KeySet>,
    /// Whether it did not give them when it was asked last.
    stale: AtomicBool,
}

impl Issuer {
    /// Fetches the keys for the first time.
    ///
    /// # Errors
    /// [`KeyFileError::Jwks`] when there are none.
    pub(super) async fn begin(address: Address, roots: Option<RootCertStore>) -> Result<Self, KeyFileError> {
        let failed = |why: String| KeyFileError::Jwks { path: address.to_string().into(), why };
        let tls = tls(&address, roots).map_err(failed)?;
        let keys = fetch(&address, tls.clone()).await.map_err(failed)?;
        let stale = AtomicBool::new(false);
        Ok(Self { address, tls, pause: PAUSE, asked: Mutex::new(Instant::now()), keys: ArcSwap::from_pointee(keys), stale })
    }

    /// The keys that were fetched last.
    pub(super) fn keys(&self) -> Arc<KeySet> {
        self.keys.load_full()
    }

    /// Whether the issuer did not give its keys when it was asked last; those before are used.
    pub(super) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Fetches the keys again.
    ///
    /// # Errors
    /// [`KeyFileError::Jwks`]; those before are used still, and it is told in the log.
    pub(super) async fn refetch(&self) -> Result<(), KeyFileError> {
        self.ask(&mut *self.asked.lock().await).await
    }

    /// As [`refetch`](Self::refetch), unless that was just done, or is being done: one caller waits for the issuer, no other does.
    pub(super) async fn refetch_if_due(&self) {
        let Ok(mut asked) = self.asked.try_lock() else { return };
        if asked.elapsed() >= self.pause {
            // It has been told.
            let _ = self.ask(&mut asked).await;
        }
    }

    /// Fetches the keys from time to time, for good.
    pub(super) async fn keep(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            // It has been told.
            let _ = self.refetch().await;
        }
    }

    async fn ask(&self, asked: &mut Instant) -> Result<(), KeyFileError> {
        // Also when whoever asks goes away before the answer comes: callers who do that make it be asked no oftener.
        *asked = Instant::now();
        let fetched = fetch(&self.address, self.tls.clone()).await;
        *asked = Instant::now();
        self.stale.store(fetched.is_err(), Ordering::Relaxed);
        match fetched {
            Ok(keys) => {
                self.keys.store(Arc::new(keys));
                Ok(())
            }
            Err(why) => {
                tracing::error!(address = %self.address, why, "the issuer's keys cannot be fetched; those before are good still");
                Err(KeyFileError::Jwks { path: self.address.to_string().into(), why })
            }
        }
    }
}

/// How TLS is spoken with `address`, by what the machine trusts unless it is said; `None` where it is not.
pub(super) fn tls(address: &Address, roots: Option<RootCertStore>) -> Result<Option<Arc<ClientConfig>>, String> {
    if address.is_plain { Ok(None) } else { config(roots.map_or_else(trusted, Ok)?).map(Some) }
}

/// What the machine trusts.
fn trusted() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err("this machine trusts no certificates; install its `ca-certificates`".to_owned()) } else { Ok(roots) }
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

async fn fetch(address: &Address, tls: Option<Arc<ClientConfig>>) -> Result<KeySet, String> {
    let late = |_| format!("there was no answer within {} seconds", PATIENCE.as_secs());
    let request = Request::get(address.path()).header(header::ACCEPT, "application/json").body(Body::empty());
    let request = request.map_err(|error| error.to_string())?;
    let text = timeout(PATIENCE, exchange(address, tls, request)).await.map_err(late)??;
    let text = String::from_utf8(text).map_err(|_| "the answer is no text".to_owned())?;
    KeySet::read(&text).ok_or_else(|| "none of it is one".to_owned())
}

/// The body of the answer to `request`, which must be 200. Where it is somewhere else, nobody goes there: the address is what whoever
/// runs the service trusts.
pub(super) async fn exchange(address: &Address, tls: Option<Arc<ClientConfig>>, request: Request<Body>) -> Result<Vec<u8>, String> {
    let stream = TcpStream::connect((&*address.host, address.port)).await.map_err(|error| error.to_string())?;
    let Some(tls) = tls else { return ask(address, stream, request).await };
    let name = ServerName::try_from(address.host.clone()).map_err(|error| error.to_string())?;
    ask(address, TlsConnector::from(tls).connect(name, stream).await.map_err(|error| error.to_string())?, request).await
}

async fn ask(
    address: &Address,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    mut request: Request<Body>,
) -> Result<Vec<u8>, String> {
    let told = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(told)?;
    // Ends with this.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let authority = address.uri.authority().map_or("", |authority| authority.as_str());
    request.headers_mut().insert(header::HOST, HeaderValue::from_str(authority).map_err(|error| error.to_string())?);
    let response = sender.send_request(request).await.map_err(told)?;
    if response.status() != StatusCode::OK {
        return Err(format!("the answer was {}", response.status().as_u16()));
    }
    let (mut body, mut held) = (Body::new(response.into_body()), Vec::new());
    while let Some(data) = incoming::next(&mut body).await {
        held.extend_from_slice(&data.map_err(|error| error.to_string())?);
        if held.len() as u64 > MOST {
            return Err("the answer is longer than 1 MiB".to_owned());
        }
    }
    Ok(held)
}
