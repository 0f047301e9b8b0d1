//! From the bytes of a request of the Open Inference Protocol to a feature table.

use std::borrow::Cow;

use lapwing_features::FeatureVector;
use serde_json::value::RawValue;

use super::body;
use super::cell::{Cell, Named};
use super::columns;
use super::members::{Listed, Members};
use super::problem::Problem;
use super::table::{Column, Form, TENSORS, Table, feature_names, read, rows_of};
use super::wire::{MAX_COLUMNS, MAX_CUSTOMERS, MAX_OUTPUTS, NUMBERS};

/// The members of a body.
pub(super) const MEMBERS: &[&str] = &["id", "parameters", "inputs", "outputs"];
/// The members of a tensor.
pub(super) const TENSOR_MEMBERS: &[&str] = &["name", "shape", "datatype", "parameters", "data"];
/// The members of an output that is asked for.
pub(super) const OUTPUT_MEMBERS: &[&str] = &["name", "parameters"];

/// The tensor that holds all features.
pub(super) const FEATURES_TENSOR: &str = "features";

/// A request that can be scored.
#[derive(Debug)]
pub(super) struct Inference<'a> {
    /// To be told in the answer.
    pub(super) id: Option<String>,
    /// As given.
    pub(super) as_of: Option<String>,
    /// The rows.
    pub(super) table: Table<'a>,
    /// Columns of the answer; all when none are named.
    pub(super) outputs: Vec<String>,
}

/// Reads a body.
///
/// # Errors
/// [`Problem::NotJson`], or [`Problem::WrongShape`] with the first member that breaks a rule.
pub(super) fn read_body(bytes: &[u8]) -> Result<Inference<'_>, Problem> {
    let members = members(body::json(bytes)?, "", MEMBERS)?;
    let id = members.get("id").map_err(|_| Problem::field("/id", "must be text"))?;
    let parameters: Option<Named> = members.get("parameters").map_err(|_| Problem::field("/parameters", "must be an object"))?;
    let inputs: Option<Listed<MAX_COLUMNS>> = members.get("inputs").ok().flatten();
    let inputs = inputs.filter(|inputs| (1..=MAX_COLUMNS).contains(&inputs.count));
    let inputs = inputs.ok_or_else(|| Problem::field(TENSORS, format!("must be an array of 1 to {MAX_COLUMNS} tensors")))?;
    let mut tensors = inputs.kept.into_iter().enumerate().map(|(place, json)| tensor(place, json)).collect::<Result<Vec<_>, _>>()?;
    let rows = tensors.first().map_or(0, |(_, rows)| rows.len());
    if tensors.iter().any(|(_, own)| own.len() != rows) {
        return Err(Problem::field(TENSORS, "must have as many rows each"));
    }
    let form = match tensors.as_mut_slice() {
        [(name, rows)] if name == FEATURES_TENSOR => Form::Rows(feature_names(), std::mem::take(rows)),
        _ => Form::Columns(tensors.into_iter().flat_map(columns_of).collect()),
    };
    let outputs = outputs(&members)?;
    Ok(Inference { id, as_of: as_of("/parameters", parameters)?, table: Table { base: TENSORS, form }, outputs })
}

/// A tensor's name, and its rows.
type Tensor<'a> = (Cow<'a, str>, Vec<Vec<Cell<'a>>>);

