//! Delivers what is in the outbox. Any number may do so at once, here and on other machines: each claims what it delivers for a while, and
//! what somebody claimed who died is delivered by another when that while is over.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use lapwing_features::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use rustls::{ClientConfig, RootCertStore};
use tokio::task::JoinSet;

use super::place::{address, places};
use super::{schedule, signature};
use crate::http::{Desk, client};
use crate::store::{End, Outgoing, Store, StoreError, Target};

/// How long a receiver may take to be found, to be reached and to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// For how long messages are claimed, in microseconds: far longer than a receiver may take, and than clocks of machines differ.
const LEASE: i64 = 60_000_000;

/// Messages that a receiver is sent at once.
const AT_ONCE: i64 = 8;

/// Bytes of an answer that are read: it says nothing that is of use.
const MOST: usize = 64 << 10;

/// Between two looks at the outbox.
const EVERY: Duration = Duration::from_secs(1);

/// How long a receiver rests for which the store did not do what was asked.
const REST: Duration = Duration::from_secs(30);

/// Looks between two counts of what waits.
const COUNT_EVERY: u32 = 10;

/// What was delivered since the start, and what waits.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Messages that were taken.
    pub sent: Counter,
    /// Tries that failed.
    pub failed: Counter,
    /// Messages that were given up.
    pub dead: Counter,
    /// Messages that wait, whoever delivers them.
    pub waiting: Gauge,
}

/// Says what time it is.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Delivers messages.
pub struct Courier {
    desk: Arc<Desk>,
    tls: Option<Arc<ClientConfig>>,
    clock: Clock,
    /// Its own name, and how many leases it took.
    name: (String, AtomicU64),
    /// Receivers that are being served, each by one at a time.
    busy: Mutex<HashSet<String>>,
    /// How long a receiver may take.
    pub(super) patience: Duration,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A receiver that is being served, until this is dropped.
struct Busy {
    courier: Arc<Courier>,
    receiver_id: String,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.courier.busy().remove(&self.receiver_id);
    }
}

