//! The tables of `insights`, one Parquet file each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use lapwing_features::engine::{TableFile, write_parquet};
use lapwing_features::{Column, Texts, Token, Values};
use lapwing_models::insight::Responses;

use super::schema::{Attributions, Cohort, Insights, Month, name_of};
use crate::error::TrainError;

/// The table with a row for each customer.
const PREFERENCE: &str = "channel_preference.parquet";

/// Makes the columns of a table.
type Make = fn(&Insights) -> Vec<Column>;

/// The tables with few rows, and what makes them.
const TABLES: [(&str, Make); 6] = [
    ("retention_by_month.parquet", |insights| cohorts("cohort_month", &insights.retention_by_month)),
    ("retention_by_channel.parquet", |insights| cohorts("first_channel", &insights.retention_by_channel)),
    ("conversion.parquet", conversion),
    ("attribution.parquet", |insights| attribution(&insights.attribution)),
    ("stage_conversion.parquet", stage_conversion),
    ("transitions.parquet", transitions),
];

/// Whether a file of this name is one of the tables.
#[must_use]
pub fn is_table(name: &str) -> bool {
    name == PREFERENCE || TABLES.iter().any(|(table, _)| *table == name)
}

/// Writes all tables but that of the customers into `folder`.
///
/// # Errors
/// [`TrainError::Engine`] when one cannot be written.
pub fn write(insights: &Insights, folder: &Path) -> Result<(), TrainError> {
    for (name, columns) in TABLES {
        write_parquet(&folder.join(name), &columns(insights))?;
    }
    Ok(())
}

/// A whole number.
fn whole<T>(rows: &[T], of: impl Fn(&T) -> u64) -> Values {
    Values::Integer(rows.iter().map(|row| Some(of(row).cast_signed())).collect())
}

fn number<T>(rows: &[T], of: impl Fn(&T) -> Option<f64>) -> Values {
    Values::Number(rows.iter().map(of).collect())
}

fn named<T>(rows: &[T], of: impl Fn(&T) -> &'static str) -> Values {
    Values::Named(rows.iter().map(|row| Some(of(row))).collect())
}

fn text<T>(rows: &[T], of: impl Fn(&T) -> &str) -> Values {
    Values::Text(rows.iter().map(|row| Some(of(row).to_owned())).collect())
}

fn cohorts(by: &str, cohorts: &[Cohort]) -> Vec<Column> {
    let rows: Vec<(&Cohort, &Month)> = cohorts.iter().flat_map(|cohort| cohort.months.iter().map(move |month| (cohort, month))).collect();
    vec![
        Column::new(by, text(&rows, |(cohort, _)| &cohort.name)),
        Column::new("customers", whole(&rows, |(cohort, _)| cohort.customers)),
        Column::new("months_after", whole(&rows, |(_, month)| month.months_after.into())),
        Column::new("customers_known", whole(&rows, |(_, month)| month.customers)),
        Column::new("buyers", Values::Integer(rows.iter().map(|(_, month)| month.share.map(|_| month.buyers.cast_signed())).collect())),
        Column::new("share", number(&rows, |(_, month)| month.share)),
    ]
}

fn conversion(insights: &Insights) -> Vec<Column> {
    let rows = &insights.conversion;
    vec![
        Column::new("source", named(rows, |row| row.source)),
        Column::new("target", named(rows, |row| row.target)),
        Column::new("entered", whole(rows, |row| row.entered)),
        Column::new("reached", whole(rows, |row| row.reached)),
        Column::new("waiting", whole(rows, |row| row.waiting)),
        Column::new("share", number(rows, |row| row.share)),
        Column::new("days_median_reached", number(rows, |row| row.days_median_reached)),
        Column::new("days_median", number(rows, |row| row.days_median)),
    ]
}

