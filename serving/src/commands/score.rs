//! `score`: every customer seen before a cutoff, into one Parquet file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use lapwing_features::engine::{self, Customers, Dataset, EncodedRows, InputReport, Part, TableFile};
use lapwing_features::{Attribute, Attributes, Calendar, Column, Cutoff, Kernel, Values, parted};
use lapwing_models::playbook::Advice;
use lapwing_models::score::Score;
use lapwing_models::{bundle::ModelBundle, lifecycle::Replay};
use serde::Serialize;

use crate::commands::as_fitted;
use crate::error::ServeError;
use crate::playbook;
use crate::settings;
use crate::talk;
use summary::Summary;

mod summary;
mod warnings;

/// Rows between two log lines while reading.
const LOG_EVERY: u64 = 5_000_000;

/// Rows that a thread collects before it encodes them.
const BATCH: usize = 1_024;

/// What `score --json` prints.
#[derive(Debug, Serialize)]
struct Scored {
    out: PathBuf,
    as_of: String,
    /// The last event before as-of.
    last_event: Option<String>,
    model_version: String,
    /// What to be wary of.
    warnings: Vec<String>,
    /// Why probabilities rest on no fitted model, by target; empty when they do.
    basis_notes: BTreeMap<&'static str, String>,
    rows: usize,
    by_population: BTreeMap<&'static str, u64>,
    by_stage: BTreeMap<&'static str, u64>,
    by_segment: BTreeMap<&'static str, u64>,
    by_risk_band: BTreeMap<&'static str, u64>,
    by_probability_basis: BTreeMap<&'static str, u64>,
    input: InputReport,
}

/// Runs `score`.
///
/// # Errors
/// [`ServeError`] when bundle, date or events do not allow it; then no file is written, and one that was there stays.
pub fn run(settings: &settings::Score) -> Result<(), ServeError> {
    // The allocator asks for large pages, which a service that stays up repays. A batch is done before that: the system clears each of
    // them whole, a tenth of the time of a run. Where it cannot be asked not to, it is slower, no more.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let scored = score_into_file(settings)?;
    tell(&scored);
    if settings.json { talk::result(&scored) } else { Ok(()) }
}

fn score_into_file(settings: &settings::Score) -> Result<Scored, ServeError> {
    let bundle = settings.source.load()?;
    let advice = playbook::advice(&settings.advice)?;
    let zone = |source| ServeError::Time { setting: "the bundle's time zone", source };
    let calendar = bundle.calendar().map_err(zone)?;
    let as_of = calendar.parse(&settings.as_of).map_err(|source| ServeError::Time { setting: "`--as-of`", source })?;
    if !as_of.is_plausible() {
        return Err(ServeError::ImplausibleAsOf);
    }
    let cutoff = calendar.cutoff(as_of);
    guard(settings)?;
    warnings::check_attributes(settings, &bundle)?;
    let mut dataset = read(settings, &bundle, &calendar, cutoff)?;
    warnings::check_types(&bundle, &dataset)?;
    let warnings = warnings::of(settings, &bundle, &dataset, as_of);
    let customers = dataset.let_go();
    let summary = score_all(settings, (&bundle, &advice), &calendar, (&dataset, customers), cutoff)?;
    let last_event = dataset.last_event.map(|last| last.to_string());
    Ok(Scored { last_event, warnings, ..scored(settings, &bundle, summary, dataset.report()?) })
}

/// What the customers table says of each scored customer, for reports to part them by: one column `attribute_NAME` each.
struct AttributeColumns<'a>(BTreeMap<&'a str, &'a Attribute>);

impl<'a> AttributeColumns<'a> {
    fn of(dataset: &'a Dataset) -> Self {
        Self(dataset.all_attributes().flatten().map(|(name, value)| (name.as_str(), value)).collect())
    }

    fn columns(&self, given: &[Attributes]) -> Vec<Column> {
        let column = |(name, example): (&&str, &&Attribute)| {
            let values = given.iter().map(|attributes| attributes.get(*name));
            Column::new(format!("attribute_{name}"), Values::of_attribute_like(Some(*example), values))
        };
        self.0.iter().map(column).collect()
    }
}

/// The scores are not to be written over what they are made from.
fn guard(settings: &settings::Score) -> Result<(), ServeError> {
    let (customers, links) = (settings.customers.as_ref().map(|(path, _)| path.as_str()), settings.reading.links.as_deref());
    let inputs = engine::Inputs { events: &settings.events, customers, links, bundle: Some(settings.source.dir()) };
    Ok(engine::guard_file(&settings.out, inputs)?)
}

