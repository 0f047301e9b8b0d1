//! Settings of the two processes of a cluster, which read no config file.

use std::net::{SocketAddr, ToSocketAddrs};

use lapwing_features::engine::{Executor, Resources, Scheduler};

use crate::cli::{ExecutorArgs, SchedulerArgs};
use crate::error::TrainError;

/// Checks what `scheduler` was given.
///
/// # Errors
/// A [`TrainError`] that names the setting.
pub fn scheduler(args: SchedulerArgs) -> Result<Scheduler, TrainError> {
    let addr = resolved(args.addr, "127.0.0.1:50050")?;
    Ok(Scheduler::of(addr, args.executor_timeout.as_deref())?)
}

/// Checks what `executor` was given.
///
/// # Errors
/// A [`TrainError`] that names the setting.
pub fn executor(args: ExecutorArgs) -> Result<Executor, TrainError> {
    let addr = resolved(args.addr, "127.0.0.1:50051")?;
    let Resources { threads, memory, .. } = Resources::of(args.threads, args.memory.as_deref(), None)?;
    Ok(Executor { scheduler: args.scheduler, addr, advertise: args.advertise, work_dir: args.work_dir, threads, memory })
}

/// The addresses that an address or a host name with a port stands for.
fn resolved(addr: Option<String>, default: &str) -> Result<Vec<SocketAddr>, TrainError> {
    let addr = addr.unwrap_or_else(|| default.to_owned());
    let found: Vec<SocketAddr> = addr.to_socket_addrs().into_iter().flatten().collect();
    if found.is_empty() { Err(TrainError::Address(addr)) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{self, Exit};

    #[test]
    fn what_cannot_be_meant_is_wrong_usage() {
        let no_address = scheduler(SchedulerArgs { addr: Some("nowhere".to_owned()), ..SchedulerArgs::default() });
        let no_time = scheduler(SchedulerArgs { executor_timeout: Some("soon".to_owned()), ..SchedulerArgs::default() });
        let no_memory = executor(ExecutorArgs { memory: Some("lots".to_owned()), ..ExecutorArgs::default() });
        for error in [no_address.unwrap_err(), no_time.unwrap_err(), no_memory.unwrap_err()] {
            assert_eq!(exit::of_error(&error), Exit::Usage, "{error}");
            assert!(error.to_string().contains("\nhint: "), "{error}");
        }
    }
}