fn attribution(all: &[Attributions]) -> Vec<Column> {
    let rows: Vec<_> = all.iter().flat_map(|of| of.rows.iter().map(move |row| (of.by, row))).collect();
    let mut columns = vec![
        Column::new("by", named(&rows, |(by, _)| by)),
        Column::new("name", text(&rows, |(_, row)| &row.name)),
        Column::new("touches", whole(&rows, |(_, row)| row.touches)),
        Column::new("assisted_purchases", whole(&rows, |(_, row)| row.assisted)),
        Column::new("removal_effect", number(&rows, |(_, row)| row.removal_effect)),
    ];
    for (place, rule) in lapwing_models::insight::RULES.iter().enumerate() {
        columns.push(Column::new(format!("{rule}_purchases"), number(&rows, |(_, row)| Some(row.credits[place].purchases))));
        columns.push(Column::new(format!("{rule}_amount"), number(&rows, |(_, row)| Some(row.credits[place].amount))));
    }
    columns
}

fn stage_conversion(insights: &Insights) -> Vec<Column> {
    let rows = insights.stage_conversion.as_ref().map_or(&[][..], |all| &all.stages);
    vec![
        Column::new("stage", named(rows, |row| row.stage)),
        Column::new("customers", whole(rows, |row| row.customers)),
        Column::new("buyers", whole(rows, |row| row.buyers)),
        Column::new("share", number(rows, |row| row.share.map(|share| share.0))),
        Column::new("share_low", number(rows, |row| row.share.map(|share| share.1))),
        Column::new("share_high", number(rows, |row| row.share.map(|share| share.2))),
    ]
}

fn transitions(insights: &Insights) -> Vec<Column> {
    let rows = &insights.transitions.flows;
    vec![
        Column::new("source", named(rows, |row| row.source)),
        Column::new("target", named(rows, |row| row.target)),
        Column::new("customers", whole(rows, |row| row.customers)),
        Column::new("value", number(rows, |row| row.value)),
    ]
}

/// Writes through which channel each customer answers.
#[derive(Debug)]
pub(super) struct Preferences<'a> {
    path: PathBuf,
    names: &'a HashMap<Token, String>,
}

impl<'a> Preferences<'a> {
    pub(super) fn new(folder: &Path, names: &'a HashMap<Token, String>) -> Self {
        Self { path: folder.join(PREFERENCE), names }
    }

    pub(super) fn create(&self) -> Result<TableFile, TrainError> {
        Ok(TableFile::create(&self.path, &self.rows().columns())?)
    }

    pub(super) fn rows(&self) -> Rows<'a> {
        Rows { names: self.names, ids: Texts::default(), channels: Vec::new(), numbers: Default::default(), shares: Vec::new() }
    }
}

/// Rows of that table, of which channel, counts and share are null where a customer has not answered.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    names: &'a HashMap<Token, String>,
    ids: Texts,
    channels: Vec<Option<String>>,
    /// Opens, clicks and purchases through the preferred channel, and all answers.
    numbers: [Vec<Option<i64>>; 4],
    shares: Vec<Option<f64>>,
}

impl Rows<'_> {
    pub(super) fn push(&mut self, id: &str, responses: &Responses) {
        self.ids.push(id);
        let preferred = responses.preferred();
        self.channels.push(preferred.map(|(channel, _)| name_of(channel, self.names)));
        let counts = preferred.map(|(_, answers)| [answers.opens, answers.clicks, answers.purchases, responses.count()]);
        for (place, numbers) in self.numbers.iter_mut().enumerate() {
            numbers.push(counts.map(|counts| counts[place].into()));
        }
        self.shares.push(preferred.map(|(_, answers)| f64::from(answers.count()) / f64::from(responses.count())));
    }

    pub(super) fn columns(self) -> Vec<Column> {
        let [opens, clicks, purchases, answers] = self.numbers;
        vec![
            Column::new("customer_id", Values::Ids(self.ids)),
            Column::new("preferred_channel", Values::Text(self.channels)),
            Column::new("preferred_share", Values::Number(self.shares)),
            Column::new("opens", Values::Integer(opens)),
            Column::new("clicks", Values::Integer(clicks)),
            Column::new("purchases", Values::Integer(purchases)),
            Column::new("answers", Values::Integer(answers)),
        ]
    }
}
