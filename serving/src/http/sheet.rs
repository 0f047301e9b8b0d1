//! An answer as it is written: entry by entry into bytes, with what the counters and the shadow are to know of it.

use std::sync::Arc;

use lapwing_features::{Snapshot, Timestamp};
use lapwing_models::lifecycle::{Phase, RiskBand, Segment, SignReading, Stage, ValueTier};
use lapwing_models::playbook::Actions;
use lapwing_models::score::{Score, points};
use lapwing_models::{Contribution, Prediction};
use serde::Serialize;

use super::columns::Columns;
use super::lineup::{Lineup, Served};
use super::metrics::Metrics;
#[cfg(feature = "arrow")]
use super::panel::Panel;
use super::panel::Seat;
use super::problem::Problem;
use super::reading::Reading;
use super::routes::models;
use super::shadow::{self, Told};
use super::state::Notes;
use super::wire::{ActionEntries, Reason, RefusedEntry, RfmScores, ScoreEntry, SignEntry};
use crate::samples::Sample;

/// Bytes of the usual entry, so that its room is taken once.
const ENTRY: usize = 3 << 10;

/// Bands, and none.
pub(super) const BANDS: usize = RiskBand::ALL.len() + 1;

/// What is counted of the customers of one model.
#[derive(Clone, Debug, Default)]
struct Tally {
    scored: u64,
    /// Green, yellow, red, and those without a band.
    bands: [u64; BANDS],
    /// Where they are in the histograms of the fit.
    bins: Vec<u32>,
}

/// An answer as it is written.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    lineup: &'a Lineup,
    as_of: Timestamp,
    explain: usize,
    separator: u8,
    entries: Vec<u8>,
    told: Vec<Told>,
    /// Of the customers of the champion and of the challenger.
    tallies: [Tally; 2],
    refused: Vec<&'static str>,
    notes: Notes<'a>,
    samples: Vec<Sample>,
    /// As the audit log has them; empty where there is none.
    customers: Vec<String>,
    form: Form,
}

/// Where entries go.
#[derive(Debug)]
enum Form {
    /// They are written as they come.
    Text,
    /// Numbers, column by column.
    Columns(Box<Columns>),
    /// Whole scores, for a table of them.
    #[cfg(feature = "arrow")]
    Rows(Vec<Row>),
}

/// A row of a table of scores.
#[cfg(feature = "arrow")]
#[derive(Debug)]
pub(super) enum Row {
    /// The score, and how many events were ignored, of an unknown kind, and without one.
    Scored(Box<Score>, [u64; 3]),
    /// Why there is none.
    Refused(RefusedEntry),
}

/// Adds an entry to those before it.
fn write(entries: &mut Vec<u8>, separator: u8, entry: &impl Serialize) -> Result<(), Problem> {
    if !entries.is_empty() {
        entries.push(separator);
    }
    serde_json::to_writer(entries, entry).map_err(|_| Problem::Fault)
}

impl<'a> Sheet<'a> {
    /// An answer without entries.
    #[must_use]
    pub(super) fn new(lineup: &'a Lineup, notes: Notes<'a>, as_of: Timestamp, explain: usize) -> Self {
        let entries = Vec::with_capacity(ENTRY);
        Self {
            lineup,
            as_of,
            explain,
            separator: b',',
            entries,
            told: Vec::new(),
            tallies: Default::default(),
            refused: Vec::new(),
            notes,
            samples: Vec::new(),
            customers: Vec::new(),
            form: Form::Text,
        }
    }

    /// An answer whose entries are told by columns.
    #[must_use]
    pub(super) fn of_columns(lineup: &'a Lineup, notes: Notes<'a>, as_of: Timestamp) -> Self {
        Self { form: Form::Columns(Box::default()), ..Self::new(lineup, notes, as_of, 0) }
    }

    /// An answer whose entries are rows of a table, which tells reasons in words only.
    #[cfg(feature = "arrow")]
    #[must_use]
    pub(super) fn of_rows(lineup: &'a Lineup, notes: Notes<'a>, as_of: Timestamp) -> Self {
        Self { form: Form::Rows(Vec::new()), ..Self::new(lineup, notes, as_of, 0) }
    }

    /// An answer whose entries are lines.
    #[must_use]
    pub(super) fn of_lines(lineup: &'a Lineup, notes: Notes<'a>, as_of: Timestamp, explain: usize) -> Self {
        Self { separator: b'\n', ..Self::new(lineup, notes, as_of, explain) }
    }

