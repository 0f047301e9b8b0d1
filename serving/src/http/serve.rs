//! The accept loop: connections under a cap, heads and answers under deadlines, an orderly end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::patient::Patient;
use super::tls::Tls;

/// How long to wait after the system refused a connection, as when it has no file handles left.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

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
        Self { most: 1_024, head_time: time, write_time: time, drain_time: time }
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
    let service = TowerToHyperService::new(app);
    let room = Arc::new(Semaphore::new(connections.most));
    let graceful = GracefulShutdown::new();
    let accepting = async {
        loop {
            let (stream, permit) = accept(&listener, &room).await;
            let (service, watcher, tls) = (service.clone(), graceful.watcher(), tls.clone());
            tokio::spawn(answer(stream, permit, service, watcher, connections, tls));
        }
    };
    tokio::select! {
        () = shutdown => {}
        () = accepting => {}
    }
    drop(listener);
    let open = connections.most - room.available_permits();
    tracing::info!(connections = open, "stopping");
    match tokio::time::timeout(connections.drain_time, graceful.shutdown()).await {
        Ok(()) => Drained::All,
        Err(_) => Drained::Cut(connections.most - room.available_permits()),
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
    service: TowerToHyperService<Router>,
    watcher: Watcher,
    connections: Connections,
    tls: Option<Arc<Tls>>,
) {
    let _permit = permit;
    // Answers are written whole; waiting to fill packets would only delay them.
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream, connections.write_time);
    let Some(tls) = tls else { return converse(stream, service, watcher, connections).await };
    // Whoever does not shake hands in time is not waited for any longer than for a head.
    if let Ok(Ok(stream)) = tokio::time::timeout(connections.head_time, TlsAcceptor::from(tls.config()).accept(stream)).await {
        converse(stream, service, watcher, connections).await;
    }
}

/// Answers the requests that come on a stream.
async fn converse<S>(stream: S, service: TowerToHyperService<Router>, watcher: Watcher, connections: Connections)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        // A caller that has sent all it has to say and closes its side still wants the answer.
        .half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(connections.head_time)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that hangs up or breaks the protocol has been answered as far as it could be.
    let _ = watcher.watch(connection).await;
}
