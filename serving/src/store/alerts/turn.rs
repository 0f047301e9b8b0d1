//! What a publication does to alerts: ends those whose customers bought or are calm, and opens those that it warns of.

use std::collections::HashMap;

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::{AlertSettings, AlertState, Deed, Episode, Heed, Input, RiskBand, Sighting, Step, Warning, heed, warnings};
use sha2::{Digest, Sha256};

use super::record::{KEPT, Kept, LAPWING, LOG, Told, opening};
use super::{Alert, held};
use crate::guard::key::hex;
use crate::store::StoreError;
use crate::store::columns::table;
use crate::store::database::{Row, Tx, Value, all};
use crate::store::publish::{Published, RunHead};
use crate::store::webhooks::Listeners;

/// Runs that a rise is looked for in, within the days of the settings; `SQLite` joins 64 tables at most.
const MOST_RUNS: usize = 50;

/// Alerts that are opened with one statement.
const AT_ONCE: usize = 10_000;

/// How many alerts a publication turned.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::store) struct Turned {
    pub(in crate::store) opened: i64,
    pub(in crate::store) contacted: i64,
    pub(in crate::store) bought: i64,
    pub(in crate::store) cleared: i64,
}

/// Takes what run `seq` says of alerts; `earlier` are the runs before it, the latest first.
pub(in crate::store) fn turn(
    tx: &mut dyn Tx,
    seq: i64,
    head: &RunHead,
    earlier: &[Published],
    now: Timestamp,
    settings: &AlertSettings,
) -> Result<Turned, StoreError> {
    let listeners = Listeners::read(tx)?;
    let mut turned = end(tx, seq, now, &listeners, settings)?;
    let before = Before { last: blocked(tx, now, settings)?, held: held::read(tx)? };
    let (mut opened, mut kept_back) = (Vec::new(), Vec::new());
    sightings(tx, seq, head, earlier, settings, &mut |seen| match before.heed(&seen, now, settings) {
        Heed::Open(warnings) => opened.push(Seen { warnings, ..seen }),
        Heed::Hold(warnings) => kept_back.push((seen.customer_id, warnings)),
        Heed::Nothing => {}
    })?;
    held::write(tx, &kept_back)?;
    turned.opened = i64::try_from(opened.len()).unwrap_or(i64::MAX);
    for seen in opened.chunks(AT_ONCE) {
        let alerts: Vec<Alert> = seen.iter().map(|seen| seen.alert((seq, head), now, settings)).collect();
        let rows: Vec<_> = alerts.iter().map(|alert| row(alert, settings)).collect();
        tx.load("alerts", &COLUMNS, &rows)?;
        let rows: Vec<_> = alerts.iter().map(|alert| opening(&alert.alert_id, now)).collect();
        tx.load("alert_log", &LOG, &rows)?;
        listeners.tell(tx, Step { at: now, deed: Deed::Opened }, &alerts, now)?;
    }
    Ok(turned)
}

/// Takes what the scoring saw of customers with an alert.
fn end(tx: &mut dyn Tx, seq: i64, now: Timestamp, listeners: &Listeners, settings: &AlertSettings) -> Result<Turned, StoreError> {
    let kept = KEPT.split(", ").map(|name| format!("a.{name}")).collect::<Vec<_>>().join(", ");
    let select = format!(
        "SELECT {kept}, n.risk_band, n.churn_probability FROM alerts a JOIN {} n ON n.customer_id = a.customer_id \
         WHERE a.ended_us IS NULL ORDER BY a.alert_id",
        table(seq)
    );
    let live = all(tx, &select, &[], |mut row| {
        let calm = row.text(7)?.as_deref() == Some(RiskBand::Green.name()) && row.real(8)?.is_some();
        Ok((Kept::of(&mut row)?, calm))
    })?;
    let mut turned = Turned::default();
    let token = format!("run:{seq}:scoring");
    for (mut kept, calm) in live {
        let Some(step) = kept.episode.meet(Input::Scoring { calm }, kept.as_of, now, now, settings) else { continue };
        let told = Told { token: &token, happened: None, recorded: now, actor: LAPWING, reason: None, listeners };
        kept.step(tx, step, &told, settings)?;
        turned.cleared += i64::from(kept.episode.state == AlertState::Recovered);
    }
    Ok(turned)
}

