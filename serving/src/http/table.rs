//! A feature table, whichever way it was sent: from each row a customer is made as `/v1/score` has it, and scored as that one is.

use std::borrow::Cow;

use lapwing_features::{FEATURES, FeatureVector, Timestamp, schema};
use serde_json::value::RawValue;

use super::admission::Watch;
use super::cell::{Cell, Named};
use super::customer::{By, Customer, population_of};
use super::kept::Kept;
use super::lineup::Lineup;
use super::members::{Listed, plain};
use super::panel::Panel;
use super::place::{MAX_TEXT, escape};
use super::problem::Problem;
use super::sheet::Sheet;
use super::wire::{EntryError, MAX_CUSTOMERS, RefusedEntry};

/// Most values of a table of all features.
const MOST_CELLS: usize = MAX_CUSTOMERS * FeatureVector::LEN;

/// Columns that `lapwing-train features` writes beside the features, and that tell nothing here.
const PASSED_OVER: &[&str] = &["cutoff", "purchased_in_outcome", "churned", "reactivated", "horizon_days"];

/// A column and its values.
pub(super) type Column<'a> = (Cow<'a, str>, Vec<Cell<'a>>);

/// A feature table.
#[derive(Debug)]
pub(super) struct Table<'a> {
    /// Pointer to it in the request.
    pub(super) base: &'static str,
    /// What it holds.
    pub(super) form: Form<'a>,
}

/// How it was sent.
#[derive(Debug)]
pub(super) enum Form<'a> {
    /// Rows, each of which names its columns.
    Records(Vec<Named<'a>>),
    /// Rows of as many cells as there are names.
    Rows(Vec<Cow<'a, str>>, Vec<Vec<Cell<'a>>>),
    /// Columns of one length.
    Columns(Vec<Column<'a>>),
}

impl<'a> Table<'a> {
    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        match &self.form {
            Form::Records(records) => records.len(),
            Form::Rows(_, rows) => rows.len(),
            Form::Columns(columns) => columns.first().map_or(0, |(_, cells)| cells.len()),
        }
    }

    fn row(&self, place: usize) -> Vec<(Cow<'a, str>, Cell<'a>)> {
        match &self.form {
            Form::Records(records) => records[place].entries.clone(),
            Form::Rows(names, rows) => names.iter().cloned().zip(rows[place].iter().cloned()).collect(),
            Form::Columns(columns) => columns.iter().map(|(name, cells)| (name.clone(), cells[place].clone())).collect(),
        }
    }

    /// The customer of a row, with its place where it has no name.
    pub(super) fn customer(&self, lineup: &Lineup, place: usize) -> (String, Result<Customer<'a>, EntryError>) {
        let (id, customer) = customer(lineup, self.row(place));
        let id = id.unwrap_or_else(|| place.to_string());
        let named = Cow::Owned(id.clone());
        (id, customer.map(|(by, attributes)| Customer { id: named, by, attributes }))
    }

    /// The error of a row, with a pointer to where it stands in this table.
    fn placed(&self, place: usize, error: &EntryError) -> EntryError {
        let member = error.pointer.trim_start_matches("/features").trim_start_matches("/attributes");
        let pointer = match (&self.form, member.is_empty()) {
            (Form::Records(_), _) => format!("{}/{place}{member}", self.base),
            // All features in one tensor, which may be flat.
            (Form::Rows(..), _) if self.base == TENSORS => format!("{TENSORS}/0/data"),
            (Form::Rows(..), _) => format!("{}/{place}", self.base),
            (Form::Columns(_), true) => self.base.to_owned(),
            (Form::Columns(columns), false) => match columns.iter().position(|(name, _)| escape(name) == member[1..]) {
                // The columns of `/inputs` are an array where each names itself, and an object where the names are its own.
                Some(column) if self.base == TENSORS => format!("{}/{column}/data/{place}", self.base),
                Some(_) => format!("{}{member}/{place}", self.base),
                None => self.base.to_owned(),
            },
        };
        EntryError { code: error.code, detail: format!("row {place}: {}", error.detail), pointer }
    }
}

/// Base of tables that are tensors.
pub(super) const TENSORS: &str = "/inputs";

