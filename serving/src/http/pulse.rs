//! Whether anything happens on a connection: what tells one that is idle, or never comes to the point, from one that works.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When something last happened on a connection. Kept by two numbers: a timer for each request would cost more than a small one.
#[derive(Debug)]
pub(super) struct Pulse {
    begin: Instant,
    /// Requests that are not answered yet.
    busy: AtomicUsize,
    /// Milliseconds from the beginning to the last answer, or to the last part of one that was taken.
    last: AtomicU64,
}

impl Pulse {
    /// A connection that begins now.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { begin: Instant::now(), busy: AtomicUsize::new(0), last: AtomicU64::new(0) }
    }

    /// A request has come; it is answered when what this gives is dropped.
    #[must_use]
    pub(super) fn begin(this: &Arc<Self>) -> Busy {
        this.busy.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(this))
    }

    /// Something happened.
    pub(super) fn beat(&self) {
        let elapsed = self.begin.elapsed().as_millis();
        self.last.store(u64::try_from(elapsed).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Completes once nothing has happened for `time`.
    pub(super) async fn idle(&self, time: Duration) {
        loop {
            let last = self.begin + Duration::from_millis(self.last.load(Ordering::Relaxed));
            let is_busy = self.busy.load(Ordering::Relaxed) > 0;
            let end = if is_busy { Instant::now() } else { last } + time;
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}

/// A request that is not answered yet.
#[derive(Debug)]
pub(super) struct Busy(Arc<Pulse>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.beat();
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const TIME: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn nothing_is_idle_and_a_request_in_work_is_not() {
        let pulse = Arc::new(Pulse::new());
        assert!(timeout(TIME / 4, pulse.idle(TIME)).await.is_err());
        assert!(timeout(TIME * 20, pulse.idle(TIME)).await.is_ok());
        let busy = Pulse::begin(&pulse);
        assert!(timeout(TIME * 3, pulse.idle(TIME)).await.is_err());
        drop(busy);
        assert!(timeout(TIME / 4, pulse.idle(TIME)).await.is_err(), "the time begins with the answer");
        assert!(timeout(TIME * 20, pulse.idle(TIME)).await.is_ok());
    }
}
