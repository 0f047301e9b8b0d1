//! Histories that are kept beside a run: what each of its customers did, so that it can be scored by its id alone.
//!
//! They are loaded with the run into a table of their own, take their place with it, and are kept for two runs: the one that is read,
//! and the one before, which somebody may be reading still.

use std::collections::{BTreeMap, HashMap};

use lapwing_features::Timestamp;
use serde_json::Value as Json;

use super::columns::table;
use super::database::{Row, Tx, Value, all, first};
use super::publish::{Loading, Published};
use super::sealed::Sealer;
use super::{Store, StoreError};

/// Runs whose histories stay.
const KEPT: usize = 2;

/// Customers that one statement asks for.
const AT_ONCE: usize = 200;

const COLUMNS: [&str; 3] = ["customer_id", "events", "sealed"];

/// What is kept of some customers.
#[derive(Clone, Debug, PartialEq)]
pub struct Histories {
    /// When the last event took place that any of them had; nothing later is in them.
    pub until: Timestamp,
    /// By customer; those that are missing are not known.
    pub customers: HashMap<String, KeptHistory>,
}

/// What is kept of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptHistory {
    /// As [`pack`](lapwing_features::packed::pack) made it.
    pub events: Vec<u8>,
    /// As they were published.
    pub attributes: BTreeMap<String, Json>,
}

/// The row that a customer's packed events are kept as, sealed where there is a key.
///
/// # Errors
/// [`StoreError::Key`] when the system gives no random bytes.
pub fn history_row(customer_id: &str, events: Vec<u8>, sealer: Option<&Sealer>) -> Result<Vec<Value<'static>>, StoreError> {
    let id = customer_id.to_owned().into();
    Ok(match sealer {
        Some(sealer) => vec![id, Value::Null, sealer.seal(&bound(customer_id), events)?.into()],
        None => vec![id, events.into(), Value::Null],
    })
}

/// What a sealed history opens beside: not what attributes do, which are the customer's as well.
fn bound(customer_id: &str) -> String {
    format!("history\0{customer_id}")
}

/// The table of a run's histories, as [`table`] is that of its customers.
pub(super) fn histories(seq: i64) -> String {
    format!("history_{seq}")
}

/// Every run, published or not, and whether histories are beside it.
pub(super) fn runs(tx: &mut dyn Tx) -> Result<Vec<(i64, bool)>, StoreError> {
    let select = "SELECT seq, history_until_us FROM runs UNION ALL SELECT seq, history_until_us FROM loads";
    all(tx, select, &[], |mut row| Ok((row.some_integer(0)?, row.integer(1)?.is_some())))
}

impl Loading<'_> {
    /// Histories come with this run, whose last event was at `until`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not take them.
    pub fn keep_histories(&mut self, until: Timestamp) -> Result<(), StoreError> {
        let seq = self.seq;
        self.store.database.write(|tx| {
            let (table, key) = (histories(seq), tx.dialect().key);
            tx.run(&format!("CREATE TABLE {table} (customer_id {key} NOT NULL, events BYTEA, sealed BYTEA)"))?;
            tx.execute("UPDATE loads SET history_until_us = $1 WHERE seq = $2", &[until.0.into(), seq.into()])
        })?;
        self.until = Some(until);
        Ok(())
    }

    /// Adds what [`history_row`] made of customers; those that are not in the run are left out in the end.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not take them.
    pub fn add_histories(&mut self, mut rows: Vec<Vec<Value<'static>>>) -> Result<(), StoreError> {
        rows.retain(|row| !matches!(row.first(), Some(Value::Text(id)) if self.forgotten.holds(id)));
        self.store.database.write_aside(|tx| tx.load(&histories(self.seq), &COLUMNS, &rows))
    }
}

/// Leaves whoever is not in the run out, once both tables are full.
pub(super) fn settle(store: &Store, seq: i64) -> Result<(), StoreError> {
    let (table, run) = (histories(seq), table(seq));
    let strangers = format!("DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM {run} WHERE {run}.customer_id = {table}.customer_id)");
    store.database.write_aside(|tx| tx.execute(&strangers, &[]))?;
    store.database.write_aside(|tx| tx.run(&format!("CREATE UNIQUE INDEX {table}_customer ON {table} (customer_id)")))
}

