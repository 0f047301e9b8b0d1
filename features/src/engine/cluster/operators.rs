//! The two operators that a cluster runs: one reads and gathers, one brings together what was gathered of the same customers.
//!
//! What flows between them and to the one who asked are rows of a bucket and a state, as `gather::state` writes it; a row of the
//! bucket [`TALLY`] holds what a task learned of its rows together.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, mpsc};

use arrow::array::{AsArray, LargeBinaryArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::super::canonical::rows::{Meaning, Tally};
use super::super::contain::panicked;
use super::super::error::EngineError;
use super::super::gather::{BUCKETS, Budget, Gathered, Names, Received, Run, states};
use super::super::links::Links;
use super::super::paths::names as names_of;
use super::super::resources::Resources;
use super::super::scan::{self, Shared};
use super::share::Share;
use super::told::tell;
use crate::event::{Kind, Token};
use crate::time::{Calendar, Timestamp};

/// The bucket of a row that holds a tally.
pub(super) const TALLY: u32 = BUCKETS as u32;

/// States in a batch; each is small enough that so many are one message.
pub(super) const BATCH: usize = 16;

/// The version of this program: that of its release, of its features, and of what it calls the kinds.
pub(in crate::engine) fn version() -> String {
    let kinds = Kind::ALL.iter().fold(String::new(), |names, kind| names + kind.name() + " ");
    format!("{}-{}-{}", env!("CARGO_PKG_VERSION"), crate::schema::fingerprint(), Token::of(&kinds).to_hex())
}

/// What to do when they differ.
pub(super) const VERSIONS: &str = "scheduler, executors and this program must be of one version";

/// What the process that runs an operator gives it.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) budget: Arc<Budget>,
}

/// What an operator does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Work {
    /// Reads the shares that its input holds, one a row, and gathers their events.
    Gather(Arc<Reading>),
    /// Brings states together.
    Merge { version: String },
}

/// What all rows mean.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::engine) struct Reading {
    /// Of the program that asks; another one may read rows in another way.
    pub(in crate::engine) version: String,
    pub(in crate::engine) kinds: BTreeMap<String, Kind>,
    pub(in crate::engine) zone: String,
    pub(in crate::engine) until: Option<Timestamp>,
    pub(in crate::engine) batch_rows: usize,
    pub(in crate::engine) links: Option<Links>,
}

/// An operator of ours.
#[derive(Debug)]
pub(super) struct Operator {
    pub(super) work: Work,
    input: Arc<dyn ExecutionPlan>,
    host: Host,
    properties: Arc<PlanProperties>,
}

/// The columns of what flows.
pub(super) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("bucket", DataType::UInt32, false), Field::new("state", DataType::LargeBinary, false)]))
}

impl Operator {
    pub(super) fn new(work: Work, input: Arc<dyn ExecutionPlan>, host: Host) -> Self {
        let partitions = Partitioning::UnknownPartitioning(input.properties().output_partitioning().partition_count());
        let (emission, bounds) = (EmissionType::Final, Boundedness::Bounded);
        let properties = Arc::new(PlanProperties::new(EquivalenceProperties::new(schema()), partitions, emission, bounds));
        Self { work, input, host, properties }
    }
}

