//! Who is let in: room for bodies by their bytes, places in two queues by their number, and turns to compute.
//!
//! A caller takes its place when its body is there, so that those who send slowly hold nothing but their connection and the bytes
//! that they have sent.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::problem::Problem;
use super::state::{Limits, cores};

/// Work on no more bytes than this is done where the request was read: handing it to another thread would take longer than most
/// of it does, and all of it takes less than a millisecond.
const IN_PLACE: usize = 64 << 10;

/// How long work waits, and how long it takes.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// From when it is there to when it is worked on.
    pub(super) queue: Histogram,
    /// From then to its end.
    pub(super) work: Histogram,
}

impl Times {
    /// Does work that came at `came`.
    fn of<T>(&self, came: Instant, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        self.queue.observe(begin.duration_since(came).as_secs_f64());
        let done = work();
        self.work.observe(begin.elapsed().as_secs_f64());
        done
    }
}

/// What is taken at once.
#[derive(Debug)]
pub(super) struct Admission {
    buffered: Arc<AtomicUsize>,
    buffered_bytes: usize,
    request_time: Duration,
    small: Semaphore,
    large: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    times: Times,
}

impl Admission {
    /// Nothing taken yet.
    #[must_use]
    pub(super) fn new(limits: &Limits, times: Times) -> Self {
        Self {
            buffered: Arc::default(),
            buffered_bytes: limits.buffered_bytes,
            request_time: limits.request_time,
            small: Semaphore::new(limits.in_flight),
            large: Arc::new(Semaphore::new(limits.in_flight)),
            streams: Arc::new(Semaphore::new(limits.in_flight)),
            turns: Arc::new(Semaphore::new(cores())),
            times,
        }
    }

    /// Room for bodies, of which none is taken yet.
    #[must_use]
    pub(super) fn room(&self) -> Room {
        Room { buffered: Arc::clone(&self.buffered), most: self.buffered_bytes, taken: 0 }
    }

    /// Runs `work`, which computes, on a body of this many bytes: a small one here, a large one away from the threads that answer,
    /// with no more of these at once than there are cores.
    ///
    /// # Errors
    /// [`Problem::Overloaded`] at once when as many wait as may, [`Problem::Deadline`] when the turn did not come in time,
    /// [`Problem::Fault`] when the work panicked, of which `lapwing-serve http` logs the place; else what `work` gives.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce(&Watch) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.compute_within(self.request_time, bytes, work).await
    }

    /// As [`compute`](Self::compute), for a request that has so much of its time left.
    ///
    /// # Errors
    /// As those of [`compute`](Self::compute).
    pub(super) async fn compute_within<T: Send + 'static>(
        &self,
        time: Duration,
        bytes: usize,
        work: impl FnOnce(&Watch) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let came = Instant::now();
        let watch = Watch::of(time);
        if bytes <= IN_PLACE {
            let _place = self.small.try_acquire().map_err(|_| Problem::Overloaded)?;
            // Whoever else is there takes its place now; computing at once, nobody would ever be seen to wait.
            tokio::task::yield_now().await;
            watch.check()?;
            return self.times.of(came, || catch_unwind(AssertUnwindSafe(|| work(&watch))).map_err(|_| Problem::Fault))?;
        }
        self.apart(watch, work).await
    }

    /// As [`compute`](Self::compute) of a large body: what nobody waits for is never done where requests are read.
    ///
    /// # Errors
    /// As those of [`compute`](Self::compute).
    pub(super) async fn compute_apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Watch) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.apart(Watch::of(self.request_time), work).await
    }

    /// A place for a stream, until it is dropped.
    ///
    /// # Errors
    /// [`Problem::Overloaded`] when there are as many streams as may be.
    pub(super) fn stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| Problem::Overloaded)
    }

    /// Runs the next part of a stream away from the threads that answer, as soon as it has its turn.
    ///
    /// # Errors
    /// As those of [`compute`](Self::compute), but for [`Problem::Overloaded`].
    pub(super) async fn compute_in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Watch) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.in_turn(Watch::of(self.request_time), work).await
    }

    async fn apart<T: Send + 'static>(
        &self,
        watch: Watch,
        work: impl FnOnce(&Watch) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.large).try_acquire_owned().map_err(|_| Problem::Overloaded)?;
        let work = move |watch: &Watch| {
            // Held by the work itself: a caller that hangs up drops this future, but the work goes on until it looks up.
            let _place = place;
            work(watch)
        };
        self.in_turn(watch, work).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        watch: Watch,
        work: impl FnOnce(&Watch) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (came, end, times) = (Instant::now(), watch.end, self.times.clone());
        let turn = tokio::time::timeout_at(end, Arc::clone(&self.turns).acquire_owned()).await.map_err(|_| Problem::Deadline)?;
        let _caller = Caller(Arc::clone(&watch.gone));
        let work = move || {
            let _turn = turn;
            times.of(came, || work(&watch))
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Problem::Fault)?
    }
}

