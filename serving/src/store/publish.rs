//! How a scoring run takes the place of the one before.
//!
//! Its customers are loaded into a table of their own, of which nobody knows. Then one transaction counts them, opens and ends alerts,
//! and makes that table the one that is read: until it commits everybody reads the run before, and if it does not, nothing has happened.

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::AlertSettings;
use serde::{Deserialize, Serialize};

use super::alerts::{self, Happened, Turned};
use super::campaigns;
use super::cells::Cells;
use super::columns::{self, names, table};
use super::database::{Tx, Value, all, first};
use super::forget::Forgotten;
use super::histories;
use super::{Store, StoreError};

/// Loads that began so long ago were killed.
const STALE_DAYS: i64 = 1;

/// What a run is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHead {
    /// Its name: the same run published twice is published once.
    pub run_id: String,
    /// Of the scores, in hex.
    pub digest: String,
    /// The cutoff of the scores.
    pub as_of: Timestamp,
    /// What scored.
    pub model_version: String,
    /// Of what days `churn_probability` speaks.
    pub horizon_days: i64,
}

/// What a publication did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The run's name.
    pub run_id: String,
    /// The cutoff of its scores.
    pub as_of: String,
    /// Customers in it.
    pub customers: i64,
    /// Customers of the file who were forgotten and are not in it.
    pub forgotten: i64,
    /// Customers whose histories are kept beside it.
    #[serde(default)]
    pub histories: i64,
    /// Alerts that it opened.
    pub opened: i64,
    /// Alerts that were open before, and got a lot by it.
    #[serde(default)]
    pub drawn: i64,
    /// Alerts that are open and have no lot, where it drew lots.
    #[serde(default)]
    pub without_lot: i64,
    /// Alerts whose customers were contacted, by the events.
    #[serde(default)]
    pub contacted: i64,
    /// Alerts that it ended since the customer bought.
    pub bought: i64,
    /// Alerts that it ended since the risk cleared.
    pub cleared: i64,
    /// Whether it was there before, so that nothing was done.
    #[serde(default)]
    pub already: bool,
}

/// A run that is being loaded.
#[derive(Debug)]
pub struct Loading<'a> {
    pub(super) store: &'a Store,
    head: RunHead,
    pub(super) seq: i64,
    pub(super) forgotten: Forgotten,
    /// Until when the histories tell that come with it: the time of the last event of any customer.
    pub(super) until: Option<Timestamp>,
    skipped: i64,
    told: Vec<Happened>,
    cells: Cells,
}

/// A published run.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub(super) seq: i64,
    pub(super) head: RunHead,
    pub(super) customers: i64,
    pub(super) at: Timestamp,
    outcome: String,
}

impl Published {
    const SELECT: &'static str =
        "SELECT seq, run_id, digest, as_of_us, model_version, horizon_days, customers, published_us, outcome FROM runs";

    fn of(mut row: super::database::Row) -> Result<Self, StoreError> {
        Ok(Self {
            seq: row.some_integer(0)?,
            head: RunHead {
                run_id: row.some_text(1)?,
                digest: row.some_text(2)?,
                as_of: Timestamp(row.some_integer(3)?),
                model_version: row.some_text(4)?,
                horizon_days: row.some_integer(5)?,
            },
            customers: row.some_integer(6)?,
            at: Timestamp(row.some_integer(7)?),
            outcome: row.some_text(8)?,
        })
    }

    /// All of them, the latest first.
    pub(super) fn all(tx: &mut dyn Tx) -> Result<Vec<Self>, StoreError> {
        all(tx, &format!("{} ORDER BY seq DESC", Self::SELECT), &[], Self::of)
    }

    /// The one that is read.
    pub(super) fn current(tx: &mut dyn Tx) -> Result<Option<Self>, StoreError> {
        first(tx, &format!("{} ORDER BY seq DESC LIMIT 1", Self::SELECT), &[])?.map(Self::of).transpose()
    }
}

impl Store {
    /// Begins to load a run; `Err` of what was done when it is published already.
    ///
    /// # Errors
    /// [`StoreError::OtherRun`] when a run of this name has other scores, [`StoreError::Older`] when a later run is published.
    pub fn load(&self, head: RunHead, now: Timestamp) -> Result<Result<Loading<'_>, Outcome>, StoreError> {
        let begun = self.database.write(|tx| {
            if let Some(outcome) = met(tx, &head)? {
                return Ok(Err(outcome));
            }
            let stale = all(tx, "SELECT seq FROM loads WHERE begun_us < $1", &[now.plus_days(-STALE_DAYS).0.into()], |mut row| {
                row.some_integer(0)
            })?;
            for seq in stale {
                drop_run(tx, seq)?;
            }
            let last = "SELECT MAX(seq) FROM (SELECT seq FROM runs UNION ALL SELECT seq FROM loads) AS known";
            let seq = first(tx, last, &[])?.map_or(Ok(None), |mut row| row.integer(0))?.unwrap_or(0) + 1;
            tx.execute("INSERT INTO loads (seq, begun_us) VALUES ($1, $2)", &[seq.into(), now.0.into()])?;
            columns::create(tx, seq)?;
            Ok(Ok((seq, Forgotten::read(tx)?)))
        })?;
        Ok(begun.map(|(seq, forgotten)| Loading {
            store: self,
            head,
            seq,
            forgotten,
            until: None,
            skipped: 0,
            told: Vec::new(),
            cells: Cells::default(),
        }))
    }
}

