//! Who delivers what, and what became of it.

use lapwing_features::Timestamp;

use super::receivers::opened;
use crate::store::database::{Row, Tx, Value, all, first};
use crate::store::{Sealer, Store, StoreError};

/// For so long a dead message can be looked at.
const DEAD_DAYS: i64 = 30;

/// Longest reason that is kept, in bytes.
const MOST_WHY: usize = 200;

/// Due messages of a receiver, those that have waited longest, in the order of an index: one more word in it, and each claim would sort
/// all that wait.
pub(in crate::store) const DUE: &str = "SELECT message_id, body, tries FROM outbox WHERE receiver_id = $1 AND next_us <= $2 \
                                        AND EXISTS (SELECT 1 FROM receivers r WHERE r.receiver_id = outbox.receiver_id AND r.disabled_us IS NULL) \
                                        ORDER BY next_us LIMIT $3";

/// Takes out what died before an instant.
pub(in crate::store) const BURY: &str = "DELETE FROM outbox WHERE dead_us < $1";

/// A receiver that something is due for.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub receiver_id: String,
    /// Where it is.
    pub url: String,
    /// Whether it may be on this machine or its network.
    pub allow_private: bool,
    secret: String,
    old: Option<(String, Timestamp)>,
}

impl std::fmt::Debug for Target {
    /// Without the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("receiver_id", &self.receiver_id).field("url", &self.url).finish_non_exhaustive()
    }
}

/// A message to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its name, the same at every try.
    pub message_id: String,
    /// What is sent.
    pub body: String,
    /// Tries that failed.
    pub tries: u32,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It was taken.
    Sent,
    /// It was not, and is tried again then; never, without an instant.
    Failed(Option<Timestamp>, String),
    /// It was not, and nothing more is to be sent there.
    Gone(String),
}

impl Target {
    const SELECT: &'static str = "SELECT receiver_id, url, allow_private, secret, old_secret, old_until_us FROM receivers r";

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            receiver_id: row.some_text(0)?,
            url: row.some_text(1)?,
            allow_private: row.some_integer(2)? != 0,
            secret: row.some_text(3)?,
            old: row.text(4)?.zip(row.integer(5)?.map(Timestamp)),
        })
    }

    /// The secrets to sign with, the newest first.
    ///
    /// # Errors
    /// [`StoreError::NoWebhookKey`] and [`StoreError::Key`] when there is no key, or another, than the one that sealed.
    pub fn secrets(&self, sealer: Option<&Sealer>, now: Timestamp) -> Result<Vec<Vec<u8>>, StoreError> {
        let old = self.old.as_ref().filter(|(_, until)| *until > now).map(|(secret, _)| secret);
        [&self.secret].into_iter().chain(old).map(|secret| opened(&self.receiver_id, secret, sealer)).collect()
    }
}