/// Scores the rows of a table, or says of each why it is not scored.
///
/// # Errors
/// [`Problem::Deadline`] when it takes too long, [`Problem::Fault`] when the answer cannot be written.
pub(super) fn score<'a>(
    lineup: &'a Lineup,
    sheet: &mut Sheet<'a>,
    as_of: Timestamp,
    table: &Table<'_>,
    watch: &Watch,
) -> Result<(), Problem> {
    let mut panel = Panel::new(lineup, as_of);
    for place in 0..table.rows() {
        watch.check()?;
        let (named, customer) = customer(lineup, table.row(place));
        let is_named = named.is_some();
        let id = named.unwrap_or_else(|| place.to_string());
        // Who has no name is met by no share.
        let seat = if is_named { panel.seat(&id) } else { panel.champion() };
        let read = customer
            .and_then(|(by, attributes)| seat.reader.read(None, &Customer { id: Cow::Borrowed(&id), by, attributes }, &Kept::NotHere));
        match read {
            Ok(reading) => sheet.score(&id, seat, &reading)?,
            Err(error) => sheet.refuse(&RefusedEntry { customer_id: Some(id.clone()), error: table.placed(place, &error) })?,
        }
        if !is_named {
            sheet.unnamed(&id);
        }
    }
    panel.put_back();
    Ok(())
}

/// By what a customer is scored, and its attributes.
type Parts<'a> = (By<'a>, Named<'a>);

/// The id of a row's customer, and what else it tells of it.
fn customer<'a>(lineup: &Lineup, row: Vec<(Cow<'a, str>, Cell<'a>)>) -> (Option<String>, Result<Parts<'a>, EntryError>) {
    let (mut id, mut population) = (None, None);
    let (mut features, mut attributes) = (Named { entries: Vec::with_capacity(row.len()) }, Named::default());
    let mut wrong = None;
    let mut refuse = |code, name: &str, rule: &str| {
        let pointer = format!("/{}", escape(name));
        wrong.get_or_insert(EntryError { code, detail: format!("`{name}` {rule}"), pointer });
    };
    for (name, cell) in row {
        match &*name {
            "customer_id" => match cell.name() {
                Some(_) if id.is_some() => refuse("repeated_member", "customer_id", "is given twice"),
                Some(told) if told.trim().is_empty() => refuse("empty_id", "customer_id", "must not be empty"),
                Some(told) if told.len() > MAX_TEXT => {
                    refuse("text_too_long", "customer_id", &format!("must be at most {MAX_TEXT} bytes long"));
                }
                Some(told) => id = Some(told.into_owned()),
                None => refuse("wrong_type", "customer_id", "must be text or a whole number"),
            },
            "population" => match &cell {
                Cell::Null => {}
                Cell::Text(told) if population_of(told).is_some() => population = population_of(told),
                _ => refuse("unknown_population", "population", "must be `current`, `lapsed` or `prospect`"),
            },
            known if schema::position(known).is_some() => features.entries.push((name, cell)),
            known if lineup.knows_attribute(known) => attributes.entries.push((name, cell)),
            known if PASSED_OVER.contains(&known) => {}
            unknown => match plain(unknown) {
                Some(unknown) => refuse("unknown_column", unknown, "is no feature and no attribute; `/v1/models` lists the features"),
                None => {
                    refuse("unknown_column", "columns", "hold one that is no feature and no attribute; `/v1/models` lists the features");
                }
            },
        }
    }
    (id, wrong.map_or(Ok((By::Features(features, population), attributes)), Err))
}

/// The names of all features, in their order.
pub(super) fn feature_names() -> Vec<Cow<'static, str>> {
    FEATURES.iter().map(|feature| Cow::Borrowed(feature.name)).collect()
}

/// The values of an array of `width` columns, row by row, whether it is flat or an array of rows; `None` when it is neither, has
/// another width, or has more values than a table of 1000 rows.
pub(super) fn rows_of(json: &RawValue, width: usize) -> Option<Vec<Vec<Cell<'_>>>> {
    if width == 0 {
        return None;
    }
    let values = cells(json)?;
    if !matches!(values.first(), Some(Cell::Nested(_))) {
        return values.len().is_multiple_of(width).then(|| values.chunks(width).map(<[Cell]>::to_vec).collect());
    }
    let rows: Listed<'_, MOST_CELLS> = read(json)?;
    rows.kept.into_iter().map(|row| cells(row).filter(|row| row.len() == width)).collect()
}

/// The values of an array; `None` when it is none, or is longer than a table may be.
pub(super) fn cells(json: &RawValue) -> Option<Vec<Cell<'_>>> {
    let listed: Listed<'_, MOST_CELLS, Cell<'_>> = read(json)?;
    (listed.count == listed.kept.len()).then_some(listed.kept)
}

/// What stands in `json`; `None` when it is something else, or a number that fits no double.
pub(super) fn read<'a, T: serde::Deserialize<'a>>(json: &'a RawValue) -> Option<T> {
    serde_json::from_str(json.get()).ok()
}
