//! The accept loop: connections under a cap, each under a watch, HTTP/1.1 and HTTP/2, an orderly end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::patient::Patient;
use super::pulse::Pulse;
use super::tls::Tls;

/// How long to wait after the system refused a connection, as when it has no file handles left.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);
/// How long a caller that is idle may take to close after it was told that we do.
const AFTER_GOODBYE: Duration = Duration::from_millis(250);
/// Bytes that a connection may hold of what was read and is not worked on yet, which also bounds the head of a request.
const READ_BUFFER: usize = 64 << 10;
/// Longest head of an HTTP/2 request.
const HEADERS: u32 = 16 << 10;
/// Requests of one HTTP/2 connection at once.
const STREAMS: u32 = 64;
/// Bytes that a caller may send ahead on an HTTP/2 connection.
const WINDOW: u32 = 256 << 10;

/// How connections are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Open at once; further ones wait in the system's queue.
    pub most: usize,
    /// How long the head of a request may take, from the connection's beginning or the answer before it. Idle connections close then.
    pub head_time: Duration,
    /// How long an answer may wait for its caller to take any of it.
    pub write_time: Duration,
    /// How long requests in work may take after the shutdown signal.
    pub drain_time: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        let time = Duration::from_secs(10);
        Self { most: 4_096, head_time: time, write_time: time, drain_time: time }
    }
}

/// How the service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every request that had begun was answered.
    All,
    /// This many connections were cut when the time was over.
    Cut(usize),
}

/// Serves `app` on `listener` until `shutdown` completes, then lets what has begun come to its end within
/// [`drain_time`](Connections::drain_time).
pub async fn serve(listener: TcpListener, app: Router, connections: Connections, shutdown: impl Future<Output = ()>) -> Drained {
    serve_tls(listener, app, connections, None, shutdown).await
}

/// As [`serve`], in TLS where there is a certificate.
pub async fn serve_tls(
    listener: TcpListener,
    app: Router,
    connections: Connections,
    tls: Option<Arc<Tls>>,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let room = Arc::new(Semaphore::new(connections.most));
    let (stop, stopping) = watch::channel(());
    let accepting = async {
        loop {
            let (stream, permit) = accept(&listener, &room).await;
            tokio::spawn(answer(stream, permit, app.clone(), stopping.clone(), connections, tls.clone()));
        }
    };
    tokio::select! {
        () = shutdown => {}
        () = accepting => {}
    }
    drop(listener);
    let open = || connections.most - room.available_permits();
    tracing::info!(connections = open(), "stopping");
    drop(stop);
    let all = u32::try_from(connections.most).unwrap_or(u32::MAX);
    match tokio::time::timeout(connections.drain_time, room.acquire_many(all)).await {
        Ok(_) => Drained::All,
        Err(_) => Drained::Cut(open()),
    }
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a permit in the end.
    let permit = Arc::clone(room).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection was not accepted");
                tokio::time::sleep(AFTER_REFUSAL).await;
            }
        }
    }
}

async fn answer(
    stream: TcpStream,
    permit: Option<OwnedSemaphorePermit>,
    app: Router,
    stopping: watch::Receiver<()>,
    connections: Connections,
    tls: Option<Arc<Tls>>,
) {
    let _permit = permit;
    // Answers are written whole; waiting to fill packets would only delay them.
    let _ = stream.set_nodelay(true);
    let pulse = Arc::new(Pulse::new());
    let stream = Patient::new(stream, connections.write_time, Arc::clone(&pulse));
    let Some(tls) = tls else { return converse(stream, &pulse, app, stopping, connections).await };
    // Whoever does not shake hands in time is not waited for any longer than for a head.
    if let Ok(Ok(stream)) = tokio::time::timeout(connections.head_time, TlsAcceptor::from(tls.config()).accept(stream)).await {
        converse(stream, &pulse, app, stopping, connections).await;
    }
}

/// Answers the requests that come on a stream.
async fn converse<S>(stream: S, pulse: &Arc<Pulse>, app: Router, mut stopping: watch::Receiver<()>, connections: Connections)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (app, beat) = (TowerToHyperService::new(app), Arc::clone(pulse));
    let service = service_fn(move |request: Request<Incoming>| {
        let busy = Pulse::begin(&beat);
        let answer = hyper::service::Service::call(&app, request);
        async move {
            let answer: Result<Response, Infallible> = answer.await;
            drop(busy);
            answer
        }
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut idle = pin!(pulse.idle(connections.head_time));
    // A peer that hangs up or breaks the protocol has been answered as far as it could be.
    let is_idle = tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = stopping.changed() => false,
        () = idle.as_mut() => true,
    };
    connection.as_mut().graceful_shutdown();
    if is_idle {
        let _ = tokio::time::timeout(AFTER_GOODBYE, connection).await;
    } else {
        tokio::select! {
            _ = connection => {}
            () = idle => {}
        }
    }
}

/// How both versions of HTTP are spoken. HTTP/2 is for callers that begin with it, which TLS lets them agree on.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // A caller that has sent all it has to say and closes its side still wants the answer.
    builder.http1().half_close(true).max_buf_size(READ_BUFFER);
    let two = &mut builder.http2();
    two.timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_header_list_size(HEADERS);
    two.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    builder
}
