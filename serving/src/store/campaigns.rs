//! Who was assigned to a campaign, and what they bought afterwards.

use std::collections::HashMap;

use lapwing_features::Timestamp;
use lapwing_models::proof::Observation;

use super::alerts::{Happened, Happening};
use super::columns::table;
use super::database::{Tx, Value, all, first};
use super::forget::Forgotten;
use super::publish::Published;
use super::{Store, StoreError};

/// A customer who is assigned to a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// Who.
    pub customer_id: String,
    /// When: purchases from here on count.
    pub at: Timestamp,
    /// Whether the lot left the customer without.
    pub held_out: bool,
    /// Whether the customer was in fact contacted.
    pub contacted: bool,
    /// What is done for the customer, by name; `None` for what the run has, where that is of the campaign.
    pub action: Option<String>,
}

/// What was noted of those who are assigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposed {
    /// Were not assigned before.
    pub new: u64,
    /// Were, or came twice.
    pub known: u64,
    /// Were forgotten, and are not noted.
    pub forgotten: u64,
    /// Of those that are noted, are not in the run that is read: what stage, segment and value tier they were of is not known.
    pub not_published: u64,
}

/// What was noted of purchases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Are noted.
    pub taken: u64,
    /// Are of customers who were forgotten, and are not.
    pub forgotten: u64,
    /// Of those that are noted, are of customers who are not assigned to the campaign: they count once they are.
    pub not_assigned: u64,
}

/// Something that a customer bought.
#[derive(Clone, Debug, PartialEq)]
pub struct Bought {
    /// Who.
    pub customer_id: String,
    /// When.
    pub at: Timestamp,
    /// For how much, where that is known.
    pub amount: Option<f64>,
}

/// A customer of a campaign, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// As the proof counts it.
    pub observation: Observation,
    /// Stage, segment and value tier when the customer was assigned.
    pub groups: [Option<String>; 3],
    /// What was done for the customer, by name, where that is known.
    pub action: Option<String>,
}

/// What is known of a campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Campaigned {
    /// Those whose time has passed.
    pub observed: Vec<Observed>,
    /// Those of whom it is not known yet.
    pub waiting: u64,
}

impl Store {
    /// Notes who is assigned to a campaign, but for those who were forgotten. The first time counts; contact is added to it.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written; then nothing is noted.
    pub fn expose(&self, campaign: &str, exposures: &[Exposure]) -> Result<Exposed, StoreError> {
        self.database.write(|tx| {
            let run = Published::current(tx)?;
            let count = "SELECT COUNT(*) FROM exposures WHERE campaign = $1";
            let counted = |tx: &mut dyn Tx| first(tx, count, &[campaign.into()])?.map_or(Ok(0), |mut row| row.some_integer(0));
            let (before, forgotten) = (counted(tx)?, Forgotten::read(tx)?);
            let noted: Vec<_> = exposures.iter().filter(|exposure| !forgotten.holds(&exposure.customer_id)).collect();
            let mut not_published = 0;
            for exposure in &noted {
                let id = exposure.customer_id.as_str();
                let found = match &run {
                    Some(run) => {
                        let select = format!("SELECT stage, segment, value_tier, action, campaign FROM {} WHERE customer_id = $1", table(run.seq));
                        first(tx, &select, &[id.into()])?
                    }
                    None => None,
                };
                not_published += u64::from(found.is_none());
                let [stage, segment, tier, advised, of] = match found {
                    Some(mut row) => [row.text(0)?, row.text(1)?, row.text(2)?, row.text(3)?, row.text(4)?],
                    None => [const { None }; 5],
                };
                let action = exposure.action.clone().or(advised.filter(|_| of.as_deref() == Some(campaign)));
                let insert = "INSERT INTO exposures (campaign, customer_id, at_us, held_out, contacted, stage, segment, value_tier, action) \
                              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (campaign, customer_id) DO UPDATE SET \
                              contacted = CASE WHEN excluded.contacted = 1 THEN 1 ELSE exposures.contacted END";
                let values = [
                    campaign.into(),
                    id.into(),
                    exposure.at.0.into(),
                    i64::from(exposure.held_out).into(),
                    i64::from(exposure.contacted).into(),
                    stage.into(),
                    segment.into(),
                    tier.into(),
                    action.into(),
                ];
                tx.execute(insert, &values)?;
            }
            let (new, noted) = (u64::try_from(counted(tx)? - before).unwrap_or(0), noted.len() as u64);
            Ok(Exposed { new, known: noted.saturating_sub(new), forgotten: exposures.len() as u64 - noted, not_published })
        })
    }

    /// Notes what customers of a campaign bought, but for those who were forgotten. The same customer and instant is the same purchase.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written; then nothing is noted.
    pub fn bought(&self, campaign: &str, purchases: &[Bought]) -> Result<Noted, StoreError> {
        self.database.write(|tx| {
            let (forgotten, mut noted) = (Forgotten::read(tx)?, Noted::default());
            let assigned = "SELECT 1 FROM exposures WHERE campaign = $1 AND customer_id = $2";
            for Bought { customer_id, at, amount } in purchases {
                if forgotten.holds(customer_id) {
                    noted.forgotten += 1;
                    continue;
                }
                note(tx, customer_id, *at, *amount)?;
                noted.taken += 1;
                let is_assigned = first(tx, assigned, &[campaign.into(), customer_id.as_str().into()])?.is_some();
                noted.not_assigned += u64::from(!is_assigned);
            }
            Ok(noted)
        })
    }

