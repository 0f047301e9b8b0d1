//! The two databases behind one face: the same statements, `$1` for the first value and so on, each new number the next one.
//!
//! Both know `BIGINT`, `DOUBLE PRECISION`, `TEXT` and `BYTEA`; what they do not share is [`Dialect`].

mod postgres;
mod sqlite;
mod value;

pub(super) use sqlite::Watch;
pub(super) use value::Row;
pub use value::Value;

use std::sync::Arc;
use std::time::Duration;

use crate::store::{StoreError, StoreUrl};
use postgres::Postgres;
use sqlite::Sqlite;

/// What the two write differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Texts in the order of their bytes, which is the order of `SQLite` at home.
    pub(super) key: &'static str,
    /// From here to the end of the transaction, to wait for others a moment only.
    pub(super) impatience: &'static str,
}

/// Statements within one transaction: all of them happen, or none.
pub(super) trait Tx {
    /// What this database writes differently.
    fn dialect(&self) -> Dialect;

    /// Runs statements without values.
    fn run(&mut self, statements: &str) -> Result<(), StoreError>;

    /// Runs a statement; tells how many rows it touched.
    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    /// Hands each row that is found over, in order.
    fn query(
        &mut self,
        statement: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Adds rows to a table, the fastest way that there is.
    fn load(&mut self, table: &str, columns: &[&str], rows: &[Vec<Value<'_>>]) -> Result<(), StoreError>;
}

/// The first row that is found.
pub(super) fn first(tx: &mut dyn Tx, statement: &str, values: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
    let mut found = None;
    tx.query(statement, values, &mut |row| {
        found.get_or_insert(row);
        Ok(())
    })?;
    Ok(found)
}

/// All rows that are found, each made into something.
pub(super) fn all<T>(
    tx: &mut dyn Tx,
    statement: &str,
    values: &[Value<'_>],
    mut of: impl FnMut(Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    tx.query(statement, values, &mut |row| {
        found.push(of(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Where a database is.
#[derive(Debug)]
enum Kept {
    /// A file.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Box<Postgres>),
}

/// An open database; a clone of it is the same one.
#[derive(Clone, Debug)]
pub(super) struct Database {
    kept: Arc<Kept>,
    time: Option<Duration>,
}

impl Database {
    pub(super) fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        let kept = match url {
            StoreUrl::Sqlite(path) => Kept::Sqlite(Sqlite::open(path)?),
            StoreUrl::Postgres(address) => Kept::Postgres(Box::new(Postgres::open(address)?)),
        };
        Ok(Self { kept: Arc::new(kept), time: None })
    }

    /// The same database, in which a read ends after so long, done or not.
    pub(super) fn within(&self, time: Duration) -> Self {
        Self { kept: Arc::clone(&self.kept), time: Some(time) }
    }

    /// Whether a read takes so little that it need not leave its thread.
    pub(super) fn is_near(&self) -> bool {
        matches!(*self.kept, Kept::Sqlite(_))
    }

    /// Reads, all from one state of the store.
    pub(super) fn read<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &*self.kept {
            Kept::Sqlite(sqlite) => sqlite.read(self.time, work),
            Kept::Postgres(postgres) => postgres.read(self.time, work),
        }
    }

    /// Reads by one statement: by more, from more than one state of the store.
    pub(super) fn read_once<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &*self.kept {
            Kept::Sqlite(sqlite) => sqlite.read_once(work),
            Kept::Postgres(postgres) => postgres.read(self.time, work),
        }
    }

    /// A connection to look out for changes by; `None` where asking for them takes as long as asking for what may have changed.
    pub(super) fn watch(&self) -> Result<Option<Watch>, StoreError> {
        match &*self.kept {
            Kept::Sqlite(sqlite) => sqlite.watch().map(Some),
            Kept::Postgres(_) => Ok(None),
        }
    }

    /// Changes what nobody else knows of yet, so that nobody waits.
    pub(super) fn write_aside<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &*self.kept {
            Kept::Sqlite(sqlite) => sqlite.write(work),
            Kept::Postgres(postgres) => postgres.write_aside(work),
        }
    }

    /// Overwrites what was deleted where the database would keep it for a while.
    pub(super) fn scrub(&self) -> Result<(), StoreError> {
        match &*self.kept {
            Kept::Sqlite(sqlite) => sqlite.scrub(),
            // Its own vacuum does, in its own time.
            Kept::Postgres(_) => Ok(()),
        }
    }

    /// Gives back what a large change took beside the store, unless others are in the way.
    pub(super) fn tidy(&self) {
        if let Kept::Sqlite(sqlite) = &*self.kept {
            sqlite.tidy();
        }
    }

    /// Changes, one after the other: whoever comes meanwhile, in this process or another, waits.
    pub(super) fn write<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &*self.kept {
            Kept::Sqlite(sqlite) => sqlite.write(work),
            Kept::Postgres(postgres) => postgres.write(work),
        }
    }
}
