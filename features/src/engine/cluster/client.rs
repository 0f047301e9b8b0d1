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
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, sleep, timeout};

use super::super::error::EngineError;
use super::super::gather::{BUCKETS, Budget, Names, Received};
use super::super::layout::Group;
use super::super::remote::Cluster;
use super::super::scan::Scanned;
use super::codec::Codec;
use super::job::{Scheduler, fetch};
use super::operators::{Host, Operator, Reading, TALLY, Work, schema, states_in};
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

/// Results that are fetched at once.
const AT_ONCE: usize = 4;

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
    names: &Arc<Names>,
    budget: &Arc<Budget>,
) -> Result<Scanned, EngineError> {
    let failed = |reason: String, hint: &str| failure(cluster, &reason, hint);
    let runtime = runtime(2).map_err(|error| failed(error.to_string(), "check what the system allows"))?;
    let asker = Asker { cluster, grace: GRACE.min(cluster.deadline / 4), names, budget, job_id: Mutex::default() };
    let done = runtime.block_on(async {
        let done = timeout(cluster.deadline, asker.ask(groups, reading)).await;
        // Whatever ended it, nobody waits for that job any more.
        let job_id = asker.job_id().take();
        if let Some(job_id) = job_id
            && let Ok(mut scheduler) = Scheduler::connect(&cluster.address).await
        {
            scheduler.cancel(job_id).await;
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
    grace: Duration,
    names: &'a Arc<Names>,
    budget: &'a Arc<Budget>,
    /// The job that is being waited for.
    job_id: Mutex<Option<String>>,
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
            match self.once(&plan).await {
                Err(Failure::MayPass(_)) => sleep(wait).await,
                Err(Failure::Stays(error)) => return Err(error),
                Ok(scanned) => return Ok(scanned),
            }
            wait *= 2;
        }
        self.once(&plan).await.map_err(|(Failure::MayPass(error) | Failure::Stays(error))| error)
    }

    /// One job, from its beginning to its last row.
    async fn once(&self, plan: &[u8]) -> Result<Scanned, Failure> {
        let absent = |reason: String| {
            let hint = format!("start a scheduler with `lapwing-train scheduler --addr {}`, or leave `--engine` out", self.cluster.address);
            Failure::MayPass(self.failed(&format!("the scheduler cannot be reached: {reason}"), &hint))
        };
        let mut scheduler = Scheduler::connect(&self.cluster.address).await.map_err(absent)?;
        let name = format!("lapwing-{:016x}", getrandom::u64().unwrap_or_default());
        let job_id = scheduler.submit(plan.to_vec(), &name).await.map_err(absent)?;
        *self.job_id() = Some(job_id.clone());
        let locations = self.wait(&mut scheduler, &job_id).await?;
        let scanned = self.receive(locations).await?;
        *self.job_id() = None;
        scheduler.clean(job_id).await;
        Ok(scanned)
    }

    /// Waits for the end of a job, as long as there is somebody to do it.
    async fn wait(&self, scheduler: &mut Scheduler, job_id: &str) -> Result<Vec<PartitionLocation>, Failure> {
        let (mut heard, mut manned, mut looked) = (Instant::now(), Instant::now(), Instant::now());
        loop {
            let reason = match scheduler.status(job_id).await {
                Ok(Some(Status::Successful(job))) => return Ok(job.partition_location),
                Ok(Some(Status::Failed(job))) => return Err(self.of_job(scheduler, &job.error).await),
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

    /// Fetches what the executors keep.
    async fn receive(&self, locations: Vec<PartitionLocation>) -> Result<Scanned, Failure> {
        let lost = |reason: String| {
            Failure::MayPass(
                self.failed(&reason, "see that executors live on until their results are fetched, and that this machine reaches them"),
            )
        };
        let spill = |error| Failure::Stays(EngineError::spill(&error));
        let mut scanned = Scanned::default();
        let mut received = Received::new(Arc::clone(self.names), Arc::clone(self.budget));
        let rows = |location| stream::once(fetch(location)).map_ok(|rows| rows.map_err(|error| error.to_string())).try_flatten().boxed();
        let mut batches = stream::iter(locations).map(rows).flatten_unordered(AT_ONCE);
        while let Some(batch) = timeout(self.grace * 2, batches.next()).await.map_err(|_| lost("an executor does not answer".to_owned()))? {
            let batch = batch.map_err(lost)?;
            for (bucket, state) in states_in(&batch) {
                if bucket == TALLY {
                    let tally = serde_json::from_slice(state).map_err(|error| lost(error.to_string()))?;
                    scanned.tally.merge(&tally);
                } else {
                    received.add(state).map_err(|error| Failure::Stays(self.failed(&error.to_string(), VERSIONS)))?;
                }
            }
            received.settle().map_err(spill)?;
        }
        scanned.tasks.push(received.finish().map_err(spill)?);
        Ok(scanned)
    }

    fn job_id(&self) -> MutexGuard<'_, Option<String>> {
        self.job_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, reason: &str, hint: &str) -> EngineError {
        failure(self.cluster, reason, hint)
    }
}

const VERSIONS: &str = "scheduler, executors and this program must be of one version";

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
    let gathered = Operator::new(Work::Gather(Arc::new(reading)), input, host.clone());
    // A bucket is never parted, so more partitions than buckets would stay empty.
    let buckets = Partitioning::Hash(vec![col("bucket", &schema())?], (shares.len() / 2).clamp(2, BUCKETS));
    let by_bucket = RepartitionExec::try_new(Arc::new(gathered), buckets)?;
    let merged: Arc<dyn ExecutionPlan> = Arc::new(Operator::new(Work::Merge, Arc::new(by_bucket), host.clone()));
    let mut bytes = Vec::new();
    PhysicalPlanNode::try_from_physical_plan(merged, &Codec::new(host.clone()))?.try_encode(&mut bytes)?;
    Ok(bytes)
}
