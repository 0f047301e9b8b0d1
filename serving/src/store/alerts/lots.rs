//! Which open alerts have a lot: whether their customer is left without the campaign.

use crate::store::StoreError;
use crate::store::columns::table;
use crate::store::database::{Tx, first};

/// Gives alerts that opened without a lot that which run `seq` has of their campaign; tells how many. Who was contacted before the lot
/// was drawn proves nothing, and gets none.
pub(in crate::store) fn draw(tx: &mut dyn Tx, seq: i64) -> Result<i64, StoreError> {
    let of_run = format!("FROM {} n WHERE n.customer_id = alerts.customer_id AND n.campaign = alerts.campaign", table(seq));
    let update = format!(
        "UPDATE alerts SET held_out = (SELECT n.held_out {of_run}) WHERE {OPEN} AND EXISTS (SELECT 1 {of_run} AND n.held_out IS NOT NULL)"
    );
    Ok(i64::try_from(tx.execute(&update, &[])?).unwrap_or(i64::MAX))
}

/// How many open alerts of a campaign have no lot though run `seq` has drawn some; none where it drew none.
pub(in crate::store) fn without(tx: &mut dyn Tx, seq: i64) -> Result<i64, StoreError> {
    let select = format!(
        "SELECT COUNT(*) FROM alerts WHERE {OPEN} AND campaign IS NOT NULL AND EXISTS (SELECT 1 FROM {} n WHERE n.held_out IS NOT NULL)",
        table(seq)
    );
    first(tx, &select, &[])?.map_or(Ok(0), |mut row| row.some_integer(0))
}

/// Alerts that can have a lot yet, and have none.
const OPEN: &str = "ended_us IS NULL AND contacted_us IS NULL AND held_out IS NULL";
