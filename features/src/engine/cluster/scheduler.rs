//! Ballista's scheduler, with our operators.

use std::net::SocketAddr;
use std::sync::Arc;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::extension::SessionConfigExt;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use super::super::error::EngineError;
use super::super::gather::Budget;
use super::super::remote::Scheduler;
use super::codec::Codec;
use super::operators::Host;
use super::{MESSAGE, runtime};

/// How often it looks for executors that are silent for too long, in seconds.
const LOOKS: u64 = 1;

/// Seconds until work that nobody is there for is given up. Whoever waits for it gives up earlier.
const UNMANNED: u64 = 600;

/// Seconds until results that were never fetched go away.
const KEPT: u64 = 24 * 3_600;

/// Runs until the process is told to stop.
pub(in crate::engine) fn run(scheduler: &Scheduler, up: impl FnOnce(SocketAddr)) -> Result<(), EngineError> {
    let addresses: Vec<String> = scheduler.addr.iter().map(ToString::to_string).collect();
    let failed = |reason: String| EngineError::Listen { addr: addresses.join(", "), reason };
    let runtime = runtime(2).map_err(|error| failed(error.to_string()))?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(scheduler.addr.as_slice()).await.map_err(|error| failed(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;
        let mut terminate = signal(SignalKind::terminate()).map_err(|error| failed(error.to_string()))?;
        let config = Arc::new(config(scheduler, address));
        let cluster = BallistaCluster::new_from_config(&config).await.map_err(|error| failed(error.to_string()))?;
        let server = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, config).await;
        let server = server.map_err(|error| failed(error.to_string()))?;
        up(address);
        tokio::select! {
            served = start_grpc_service_with_listener(listener, server) => served.map_err(|error| failed(error.to_string())),
            _ = terminate.recv() => Ok(()),
            _ = ctrl_c() => Ok(()),
        }
    });
    runtime.shutdown_background();
    served
}

fn config(scheduler: &Scheduler, address: SocketAddr) -> SchedulerConfig {
    // It only passes our operators on, and needs nothing to run them with.
    let codec = Codec::new(Host { budget: Arc::new(Budget::new(0, None)) });
    SchedulerConfig {
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        // Executors ask for work: they need one port only, and one that was thought dead goes on when it is heard of again.
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        external_host: address.ip().to_string(),
        executor_timeout_seconds: scheduler.executor_timeout.as_secs(),
        expire_dead_executor_interval_seconds: LOOKS,
        no_executors_grace_period_seconds: UNMANNED.max(scheduler.executor_timeout.as_secs()),
        finished_job_data_clean_up_interval_seconds: KEPT,
        grpc_server_max_decoding_message_size: MESSAGE as u32,
        grpc_server_max_encoding_message_size: MESSAGE as u32,
        grpc_client_max_message_size: MESSAGE as u32,
        override_config_producer: Some(Arc::new(SessionConfig::new_with_ballista)),
        override_physical_codec: Some(Arc::new(codec)),
        ..SchedulerConfig::default()
    }
}
