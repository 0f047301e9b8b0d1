//! `DataFusion` over a group of files: one task a partition gives rows their meaning and gathers them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use datafusion::common::Column;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use tokio::task::{JoinError, JoinSet};

use super::canonical::rows::{Meaning, RowReader, Tally};
use super::contain::{panicked, unreadable};
use super::error::EngineError;
use super::gather::{Budget, Gatherer, Names, Run};
use super::layout::Group;
use super::paths::{Format, SourceFile, names};
use super::resources::Resources;

/// Rows of a task after which it is asked whether memory is short.
const SETTLED_ROWS: usize = 65_536;

/// What all tasks share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) meaning: Arc<Meaning>,
    pub(super) names: Arc<Names>,
    pub(super) budget: Arc<Budget>,
    pub(super) resources: Resources,
    /// Told the number of rows of each batch.
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
    let streams = streams(&group, &shared.resources).await.map_err(|error| failed(&group, &error))?;
    let mut tasks = JoinSet::new();
    for (number, stream) in streams.into_iter().enumerate() {
        let (group, shared) = (Arc::clone(&group), shared.clone());
        tasks.spawn(async move { Ok((number, read_partition(group, stream, shared).await?)) });
    }
    let mut gathered = Vec::new();
    while let Some(task) = tasks.join_next().await {
        let (number, (tally, runs)) = joined(&group.files, group.format, task)?;
        scanned.tally.merge(&tally);
        gathered.push((number, runs));
    }
    // In the order of the rows, so that what is sorted by time already is found to be.
    gathered.sort_by_key(|(number, _)| *number);
    scanned.tasks.extend(gathered.into_iter().map(|(_, runs)| runs));
    Ok(())
}

/// The outcome of a task; that it panicked is an error of the files it read.
pub(super) fn joined<T>(files: &[SourceFile], format: Format, task: Result<Result<T, EngineError>, JoinError>) -> Result<T, EngineError> {
    task.unwrap_or_else(|_| Err(panicked(&names(files), format)))
}

async fn read_partition(
    group: Arc<Group>,
    mut stream: SendableRecordBatchStream,
    shared: Shared,
) -> Result<(Tally, Vec<Run>), EngineError> {
    let spill = |error| EngineError::spill(&error);
    let mut reader = RowReader::new(&shared.meaning, Gatherer::new(Arc::clone(&shared.names), Arc::clone(&shared.budget)));
    let mut unsettled = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| failed(&group, &error))?;
        reader
            .read(&group.roles, group.format == Format::Csv, &batch)
            .map_err(|error| unreadable(&names(&group.files), group.format, &error))?;
        unsettled += batch.num_rows();
        if unsettled >= SETTLED_ROWS {
            reader.gatherer.settle().map_err(spill)?;
            unsettled = 0;
        }
        // The receiver may be gone; then nobody asks.
        let _ = shared.progress.send(batch.num_rows() as u64);
    }
    Ok((reader.tally, reader.gatherer.finish().map_err(spill)?))
}

/// The partitions of a group's mapped columns.
async fn streams(group: &Group, resources: &Resources) -> Result<Vec<SendableRecordBatchStream>, DataFusionError> {
    // Statistics would be read from every footer and are of no use to a whole scan.
    let config =
        SessionConfig::new().with_target_partitions(resources.threads).with_batch_size(resources.batch_rows).with_collect_statistics(false);
    let format: Arc<dyn FileFormat> = match group.format {
        Format::Parquet => Arc::new(ParquetFormat::default()),
        // A line break within quotes must not be taken for the end of a row.
        Format::Csv => Arc::new(CsvFormat::default().with_has_header(true).with_newlines_in_values(true)),
    };
    let urls = group.files.iter().map(|file| ListingTableUrl::parse(url(&file.path))).collect::<Result<Vec<_>, _>>()?;
    let table = ListingTableConfig::new_with_multi_paths(urls)
        .with_listing_options(ListingOptions::new(format).with_file_extension(""))
        .with_schema(Arc::clone(&group.schema));
    let frame = SessionContext::new_with_config(config).read_table(Arc::new(ListingTable::try_new(table)?))?;
    // By `Column`, for a plain name would be parsed: dots and capitals have a meaning there.
    let columns = group.columns.iter().map(|name| Expr::Column(Column::new_unqualified(name)));
    frame.select(columns)?.execute_stream_partitioned().await
}

/// A `file:` URL, in which no character is taken for a wildcard.
fn url(path: &Path) -> String {
    let mut url = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

fn failed(group: &Group, error: &DataFusionError) -> EngineError {
    unreadable(&names(&group.files), group.format, &error.find_root())
}
