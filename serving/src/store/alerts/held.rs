//! Warnings that the cooldown holds back, from one publication to the next.

use std::collections::HashMap;

use lapwing_models::lifecycle::Warning;

use crate::store::StoreError;
use crate::store::database::{Tx, Value, all};

/// What the last publication held back, by customer.
pub(super) fn read(tx: &mut dyn Tx) -> Result<HashMap<String, Vec<Warning>>, StoreError> {
    let held = all(tx, "SELECT customer_id, warnings FROM held_warnings", &[], |mut row| {
        let warnings = serde_json::from_str(&row.some_text(1)?).map_err(|_| StoreError::Damaged("a warning that was held back is none"))?;
        Ok((row.some_text(0)?, warnings))
    })?;
    Ok(held.into_iter().collect())
}

/// Puts these in the place of those.
pub(super) fn write(tx: &mut dyn Tx, held: &[(String, Vec<Warning>)]) -> Result<(), StoreError> {
    tx.run("DELETE FROM held_warnings")?;
    let row = |(customer_id, warnings): &(String, Vec<Warning>)| -> Vec<Value<'static>> {
        vec![customer_id.clone().into(), serde_json::json!(warnings).to_string().into()]
    };
    tx.load("held_warnings", &["customer_id", "warnings"], &held.iter().map(row).collect::<Vec<_>>())
}
