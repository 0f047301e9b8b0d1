//! Intervals by resampling customers.

use std::collections::BTreeSet;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use super::design::quantile;
use crate::metrics::{BINS, Row, auc_of, ece_of, mean_of, rank, top_decile_lift_of};
use crate::report::Estimate;

/// Replicates, unless the rows are very many.
const REPLICATES: usize = 500;
/// Replicates at least.
const LEAST_REPLICATES: usize = 100;
/// Rows times replicates at most, else there are fewer replicates.
const MOST_WORK: usize = 100_000_000;

/// The metrics of one set of probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Metrics<T> {
    pub(super) auc: Option<T>,
    pub(super) log_loss: T,
    pub(super) brier: T,
    pub(super) ece: T,
    pub(super) top_decile_lift: Option<T>,
    /// Log loss minus that of the first set.
    pub(super) excess: T,
}

impl Metrics<f64> {
    /// `None` for no rows.
    fn of(rows: &[Row], first_log_loss: Option<f64>) -> Option<Self> {
        let log_loss = mean_of(rows, |row| row.loss)?;
        Some(Self {
            auc: auc_of(rows),
            log_loss,
            brier: mean_of(rows, Row::squared_error)?,
            ece: ece_of(rows, BINS)?,
            top_decile_lift: top_decile_lift_of(rows),
            excess: log_loss - first_log_loss.unwrap_or(log_loss),
        })
    }
}

/// Metrics of several sets of probabilities for the same rows, with percentile 95 % intervals over replicates that draw whole
/// customers with replacement. All sets are judged on the same draws, so their differences are paired. Empty for no rows.
///
/// Rows are sorted once; a replicate only changes how often each counts. A replicate without one of the classes says nothing
/// about AUC or lift.
///
/// Source: Field and Welsh (2007), "Bootstrapping clustered data".
pub(super) fn judge(sets: &[&[f64]], labels: &[bool], customers: &[u32], seed: u64) -> Vec<Metrics<Estimate>> {
    let people: Vec<u32> = customers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let person: Vec<usize> = customers.iter().filter_map(|customer| people.binary_search(customer).ok()).collect();
    let mut ranked: Vec<Vec<Row>> = sets.iter().map(|set| rank(set, labels)).collect();
    let whole = measure(&ranked);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let replicates = (MOST_WORK / labels.len().max(1)).clamp(LEAST_REPLICATES, REPLICATES);
    let mut drawn = Vec::with_capacity(replicates);
    let mut counts = vec![0.0; people.len()];
    for _ in 0..replicates {
        counts.fill(0.0);
        for _ in 0..people.len() {
            counts[below(&mut random, people.len())] += 1.0;
        }
        for row in ranked.iter_mut().flatten() {
            row.weight = counts[person[row.place]];
        }
        drawn.push(measure(&ranked));
    }
    whole
        .iter()
        .enumerate()
        .map(|(set, value)| summarise(value, &drawn.iter().filter_map(|all| all.get(set)).collect::<Vec<_>>()))
        .collect()
}

fn measure(ranked: &[Vec<Row>]) -> Vec<Metrics<f64>> {
    let first = ranked.first().and_then(|rows| mean_of(rows, |row| row.loss));
    ranked.iter().filter_map(|rows| Metrics::of(rows, first)).collect()
}

fn summarise(value: &Metrics<f64>, drawn: &[&Metrics<f64>]) -> Metrics<Estimate> {
    let estimate = |pick: &dyn Fn(&Metrics<f64>) -> Option<f64>| {
        let value = pick(value)?;
        let mut all: Vec<f64> = drawn.iter().filter_map(|metrics| pick(metrics)).collect();
        all.sort_unstable_by(f64::total_cmp);
        let at = |share| if all.is_empty() { value } else { quantile(&all, share) };
        Some(Estimate { value, low: at(0.025), high: at(0.975) })
    };
    let sure = |pick: fn(&Metrics<f64>) -> f64| {
        estimate(&|metrics| Some(pick(metrics))).unwrap_or(Estimate { value: pick(value), low: pick(value), high: pick(value) })
    };
    Metrics {
        auc: estimate(&|metrics| metrics.auc),
        log_loss: sure(|metrics| metrics.log_loss),
        brier: sure(|metrics| metrics.brier),
        ece: sure(|metrics| metrics.ece),
        top_decile_lift: estimate(&|metrics| metrics.top_decile_lift),
        excess: sure(|metrics| metrics.excess),
    }
}

/// A number below `most`, each as likely as the next but for 2^-64.
fn below(random: &mut Xoshiro256PlusPlus, most: usize) -> usize {
    ((u128::from(random.next_u64()) * most as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> (Vec<f64>, Vec<bool>) {
        let p: Vec<f64> = (0..300).map(|i| f64::from((i * 37) % 101 + 1) / 103.0).collect();
        let labels = p.iter().zip(0..).map(|(p, i)| f64::from((i * 53) % 97) / 97.0 < *p).collect();
        (p, labels)
    }

    #[test]
    fn one_seed_one_answer() {
        let (p, labels) = rows();
        let customers: Vec<u32> = (0..300).collect();
        assert_eq!(judge(&[&p], &labels, &customers, 1), judge(&[&p], &labels, &customers, 1));
        assert_ne!(judge(&[&p], &labels, &customers, 1), judge(&[&p], &labels, &customers, 2));
    }

    #[test]
    fn the_value_is_that_of_the_rows_and_lies_within() {
        let (p, labels) = rows();
        let customers: Vec<u32> = (0..300).collect();
        let found = judge(&[&p], &labels, &customers, 1)[0];
        let auc = found.auc.unwrap();
        assert_eq!(Some(auc.value), crate::metrics::auc(&p, &labels));
        assert!(auc.low < auc.value && auc.value < auc.high && auc.high - auc.low < 0.2, "{auc:?}");
        assert_eq!(found.excess, Estimate { value: 0.0, low: 0.0, high: 0.0 });
    }

    #[test]
    fn rows_of_the_same_customers_add_no_certainty() {
        let (p, labels) = rows();
        let customers: Vec<u32> = (0..300).collect();
        let four = |all: &[f64]| all.repeat(4);
        let (once, again) = (judge(&[&p], &labels, &customers, 1), judge(&[&four(&p)], &labels.repeat(4), &customers.repeat(4), 1));
        let width = |found: &[Metrics<Estimate>]| found[0].log_loss.high - found[0].log_loss.low;
        assert!((width(&once) - width(&again)).abs() < 1e-12);
    }

    #[test]
    fn one_class_has_losses_but_no_ranking() {
        let found = judge(&[&[0.2, 0.3]], &[false, false], &[1, 2], 1)[0];
        assert_eq!((found.auc, found.top_decile_lift), (None, None));
        assert!(found.log_loss.value > 0.0);
    }

    #[test]
    fn no_rows_have_no_metrics() {
        assert_eq!(judge(&[&[]], &[], &[], 1), []);
    }
}