impl Store {
    /// Takes a published run out piece by piece, so that nobody who wants to write waits long, or gives up soon. From the first piece on
    /// nobody knows of it, and what is left is that of a load which a later publication takes away.
    fn take_out(&self, seq: i64, now: Timestamp) -> Result<(), StoreError> {
        let soon = |work: &dyn Fn(&mut dyn Tx) -> Result<(), StoreError>| {
            self.database.write_aside(|tx| {
                tx.run(tx.dialect().impatience)?;
                work(tx)
            })
        };
        soon(&|tx| {
            let begin = "INSERT INTO loads (begun_us, seq, history_until_us) SELECT $1, seq, history_until_us FROM runs WHERE seq = $2";
            tx.execute(begin, &[now.0.into(), seq.into()])?;
            tx.execute("DELETE FROM runs WHERE seq = $1", &[seq.into()]).map(drop)
        })?;
        for (index, _) in columns::indexes(seq) {
            soon(&|tx| tx.run(&format!("DROP INDEX IF EXISTS {index}")))?;
        }
        soon(&|tx| drop_run(tx, seq))
    }
}

impl Loading<'_> {
    /// Adds customers, as [`COLUMNS`](super::COLUMNS) has them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not take them.
    pub fn add(&mut self, mut rows: Vec<Vec<Value<'static>>>) -> Result<(), StoreError> {
        let before = rows.len();
        rows.retain(|row| !matches!(row.first(), Some(Value::Text(id)) if self.forgotten.holds(id)));
        self.skipped += i64::try_from(before - rows.len()).unwrap_or(i64::MAX);
        for row in &mut rows {
            self.cells.number(row);
        }
        let (table, columns) = (table(self.seq), [&names()[..], &["cell"]].concat());
        self.store.database.write_aside(|tx| tx.load(&table, &columns, &rows))
    }

    /// Adds what events tell of customers that are [awaited](Store::awaited).
    pub fn hear(&mut self, told: Vec<Happened>) {
        self.told.extend(told);
    }

    /// Takes away what was loaded.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not take it away; then a later run does.
    pub fn give_up(self) -> Result<(), StoreError> {
        self.store.database.write(|tx| drop_run(tx, self.seq))
    }

    /// Makes it the run that is read, and takes what it says of alerts. The last `keep` runs stay, at least two.
    ///
    /// # Errors
    /// As [`Store::load`], for others may have published meanwhile; [`StoreError::Scores`] when a customer is there twice.
    pub fn publish(self, now: Timestamp, settings: &AlertSettings, keep: usize) -> Result<Outcome, StoreError> {
        let (store, seq) = (self.store, self.seq);
        let published = self.enter(now, settings);
        let Ok(outcome) = published else {
            // A later run takes it away where this cannot.
            let _ = store.database.write(|tx| drop_run(tx, seq));
            return published;
        };
        // Whoever reads an old run keeps it from going, and that is to hold nobody up.
        if let Err(error) = store.drop_old_histories() {
            tracing::info!(%error, "old histories stay until a later publication");
        }
        let old: Vec<i64> = store.database.read(|tx| Ok(Published::all(tx)?.iter().skip(keep.max(2)).map(|run| run.seq).collect()))?;
        for seq in old {
            if let Err(error) = store.take_out(seq, now) {
                tracing::info!(%error, "an old run stays until a later publication");
            }
        }
        store.database.tidy();
        Ok(outcome)
    }

    fn enter(self, now: Timestamp, settings: &AlertSettings) -> Result<Outcome, StoreError> {
        let Self { store, head, seq, forgotten, until, skipped, told, cells } = self;
        // One after the other, so that whoever wants to write in between waits for one of them at most.
        let statements = columns::indexes(seq).into_iter().map(|(_, statement)| statement);
        let indexed = statements.into_iter().try_for_each(|statement| store.database.write_aside(|tx| tx.run(&statement)));
        let indexed = indexed.and_then(|()| store.database.write_aside(|tx| cells.write(tx, seq)));
        if let Err(error) = indexed {
            let twice = || StoreError::Scores { file: head.run_id.clone(), why: "a customer is in it twice".to_owned() };
            return Err(if matches!(error, StoreError::Conflict) { twice() } else { error });
        }
        if until.is_some() {
            histories::settle(store, seq)?;
        }
        // What took place in time comes before what time has made of it.
        let Turned { contacted, bought, .. } = store.database.write(|tx| alerts::hear(tx, seq, &told, now, settings))?;
        store.expire(now, settings)?;
        store.database.write(|tx| {
            if let Some(outcome) = met(tx, &head)? {
                drop_run(tx, seq)?;
                return Ok(outcome);
            }
            let skipped = skipped + forgotten.leave_out(tx, seq, until.is_some())?;
            let customers =
                first(tx, &format!("SELECT COUNT(*) FROM {}", table(seq)), &[])?.map_or(Ok(0), |mut row| row.some_integer(0))?;
            let histories = if until.is_some() { histories::count(tx, seq)? } else { 0 };
            let earlier = Published::all(tx)?;
            count(tx, seq, earlier.first())?;
            campaigns::note_run(tx, seq)?;
            let Turned { opened, cleared, .. } = alerts::turn(tx, seq, &head, &earlier, now, settings)?;
            let (drawn, without_lot) = (alerts::draw(tx, seq)?, alerts::without(tx, seq)?);
            let outcome = Outcome {
                run_id: head.run_id.clone(),
                as_of: head.as_of.to_string(),
                customers,
                forgotten: skipped,
                histories,
                opened,
                drawn,
                without_lot,
                contacted,
                bought,
                cleared,
                already: false,
            };
            enter(tx, (seq, until), &head, &outcome, now)?;
            Ok(outcome)
        })
    }
}

