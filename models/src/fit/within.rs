//! Sets of scores beside each other over several cutoffs, where only customers of one cutoff are ranked against each other.

use std::collections::BTreeSet;

use super::bootstrap::{Comparison, Measured, Scores, each_draw, interval, replicates, summarise};
use crate::metrics::{BINS, Row, ece_of, mean_of, pairs_of, rank, top_of};
use crate::report::Estimate;

/// What is known of each row but its scores; all of one length.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// What happened.
    pub labels: &'a [bool],
    /// Whose row it is.
    pub customers: &'a [u32],
    /// The cutoff, as any number; a customer has at most one row at each.
    pub groups: &'a [usize],
}

impl Rows<'_> {
    pub(super) fn check(&self) {
        assert_eq!(self.customers.len(), self.labels.len(), "each row has a customer");
        assert_eq!(self.groups.len(), self.labels.len(), "each row has a group");
    }
}

/// As [`compare`](super::compare), but AUC and lift compare rows of one group only: the pairs of all groups are counted together for
/// the AUC, and the top tenths of all groups for the lift. A set that tells the groups apart and nothing else has an AUC of 0.5.
///
/// Losses and calibration are those of all rows together. Draws are of whole customers with all their rows, whatever the group. With
/// one group the answer is that of [`compare`](super::compare), to the bit.
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::fit::{Rows, Scores, compare_within};
/// let labels = [true, false, true, false, true, true];
/// let groups = [0, 0, 0, 1, 1, 1];
/// let rows = Rows { labels: &labels, customers: &[1, 2, 3, 1, 2, 3], groups: &groups };
/// let by_group = groups.map(|group| 0.4 + 0.2 * group as f64);
/// let found = compare_within(&[Scores::Probabilities(&by_group)], rows, 42);
/// assert_eq!(found[0].auc.unwrap().value, 0.5);
/// ```
#[must_use]
pub fn compare_within(sets: &[Scores<'_>], rows: Rows<'_>, seed: u64) -> Vec<Comparison> {
    rows.check();
    if rows.labels.is_empty() {
        return Vec::new();
    }
    let mut grouped: Vec<Grouped> = sets.iter().map(|set| Grouped::of(*set, rows)).collect();
    let whole: Vec<Measured> = grouped.iter().map(Grouped::measure).collect();
    let mut drawn = Vec::with_capacity(replicates(rows.labels.len()));
    each_draw(rows.customers, seed, |weights| {
        for set in &mut grouped {
            set.weigh(weights);
        }
        drawn.push(grouped.iter().map(Grouped::measure).collect::<Vec<_>>());
    });
    (0..sets.len()).map(|set| summarise(set, &whole, &drawn)).collect()
}

/// The mean of `values` with its 95 % interval by bootstrap over whole customers; `None` for no rows.
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::fit::mean_by_customer;
/// let found = mean_by_customer(&[1.0, 2.0, 3.0, 6.0], &[7, 7, 8, 9], 42).unwrap();
/// assert_eq!(found.value, 3.0);
/// assert!(1.5 <= found.low && found.high <= 6.0);
/// assert_eq!(mean_by_customer(&[], &[], 42), None);
/// ```
#[must_use]
pub fn mean_by_customer(values: &[f64], customers: &[u32], seed: u64) -> Option<Estimate> {
    assert_eq!(customers.len(), values.len(), "each row has a customer");
    let value = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)?;
    let mut drawn = Vec::new();
    each_draw(customers, seed, |weights| {
        let (sum, weight) = values.iter().zip(weights).fold((0.0, 0.0), |(sum, all), (value, weight)| (sum + weight * value, all + weight));
        drawn.push(sum / weight);
    });
    Some(interval(value, drawn))
}

/// One set, sorted as a whole and by group.
struct Grouped {
    all: Vec<Row>,
    groups: Vec<Vec<Row>>,
    probabilities: bool,
}

