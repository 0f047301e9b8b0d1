//! One alert, and its next step.

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::{AlertSettings, AlertState, Because, Deed, Episode, Input, Step, Unmoved};
use serde::{Deserialize, Serialize};

use super::read::Alert;
use crate::store::database::{Row, Tx, Value, all, first};
use crate::store::webhooks::Listeners;
use crate::store::{Store, StoreError};

/// Alerts whose time has passed that one transaction takes, so that nobody waits long.
const AT_ONCE: i64 = 1_000;

/// Who acts when nobody does.
pub(super) const LAPWING: &str = "lapwing";

/// What becomes known of an alert's customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// What.
    pub input: Input,
    /// The same token twice is the same news.
    pub token: String,
    /// Who says so.
    pub actor: String,
    /// In words.
    pub reason: Option<String>,
}

/// A key under which news are sent once, however often they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// As the caller has it.
    pub key: String,
    /// Of everything that was sent.
    pub digest: String,
}

impl Once {
    /// What came of this when it was sent under the key before; `None` when it was not.
    fn before(&self, tx: &mut dyn Tx, alert_id: &str) -> Result<Option<Taken>, StoreError> {
        let select = "SELECT digest, answer FROM idempotency_keys WHERE alert_id = $1 AND name = $2";
        let Some(mut row) = first(tx, select, &[alert_id.into(), self.key.as_str().into()])? else { return Ok(None) };
        if row.some_text(0)? != self.digest {
            return Err(StoreError::KeyReused);
        }
        if let Some(json) = row.text(1)? {
            return serde_json::from_str(&json).map(Some).map_err(|_| StoreError::Damaged("an answer under a key is none"));
        }
        // An older build kept none.
        let alert = Alert::read(tx, alert_id)?.ok_or(StoreError::NoAlert)?;
        Ok(Some(Taken { alert, changed: false, unmoved: Some(Unmoved::AlreadyTold) }))
    }

    /// Notes what came of it.
    fn keep(&self, tx: &mut dyn Tx, taken: &Taken, now: Timestamp) -> Result<(), StoreError> {
        let answer = serde_json::to_string(taken).map_err(|_| StoreError::Damaged("an alert cannot be told"))?;
        let insert = "INSERT INTO idempotency_keys (alert_id, name, digest, at_us, answer) VALUES ($1, $2, $3, $4, $5)";
        let alert_id = taken.alert.alert_id.as_str();
        let values = [alert_id.into(), self.key.as_str().into(), self.digest.as_str().into(), now.0.into(), answer.into()];
        tx.execute(insert, &values).map(drop)
    }
}

/// What news did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// How the alert stands.
    pub alert: Alert,
    /// Whether they changed anything.
    pub changed: bool,
    /// Why not; of several, the last that changed nothing. An older build kept none.
    #[serde(default)]
    pub unmoved: Option<Unmoved>,
}

/// An alert in work.
pub(super) struct Kept {
    pub(super) alert_id: String,
    pub(super) as_of: Timestamp,
    pub(super) episode: Episode,
}

/// What an alert in work is made of.
pub(super) const KEPT: &str = "alert_id, as_of_us, state, opened_us, contacted_us, ended_us, calm";

impl Kept {
    /// Of the columns [`KEPT`], in a row that begins with them.
    pub(super) fn of(row: &mut Row) -> Result<Self, StoreError> {
        let alert_id = row.some_text(0)?;
        let as_of = Timestamp(row.some_integer(1)?);
        let episode = Episode {
            state: state(&row.some_text(2)?)?,
            opened_at: Timestamp(row.some_integer(3)?),
            contacted_at: row.integer(4)?.map(Timestamp),
            ended_at: row.integer(5)?.map(Timestamp),
            calm: u32::try_from(row.some_integer(6)?).map_err(|_| StoreError::Damaged("a count is negative"))?,
        };
        Ok(Self { alert_id, as_of, episode })
    }

    /// Takes a step: into the log, into the alert, and into the outbox where somebody wants to be told.
    pub(super) fn step(&mut self, tx: &mut dyn Tx, step: Step, told: &Told<'_>, settings: &AlertSettings) -> Result<(), StoreError> {
        let after = self.episode.after(step).map_err(|_| StoreError::Damaged("an alert is out of step"))?;
        log(tx, &self.alert_id, step, told)?;
        let (because, with_contact) = recovery(step.deed);
        let update = "UPDATE alerts SET state = $1, contacted_us = $2, ended_us = $3, calm = $4, deadline_us = $5, because = $6, \
                      with_contact = $7 WHERE alert_id = $8";
        let values = [
            after.state.name().into(),
            after.contacted_at.map(|at| at.0).into(),
            after.ended_at.map(|at| at.0).into(),
            i64::from(after.calm).into(),
            after.deadline(settings).map(|at| at.0).into(),
            because.into(),
            with_contact.into(),
            self.alert_id.as_str().into(),
        ];
        tx.execute(update, &values)?;
        self.episode = after;
        if told.listeners.want(step) {
            let alert = Alert::read(tx, &self.alert_id)?.ok_or(StoreError::NoAlert)?;
            told.listeners.tell(tx, step, &[alert], told.recorded)?;
        }
        Ok(())
    }

