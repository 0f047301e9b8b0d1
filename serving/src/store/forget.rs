//! Takes a customer out of the store, and keeps it out.

use std::collections::HashSet;

use lapwing_features::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::columns::table;
use super::database::{Tx, Value, all, first};
use super::histories::{self, histories};
use super::{Store, StoreError};
use crate::guard::key::hex;

/// What was erased of a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Rows of scoring runs.
    pub scores: u64,
    /// Histories beside them.
    pub histories: u64,
    /// Alerts.
    pub alerts: u64,
    /// Entries of their logs.
    pub alert_log: u64,
    /// Campaigns.
    pub campaigns: u64,
    /// Purchases of campaigns.
    pub purchases: u64,
    /// Messages on them that were still to be told.
    pub messages: u64,
}

/// Who is not to come back, under a salt of this store: whoever has the store alone can try ids, and no more.
#[derive(Debug)]
pub(super) struct Forgotten {
    salt: String,
    hashes: HashSet<String>,
}

impl Forgotten {
    pub(super) fn read(tx: &mut dyn Tx) -> Result<Self, StoreError> {
        let salt = first(tx, "SELECT value FROM lapwing_meta WHERE name = 'salt'", &[])?.map_or(Ok(None), |mut row| row.text(0))?;
        let hashes = all(tx, "SELECT customer_hash FROM forgotten", &[], |mut row| row.some_text(0))?.into_iter().collect();
        Ok(Self { salt: salt.unwrap_or_default(), hashes })
    }

    pub(super) fn holds(&self, customer_id: &str) -> bool {
        !self.hashes.is_empty() && self.hashes.contains(&self.hash(customer_id))
    }

    /// Takes those out of a run who were forgotten since it was loaded; tells how many.
    pub(super) fn leave_out(&self, tx: &mut dyn Tx, seq: i64, has_histories: bool) -> Result<i64, StoreError> {
        let now = Self::read(tx)?;
        if now.hashes.len() == self.hashes.len() {
            return Ok(0);
        }
        let mut gone = Vec::new();
        tx.query(&format!("SELECT customer_id FROM {}", table(seq)), &[], &mut |mut row| {
            let id = row.some_text(0)?;
            if now.holds(&id) {
                gone.push(id);
            }
            Ok(())
        })?;
        for table in [table(seq)].into_iter().chain(has_histories.then(|| histories(seq))) {
            for id in &gone {
                tx.execute(&format!("DELETE FROM {table} WHERE customer_id = $1"), &[id.as_str().into()])?;
            }
        }
        Ok(i64::try_from(gone.len()).unwrap_or(i64::MAX))
    }

    fn hash(&self, customer_id: &str) -> String {
        hex(&Sha256::digest([self.salt.as_bytes(), b"\0", customer_id.as_bytes()].concat()))
    }
}

impl Store {
    /// Takes a customer out of every run, every alert and every message, in one transaction, and keeps it out of runs that are published later.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written; then nothing is erased.
    pub fn forget(&self, customer_id: &str, now: Timestamp) -> Result<Erased, StoreError> {
        let erased = self.database.write(|tx| {
            let mut salt = [0; 32];
            getrandom::fill(&mut salt).map_err(|_| StoreError::Failed("the system gives no random bytes".to_owned()))?;
            let keep = "INSERT INTO lapwing_meta (name, value) VALUES ('salt', $1) ON CONFLICT (name) DO NOTHING";
            tx.execute(keep, &[hex(&salt).into()])?;
            let hash = Forgotten::read(tx)?.hash(customer_id);
            let keep = "INSERT INTO forgotten (customer_hash, at_us) VALUES ($1, $2) ON CONFLICT (customer_hash) DO NOTHING";
            tx.execute(keep, &[hash.into(), now.0.into()])?;
            let who: [Value<'_>; 1] = [customer_id.into()];
            let mut erased = Erased::default();
            for (seq, has_histories) in histories::runs(tx)? {
                erased.scores += tx.execute(&format!("DELETE FROM {} WHERE customer_id = $1", table(seq)), &who)?;
                if has_histories {
                    erased.histories += tx.execute(&format!("DELETE FROM {} WHERE customer_id = $1", histories(seq)), &who)?;
                }
            }
            let of_alerts = "DELETE FROM alert_log WHERE alert_id IN (SELECT alert_id FROM alerts WHERE customer_id = $1)";
            erased.alert_log = tx.execute(of_alerts, &who)?;
            tx.execute("DELETE FROM idempotency_keys WHERE alert_id IN (SELECT alert_id FROM alerts WHERE customer_id = $1)", &who)?;
            tx.execute("DELETE FROM held_warnings WHERE customer_id = $1", &who)?;
            erased.campaigns = tx.execute("DELETE FROM exposures WHERE customer_id = $1", &who)?;
            erased.purchases = tx.execute("DELETE FROM purchases WHERE customer_id = $1", &who)?;
            erased.messages = tx.execute("DELETE FROM outbox WHERE customer_id = $1", &who)?;
            erased.alerts = tx.execute("DELETE FROM alerts WHERE customer_id = $1", &who)?;
            Ok(erased)
        })?;
        self.database.scrub()?;
        Ok(erased)
    }
}
