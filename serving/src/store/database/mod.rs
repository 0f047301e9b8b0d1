//! The two databases behind one face: the same statements, `$1` for the first value and so on, each new number the next one.
//!
//! Both know `BIGINT`, `DOUBLE PRECISION`, `TEXT` and `BYTEA`; what they do not share is [`Dialect`].

mod postgres;
mod sqlite;
mod value;

pub(super) use sqlite::Watch;
pub(super) use value::Row;
pub use value::Value;

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

/// An open database.
#[derive(Debug)]
pub(super) enum Database {
    /// A file.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Box<Postgres>),
}

impl Database {
    pub(super) fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        match url {
            StoreUrl::Sqlite(path) => Sqlite::open(path).map(Self::Sqlite),
            StoreUrl::Postgres(address) => Postgres::open(address).map(Box::new).map(Self::Postgres),
        }
    }

    /// Whether a read takes so little that it need not leave its thread.
    pub(super) fn is_near(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Reads, all from one state of the store.
    pub(super) fn read<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.read(work),
            Self::Postgres(postgres) => postgres.read(work),
        }
    }

    /// Reads by one statement: by more, from more than one state of the store.
    pub(super) fn read_once<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.read_once(work),
            Self::Postgres(postgres) => postgres.read(work),
        }
    }

    /// A connection to look out for changes by; `None` where asking for them takes as long as asking for what may have changed.
    pub(super) fn watch(&self) -> Result<Option<Watch>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.watch().map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Changes what nobody else knows of yet, so that nobody waits.
    pub(super) fn write_aside<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(work),
            Self::Postgres(postgres) => postgres.write_aside(work),
        }
    }

    /// Overwrites what was deleted where the database would keep it for a while.
    pub(super) fn scrub(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.scrub(),
            // Its own vacuum does, in its own time.
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Changes, one after the other: whoever comes meanwhile, in this process or another, waits.
    pub(super) fn write<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(work),
            Self::Postgres(postgres) => postgres.write(work),
        }
    }
}