/// What is known of customers from before the run.
struct Before {
    last: HashMap<String, Episode>,
    held: HashMap<String, Vec<Warning>>,
}

impl Before {
    /// What follows from what the run saw of a customer.
    fn heed(&self, seen: &Seen, now: Timestamp, settings: &AlertSettings) -> Heed {
        let held = self.held.get(&seen.customer_id).map_or(&[][..], Vec::as_slice);
        if seen.warnings.is_empty() && held.is_empty() {
            return Heed::Nothing;
        }
        let raised: Vec<&str> = seen.raised.iter().map(String::as_str).collect();
        let sighting = Sighting { churn_probability: Some(seen.probability), risk_band: seen.band, raised: &raised };
        heed(seen.warnings.clone(), held, &sighting, self.last.get(&seen.customer_id), now, settings)
    }
}

/// The last episodes of customers that may keep another from opening.
fn blocked(tx: &mut dyn Tx, now: Timestamp, settings: &AlertSettings) -> Result<HashMap<String, Episode>, StoreError> {
    let select = format!("SELECT {KEPT}, customer_id FROM alerts WHERE ended_us IS NULL OR ended_us > $1 ORDER BY opened_us");
    let since = now.plus_days(-i64::from(settings.cooldown_days));
    let found = all(tx, &select, &[since.0.into()], |mut row| Ok((row.some_text(7)?, Kept::of(&mut row)?.episode)))?;
    Ok(found.into_iter().collect())
}

/// A current customer of the run.
struct Seen {
    customer_id: String,
    probability: f64,
    band: Option<RiskBand>,
    raised: Vec<String>,
    clv: Option<f64>,
    stage: Option<String>,
    segment: Option<String>,
    warnings: Vec<Warning>,
    reasons: Vec<String>,
    action: Option<String>,
    campaign: Option<String>,
    held_out: Option<i64>,
}

/// The columns of an alert that opens.
const COLUMNS: [&str; 19] = [
    "alert_id",
    "customer_id",
    "run_id",
    "as_of_us",
    "state",
    "opened_us",
    "due_us",
    "deadline_us",
    "calm",
    "stage",
    "segment",
    "churn_probability",
    "clv_365d",
    "at_stake",
    "warnings",
    "reasons",
    "action",
    "campaign",
    "held_out",
];

impl Seen {
    /// The alert that opens for this customer.
    fn alert(&self, (seq, head): (i64, &RunHead), now: Timestamp, settings: &AlertSettings) -> Alert {
        let episode = Episode::open(now);
        Alert {
            alert_id: alert_id(seq, &head.run_id, &self.customer_id),
            customer_id: self.customer_id.clone(),
            run_id: head.run_id.clone(),
            as_of: head.as_of,
            state: episode.state.name().to_owned(),
            opened_at: now,
            due_at: episode.due_at(settings),
            contacted_at: None,
            ended_at: None,
            because: None,
            with_contact: None,
            stage: self.stage.clone(),
            segment: self.segment.clone(),
            churn_probability: self.probability,
            clv_365d: self.clv,
            at_stake: self.probability * self.clv.unwrap_or(0.0),
            warnings: self.names(),
            reasons: self.reasons.clone(),
            action: self.action.clone(),
            campaign: self.campaign.clone(),
            held_out: self.held_out.map(|flag| flag != 0),
        }
    }

    /// Why, by name, each once.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.warnings.iter().map(Warning::name) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }
}

/// An alert that opens, as [`COLUMNS`] have it.
fn row(alert: &Alert, settings: &AlertSettings) -> Vec<Value<'static>> {
    let list = |texts: &[String]| serde_json::json!(texts).to_string();
    vec![
        alert.alert_id.clone().into(),
        alert.customer_id.clone().into(),
        alert.run_id.clone().into(),
        alert.as_of.0.into(),
        alert.state.clone().into(),
        alert.opened_at.0.into(),
        alert.due_at.0.into(),
        Episode::open(alert.opened_at).deadline(settings).map(|at| at.0).into(),
        Value::Integer(0),
        alert.stage.clone().into(),
        alert.segment.clone().into(),
        alert.churn_probability.into(),
        alert.clv_365d.into(),
        alert.at_stake.into(),
        list(&alert.warnings).into(),
        list(&alert.reasons).into(),
        alert.action.clone().into(),
        alert.campaign.clone().into(),
        alert.held_out.map(i64::from).into(),
    ]
}

