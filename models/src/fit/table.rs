//! The rows of one target, in an order of their own, with their labels.

use std::collections::BTreeSet;

use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::TrainingRow;
use crate::btyd::Habits;
use crate::target::Target;

/// Customers are dealt into this many folds.
pub(super) const FOLDS: usize = 5;
/// Habits of about this many customers tell as much as those of all.
const MOST_HABITS: usize = 50_000;

/// The rows a target concerns, by slice and customer, so that the order they came in does not matter.
#[derive(Clone, Debug)]
pub(super) struct Table<'a> {
    pub(super) rows: Vec<&'a TrainingRow>,
    pub(super) labels: Vec<bool>,
    /// The rows of all targets.
    everyone: &'a [TrainingRow],
}

impl<'a> Table<'a> {
    pub(super) fn of(target: Target, everyone: &'a [TrainingRow]) -> Self {
        let mut rows: Vec<&TrainingRow> = everyone.iter().filter(|row| target.concerns(&row.snapshot)).collect();
        rows.sort_by_key(|row| (row.slice, row.customer));
        let labels = rows.iter().map(|row| target.label(row.purchased)).collect();
        Self { rows, labels, everyone }
    }

    /// Every row.
    pub(super) fn all(&self) -> Vec<usize> {
        (0..self.rows.len()).collect()
    }

    /// The rows of some slices.
    pub(super) fn of_slices(&self, slices: &[usize]) -> Vec<usize> {
        (0..self.rows.len()).filter(|place| slices.contains(&self.rows[*place].slice)).collect()
    }

    pub(super) fn rows_at(&self, places: &[usize]) -> Vec<&'a TrainingRow> {
        places.iter().map(|place| self.rows[*place]).collect()
    }

    pub(super) fn labels_at(&self, places: &[usize]) -> Vec<bool> {
        places.iter().map(|place| self.labels[*place]).collect()
    }

    pub(super) fn customers_at(&self, places: &[usize]) -> Vec<u32> {
        places.iter().map(|place| self.rows[*place].customer).collect()
    }

    /// How everyone, whatever the population, had bought by the newest cutoff among `places`; no outcome is looked at. Of
    /// very many, every so-manieth speaks for the rest.
    pub(super) fn habits(&self, places: &[usize]) -> Vec<(Habits, f64)> {
        let cutoffs = places.iter().map(|place| self.rows[*place].snapshot.cutoff.at);
        let newest = cutoffs.max();
        let mut rows: Vec<&TrainingRow> = self.everyone.iter().filter(|row| Some(row.snapshot.cutoff.at) == newest).collect();
        rows.sort_by_key(|row| row.customer);
        let rows = rows.iter().step_by(1 + rows.len() / MOST_HABITS);
        rows.filter_map(|row| Some((Habits::of(&row.snapshot.features)?, 1.0))).collect()
    }

    /// Distinct customers with a row of class `label` among `places`.
    pub(super) fn customers_of_class(&self, places: &[usize], label: bool) -> usize {
        places.iter().filter(|place| self.labels[**place] == label).map(|place| self.rows[*place].customer).collect::<BTreeSet<_>>().len()
    }

    /// Whether both classes have at least `least` customers among `places`.
    pub(super) fn has(&self, places: &[usize], least: usize) -> bool {
        self.customers_of_class(places, true) >= least && self.customers_of_class(places, false) >= least
    }

    /// Deals the customers of `places` into [`FOLDS`] hands; one fold number for each place.
    pub(super) fn folds(&self, places: &[usize], seed: u64) -> Vec<usize> {
        let mut customers: Vec<u32> = self.customers_at(places).into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let mut dealt = customers.clone();
        dealt.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        let mut fold = vec![0; customers.len()];
        customers.sort_unstable();
        for (turn, customer) in dealt.iter().enumerate() {
            if let Ok(number) = customers.binary_search(customer) {
                fold[number] = turn % FOLDS;
            }
        }
        let fold_of = |customer: u32| customers.binary_search(&customer).map_or(0, |number| fold[number]);
        places.iter().map(|place| fold_of(self.rows[*place].customer)).collect()
    }
}