/// What a run of this name, with these scores, did when it was published; `None` when there is none and this one may be.
fn met(tx: &mut dyn Tx, head: &RunHead) -> Result<Option<Outcome>, StoreError> {
    let same = first(tx, &format!("{} WHERE run_id = $1", Published::SELECT), &[head.run_id.as_str().into()])?;
    if let Some(same) = same.map(Published::of).transpose()? {
        if same.head.digest != head.digest {
            return Err(StoreError::OtherRun(head.run_id.clone()));
        }
        let outcome: Outcome = serde_json::from_str(&same.outcome).map_err(|_| StoreError::Damaged("what a run did is not told"))?;
        return Ok(Some(Outcome { already: true, ..outcome }));
    }
    match Published::current(tx)? {
        Some(current) if current.head.as_of > head.as_of => {
            Err(StoreError::Older { as_of: head.as_of.to_string(), run_id: current.head.run_id, published: current.head.as_of.to_string() })
        }
        _ => Ok(None),
    }
}

fn enter(
    tx: &mut dyn Tx,
    (seq, until): (i64, Option<Timestamp>),
    head: &RunHead,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    let told = serde_json::to_string(outcome).map_err(|_| StoreError::Damaged("what a run did cannot be told"))?;
    tx.execute(
        "INSERT INTO runs (seq, run_id, digest, as_of_us, model_version, horizon_days, customers, published_us, outcome, history_until_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            seq.into(),
            head.run_id.as_str().into(),
            head.digest.as_str().into(),
            head.as_of.0.into(),
            head.model_version.as_str().into(),
            head.horizon_days.into(),
            outcome.customers.into(),
            now.0.into(),
            told.into(),
            until.map(|until| until.0).into(),
        ],
    )?;
    tx.execute("DELETE FROM loads WHERE seq = $1", &[seq.into()]).map(drop)
}

/// Counts the run by stage and risk band, and who moved since the one before.
fn count(tx: &mut dyn Tx, seq: i64, before: Option<&Published>) -> Result<(), StoreError> {
    let new = table(seq);
    tx.run(&format!(
        "INSERT INTO run_counts (seq, stage, risk_band, customers, clv_365d, at_stake) \
         SELECT {seq}, coalesce(stage, ''), coalesce(risk_band, ''), COUNT(*), coalesce(SUM(clv_365d), 0.0), coalesce(SUM(at_stake), 0.0) \
         FROM {new} GROUP BY coalesce(stage, ''), coalesce(risk_band, '')"
    ))?;
    let Some(before) = before else { return Ok(()) };
    let old = table(before.seq);
    tx.run(&format!(
        "INSERT INTO run_moves (seq, stage_before, stage_after, customers) \
         SELECT {seq}, coalesce(o.stage, ''), coalesce(n.stage, ''), COUNT(*) FROM {new} n LEFT JOIN {old} o ON o.customer_id = n.customer_id \
         GROUP BY coalesce(o.stage, ''), coalesce(n.stage, '')"
    ))
}

/// Takes a run out, whether it was published or not.
fn drop_run(tx: &mut dyn Tx, seq: i64) -> Result<(), StoreError> {
    for table in [table(seq), histories::histories(seq)] {
        tx.run(&format!("DROP TABLE IF EXISTS {table}"))?;
    }
    for of in ["runs", "loads", "run_counts", "run_moves", "run_cells"] {
        tx.execute(&format!("DELETE FROM {of} WHERE seq = $1"), &[seq.into()])?;
    }
    Ok(())
}
