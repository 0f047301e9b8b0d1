//! Work that nobody is to wait longer for than it takes by itself: it steps back for whoever asks for scores.

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use thread_priority::ThreadPriority;
use tokio::sync::oneshot;

use super::problem::Problem;

type Work = Box<dyn FnOnce() + Send>;

/// A thread of the lowest priority, begun with the first work. It stays, so that the memory of one work serves the next.
#[derive(Debug, Default)]
pub(super) struct Background(OnceLock<Sender<Work>>);

impl Background {
    /// What `work` comes to, after what was asked before.
    ///
    /// # Errors
    /// [`Problem::Fault`] when it panics, or there is no thread to be had.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let (tell, told) = oneshot::channel();
        let work = Box::new(move || drop(tell.send(work())));
        self.thread().map_err(|_| Problem::Fault)?.send(work).map_err(|_| Problem::Fault)?;
        told.await.map_err(|_| Problem::Fault)
    }

    fn thread(&self) -> io::Result<&Sender<Work>> {
        if let Some(waiting) = self.0.get() {
            return Ok(waiting);
        }
        let (waiting, works) = channel::<Work>();
        let run = move || {
            step_back();
            for work in works {
                // Whoever waits for one that panics is told by its end; the next is done all the same.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            }
        };
        std::thread::Builder::new().name("background".to_owned()).spawn(run)?;
        Ok(self.0.get_or_init(|| waiting))
    }
}

/// Lets every other thread go first. Where the system does not let it, callers wait a little.
#[cfg(target_os = "linux")]
fn step_back() {
    use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id};

    // However nice a thread is, it may run its turn of some milliseconds; one that takes what others leave may not.
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
}

#[cfg(not(target_os = "linux"))]
fn step_back() {
    let _ = thread_priority::set_current_thread_priority(ThreadPriority::Min);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_panics_is_a_fault_and_the_next_is_done() {
        let background = Background::default();
        let thread = || std::thread::current().id();
        let first = background.run(thread).await;
        assert!(first.is_ok());
        assert!(matches!(background.run(|| panic!("as it should")).await, Err::<(), _>(Problem::Fault)));
        let next = background.run(thread).await;
        assert!(matches!((first, next), (Ok(first), Ok(next)) if first == next && first != thread()));
    }
}
