//! What all customers tell together: cohorts, passages, attribution, conversion and preference, and where they went from stage to
//! stage. One pass over the histories, and a second one where the events name campaigns.
//!
//! The counting is `lapwing_models::insight` and `lifecycle`; here it is given histories, and what comes of it gets names and dates.

pub mod schema;
pub mod tables;

use std::collections::HashMap;
use std::path::Path;

use lapwing_features::engine::{self, Dataset, EncodedRows, EventsConfig, Part, Request, TableFile};
use lapwing_features::{Calendar, Cutoff, Kernel, Token};
use lapwing_models::bundle::ModelBundle;
use lapwing_models::insight::{Attribution, Cohorts, Milestones, Passages, Responses, StageOutcomes};
use lapwing_models::lifecycle::Transitions;

use crate::error::TrainError;
use crate::pipeline;
use crate::progress::Step;
use crate::settings::{self, Source};
use schema::{Campaigns, Insights};
use tables::Preferences;

/// What stands for a channel or campaign that nothing names.
pub const NONE: &str = "(none)";

/// Everything that is counted of some customers.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) customers: u64,
    pub(crate) cohorts: Cohorts,
    pub(crate) passages: Passages,
    pub(crate) channels: Attribution,
    pub(crate) outcomes: StageOutcomes,
    pub(crate) transitions: Transitions,
    /// Customers by the channel that they prefer.
    pub(crate) preferred: HashMap<Token, u64>,
}

impl Counted {
    fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.cohorts.merge(&other.cohorts);
        self.passages.merge(&other.passages);
        self.channels.merge(&other.channels);
        self.outcomes.merge(&other.outcomes);
        self.transitions.merge(&other.transitions);
        other.preferred.iter().for_each(|(channel, customers)| *self.preferred.entry(*channel).or_default() += customers);
    }
}

/// The dates that matter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dates {
    /// As asked for.
    pub(crate) as_of: Cutoff,
    /// What is counted is known up to here.
    pub(crate) known: Cutoff,
    /// Where the stages before are compared with those as of.
    pub(crate) from: Cutoff,
    /// A horizon before `known`; `None` where the data begins later.
    pub(crate) judged: Option<Cutoff>,
}

/// Makes the insights and writes the table that has a row for each customer into `folder`.
///
/// # Errors
/// [`TrainError`] when the data cannot be read, hold no purchase, or the table cannot be written.
pub fn make(settings: &settings::Insights, bundle: &ModelBundle, folder: &Path) -> Result<Insights, TrainError> {
    let zone = |source| TrainError::Time { setting: "the bundle's time zone", source };
    let calendar = bundle.calendar().map_err(zone)?;
    let as_of = calendar.parse(&settings.as_of).map_err(|source| TrainError::Time { setting: "`--as-of`", source })?;
    if !as_of.is_plausible() {
        return Err(TrainError::ImplausibleDate { setting: "`--as-of`" });
    }
    let source = as_fitted(&settings.source, bundle, &calendar);
    let dataset = pipeline::read(&source, Some(as_of))?;
    let known = calendar.cutoff(pipeline::complete_until(&source, &dataset, Some(as_of)));
    let span = i64::from(bundle.windows.horizon_days) + i64::from(bundle.windows.gap_days);
    let judged = Some(calendar.cutoff(known.at.plus_days(-span)));
    let dates = Dates {
        as_of: calendar.cutoff(as_of),
        known,
        from: calendar.cutoff(as_of.plus_days(-i64::from(settings.compare_days))),
        judged: judged.filter(|judged| dataset.shape.since().is_some_and(|since| since < judged.at)),
    };
    let names = dataset.names();
    let counted = count(settings, bundle, &dataset, dates, &Preferences::new(folder, &names))?;
    let input = dataset.report()?;
    drop(dataset);
    let campaigns = campaigns(settings, &source, dates)?;
    Ok(schema::told(settings, bundle, &calendar, dates, &counted, &names, campaigns, input))
}

