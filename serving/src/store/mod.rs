//! What outlives a scoring: published scores, alerts and what became of them. In a file, or on a `PostgreSQL` server.
//!
//! | file | does |
//! |---|---|
//! | `url`, `database`, `migrate` | where it is, the two databases behind one face, the schema |
//! | `columns`, `publish` | what a run holds of each customer; how it takes the place of the one before |
//! | `customers`, `cells`, `summary` | what is read of the published run |
//! | `histories` | what is kept of each customer of a run to score it by |
//! | `lookout` | whether what was read is still so |
//! | `alerts` | the 72-hour alerts: what opens them, what becomes known, what time does |
//! | `campaigns` | who was assigned to a campaign, and what they bought |
//! | `sealed` | personal attributes and histories, and the keys that open them |
//! | `webhooks` | who is told what becomes of alerts, and what is still to be told |
//! | `forget` | takes a customer out of all of it |
//!
//! All decisions are taken by pure code of `lapwing-models`; here is what is kept and in which transaction. No clock is read: whoever
//! calls says what time it is.

mod alerts;
mod campaigns;
mod cells;
mod columns;
mod customers;
mod database;
mod error;
mod forget;
mod histories;
mod lookout;
mod migrate;
mod publish;
mod sealed;
mod summary;
mod url;
mod webhooks;

pub use alerts::{Alert, AlertFilter, AlertPage, Happened, Happening, LogEntry, News, Once, Taken};
pub use campaigns::{Bought, Campaigned, Exposed, Exposure, Noted, Observed};
pub use columns::{COLUMNS, Kind, StoreColumn};
pub use customers::{Cursor, Customer, CustomerFilter, CustomerPage, HELD_OUT, Sort};
pub use database::Value;
pub use error::StoreError;
pub use forget::Erased;
pub use histories::{Histories, KeptHistory, history_row};
pub use lookout::{Lookout, Mark};
pub use publish::{Loading, Outcome, RunHead};
pub use sealed::{Sealer, SealerError};
pub use summary::{Group, Move, Run, Summary};
pub use url::StoreUrl;
pub use webhooks::{End, MessageKind, NewReceiver, Outgoing, Receiver, Target};

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use customers::Current;
use database::Database;

/// An open store. May be shared by threads; every call is a transaction of its own.
#[derive(Debug)]
pub struct Store {
    database: Database,
    /// The run that was read last, so that it need not be asked for each time.
    current: Arc<ArcSwapOption<Current>>,
}

impl Store {
    /// Opens the store, and brings its schema up to this build's.
    ///
    /// # Errors
    /// [`StoreError::Unopened`] or [`StoreError::Address`] when it is not there, [`StoreError::Newer`] when a newer build wrote it.
    pub fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        let database = Database::open(url)?;
        migrate::migrate(&database)?;
        Ok(Self { database, current: Arc::default() })
    }

    /// Opens the store that is there: a file is not begun.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`StoreError::Unopened`] when there is no such file.
    pub fn open_existing(url: &StoreUrl) -> Result<Self, StoreError> {
        match url {
            StoreUrl::Sqlite(path) if !path.is_file() => {
                Err(StoreError::Unopened { store: url.to_string(), why: "there is no such file".to_owned() })
            }
            url => Self::open(url),
        }
    }

    /// The same store, in which a read that takes longer is broken off: [`StoreError::Busy`].
    #[must_use]
    pub fn within(&self, time: Duration) -> Self {
        Self { database: self.database.within(time), current: Arc::clone(&self.current) }
    }

    /// Whether a read takes so little that it need not leave its thread: so it is with a file.
    #[must_use]
    pub fn is_near(&self) -> bool {
        self.database.is_near()
    }
}

#[cfg(test)]
pub(crate) mod tests;
