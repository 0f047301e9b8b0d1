//! What is stored of each customer of a run: one table, from which the statements are made.

use super::database::Tx;

/// What a column of a run holds, and so which type it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Count,
    /// 1 for true and 0 for false.
    Flag,
    /// Microseconds since 1970.
    Instant,
    /// Bytes that only the key of the store opens.
    Sealed,
}

/// A column of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreColumn {
    /// Its name in the store.
    pub name: &'static str,
    /// The column of `scores.parquet` that it is; `None` when it is made of several.
    pub of: Option<&'static str>,
    /// What it holds.
    pub kind: Kind,
    /// Whether scores may be without it; then it is null.
    pub is_optional: bool,
}

const fn same(name: &'static str, kind: Kind) -> StoreColumn {
    StoreColumn { name, of: Some(name), kind, is_optional: false }
}

const fn from(name: &'static str, of: &'static str, kind: Kind) -> StoreColumn {
    StoreColumn { name, of: Some(of), kind, is_optional: false }
}

const fn made(name: &'static str, kind: Kind) -> StoreColumn {
    StoreColumn { name, of: None, kind, is_optional: false }
}

const fn advised(name: &'static str, kind: Kind) -> StoreColumn {
    StoreColumn { name, of: Some(name), kind, is_optional: true }
}

/// The columns of a run, the customer first.
pub const COLUMNS: &[StoreColumn] = &[
    same("customer_id", Kind::Text),
    same("population", Kind::Text),
    same("stage", Kind::Text),
    same("phase", Kind::Text),
    from("stage_entered_us", "stage_entered_at", Kind::Instant),
    same("previous_stage", Kind::Text),
    same("segment", Kind::Text),
    same("risk_band", Kind::Text),
    same("value_tier", Kind::Text),
    same("churn_probability", Kind::Number),
    same("churn_probability_low", Kind::Number),
    same("churn_probability_high", Kind::Number),
    same("reactivation_probability", Kind::Number),
    same("reactivation_probability_low", Kind::Number),
    same("reactivation_probability_high", Kind::Number),
    same("health", Kind::Number),
    same("intent", Kind::Number),
    same("intent_low", Kind::Number),
    same("intent_high", Kind::Number),
    same("expected_purchases_365d", Kind::Number),
    same("clv_365d", Kind::Number),
    same("probability_basis", Kind::Text),
    same("rfm_r", Kind::Count),
    same("rfm_f", Kind::Count),
    same("rfm_m", Kind::Count),
    same("reason_1", Kind::Text),
    same("reason_2", Kind::Text),
    same("reason_3", Kind::Text),
    from("last_purchase_us", "last_purchase_at", Kind::Instant),
    advised("action", Kind::Text),
    advised("campaign", Kind::Text),
    advised("action_within_hours", Kind::Count),
    advised("held_out", Kind::Flag),
    made("at_stake", Kind::Number),
    made("signs_raised", Kind::Text),
    made("signs_unknown", Kind::Text),
    made("attributes", Kind::Text),
    made("personal", Kind::Sealed),
];

/// Where a column stands in a row.
pub(super) fn place(name: &str) -> usize {
    COLUMNS.iter().position(|column| column.name == name).unwrap_or(usize::MAX)
}

/// The names, in order.
pub(super) fn names() -> Vec<&'static str> {
    COLUMNS.iter().map(|column| column.name).collect()
}

/// The table of a run. Statements are made with it, so that it is a number and nothing else.
pub(super) fn table(seq: i64) -> String {
    format!("run_{seq}")
}

/// Makes the empty table of a run.
pub(super) fn create(tx: &mut dyn Tx, seq: i64) -> Result<(), super::StoreError> {
    let column = |column: &StoreColumn| {
        let kind = match column.kind {
            Kind::Text if column.name == "customer_id" => format!("{} NOT NULL", tx.dialect().key),
            Kind::Text => "TEXT".to_owned(),
            Kind::Number => "DOUBLE PRECISION".to_owned(),
            Kind::Count | Kind::Flag | Kind::Instant => "BIGINT".to_owned(),
            Kind::Sealed => "BYTEA".to_owned(),
        };
        format!("{} {kind}", column.name)
    };
    let columns = COLUMNS.iter().map(column).collect::<Vec<_>>().join(", ");
    tx.run(&format!("CREATE TABLE {} ({columns}, cell BIGINT NOT NULL)", table(seq)))
}

/// What pages are sorted by beside the id, greatest first: see [`indexes`].
pub(super) const SORTS: [&str; 4] = ["at_stake", "churn_probability", "reactivation_probability", "clv_365d"];

/// The indexes of the table of a run, each by its name and the statement that makes it once the table is full: by customer, which fails
/// when one is there twice, by what pages are sorted by, and by [cell](super::cells) in each of these orders.
pub(super) fn indexes(seq: i64) -> Vec<(String, String)> {
    let table = table(seq);
    let index = |name: String, kind: &str, on: String| (name.clone(), format!("CREATE {kind} {name} ON {table} ({on})"));
    let mut all = vec![index(format!("{table}_customer"), "UNIQUE INDEX", "customer_id".to_owned())];
    all.push(index(format!("{table}_cell"), "INDEX", "cell, customer_id".to_owned()));
    for sort in SORTS {
        let order = format!("coalesce({sort}, -1.0) DESC, customer_id");
        all.push(index(format!("{table}_cell_{sort}"), "INDEX", format!("cell, {order}")));
        all.push(index(format!("{table}_{sort}"), "INDEX", order));
    }
    all
}
