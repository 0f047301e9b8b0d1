//! From events to a bundle: what `fit` and `demo` share.
//!
//! read events before as-of → complete slices → one row a customer and slice, one snapshot a customer at as-of → fit the
//! models → assemble the bundle. Nothing at or after as-of is looked at.

use lapwing_features::engine::{self, Customer, Dataset, InputReport, Request};
use lapwing_features::{Attributes, Cutoff, FactSettings, Kernel, Kind, Snapshot, Timestamp, Windows};
use lapwing_models::bundle::{AssembleInput, ModelBundle, assemble};
use lapwing_models::fit::{self, FitSettings, TrainingRow};
use lapwing_models::lifecycle::LifecycleSettings;
use lapwing_models::score::{Score, TABLE_REASONS};
use lapwing_models::{Target, TargetReport};

use crate::error::TrainError;
use crate::progress::Step;
use crate::settings::{self, Source};
use rows::{Stack, Stacked};

mod rows;

/// What is asked of a fit.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The data.
    pub source: &'a Source,
    /// What the models may know of.
    pub as_of: Cutoff,
    /// The lengths.
    pub windows: Windows,
    /// Seed of every random choice.
    pub seed: u64,
    /// The lifecycle rules.
    pub lifecycle: &'a LifecycleSettings,
    /// Whether intent is to be learned too: it takes as long as the others together.
    pub intent: bool,
}

impl<'a> Task<'a> {
    /// What `fit` was asked.
    #[must_use]
    pub fn of(settings: &'a settings::Fit) -> Self {
        let settings::Fit { source, as_of, windows, seed, lifecycle, .. } = settings;
        Self { source, as_of: *as_of, windows: *windows, seed: *seed, lifecycle, intent: true }
    }
}

/// What came of a fit.
#[derive(Debug)]
pub struct Learned {
    /// Ready to be saved and to score.
    pub bundle: ModelBundle,
    /// The customers seen before as-of, in the order of the data, with what was known of them then.
    pub snapshots: Vec<(String, Snapshot)>,
    /// What became of the rows.
    pub input: InputReport,
    /// The last event before as-of.
    pub last_event: Timestamp,
    /// The data is complete up to here.
    pub complete_until: Timestamp,
}

impl Learned {
    /// The scores of everyone seen before as-of, in the order of the data.
    #[must_use]
    pub fn scores(&self) -> Vec<Score> {
        let mut scorer = self.bundle.scorer();
        self.snapshots.iter().map(|(id, snapshot)| scorer.score(id, snapshot, TABLE_REASONS)).collect()
    }

    /// The reports of the models.
    #[must_use]
    pub fn reports(&self) -> &[TargetReport] {
        &self.bundle.reports
    }
}

/// Reads what is known before `until`, or everything.
///
/// # Errors
/// [`TrainError::Engine`] when the files cannot be read, [`TrainError::UnknownAttribute`] when an attribute of the settings is no
/// column, [`TrainError::NoPurchase`] when nobody bought anything.
pub fn read(source: &Source, until: Option<Timestamp>) -> Result<Dataset, TrainError> {
    let dataset = read_events(source, until)?;
    if dataset.shape.since_kind(Kind::Purchase).is_none() {
        return Err(no_purchase(&dataset));
    }
    check_attributes(source, &dataset)?;
    Ok(dataset)
}

/// As [`read`], whatever the events are.
///
/// # Errors
/// [`TrainError::Engine`] when the files cannot be read.
pub fn read_events(source: &Source, until: Option<Timestamp>) -> Result<Dataset, TrainError> {
    let step = Step::rows("reading events");
    Ok(engine::read(&Request {
        events: &source.events,
        config: &source.reading,
        customers: source.customers.as_ref().map(|(path, reading)| (path.as_str(), reading)),
        calendar: &source.calendar,
        until,
        resources: &source.resources,
        progress: &|rows| step.reached(rows),
    })?)
}

/// Nobody bought, with what the report tells of the rows that could have been purchases.
pub(crate) fn no_purchase(dataset: &Dataset) -> TrainError {
    let lines = dataset.report().map(|report| report.lines()).unwrap_or_default();
    let why = lines.iter().filter(|line| !line.starts_with("hint:")).fold(String::new(), |why, line| why + "; " + line);
    TrainError::NoPurchase { customers: dataset.len(), why }
}

/// How far `dataset` is complete: the user's word where there is one, else the end of the last purchase's day; never past `until`.
#[must_use]
pub fn complete_until(source: &Source, dataset: &Dataset, until: Option<Timestamp>) -> Timestamp {
    match (source.data_until, until) {
        (Some(said), Some(until)) => said.min(until),
        (Some(said), None) => said,
        (None, until) => dataset.complete_until(&source.calendar, until),
    }
}