    /// The readers of those who score.
    #[cfg(feature = "arrow")]
    #[must_use]
    pub(super) fn panel(&self) -> Panel<'a> {
        Panel::new(self.lineup, self.as_of)
    }

    /// Scores a customer and writes its entry.
    ///
    /// # Errors
    /// [`Problem::Fault`] when it cannot be written.
    pub(super) fn score(&mut self, customer_id: &str, seat: &Seat<'_>, reading: &Reading) -> Result<(), Problem> {
        let bundle = &seat.served.bundle;
        let mut score = bundle.score(customer_id, &reading.snapshot, self.explain);
        score.spell = reading.spell;
        // Neither columns nor rows tell signs one by one.
        let signs = if matches!(self.form, Form::Text) {
            bundle.thresholds.signs(&reading.snapshot).iter().map(sign).collect()
        } else {
            Vec::new()
        };
        let version = seat.challenges.then_some(seat.served.version.as_str());
        let actions = self.notes.advice.as_ref().map_or(Actions::NONE, |advice| advice.actions(&score));
        let actions = ActionEntries { actions, customer_id };
        let entry = entry(customer_id, version, reading, &score, signs, actions);
        if self.lineup.challenger.is_some() {
            self.told.push(shadow::told(&entry));
        }
        self.customers.extend(self.notes.audit.map(|audit| audit.customer(customer_id)));
        if self.notes.samples.is_some_and(|samples| samples.wants(customer_id)) {
            self.samples.push(sample(customer_id, seat.served, reading, &score));
        }
        self.tallies[usize::from(seat.challenges)].add(seat.served, reading, &score);
        match &mut self.form {
            Form::Text => write(&mut self.entries, self.separator, &entry)?,
            Form::Columns(columns) => columns.push(&entry, &seat.served.version),
            #[cfg(feature = "arrow")]
            Form::Rows(rows) => {
                rows.push(Row::Scored(Box::new(score), [reading.ignored_events, reading.unknown_kinds, reading.without_kind]));
            }
        }
        Ok(())
    }

    /// Writes why a customer is not scored.
    ///
    /// # Errors
    /// [`Problem::Fault`] when it cannot be written.
    pub(super) fn refuse(&mut self, refused: &RefusedEntry) -> Result<(), Problem> {
        if self.lineup.challenger.is_some() {
            self.told.push(None);
        }
        self.refused.push(refused.error.code);
        let named = self.notes.audit.zip(refused.customer_id.as_deref());
        self.customers.extend(named.map(|(audit, id)| audit.customer(id)));
        match &mut self.form {
            Form::Text => write(&mut self.entries, self.separator, refused)?,
            Form::Columns(columns) => columns.refuse(&refused.error),
            #[cfg(feature = "arrow")]
            Form::Rows(rows) => rows.push(Row::Refused(refused.clone())),
        }
        Ok(())
    }

    /// It is not known who the last entry is of, for which `stand_in` was said: no log has it.
    pub(super) fn unnamed(&mut self, stand_in: &str) {
        if self.notes.audit.is_some() {
            self.customers.pop();
        }
        self.samples.pop_if(|sample| sample.customer_id == stand_in);
    }

    /// Whose answer it is: the challenger's only when nobody was scored by the champion.
    pub(super) fn speaker(&self) -> &'a Arc<Served> {
        match &self.lineup.challenger {
            Some(challenger) if self.tallies[0].scored == 0 && self.tallies[1].scored > 0 => &challenger.served,
            _ => &self.lineup.champion,
        }
    }

    /// The customers as the audit log has them.
    pub(super) fn take_customers(&mut self) -> Vec<String> {
        std::mem::take(&mut self.customers)
    }

    /// Counts the customers, and hands over those that are kept.
    pub(super) fn count(&mut self, metrics: &Metrics) {
        if let Some(samples) = self.notes.samples {
            self.samples.drain(..).for_each(|sample| samples.keep(sample));
        }
        let champion = &self.lineup.champion;
        let challenger = self.lineup.challenger.as_ref().map_or(champion, |challenger| &challenger.served);
        for (served, tally) in [champion, challenger].into_iter().zip(&self.tallies) {
            if tally.scored > 0 {
                metrics.scored_rows(&served.version, tally.scored, tally.bands);
                served.drift.count(tally.scored, &tally.bins);
            }
        }
        for reason in &self.refused {
            metrics.refused_row(reason);
        }
    }

    /// The body of the answer, and what the shadow compares.
    ///
    /// # Errors
    /// [`Problem::Fault`] when it cannot be written.
    pub(super) fn finish(self) -> Result<(Vec<u8>, Vec<Told>), Problem> {
        let mut body = Vec::with_capacity(self.entries.len() + 512);
        body.extend_from_slice(b"{\"model\":");
        serde_json::to_writer(&mut body, &models::name(self.speaker())).map_err(|_| Problem::Fault)?;
        body.extend_from_slice(format!(",\"as_of\":\"{}\",\"scores\":[", self.as_of).as_bytes());
        body.extend_from_slice(&self.entries);
        body.extend_from_slice(b"]}");
        Ok((body, self.told))
    }

    /// What the shadow compares.
    pub(super) fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// The entries alone, as predictions.
    pub(super) fn into_predictions(self) -> Vec<u8> {
        [&b"{\"predictions\":["[..], &self.entries, b"]}"].concat()
    }

    /// The columns, of an answer that has them.
    pub(super) fn take_columns(&mut self) -> Columns {
        match std::mem::replace(&mut self.form, Form::Text) {
            Form::Columns(columns) => *columns,
            #[cfg(feature = "arrow")]
            Form::Rows(_) => Columns::default(),
            Form::Text => Columns::default(),
        }
    }

    /// The rows, of an answer that has them.
    #[cfg(feature = "arrow")]
    pub(super) fn take_rows(&mut self) -> Vec<Row> {
        match &mut self.form {
            Form::Rows(rows) => std::mem::take(rows),
            Form::Columns(_) | Form::Text => Vec::new(),
        }
    }

    /// The entries alone, each with the end of its line.
    pub(super) fn into_lines(mut self) -> Vec<u8> {
        if !self.entries.is_empty() {
            self.entries.push(self.separator);
        }
        self.entries
    }
}

