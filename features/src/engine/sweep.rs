//! Work on many threads whose results are taken in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};

/// How many results may wait for an earlier one. Each of a large table is megabytes, so they are few.
const WAITING: usize = 1;

/// Does `work` for each of `0..count` on `threads` threads and hands the results to `take` in order, on this thread.
pub(super) fn in_order<T: Send, E: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.clamp(1, count.max(1));
    if threads == 1 {
        return (0..count).try_for_each(|number| take(work(number)?));
    }
    let line =
        Line { state: Mutex::new(State { next: 0, taken: 0, stopped: false }), moved: Condvar::new(), count, ahead: threads + WAITING };
    let (done, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (done, line, work) = (done.clone(), &line, &work);
            scope.spawn(move || {
                // A panic must not leave others waiting for a result that never comes.
                let _stop = StopOnPanic(line);
                while let Some(number) = line.next() {
                    // Nobody listens any more when something went wrong.
                    let _ = done.send((number, work(number)));
                }
            });
        }
        drop(done);
        // Nor must one of `take`.
        let _stop = StopOnPanic(&line);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        for (number, result) in results {
            early.insert(number, result);
            while let Some(result) = early.remove(&wanted) {
                if let Err(error) = result.and_then(&mut take) {
                    line.stop();
                    return Err(error);
                }
                wanted += 1;
                line.took(wanted);
            }
        }
        Ok(())
    })
}

/// Who does what next.
struct Line {
    state: Mutex<State>,
    moved: Condvar,
    count: usize,
    ahead: usize,
}

struct State {
    next: usize,
    taken: usize,
    stopped: bool,
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece of work, once it is not too far ahead of what was taken.
    fn next(&self) -> Option<usize> {
        let wait = |state: &mut State| !state.stopped && state.next < self.count && state.next >= state.taken + self.ahead;
        let mut state = self.moved.wait_while(self.state(), wait).unwrap_or_else(PoisonError::into_inner);
        if state.stopped || state.next >= self.count {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    fn took(&self, taken: usize) {
        self.state().taken = taken;
        self.moved.notify_all();
    }

    fn stop(&self) {
        self.state().stopped = true;
        self.moved.notify_all();
    }
}

struct StopOnPanic<'a>(&'a Line);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_order_and_none_runs_far_ahead() {
        for threads in [1, 2, 3, 8] {
            let (begun, mut taken) = (AtomicUsize::new(0), Vec::new());
            let work = |number: usize| {
                begun.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_micros((number * 7_919 % 13) as u64 * 20));
                Ok::<_, ()>(number)
            };
            let take = |number| {
                assert!(begun.load(Ordering::Relaxed) <= number + threads + WAITING + 1);
                taken.push(number);
                Ok(())
            };
            in_order(100, threads, work, take).unwrap();
            assert!(taken.iter().copied().eq(0..100));
        }
        assert_eq!(in_order(0, 4, |_| Err(()), Ok::<(), ()>), Ok(()));
    }

    #[test]
    fn the_first_error_ends_the_work() {
        for threads in [1, 4] {
            let begun = AtomicUsize::new(0);
            let work = |number: usize| {
                begun.fetch_add(1, Ordering::Relaxed);
                if number == 5 { Err("work") } else { Ok(number) }
            };
            assert_eq!(in_order(10_000, threads, work, |_| Ok(())), Err("work"));
            assert!(begun.load(Ordering::Relaxed) < 100);
            assert_eq!(in_order(10_000, threads, Ok::<_, &str>, |_| Err("take")), Err("take"));
        }
    }

    #[test]
    fn a_panic_reaches_the_caller() {
        let work = |number: usize| if number == 3 { panic!("broken") } else { Ok::<_, ()>(number) };
        assert!(catch_unwind(AssertUnwindSafe(|| in_order(1_000, 4, work, |_| Ok(())))).is_err());
        let take = |number: usize| if number == 3 { panic!("broken") } else { Ok::<_, ()>(()) };
        assert!(catch_unwind(AssertUnwindSafe(|| in_order(1_000, 4, Ok, take))).is_err());
    }
}
