//! Gives work to a cluster and waits for it, but never for ever.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::array::{LargeBinaryArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use ballista_core::serde::protobuf::PartitionLocation;
use ballista_core::serde::protobuf::job_status::Status;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::physical_expr::Partitioning;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::StreamExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::super::canonical::rows::Tally;
use super::super::error::EngineError;
use super::super::gather::{BUCKETS, Budget, Names, Received, Run};
use super::super::layout::Group;
use super::super::remote::Cluster;
use super::super::scan::Scanned;
use super::codec::Codec;
use super::job::{FAREWELL, Job, Scheduler, fetch};
use super::operators::{Host, Operator, Reading, TALLY, VERSIONS, Work, schema, states_in};
use super::share::{Share, shares};
use super::{runtime, told};

/// How often work is begun that fails for a reason that may pass.
const TRIES: u32 = 4;

/// The first wait before it is begun again; each further one is twice as long.
const WAIT: Duration = Duration::from_secs(1);

/// How often the scheduler is asked.
const ASK: Duration = Duration::from_millis(100);

/// How long the scheduler may be silent and the cluster without executors; a quarter of a deadline that is short.
const GRACE: Duration = Duration::from_secs(30);

/// How work did not get done.
enum Failure {
    /// It may get done yet.
    MayPass(EngineError),
    Stays(EngineError),
}

/// Reads all groups. Blocks; not for use within an async runtime.
pub(in crate::engine) fn scan(
    cluster: &Cluster,
    groups: &[Group],
    reading: Reading,
    threads: usize,
    (names, budget): (&Arc<Names>, &Arc<Budget>),
) -> Result<Scanned, EngineError> {
    let failed = |reason: String, hint: &str| failure(cluster, &reason, hint);
    let runtime = runtime(threads).map_err(|error| failed(error.to_string(), "check what the system allows"))?;
    let asker = Asker { cluster, threads, grace: GRACE.min(cluster.deadline / 4), names, budget, job: Mutex::default() };
    let done = runtime.block_on(async {
        let done = timeout(cluster.deadline, asker.ask(groups, reading)).await;
        // Whatever ended it, nobody waits for that job any more.
        let job = asker.job().take();
        if let Some(job) = job
            && let Ok(Ok(mut scheduler)) = timeout(FAREWELL, Scheduler::connect(&cluster.address)).await
        {
            scheduler.forget(job, false).await;
        }
        done
    });
    // Connections may be waiting for what never comes.
    runtime.shutdown_background();
    done.unwrap_or_else(|_| {
        let reason = format!("it was not done within the deadline of {} s", cluster.deadline.as_secs());
        Err(failed(reason, "give it more time by `--deadline`, or the cluster more executors"))
    })
}

/// Who asks the cluster.
struct Asker<'a> {
    cluster: &'a Cluster,
    threads: usize,
    grace: Duration,
    names: &'a Arc<Names>,
    budget: &'a Arc<Budget>,
    /// The job that is being waited for.
    job: Mutex<Option<Job>>,
}

