//! Rows of the point-in-time table, and the columns that they become.

use lapwing_features::engine::{Customer, Encoder, EngineError};
use lapwing_features::{Attribute, Column, Cutoff, FEATURES, FeatureVector, Population, Texts, Timestamp, Values, Walk, Windows};
use lapwing_models::Target;

/// How many rows are turned into columns at once, while they are in the fastest cache.
const TURNED: usize = 32;
/// Columns before the features: `customer_id`, `cutoff` and `population`.
const BEFORE: usize = 3;

/// Some rows.
pub(super) struct Rows<'a> {
    windows: Windows,
    complete_until: Timestamp,
    attributes: Vec<AttributeColumn<'a>>,
    ids: Texts,
    cutoffs: Vec<Option<i64>>,
    populations: Vec<Population>,
    /// Row by row: a write to each of a hundred columns for each row would miss the cache a hundred times.
    features: Vec<FeatureVector>,
    purchased: Vec<Option<bool>>,
}

/// Columns with room for some rows. It serves one [`Rows`] after the other, so that it stays in the cache.
pub(super) struct Sheet(Vec<Column>);

impl Sheet {
    /// Room for `capacity` rows.
    pub(super) fn new(capacity: usize) -> Self {
        let mut columns = vec![
            Column::new("customer_id", Values::Ids(Texts::default())),
            Column::new("cutoff", Values::Instant(Vec::new())),
            Column::new("population", Values::Named(Vec::new())),
        ];
        columns.extend(FEATURES.iter().map(|feature| Column::new(feature.name, Values::Measured(Vec::with_capacity(capacity)))));
        Self(columns)
    }

    /// The features of `rows` become the columns' values.
    fn turn(&mut self, rows: &[FeatureVector]) {
        let columns = &mut self.0[BEFORE..][..FEATURES.len()];
        for column in &mut *columns {
            if let Values::Measured(values) = &mut column.values {
                values.clear();
            }
        }
        for some in rows.chunks(TURNED) {
            for (place, column) in columns.iter_mut().enumerate() {
                if let Values::Measured(values) = &mut column.values {
                    values.extend(some.iter().map(|row| row.as_slice()[place]));
                }
            }
        }
    }
}

/// What the customers table says under a name.
struct AttributeColumn<'a> {
    name: &'a str,
    /// Tells the type.
    example: Option<&'a Attribute>,
    values: Vec<Option<Attribute>>,
}

impl<'a> Rows<'a> {
    /// No rows yet; `attributes` are the columns of the customers table that are written, each with a value if there is one.
    pub(super) fn new(
        windows: Windows,
        complete_until: Timestamp,
        attributes: Vec<(&'a str, Option<&'a Attribute>)>,
        capacity: usize,
    ) -> Self {
        Self {
            windows,
            complete_until,
            attributes: attributes.into_iter().map(|(name, example)| AttributeColumn { name, example, values: Vec::new() }).collect(),
            ids: Texts::default(),
            cutoffs: Vec::with_capacity(capacity),
            populations: Vec::with_capacity(capacity),
            features: Vec::with_capacity(capacity),
            purchased: Vec::with_capacity(capacity),
        }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Adds the row of a customer at a cutoff; none when nothing was seen of the customer before it.
    ///
    /// `walk` follows the customer's history.
    pub(super) fn push(&mut self, walk: &mut Walk<'_>, customer: Customer<'_>, cutoff: Cutoff) -> bool {
        let Some(population) = walk.population(cutoff, self.windows.active_days) else { return false };
        self.ids.push(customer.id);
        self.cutoffs.push(Some(cutoff.at.0));
        self.populations.push(population);
        self.features.push(walk.features(cutoff));
        self.purchased.push(customer.history.purchased_after(cutoff, self.windows, self.complete_until));
        for column in &mut self.attributes {
            let known = customer.attributes.get(column.name).filter(|attribute| attribute.is_known(cutoff.at));
            column.values.push(known.cloned());
        }
        true
    }

    /// The columns of the table, with the rows so far, in `sheet`.
    pub(super) fn columns<'s>(&self, sheet: &'s mut Sheet) -> &'s [Column] {
        sheet.turn(&self.features);
        let population = |population: &Population| Some(population.name());
        let rows = self.len();
        let label = |target: Target| {
            let of = |(purchased, population): (&Option<bool>, &Population)| {
                purchased.filter(|_| target.population() == Some(*population)).map(|purchased| target.label(purchased))
            };
            Values::Flag(self.purchased.iter().zip(&self.populations).map(of).collect())
        };
        let Sheet(table) = sheet;
        table[0].values = Values::Ids(self.ids.clone());
        table[1].values = Values::Instant(self.cutoffs.clone());
        table[2].values = Values::Named(self.populations.iter().map(population).collect());
        table.truncate(BEFORE + FEATURES.len());
        for AttributeColumn { name, example, values } in &self.attributes {
            table.push(Column::new(*name, Values::of_attribute_like(*example, values.iter().map(Option::as_ref))));
        }
        table.push(Column::new("purchased_in_outcome", Values::Flag(self.purchased.clone())));
        table.push(Column::new("churned", label(Target::Churn)));
        table.push(Column::new("reactivated", label(Target::Reactivation)));
        let horizon = i64::from(self.windows.horizon_days);
        table.push(Column::new("horizon_days", Values::Integer(vec![Some(horizon); rows])));
        table
    }

    /// Moves the rows into `encoder`; the room for them stays.
    pub(super) fn write(&mut self, sheet: &mut Sheet, encoder: &mut Encoder) -> Result<(), EngineError> {
        encoder.push(self.columns(sheet))?;
        self.ids.clear();
        self.cutoffs.clear();
        self.populations.clear();
        self.features.clear();
        self.purchased.clear();
        self.attributes.iter_mut().for_each(|column| column.values.clear());
        Ok(())
    }
}
