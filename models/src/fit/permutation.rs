//! Whether a ranking as good as this one comes about by luck.

use std::collections::BTreeSet;

use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::design::quantile;
use super::within::Rows;
use crate::metrics::midranks;

/// What came of dealing out the outcomes anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permuted {
    /// AUC of the ranking on what really happened; pairs are of one group.
    pub auc: f64,
    /// Mean of the AUC on shuffled outcomes: about 0.5.
    pub shuffled: f64,
    /// The AUC that 5 % of the shuffles reach.
    pub shuffled_95: f64,
    /// (shuffles at least as good as the truth + 1) / (shuffles + 1): never 0.
    pub p_value: f64,
    /// Shuffles.
    pub replicates: usize,
}

/// Deals the customers' outcomes out anew among the customers of each group, `replicates` times, and tells how often the ranking is
/// then as good as it was. Small p values say that it knows something.
///
/// Customers exchange their outcomes as a whole: who is given somebody's outcome in one group is given theirs in every other where
/// both have a row. Where the other has none, the next in the same ring of exchange stands in, so that each group keeps its own
/// outcomes and every order of them is as likely. Outcomes of one customer that resemble each other thus add no false certainty.
/// `None` when no group has both classes. The same seed deals the same way.
///
/// Source: Phipson and Smyth (2010), "Permutation p-values should never be zero".
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::fit::{Rows, permute};
/// let labels: Vec<bool> = (0..60).map(|row| row % 3 == 0).collect();
/// let customers: Vec<u32> = (0..60).collect();
/// let rows = Rows { labels: &labels, customers: &customers, groups: &[0; 60] };
/// let knows: Vec<f64> = labels.iter().map(|label| f64::from(u8::from(*label))).collect();
/// assert_eq!(permute(&knows, rows, 199, 42).unwrap().p_value, 1.0 / 200.0);
/// let guesses = vec![0.5; 60];
/// assert_eq!(permute(&guesses, rows, 199, 42).unwrap().p_value, 1.0);
/// ```
#[must_use]
pub fn permute(ranking: &[f64], rows: Rows<'_>, replicates: usize, seed: u64) -> Option<Permuted> {
    rows.check();
    assert_eq!(ranking.len(), rows.labels.len(), "each row has a rank");
    let groups = groups(ranking, rows);
    let pairs: f64 = groups.iter().map(|group| group.pairs).sum();
    if pairs == 0.0 {
        return None;
    }
    let auc = groups.iter().map(|group| group.ordered(|row| group.labels[row])).sum::<f64>() / pairs;
    let mut dealt: Vec<usize> = (0..groups.first()?.row_of.len()).collect();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut shuffled = Vec::with_capacity(replicates);
    for _ in 0..replicates {
        dealt.shuffle(&mut random);
        shuffled.push(groups.iter().map(|group| group.ordered(|row| group.labels[group.giver(row, &dealt)])).sum::<f64>() / pairs);
    }
    // Sums in another order may differ by a rounding; a tie counts as at least as good.
    let as_good = shuffled.iter().filter(|shuffled| **shuffled >= auc - 1e-12).count();
    shuffled.sort_unstable_by(f64::total_cmp);
    Some(Permuted {
        auc,
        shuffled: if shuffled.is_empty() { auc } else { shuffled.iter().sum::<f64>() / shuffled.len() as f64 },
        shuffled_95: if shuffled.is_empty() { auc } else { quantile(&shuffled, 0.95) },
        p_value: (as_good + 1) as f64 / (replicates + 1) as f64,
        replicates,
    })
}

/// The rows of one group.
struct Group {
    labels: Vec<bool>,
    /// Midrank of each row, from 1.
    ranks: Vec<f64>,
    /// The person of each row.
    people: Vec<usize>,
    /// The row of each person; `None` where it has none.
    row_of: Vec<Option<usize>>,
    /// Positives times negatives.
    pairs: f64,
}

