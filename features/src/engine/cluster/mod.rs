//! The same work on a Ballista cluster, with the same result.
//!
//! Who asks finds the files and what they hold, as ever, and parts them into [`share`]s. Executors read these and gather the
//! events ([`operators`]) with the code that this machine would use, send them to each other by bucket, and bring together what
//! belongs together. What comes back takes the place of what the tasks of this machine would have gathered.
//!
//! The plan goes to the scheduler as it is to be run: nothing is planned there, and no file is looked at. Ballista itself may wait
//! for ever, so [`client`] looks after everything that it waits for.

mod client;
mod codec;
mod executor;
mod job;
mod operators;
mod scheduler;
mod share;
mod told;

pub(super) use client::scan;
pub(super) use executor::run as run_executor;
pub(super) use operators::{Reading, version};
pub(super) use scheduler::run as run_scheduler;

use std::io;

/// Bytes of a message at most; the longest is the plan of a job with very many files.
const MESSAGE: usize = 512 << 20;

/// A runtime with everything that a process of a cluster needs.
fn runtime(threads: usize) -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}