    /// When the last step counts.
    pub(super) fn last_step(&self, tx: &mut dyn Tx) -> Result<Timestamp, StoreError> {
        let select = "SELECT MAX(at_us) FROM alert_log WHERE alert_id = $1";
        let last = first(tx, select, &[self.alert_id.as_str().into()])?.map_or(Ok(None), |mut row| row.integer(0))?;
        Ok(last.map_or(self.episode.opened_at, Timestamp))
    }

    /// Sets the deadline by the settings of today, where these have become longer since it was set.
    fn reset(&self, tx: &mut dyn Tx, settings: &AlertSettings) -> Result<(), StoreError> {
        let (due, deadline) = (self.episode.due_at(settings).0, self.episode.deadline(settings).map(|at| at.0));
        let update = "UPDATE alerts SET due_us = $1, deadline_us = $2 WHERE alert_id = $3";
        tx.execute(update, &[due.into(), deadline.into(), self.alert_id.as_str().into()]).map(drop)
    }

    /// Takes the step that time has made, if it has; tells whether.
    pub(super) fn expire(
        &mut self,
        tx: &mut dyn Tx,
        now: Timestamp,
        listeners: &Listeners,
        settings: &AlertSettings,
    ) -> Result<bool, StoreError> {
        let Some(step) = self.episode.overdue(now, settings) else { return Ok(false) };
        let told = Told { token: step.deed.name(), happened: None, recorded: now, actor: LAPWING, reason: None, listeners };
        self.step(tx, step, &told, settings)?;
        Ok(true)
    }
}

/// What stands beside a step in the log.
pub(super) struct Told<'a> {
    pub(super) token: &'a str,
    /// When what it follows from took place, where that was told.
    pub(super) happened: Option<Timestamp>,
    pub(super) recorded: Timestamp,
    pub(super) actor: &'a str,
    pub(super) reason: Option<&'a str>,
    pub(super) listeners: &'a Listeners,
}

/// The columns of the log.
pub(super) const LOG: [&str; 10] =
    ["alert_id", "step", "token", "at_us", "recorded_us", "deed", "contacted_us", "because", "with_contact", "actor"];

fn log(tx: &mut dyn Tx, alert_id: &str, step: Step, told: &Told<'_>) -> Result<(), StoreError> {
    let (because, with_contact) = recovery(step.deed);
    let contacted = if let Deed::Contacted(at) = step.deed { Some(at.0) } else { None };
    let insert = "INSERT INTO alert_log \
                  (alert_id, step, token, at_us, recorded_us, deed, contacted_us, because, with_contact, actor, reason, happened_us) VALUES \
                  ($1, (SELECT coalesce(MAX(step), 0) + 1 FROM alert_log WHERE alert_id = $1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        alert_id.into(),
        told.token.into(),
        step.at.0.into(),
        told.recorded.0.into(),
        step.deed.name().into(),
        contacted.into(),
        because.into(),
        with_contact.into(),
        told.actor.into(),
        told.reason.into(),
        told.happened.map(|at| at.0).into(),
    ];
    tx.execute(insert, &values).map(drop)
}

fn recovery(deed: Deed) -> (Option<&'static str>, Option<i64>) {
    match deed {
        Deed::Recovered { because, with_contact } => (Some(because.name()), Some(with_contact.into())),
        _ => (None, None),
    }
}

fn state(name: &str) -> Result<AlertState, StoreError> {
    AlertState::ALL.iter().copied().find(|state| state.name() == name).ok_or(StoreError::Damaged("an alert is in no state"))
}

/// The step of a row of the log: `at_us, deed, contacted_us, because, with_contact`, from column `from` on.
pub(super) fn logged(row: &mut Row, from: usize) -> Result<Step, StoreError> {
    let at = Timestamp(row.some_integer(from)?);
    let name = row.some_text(from + 1)?;
    let contacted = row.integer(from + 2)?.map(Timestamp);
    let because = row.text(from + 3)?.and_then(|name| Because::ALL.iter().copied().find(|because| because.name() == name));
    let with_contact = row.integer(from + 4)?.map(|flag| flag != 0);
    let deed = match (name.as_str(), contacted, because, with_contact) {
        ("opened", ..) => Deed::Opened,
        ("contacted", Some(at), ..) => Deed::Contacted(at),
        ("calm", ..) => Deed::Calm,
        ("stirred", ..) => Deed::Stirred,
        ("recovered", _, Some(because), Some(with_contact)) => Deed::Recovered { because, with_contact },
        ("lost", ..) => Deed::Lost,
        ("expired", ..) => Deed::Expired,
        _ => return Err(StoreError::Damaged("a step of an alert is none")),
    };
    Ok(Step { at, deed })
}