impl Store {
    /// The receivers that something is due for.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn due(&self, now: Timestamp) -> Result<Vec<Target>, StoreError> {
        let select = format!(
            "{} WHERE r.disabled_us IS NULL AND EXISTS (SELECT 1 FROM outbox o WHERE o.receiver_id = r.receiver_id AND o.next_us <= $1) \
             ORDER BY r.receiver_id",
            Target::SELECT
        );
        self.database.read(|tx| all(tx, &select, &[now.0.into()], Target::of))
    }

    /// A receiver as it is now; `None` when it is told nothing any more.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn target(&self, receiver_id: &str) -> Result<Option<Target>, StoreError> {
        let select = format!("{} WHERE r.disabled_us IS NULL AND r.receiver_id = $1", Target::SELECT);
        self.database.read(|tx| first(tx, &select, &[receiver_id.into()])?.map(Target::of).transpose())
    }

    /// Messages that wait, whether they are due or not.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn waiting(&self) -> Result<i64, StoreError> {
        let count = "SELECT COUNT(*) FROM outbox WHERE next_us IS NOT NULL";
        self.database.read(|tx| first(tx, count, &[])?.map_or(Ok(0), |mut row| row.some_integer(0)))
    }

    /// Claims up to `most` due messages for a receiver, those that have waited longest, under the name of a lease. Nobody else delivers
    /// them until it ends, at `until`; then somebody does, since who claimed them must have died.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written; then nothing is claimed.
    pub fn claim(&self, receiver_id: &str, lease: &str, now: Timestamp, until: Timestamp, most: i64) -> Result<Vec<Outgoing>, StoreError> {
        self.database.write(|tx| {
            let messages = all(tx, DUE, &[receiver_id.into(), now.0.into(), most.into()], |mut row| {
                let (message_id, body) = (row.some_text(0)?, row.some_text(1)?);
                let tries = u32::try_from(row.some_integer(2)?).map_err(|_| StoreError::Damaged("a count is negative"))?;
                Ok(Outgoing { message_id, body, tries })
            })?;
            for message in &messages {
                let update = "UPDATE outbox SET lease = $1, next_us = $2 WHERE message_id = $3";
                tx.execute(update, &[lease.into(), until.0.into(), message.message_id.as_str().into()])?;
            }
            Ok(messages)
        })
    }

    /// Writes down what became of messages that were claimed under a lease; tells how many died. What somebody else claimed since, because
    /// the lease had ended, is theirs, except that what was taken is taken.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written; then nothing is written down, and they are delivered again when the lease ends.
    pub fn settle(&self, receiver_id: &str, lease: &str, ends: &[(String, End)], now: Timestamp) -> Result<u64, StoreError> {
        self.database.write(|tx| {
            let mut dead = 0;
            // What was taken before the receiver was gone is taken.
            let (gone, others): (Vec<_>, Vec<_>) = ends.iter().partition(|(_, end)| matches!(end, End::Gone(_)));
            for (message_id, end) in others.into_iter().chain(gone) {
                dead += settle(tx, receiver_id, lease, message_id, end, now)?;
            }
            if dead > 0 {
                tx.execute(BURY, &[now.plus_days(-DEAD_DAYS).0.into()])?;
            }
            Ok(dead)
        })
    }
}

fn settle(tx: &mut dyn Tx, receiver: &str, lease: &str, message: &str, end: &End, now: Timestamp) -> Result<u64, StoreError> {
    let (next, why) = match end {
        End::Sent => {
            let sent = tx.execute("DELETE FROM outbox WHERE message_id = $1 AND next_us IS NOT NULL", &[message.into()])?;
            let update = "UPDATE receivers SET sent = sent + $1, why = NULL WHERE receiver_id = $2";
            return tx.execute(update, &[sent.cast_signed().into(), receiver.into()]).map(|_| 0);
        }
        End::Failed(next, why) => (*next, short(why)),
        End::Gone(why) => (None, short(why)),
    };
    let update = "UPDATE receivers SET failed = failed + 1, why = $1 WHERE receiver_id = $2";
    tx.execute(update, &[why.into(), receiver.into()])?;
    if matches!(end, End::Gone(_)) {
        tx.execute(
            "UPDATE receivers SET disabled_us = $1 WHERE receiver_id = $2 AND disabled_us IS NULL",
            &[now.0.into(), receiver.into()],
        )?;
        let update =
            "UPDATE outbox SET next_us = NULL, lease = NULL, dead_us = $1, why = $2 WHERE receiver_id = $3 AND next_us IS NOT NULL";
        return tx.execute(update, &[now.0.into(), why.into(), receiver.into()]);
    }
    let died = if next.is_none() { Value::from(now.0) } else { Value::Null };
    let update =
        "UPDATE outbox SET tries = tries + 1, next_us = $1, lease = NULL, dead_us = $2, why = $3 WHERE message_id = $4 AND lease = $5";
    let values = [next.map(|at| at.0).into(), died, why.into(), message.into(), lease.into()];
    let changed = tx.execute(update, &values)?;
    Ok(if next.is_none() { changed } else { 0 })
}

/// The beginning of a reason.
fn short(why: &str) -> &str {
    let end = (0..=why.len().min(MOST_WHY)).rev().find(|at| why.is_char_boundary(*at)).unwrap_or(0);
    &why[..end]
}
