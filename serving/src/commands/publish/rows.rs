//! From the columns of a scores file to the rows of the store.

use std::collections::BTreeMap;
use std::mem;

use lapwing_features::{Column, Timestamp, Values};
use lapwing_models::score::{AS_OF, HORIZON_DAYS};
use serde_json::Value as Json;

use crate::store::{COLUMNS, Kind, RunHead, Sealer, StoreError, Value};

/// The column that names the bundle.
const MODEL_VERSION: &str = "model_version";

/// What is the same in every row.
pub(super) const HEAD: [&str; 3] = [AS_OF, MODEL_VERSION, HORIZON_DAYS];

/// How columns of attributes begin.
const ATTRIBUTE: &str = "attribute_";

/// How columns of signs begin.
const SIGN: &str = "sign_";

/// Whether a column of the scores file is stored, in whatever form.
pub(super) fn wanted(name: &str) -> bool {
    HEAD.contains(&name) || name.starts_with(ATTRIBUTE) || name.starts_with(SIGN) || COLUMNS.iter().any(|column| column.of == Some(name))
}

/// Why rows are none.
pub(super) enum Wrong {
    /// The scores are not what `score` writes.
    Scores(String),
    /// They cannot be sealed.
    Store(StoreError),
}

/// The head that the first row tells; the name is not known yet.
pub(super) fn head(columns: &[Column], digest: &str) -> Option<RunHead> {
    let of = |name: &str| columns.iter().find(|column| column.name == name).map(|column| &column.values);
    let Some(Values::Instant(as_of)) = of(AS_OF) else { return None };
    let Some(Values::Text(version)) = of(MODEL_VERSION) else { return None };
    let Some(Values::Number(days)) = of(HORIZON_DAYS) else { return None };
    Some(RunHead {
        run_id: String::new(),
        digest: digest.to_owned(),
        as_of: Timestamp((*as_of.first()?)?),
        model_version: version.first()?.clone()?,
        horizon_days: (*days.first()?)? as i64,
    })
}

/// Makes rows of one file.
pub(super) struct Rows<'a> {
    /// What every row must say.
    pub(super) head: &'a RunHead,
    /// Attributes that are sealed.
    pub(super) personal: &'a [String],
    /// By whom.
    pub(super) sealer: Option<&'a Sealer>,
}