/// The columns of a tensor: those of all features, or one.
fn columns_of((name, rows): Tensor<'_>) -> Vec<Column<'_>> {
    let names = if name == FEATURES_TENSOR { feature_names() } else { vec![name] };
    let mut columns: Vec<Column> = names.into_iter().map(|name| (name, Vec::with_capacity(rows.len()))).collect();
    for row in rows {
        for ((_, cells), cell) in columns.iter_mut().zip(row) {
            cells.push(cell);
        }
    }
    columns
}

/// The cutoff among the parameters of a request.
///
/// # Errors
/// [`Problem::WrongShape`] when it is no text.
pub(super) fn as_of(pointer: &str, parameters: Option<Named<'_>>) -> Result<Option<String>, Problem> {
    let given = parameters.unwrap_or_default().entries.into_iter().find(|(name, _)| name == "as_of");
    match given.map(|(_, cell)| cell) {
        None | Some(Cell::Null) => Ok(None),
        Some(Cell::Text(text)) => Ok(Some(text.into_owned())),
        Some(_) => Err(Problem::field(format!("{pointer}/as_of"), "must be RFC 3339 or a date, in text")),
    }
}

/// The members of the object at `pointer`.
pub(super) fn members<'a>(json: &'a RawValue, pointer: &str, known: &'static [&'static str]) -> Result<Members<'a>, Problem> {
    let members = Members::read(json, known);
    let members = members.map_err(|_| Problem::field(pointer, format!("must be an object of `{}`", known.join("`, `"))))?;
    match members.faults.first() {
        Some(fault) => Err(Problem::field(format!("{pointer}{}", fault.pointer()), fault.rule())),
        None => Ok(members),
    }
}

/// The tensor at `place`.
fn tensor(place: usize, json: &RawValue) -> Result<Tensor<'_>, Problem> {
    let at = format!("{TENSORS}/{place}");
    let members = members(json, &at, TENSOR_MEMBERS)?;
    let wrong = |member: &str, rule: String| Problem::field(format!("{at}/{member}"), rule);
    let name: Option<Cow<str>> = members.get::<Cell>("name").ok().flatten().and_then(|cell| match cell {
        Cell::Text(name) => Some(name),
        _ => None,
    });
    let name = name.ok_or_else(|| wrong("name", "must be given, in text".to_owned()))?;
    let is_whole = name == FEATURES_TENSOR;
    let datatype: Option<String> = members.get("datatype").ok().flatten();
    let is_known = |datatype: &String| NUMBERS.contains(&datatype.as_str()) || !is_whole && ["BYTES", "BOOL"].contains(&datatype.as_str());
    if !datatype.as_ref().is_some_and(is_known) {
        return Err(wrong("datatype", format!("must be one of `{}`; or `BYTES` or `BOOL` for what is no feature", NUMBERS.join("`, `"))));
    }
    let width = if is_whole { FeatureVector::LEN } else { 1 };
    let shape: Option<Vec<u64>> =
        members.get::<Listed<3>>("shape").ok().flatten().and_then(|shape| shape.kept.into_iter().map(read).collect());
    let rows = match shape.as_deref() {
        Some([rows]) if !is_whole => *rows,
        Some([rows, columns]) if *columns == width as u64 => *rows,
        _ if is_whole => return Err(wrong("shape", format!("must be [n, {width}]"))),
        _ => return Err(wrong("shape", "must be [n]".to_owned())),
    };
    if !(1..=MAX_CUSTOMERS as u64).contains(&rows) {
        return Err(wrong("shape", format!("must tell of 1 to {MAX_CUSTOMERS} rows")));
    }
    let data = members.get::<&RawValue>("data").ok().flatten().and_then(|data| rows_of(data, width));
    let data = data.filter(|data| data.len() as u64 == rows);
    let data = data.ok_or_else(|| wrong("data", "must hold as many values as `shape` tells, in rows or flat".to_owned()))?;
    Ok((name, data))
}

fn outputs(members: &Members<'_>) -> Result<Vec<String>, Problem> {
    let wrong = || {
        Problem::field(
            "/outputs",
            format!("must be an array of at most {MAX_OUTPUTS} outputs, each an object with its `name`; the model's metadata lists them"),
        )
    };
    let Some(asked): Option<Listed<MAX_OUTPUTS>> = members.get("outputs").map_err(|_| wrong())? else { return Ok(Vec::new()) };
    let name = |(place, json): (usize, &RawValue)| {
        let at = format!("/outputs/{place}");
        let name = self::members(json, &at, OUTPUT_MEMBERS)?.get::<String>("name").ok().flatten();
        let name = name.filter(|name| columns::is_column(name));
        name.ok_or_else(|| Problem::field(format!("{at}/name"), "must be an output; the model's metadata lists them"))
    };
    if asked.count > asked.kept.len() {
        return Err(wrong());
    }
    asked.kept.into_iter().enumerate().map(name).collect()
}