impl Store {
    /// Takes the steps that time has made by `now`; tells how many.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written.
    pub fn expire(&self, now: Timestamp, settings: &AlertSettings) -> Result<u64, StoreError> {
        let due = "SELECT 1 FROM alerts WHERE deadline_us IS NOT NULL AND deadline_us <= $1 LIMIT 1";
        let mut expired = 0;
        // Most of the time there is nothing, and then no writer is waited for.
        while self.database.read(|tx| first(tx, due, &[now.0.into()]).map(|row| row.is_some()))? {
            expired += self.database.write(|tx| {
                let select = format!(
                    "SELECT {KEPT} FROM alerts WHERE deadline_us IS NOT NULL AND deadline_us <= $1 ORDER BY deadline_us, alert_id LIMIT $2"
                );
                let late = all(tx, &select, &[now.0.into(), AT_ONCE.into()], |mut row| Kept::of(&mut row))?;
                let (mut expired, listeners) = (0, Listeners::read(tx)?);
                for mut kept in late {
                    if kept.expire(tx, now, &listeners, settings)? {
                        expired += 1;
                    } else {
                        kept.reset(tx, settings)?;
                    }
                }
                Ok(expired)
            })?;
        }
        Ok(expired)
    }

    /// Takes news of an alert, all of them or none. What was taken before, by its token, changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NoAlert`] when there is no such alert, [`StoreError::Ended`] for contact with a customer whose alert is over.
    pub fn take(&self, alert_id: &str, news: &[News], now: Timestamp, settings: &AlertSettings) -> Result<Taken, StoreError> {
        self.take_once(alert_id, news, None, now, settings)
    }

    /// As [`take`](Self::take); under a key only the first time, and afterwards what came of it then.
    ///
    /// # Errors
    /// As [`take`](Self::take), and [`StoreError::KeyReused`] when something else was sent under the key.
    pub fn take_once(
        &self,
        alert_id: &str,
        news: &[News],
        once: Option<&Once>,
        now: Timestamp,
        settings: &AlertSettings,
    ) -> Result<Taken, StoreError> {
        self.expire(now, settings)?;
        self.database.write(|tx| {
            let select = format!("SELECT {KEPT} FROM alerts WHERE alert_id = $1");
            let mut kept = Kept::of(&mut first(tx, &select, &[alert_id.into()])?.ok_or(StoreError::NoAlert)?)?;
            if let Some(before) = once.map_or(Ok(None), |once| once.before(tx, alert_id))? {
                return Ok(before);
            }
            let listeners = Listeners::read(tx)?;
            // Where the time had passed before, that is what the answer is about.
            let mut changed = kept.expire(tx, now, &listeners, settings)?;
            let (was_over, mut unmoved) = (kept.episode.ended_at.is_some(), None);
            for news in news {
                let known = "SELECT 1 FROM alert_log WHERE alert_id = $1 AND token = $2";
                if first(tx, known, &[alert_id.into(), news.token.as_str().into()])?.is_some() {
                    unmoved = Some(Unmoved::AlreadyTold);
                    continue;
                }
                let told = Told {
                    token: &news.token,
                    happened: news.input.at(),
                    recorded: now,
                    actor: &news.actor,
                    reason: news.reason.as_deref(),
                    listeners: &listeners,
                };
                let after = kept.last_step(tx)?;
                match kept.episode.meet(news.input, kept.as_of, after, now, settings) {
                    Some(step) => kept.step(tx, step, &told, settings)?,
                    None if was_over && matches!(news.input, Input::Contact(_)) => {
                        return Err(StoreError::Ended(kept.episode.state.name()));
                    }
                    None => {
                        unmoved = kept.episode.unmoved_by(news.input, kept.as_of);
                        continue;
                    }
                }
                changed = true;
            }
            let alert = Alert::read(tx, alert_id)?.ok_or(StoreError::NoAlert)?;
            let taken = Taken { alert, changed, unmoved: unmoved.filter(|_| !changed) };
            if let Some(once) = once {
                once.keep(tx, &taken, now)?;
            }
            Ok(taken)
        })
    }

    /// Every alert whose log makes something else than stands in it, by id; none in a store that is whole.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn out_of_step(&self) -> Result<Vec<String>, StoreError> {
        self.database.read(|tx| {
            let kept = all(tx, &format!("SELECT {KEPT} FROM alerts ORDER BY alert_id"), &[], |mut row| Kept::of(&mut row))?;
            let mut wrong = Vec::new();
            for Kept { alert_id, episode, .. } in kept {
                let select = "SELECT at_us, deed, contacted_us, because, with_contact FROM alert_log WHERE alert_id = $1 ORDER BY step";
                let steps = all(tx, select, &[alert_id.as_str().into()], |mut row| logged(&mut row, 0))?;
                if Episode::replay(steps) != Ok(episode) {
                    wrong.push(alert_id);
                }
            }
            Ok(wrong)
        })
    }
}

/// The row of the log that opens an alert.
pub(super) fn opening(alert_id: &str, now: Timestamp) -> Vec<Value<'static>> {
    let nothing = || Value::Null;
    let (id, open) = (Value::from(alert_id.to_owned()), Deed::Opened.name());
    vec![id, Value::Integer(1), open.into(), now.0.into(), now.0.into(), open.into(), nothing(), nothing(), nothing(), LAPWING.into()]
}