impl Grouped {
    fn of(scores: Scores<'_>, rows: Rows<'_>) -> Self {
        let (values, probabilities) = match scores {
            Scores::Probabilities(values) => (values, true),
            Scores::Ranking(values) => (values, false),
        };
        let all = rank(values, rows.labels);
        let names: BTreeSet<usize> = rows.groups.iter().copied().collect();
        let of_group = |group: &usize| all.iter().filter(|row| rows.groups[row.place] == *group).copied().collect();
        Self { groups: names.iter().map(of_group).collect(), all, probabilities }
    }

    fn weigh(&mut self, weights: &[f64]) {
        for row in self.groups.iter_mut().flatten().chain(&mut self.all) {
            row.weight = weights[row.place];
        }
    }

    fn measure(&self) -> Measured {
        let quotient = |of: &dyn Fn(&[Row]) -> (f64, f64)| {
            let parts = self.groups.iter().map(|rows| of(rows));
            let (above, below) = parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            (below > 0.0).then(|| above / below)
        };
        let loss = |metric: &dyn Fn(&[Row]) -> Option<f64>| if self.probabilities { metric(&self.all) } else { None };
        Measured {
            auc: quotient(&pairs_of),
            top_decile_lift: quotient(&|rows| top_of(rows, 0.1)),
            log_loss: loss(&|rows| mean_of(rows, |row| row.loss)),
            brier: loss(&|rows| mean_of(rows, Row::squared_error)),
            ece: loss(&|rows| ece_of(rows, BINS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::compare;
    use super::*;

    fn rows() -> (Vec<f64>, Vec<bool>, Vec<u32>) {
        let p: Vec<f64> = (0..200).map(|i| f64::from((i * 37) % 101 + 1) / 103.0).collect();
        let labels = p.iter().zip(0..).map(|(p, i)| f64::from((i * 53) % 97) / 97.0 < *p).collect();
        (p, labels, (0..200).map(|row| row % 120).collect())
    }

    #[test]
    fn one_group_is_judged_as_without_groups() {
        let (p, labels, customers) = rows();
        let flat: Vec<f64> = vec![0.4; 200];
        let sets = [Scores::Probabilities(&p), Scores::Probabilities(&flat), Scores::Ranking(&p)];
        let within = compare_within(&sets, Rows { labels: &labels, customers: &customers, groups: &[7; 200] }, 3);
        assert_eq!(within, compare(&sets, &labels, &customers, 3));
    }

    #[test]
    fn what_tells_groups_apart_ranks_nobody() {
        let (p, labels, customers) = rows();
        // The second half has a higher rate, and its probabilities say so.
        let groups: Vec<usize> = (0..200).map(|row| row / 100).collect();
        let labels: Vec<bool> = labels.iter().zip(&groups).map(|(label, group)| *label || *group == 1 && p[0] > 0.0).collect();
        let by_group: Vec<f64> = groups.iter().map(|group| 0.3 + 0.5 * *group as f64).collect();
        let sets = [Scores::Probabilities(&by_group)];
        let together = compare(&sets, &labels, &customers, 3)[0].auc.unwrap();
        let within = compare_within(&sets, Rows { labels: &labels, customers: &customers, groups: &groups }, 3)[0];
        assert!(together.low > 0.6, "{together:?}");
        assert_eq!(within.auc.unwrap(), Estimate { value: 0.5, low: 0.5, high: 0.5 });
        assert_eq!(within.top_decile_lift.unwrap().value, 1.0);
    }

    #[test]
    fn rows_of_the_same_customers_add_no_certainty_to_a_mean() {
        let (p, _, _) = rows();
        let people: Vec<u32> = (0..200).collect();
        let width = |found: Option<Estimate>| found.map(|mean| mean.high - mean.low).unwrap();
        let once = width(mean_by_customer(&p, &people, 1));
        let again = width(mean_by_customer(&p.repeat(3), &people.repeat(3), 1));
        assert!((once - again).abs() < 1e-12 && once > 0.01, "{once} is not {again}");
    }

    #[test]
    fn no_rows_have_no_metrics() {
        let nothing = Rows { labels: &[], customers: &[], groups: &[] };
        assert_eq!(compare_within(&[Scores::Probabilities(&[])], nothing, 1), []);
    }
}