impl Courier {
    /// Somebody who delivers what is in the store of a desk. Receivers must show certificates by `roots`, or by whom the machine trusts.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the system gives no random bytes.
    pub fn new(desk: Arc<Desk>, roots: Option<RootCertStore>, clock: Clock) -> Result<Arc<Self>, StoreError> {
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(|_| StoreError::Failed("the system gives no random bytes".to_owned()))?;
        let tls = client::config(roots).inspect_err(|why| tracing::error!(why, "no receiver of webhooks can be told by https")).ok();
        let name = (format!("{:016x}", u64::from_be_bytes(name)), AtomicU64::new(0));
        Ok(Arc::new(Self { desk, tls, clock, name, busy: Mutex::default(), patience: PATIENCE }))
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers for good. What goes wrong is told in the log, and tried again.
    pub async fn keep(self: Arc<Self>) {
        let (mut serving, mut looks) = (JoinSet::new(), 0_u32);
        loop {
            while serving.try_join_next().is_some() {}
            if let Err(error) = self.begin(&mut serving, REST).await {
                tracing::warn!(%error, "webhooks wait");
                tokio::time::sleep(REST).await;
            }
            if looks.is_multiple_of(COUNT_EVERY) {
                self.count().await;
            }
            looks = looks.wrapping_add(1);
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Delivers until nothing is due; what failed waits for its time.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written.
    pub async fn until_empty(self: Arc<Self>) -> Result<(), StoreError> {
        let mut serving = JoinSet::new();
        loop {
            self.begin(&mut serving, Duration::ZERO).await?;
            match serving.join_next().await {
                None => break,
                Some(served) => served.unwrap_or(Ok(()))?,
            }
        }
        self.count().await;
        Ok(())
    }

    /// Begins to serve every receiver that something is due for and nobody serves: one that hangs holds up none of the others.
    pub(super) async fn begin(self: &Arc<Self>, serving: &mut JoinSet<Result<(), StoreError>>, rest: Duration) -> Result<(), StoreError> {
        let now = (self.clock)();
        for target in self.work(move |store| store.due(now)).await? {
            if !self.busy().insert(target.receiver_id.clone()) {
                continue;
            }
            let busy = Busy { courier: Arc::clone(self), receiver_id: target.receiver_id.clone() };
            serving.spawn(async move {
                let served = busy.courier.serve(target).await;
                if let Err(error) = &served {
                    tracing::warn!(receiver = busy.receiver_id, %error, "webhooks wait");
                    tokio::time::sleep(rest).await;
                }
                served
            });
        }
        Ok(())
    }

    /// Delivers what is due for a receiver.
    async fn serve(self: &Arc<Self>, mut target: Target) -> Result<(), StoreError> {
        loop {
            let now = (self.clock)();
            // Whoever cannot sign claims nothing: somebody else may have the key.
            let secrets = target.secrets(self.desk.sealer.as_ref(), now)?;
            let lease = format!("{}:{}", self.name.0, self.name.1.fetch_add(1, Ordering::Relaxed));
            let (id, name) = (target.receiver_id.clone(), lease.clone());
            let claimed = self.work(move |store| store.claim(&id, &name, now, Timestamp(now.0 + LEASE), AT_ONCE)).await?;
            if claimed.is_empty() {
                return Ok(());
            }
            let secrets = Arc::new(secrets);
            let mut sending = JoinSet::new();
            for message in claimed {
                let (courier, target, secrets) = (Arc::clone(self), target.clone(), Arc::clone(&secrets));
                sending.spawn(async move { courier.send(&target, &secrets, message).await });
            }
            let ends = sending.join_all().await;
            let gone = ends.iter().any(|(_, end)| matches!(end, End::Gone(_)));
            let in_vain = ends.iter().all(|(_, end)| matches!(end, End::Failed(..)));
            self.settle(&target.receiver_id, lease, ends).await?;
            if gone {
                tracing::warn!(receiver = target.receiver_id, "the receiver answered 410 and is told nothing more");
            }
            // Of a receiver that is away a few are told a second, so that not all that waits has failed by the time that it is back.
            if in_vain {
                return Ok(());
            }
            // Much may wait, and meanwhile the receiver may have got another secret, or have been taken out.
            let id = target.receiver_id.clone();
            let Some(found) = self.work(move |store| store.target(&id)).await? else { return Ok(()) };
            target = found;
        }
    }

    /// Writes down what became of messages.
    async fn settle(self: &Arc<Self>, receiver_id: &str, lease: String, ends: Vec<(String, End)>) -> Result<(), StoreError> {
        let counts = &self.desk.posted;
        for (_, end) in &ends {
            match end {
                End::Sent => counts.sent.inc(),
                End::Failed(..) | End::Gone(_) => counts.failed.inc(),
            };
        }
        let (id, now) = (receiver_id.to_owned(), (self.clock)());
        let dead = self.work(move |store| store.settle(&id, &lease, &ends, now)).await?;
        counts.dead.inc_by(dead);
        if dead > 0 {
            tracing::warn!(receiver = receiver_id, messages = dead, "webhooks were given up");
        }
        Ok(())
    }

    /// Sends a message; what became of it.
    async fn send(&self, target: &Target, secrets: &[Vec<u8>], message: Outgoing) -> (String, End) {
        let at = (self.clock)();
        let late = |_| format!("there was no answer within {} seconds", self.patience.as_secs());
        let answered = tokio::time::timeout(self.patience, self.ask(target, secrets, &message, at)).await;
        let answered = answered.map_err(late).and_then(|answered| answered);
        let end = schedule::end(answered, &message.message_id, message.tries, (self.clock)());
        if let End::Failed(next, why) = &end {
            let next = next.map(|at| at.to_string());
            tracing::info!(receiver = target.receiver_id, message = message.message_id, why, next, "a webhook was not taken");
        }
        (message.message_id, end)
    }

    async fn ask(
        &self,
        target: &Target,
        secrets: &[Vec<u8>],
        message: &Outgoing,
        at: Timestamp,
    ) -> Result<(StatusCode, HeaderMap), String> {
        let refused = |error: super::PlaceError| error.to_string().split('\n').next().unwrap_or_default().to_owned();
        let address = address(&target.url, target.allow_private).map_err(refused)?;
        let places = places(&address, target.allow_private).await.map_err(refused)?;
        let second = signature::second(at);
        let request = Request::post(address.path())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("lapwing-serve/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &*message.message_id)
            .header("webhook-timestamp", second)
            .header("webhook-signature", signature::signatures(secrets, &message.message_id, second, &message.body))
            .body(Body::from(message.body.clone()))
            .map_err(|error| error.to_string())?;
        let answer = client::send(&address, &places, self.tls.clone(), request, MOST).await?;
        Ok((answer.status, answer.headers))
    }

    /// Counts what waits.
    async fn count(self: &Arc<Self>) {
        if let Ok(waiting) = self.work(Store::waiting).await {
            self.desk.posted.waiting.set(waiting);
        }
    }

    /// What the store says or does, on a thread that may wait.
    async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let desk = Arc::clone(&self.desk);
        let done = tokio::task::spawn_blocking(move || work(&desk.store)).await;
        done.unwrap_or_else(|_| Err(StoreError::Failed("a call of it broke off".to_owned())))
    }
}
