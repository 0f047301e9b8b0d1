//! Asks others: one request on a connection of its own, over TLS unless the address is plain, and no further than the address says.

use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// Where somebody is asked: `https`, or `http`, and no password in it, since addresses end up in logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    host: String,
    port: u16,
    is_plain: bool,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.uri.fmt(f)
    }
}

impl Address {
    /// The address that is written so, on whatever machine; `None` when it is none.
    #[must_use]
    pub fn anywhere(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let host = uri.host().filter(|host| !host.is_empty())?.trim_matches(['[', ']']).to_owned();
        let is_plain = match uri.scheme_str()? {
            "https" => false,
            "http" => true,
            _ => return None,
        };
        let named = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        (!named).then_some(Self { uri, host, port, is_plain })
    }

    /// Whether anybody on the way could answer.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Whether it says that it is on this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }

    /// Where its name leads.
    ///
    /// # Errors
    /// What the system says when it leads nowhere.
    pub(crate) async fn resolve(&self) -> Result<Vec<SocketAddr>, String> {
        let found = tokio::net::lookup_host((&*self.host, self.port)).await.map_err(|error| error.to_string())?;
        Ok(found.collect())
    }

    /// What is asked for there.
    pub(crate) fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// What it calls itself.
    fn authority(&self) -> Result<HeaderValue, String> {
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        HeaderValue::from_str(authority).map_err(|error| error.to_string())
    }
}

/// Longest answer that [`exchange`] takes, in bytes.
const ANSWER: usize = 1 << 20;

/// Bytes of an answer that are held before they are asked for; its head is no longer.
const BUFFER: usize = 64 << 10;

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The body, as far as it may be long.
    pub(crate) body: Vec<u8>,
    /// Whether there was more of it, which was not read.
    pub(crate) is_longer: bool,
}

/// Sends a request to an address, at one of the places that its name leads to, and reads at most `most` bytes of the answer's body. Where
/// the answer is somewhere else, nobody goes there.
///
/// # Errors
/// In words: nobody is there, nobody trusts its certificate, or the answer breaks off.
pub(crate) async fn send(
    address: &Address,
    places: &[SocketAddr],
    tls: Option<Arc<ClientConfig>>,
    mut request: Request<Body>,
    most: usize,
) -> Result<Answer, String> {
    request.headers_mut().insert(header::HOST, address.authority()?);
    let stream = TcpStream::connect(places).await.map_err(|error| error.to_string())?;
    if address.is_plain {
        return ask(stream, request, most).await;
    }
    let tls = tls.ok_or("this machine speaks no TLS")?;
    let name = ServerName::try_from(address.host.clone()).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(tls).connect(name, stream).await.map_err(|error| error.to_string())?;
    ask(stream, request, most).await
}

/// The body of the answer to a request for a path, which must be 200. Where it is somewhere else, nobody goes there: the address is what
/// whoever runs the service trusts.
///
/// # Errors
/// As [`send`], or the answer is another or too long.
pub(crate) async fn exchange(address: &Address, tls: Option<Arc<ClientConfig>>, request: Request<Body>) -> Result<Vec<u8>, String> {
    let places = address.resolve().await?;
    let answer = send(address, &places, tls, request, ANSWER).await?;
    match answer.status {
        StatusCode::OK if answer.is_longer => Err("the answer is longer than 1 MiB".to_owned()),
        StatusCode::OK => Ok(answer.body),
        status => Err(format!("the answer was {}", status.as_u16())),
    }
}

async fn ask(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, request: Request<Body>, most: usize) -> Result<Answer, String> {
    let told = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::Builder::new().max_buf_size(BUFFER).handshake(TokioIo::new(stream)).await.map_err(told)?;
    // Ends with this.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let (head, body) = sender.send_request(request).await.map_err(told)?.into_parts();
    let (mut body, mut held) = (Body::new(body), Vec::new());
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|error| error.to_string())?;
        held.extend_from_slice(&frame.into_data().unwrap_or_default());
        if held.len() > most {
            held.truncate(most);
            return Ok(Answer { status: head.status, headers: head.headers, body: held, is_longer: true });
        }
    }
    Ok(Answer { status: head.status, headers: head.headers, body: held, is_longer: false })
}

/// How TLS is spoken with `address`, by what the machine trusts unless it is said; `None` where it is not.
///
/// # Errors
/// As [`config`].
pub(crate) fn tls(address: &Address, roots: Option<RootCertStore>) -> Result<Option<Arc<ClientConfig>>, String> {
    if address.is_plain { Ok(None) } else { config(roots).map(Some) }
}

/// What speaks TLS with whom the machine trusts, or with whom `roots` do.
///
/// # Errors
/// In words: the machine trusts nobody.
pub(crate) fn config(roots: Option<RootCertStore>) -> Result<Arc<ClientConfig>, String> {
    let roots = roots.map_or_else(trusted, Ok)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// What the machine trusts.
fn trusted() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err("this machine trusts no certificates; install its `ca-certificates`".to_owned()) } else { Ok(roots) }
}
