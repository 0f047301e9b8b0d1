//! The one way in: from files to a dataset.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, mpsc};

use super::canonical::rows::{Meaning, Tally};
use super::collect::{Undecided, collect};
use super::config::{CustomersConfig, EventsConfig, Role};
use super::contain::unreadable;
use super::dataset::Dataset;
use super::error::EngineError;
use super::gather::{Budget, Gathered, Names, Reading};
use super::links::Links;
use super::paths::{Format, SourceFile, names as names_of, resolve};
use super::remote::Cluster;
use super::report::InputReport;
use super::resources::{Memory, Resources};
use super::scan::{self, Scanned, Shared};
use super::{customers, layout};
use crate::kinds::KindRules;
use crate::time::{Calendar, Timestamp};

/// What is to be read, and how.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Files, folders (searched through) and globs, of Parquet and CSV in any mixture, each a path or a URL such as `s3://bucket/key`.
    pub events: &'a [String],
    /// What their columns mean.
    pub config: &'a EventsConfig,
    /// The customers table, if there is one.
    pub customers: Option<(&'a str, &'a CustomersConfig)>,
    /// The clock of times without zone and of local days.
    pub calendar: &'a Calendar,
    /// The as-of date: rows at or after it, or known after it, are counted and otherwise not looked at.
    pub until: Option<Timestamp>,
    /// What of the machine may be used.
    pub resources: &'a Resources,
    /// Told the number of rows read so far, now and then.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// Reads events, and the customers table if one is given. Blocks; not for use within an async runtime.
///
/// # Errors
/// [`EngineError`] when a path, a column or a file is not as it must be, or when no row can be used.
///
/// ```
/// use lapwing_features::Calendar;
/// use lapwing_features::engine::{EventsConfig, Request, Resources, read};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("events.csv");
/// std::fs::write(&file, "customer_id,ts,amount\n7,2024-01-05,20\n7,2024-02-10,35\n,2024-02-11,5\n")?;
/// let dataset = read(&Request {
///     events: &[file.display().to_string()],
///     config: &EventsConfig::default(),
///     customers: None,
///     calendar: &Calendar::utc(),
///     until: None,
///     resources: &Resources::default(),
///     progress: &|_| (),
/// })?;
/// assert_eq!(dataset.len(), 1);
/// assert_eq!(dataset.history("7")?.map(|history| history.len()), Some(2));
/// assert_eq!((dataset.position("7"), dataset.position("8")), (Some(0), None));
/// assert_eq!(dataset.report()?.without_customer_id, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(request: &Request<'_>) -> Result<Dataset, EngineError> {
    let files = resolve(request.events)?;
    let stamps = files.iter().map(SourceFile::stamp).collect::<Vec<_>>();
    let groups = layout::groups(files.clone(), request.config, request.until, request.calendar)?;
    let has_kinds = groups.iter().any(|group| group.has_kinds);
    let links = request.config.links.as_deref().map(Links::read).transpose()?;
    let attributes = request.customers.map(|(path, config)| customers::read(path, config, request.calendar)).transpose()?;
    let Resources { threads, memory, spill_dir, .. } = request.resources;
    let budget = Arc::new(Budget::new(memory.map_or(usize::MAX, Memory::for_events), spill_dir.as_deref()));
    let names = Arc::new(Names::default());
    let Scanned { tally, tasks } = match &request.resources.cluster {
        None => scan_all(request, &files, groups, links, (&names, &budget))?,
        Some(cluster) => scan_on(cluster, request, &groups, links, (&names, &budget))?,
    };
    if let Some((file, _)) = files.iter().zip(&stamps).find(|(file, stamp)| file.stamp() != **stamp) {
        return Err(EngineError::Unreadable {
            files: file.shown.clone(),
            reason: "it changed while it was read".to_owned(),
            hint: CHANGED,
        });
    }
    if tally.report.rows == 0 {
        return Err(EngineError::NoRows { files: names_of(&files) });
    }
    let reading = Reading {
        tokens: names.tokens(),
        calendar: request.calendar.clone(),
        duplicates: request.config.duplicates,
        amounts_since: tally.amounts_since,
    };
    let buckets = collect(tasks, *threads)?;
    let customers = buckets.iter().map(Gathered::len).sum::<usize>() as u64;
    if customers == 0 {
        return Err(no_usable_rows(&tally.report));
    }
    let undecided = if tally.undecided > 0 { Undecided::of(&buckets, &reading, *threads)? } else { Undecided::default() };

    let Tally { mut report, mut noted, last_event, amounts_since, last_bought, .. } = tally;
    noted.merge(&undecided.noted);
    report.files = files.len() as u64;
    report.customers = customers;
    report.without_amount += undecided.without_amount;
    let mut dataset = Dataset {
        buckets,
        reading,
        names,
        attributes: HashMap::new(),
        threads: *threads,
        shape: noted.shape(),
        kinds: KindRules { column: has_kinds, names: request.config.kinds.clone(), amounts_since },
        report,
        last_event,
        last_purchase: last_bought.max(undecided.last_bought),
        counts: OnceLock::new(),
    };
    if let Some(attributes) = attributes {
        attributes.attach(&mut dataset, request.until);
    }
    Ok(dataset)
}