/// Bytes of bodies that are held; those of a request are free again when this is dropped.
#[derive(Debug)]
pub(super) struct Room {
    buffered: Arc<AtomicUsize>,
    most: usize,
    taken: usize,
}

impl Room {
    /// Takes `bytes` more.
    ///
    /// # Errors
    /// [`Problem::Overloaded`] when there are not as many; then none is taken.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        let before = self.buffered.fetch_add(bytes, Ordering::Relaxed);
        self.taken += bytes;
        if before.saturating_add(bytes) <= self.most {
            return Ok(());
        }
        self.give_back(bytes);
        Err(Problem::Overloaded)
    }

    /// Frees `bytes` of those that were taken.
    pub(super) fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.taken);
        self.buffered.fetch_sub(bytes, Ordering::Relaxed);
        self.taken -= bytes;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.give_back(self.taken);
    }
}

/// What long work looks up to from time to time.
#[derive(Debug)]
pub(super) struct Watch {
    end: Instant,
    gone: Arc<AtomicBool>,
}

impl Watch {
    /// Work that has this long from now on.
    #[must_use]
    pub(super) fn of(time: Duration) -> Self {
        Self { end: Instant::now() + time, gone: Arc::default() }
    }

    /// Whether the work is still wanted.
    ///
    /// # Errors
    /// [`Problem::Deadline`] when its time is over or its caller has gone.
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.gone.load(Ordering::Relaxed) || Instant::now() >= self.end { Err(Problem::Deadline) } else { Ok(()) }
    }
}

/// Tells the work when the one who waits for it goes.
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = IN_PLACE + 1;

    fn admission(limits: Limits) -> Arc<Admission> {
        let times = Times { queue: Histogram::new([]), work: Histogram::new([]) };
        Arc::new(Admission::new(&limits, times))
    }

    #[tokio::test]
    async fn what_is_computed_comes_back_and_a_panic_is_a_fault() {
        let admission = admission(Limits::default());
        for bytes in [1, LARGE] {
            assert_eq!(admission.compute(bytes, |_| Ok(7)).await, Ok(7));
            assert_eq!(admission.compute::<()>(bytes, |_| panic!("as a fault would")).await, Err(Problem::Fault));
            assert_eq!(admission.compute(bytes, |_| Ok(7)).await, Ok(7), "the place is free again");
        }
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_refused_at_once() {
        for bytes in [1, LARGE] {
            let admission = admission(Limits { in_flight: 2, ..Limits::default() });
            let (release, wait) = std::sync::mpsc::channel::<()>();
            let wait = Arc::new(std::sync::Mutex::new(wait));
            let ask = || {
                let wait = Arc::clone(&wait);
                // Ends once the third was answered.
                admission.compute(bytes, move |_| wait.lock().map(|wait| wait.recv().is_err()).map_err(|_| Problem::Fault))
            };
            let third = async {
                let told = ask().await;
                drop(release);
                told
            };
            assert_eq!(tokio::join!(ask(), ask(), third), (Ok(true), Ok(true), Err(Problem::Overloaded)));
        }
    }

    #[tokio::test]
    async fn large_work_takes_no_place_of_small_work() {
        let admission = admission(Limits { in_flight: 1, ..Limits::default() });
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let large = admission.compute(LARGE, move |_| wait.recv().map_err(|_| Problem::Fault));
        let small = async {
            assert_eq!(admission.compute(1, |_| Ok(1)).await, Ok(1));
            release.send(()).unwrap();
        };
        assert_eq!(tokio::join!(large, small).0, Ok(()));
    }

    #[tokio::test]
    async fn late_work_is_refused() {
        let admission = admission(Limits { request_time: Duration::ZERO, ..Limits::default() });
        assert_eq!(admission.compute(1, |_| Ok(())).await, Err(Problem::Deadline));
        assert_eq!(admission.compute(LARGE, Watch::check).await, Err(Problem::Deadline));
    }

    #[tokio::test]
    async fn a_caller_that_goes_is_noticed_by_its_work() {
        let admission = admission(Limits::default());
        let (tell, told) = std::sync::mpsc::channel();
        let work = admission.compute(LARGE, move |watch| {
            while watch.check().is_ok() {
                std::thread::yield_now();
            }
            tell.send(()).map_err(|_| Problem::Fault)
        });
        // Long enough for the work to begin; it ends well before its own deadline.
        assert!(tokio::time::timeout(Duration::from_millis(50), work).await.is_err());
        assert!(told.recv_timeout(Duration::from_secs(5)).is_ok());
    }

    #[test]
    fn room_is_bounded_and_comes_back() {
        let admission = admission(Limits { buffered_bytes: 10, ..Limits::default() });
        let (mut one, mut two) = (admission.room(), admission.room());
        assert_eq!((one.take(6), two.take(5), two.take(4)), (Ok(()), Err(Problem::Overloaded), Ok(())));
        one.give_back(2);
        assert_eq!((two.take(3), two.take(2)), (Err(Problem::Overloaded), Ok(())));
        drop((one, two));
        assert_eq!(admission.room().take(10), Ok(()));
    }
}
