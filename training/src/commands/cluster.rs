//! `scheduler` and `executor`: the two processes of a cluster that does the work of `--engine ballista://..`.

use std::net::SocketAddr;

use lapwing_features::engine::{Executor, Scheduler};

use crate::error::TrainError;
use crate::report;

/// Runs `scheduler`.
///
/// # Errors
/// [`TrainError::Engine`] when no address can be had, or the program was built without clusters.
pub fn scheduler(settings: &Scheduler) -> Result<(), TrainError> {
    Ok(settings.run(tell)?)
}

/// Runs `executor`.
///
/// # Errors
/// [`TrainError::Engine`] when no address can be had, the scheduler cannot be reached, or the program was built without clusters.
pub fn executor(settings: &Executor) -> Result<(), TrainError> {
    Ok(settings.run(tell)?)
}

/// Who waits for the process reads its address; who does not is none the worse.
fn tell(addr: SocketAddr) {
    if let Err(error) = report::screen(&addr.to_string()) {
        report::say(&format!("error: {error}"));
    }
}
