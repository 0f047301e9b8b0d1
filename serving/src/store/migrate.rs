//! The schema, and how an older one becomes it.

use super::StoreError;
use super::database::{Database, Tx, Value, first};

/// Each makes the next version of the schema; what was released is never changed.
const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/001_begin.sql"),
    include_str!("migrations/002_webhooks.sql"),
    include_str!("migrations/003_news.sql"),
    include_str!("migrations/004_outbox_by_death.sql"),
    include_str!("migrations/005_told.sql"),
    include_str!("migrations/006_histories.sql"),
];

/// Brings the store to this build's schema, in one transaction; of two that start at once one does it.
pub(super) fn migrate(database: &Database) -> Result<(), StoreError> {
    let newest = MIGRATIONS.len();
    // Without waiting for writers where there is nothing to do. In an empty store this fails, and it is begun below.
    if database.read(version).is_ok_and(|found| found == newest) {
        return Ok(());
    }
    database.write(|tx| {
        tx.run("CREATE TABLE IF NOT EXISTS lapwing_schema (version BIGINT NOT NULL)")?;
        let found = version(tx)?;
        if found > newest {
            return Err(StoreError::Newer { found, newest });
        }
        for (version, statements) in (1_i64..).zip(MIGRATIONS).skip(found) {
            tx.run(&statements.replace("{key}", tx.dialect().key))?;
            tx.execute("INSERT INTO lapwing_schema (version) VALUES ($1)", &[Value::Integer(version)])?;
        }
        Ok(())
    })
}

fn version(tx: &mut dyn Tx) -> Result<usize, StoreError> {
    let found = first(tx, "SELECT MAX(version) FROM lapwing_schema", &[])?.map_or(Ok(None), |mut row| row.integer(0))?;
    Ok(usize::try_from(found.unwrap_or(0)).unwrap_or(usize::MAX))
}