    /// The customers of a campaign, and what they bought within `days` of being assigned; those whose days have not passed at `now` wait.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn campaign(&self, campaign: &str, days: u32, now: Timestamp) -> Result<Campaigned, StoreError> {
        let (length, until) = (i64::from(days) * 86_400_000_000, now.plus_days(-i64::from(days)));
        self.database.read(|tx| {
            let select = "SELECT e.held_out, e.contacted, e.stage, e.segment, e.value_tier, COUNT(p.at_us), COUNT(p.amount), \
                          coalesce(SUM(p.amount), 0.0), e.action FROM exposures e LEFT JOIN purchases p ON p.customer_id = e.customer_id \
                          AND p.at_us >= e.at_us AND p.at_us < e.at_us + $1 WHERE e.campaign = $2 AND e.at_us <= $3 \
                          GROUP BY e.customer_id, e.held_out, e.contacted, e.stage, e.segment, e.value_tier, e.action ORDER BY e.customer_id";
            let mut known = false;
            let mut observed = all(tx, select, &[length.into(), campaign.into(), until.0.into()], |mut row| {
                let (purchases, amounts) = (row.some_integer(5)?, row.some_integer(6)?);
                known |= amounts > 0;
                let observation = Observation {
                    treated: row.some_integer(0)? == 0,
                    contacted: row.some_integer(1)? != 0,
                    purchased: purchases > 0,
                    spend: row.real(7)?.filter(|_| amounts == purchases),
                    contact_cost: None,
                };
                Ok(Observed { observation, groups: [row.text(2)?, row.text(3)?, row.text(4)?], action: row.text(8)? })
            })?;
            // Where nobody ever told an amount, nothing spent is not known to be nothing.
            if !known {
                for customer in &mut observed {
                    customer.observation.spend = None;
                }
            }
            let count = "SELECT COUNT(*) FROM exposures WHERE campaign = $1 AND at_us > $2";
            let waiting = first(tx, count, &[campaign.into(), until.0.into()])?.map_or(Ok(0), |mut row| row.some_integer(0))?;
            Ok(Campaigned { observed, waiting: u64::try_from(waiting).unwrap_or(0) })
        })
    }
}

/// Notes a purchase.
pub(super) fn note(tx: &mut dyn Tx, customer_id: &str, at: Timestamp, amount: Option<f64>) -> Result<(), StoreError> {
    let insert = "INSERT INTO purchases (customer_id, at_us, amount) VALUES ($1, $2, $3) ON CONFLICT (customer_id, at_us) DO UPDATE SET \
                  amount = coalesce(purchases.amount, excluded.amount)";
    tx.execute(insert, &[customer_id.into(), at.0.into(), amount.into()]).map(drop)
}

/// Notes the purchases among what a file of events tells of customers of campaigns that took place by `now`; amounts that are known stay.
pub(super) fn note_all(tx: &mut dyn Tx, told: &[Happened], now: Timestamp) -> Result<(), StoreError> {
    let select = "SELECT customer_id, MIN(at_us) FROM exposures GROUP BY customer_id";
    let since: HashMap<String, i64> = all(tx, select, &[], |mut row| Ok((row.some_text(0)?, row.some_integer(1)?)))?.into_iter().collect();
    if since.is_empty() || told.is_empty() {
        return Ok(());
    }
    let select = "SELECT customer_id, at_us, amount FROM purchases";
    let known = all(tx, select, &[], |mut row| Ok(((row.some_text(0)?, row.some_integer(1)?), row.real(2)?)))?;
    let mut known: HashMap<(String, i64), Option<f64>> = known.into_iter().collect();
    let mut new: Vec<Vec<Value<'_>>> = Vec::new();
    for Happened { customer_id, at, what } in told {
        let Happening::Purchase(amount) = *what else { continue };
        if *at > now || since.get(customer_id).is_none_or(|since| at.0 < *since) {
            continue;
        }
        match known.insert((customer_id.clone(), at.0), amount) {
            None => new.push(vec![customer_id.as_str().into(), at.0.into(), amount.into()]),
            // A run knew when, and not for how much.
            Some(None) if amount.is_some() => note(tx, customer_id, *at, amount)?,
            Some(_) => {}
        }
    }
    tx.load("purchases", &["customer_id", "at_us", "amount"], &new)
}

/// Notes the last purchases that a run knows of customers of campaigns. A run tells of each customer only the last one.
pub(super) fn note_run(tx: &mut dyn Tx, seq: i64) -> Result<(), StoreError> {
    let table = table(seq);
    tx.run(&format!(
        "INSERT INTO purchases (customer_id, at_us, amount) SELECT n.customer_id, n.last_purchase_us, NULL FROM {table} n \
         WHERE n.last_purchase_us IS NOT NULL AND EXISTS (SELECT 1 FROM exposures e WHERE e.customer_id = n.customer_id \
         AND e.at_us <= n.last_purchase_us) ON CONFLICT (customer_id, at_us) DO NOTHING"
    ))
}
