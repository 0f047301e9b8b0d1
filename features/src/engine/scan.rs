//! `DataFusion` over a group of files: one task a partition gives rows their meaning and gathers them.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
#[cfg(feature = "cluster")]
use datafusion::datasource::listing::FileRange;
use datafusion::datasource::listing::PartitionedFile;
#[cfg(feature = "cluster")]
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
#[cfg(feature = "cluster")]
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use tokio::task::{JoinError, JoinSet};

use super::ahead::Ahead;
use super::canonical::rows::{Meaning, RowReader, Tally};
use super::contain::{panicked, unreadable};
use super::error::EngineError;
use super::gather::{Budget, Gatherer, Names, Run};
use super::histories::flatten;
use super::layout::Group;
use super::paths::{Format, Place, SourceFile, names};
use super::pieces::{Piece, Pieces};
use super::resources::Resources;
use super::store::{Pinned, failure_in};
use crate::time::Timestamp;

/// Rows of a task after which it is asked whether memory is short.
const SETTLED_ROWS: usize = 65_536;

/// Pieces for each thread to begin with: those who share them are done at about the same time.
const PIECES: usize = 16;

/// Events that a row of a history table is taken to hold, so that its batches are no larger than those of events.
const EVENTS_OF_A_CUSTOMER: usize = 16;

/// What all tasks share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) meaning: Arc<Meaning>,
    pub(super) names: Arc<Names>,
    pub(super) budget: Arc<Budget>,
    pub(super) resources: Resources,
    /// Told the number of rows of some batches.
    pub(super) progress: Sender<u64>,
}

/// What became of all rows.
#[derive(Default)]
pub(super) struct Scanned {
    pub(super) tally: Tally,
    /// What each task gathered.
    pub(super) tasks: Vec<Vec<Run>>,
}

/// Reads all groups, one after the other, each on all threads.
pub(super) async fn scan(groups: Vec<Group>, shared: Shared) -> Result<Scanned, EngineError> {
    let mut scanned = Scanned::default();
    for group in groups {
        scan_group(Arc::new(group), &shared, &mut scanned).await?;
    }
    Ok(scanned)
}

async fn scan_group(group: Arc<Group>, shared: &Shared, scanned: &mut Scanned) -> Result<(), EngineError> {
    let ahead = count_unread(&group, shared.meaning.until, &mut scanned.tally);
    let _ = shared.progress.send(ahead);
    let threads = shared.resources.threads;
    let partitions = if threads > 1 { threads * PIECES } else { 1 };
    let (context, plan) = whole_plan(&group, partitions, &shared.resources).await.map_err(|error| failed(&group, &error))?;
    let partitions = plan.properties().output_partitioning().partition_count();
    let pieces = Arc::new(Pieces::new(partitions, threads.min(partitions)));
    let mut tasks = JoinSet::new();
    for worker in 0..threads.min(partitions) {
        let (group, pieces, shared) = (Arc::clone(&group), Arc::clone(&pieces), shared.clone());
        let (plan, context) = (Arc::clone(&plan), context.task_ctx());
        let stream = move |piece| plan.execute(piece, Arc::clone(&context));
        tasks.spawn(async move { read_pieces(&group, worker, &pieces, stream, &shared).await });
    }
    let mut gathered = Vec::new();
    while let Some(task) = tasks.join_next().await {
        for (first, (tally, runs)) in joined(&group.files, group.format, task)? {
            scanned.tally.merge(&tally);
            gathered.push((first, runs));
        }
    }
    // In the order of the rows, so that what is sorted by time already is found to be.
    gathered.sort_by_key(|(first, _)| *first);
    scanned.tasks.extend(gathered.into_iter().map(|(_, runs)| runs));
    Ok(())
}

/// What comes of one worker's pieces: those that lie in a row together, with the number of the first.
async fn read_pieces(
    group: &Group,
    worker: usize,
    pieces: &Pieces,
    stream: impl Fn(usize) -> Result<SendableRecordBatchStream, DataFusionError>,
    shared: &Shared,
) -> Result<Vec<(usize, (Tally, Vec<Run>))>, EngineError> {
    let mut gathered = Vec::new();
    loop {
        let (mut reader, mut first) = (None, usize::MAX);
        while let Some(Piece { number, before }) = pieces.next(worker) {
            let reader = reader.get_or_insert_with(|| Reader::new(group, shared));
            if before {
                reader.rows.gatherer.turn_back();
            }
            reader.read(stream(number).map_err(|error| failed(group, &error))?).await?;
            first = first.min(number);
        }
        if let Some(reader) = reader {
            gathered.push((first, reader.finish()?));
        }
        if !pieces.help(worker) {
            return Ok(gathered);
        }
    }
}