impl Asker<'_> {
    async fn ask(&self, groups: &[Group], reading: Reading) -> Result<Scanned, EngineError> {
        let shares = shares(groups).await?;
        if shares.is_empty() {
            return Ok(Scanned::default());
        }
        let host = Host { budget: Arc::clone(self.budget) };
        let plan = plan(&shares, reading, &host).map_err(|error| self.failed(&error.find_root().to_string(), "please report this"))?;
        let mut wait = WAIT;
        for _ in 1..TRIES {
            match self.once(&plan, shares.len()).await {
                Err(Failure::MayPass(_)) => sleep(wait).await,
                Err(Failure::Stays(error)) => return Err(error),
                Ok(scanned) => return Ok(scanned),
            }
            wait *= 2;
        }
        self.once(&plan, shares.len()).await.map_err(|(Failure::MayPass(error) | Failure::Stays(error))| error)
    }

    /// One job, from its beginning to its last row.
    async fn once(&self, plan: &[u8], shares: usize) -> Result<Scanned, Failure> {
        let absent = |reason: String| {
            let hint = format!("start a scheduler with `lapwing-train scheduler --addr {}`, or leave `--engine` out", self.cluster.address);
            Failure::MayPass(self.failed(&format!("the scheduler cannot be reached: {reason}"), &hint))
        };
        let mut scheduler = Scheduler::connect(&self.cluster.address).await.map_err(absent)?;
        let name = format!("lapwing-{:016x}", getrandom::u64().unwrap_or_default());
        let refused = |reason: String| Failure::MayPass(self.failed(&format!("the scheduler does not take the work: {reason}"), VERSIONS));
        let job = scheduler.submit(plan.to_vec(), &name).await.map_err(refused)?;
        *self.job() = Some(job.clone());
        let locations = self.wait(&mut scheduler, &job).await;
        let is_done = locations.is_ok();
        let received = match locations {
            Ok(locations) => self.receive(locations, shares).await,
            Err(failure) => Err(failure),
        };
        *self.job() = None;
        scheduler.forget(job, is_done).await;
        received
    }

    /// Waits for the end of a job, as long as there is somebody to do it.
    async fn wait(&self, scheduler: &mut Scheduler, job: &Job) -> Result<Vec<PartitionLocation>, Failure> {
        let (mut heard, mut manned, mut looked) = (Instant::now(), Instant::now(), Instant::now());
        loop {
            let reason = match scheduler.status(job).await {
                Ok(Some(Status::Successful(done))) => return Ok(done.partition_location),
                Ok(Some(Status::Failed(failed))) => return Err(self.of_job(scheduler, &failed.error).await),
                Ok(Some(Status::Queued(_) | Status::Running(_))) => {
                    heard = Instant::now();
                    None
                }
                // One that was started again has forgotten everything.
                Ok(None) => Some("it does not know the work any more".to_owned()),
                Err(reason) => Some(reason),
            };
            if let Some(reason) = reason.filter(|_| heard.elapsed() > self.grace) {
                let hint = "look into its log, start it again if it has ended, and run this again";
                return Err(Failure::MayPass(self.failed(&format!("the scheduler does not answer any more: {reason}"), hint)));
            }
            if looked.elapsed() > ASK * 10 {
                looked = Instant::now();
                if scheduler.has_executors().await.unwrap_or(true) {
                    manned = Instant::now();
                } else if manned.elapsed() > self.grace {
                    return Err(Failure::Stays(self.unmanned()));
                }
            }
            sleep(ASK).await;
        }
    }

    /// Why a job failed. What an executor says of the data stays as it is.
    async fn of_job(&self, scheduler: &Scheduler, error: &str) -> Failure {
        if let Some(message) = told::find(error) {
            return Failure::Stays(EngineError::OnExecutor(message));
        }
        if !scheduler.has_executors().await.unwrap_or(true) {
            return Failure::Stays(self.unmanned());
        }
        let line: String = error.lines().next().unwrap_or_default().chars().take(300).collect();
        Failure::MayPass(self.failed(&line, "look into the logs of the scheduler and the executors, and run this again"))
    }

    fn unmanned(&self) -> EngineError {
        let hint = format!("start some with `lapwing-train executor --scheduler {}`, and run this again", self.cluster.address);
        self.failed("the cluster has no executor that is alive", &hint)
    }

    /// Fetches what the executors keep, on all threads.
    async fn receive(&self, locations: Vec<PartitionLocation>, shares: usize) -> Result<Scanned, Failure> {
        let lost = |reason: String| {
            let hint = "see that executors live on until their results are fetched, and that this machine reaches them";
            Failure::MayPass(self.failed(&reason, hint))
        };
        let queue = Arc::new(Mutex::new(locations));
        let mut tasks = JoinSet::new();
        for _ in 0..self.threads {
            let (names, budget) = (Arc::clone(self.names), Arc::clone(self.budget));
            tasks.spawn(receive(Arc::clone(&queue), Received::new(names, budget), self.grace * 2));
        }
        let (mut scanned, mut told) = (Scanned::default(), 0);
        while let Some(task) = tasks.join_next().await {
            match task.map_err(|error| lost(error.to_string()))? {
                Ok((tally, count, runs)) => {
                    scanned.tally.merge(&tally);
                    told += count;
                    scanned.tasks.push(runs);
                }
                Err(Lost::Reason(reason)) => return Err(lost(reason)),
                Err(Lost::Malformed(reason)) => return Err(Failure::Stays(self.failed(&reason, VERSIONS))),
                Err(Lost::Spill(error)) => return Err(Failure::Stays(EngineError::spill(&error))),
            }
        }
        // Each share tells of its rows once.
        if told == shares { Ok(scanned) } else { Err(lost(format!("{told} of {shares} parts of the results came"))) }
    }

    fn job(&self) -> MutexGuard<'_, Option<Job>> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, reason: &str, hint: &str) -> EngineError {
        failure(self.cluster, reason, hint)
    }
}

