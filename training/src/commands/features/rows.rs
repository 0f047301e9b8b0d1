//! Rows of the point-in-time table, collected column by column.

use lapwing_features::engine::Customer;
use lapwing_features::{Attribute, Column, Cutoff, FEATURES, Population, Texts, Timestamp, Values, Walk, Windows};
use lapwing_models::Target;

/// How many rows are turned into columns at once, while they are in the cache.
const TURNED: usize = 64;

/// Some rows.
pub(super) struct Rows<'a> {
    windows: Windows,
    complete_until: Timestamp,
    attributes: Vec<AttributeColumn<'a>>,
    ids: Texts,
    cutoffs: Vec<i64>,
    populations: Vec<Population>,
    features: Vec<Vec<f64>>,
    /// The last rows, one after the other: a write to each of a hundred columns for each row would miss the cache a hundred times.
    latest: Vec<f64>,
    purchased: Vec<Option<bool>>,
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
            features: FEATURES.iter().map(|_| Vec::with_capacity(capacity)).collect(),
            latest: Vec::with_capacity(TURNED * FEATURES.len()),
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
        self.cutoffs.push(cutoff.at.0);
        self.populations.push(population);
        self.latest.extend_from_slice(walk.features(cutoff).as_slice());
        if self.latest.len() == TURNED * FEATURES.len() {
            self.turn();
        }
        self.purchased.push(customer.history.purchased_after(cutoff, self.windows, self.complete_until));
        for column in &mut self.attributes {
            let known = customer.attributes.get(column.name).filter(|attribute| attribute.is_known(cutoff.at));
            column.values.push(known.cloned());
        }
        true
    }

    /// Turns the latest rows into columns.
    fn turn(&mut self) {
        for (place, column) in self.features.iter_mut().enumerate() {
            column.extend(self.latest.chunks_exact(FEATURES.len()).map(|row| row[place]));
        }
        self.latest.clear();
    }

    /// The columns of the table, with the rows so far; none is left behind.
    pub(super) fn columns(&mut self) -> Vec<Column> {
        self.turn();
        let population = |population: &Population| Some(population.name());
        let rows = self.len();
        let label = |target: Target| {
            let of = |(purchased, population): (&Option<bool>, &Population)| {
                purchased.filter(|_| target.population() == Some(*population)).map(|purchased| target.label(purchased))
            };
            Values::Flag(self.purchased.iter().zip(&self.populations).map(of).collect())
        };
        let mut table = vec![
            Column::new("customer_id", Values::Ids(std::mem::take(&mut self.ids))),
            Column::new("cutoff", Values::Instant(self.cutoffs.drain(..).map(Some).collect())),
            Column::new("population", Values::Named(self.populations.iter().map(population).collect())),
        ];
        for (feature, values) in FEATURES.iter().zip(&mut self.features) {
            let values = std::mem::replace(values, Vec::with_capacity(rows));
            table.push(Column::new(feature.name, Values::Measured(values)));
        }
        for AttributeColumn { name, example, values } in &mut self.attributes {
            table.push(Column::new(*name, Values::of_attribute_like(*example, values.iter().map(Option::as_ref))));
            values.clear();
        }
        table.push(Column::new("purchased_in_outcome", Values::Flag(self.purchased.clone())));
        table.push(Column::new("churned", label(Target::Churn)));
        table.push(Column::new("reactivated", label(Target::Reactivation)));
        let horizon = i64::from(self.windows.horizon_days);
        table.push(Column::new("horizon_days", Values::Integer(vec![Some(horizon); rows])));
        self.populations.clear();
        self.purchased.clear();
        table
    }
}