impl Group {
    /// Pairs in the right order, ties counting half, when the rows have these labels: from the sum of the ranks of positives.
    fn ordered(&self, label: impl Fn(usize) -> bool) -> f64 {
        let positives = self.labels.iter().filter(|label| **label).count() as f64;
        let ranks: f64 = (0..self.ranks.len()).filter(|row| label(*row)).map(|row| self.ranks[row]).sum();
        ranks - positives * (positives + 1.0) / 2.0
    }

    /// The row whose outcome `row` is given: that of the next person of the ring who has a row.
    fn giver(&self, row: usize, dealt: &[usize]) -> usize {
        let mut person = self.people[row];
        loop {
            person = dealt[person];
            // The ring leads back to the row itself at the latest.
            if let Some(giver) = self.row_of[person] {
                return giver;
            }
        }
    }
}

fn groups(ranking: &[f64], rows: Rows<'_>) -> Vec<Group> {
    let people: Vec<u32> = rows.customers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let names: BTreeSet<usize> = rows.groups.iter().copied().collect();
    let make = |name: &usize| {
        let places: Vec<usize> = (0..rows.labels.len()).filter(|place| rows.groups[*place] == *name).collect();
        let labels: Vec<bool> = places.iter().map(|place| rows.labels[*place]).collect();
        let person: Vec<usize> = places.iter().filter_map(|place| people.binary_search(&rows.customers[*place]).ok()).collect();
        let mut row_of = vec![None; people.len()];
        person.iter().enumerate().for_each(|(row, person)| row_of[*person] = Some(row));
        let positives = labels.iter().filter(|label| **label).count();
        let pairs = (positives * (labels.len() - positives)) as f64;
        Group { ranks: midranks(&places.iter().map(|place| ranking[*place]).collect::<Vec<_>>()), labels, people: person, row_of, pairs }
    };
    names.iter().map(make).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::{Scores, compare_within};

    fn noise(seed: u32) -> f64 {
        let mut x = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 11) as f64 / (1_u64 << 53) as f64
    }

    #[test]
    fn the_auc_is_that_of_the_comparison() {
        let ranking: Vec<f64> = (0..90).map(|row| (noise(row) * 12.0).floor()).collect();
        let labels: Vec<bool> = (0..90).map(|row| noise(row + 500) < 0.4).collect();
        let (customers, groups): (Vec<u32>, Vec<usize>) = (0..90).map(|row| (row % 30, row as usize / 30)).unzip();
        let rows = Rows { labels: &labels, customers: &customers, groups: &groups };
        let auc = compare_within(&[Scores::Ranking(&ranking)], rows, 1)[0].auc.unwrap().value;
        assert!((permute(&ranking, rows, 20, 1).unwrap().auc - auc).abs() < 1e-12);
    }

    #[test]
    fn on_noise_small_p_values_are_as_rare_as_they_say_even_where_customers_repeat() {
        // Each customer has one habit and one score for good, seen at six cutoffs, at some of which it is not there.
        let small = (0..200_u32).filter(|trial| {
            let of = |what: u32, customer: u32| noise(trial * 100_000 + what * 1_000 + customer);
            let (mut ranking, mut labels, mut customers, mut groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for group in 0..6_u32 {
                for customer in (0..40).filter(|customer| of(10 + group, *customer) < 0.8) {
                    ranking.push(of(0, customer));
                    labels.push(of(1, customer) < 0.5);
                    customers.push(customer);
                    groups.push(group as usize);
                }
            }
            let rows = Rows { labels: &labels, customers: &customers, groups: &groups };
            permute(&ranking, rows, 99, 1).unwrap().p_value <= 0.05
        });
        let small = small.count();
        assert!((2..=22).contains(&small), "{small} of 200 at the level 0.05");
    }

    #[test]
    fn one_class_cannot_be_shuffled() {
        let rows = Rows { labels: &[true, true], customers: &[1, 2], groups: &[0, 0] };
        assert_eq!(permute(&[0.1, 0.2], rows, 9, 1), None);
        assert_eq!(permute(&[], Rows { labels: &[], customers: &[], groups: &[] }, 9, 1), None);
    }
}
