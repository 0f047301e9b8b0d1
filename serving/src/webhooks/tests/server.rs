//! A receiver on a free port, which fails, hangs, lies, and goes away.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a receiver does with a message.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    /// Answers this, and this header.
    Says(u16, &'static str),
    /// Says that all is well, and breaks off in the middle.
    Cut,
    /// Says that all is well, at great length.
    Huge,
    /// Says nothing.
    Hangs,
    /// Goes away.
    Leaves,
}

pub(super) const WELL: Reply = Reply::Says(200, "x-well: yes");

/// A message as it came.
pub(super) struct Came {
    pub(super) head: String,
    pub(super) body: String,
}

impl Came {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("no `{name}` in {}", self.head))
    }

    /// Whether this secret signed it, by other code than ours.
    pub(super) fn is_signed_by(&self, secret: &[u8]) -> bool {
        let signed = [self.header("webhook-id"), ".", self.header("webhook-timestamp"), ".", &self.body].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        self.header("webhook-signature").split(' ').any(|signature| {
            let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
            hmac::verify(&key, signed.as_bytes(), &tag).is_ok()
        })
    }
}

/// A receiver: replies one after the other, and the last one over and over.
#[derive(Clone)]
pub(super) struct Server {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    pub(super) came: Arc<Mutex<Vec<Came>>>,
    pub(super) port: u16,
}

impl Server {
    pub(super) async fn start(replies: &[Reply], tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { replies: Arc::new(Mutex::new(replies.iter().copied().collect())), came: Arc::default(), port };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, tls) = (serving.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls.map(TlsAcceptor::from) {
                        None => server.answer(stream).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                server.answer(stream).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    async fn answer(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut held = Vec::new();
        let whole = |held: &[u8]| {
            let text = String::from_utf8_lossy(held).into_owned();
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
            (body.len() == length).then(|| Came { head: head.to_owned(), body: body.to_owned() })
        };
        while whole(&held).is_none() {
            if !stream.read_buf(&mut held).await.is_ok_and(|more| more > 0) {
                return;
            }
        }
        self.came.lock().unwrap().extend(whole(&held));
        let reply = {
            let mut replies = self.replies.lock().unwrap();
            if replies.len() > 1 { replies.pop_front() } else { replies.front().copied() }
        };
        let answer = match reply.unwrap() {
            Reply::Says(status, header) => format!("HTTP/1.1 {status} So\r\n{header}\r\ncontent-length: 2\r\n\r\nok"),
            Reply::Cut => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nwell,".to_owned(),
            Reply::Huge => format!("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{}", "x".repeat(1 << 20)),
            Reply::Hangs => return std::future::pending().await,
            Reply::Leaves => return,
        };
        // Whoever does not read on is not waited for.
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    /// From now on it replies so.
    pub(super) fn becomes(&self, reply: Reply) {
        *self.replies.lock().unwrap() = VecDeque::from([reply]);
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?of=lapwing", self.port)
    }

    pub(super) fn came(&self) -> usize {
        self.came.lock().unwrap().len()
    }

    pub(super) fn ids(&self) -> BTreeSet<String> {
        self.came.lock().unwrap().iter().map(|came| came.header("webhook-id").to_owned()).collect()
    }
}