/// Hands every current customer over, with what the run warns of.
fn sightings(
    tx: &mut dyn Tx,
    seq: i64,
    head: &RunHead,
    earlier: &[Published],
    settings: &AlertSettings,
    each: &mut dyn FnMut(Seen),
) -> Result<(), StoreError> {
    let since = head.as_of.plus_days(-i64::from(settings.rise_days));
    let recent: Vec<i64> = earlier.iter().filter(|run| run.head.as_of >= since).map(|run| run.seq).take(MOST_RUNS).collect();
    let mut select = "SELECT n.customer_id, n.churn_probability, n.risk_band, n.signs_raised, n.clv_365d, n.stage, n.segment, \
                      n.reason_1, n.reason_2, n.reason_3, n.action, n.campaign, n.held_out"
        .to_owned();
    let before = earlier.first().map(|run| run.seq);
    select +=
        if before.is_some() { ", b.customer_id, b.churn_probability, b.risk_band, b.signs_raised" } else { ", NULL, NULL, NULL, NULL" };
    select.extend(recent.iter().map(|run| format!(", r{run}.churn_probability")));
    select.extend([" FROM ", &table(seq), " n"]);
    for (name, run) in before.map(|run| ("b".to_owned(), run)).into_iter().chain(recent.iter().map(|run| (format!("r{run}"), *run))) {
        select.extend([format!(" LEFT JOIN {} {name} ON {name}.customer_id = n.customer_id", table(run))]);
    }
    select += " WHERE n.churn_probability IS NOT NULL ORDER BY n.customer_id";
    let recent = recent.len();
    tx.query(&select, &[], &mut |row| {
        each(seen(row, recent, settings)?);
        Ok(())
    })
}

fn seen(mut row: Row, recent: usize, settings: &AlertSettings) -> Result<Seen, StoreError> {
    let band = |name: Option<String>| RiskBand::ALL.iter().copied().find(|band| Some(band.name()) == name.as_deref());
    let probability = row.real(1)?.unwrap_or_default();
    let (now_band, now_raised) = (band(row.text(2)?), row.text(3)?.unwrap_or_default());
    let was_there = row.text(13)?.is_some();
    let (was, was_band, was_raised) = (row.real(14)?, band(row.text(15)?), row.text(16)?.unwrap_or_default());
    let mut lowest: Option<f64> = None;
    for at in 17..17 + recent {
        if let Some(probability) = row.real(at)? {
            lowest = Some(lowest.map_or(probability, |lowest| lowest.min(probability)));
        }
    }
    let raised = |text: &'_ str| text.split(',').filter(|sign| !sign.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (now_raised, was_raised) = (raised(&now_raised), raised(&was_raised));
    let found = {
        let (now_raised, was_raised): (Vec<&str>, Vec<&str>) =
            (now_raised.iter().map(String::as_str).collect(), was_raised.iter().map(String::as_str).collect());
        let now = Sighting { churn_probability: Some(probability), risk_band: now_band, raised: &now_raised };
        let before = was_there.then_some(Sighting { churn_probability: was, risk_band: was_band, raised: &was_raised });
        warnings(&now, before.as_ref(), lowest, settings)
    };
    Ok(Seen {
        customer_id: row.some_text(0)?,
        probability,
        band: now_band,
        raised: now_raised,
        clv: row.real(4)?,
        stage: row.text(5)?,
        segment: row.text(6)?,
        warnings: found,
        reasons: (7..10).filter_map(|at| row.text(at).transpose()).collect::<Result<_, _>>()?,
        action: row.text(10)?,
        campaign: row.text(11)?,
        held_out: row.integer(12)?,
    })
}

/// The name of the alert that a run opens for a customer: the same whoever publishes it.
fn alert_id(seq: i64, run_id: &str, customer_id: &str) -> String {
    let mut hash = Sha256::new();
    // Names of runs may come again, such as days of the week; numbers do not.
    hash.update(seq.to_be_bytes());
    hash.update((run_id.len() as u64).to_be_bytes());
    hash.update(run_id);
    hash.update(customer_id);
    hex(&hash.finalize()[..12])
}
