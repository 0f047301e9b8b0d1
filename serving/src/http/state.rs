//! What every request shares: the models, the limits, the counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use lapwing_features::TimeError;
use lapwing_models::bundle::ModelBundle;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::gate::Gate;
use super::lineup::{Lineup, Served};
use super::metrics::Metrics;
use super::problem::Problem;
use super::tls::Tls;
use super::wire::RefusedReload;
use crate::audit::{AuditLog, Record};
use crate::source::Source;

/// How much one service takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest body, in bytes.
    pub body_bytes: usize,
    /// Scoring requests in work at once, those still sending their body included; one more is refused.
    pub in_flight: usize,
    /// How long a body may take to come.
    pub body_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 8 << 20, in_flight: 64, body_time: Duration::from_secs(10) }
    }
}

/// Requests that the shadow may be behind.
const SHADOW_REQUESTS: usize = 16;

/// What a service may have beside its models; by default nothing.
#[derive(Debug, Default)]
pub struct Setup {
    /// Where other models come from.
    pub source: Option<Source>,
    /// Who is let through; everybody without it.
    pub gate: Option<Gate>,
    /// Where requests are noted.
    pub audit: Option<AuditLog>,
    /// Origins that browsers may ask from.
    pub origins: Vec<String>,
    /// The certificate that callers are shown, to be read again.
    pub tls: Option<Arc<Tls>>,
}

/// Of reloading.
#[derive(Debug)]
pub(super) struct Reloads {
    pub(super) source: Option<Source>,
    pub(super) turn: Mutex<()>,
    pub(super) refused: ArcSwapOption<RefusedReload>,
}

/// What every request shares.
#[derive(Debug)]
pub struct State {
    lineup: ArcSwap<Lineup>,
    limits: Limits,
    metrics: Metrics,
    in_flight: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    stopping: AtomicBool,
    gate: Option<Gate>,
    audit: Option<AuditLog>,
    origins: Vec<String>,
    tls: Option<Arc<Tls>>,
    pub(super) reloads: Reloads,
    pub(super) shadow_room: Arc<Semaphore>,
}

impl State {
    /// A service of `bundle` within `limits`.
    ///
    /// # Errors
    /// [`TimeError::Zone`] when the bundle's time zone is not in the database of this build.
    pub fn new(bundle: ModelBundle, limits: Limits) -> Result<Arc<Self>, TimeError> {
        Ok(Self::of(Served::new(bundle, None)?.into(), limits, Setup::default()))
    }

    /// A service of these models within `limits`, with what else it may have.
    #[must_use]
    pub fn of(lineup: Lineup, limits: Limits, setup: Setup) -> Arc<Self> {
        let metrics = Metrics::new();
        metrics.in_office(&lineup);
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Arc::new(Self {
            lineup: ArcSwap::from_pointee(lineup),
            limits,
            metrics,
            in_flight: Arc::new(Semaphore::new(limits.in_flight)),
            workers: Arc::new(Semaphore::new(workers)),
            stopping: AtomicBool::new(false),
            gate: setup.gate,
            audit: setup.audit,
            origins: setup.origins,
            tls: setup.tls,
            reloads: Reloads { source: setup.source, turn: Mutex::new(()), refused: ArcSwapOption::empty() },
            shadow_room: Arc::new(Semaphore::new(SHADOW_REQUESTS)),
        })
    }

    /// The models in office at this moment; a request takes them once and keeps to them.
    #[must_use]
    pub fn lineup(&self) -> Arc<Lineup> {
        self.lineup.load_full()
    }

    /// From now on these models serve; requests in work end with those that they began with.
    pub fn swap(&self, lineup: Lineup) {
        self.metrics.in_office(&lineup);
        self.lineup.store(Arc::new(lineup));
    }

    /// The version of the champion at this moment.
    #[must_use]
    pub fn version(&self) -> String {
        self.lineup.load().champion.version.clone()
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Who is let through; `None` when everybody is.
    #[must_use]
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
    }

    /// Where requests are noted; `None` for nowhere.
    #[must_use]
    pub fn audit(&self) -> Option<&AuditLog> {
        self.audit.as_ref()
    }

    /// The certificate; `None` when TLS is not spoken.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    /// Notes a record, where there is a log.
    pub(super) async fn note(&self, record: Record) {
        if let Some(audit) = &self.audit {
            audit.note(record).await;
            self.metrics.audit_lost(audit.lost());
        }
    }

    /// Whether browsers may ask from pages of this origin.
    #[must_use]
    pub fn lets_in(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known == origin)
    }

    /// The counters.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Room for one more scoring request, until the permit is dropped; [`Problem::Overloaded`] when there is none.
    pub(super) fn admit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        if self.is_stopping() {
            return Err(Problem::Stopping);
        }
        Arc::clone(&self.in_flight).try_acquire_owned().map_err(|_| Problem::Overloaded)
    }

    /// Runs `work`, which computes, away from the threads that answer; no more of it at once than there are cores.
    /// [`Problem::Fault`] when it panicked, of which `lapwing-serve http` logs the place.
    pub(super) async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| Problem::Fault)?;
        let work = move || {
            // Held by the work itself: a caller that hangs up drops this future, but the work goes on.
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Problem::Fault)
    }

    /// From now on readiness fails and nothing new is scored.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