/// Takes in what is known of the rows without reading them, and gives the number of those that need not be read.
pub(super) fn count_unread(group: &Group, until: Option<Timestamp>, tally: &mut Tally) -> u64 {
    let since = group.amounts_since.filter(|since| until.is_none_or(|until| *since < until));
    tally.amounts_since = [tally.amounts_since, since].into_iter().flatten().min();
    let ahead = group.ahead.iter().map(|ahead| ahead.rows).sum();
    tally.report.rows += ahead;
    tally.report.future += ahead;
    ahead
}

/// The outcome of a task; that it panicked is an error of the files it read.
pub(super) fn joined<T>(files: &[SourceFile], format: Format, task: Result<Result<T, EngineError>, JoinError>) -> Result<T, EngineError> {
    task.unwrap_or_else(|_| Err(panicked(&names(files), format)))
}

/// Reads rows of a group and gathers their events.
struct Reader<'a> {
    group: &'a Group,
    shared: &'a Shared,
    rows: RowReader<'a>,
    /// Rows since it was asked whether memory is short, and told how many there are.
    unsettled: usize,
}

impl<'a> Reader<'a> {
    fn new(group: &'a Group, shared: &'a Shared) -> Self {
        let gatherer = Gatherer::new(Arc::clone(&shared.names), Arc::clone(&shared.budget));
        Self { group, shared, rows: RowReader::new(&shared.meaning, gatherer), unsettled: 0 }
    }

    async fn read(&mut self, mut stream: SendableRecordBatchStream) -> Result<(), EngineError> {
        let group = self.group;
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(|error| failed(group, &error))?;
            for rows in rows(group, batch) {
                let read = rows.and_then(|rows| self.rows.read(&group.form, &rows).map(|()| rows.num_rows()));
                let read = read.map_err(|error| unreadable(&names(&group.files), group.format, &error))?;
                self.unsettled += read;
                if self.unsettled >= SETTLED_ROWS {
                    self.rows.gatherer.settle().map_err(|error| EngineError::spill(&error))?;
                    self.tell();
                }
            }
        }
        Ok(())
    }

    /// Tells how many rows were read since it was told last.
    fn tell(&mut self) {
        // The receiver may be gone; then nobody asks.
        let _ = self.shared.progress.send(std::mem::take(&mut self.unsettled) as u64);
    }

    fn finish(mut self) -> Result<(Tally, Vec<Run>), EngineError> {
        self.tell();
        let RowReader { tally, gatherer, .. } = self.rows;
        Ok((tally, gatherer.finish().map_err(|error| EngineError::spill(&error))?))
    }
}

