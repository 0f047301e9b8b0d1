//! Rows that a fit was judged on, kept to compare bundles by: what was known, what then happened, and what was said of it.

use std::collections::{BTreeMap, BTreeSet};

use lapwing_features::{Attribute, Attributes, Calendar, FeatureVector, Population, Snapshot, StageFacts, Timestamp};
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::fit::TrainingRow;

/// A sample of the rows that the models of one target were judged on, each with what they said of it.
///
/// None of them had seen these rows: they were fitted on earlier ones, or on other customers' where history is too short for that
/// (see [`SplitKind`](crate::SplitKind)). Empty when nothing was judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The naive rules that were judged beside the model, by name.
    pub rules: Vec<String>,
    /// By slice, then customer.
    pub rows: Vec<EvidenceRow>,
}

/// One customer at one cutoff whose outcome is known. Nothing in it names the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRow {
    /// Rows that share it are one person.
    pub customer: u32,
    /// Only what was known before is in the row, but for the label.
    pub cutoff: Timestamp,
    /// At the cutoff.
    pub population: Population,
    /// In the order of the feature table; `None` is missing.
    pub features: Vec<Option<f64>>,
    /// What the stage rules ask.
    pub facts: Option<StageFacts>,
    /// Those that the models may read.
    pub attributes: Attributes,
    /// What then happened.
    pub label: bool,
    /// What the judged model said: the probability of a positive label.
    pub model: f64,
    /// What each of [`Evidence::rules`] said.
    pub rules: Vec<f64>,
}

impl EvidenceRow {
    /// What was known of the customer, as a model reads it.
    #[must_use]
    pub fn snapshot(&self, calendar: &Calendar) -> Snapshot {
        let mut features = FeatureVector::missing();
        for (slot, value) in features.as_mut_slice().iter_mut().zip(&self.features) {
            *slot = value.unwrap_or(f64::NAN);
        }
        let cutoff = calendar.cutoff(self.cutoff);
        Snapshot { cutoff, population: self.population, features, facts: self.facts, signs: None, attributes: self.attributes.clone() }
    }
}

impl Evidence {
    /// Most rows that are kept of one target.
    pub const MOST_ROWS: usize = 2_000;

    /// Draws whole customers by `seed` for as long as their rows are no more than [`MOST_ROWS`](Self::MOST_ROWS) together.
    ///
    /// Row `i` of `rows` has `labels[i]`. `sets` are probabilities with the name of whose they are, one for each row: first those
    /// of the judged model, then those of each naive rule. The same rows and seed give the same sample to the bit; rows keep
    /// their order. Without rows or sets it is empty.
    #[must_use]
    pub fn draw(rows: &[&TrainingRow], labels: &[bool], sets: &[(&str, Vec<f64>)], seed: u64) -> Self {
        let Some(((_, model), rules)) = sets.split_first() else { return Self::default() };
        let drawn = drawn(rows, seed);
        let kept = (0..rows.len()).filter(|place| drawn.contains(&rows[*place].customer));
        let row = |place: usize| {
            let Snapshot { cutoff, population, features, facts, attributes, .. } = &rows[place].snapshot;
            EvidenceRow {
                customer: rows[place].customer,
                cutoff: cutoff.at,
                population: *population,
                features: features.as_slice().iter().map(|value| value.is_finite().then_some(*value)).collect(),
                facts: *facts,
                attributes: attributes.clone().into_iter().filter(|(_, value)| is_storable(value)).collect(),
                label: labels[place],
                model: model[place],
                rules: rules.iter().map(|(_, said)| said[place]).collect(),
            }
        };
        Self { rules: rules.iter().map(|(name, _)| (*name).to_owned()).collect(), rows: kept.map(row).collect() }
    }

    /// Whether it could have been drawn: as many rows as that, features and rules as many as there are, probabilities within 0
    /// to 1.
    pub(crate) fn is_sound(&self) -> bool {
        let sound = |row: &EvidenceRow| {
            row.features.len() == FeatureVector::LEN
                && row.cutoff.is_plausible()
                && row.rules.len() == self.rules.len()
                && row.rules.iter().chain([&row.model]).all(|said| (0.0..=1.0).contains(said))
        };
        self.rows.len() <= Self::MOST_ROWS && self.rows.iter().all(sound)
    }
}

/// The customers who are in.
fn drawn(rows: &[&TrainingRow], seed: u64) -> BTreeSet<u32> {
    let mut rows_of: BTreeMap<u32, usize> = BTreeMap::new();
    for row in rows {
        *rows_of.entry(row.customer).or_default() += 1;
    }
    let mut customers: Vec<(u32, usize)> = rows_of.into_iter().collect();
    customers.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    let mut room = Evidence::MOST_ROWS;
    let fits = |(customer, rows): (u32, usize)| {
        room = room.checked_sub(rows)?;
        Some(customer)
    };
    customers.into_iter().map_while(fits).collect()
}

