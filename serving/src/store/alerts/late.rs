//! What a publication tells of customers that took place before it: purchases by the run, purchases and contacts by a file of events.
//!
//! Each counts by its own time, so this comes before the steps that time has made by the publication. It is a transaction of its own:
//! it is true whether or not the run is published, and told again it changes nothing.

use std::collections::HashMap;

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::{AlertSettings, Input};

use super::record::{KEPT, Kept, LAPWING, Told};
use super::turn::Turned;
use crate::store::columns::table;
use crate::store::database::{Tx, all};
use crate::store::webhooks::Listeners;
use crate::store::{Store, StoreError, campaigns};

/// What stands in the log beside what a publication tells.
const BY_EVENTS: &str = "told by the events";
const BY_RUN: &str = "told by the scores";

/// Something that a file of events tells of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// Whose.
    pub customer_id: String,
    /// When it took place.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happening {
    /// We reached out to the customer.
    Contact,
    /// The customer bought, for so much where that is known.
    Purchase(Option<f64>),
}

impl Happened {
    fn input(&self) -> Input {
        match self.what {
            Happening::Contact => Input::Contact(self.at),
            Happening::Purchase(_) => Input::Purchase(self.at),
        }
    }
}

impl Store {
    /// Of whom events are waited for, and since when: customers with an alert, and those of campaigns.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn awaited(&self) -> Result<HashMap<String, Timestamp>, StoreError> {
        let select = "SELECT customer_id, MIN(since_us) FROM (\
                      SELECT customer_id, as_of_us AS since_us FROM alerts WHERE ended_us IS NULL \
                      UNION ALL SELECT customer_id, opened_us FROM alerts WHERE ended_us IS NULL \
                      UNION ALL SELECT customer_id, at_us FROM exposures) AS awaited GROUP BY customer_id";
        let rows = self.database.read(|tx| all(tx, select, &[], |mut row| Ok((row.some_text(0)?, Timestamp(row.some_integer(1)?)))))?;
        Ok(rows.into_iter().collect())
    }
}

/// Takes what run `seq` and the events tell that took place by `now`.
pub(in crate::store) fn hear(
    tx: &mut dyn Tx,
    seq: i64,
    told: &[Happened],
    now: Timestamp,
    settings: &AlertSettings,
) -> Result<Turned, StoreError> {
    campaigns::note_all(tx, told, now)?;
    let mut by_customer: HashMap<&str, Vec<Input>> = HashMap::new();
    for happened in told {
        by_customer.entry(&happened.customer_id).or_default().push(happened.input());
    }
    let kept = KEPT.split(", ").map(|name| format!("a.{name}")).collect::<Vec<_>>().join(", ");
    let select = format!(
        "SELECT {kept}, a.customer_id, n.last_purchase_us FROM alerts a LEFT JOIN {} n ON n.customer_id = a.customer_id \
         WHERE a.ended_us IS NULL ORDER BY a.alert_id",
        table(seq)
    );
    let live = all(tx, &select, &[], |mut row| Ok((Kept::of(&mut row)?, row.some_text(7)?, row.integer(8)?.map(Timestamp))))?;
    let (mut turned, listeners) = (Turned::default(), Listeners::read(tx)?);
    for (mut kept, customer_id, last_purchase) in live {
        let by_events = by_customer.remove(customer_id.as_str()).unwrap_or_default().into_iter().map(|input| (input, BY_EVENTS));
        let mut inputs: Vec<_> = by_events.chain(last_purchase.map(|at| (Input::Purchase(at), BY_RUN))).collect();
        // What took place in the same instant: contact before the purchase, as elsewhere.
        inputs.sort_by_key(|(input, reason)| (input.at(), matches!(input, Input::Purchase(_)), *reason));
        for (input, reason) in inputs.into_iter().filter(|(input, _)| input.at().is_some_and(|at| at <= now)) {
            take(tx, &mut kept, input, &Heard { seq, reason, now, listeners: &listeners }, &mut turned, settings)?;
        }
    }
    Ok(turned)
}

/// Where something is known from.
struct Heard<'a> {
    seq: i64,
    reason: &'static str,
    now: Timestamp,
    listeners: &'a Listeners,
}

fn take(
    tx: &mut dyn Tx,
    kept: &mut Kept,
    input: Input,
    heard: &Heard<'_>,
    turned: &mut Turned,
    settings: &AlertSettings,
) -> Result<(), StoreError> {
    // Most of what is told changes nothing, and then the log is not asked.
    if kept.episode.meet_late(input, kept.as_of, kept.episode.opened_at, settings).is_none() {
        return Ok(());
    }
    let after = kept.last_step(tx)?;
    let Some(step) = kept.episode.meet_late(input, kept.as_of, after, settings) else { return Ok(()) };
    let (what, count) = match input {
        Input::Contact(_) => ("contact", &mut turned.contacted),
        _ => ("purchase", &mut turned.bought),
    };
    *count += 1;
    let Heard { seq, reason, now, listeners } = *heard;
    let token = format!("run:{seq}:{what}");
    let told = Told { token: &token, happened: input.at(), recorded: now, actor: LAPWING, reason: Some(reason), listeners };
    kept.step(tx, step, &told, settings)
}
