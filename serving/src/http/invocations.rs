//! From the bytes of `/invocations` to a feature table: what clients of `MLflow` and `SageMaker` send.

use std::borrow::Cow;
use std::fmt;

use lapwing_features::FeatureVector;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::body;
use super::cell::{Named, Text};
use super::infer::members;
use super::members::Listed;
use super::problem::Problem;
use super::table::{Column, Form, Table, cells, feature_names, read, rows_of};
use super::wire::{DEFAULT_EXPLAIN, MAX_COLUMNS, MAX_CUSTOMERS, MAX_EXPLAIN};

/// The members of a body.
pub(super) const MEMBERS: &[&str] = &["dataframe_split", "dataframe_records", "instances", "inputs", "params"];
/// The members of a table that is split.
pub(super) const SPLIT_MEMBERS: &[&str] = &["columns", "index", "data"];
/// The members of what holds for all rows.
pub(super) const PARAMS_MEMBERS: &[&str] = &["as_of", "explain"];

/// A request that can be scored.
#[derive(Debug)]
pub(super) struct Invocation<'a> {
    /// As given.
    pub(super) as_of: Option<String>,
    /// At most [`MAX_EXPLAIN`].
    pub(super) explain: usize,
    /// The rows.
    pub(super) table: Table<'a>,
}

/// Reads a body.
///
/// # Errors
/// [`Problem::NotJson`], or [`Problem::WrongShape`] with the first member that breaks a rule.
pub(super) fn read_body(bytes: &[u8]) -> Result<Invocation<'_>, Problem> {
    let members = members(body::json(bytes)?, "", MEMBERS)?;
    let given = |name: &'static str| members.get::<&RawValue>(name).ok().flatten();
    let (mut as_of, mut explain) = (None, DEFAULT_EXPLAIN);
    if let Some(params) = given("params") {
        let params = self::members(params, "/params", PARAMS_MEMBERS)?;
        as_of = params.get("as_of").map_err(|_| Problem::field("/params/as_of", "must be RFC 3339 or a date, in text"))?;
        let given = params.get("explain").map(|given| given.unwrap_or(DEFAULT_EXPLAIN)).ok().filter(|explain| *explain <= MAX_EXPLAIN);
        explain = given.ok_or_else(|| Problem::field("/params/explain", format!("must be a whole number from 0 to {MAX_EXPLAIN}")))?;
    }
    let tables = ["dataframe_split", "dataframe_records", "instances", "inputs"].map(given);
    let table = match tables {
        [Some(json), None, None, None] => split(json)?,
        [None, Some(json), None, None] => records("/dataframe_records", json)?,
        [None, None, Some(json), None] if is_of_objects(json) => records("/instances", json)?,
        [None, None, Some(json), None] => features("/instances", json)?,
        [None, None, None, Some(json)] if json.get().starts_with('{') => columns("/inputs", json)?,
        [None, None, None, Some(json)] => features("/inputs", json)?,
        _ => return Err(Problem::field("", "must have one of `dataframe_split`, `dataframe_records`, `instances` and `inputs`")),
    };
    if !(1..=MAX_CUSTOMERS).contains(&table.rows()) {
        return Err(Problem::field(table.base, format!("must have 1 to {MAX_CUSTOMERS} rows")));
    }
    Ok(Invocation { as_of, explain: explain as usize, table })
}

fn is_of_objects(json: &RawValue) -> bool {
    read::<Listed<1>>(json).is_some_and(|rows| rows.kept.first().is_some_and(|first| first.get().starts_with('{')))
}

fn split(json: &RawValue) -> Result<Table<'_>, Problem> {
    let base = "/dataframe_split";
    let members = members(json, base, SPLIT_MEMBERS)?;
    let names = members.get::<&RawValue>("columns").ok().flatten().and_then(read::<Listed<MAX_COLUMNS>>);
    let names = names.filter(|names| (1..=MAX_COLUMNS).contains(&names.count));
    let names = names.and_then(|names| names.kept.into_iter().map(|name| read(name).map(|Text(name)| name)).collect::<Option<Vec<_>>>());
    let rule = || Problem::field(format!("{base}/columns"), format!("must be an array of 1 to {MAX_COLUMNS} names"));
    let names: Vec<Cow<str>> = names.ok_or_else(rule)?;
    let rows = members.get::<Listed<MAX_CUSTOMERS>>("data").ok().flatten().filter(|rows| (1..=MAX_CUSTOMERS).contains(&rows.count));
    let rows = rows.ok_or_else(|| Problem::field(format!("{base}/data"), format!("must be an array of 1 to {MAX_CUSTOMERS} rows")))?;
    let row = |(place, row): (usize, _)| {
        let row = cells(row).filter(|row| row.len() == names.len());
        row.ok_or_else(|| Problem::field(format!("{base}/data/{place}"), "must be an array of as many values as there are columns"))
    };
    let rows = rows.kept.into_iter().enumerate().map(row).collect::<Result<_, _>>()?;
    Ok(Table { base: "/dataframe_split/data", form: Form::Rows(names, rows) })
}

fn records<'a>(base: &'static str, json: &'a RawValue) -> Result<Table<'a>, Problem> {
    let rows = read::<Listed<MAX_CUSTOMERS>>(json).filter(|rows| rows.count <= MAX_CUSTOMERS);
    let rows = rows.ok_or_else(|| Problem::field(base, format!("must be an array of 1 to {MAX_CUSTOMERS} rows")))?;
    let row = |(place, row): (usize, _)| {
        let named: Option<Named> = read(row).filter(|named: &Named| named.entries.len() <= MAX_COLUMNS);
        named.ok_or_else(|| Problem::field(format!("{base}/{place}"), format!("must be an object of at most {MAX_COLUMNS} columns")))
    };
    let rows = rows.kept.into_iter().enumerate().map(row).collect::<Result<_, _>>()?;
    Ok(Table { base, form: Form::Records(rows) })
}

/// Rows of all features.
fn features<'a>(base: &'static str, json: &'a RawValue) -> Result<Table<'a>, Problem> {
    let is_of_rows = read::<Listed<1>>(json).is_some_and(|rows| rows.kept.first().is_some_and(|first| first.get().starts_with('[')));
    let rows = rows_of(json, FeatureVector::LEN).filter(|_| is_of_rows);
    let rule = || Problem::field(base, format!("must be an array of rows: arrays of all {} features, in their order", FeatureVector::LEN));
    Ok(Table { base, form: Form::Rows(feature_names(), rows.ok_or_else(rule)?) })
}

fn columns<'a>(base: &'static str, json: &'a RawValue) -> Result<Table<'a>, Problem> {
    let rule = || Problem::field(base, format!("must be an object of at most {MAX_COLUMNS} columns, arrays of one length"));
    let Pairs(pairs) = read(json).ok_or_else(rule)?;
    let columns = pairs.into_iter().map(|(name, values)| Some((name, cells(values)?))).collect::<Option<Vec<Column>>>();
    let columns = columns.filter(|columns| columns.windows(2).all(|pair| pair[0].1.len() == pair[1].1.len()));
    Ok(Table { base, form: Form::Columns(columns.ok_or_else(rule)?) })
}

/// An object of at most [`MAX_COLUMNS`] members that are still to be read.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Text(name), value)) = map.next_entry()? {
            if pairs.len() == MAX_COLUMNS {
                return Err(serde::de::Error::custom("too many"));
            }
            pairs.push((name, value));
        }
        Ok(Pairs(pairs))
    }
}
