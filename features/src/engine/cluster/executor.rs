//! Ballista's executor, with our operators.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::error::BallistaError;
use ballista_core::utils::{GrpcServerConfig, create_grpc_server};
use ballista_executor::ArrowFlightServerProvider;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_executor::flight_service::BallistaFlightService;
use ballista_executor::health::ExecutorHealth;
use ballista_executor::shutdown::Shutdown;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tonic::transport::server::TcpIncoming;

use super::super::error::EngineError;
use super::super::gather::Budget;
use super::super::remote::Executor;
use super::super::resources::Memory;
use super::codec::Codec;
use super::job::Scheduler;
use super::operators::Host;
use super::{MESSAGE, runtime};

/// How long a scheduler is waited for that is not there yet.
const PATIENCE: Duration = Duration::from_secs(30);

/// What of the memory the cluster's own part may take; events are counted against their budget.
const OF_MEMORY: f64 = 0.2;

/// Runs until the process is told to stop.
pub(in crate::engine) fn run(executor: &Executor, up: impl FnOnce(SocketAddr) + Send + 'static) -> Result<(), EngineError> {
    let addresses: Vec<String> = executor.addr.iter().map(ToString::to_string).collect();
    let failed = |reason: String| EngineError::Listen { addr: addresses.join(", "), reason };
    let own = tempfile::tempdir().map_err(|error| EngineError::spill(&error))?;
    let work_dir = executor.work_dir.as_deref().unwrap_or(own.path());
    std::fs::create_dir_all(work_dir).map_err(|error| EngineError::spill(&error))?;
    let listener = TcpListener::bind(executor.addr.as_slice()).map_err(|error| failed(error.to_string()))?;
    let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;
    let runtime = runtime(2).map_err(|error| failed(error.to_string()))?;
    let served = runtime.block_on(async {
        scheduler(&executor.scheduler).await?;
        let health = ExecutorHealth::new();
        let config = config(executor, work_dir, listener, address, health.clone());
        tokio::spawn(async move {
            while !health.is_ready() {
                sleep(Duration::from_millis(20)).await;
            }
            up(address);
        });
        start_executor_process(Arc::new(config)).await.map_err(|error| lost(&executor.scheduler, &error.to_string()))
    });
    runtime.shutdown_background();
    served
}

/// Waits until the scheduler can be reached: Ballista gives up at once.
async fn scheduler(address: &str) -> Result<(), EngineError> {
    let begun = Instant::now();
    loop {
        match Scheduler::connect(address).await {
            Ok(_) => return Ok(()),
            Err(reason) if begun.elapsed() > PATIENCE => return Err(lost(address, &format!("the scheduler cannot be reached: {reason}"))),
            Err(_) => sleep(Duration::from_millis(250)).await,
        }
    }
}

fn lost(address: &str, reason: &str) -> EngineError {
    let hint = format!("start a scheduler with `lapwing-train scheduler --addr {address}`");
    EngineError::Cluster { address: address.to_owned(), reason: reason.to_owned(), hint }
}

fn config(
    executor: &Executor,
    work_dir: &Path,
    listener: TcpListener,
    address: SocketAddr,
    health: ExecutorHealth,
) -> ExecutorProcessConfig {
    let (host, port) = executor.scheduler.rsplit_once(':').unwrap_or((&executor.scheduler, "50050"));
    let budget = Budget::new(executor.memory.map_or(usize::MAX, Memory::for_events), Some(work_dir));
    ExecutorProcessConfig {
        bind_host: if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() },
        external_host: executor.advertise.clone(),
        port: address.port(),
        scheduler_host: host.to_owned(),
        scheduler_port: port.parse().unwrap_or(50_050),
        vcores: executor.threads,
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        work_dir: Some(work_dir.display().to_string()),
        memory_pool_size: executor.memory.map(|memory| (memory.bytes() as f64 * OF_MEMORY) as u64),
        memory_pool_fraction: OF_MEMORY,
        grpc_max_decoding_message_size: MESSAGE as u32,
        grpc_max_encoding_message_size: MESSAGE as u32,
        override_physical_codec: Some(Arc::new(Codec::new(Host { budget: Arc::new(budget) }))),
        override_arrow_flight_service: Some(results(listener)),
        health,
        ..ExecutorProcessConfig::default()
    }
}

/// Gives results out on a port that is ours already, so that any free one can be taken.
fn results(listener: TcpListener) -> Arc<ArrowFlightServerProvider> {
    let listener = Mutex::new(Some(listener));
    Arc::new(move |work_dir: String, _: SocketAddr, mut shutdown: Shutdown, config: GrpcServerConfig| -> JoinHandle<_> {
        let listener = listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        tokio::spawn(async move {
            let failed = |error: &dyn std::fmt::Display| BallistaError::General(error.to_string());
            let listener = listener.ok_or_else(|| failed(&"it is served already"))?;
            listener.set_nonblocking(true).map_err(|error| failed(&error))?;
            let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| failed(&error))?;
            let service = FlightServiceServer::new(BallistaFlightService::new(work_dir));
            let service = service.max_decoding_message_size(MESSAGE).max_encoding_message_size(MESSAGE);
            let server = create_grpc_server(&config).add_service(service);
            server.serve_with_incoming_shutdown(TcpIncoming::from(listener), shutdown.recv()).await.map_err(|error| failed(&error))
        })
    })
}
