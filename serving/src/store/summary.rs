//! The published run at a glance.

use std::collections::BTreeMap;

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::AlertSettings;

use super::database::{Tx, all};
use super::publish::Published;
use super::{Store, StoreError};

/// The run that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its name.
    pub run_id: String,
    /// The cutoff of its scores.
    pub as_of: Timestamp,
    /// When it was published.
    pub published_at: Timestamp,
    /// What scored.
    pub model_version: String,
    /// Of what days `churn_probability` speaks.
    pub horizon_days: i64,
    /// Customers in it.
    pub customers: i64,
}

/// Customers of one stage and risk band.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Empty for those without.
    pub stage: String,
    /// Empty for those without.
    pub risk_band: String,
    /// How many.
    pub customers: i64,
    /// What they are expected to spend in a year.
    pub clv_365d: f64,
    /// Of that, what leaves with them: the sum of `churn_probability` x `clv_365d`.
    pub at_stake: f64,
}

/// Customers who were in one stage at the run before and are in another, or the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Empty for those who were not there.
    pub before: String,
    /// Empty for those without.
    pub after: String,
    /// How many.
    pub customers: i64,
}

/// The published run at a glance.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The run.
    pub run: Run,
    /// By stage and risk band.
    pub groups: Vec<Group>,
    /// Since the run before; empty for the first.
    pub moves: Vec<Move>,
    /// Alerts by state, and of the recovered ones by whether contact had been made.
    pub alerts: BTreeMap<String, i64>,
    /// Alerts by why they opened, by state.
    pub alerts_by_warning: Vec<(String, String, i64)>,
    /// Alerts by the stage that the customer was in, by state.
    pub alerts_by_stage: Vec<(String, String, i64)>,
}

impl From<Published> for Run {
    fn from(Published { head, customers, at, .. }: Published) -> Self {
        Self {
            run_id: head.run_id,
            as_of: head.as_of,
            published_at: at,
            model_version: head.model_version,
            horizon_days: head.horizon_days,
            customers,
        }
    }
}

impl Store {
    /// The run that is read; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn in_office(&self) -> Result<Option<Run>, StoreError> {
        self.database.read(|tx| Ok(Published::current(tx)?.map(Run::from)))
    }

    /// The published run at a glance; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn summary(&self, now: Timestamp, settings: &AlertSettings) -> Result<Option<Summary>, StoreError> {
        self.expire(now, settings)?;
        self.database.read(|tx| {
            let Some(run) = Published::current(tx)? else { return Ok(None) };
            let select = "SELECT stage, risk_band, customers, clv_365d, at_stake FROM run_counts WHERE seq = $1 ORDER BY stage, risk_band";
            let groups = all(tx, select, &[run.seq.into()], |mut row| {
                Ok(Group {
                    stage: row.some_text(0)?,
                    risk_band: row.some_text(1)?,
                    customers: row.some_integer(2)?,
                    clv_365d: row.real(3)?.unwrap_or_default(),
                    at_stake: row.real(4)?.unwrap_or_default(),
                })
            })?;
            let select = "SELECT stage_before, stage_after, customers FROM run_moves WHERE seq = $1 ORDER BY stage_before, stage_after";
            let moves = all(tx, select, &[run.seq.into()], |mut row| {
                Ok(Move { before: row.some_text(0)?, after: row.some_text(1)?, customers: row.some_integer(2)? })
            })?;
            let (alerts, alerts_by_warning, alerts_by_stage) = alerts(tx)?;
            Ok(Some(Summary { run: run.into(), groups, moves, alerts, alerts_by_warning, alerts_by_stage }))
        })
    }
}

type Counted = (BTreeMap<String, i64>, Vec<(String, String, i64)>, Vec<(String, String, i64)>);

fn alerts(tx: &mut dyn Tx) -> Result<Counted, StoreError> {
    let select = "SELECT state, with_contact, stage, warnings, COUNT(*) FROM alerts GROUP BY state, with_contact, stage, warnings";
    let (mut by_state, mut by_warning, mut by_stage) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    tx.query(select, &[], &mut |mut row| {
        let state = match (row.some_text(0)?, row.integer(1)?) {
            (state, Some(0)) => format!("{state}_without_contact"),
            (state, Some(_)) => format!("{state}_with_contact"),
            (state, None) => state,
        };
        let stage = row.text(2)?.unwrap_or_default();
        let warnings: Vec<String> =
            serde_json::from_str(&row.some_text(3)?).map_err(|_| StoreError::Damaged("a list of an alert is none"))?;
        let count = row.some_integer(4)?;
        for warning in warnings {
            *by_warning.entry((warning, state.clone())).or_insert(0) += count;
        }
        *by_stage.entry((stage, state.clone())).or_insert(0) += count;
        *by_state.entry(state).or_insert(0) += count;
        Ok(())
    })?;
    let flat = |counts: BTreeMap<(String, String), i64>| counts.into_iter().map(|((of, state), count)| (of, state, count)).collect();
    Ok((by_state, flat(by_warning), flat(by_stage)))
}
