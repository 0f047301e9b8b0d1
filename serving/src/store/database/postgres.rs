//! A store on a server.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::postgres::binary_copy::BinaryCopyInWriter;
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::{FromSql, IsNull, ToSql, Type};
use ::postgres::{Client, Config, IsolationLevel, Transaction, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Dialect, Row, Tx, Value};
use crate::store::StoreError;
use bytes::BytesMut;

/// How long a connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// Held by whoever writes, until the end of the transaction. The number is "lapwing" in ASCII.
const WRITERS: &str = "SELECT pg_advisory_xact_lock(30506406389837415)";

/// Longer than another publication holds the lock.
const PATIENT: &str = "SET LOCAL lock_timeout = '60s'";

type Refusal = Box<dyn std::error::Error + Sync + Send>;

/// A server, with the connections that nobody uses at the moment.
pub(in crate::store) struct Postgres {
    config: Config,
    shown: String,
    idle: Mutex<Vec<Client>>,
}

impl std::fmt::Debug for Postgres {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("shown", &self.shown).finish_non_exhaustive()
    }
}

impl Postgres {
    pub(super) fn open(address: &str) -> Result<Self, StoreError> {
        let mut config: Config = address.parse().map_err(|_| StoreError::Address)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("lapwing-serve");
        }
        let database = config.get_dbname().unwrap_or("its own database");
        let postgres = Self { shown: format!("PostgreSQL, {database}"), config, idle: Mutex::default() };
        let client = postgres.connect()?;
        postgres.give_back(client);
        Ok(postgres)
    }

    fn connect(&self) -> Result<Client, StoreError> {
        let unopened = |why: String| StoreError::Unopened { store: self.shown.clone(), why };
        let connected = if self.config.get_ssl_mode() == SslMode::Disable {
            self.config.connect(::postgres::NoTls)
        } else {
            let mut roots = rustls::RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|error| unopened(error.to_string()))?
                .with_root_certificates(roots)
                .with_no_client_auth();
            self.config.connect(MakeRustlsConnect::new(tls))
        };
        connected.map_err(|error| unopened(said(&error)))
    }

    fn take(&self) -> Result<Client, StoreError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                // The server may have been started anew since.
                Some(client) if client.is_closed() => {}
                Some(client) => return Ok(client),
                None => return self.connect(),
            }
        }
    }

    fn give_back(&self, client: Client) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
    }

    /// A statement that takes longer than `time` the server breaks off.
    pub(super) fn read<T>(&self, time: Option<Duration>, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut client = self.take()?;
        let done = {
            let level = IsolationLevel::RepeatableRead;
            let begun = client.build_transaction().isolation_level(level).read_only(true).start();
            let mut transaction = begun.map_err(|error| failed(&error))?;
            if let Some(time) = time {
                // To the server 0 is no limit, and more than 24 days are none either.
                let limit = time.as_millis().clamp(1, 2_000_000_000);
                transaction.batch_execute(&format!("SET LOCAL statement_timeout = {limit}")).map_err(|error| failed(&error))?;
            }
            let done = work(&mut transaction)?;
            transaction.commit().map_err(|error| failed(&error))?;
            done
        };
        self.give_back(client);
        Ok(done)
    }

    pub(super) fn write<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.write_aside(|tx| {
            tx.run(PATIENT)?;
            tx.run(WRITERS)?;
            work(tx)
        })
    }

    pub(super) fn write_aside<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut client = self.take()?;
        let done = {
            let mut transaction = client.transaction().map_err(|error| failed(&error))?;
            let done = work(&mut transaction)?;
            transaction.commit().map_err(|error| failed(&error))?;
            done
        };
        self.give_back(client);
        Ok(done)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Refusal> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Real(number) => number.to_sql(kind, out),
            Self::Text(text) => text.as_ref().to_sql(kind, out),
            Self::Bytes(bytes) => bytes.as_ref().to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    ::postgres::types::to_sql_checked!();
}

impl<'a> FromSql<'a> for Value<'static> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Refusal> {
        Ok(match *kind {
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(kind, raw)?),
            Type::BYTEA => Self::Bytes(Cow::Owned(<&[u8]>::from_sql(kind, raw)?.to_vec())),
            _ => Self::Text(Cow::Owned(String::from_sql(kind, raw)?)),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Refusal> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::FLOAT8, Type::BYTEA, Type::TEXT, Type::VARCHAR].contains(kind)
    }
}

fn by_reference<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl Tx for Transaction<'_> {
    fn dialect(&self) -> Dialect {
        Dialect { key: "TEXT COLLATE \"C\"", impatience: "SET LOCAL lock_timeout = '2s'" }
    }

    fn run(&mut self, statements: &str) -> Result<(), StoreError> {
        self.batch_execute(statements).map_err(|error| failed(&error))
    }

    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        Transaction::execute(self, statement, &by_reference(values)).map_err(|error| failed(&error))
    }

    fn query(
        &mut self,
        statement: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut rows = self.query_raw(statement, by_reference(values)).map_err(|error| failed(&error))?;
        while let Some(row) = rows.next().map_err(|error| failed(&error))? {
            let cells = (0..row.len()).map(|at| row.try_get::<_, Value<'static>>(at).map_err(|error| failed(&error)));
            each(Row(cells.collect::<Result<_, _>>()?))?;
        }
        Ok(())
    }

    fn load(&mut self, table: &str, columns: &[&str], rows: &[Vec<Value<'_>>]) -> Result<(), StoreError> {
        let columns = columns.join(", ");
        let types: Vec<Type> = {
            let prepared = self.prepare(&format!("SELECT {columns} FROM {table}")).map_err(|error| failed(&error))?;
            prepared.columns().iter().map(|column| column.type_().clone()).collect()
        };
        let copy = self.copy_in(&format!("COPY {table} ({columns}) FROM STDIN BINARY")).map_err(|error| failed(&error))?;
        let mut writer = BinaryCopyInWriter::new(copy, &types);
        for row in rows {
            writer.write(&by_reference(row)).map_err(|error| failed(&error))?;
        }
        writer.finish().map(drop).map_err(|error| failed(&error))
    }
}

fn failed(error: &::postgres::Error) -> StoreError {
    match error.code() {
        Some(code) if code.code().starts_with("23") => StoreError::Conflict,
        // Serialization, deadlock, a lock or a statement that took too long, a server that stops: another try may do.
        Some(code) if ["40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03"].contains(&code.code()) => StoreError::Busy,
        _ if error.is_closed() => StoreError::Busy,
        _ => StoreError::Failed(said(error)),
    }
}

/// What the server says, without its details, which hold data.
fn said(error: &::postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => error.to_string(),
    }
}