impl DisplayAs for Operator {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for Operator {
    fn name(&self) -> &'static str {
        match self.work {
            Work::Gather(_) => "LapwingGather",
            Work::Merge { .. } => "LapwingMerge",
        }
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// No rule may put anything beneath: each share is read where it is.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(&self, _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.pop().ok_or_else(|| DataFusionError::Internal(format!("{} needs an input", self.name())))?;
        Ok(Arc::new(Self::new(self.work.clone(), input, self.host.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let (work, host) = (self.work.clone(), self.host.clone());
        let done = async move {
            let names = Arc::new(Names::default());
            let (tallies, tasks) = match work {
                Work::Gather(reading) => gather(&reading, input, &names, &host).await?,
                Work::Merge { version } => {
                    check(&version)?;
                    merge(input, &names, &host).await?
                }
            };
            Ok::<_, DataFusionError>(rows(&tallies, tasks, names.tokens()))
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema(), stream::once(done).try_flatten())))
    }
}

/// What was learned and gathered; of each share, or of all states.
type Done = (Vec<Vec<u8>>, Vec<Vec<Run>>);

/// Refuses work of another version, which may read rows and states in another way.
fn check(asked: &str) -> Result<()> {
    let own = version();
    if asked == own {
        return Ok(());
    }
    let what = format!("an executor is of version {own}, and version {asked} asks it");
    Err(tell(&EngineError::OnExecutor(format!("{what}\nhint: {VERSIONS}"))))
}

async fn gather(reading: &Reading, mut input: SendableRecordBatchStream, names: &Arc<Names>, host: &Host) -> Result<Done> {
    check(&reading.version)?;
    let calendar = Calendar::of_zone(&reading.zone).map_err(|error| DataFusionError::External(Box::new(error)))?;
    let meaning = Arc::new(Meaning { kinds: reading.kinds.clone(), calendar, until: reading.until, links: reading.links.clone() });
    let resources = Resources { threads: 1, batch_rows: reading.batch_rows, ..Resources::default() };
    let (mut tally, mut tasks) = (Tally::default(), Vec::new());
    while let Some(batch) = input.next().await.transpose()? {
        for share in batch.column(0).as_binary::<i64>().iter().flatten() {
            let share: Share = serde_json::from_slice(share).map_err(|error| DataFusionError::External(Box::new(error)))?;
            let (group, ranges) = share.group().map_err(|error| tell(&error))?;
            // Nobody asks how far it is.
            let (progress, _) = mpsc::channel();
            let (names, budget) = (Arc::clone(names), Arc::clone(&host.budget));
            let shared = Shared { meaning: Arc::clone(&meaning), names, budget, resources: resources.clone(), progress };
            let (files, format) = (names_of(&group.files), group.format);
            // The cluster would show what a decoder says when it panics, which may be data.
            let read = AssertUnwindSafe(scan::read_part(group, &ranges, shared)).catch_unwind().await;
            let (of_share, runs) = read.unwrap_or_else(|_| Err(panicked(&files, format))).map_err(|error| tell(&error))?;
            tally.merge(&of_share);
            tasks.push(runs);
        }
    }
    Ok((vec![serde_json::to_vec(&tally).map_err(|error| DataFusionError::External(Box::new(error)))?], tasks))
}

async fn merge(mut input: SendableRecordBatchStream, names: &Arc<Names>, host: &Host) -> Result<Done> {
    let spill = |error| tell(&EngineError::spill(&error));
    let mut received = Received::new(Arc::clone(names), Arc::clone(&host.budget));
    let mut tallies = Vec::new();
    while let Some(batch) = input.next().await.transpose()? {
        for (bucket, state) in states_in(&batch) {
            if bucket == TALLY {
                tallies.push(state.to_vec());
            } else {
                received.add(state).map_err(|error| DataFusionError::External(Box::new(error)))?;
            }
        }
        received.settle().map_err(spill)?;
    }
    Ok((tallies, vec![received.finish().map_err(spill)?]))
}

/// The rows of a batch.
pub(super) fn states_in(batch: &RecordBatch) -> impl Iterator<Item = (u32, &[u8])> {
    let (buckets, states) = (batch.column(0).as_primitive::<UInt32Type>(), batch.column(1).as_binary::<i64>());
    (0..batch.num_rows()).map(|row| (buckets.value(row), states.value(row)))
}

/// As batches, one bucket after the other, so that no more than one is there twice.
fn rows(tallies: &[Vec<u8>], tasks: Vec<Vec<Run>>, tokens: Vec<Token>) -> SendableRecordBatchStream {
    let mut by_bucket: Vec<Vec<Run>> = (0..BUCKETS).map(|_| Vec::new()).collect();
    for runs in tasks {
        by_bucket.iter_mut().zip(runs).for_each(|(bucket, run)| bucket.push(run));
    }
    let of_bucket = move |(bucket, runs): (u32, Vec<Run>)| {
        let grouped = Gathered::new(runs).group().map_err(|error| tell(&EngineError::spill(&error)));
        grouped.and_then(|grouped| batches(bucket, &states(&grouped, &tokens)))
    };
    let batches = stream::iter(std::iter::once(batches(TALLY, tallies)).chain((0..).zip(by_bucket).map(of_bucket)));
    let batches = batches.map_ok(|batches| stream::iter(batches).map(Ok)).try_flatten();
    Box::pin(RecordBatchStreamAdapter::new(schema(), batches))
}

fn batches(bucket: u32, states: &[Vec<u8>]) -> Result<Vec<RecordBatch>> {
    let batch = |states: &[Vec<u8>]| {
        let buckets = UInt32Array::from_value(bucket, states.len());
        let states = LargeBinaryArray::from_iter_values(states);
        Ok(RecordBatch::try_new(schema(), vec![Arc::new(buckets), Arc::new(states)])?)
    };
    states.chunks(BATCH).map(batch).collect()
}

#[cfg(test)]
mod tests {
    use datafusion::physical_plan::EmptyRecordBatchStream;

    use super::super::told::find;
    use super::*;

    #[test]
    fn another_version_is_refused() {
        let reading = Reading {
            version: "0.0.0".to_owned(),
            kinds: BTreeMap::new(),
            zone: "UTC".to_owned(),
            until: None,
            batch_rows: 1,
            links: None,
        };
        let host = Host { budget: Arc::new(Budget::new(0, None)) };
        let nothing = Box::pin(EmptyRecordBatchStream::new(schema()));
        let runtime = super::super::runtime(1).unwrap();
        let done = runtime.block_on(gather(&reading, nothing, &Arc::default(), &host));
        let told = done.err().and_then(|error| find(&format!("{error:?}"))).unwrap();
        assert!(told.contains("0.0.0") && told.contains("hint: "), "{told}");
    }
}
