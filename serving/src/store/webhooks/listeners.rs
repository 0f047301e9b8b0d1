//! What goes into the outbox.

use lapwing_features::Timestamp;
use lapwing_models::lifecycle::Step;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::MessageKind;
use crate::http::wire::AlertBody;
use crate::store::database::{Tx, Value, all};
use crate::store::{Alert, StoreError};

/// Who wants to be told, as read once for a transaction: where there is nobody, nothing more is done.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Listeners(Vec<(String, Vec<MessageKind>)>);

/// A message as it is sent: what Standard Webhooks recommend, with the alert as HTTP tells it.
#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    timestamp: String,
    data: &'a AlertBody,
}

/// So many rows are written one after the other.
const FEW: usize = 8;

const COLUMNS: [&str; 9] = ["message_id", "receiver_id", "alert_id", "customer_id", "kind", "at_us", "body", "tries", "next_us"];

impl Listeners {
    pub(in crate::store) fn read(tx: &mut dyn Tx) -> Result<Self, StoreError> {
        let select = "SELECT receiver_id, kinds FROM receivers WHERE disabled_us IS NULL ORDER BY receiver_id";
        Ok(Self(all(tx, select, &[], |mut row| Ok((row.some_text(0)?, kinds(&row.some_text(1)?))))?))
    }

    /// Whether anybody is told of this step.
    pub(in crate::store) fn want(&self, step: Step) -> bool {
        let kind = MessageKind::of_deed(step.deed.name());
        self.0.iter().any(|(_, kinds)| kind.is_some_and(|kind| kinds.contains(&kind)))
    }

    /// Puts a message on each of these alerts, which just took this step, into the outbox, for everybody who wants it.
    pub(in crate::store) fn tell(&self, tx: &mut dyn Tx, step: Step, alerts: &[Alert], now: Timestamp) -> Result<(), StoreError> {
        let Some(kind) = MessageKind::of_deed(step.deed.name()).filter(|_| self.want(step)) else { return Ok(()) };
        let mut rows = Vec::new();
        for alert in alerts {
            let data = AlertBody::from(alert.clone());
            let message = Message { r#type: kind.name(), timestamp: step.at.to_string(), data: &data };
            let body = serde_json::to_string(&message).map_err(|_| StoreError::Damaged("an alert cannot be told"))?;
            for (receiver, _) in self.0.iter().filter(|(_, kinds)| kinds.contains(&kind)) {
                rows.push(row(receiver, alert, kind, step.at, body.clone(), now));
            }
        }
        // Loading begins with questions about the table, which few rows do not make up for.
        if rows.len() > FEW {
            return tx.load("outbox", &COLUMNS, &rows);
        }
        let insert = format!("INSERT INTO outbox ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", COLUMNS.join(", "));
        rows.iter().try_for_each(|row| tx.execute(&insert, row).map(drop))
    }
}

fn row(receiver: &str, alert: &Alert, kind: MessageKind, at: Timestamp, body: String, now: Timestamp) -> Vec<Value<'static>> {
    vec![
        message_id(receiver, &alert.alert_id, kind).into(),
        receiver.to_owned().into(),
        alert.alert_id.clone().into(),
        alert.customer_id.clone().into(),
        kind.name().into(),
        at.0.into(),
        body.into(),
        Value::Integer(0),
        now.0.into(),
    ]
}

/// The kinds of a list, as it is stored; what a newer build knows and this one does not is left out.
pub(super) fn kinds(list: &str) -> Vec<MessageKind> {
    list.split(',').filter_map(|name| name.parse().ok()).collect()
}

/// The name of a message, the same whoever writes it: an alert takes each of these steps once. There is no full stop in it, since those
/// part what is signed.
fn message_id(receiver: &str, alert: &str, kind: MessageKind) -> String {
    let digest = Sha256::digest([receiver, "\0", alert, "\0", kind.name()].concat());
    digest.iter().take(16).fold("msg_".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}