fn sample(customer_id: &str, served: &Served, reading: &Reading, score: &Score) -> Sample {
    let Snapshot { cutoff, population, features, facts, .. } = &reading.snapshot;
    Sample {
        customer_id: customer_id.to_owned(),
        as_of: cutoff.at,
        model_version: served.version.clone(),
        by_features: facts.is_none(),
        population: *population,
        probability: score.prediction().map(|prediction| prediction.probability),
        features: *features,
    }
}

impl Tally {
    fn add(&mut self, served: &Served, reading: &Reading, score: &Score) {
        self.scored += 1;
        let band = score.risk_band.and_then(|band| RiskBand::ALL.iter().position(|known| *known == band));
        self.bands[band.unwrap_or(RiskBand::ALL.len())] += 1;
        served.drift.place(&reading.snapshot.features, score, &mut self.bins);
    }
}

fn entry<'a>(
    customer_id: &'a str,
    model_version: Option<&'a str>,
    reading: &Reading,
    score: &'a Score,
    signs: Vec<SignEntry>,
    actions: ActionEntries<'a>,
) -> ScoreEntry<'a> {
    let interval = |prediction: &Prediction| [prediction.low, prediction.high];
    let speaking = score.prediction();
    ScoreEntry {
        customer_id,
        model_version,
        population: score.population.name(),
        stage: score.stage.map(Stage::name),
        phase: score.phase.map(Phase::name),
        stage_entered_at: score.spell.map(|spell| spell.entered_at.to_string()),
        previous_stage: score.spell.and_then(|spell| spell.previous).map(Stage::name),
        segment: score.segment.map(Segment::name),
        risk_band: score.risk_band.map(RiskBand::name),
        churn_probability: score.churn.as_ref().map(|churn| churn.probability),
        churn_interval: score.churn.as_ref().map(interval),
        reactivation_probability: score.reactivation.as_ref().map(|reactivation| reactivation.probability),
        reactivation_interval: score.reactivation.as_ref().map(interval),
        probability_basis: score.basis,
        health: score.health,
        intent: score.intent.as_ref().map(|intent| points(intent.probability)),
        intent_interval: score.intent.as_ref().map(|intent| interval(intent).map(points)),
        expected_purchases_365d: score.value.map(|value| value.expected_purchases_365d),
        clv_365d: score.value.and_then(|value| value.clv_365d),
        value_tier: score.value_tier.map(ValueTier::name),
        rfm: score.rfm.map(|rfm| RfmScores { r: rfm.r, f: rfm.f, m: rfm.m }),
        log_odds: speaking.map(|prediction| prediction.log_odds),
        intercept: speaking.map(|prediction| prediction.intercept),
        reasons: score.reasons().iter().map(reason).collect(),
        why: &score.why,
        signs,
        actions,
        ignored_events: reading.ignored_events,
        unknown_kinds: reading.unknown_kinds,
        without_kind: reading.without_kind,
        history_until: reading.history_until.map(|until| until.to_string()),
    }
}

fn reason(part: &Contribution) -> Reason<'_> {
    Reason { code: &part.code, contribution: part.contribution, value: part.value, typical: part.typical, text: &part.text }
}

fn sign(reading: &SignReading) -> SignEntry {
    let SignReading { sign, state, value, normal } = *reading;
    SignEntry { code: sign.name(), state: state.name(), value, normal, text: reading.text() }
}
