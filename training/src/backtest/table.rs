//! The rows that are judged: what each method said of a customer at a cutoff, and what then happened.

use lapwing_features::{Attribute, Id, Snapshot};

use super::schema::Method;

/// Rows of one target, by column.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The model first, then the baselines.
    pub methods: Vec<(String, Method)>,
    /// What each method said, one vector a method.
    pub said: Vec<Vec<f64>>,
    /// What happened.
    pub labels: Vec<bool>,
    /// Places of the customers in the whole data.
    pub customers: Vec<u32>,
    /// Places of the cutoffs, oldest first.
    pub groups: Vec<usize>,
    /// By what the rows can be told apart.
    pub traits: Vec<Traits>,
}

/// By what a customer can be told from others at a cutoff.
#[derive(Clone, Debug, PartialEq)]
pub struct Traits {
    /// Where in the relationship.
    pub stage: Option<&'static str>,
    /// Days since the first purchase; NaN when not known.
    pub tenure_days: f64,
    /// The attributes of the settings, in their order.
    pub attributes: Vec<Trait>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Trait {
    /// Not known at the cutoff.
    Unknown,
    /// A number, or the days from a date to the cutoff.
    Number(f64),
    /// A category.
    Text(String),
}

impl Traits {
    /// Those of a customer.
    #[must_use]
    pub fn of(snapshot: &Snapshot, stage: Option<&'static str>, attributes: &[String]) -> Self {
        let value = |name: &String| match snapshot.attributes.get(name) {
            Some(Attribute::Number(number)) if number.is_finite() => Trait::Number(*number),
            Some(Attribute::Instant { at }) => Trait::Number(snapshot.cutoff.at.days_since(*at)),
            Some(Attribute::Text(text)) => Trait::Text(text.clone()),
            Some(Attribute::Number(_)) | None => Trait::Unknown,
        };
        Self { stage, tenure_days: snapshot.features[Id::tenure_days], attributes: attributes.iter().map(value).collect() }
    }
}

impl Table {
    /// The rows of several tables of the same methods, one after the other.
    pub fn of<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            if all.methods.is_empty() {
                all.methods.clone_from(&part.methods);
                all.said = vec![Vec::new(); part.methods.len()];
            }
            for (said, more) in all.said.iter_mut().zip(&part.said) {
                said.extend(more);
            }
            all.labels.extend(&part.labels);
            all.customers.extend(&part.customers);
            all.groups.extend(&part.groups);
            all.traits.extend(part.traits.iter().cloned());
        }
        all
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is nobody to judge.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// What the model said; empty when there are no methods.
    #[must_use]
    pub fn model(&self) -> &[f64] {
        self.said.first().map_or(&[], Vec::as_slice)
    }

    /// The rows at these places.
    #[must_use]
    pub fn at(&self, places: &[usize]) -> Self {
        Self {
            methods: self.methods.clone(),
            said: self.said.iter().map(|said| places.iter().map(|place| said[*place]).collect()).collect(),
            labels: places.iter().map(|place| self.labels[*place]).collect(),
            customers: places.iter().map(|place| self.customers[*place]).collect(),
            groups: places.iter().map(|place| self.groups[*place]).collect(),
            traits: places.iter().map(|place| self.traits[*place].clone()).collect(),
        }
    }

    /// The rows of each cutoff, oldest first.
    #[must_use]
    pub fn by_cutoff(&self) -> Vec<Self> {
        let groups: std::collections::BTreeSet<usize> = self.groups.iter().copied().collect();
        let places = |group: &usize| (0..self.len()).filter(|place| self.groups[*place] == *group).collect::<Vec<_>>();
        groups.iter().map(|group| self.at(&places(group))).collect()
    }

    /// Distinct customers.
    #[must_use]
    pub fn people(&self) -> usize {
        self.customers.iter().collect::<std::collections::BTreeSet<_>>().len()
    }

    /// Rows with a positive label.
    #[must_use]
    pub fn positives(&self) -> usize {
        self.labels.iter().filter(|label| **label).count()
    }
}