impl Rows<'_> {
    /// The rows of some columns, a cell for each of [`COLUMNS`].
    pub(super) fn of(&self, mut columns: Vec<Column>) -> Result<Vec<Vec<Value<'static>>>, Wrong> {
        let count = columns.first().map_or(0, |column| column.values.len());
        self.check(&columns)?;
        let is_there = |name: &&String| !columns.iter().any(|column| column.name.strip_prefix(ATTRIBUTE) == Some(name.as_str()));
        if let Some(name) = self.personal.iter().find(is_there) {
            return Err(Wrong::Scores(format!("it has no attribute `{name}` that could be personal")));
        }
        let (raised, unknown) = signs(&columns, count);
        let attributes = attributes(&mut columns, count);
        let mut by_name: BTreeMap<String, Values> = columns.into_iter().map(|column| (column.name, column.values)).collect();
        let mut rows: Vec<Vec<Value<'static>>> = (0..count).map(|_| Vec::with_capacity(COLUMNS.len())).collect();
        let (mut churn, mut clv) = (vec![Value::Null; count], vec![Value::Null; count]);
        for column in COLUMNS {
            let cells: Vec<Value<'static>> = match column.of {
                Some(of) => {
                    let read = by_name.remove(of).map(|values| cells(values, column.kind));
                    match read {
                        Some(cells) => cells.ok_or_else(|| Wrong::Scores(format!("column `{of}` has another type")))?,
                        None if column.is_optional => vec![Value::Null; count],
                        None => return Err(Wrong::Scores(format!("it has no column `{of}`"))),
                    }
                }
                None => match column.name {
                    "at_stake" => churn.iter().zip(&clv).map(|(churn, clv)| stake(churn, clv)).collect(),
                    "signs_raised" => raised.iter().map(|names| names.clone().into()).collect(),
                    "signs_unknown" => unknown.iter().map(|names| names.clone().into()).collect(),
                    "attributes" => attributes.iter().map(|all| self.open(all)).collect(),
                    _ => rows.iter().zip(&attributes).map(|(row, all)| self.sealed(row, all)).collect::<Result<_, _>>()?,
                },
            };
            match column.name {
                "churn_probability" => churn.clone_from(&cells),
                "clv_365d" => clv.clone_from(&cells),
                _ => {}
            }
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.push(cell);
            }
        }
        if rows.iter().any(|row| row.first() == Some(&Value::Null)) {
            return Err(Wrong::Scores("a row has no customer".to_owned()));
        }
        Ok(rows)
    }

    /// A file is of one cutoff and one model.
    fn check(&self, columns: &[Column]) -> Result<(), Wrong> {
        let same = columns.iter().all(|column| match (&column.values, column.name.as_str()) {
            (Values::Instant(all), AS_OF) => all.iter().all(|at| *at == Some(self.head.as_of.0)),
            (Values::Text(all), MODEL_VERSION) => all.iter().all(|version| version.as_ref() == Some(&self.head.model_version)),
            _ => true,
        });
        if same { Ok(()) } else { Err(Wrong::Scores("its rows are of several dates or models".to_owned())) }
    }

    fn open(&self, all: &BTreeMap<String, Json>) -> Value<'static> {
        let open: BTreeMap<&String, &Json> = all.iter().filter(|(name, _)| !self.personal.contains(name)).collect();
        if open.is_empty() { Value::Null } else { serde_json::json!(open).to_string().into() }
    }

    fn sealed(&self, row: &[Value<'_>], all: &BTreeMap<String, Json>) -> Result<Value<'static>, Wrong> {
        let personal: BTreeMap<String, Json> =
            all.iter().filter(|(name, _)| self.personal.contains(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
        if personal.is_empty() {
            return Ok(Value::Null);
        }
        let (Some(Value::Text(id)), Some(sealer)) = (row.first(), self.sealer) else { return Err(Wrong::Store(StoreError::NoKey)) };
        sealer.seal_attributes(id, &personal).map(Value::from).map_err(Wrong::Store)
    }
}

fn cells(values: Values, kind: Kind) -> Option<Vec<Value<'static>>> {
    Some(match values {
        // Whole numbers are read as numbers.
        Values::Number(all) if kind == Kind::Count => all.into_iter().map(|number| number.map(|number| number as i64).into()).collect(),
        Values::Text(all) => all.into_iter().map(Value::from).collect(),
        Values::Flag(all) if kind == Kind::Flag => all.into_iter().map(|flag| flag.map(i64::from).into()).collect(),
        Values::Number(all) => all.into_iter().map(|number| number.filter(|number| number.is_finite()).into()).collect(),
        Values::Integer(all) | Values::Instant(all) => all.into_iter().map(Value::from).collect(),
        _ => return None,
    })
}

fn stake(churn: &Value<'_>, clv: &Value<'_>) -> Value<'static> {
    match (churn, clv) {
        (Value::Real(churn), Value::Real(clv)) => Value::Real(churn * clv),
        _ => Value::Null,
    }
}

/// The names of raised and of unknown signs, a comma between them.
fn signs(columns: &[Column], count: usize) -> (Vec<String>, Vec<String>) {
    let (mut raised, mut unknown) = (vec![String::new(); count], vec![String::new(); count]);
    let add = |to: &mut String, name: &str| {
        if !to.is_empty() {
            to.push(',');
        }
        to.push_str(name);
    };
    for column in columns {
        let (Some(name), Values::Flag(flags)) = (column.name.strip_prefix(SIGN), &column.values) else { continue };
        for (row, flag) in flags.iter().enumerate() {
            match flag {
                Some(true) => add(&mut raised[row], name),
                None => add(&mut unknown[row], name),
                Some(false) => {}
            }
        }
    }
    (raised, unknown)
}

/// The attributes of each row, by name; those that are missing are left out.
fn attributes(columns: &mut [Column], count: usize) -> Vec<BTreeMap<String, Json>> {
    let mut all = vec![BTreeMap::new(); count];
    for column in columns {
        let Some(name) = column.name.strip_prefix(ATTRIBUTE) else { continue };
        let values: Vec<Option<Json>> = match mem::replace(&mut column.values, Values::Flag(Vec::new())) {
            Values::Text(values) => values.into_iter().map(|value| value.map(Json::from)).collect(),
            Values::Number(values) => values.into_iter().map(|value| value.filter(|value| value.is_finite()).map(Json::from)).collect(),
            Values::Flag(values) => values.into_iter().map(|value| value.map(Json::from)).collect(),
            Values::Instant(values) => values.into_iter().map(|value| value.map(|at| Timestamp(at).to_string().into())).collect(),
            _ => continue,
        };
        for (row, value) in all.iter_mut().zip(values) {
            row.extend(value.map(|value| (name.to_owned(), value)));
        }
    }
    all
}
