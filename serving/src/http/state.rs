//! What every request shares: the models, the limits, the counters.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use lapwing_features::TimeError;
use lapwing_models::bundle::ModelBundle;
use lapwing_models::playbook::Advice;
use tokio::sync::{Mutex, Semaphore};

use super::admission::Admission;
use super::background::Background;
use super::desk::Desk;
use super::gate::Gate;
use super::lineup::{Lineup, Served};
use super::metrics::Metrics;
use super::problem::Problem;
use super::spans::Spans;
use super::tls::Tls;
use super::wire::RefusedReload;
use crate::audit::{AuditLog, Record};
use crate::samples::SampleLog;
use crate::settings;
use crate::source::Source;

/// Scoring requests in work or waiting for it, for each core: small ones wait for a millisecond or two then, and callers who are
/// refused are told so in as little time.
const IN_FLIGHT: usize = 32;

/// How many threads run at once.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// How much one service takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest body, in bytes.
    pub body_bytes: usize,
    /// Bytes of all bodies that are held at once.
    pub buffered_bytes: usize,
    /// Scoring requests whose body is there and that are in work or wait for it; one more is refused. Large ones, which other
    /// threads work on, are counted apart.
    pub in_flight: usize,
    /// How long a body may take to come.
    pub body_time: Duration,
    /// How long scoring may take once the body is there, waiting included.
    pub request_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let time = Duration::from_secs(10);
        Self { body_bytes: 8 << 20, buffered_bytes: 256 << 20, in_flight: IN_FLIGHT * cores(), body_time: time, request_time: time }
    }
}

/// Requests that the shadow may be behind.
const SHADOW_REQUESTS: usize = 16;

/// What is noted of customers who are scored, and what is advised.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes<'a> {
    /// Who is asked about.
    pub(super) audit: Option<&'a AuditLog>,
    /// What was seen and said.
    pub(super) samples: Option<&'a SampleLog>,
    /// What to do for them; nothing without it.
    pub(super) advice: Option<Arc<Advice>>,
}

/// What a service may have beside its models; by default nothing but the shipped playbook.
#[derive(Debug, Default)]
pub struct Setup {
    /// Where other models come from.
    pub source: Option<Source>,
    /// What to do for whom.
    pub advice: Advice,
    /// Where that is read again from.
    pub advised_by: settings::Advice,
    /// Who is let through; everybody without it.
    pub gate: Option<Gate>,
    /// Where requests are noted.
    pub audit: Option<AuditLog>,
    /// Where a share of what is scored is kept.
    pub samples: Option<SampleLog>,
    /// Who is told of requests.
    pub spans: Option<Spans>,
    /// Origins that browsers may ask from.
    pub origins: Vec<String>,
    /// The certificate that callers are shown, to be read again.
    pub tls: Option<Arc<Tls>>,
    /// Published scores and alerts.
    pub desk: Option<Desk>,
}

/// Of reloading.
#[derive(Debug)]
pub(super) struct Reloads {
    pub(super) source: Option<Source>,
    pub(super) turn: Mutex<()>,
    pub(super) background: Background,
    pub(super) refused: ArcSwapOption<RefusedReload>,
}

/// What every request shares.
#[derive(Debug)]
pub struct State {
    lineup: ArcSwap<Lineup>,
    limits: Limits,
    metrics: Metrics,
    admission: Admission,
    stopping: AtomicBool,
    advice: ArcSwap<Advice>,
    advised_by: settings::Advice,
    gate: Option<Gate>,
    audit: Option<AuditLog>,
    samples: Option<SampleLog>,
    spans: Option<Spans>,
    origins: Vec<String>,
    tls: Option<Arc<Tls>>,
    desk: Option<Arc<Desk>>,
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
        let mut metrics = Metrics::new();
        metrics.in_office(&lineup);
        if let Some(desk) = &setup.desk {
            metrics.post(&desk.posted);
            metrics.keep(&desk.shelf.count);
        }
        Arc::new(Self {
            lineup: ArcSwap::from_pointee(lineup),
            limits,
            admission: Admission::new(&limits, metrics.times()),
            metrics,
            stopping: AtomicBool::new(false),
            advice: ArcSwap::from_pointee(setup.advice),
            advised_by: setup.advised_by,
            gate: setup.gate,
            audit: setup.audit,
            samples: setup.samples,
            spans: setup.spans,
            origins: setup.origins,
            tls: setup.tls,
            desk: setup.desk.map(Arc::new),
            reloads: Reloads {
                source: setup.source,
                turn: Mutex::new(()),
                background: Background::default(),
                refused: ArcSwapOption::empty(),
            },
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

    /// What to do for whom at this moment; whoever asks takes it once and keeps to it.
    #[must_use]
    pub fn advice(&self) -> Arc<Advice> {
        self.advice.load_full()
    }

    /// From now on this is what to do.
    pub(super) fn advise(&self, advice: Advice) {
        self.advice.store(Arc::new(advice));
    }

    /// The files of the playbook and the hold-out key.
    pub(super) fn advised_by(&self) -> &settings::Advice {
        &self.advised_by
    }

    /// What is noted of customers, and what is advised.
    pub(super) fn notes(&self) -> Notes<'_> {
        Notes { audit: self.audit.as_ref(), samples: self.samples.as_ref(), advice: Some(self.advice()) }
    }

    /// The counters as text.
    pub(super) fn metrics_text(&self) -> String {
        if let Some(samples) = &self.samples {
            self.metrics.samples(samples.written(), samples.dropped());
        }
        self.metrics.text(&self.lineup.load())
    }

    /// The certificate; `None` when TLS is not spoken.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    /// Published scores and alerts, for what is done unasked; `None` without a store.
    #[must_use]
    pub fn chores(&self) -> Option<&Arc<Desk>> {
        self.desk.as_ref()
    }

    /// Published scores and alerts; [`Problem::NoStore`] without a store.
    pub(super) fn desk(&self) -> Result<&Arc<Desk>, Problem> {
        self.desk.as_ref().ok_or(Problem::NoStore)
    }

    /// Notes a record, where there is a log.
    pub(super) async fn note(&self, record: Record) {
        if let Some(audit) = &self.audit {
            audit.note(record).await;
            self.metrics.audit_lost(audit.lost());
        }
    }

    /// Who is told of requests; `None` for nobody.
    pub(super) fn spans(&self) -> Option<&Spans> {
        self.spans.as_ref()
    }

    /// Waits until both logs, and who is told of requests, have all that was noted of those that were answered; not for where these
    /// are. For the end of the service.
    pub fn flush(&self) {
        if let Some(audit) = &self.audit {
            audit.flush();
        }
        if let Some(samples) = &self.samples {
            samples.flush();
        }
        if let Some(spans) = &self.spans {
            spans.end();
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

    /// Who is let in.
    pub(super) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Whether anything new is scored; [`Problem::Stopping`] when not.
    pub(super) fn check_running(&self) -> Result<(), Problem> {
        if self.is_stopping() { Err(Problem::Stopping) } else { Ok(()) }
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