fn read(settings: &settings::Score, bundle: &ModelBundle, calendar: &Calendar, cutoff: Cutoff) -> Result<Dataset, ServeError> {
    let config = as_fitted(bundle, &settings.reading);
    let told = AtomicU64::new(0);
    let progress = |rows: u64| {
        let before = told.fetch_max(rows, Ordering::Relaxed);
        if before / LOG_EVERY < rows / LOG_EVERY {
            tracing::info!(rows, "reading");
        }
    };
    tracing::info!("reading events");
    let request = engine::Request {
        events: &settings.events,
        config: &config,
        customers: settings.customers.as_ref().map(|(path, config)| (path.as_str(), config)),
        calendar,
        until: Some(cutoff.at),
        resources: &settings.resources,
        progress: &progress,
    };
    Ok(engine::read(&request)?)
}

/// Writes one row for each customer of whom anything was known before the cutoff, in the order of a hash of their ids.
fn score_all(
    settings: &settings::Score,
    (bundle, advice): (&ModelBundle, &Advice),
    calendar: &Calendar,
    (dataset, customers): (&Dataset, Customers),
    cutoff: Cutoff,
) -> Result<Summary, ServeError> {
    tracing::info!(customers = customers.len(), "scoring");
    let facts = bundle.fact_settings();
    let extra = AttributeColumns::of(dataset);
    let table = |scores: &[Score], attributes: &[Attributes]| {
        let mut table = advice.table(scores);
        table.extend(extra.columns(attributes));
        table
    };
    let mut file = TableFile::create(&settings.out, &table(&[], &[]))?;
    let (encoders, scorer) = (file.encoders(), bundle.scorer());
    let work = |part: Part<'_>| {
        let (mut kernel, mut scorer) = (Kernel::new(bundle.shape.clone()), scorer.clone());
        let mut replay = Replay::new(&bundle.thresholds, calendar);
        let (mut summary, mut encoder) = (Summary::default(), encoders.encoder()?);
        let (mut scores, mut attributes) = (Vec::with_capacity(BATCH), Vec::new());
        part.try_each(|customer| {
            let mut walk = kernel.follow(customer.history);
            let Some(snapshot) = walk.whole_snapshot(cutoff, facts, customer.attributes.clone()) else {
                return Ok::<_, ServeError>(());
            };
            let mut score = scorer.score(customer.id, &snapshot, 0); // The table holds reasons in words only.
            score.spell = replay.of(&mut walk, &snapshot);
            scores.push(score);
            attributes.push(snapshot.attributes);
            if scores.len() == BATCH {
                summary.add(&scores);
                encoder.push(&table(&scores, &attributes))?;
                scores.clear();
                attributes.clear();
            }
            Ok(())
        })?;
        summary.add(&scores);
        encoder.push(&table(&scores, &attributes))?;
        Ok((summary, encoder.finish()?))
    };
    let mut all = Summary::default();
    dataset.sweep_last(customers, work, |(summary, rows): (Summary, EncodedRows)| {
        all.merge(&summary);
        Ok::<_, ServeError>(file.append(rows)?)
    })?;
    file.publish()?;
    Ok(all)
}

fn scored(settings: &settings::Score, bundle: &ModelBundle, summary: Summary, input: InputReport) -> Scored {
    let Summary { rows, as_of, by_population, by_stage, by_segment, by_risk_band, by_probability_basis } = summary;
    let notes = bundle.models().filter_map(|model| Some((model.target.name(), model.basis.why()?.to_owned())));
    Scored {
        out: settings.out.clone(),
        as_of: as_of.unwrap_or_default(),
        last_event: None,
        model_version: bundle.version(),
        warnings: Vec::new(),
        basis_notes: notes.collect(),
        rows,
        by_population,
        by_stage,
        by_segment,
        by_risk_band,
        by_probability_basis,
        input,
    }
}

fn tell(scored: &Scored) {
    for line in scored.input.lines() {
        talk::say(&line);
    }
    for warning in &scored.warnings {
        talk::say(&format!("warning: {warning}"));
    }
    for (target, why) in &scored.basis_notes {
        talk::say(&format!("warning: {target} probabilities are not by a fitted model: {why}"));
    }
    let list = |counts: &BTreeMap<&str, u64>| {
        counts.iter().map(|(name, count)| format!("{} {name}", parted(count))).collect::<Vec<_>>().join(", ")
    };
    talk::say(&format!("{} customers scored as of {} with model {}", parted(scored.rows), scored.as_of, scored.model_version));
    for (what, counts) in [("population", &scored.by_population), ("stage", &scored.by_stage), ("risk", &scored.by_risk_band)] {
        if !counts.is_empty() {
            talk::say(&format!("{what}: {}", list(counts)));
        }
    }
    talk::say(&format!("scores are in `{}`", scored.out.display()));
}

#[cfg(test)]
mod tests;