/// Whether some file has a column of campaigns, so that [`EventsConfig::by_campaign`] finds any. No row is read.
///
/// # Errors
/// [`EngineError`] when a path, a column or a file is not as it must be.
pub fn has_campaigns(request: &Request<'_>) -> Result<bool, EngineError> {
    let config = EventsConfig { by_campaign: true, ..request.config.clone() };
    let groups = layout::groups(resolve(request.events)?, &config, request.until, request.calendar)?;
    Ok(groups.iter().any(|group| group.form.roles.contains_key(&Role::Channel)))
}

const CHANGED: &str = "wait until nobody writes the files any more, and run it again";

/// Why no row can be used, and what to do about it.
fn no_usable_rows(report: &InputReport) -> EngineError {
    let hint = if report.unreadable_time > 0 { InputReport::TIME_HINT } else { "check `[events.columns]` and the as-of date" };
    EngineError::NoUsableRows { rows: report.rows, why: report.left_out().join(", "), hint }
}

/// Scans on a runtime of its own, telling progress on this thread.
fn scan_all(
    request: &Request<'_>,
    files: &[SourceFile],
    groups: Vec<layout::Group>,
    links: Option<Links>,
    (names, budget): (&Arc<Names>, &Arc<Budget>),
) -> Result<Scanned, EngineError> {
    let format = groups.first().map_or(Format::Parquet, |group| group.format);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(request.resources.threads)
        .enable_time()
        .build()
        .map_err(|error| unreadable(&names_of(files), format, &error))?;
    let (progress, rows) = mpsc::channel();
    let meaning = Meaning { kinds: request.config.kinds.clone(), calendar: request.calendar.clone(), until: request.until, links };
    let shared = Shared {
        meaning: Arc::new(meaning),
        names: Arc::clone(names),
        budget: Arc::clone(budget),
        resources: request.resources.clone(),
        progress,
    };
    // As a task, so that a panic while planning is contained too.
    let task = runtime.spawn(scan::scan(groups, shared));
    let mut total = 0;
    for batch in rows {
        total += batch;
        (request.progress)(total);
    }
    scan::joined(files, format, runtime.block_on(task))
}

/// Lets a cluster scan.
#[cfg(feature = "cluster")]
fn scan_on(
    cluster: &Cluster,
    request: &Request<'_>,
    groups: &[layout::Group],
    links: Option<Links>,
    (names, budget): (&Arc<Names>, &Arc<Budget>),
) -> Result<Scanned, EngineError> {
    let reading = super::cluster::Reading {
        version: super::cluster::version(),
        kinds: request.config.kinds.clone(),
        zone: request.calendar.name().to_owned(),
        until: request.until,
        batch_rows: request.resources.batch_rows,
        links,
    };
    let mut scanned = super::cluster::scan(cluster, groups, reading, request.resources.threads, (names, budget))?;
    for group in groups {
        scan::count_unread(group, request.until, &mut scanned.tally);
    }
    (request.progress)(scanned.tally.report.rows);
    Ok(scanned)
}

/// Nobody gets a [`Cluster`] in such a build.
#[cfg(not(feature = "cluster"))]
fn scan_on(
    _: &Cluster,
    _: &Request<'_>,
    _: &[layout::Group],
    _: Option<Links>,
    _: (&Arc<Names>, &Arc<Budget>),
) -> Result<Scanned, EngineError> {
    Err(EngineError::NoCluster)
}