/// How many are kept beside a run.
pub(super) fn count(tx: &mut dyn Tx, seq: i64) -> Result<i64, StoreError> {
    first(tx, &format!("SELECT COUNT(*) FROM {}", histories(seq)), &[])?.map_or(Ok(0), |mut row| row.some_integer(0))
}

impl Store {
    /// Drops the histories of runs that nobody reads any more.
    pub(super) fn drop_old_histories(&self) -> Result<(), StoreError> {
        let old = self.database.read(|tx| {
            let read: Vec<i64> = Published::all(tx)?.iter().take(KEPT).map(|run| run.seq).collect();
            let kept = "SELECT seq FROM runs WHERE history_until_us IS NOT NULL";
            Ok(all(tx, kept, &[], |mut row| row.some_integer(0))?.into_iter().filter(|seq| !read.contains(seq)).collect::<Vec<_>>())
        })?;
        for seq in old {
            self.database.write_aside(|tx| {
                tx.run(tx.dialect().impatience)?;
                tx.execute("UPDATE runs SET history_until_us = NULL WHERE seq = $1", &[seq.into()])?;
                tx.run(&format!("DROP TABLE IF EXISTS {}", histories(seq)))
            })?;
        }
        Ok(())
    }

    /// What is kept of these customers beside the run that is read; `None` where nothing is of anybody. Before more is read, `room` is
    /// told how many bytes were.
    ///
    /// # Errors
    /// That of `room`; [`StoreError::NoHistoryKey`] when they are sealed and there is no key, [`StoreError`] when the store cannot be
    /// read, or no key opens them.
    pub fn histories(
        &self,
        customer_ids: &[String],
        sealer: Option<&Sealer>,
        mut room: impl FnMut(usize) -> Result<(), StoreError>,
    ) -> Result<Option<Histories>, StoreError> {
        self.database.read(|tx| {
            let current = first(tx, "SELECT seq, history_until_us FROM runs ORDER BY seq DESC LIMIT 1", &[])?;
            let Some((seq, Some(until))) =
                current.map(|mut row| Ok::<_, StoreError>((row.some_integer(0)?, row.integer(1)?))).transpose()?
            else {
                return Ok(None);
            };
            let mut customers = HashMap::with_capacity(customer_ids.len());
            for ids in customer_ids.chunks(AT_ONCE) {
                let places = (1..=ids.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
                let (table, run) = (histories(seq), table(seq));
                let select = format!(
                    "SELECT h.customer_id, h.events, h.sealed, r.attributes, r.personal FROM {table} h JOIN {run} r \
                     ON r.customer_id = h.customer_id WHERE h.customer_id IN ({places})"
                );
                let ids: Vec<Value<'_>> = ids.iter().map(|id| id.as_str().into()).collect();
                let mut bytes = 0;
                tx.query(&select, &ids, &mut |row| {
                    let (id, kept) = history(row, sealer)?;
                    bytes += kept.events.len();
                    customers.insert(id, kept);
                    Ok(())
                })?;
                room(bytes)?;
            }
            Ok(Some(Histories { until: Timestamp(until), customers }))
        })
    }
}

/// Of the attributes, those that are personal need a key, as they do wherever they are told.
fn history(mut row: Row, sealer: Option<&Sealer>) -> Result<(String, KeptHistory), StoreError> {
    let id = row.some_text(0)?;
    let events = match (row.bytes(1)?, row.bytes(2)?, sealer) {
        (Some(events), _, _) => events,
        (None, Some(sealed), Some(sealer)) => sealer.open(&bound(&id), &sealed)?,
        (None, Some(_), None) => return Err(StoreError::NoHistoryKey),
        (None, None, _) => return Err(StoreError::Damaged("a history is missing")),
    };
    let open = row.text(3)?.map(|json| serde_json::from_str(&json)).transpose();
    let mut attributes: BTreeMap<String, Json> = open.map_err(|_| StoreError::Damaged("attributes are none"))?.unwrap_or_default();
    if let (Some(sealed), Some(sealer)) = (row.bytes(4)?, sealer) {
        attributes.extend(sealer.open_attributes(&id, &sealed)?);
    }
    Ok((id, KeptHistory { events, attributes }))
}