/// Whether JSON can hold it.
pub(crate) fn is_storable(value: &Attribute) -> bool {
    !matches!(value, Attribute::Number(number) if !number.is_finite())
}

#[cfg(test)]
mod tests {
    use lapwing_features::{Cutoff, example};

    use super::*;

    fn row(customer: u32, slice: usize) -> TrainingRow {
        let cutoff = Cutoff { at: example::cutoff("2024-06-01").at.plus_days(-10 * slice.cast_signed() as i64), day: 0, month: 6 };
        let mut features = FeatureVector::missing();
        features.as_mut_slice()[0] = f64::from(customer);
        let attributes = [("debt".to_owned(), Attribute::Number(f64::NAN)), ("region".to_owned(), Attribute::Text("north".to_owned()))];
        let snapshot =
            Snapshot { cutoff, population: Population::Lapsed, features, facts: None, signs: None, attributes: attributes.into() };
        TrainingRow { customer, slice, snapshot, purchased: customer.is_multiple_of(3) }
    }

    fn draw(rows: &[TrainingRow], seed: u64) -> Evidence {
        let rows: Vec<&TrainingRow> = rows.iter().collect();
        let labels: Vec<bool> = rows.iter().map(|row| row.purchased).collect();
        let said = |share: f64| rows.iter().map(|row| share * f64::from(row.customer) / 1e4).collect::<Vec<_>>();
        Evidence::draw(&rows, &labels, &[("model", said(1.0)), ("base rate", said(0.5))], seed)
    }

    #[test]
    fn few_rows_are_all_kept_with_what_was_said_of_each() {
        let evidence = draw(&(0..40).map(|number| row(number % 20, number as usize / 20)).collect::<Vec<_>>(), 1);
        assert_eq!((evidence.rows.len(), &evidence.rules[..]), (40, &["base rate".to_owned()][..]));
        assert!(evidence.is_sound());
        for (number, row) in (0..40_u32).zip(&evidence.rows) {
            let customer = number % 20;
            assert_eq!((row.customer, row.label, row.model), (customer, customer.is_multiple_of(3), f64::from(customer) / 1e4));
            assert_eq!((row.rules[0], row.features[0], row.features[1]), (0.5 * row.model, Some(f64::from(customer)), None));
            assert!(row.attributes.keys().eq(["region"]), "what JSON cannot hold is left out");
        }
    }

    #[test]
    fn of_many_rows_whole_customers_are_drawn_by_the_seed() {
        let rows: Vec<TrainingRow> = (0..3_003).map(|number| row(number % 1_001, number as usize / 1_001)).collect();
        let evidence = draw(&rows, 1);
        assert!((Evidence::MOST_ROWS - 2..=Evidence::MOST_ROWS).contains(&evidence.rows.len()), "{}", evidence.rows.len());
        let customers: BTreeSet<u32> = evidence.rows.iter().map(|row| row.customer).collect();
        assert_eq!(evidence.rows.len(), 3 * customers.len());
        assert_eq!(evidence, draw(&rows, 1));
        assert_ne!(evidence, draw(&rows, 2));
    }

    #[test]
    fn the_snapshot_is_the_one_that_was_judged() {
        let judged = row(7, 0);
        let evidence = draw(std::slice::from_ref(&judged), 1);
        let snapshot = evidence.rows[0].snapshot(&Calendar::utc());
        assert_eq!((snapshot.cutoff.at, snapshot.population), (judged.snapshot.cutoff.at, judged.snapshot.population));
        let bits = |snapshot: &Snapshot| snapshot.features.as_slice().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&snapshot), bits(&judged.snapshot));
        assert_eq!(snapshot.attributes["region"], judged.snapshot.attributes["region"]);
    }

    #[test]
    fn what_cannot_have_been_drawn_is_unsound() {
        type Change = fn(&mut Evidence);
        let changes: [Change; 5] = [
            |it| it.rows[0].features.truncate(3),
            |it| it.rows[0].rules.clear(),
            |it| it.rows[0].model = 1.5,
            |it| it.rows[0].rules[0] = f64::NAN,
            |it| it.rows = vec![it.rows[0].clone(); Evidence::MOST_ROWS + 1],
        ];
        for change in changes {
            let mut evidence = draw(&[row(1, 0)], 1);
            change(&mut evidence);
            assert!(!evidence.is_sound(), "{:?}", evidence.rules);
        }
        assert!(Evidence::default().is_sound());
        assert_eq!(Evidence::draw(&[], &[], &[], 1), Evidence::default());
    }
}