/// The rows of events in a batch.
fn rows(group: &Group, batch: RecordBatch) -> Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send> {
    if !group.form.nested {
        return Box::new(std::iter::once(Ok(batch)));
    }
    match flatten(&batch) {
        Ok(pieces) => Box::new(pieces),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

/// The files of a group in `most` parts or fewer, each of which can be read by itself.
#[cfg(feature = "cluster")]
pub(super) async fn parts(group: &Group, most: usize) -> Result<Vec<FileGroup>, EngineError> {
    let parts = async {
        let (context, plan) = whole_plan(group, most, &Resources::default()).await?;
        let mut options = context.state().config_options().as_ref().clone();
        options.optimizer.repartition_file_min_size = 1;
        let plan = plan.repartitioned(most, &options)?.unwrap_or(plan);
        let scan = plan.downcast_ref::<DataSourceExec>().and_then(|scan| scan.data_source().as_ref().downcast_ref::<FileScanConfig>());
        let scan = scan.ok_or_else(|| DataFusionError::Internal("a scan of files is no scan of files".to_owned()))?;
        Ok(scan.file_groups.clone())
    };
    parts.await.map_err(|error| failed(group, &error))
}

/// Reads the one part that these ranges of the files of a group make up.
#[cfg(feature = "cluster")]
pub(super) async fn read_part(group: Group, ranges: &[Option<FileRange>], shared: Shared) -> Result<(Tally, Vec<Run>), EngineError> {
    let stream = async {
        let files = group.files.iter().zip(&group.ahead).zip(ranges);
        let files = files.map(|((file, ahead), range)| Ok(PartitionedFile { range: range.clone(), ..partitioned(file, ahead)? }));
        let part = FileGroup::new(files.collect::<Result<Vec<_>, DataFusionError>>()?);
        let (context, plan) = plan(&group, vec![part], &shared.resources).await?;
        plan.execute(0, context.task_ctx())
    };
    let stream = stream.await.map_err(|error| failed(&group, &error))?;
    let mut reader = Reader::new(&group, &shared);
    reader.read(stream).await?;
    reader.finish()
}

/// The scan of a whole group in so many partitions, if there is enough to read.
async fn whole_plan(
    group: &Group,
    partitions: usize,
    resources: &Resources,
) -> Result<(SessionContext, Arc<dyn ExecutionPlan>), DataFusionError> {
    let files = group.files.iter().zip(&group.ahead).filter(|(_, ahead)| !ahead.is_all());
    let files = files.map(|(file, ahead)| partitioned(file, ahead)).collect::<Result<Vec<_>, _>>()?;
    let (context, plan) = plan(group, FileGroup::new(files).split_files(partitions), resources).await?;
    // Splits large files too.
    let plan = plan.repartitioned(partitions, context.state().config_options())?.unwrap_or(plan);
    Ok((context, plan))
}

/// The scan of these files of a group, a partition for each of `parts`.
async fn plan(
    group: &Group,
    parts: Vec<FileGroup>,
    resources: &Resources,
) -> Result<(SessionContext, Arc<dyn ExecutionPlan>), DataFusionError> {
    // Statistics would be read from every footer and are of no use to a whole scan.
    let batch_rows = if group.form.nested { resources.batch_rows.div_ceil(EVENTS_OF_A_CUSTOMER) } else { resources.batch_rows };
    let config = SessionConfig::new().with_target_partitions(resources.threads).with_batch_size(batch_rows).with_collect_statistics(false);
    let format: Arc<dyn FileFormat> = match group.format {
        Format::Parquet => Arc::new(ParquetFormat::default()),
        // A line break within quotes must not be taken for the end of a row.
        Format::Csv => Arc::new(CsvFormat::default().with_has_header(true).with_newlines_in_values(true)),
    };
    let context = SessionContext::new_with_config(config);
    let url = match group.files[0].root() {
        None => ObjectStoreUrl::local_filesystem(),
        Some(root) => {
            let url = ObjectStoreUrl::parse("lapwing://store")?;
            let objects = group.files.iter().filter_map(|file| if let Place::Store(object) = &file.place { Some(object) } else { None });
            context.register_object_store(url.as_ref(), Arc::new(Pinned::new(root, objects)?));
            url
        }
    };
    let columns = group.columns.iter().map(|name| group.schema.index_of(name)).collect::<Result<Vec<_>, _>>()?;
    let scan = FileScanConfigBuilder::new(url, format.file_source(Arc::clone(&group.schema).into()))
        .with_file_groups(parts)
        .with_projection_indices(Some(columns))?
        .build();
    let plan = format.create_physical_plan(&context.state(), scan).await?;
    Ok((context, plan))
}

/// A file as `DataFusion` is told of it, without what lies ahead.
fn partitioned(file: &SourceFile, ahead: &Ahead) -> Result<PartitionedFile, DataFusionError> {
    let mut partitioned = match &file.place {
        Place::Store(object) => PartitionedFile::from(object_store::ObjectMeta::clone(&object.meta)),
        Place::Local(path) => local(path)?,
    };
    if !ahead.groups.is_empty() {
        let mut plan = ParquetAccessPlan::new_all(ahead.groups.len());
        let skipped = ahead.groups.iter().enumerate().filter(|(_, ahead)| **ahead);
        skipped.for_each(|(group, _)| plan.skip(group));
        partitioned = partitioned.with_extension(plan);
    }
    Ok(partitioned)
}

/// A local file; no character of its name is taken for anything else.
fn local(path: &Path) -> Result<PartitionedFile, DataFusionError> {
    let mut file = PartitionedFile::new("", path.metadata()?.len());
    file.object_meta.location = object_store::path::Path::from_absolute_path(path).map_err(object_store::Error::from)?;
    Ok(file)
}

fn failed(group: &Group, error: &DataFusionError) -> EngineError {
    failure_in(error).unwrap_or_else(|| unreadable(&names(&group.files), group.format, &error.find_root()))
}