/// Why results could not be taken in.
enum Lost {
    Reason(String),
    Malformed(String),
    Spill(std::io::Error),
}

/// Fetches one location after the other until none is left.
async fn receive(
    queue: Arc<Mutex<Vec<PartitionLocation>>>,
    mut received: Received,
    most: Duration,
) -> Result<(Tally, usize, Vec<Run>), Lost> {
    let (mut all, mut told) = (Tally::default(), 0);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
    while let Some(location) = next() {
        let mut batches = fetch(location).await.map_err(Lost::Reason)?;
        loop {
            let batch = timeout(most, batches.next()).await.map_err(|_| Lost::Reason("an executor does not answer".to_owned()))?;
            let Some(batch) = batch else { break };
            let batch = batch.map_err(|error| Lost::Reason(error.to_string()))?;
            for (bucket, state) in states_in(&batch) {
                if bucket == TALLY {
                    told += 1;
                    all.merge(&serde_json::from_slice(state).map_err(|error| Lost::Malformed(error.to_string()))?);
                } else {
                    received.add(state).map_err(|error| Lost::Malformed(error.to_string()))?;
                }
            }
            received.settle().map_err(Lost::Spill)?;
        }
    }
    Ok((all, told, received.finish().map_err(Lost::Spill)?))
}

fn failure(cluster: &Cluster, reason: &str, hint: &str) -> EngineError {
    EngineError::Cluster { address: cluster.address.clone(), reason: reason.to_owned(), hint: hint.to_owned() }
}

/// Shares of work, one a partition; what is gathered of them; that by bucket; and brought together.
fn plan(shares: &[Share], reading: Reading, host: &Host) -> PlanResult<Vec<u8>> {
    let columns = Arc::new(Schema::new(vec![Field::new("share", DataType::LargeBinary, false)]));
    let row = |share: &Share| -> PlanResult<Vec<RecordBatch>> {
        let share = serde_json::to_vec(share).map_err(|error| DataFusionError::External(Box::new(error)))?;
        let share = LargeBinaryArray::from_iter_values([share]);
        Ok(vec![RecordBatch::try_new(Arc::clone(&columns), vec![Arc::new(share)])?])
    };
    let rows = shares.iter().map(row).collect::<PlanResult<Vec<_>>>()?;
    let input = MemorySourceConfig::try_new_exec(&rows, Arc::clone(&columns), None)?;
    let version = reading.version.clone();
    let gathered = Operator::new(Work::Gather(Arc::new(reading)), input, host.clone());
    // A bucket is never parted, so more partitions than buckets would stay empty.
    let buckets = Partitioning::Hash(vec![col("bucket", &schema())?], (shares.len() / 2).clamp(2, BUCKETS));
    let by_bucket = RepartitionExec::try_new(Arc::new(gathered), buckets)?;
    let merged: Arc<dyn ExecutionPlan> = Arc::new(Operator::new(Work::Merge { version }, Arc::new(by_bucket), host.clone()));
    let mut bytes = Vec::new();
    PhysicalPlanNode::try_from_physical_plan(merged, &Codec::new(host.clone()))?.try_encode(&mut bytes)?;
    Ok(bytes)
}