/// The source, read as the bundle's fit read its own.
fn as_fitted(source: &Source, bundle: &ModelBundle, calendar: &Calendar) -> Source {
    let kinds = bundle.kinds.names.clone().into_iter().chain(source.reading.kinds.clone()).collect();
    let reading = EventsConfig { kinds, duplicates: bundle.duplicates, ..source.reading.clone() };
    Source { reading, calendar: calendar.clone(), customers: None, attributes: Vec::new(), ..source.clone() }
}

fn count(
    settings: &settings::Insights,
    bundle: &ModelBundle,
    dataset: &Dataset,
    dates: Dates,
    preferences: &Preferences<'_>,
) -> Result<Counted, TrainError> {
    let step = Step::of("counting", dataset.len() as u64);
    let mut file = preferences.create()?;
    let encoders = file.encoders();
    let work = |part: Part<'_>| {
        let (mut kernel, mut counted) = (Kernel::new(bundle.shape.clone()), Counted::default());
        let (mut rows, mut encoder) = (preferences.rows(), encoders.encoder()?);
        part.each(|customer| {
            step.advance();
            let observed = customer.history.observe(dates.known);
            if let Some(milestones) = Milestones::of(&observed, bundle.thresholds.loyal_purchases) {
                counted.customers += 1;
                counted.passages.add(milestones);
                counted.cohorts.add(&observed);
                counted.channels.add(&observed, settings.touch_window_days);
                let responses = Responses::of(&observed);
                if let Some((channel, _)) = responses.preferred() {
                    *counted.preferred.entry(channel).or_default() += 1;
                }
                rows.push(customer.id, &responses);
            }
            let mut walk = kernel.follow(customer.history);
            if let Some(judged) = dates.judged
                && let Some(snapshot) = walk.snapshot(judged, bundle.fact_settings(), lapwing_features::Attributes::new())
                && let Some(stage) = bundle.thresholds.stage(&snapshot)
                && let Some(bought) = customer.history.purchased_after(judged, bundle.windows, dates.known.at)
            {
                counted.outcomes.add(stage, bought);
            }
            counted.transitions.add(&mut walk, [dates.from, dates.as_of], &bundle.thresholds);
        })?;
        encoder.push(&rows.columns())?;
        Ok::<_, TrainError>((counted, encoder.finish()?))
    };
    let mut all = Counted::default();
    dataset.sweep(work, |(counted, rows): (Counted, EncodedRows)| {
        all.merge(&counted);
        Ok::<_, TrainError>(file.append(rows)?)
    })?;
    TableFile::publish(file)?;
    Ok(all)
}

/// The journeys from campaign to campaign, and what these are called; `None` where the events name none.
fn campaigns(settings: &settings::Insights, source: &Source, dates: Dates) -> Result<Campaigns, TrainError> {
    let reading = EventsConfig { by_campaign: true, ..source.reading.clone() };
    let source = Source { reading, ..source.clone() };
    let request = Request {
        events: &source.events,
        config: &source.reading,
        customers: None,
        calendar: &source.calendar,
        until: Some(dates.as_of.at),
        resources: &source.resources,
        progress: &|_| (),
    };
    if !engine::has_campaigns(&request)? {
        return Ok(None);
    }
    let dataset = pipeline::read_events(&source, Some(dates.as_of.at))?;
    let work = |part: Part<'_>| {
        let mut counted = Attribution::default();
        part.each(|customer| counted.add(&customer.history.observe(dates.known), settings.touch_window_days))?;
        Ok::<_, TrainError>(counted)
    };
    let mut all = Attribution::default();
    dataset.sweep(work, |counted| {
        all.merge(&counted);
        Ok::<_, TrainError>(())
    })?;
    Ok(Some((all, dataset.names())))
}

#[cfg(test)]
mod tests;
