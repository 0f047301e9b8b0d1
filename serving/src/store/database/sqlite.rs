//! A store in a file.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, TransactionBehavior, params_from_iter};

use super::{Dialect, Row, Tx, Value};
use crate::store::StoreError;

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long what can wait for another time waits for others.
const MOMENT: Duration = Duration::from_secs(2);

/// Steps of `SQLite`'s machine between two looks at the time: a fraction of a millisecond.
const STEPS: i32 = 10_000;

/// Statements that a connection keeps prepared.
const PREPARED: usize = 64;

/// A file, with the connections that nobody uses at the moment.
#[derive(Debug)]
pub(in crate::store) struct Sqlite {
    path: Box<Path>,
    idle: Mutex<Vec<Connection>>,
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let sqlite = Self { path: path.into(), idle: Mutex::default() };
        let connection = sqlite.connect()?;
        sqlite.give_back(connection);
        Ok(sqlite)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let unopened = |error: &rusqlite::Error| StoreError::Unopened { store: self.path.display().to_string(), why: said(error) };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(|error| unopened(&error))?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.busy_timeout(PATIENCE).map_err(|error| unopened(&error))?;
        // Readers and a writer do not wait for each other; a commit is on the disk when it is told; what is deleted is overwritten.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA mmap_size = 2147418112;")
            .map_err(|error| unopened(&error))?;
        Ok(connection)
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.connect(), Ok)
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// A connection that panics or fails within is closed with its transaction.
    fn within<T>(
        &self,
        behavior: TransactionBehavior,
        time: Option<Duration>,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.take()?;
        if let Some(time) = time {
            let begin = Instant::now();
            connection.progress_handler(STEPS, Some(move || begin.elapsed() >= time)).map_err(|error| failed(&error))?;
        }
        let done = {
            let transaction = connection.transaction_with_behavior(behavior).map_err(|error| failed(&error))?;
            let done = work(&mut &*transaction)?;
            transaction.commit().map_err(|error| failed(&error))?;
            done
        };
        if time.is_some() {
            connection.progress_handler(0, None::<fn() -> bool>).map_err(|error| failed(&error))?;
        }
        self.give_back(connection);
        Ok(done)
    }

    /// Empties the log of changes, in which deleted rows are until then.
    pub(super) fn scrub(&self) -> Result<(), StoreError> {
        let connection = self.take()?;
        let busy = empty_log(&connection)?;
        self.give_back(connection);
        if busy { Err(StoreError::Busy) } else { Ok(()) }
    }

    /// The same unless somebody reads for long: what is in the log is in the store all the same.
    pub(super) fn tidy(&self) {
        // Closed afterwards, and with it its short patience.
        let emptied = self.connect().and_then(|connection| {
            connection.busy_timeout(MOMENT).map_err(|error| failed(&error))?;
            empty_log(&connection)
        });
        if let Err(error) = emptied {
            tracing::info!(%error, "the log of changes stays as long as it is");
        }
    }

    /// What takes longer than `time` is broken off.
    pub(super) fn read<T>(&self, time: Option<Duration>, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.within(TransactionBehavior::Deferred, time, work)
    }

    /// Reads by one statement, which needs no transaction around it.
    pub(super) fn read_once<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.take()?;
        let done = work(&mut &connection)?;
        self.give_back(connection);
        Ok(done)
    }

    /// A connection of its own, to look out for changes by.
    pub(super) fn watch(&self) -> Result<Watch, StoreError> {
        self.connect().map(Watch)
    }

    pub(super) fn write<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.within(TransactionBehavior::Immediate, None, work)
    }
}

/// Tells whether others were in the way.
fn empty_log(connection: &Connection) -> Result<bool, StoreError> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(|error| failed(&error))?;
    Ok(busy != 0)
}

/// A connection that never writes, so that every change is somebody else's to it.
#[derive(Debug)]
pub(in crate::store) struct Watch(Connection);

impl Watch {
    /// A number that differs from the one before when anybody has changed anything since. Takes far less time than reading a row.
    pub(in crate::store) fn change(&self) -> Result<i64, StoreError> {
        let mut asked = self.0.prepare_cached("PRAGMA data_version").map_err(|error| failed(&error))?;
        asked.query_row([], |row| row.get(0)).map_err(|error| failed(&error))
    }

    /// Reads by one statement.
    pub(in crate::store) fn read_once<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        work(&mut &self.0)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Result<Value<'static>, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| StoreError::Damaged("a text is not UTF-8"))?;
            Value::Text(Cow::Owned(text.to_owned()))
        }
        ValueRef::Blob(bytes) => Value::Bytes(Cow::Owned(bytes.to_vec())),
    })
}

impl Tx for &Connection {
    fn dialect(&self) -> Dialect {
        Dialect { key: "TEXT", impatience: "" }
    }

    fn run(&mut self, statements: &str) -> Result<(), StoreError> {
        self.execute_batch(statements).map_err(|error| failed(&error))
    }

    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut prepared = self.prepare_cached(statement).map_err(|error| failed(&error))?;
        prepared.execute(params_from_iter(values)).map(|rows| rows as u64).map_err(|error| failed(&error))
    }

    fn query(
        &mut self,
        statement: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut prepared = self.prepare_cached(statement).map_err(|error| failed(&error))?;
        let columns = prepared.column_count();
        let mut rows = prepared.query(params_from_iter(values)).map_err(|error| failed(&error))?;
        while let Some(row) = rows.next().map_err(|error| failed(&error))? {
            let cells = (0..columns).map(|at| cell(row.get_ref(at).map_err(|error| failed(&error))?));
            each(Row(cells.collect::<Result<_, _>>()?))?;
        }
        Ok(())
    }

    fn load(&mut self, table: &str, columns: &[&str], rows: &[Vec<Value<'_>>]) -> Result<(), StoreError> {
        let places = (1..=columns.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let statement = format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", "));
        let mut prepared = self.prepare_cached(&statement).map_err(|error| failed(&error))?;
        for row in rows {
            prepared.execute(params_from_iter(row)).map_err(|error| failed(&error))?;
        }
        Ok(())
    }
}

fn failed(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OperationInterrupted) => StoreError::Busy,
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict,
        _ => StoreError::Failed(said(error)),
    }
}

/// What `SQLite` says, without the statement.
fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(message)) => format!("{message} ({:?})", code.code),
        other => other.to_string(),
    }
}
