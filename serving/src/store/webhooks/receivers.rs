//! Who is told of alerts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lapwing_features::Timestamp;

use super::MessageKind;
use super::listeners::kinds;
use crate::store::database::{Row, Tx, Value, all, first};
use crate::store::{Sealer, Store, StoreError};

/// Receivers at most: each is served by itself, so that one that fails holds up none of the others.
const MOST: i64 = 32;

/// Before a secret that is sealed, and before one that is not.
const MARKS: [&str; 2] = ["sealed:", "plain:"];

/// Somebody who is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReceiver {
    /// Its name.
    pub receiver_id: String,
    /// Where it is.
    pub url: String,
    /// What it wants to know.
    pub kinds: Vec<MessageKind>,
    /// Whether it may be on this machine or its network.
    pub allow_private: bool,
}

/// Somebody who is told, and how that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub receiver_id: String,
    /// Where it is.
    pub url: String,
    /// What it wants to know.
    pub kinds: Vec<MessageKind>,
    /// Whether it may be on this machine or its network.
    pub allow_private: bool,
    /// Whether its secret is sealed.
    pub is_sealed: bool,
    /// Until when messages are signed with the secret before this one too.
    pub old_until: Option<Timestamp>,
    /// Since when.
    pub added_at: Timestamp,
    /// Since when it is told nothing any more: it said that it is gone.
    pub disabled_at: Option<Timestamp>,
    /// Why the last try failed.
    pub why: Option<String>,
    /// Messages that it took.
    pub sent: i64,
    /// Tries that failed.
    pub failed: i64,
    /// Messages that are to be told still.
    pub waiting: i64,
    /// Messages that were given up.
    pub dead: i64,
}

const RECEIVER: &str = "receiver_id, url, kinds, allow_private, secret, old_until_us, added_us, disabled_us, why, sent, failed, \
                        (SELECT COUNT(*) FROM outbox o WHERE o.receiver_id = receivers.receiver_id AND next_us IS NOT NULL), \
                        (SELECT COUNT(*) FROM outbox o WHERE o.receiver_id = receivers.receiver_id AND next_us IS NULL)";

impl Receiver {
    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            receiver_id: row.some_text(0)?,
            url: row.some_text(1)?,
            kinds: kinds(&row.some_text(2)?),
            allow_private: row.some_integer(3)? != 0,
            is_sealed: row.some_text(4)?.starts_with(MARKS[0]),
            old_until: row.integer(5)?.map(Timestamp),
            added_at: Timestamp(row.some_integer(6)?),
            disabled_at: row.integer(7)?.map(Timestamp),
            why: row.text(8)?,
            sent: row.some_integer(9)?,
            failed: row.some_integer(10)?,
            waiting: row.some_integer(11)?,
            dead: row.some_integer(12)?,
        })
    }
}

impl Store {
    /// Adds a receiver, whose messages are signed with this secret: it is sealed where there is something to seal with. It is told of steps
    /// that are taken from now on.
    ///
    /// # Errors
    /// [`StoreError::ReceiverCount`] when there are many already, [`StoreError::Conflict`] when it is there.
    pub fn add_receiver(&self, new: &NewReceiver, secret: &[u8], sealer: Option<&Sealer>, now: Timestamp) -> Result<(), StoreError> {
        let secret = kept(&new.receiver_id, secret, sealer)?;
        self.database.write(|tx| {
            let count = first(tx, "SELECT COUNT(*) FROM receivers", &[])?.map_or(Ok(0), |mut row| row.some_integer(0))?;
            if count >= MOST {
                return Err(StoreError::ReceiverCount(MOST));
            }
            let insert = "INSERT INTO receivers (receiver_id, url, kinds, allow_private, secret, added_us, sent, failed) \
                          VALUES ($1, $2, $3, $4, $5, $6, 0, 0)";
            let kinds = new.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",");
            let values = [
                new.receiver_id.as_str().into(),
                new.url.as_str().into(),
                kinds.into(),
                i64::from(new.allow_private).into(),
                secret.into(),
                now.0.into(),
            ];
            tx.execute(insert, &values).map(drop)
        })
    }

    /// Everybody who is told, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn receivers(&self) -> Result<Vec<Receiver>, StoreError> {
        let select = format!("SELECT {RECEIVER} FROM receivers ORDER BY added_us, receiver_id");
        self.database.read(|tx| all(tx, &select, &[], Receiver::of))
    }

    /// Takes a receiver out, with what was to be told to it.
    ///
    /// # Errors
    /// [`StoreError::NoReceiver`] when there is none of this name.
    pub fn remove_receiver(&self, receiver_id: &str) -> Result<Receiver, StoreError> {
        self.database.write(|tx| {
            let receiver = named(tx, receiver_id)?;
            tx.execute("DELETE FROM outbox WHERE receiver_id = $1", &[receiver_id.into()])?;
            tx.execute("DELETE FROM receivers WHERE receiver_id = $1", &[receiver_id.into()])?;
            Ok(receiver)
        })
    }

    /// From now on messages are signed with this secret, and until `old_until` with the one before too.
    ///
    /// # Errors
    /// [`StoreError::NoReceiver`] when there is none of this name.
    pub fn rotate_receiver(
        &self,
        receiver_id: &str,
        secret: &[u8],
        sealer: Option<&Sealer>,
        old_until: Timestamp,
    ) -> Result<Receiver, StoreError> {
        let secret = kept(receiver_id, secret, sealer)?;
        self.database.write(|tx| {
            let update = "UPDATE receivers SET old_secret = secret, old_until_us = $1, secret = $2 WHERE receiver_id = $3";
            tx.execute(update, &[old_until.0.into(), secret.into(), receiver_id.into()])?;
            named(tx, receiver_id)
        })
    }
}