/// What one model learns from.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// The question.
    pub target: Target,
    /// By customer, then cutoff; some may be of customers of whom it is not asked.
    pub rows: &'a [TrainingRow],
    /// Newest first; empty when history is too short for one.
    pub cutoffs: &'a [Timestamp],
    /// What the fit is told beside the rows.
    pub settings: &'a FitSettings,
}

/// Learns the models and everything else a bundle holds.
///
/// # Errors
/// Those of [`read`].
pub fn learn(task: Task<'_>) -> Result<Learned, TrainError> {
    learn_beside(task, |_| {})
}

/// As [`learn`], and shows `beside` what each model learns from, just before it does.
///
/// # Errors
/// Those of [`read`].
pub fn learn_beside(task: Task<'_>, mut beside: impl FnMut(Lesson<'_>)) -> Result<Learned, TrainError> {
    let Task { source, as_of, windows, seed, lifecycle, .. } = task;
    let dataset = read(source, Some(as_of.at))?;
    let (Some(since), Some(last_event)) = (dataset.shape.since(), dataset.last_event) else {
        return Err(no_purchase(&dataset));
    };
    let complete_until = complete_until(source, &dataset, Some(as_of.at));
    let facts = lifecycle.fact_settings(windows);

    let stack = Stack { source, dataset: &dataset, since, complete_until, windows, facts, seed };
    let fit_settings = FitSettings { windows, seed, attributes: source.attributes.clone(), solver: source.solver };
    let mut fit = |target, rows: &Stacked| {
        beside(Lesson { target, rows: &rows.rows, cutoffs: &rows.cutoffs, settings: &fit_settings });
        let _step = Step::alone(&format!("fitting {target}"));
        let mut fitted = fit::fit(target, &rows.rows, &rows.cutoffs, &fit_settings);
        fitted.report.sample = rows.sample;
        fitted
    };
    let rows = stack.of_populations()?;
    let [churn, reactivation] = Target::OF_POPULATIONS.map(|target| fit(target, &rows));
    drop(rows);
    let intent = if task.intent { Some(fit(Target::Intent, &stack.of_intent()?)) } else { None };
    let snapshots = snapshots_at(source, &dataset, as_of, facts)?;

    let input = dataset.report()?;
    let only: Vec<Snapshot> = snapshots.iter().map(|(_, snapshot)| snapshot.clone()).collect();
    let bundle = assemble(AssembleInput {
        churn,
        reactivation,
        intent,
        snapshots: &only,
        gaps: &purchase_gaps(&dataset, as_of)?,
        events: input.events,
        shape: dataset.shape.clone(),
        kinds: dataset.kinds.clone(),
        windows,
        calendar: &source.calendar,
        duplicates: source.reading.duplicates,
        settings: lifecycle,
        as_of: as_of.at,
        seed,
        data_fingerprint: dataset.fingerprint()?,
    });
    Ok(Learned { bundle, snapshots, input, last_event, complete_until })
}

/// The snapshots of everyone seen before `at`, in the order of the data: of a hash of their ids.
///
/// # Errors
/// [`TrainError::Engine`] when events that wait in a file cannot be read back.
pub fn snapshots_at(source: &Source, dataset: &Dataset, at: Cutoff, facts: FactSettings) -> Result<Vec<(String, Snapshot)>, TrainError> {
    let step = Step::of("computing features as of the cutoff", dataset.len() as u64);
    let taken = dataset.map(
        || Kernel::new(dataset.shape.clone()),
        |kernel, customer| {
            step.advance();
            let attributes = named(customer.attributes, &source.attributes);
            Snapshot::take(kernel, customer.history, at, facts, attributes).map(|snapshot| (customer.id.to_owned(), snapshot))
        },
    )?;
    Ok(taken.into_iter().flatten().collect())
}

/// All gaps between neighbouring purchase days before `at`, in days.
fn purchase_gaps(dataset: &Dataset, at: Cutoff) -> Result<Vec<u32>, TrainError> {
    let of_customer = |(): &mut (), customer: Customer<'_>| {
        let mut last = None;
        let gap = |day| last.replace(day).map(|last: i32| day.abs_diff(last));
        customer.history.observe(at).purchase_days().filter_map(gap).collect::<Vec<_>>()
    };
    Ok(dataset.map(|| (), of_customer)?.into_iter().flatten().collect())
}

/// The attributes that the settings name.
#[must_use]
pub fn named(attributes: &Attributes, names: &[String]) -> Attributes {
    names.iter().filter_map(|name| attributes.get_key_value(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn check_attributes(source: &Source, dataset: &Dataset) -> Result<(), TrainError> {
    let known: std::collections::BTreeSet<&String> = dataset.all_attributes().flat_map(Attributes::keys).collect();
    match source.attributes.iter().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(TrainError::UnknownAttribute {
            name: name.clone(),
            known: if known.is_empty() {
                "none for these customers".to_owned()
            } else {
                known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            },
        }),
    }
}

#[cfg(test)]
mod tests;
