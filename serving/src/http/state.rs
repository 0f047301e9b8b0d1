//! What every request shares: the bundle, the limits, the counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lapwing_features::{Calendar, TimeError};
use lapwing_models::bundle::ModelBundle;

use super::admission::Admission;
use super::metrics::Metrics;
use super::problem::Problem;

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
        Self { body_bytes: 8 << 20, buffered_bytes: 256 << 20, in_flight: 64, body_time: time, request_time: time }
    }
}

/// What every request shares.
#[derive(Debug)]
pub struct State {
    bundle: ModelBundle,
    version: String,
    calendar: Calendar,
    limits: Limits,
    metrics: Metrics,
    admission: Admission,
    stopping: AtomicBool,
}

impl State {
    /// A service of `bundle` within `limits`.
    ///
    /// # Errors
    /// [`TimeError::Zone`] when the bundle's time zone is not in the database of this build.
    pub fn new(bundle: ModelBundle, limits: Limits) -> Result<Arc<Self>, TimeError> {
        let version = bundle.version();
        let calendar = Calendar::of_zone(&bundle.timezone)?;
        let metrics = Metrics::new(&version, &bundle.as_of.to_string());
        Ok(Arc::new(Self {
            bundle,
            version,
            calendar,
            limits,
            metrics,
            admission: Admission::new(&limits),
            stopping: AtomicBool::new(false),
        }))
    }

    /// The bundle that scores.
    #[must_use]
    pub fn bundle(&self) -> &ModelBundle {
        &self.bundle
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The calendar of its time zone.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
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