impl Store {
    /// Seals the secrets of receivers with the key that seals today, where an older one did or none; tells of how many receivers. A secret
    /// that no key opens stays as it is.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read or written, or the system gives no random bytes.
    pub fn reseal_receivers(&self, sealer: &Sealer) -> Result<u64, StoreError> {
        self.database.write(|tx| {
            let of = |mut row: Row| Ok((row.some_text(0)?, row.some_text(1)?, row.text(2)?));
            let mut count = 0;
            for (id, secret, old) in all(tx, "SELECT receiver_id, secret, old_secret FROM receivers", &[], of)? {
                let (new, new_old) = (resealed(&id, &secret, sealer)?, old.as_deref().map(|old| resealed(&id, old, sealer)).transpose()?);
                if new != secret || new_old != old {
                    let update = "UPDATE receivers SET secret = $1, old_secret = $2 WHERE receiver_id = $3";
                    count += tx.execute(update, &[new.into(), new_old.into(), id.into()])?;
                }
            }
            Ok(count)
        })
    }
}

/// A secret that was stored so, sealed with the key that seals today; the same where it is already, or does not open.
fn resealed(receiver_id: &str, stored: &str, sealer: &Sealer) -> Result<String, StoreError> {
    let is_fresh = stored.strip_prefix(MARKS[0]).and_then(|text| STANDARD.decode(text).ok()).is_some_and(|bytes| sealer.sealed(&bytes));
    match opened(receiver_id, stored, Some(sealer)) {
        Ok(secret) if !is_fresh => kept(receiver_id, &secret, Some(sealer)),
        _ => Ok(stored.to_owned()),
    }
}

fn named(tx: &mut dyn Tx, receiver_id: &str) -> Result<Receiver, StoreError> {
    let select = format!("SELECT {RECEIVER} FROM receivers WHERE receiver_id = $1");
    let found = first(tx, &select, &[Value::from(receiver_id)])?.map(Receiver::of).transpose()?;
    found.ok_or_else(|| StoreError::NoReceiver(receiver_id.to_owned()))
}

/// What a secret is bound to: moved to another receiver, or in place of an attribute, it does not open.
fn bound(receiver_id: &str) -> String {
    format!("webhook\0{receiver_id}")
}

/// A secret as it is stored.
fn kept(receiver_id: &str, secret: &[u8], sealer: Option<&Sealer>) -> Result<String, StoreError> {
    Ok(match sealer {
        Some(sealer) => MARKS[0].to_owned() + &STANDARD.encode(sealer.seal(&bound(receiver_id), secret.to_vec())?),
        None => MARKS[1].to_owned() + &STANDARD.encode(secret),
    })
}

/// The secret that was stored so.
pub(super) fn opened(receiver_id: &str, stored: &str, sealer: Option<&Sealer>) -> Result<Vec<u8>, StoreError> {
    let damaged = || StoreError::Damaged("the secret of a receiver is none");
    let bytes = |text: &str| STANDARD.decode(text).map_err(|_| damaged());
    match (stored.strip_prefix(MARKS[0]), stored.strip_prefix(MARKS[1])) {
        (Some(sealed), _) => sealer.ok_or(StoreError::NoWebhookKey)?.open(&bound(receiver_id), &bytes(sealed)?),
        (_, Some(plain)) => bytes(plain),
        _ => Err(damaged()),
    }
}
