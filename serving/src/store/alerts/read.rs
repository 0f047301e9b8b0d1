//! What is told of alerts.

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::{AlertSettings, AlertState};
use serde::{Deserialize, Serialize};

use crate::store::database::{Row, Tx, Value, all, first};
use crate::store::{HELD_OUT, Store, StoreError};

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its name.
    pub alert_id: String,
    /// Whose.
    pub customer_id: String,
    /// The run that warned.
    pub run_id: String,
    /// The cutoff of that run's scores.
    pub as_of: Timestamp,
    /// How it stands.
    pub state: String,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Until when contact is to be made.
    pub due_at: Timestamp,
    /// When contact was made.
    pub contacted_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What recovered the customer.
    pub because: Option<String>,
    /// Whether that was after contact.
    pub with_contact: Option<bool>,
    /// As it opened.
    pub stage: Option<String>,
    /// As it opened.
    pub segment: Option<String>,
    /// As it opened.
    pub churn_probability: f64,
    /// As it opened.
    pub clv_365d: Option<f64>,
    /// `churn_probability` x `clv_365d` as it opened; 0 where that is not known.
    pub at_stake: f64,
    /// Why it opened, by name.
    pub warnings: Vec<String>,
    /// Why the risk is what it is, in words, as it opened.
    pub reasons: Vec<String>,
    /// What the playbook had for the customer, by name.
    pub action: Option<String>,
    /// The campaign of that.
    pub campaign: Option<String>,
    /// Whether the customer is held out of it.
    pub held_out: Option<bool>,
}

/// An entry of an alert's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When it took place, as contact and purchases tell; for a deadline, the deadline; else when it became known.
    pub at: Timestamp,
    /// When it became known.
    pub recorded_at: Timestamp,
    /// What.
    pub deed: String,
    /// By whom.
    pub actor: String,
    /// In words.
    pub reason: Option<String>,
}

/// Which alerts are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertFilter {
    /// Those that stand so.
    pub state: Option<AlertState>,
    /// Those that are due before.
    pub due_before: Option<Timestamp>,
    /// Those of this customer.
    pub customer_id: Option<String>,
    /// Those whose customer is held out, or all others.
    pub held_out: Option<bool>,
    /// Those after this one: when it is due, what is at stake, its name.
    pub after: Option<(Timestamp, f64, String)>,
    /// So many at most.
    pub limit: usize,
}

/// A page of alerts, the first due first, and among those the most at stake.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertPage {
    /// The alerts.
    pub alerts: Vec<Alert>,
    /// Whether there are more.
    pub more: bool,
}

const ALERT: &str = "alert_id, customer_id, run_id, as_of_us, state, opened_us, due_us, contacted_us, ended_us, because, with_contact, \
                     stage, segment, churn_probability, clv_365d, at_stake, warnings, reasons, action, campaign, held_out";

impl Alert {
    fn of(mut row: Row) -> Result<Self, StoreError> {
        let list = |text: String| serde_json::from_str(&text).map_err(|_| StoreError::Damaged("a list of an alert is none"));
        Ok(Self {
            alert_id: row.some_text(0)?,
            customer_id: row.some_text(1)?,
            run_id: row.some_text(2)?,
            as_of: Timestamp(row.some_integer(3)?),
            state: row.some_text(4)?,
            opened_at: Timestamp(row.some_integer(5)?),
            due_at: Timestamp(row.some_integer(6)?),
            contacted_at: row.integer(7)?.map(Timestamp),
            ended_at: row.integer(8)?.map(Timestamp),
            because: row.text(9)?,
            with_contact: row.integer(10)?.map(|flag| flag != 0),
            stage: row.text(11)?,
            segment: row.text(12)?,
            churn_probability: row.real(13)?.unwrap_or_default(),
            clv_365d: row.real(14)?,
            at_stake: row.real(15)?.unwrap_or_default(),
            warnings: list(row.some_text(16)?)?,
            reasons: list(row.some_text(17)?)?,
            action: row.text(18)?,
            campaign: row.text(19)?,
            held_out: row.integer(20)?.map(|flag| flag != 0),
        })
    }

    pub(super) fn read(tx: &mut dyn Tx, alert_id: &str) -> Result<Option<Self>, StoreError> {
        first(tx, &format!("SELECT {ALERT} FROM alerts WHERE alert_id = $1"), &[alert_id.into()])?.map(Self::of).transpose()
    }
}

impl Store {
    /// An alert and its log, as of `now`.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn alert(&self, alert_id: &str, now: Timestamp, settings: &AlertSettings) -> Result<Option<(Alert, Vec<LogEntry>)>, StoreError> {
        self.expire(now, settings)?;
        self.database.read(|tx| {
            let Some(alert) = Alert::read(tx, alert_id)? else { return Ok(None) };
            let select = "SELECT coalesce(contacted_us, happened_us, at_us), recorded_us, deed, actor, reason FROM alert_log \
                          WHERE alert_id = $1 ORDER BY step";
            let log = all(tx, select, &[alert_id.into()], |mut row| {
                Ok(LogEntry {
                    at: Timestamp(row.some_integer(0)?),
                    recorded_at: Timestamp(row.some_integer(1)?),
                    deed: row.some_text(2)?,
                    actor: row.some_text(3)?,
                    reason: row.text(4)?,
                })
            })?;
            Ok(Some((alert, log)))
        })
    }

    /// The alerts that a filter lets through, as of `now`.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn alerts(&self, filter: &AlertFilter, now: Timestamp, settings: &AlertSettings) -> Result<AlertPage, StoreError> {
        self.expire(now, settings)?;
        let (mut conditions, mut values) = (Vec::new(), Vec::<Value<'_>>::new());
        let mut place = |value: Value<'static>| {
            values.push(value);
            values.len()
        };
        if let Some(state) = filter.state {
            if matches!(state, AlertState::Open | AlertState::Contacted) {
                conditions.push("ended_us IS NULL".to_owned());
            }
            conditions.push(format!("state = ${}", place(state.name().into())));
        }
        if let Some(due) = filter.due_before {
            conditions.push(format!("due_us < ${}", place(due.0.into())));
        }
        if let Some(customer) = &filter.customer_id {
            conditions.push(format!("customer_id = ${}", place(customer.clone().into())));
        }
        if let Some(held_out) = filter.held_out {
            conditions.push(format!("{HELD_OUT} = ${}", place(i64::from(held_out).into())));
        }
        if let Some((due, stake, id)) = &filter.after {
            let (due, stake, id) = (place(due.0.into()), place((*stake).into()), place(id.clone().into()));
            conditions.push(format!(
                "due_us >= ${due} AND (due_us > ${due} OR at_stake < ${stake} OR (at_stake = ${stake} AND alert_id > ${id}))"
            ));
        }
        let limit = place((filter.limit + 1).into());
        let conditions = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
        let select = format!("SELECT {ALERT} FROM alerts WHERE {conditions} ORDER BY due_us, at_stake DESC, alert_id LIMIT ${limit}");
        let mut alerts = self.database.read(|tx| all(tx, &select, &values, Alert::of))?;
        let more = alerts.len() > filter.limit;
        alerts.truncate(filter.limit);
        Ok(AlertPage { alerts, more })
    }
}
