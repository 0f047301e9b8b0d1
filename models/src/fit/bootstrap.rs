//! Sets of scores beside each other, with intervals by resampling customers.

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

/// One number a row, higher where a positive label is likelier.
#[derive(Clone, Copy, Debug)]
pub enum Scores<'a> {
    /// Probabilities of a positive label, 0 to 1.
    Probabilities(&'a [f64]),
    /// Any finite numbers, of which only the order counts.
    Ranking(&'a [f64]),
}

/// How good one set of scores was, by itself and beside the first set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// See [`auc`](crate::metrics::auc); `None` when the rows have one class only.
    pub auc: Option<Estimate>,
    /// See [`top_decile_lift`](crate::metrics::top_decile_lift); `None` when no label is positive.
    pub top_decile_lift: Option<Estimate>,
    /// AUC of the first set minus that of this one on the same replicates: above 0 where the first is better. `None` when the
    /// rows have one class only.
    pub first_auc_minus_this: Option<Estimate>,
    /// What only probabilities have; `None` for a ranking.
    pub losses: Option<Losses>,
}

/// How far probabilities were from what happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// See [`log_loss`](crate::metrics::log_loss).
    pub log_loss: Estimate,
    /// See [`brier`](crate::metrics::brier).
    pub brier: Estimate,
    /// See [`ece`](crate::metrics::ece), over [`BINS`] bins.
    pub ece: Estimate,
    /// Log loss of this set minus that of the first on the same replicates: above 0 where the first is better. `None` when the
    /// first is a ranking.
    pub log_loss_minus_first: Option<Estimate>,
}

/// Metrics of several sets of scores for the same rows, with percentile 95 % intervals over replicates that draw whole
/// customers with replacement.
///
/// All sets are judged on the same draws, so their differences are paired. Row `i` has label `labels[i]` and belongs to
/// `customers[i]`. One entry a set, in their order; empty for no rows. The same seed draws the same customers.
///
/// Rows are sorted once; a replicate only changes how often each counts. A replicate without one of the classes says nothing
/// about AUC or lift and is passed over there; when all are, the interval is the value alone. There are 500 replicates, fewer
/// from 200 000 rows on, never fewer than 100.
///
/// Source: Field and Welsh (2007), "Bootstrapping clustered data".
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::fit::{Scores, compare};
/// let labels: Vec<bool> = (0..40).map(|row| row % 4 == 0).collect();
/// let customers: Vec<u32> = (0..40).collect();
/// let knows = labels.iter().map(|label| if *label { 0.7 } else { 0.2 }).collect::<Vec<_>>();
/// let guesses = vec![0.25; 40];
/// let backwards = knows.iter().map(|p| -100.0 * p).collect::<Vec<_>>();
/// let sets = [Scores::Probabilities(&knows), Scores::Probabilities(&guesses), Scores::Ranking(&backwards)];
/// let found = compare(&sets, &labels, &customers, 42);
///
/// assert_eq!(found[0].auc.unwrap().value, 1.0);
/// assert_eq!(found[1].first_auc_minus_this.unwrap().low, 0.5);
/// assert!(found[1].losses.unwrap().log_loss_minus_first.unwrap().low > 0.0, "guessing costs more, beyond doubt");
/// assert_eq!(found[2].auc.unwrap().high, 0.0);
/// assert_eq!(found[2].losses, None);
/// ```
#[must_use]
pub fn compare(sets: &[Scores<'_>], labels: &[bool], customers: &[u32], seed: u64) -> Vec<Comparison> {
    assert_eq!(customers.len(), labels.len(), "each row has a customer");
    let mut ranked: Vec<Ranked> = sets.iter().map(|set| Ranked::of(*set, labels)).collect();
    if labels.is_empty() {
        return Vec::new();
    }
    let whole = measure(&ranked);
    let mut drawn = Vec::with_capacity(replicates(labels.len()));
    each_draw(customers, seed, |weights| {
        for row in ranked.iter_mut().flat_map(|set| &mut set.rows) {
            row.weight = weights[row.place];
        }
        drawn.push(measure(&ranked));
    });
    (0..sets.len()).map(|set| summarise(set, &whole, &drawn)).collect()
}

/// Draws as many customers as there are, with replacement, again and again, and tells `each` how often every row counts.
pub(super) fn each_draw(customers: &[u32], seed: u64, mut each: impl FnMut(&[f64])) {
    let people: Vec<u32> = customers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let person: Vec<usize> = customers.iter().filter_map(|customer| people.binary_search(customer).ok()).collect();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut counts = vec![0.0; people.len()];
    let mut weights = vec![0.0; customers.len()];
    for _ in 0..replicates(customers.len()) {
        counts.fill(0.0);
        for _ in 0..people.len() {
            counts[below(&mut random, people.len())] += 1.0;
        }
        for (weight, person) in weights.iter_mut().zip(&person) {
            *weight = counts[*person];
        }
        each(&weights);
    }
}

/// How many replicates are drawn of so many rows.
pub(super) fn replicates(rows: usize) -> usize {
    (MOST_WORK / rows.max(1)).clamp(LEAST_REPLICATES, REPLICATES)
}

/// One set, sorted.
struct Ranked {
    rows: Vec<Row>,
    probabilities: bool,
}

impl Ranked {
    fn of(scores: Scores<'_>, labels: &[bool]) -> Self {
        match scores {
            Scores::Probabilities(values) => Self { rows: rank(values, labels), probabilities: true },
            Scores::Ranking(values) => Self { rows: rank(values, labels), probabilities: false },
        }
    }
}

/// The metrics of one set on one replicate; `None` where it has none.
pub(super) struct Measured {
    pub(super) auc: Option<f64>,
    pub(super) top_decile_lift: Option<f64>,
    pub(super) log_loss: Option<f64>,
    pub(super) brier: Option<f64>,
    pub(super) ece: Option<f64>,
}

fn measure(ranked: &[Ranked]) -> Vec<Measured> {
    let of = |Ranked { rows, probabilities }: &Ranked| {
        let loss = |metric: &dyn Fn(&[Row]) -> Option<f64>| if *probabilities { metric(rows) } else { None };
        Measured {
            auc: auc_of(rows),
            top_decile_lift: top_decile_lift_of(rows),
            log_loss: loss(&|rows| mean_of(rows, |row| row.loss)),
            brier: loss(&|rows| mean_of(rows, Row::squared_error)),
            ece: loss(&|rows| ece_of(rows, BINS)),
        }
    };
    ranked.iter().map(of).collect()
}

pub(super) fn summarise(set: usize, whole: &[Measured], drawn: &[Vec<Measured>]) -> Comparison {
    let estimate = |pick: &dyn Fn(&Measured, &Measured) -> Option<f64>| {
        let pick = |all: &[Measured]| pick(&all[set], &all[0]);
        Some(interval(pick(whole)?, drawn.iter().filter_map(|all| pick(all)).collect()))
    };
    let losses = || {
        Some(Losses {
            log_loss: estimate(&|this, _| this.log_loss)?,
            brier: estimate(&|this, _| this.brier)?,
            ece: estimate(&|this, _| this.ece)?,
            log_loss_minus_first: estimate(&|this, first| Some(this.log_loss? - first.log_loss?)),
        })
    };
    Comparison {
        auc: estimate(&|this, _| this.auc),
        top_decile_lift: estimate(&|this, _| this.top_decile_lift),
        first_auc_minus_this: estimate(&|this, first| Some(first.auc? - this.auc?)),
        losses: losses(),
    }
}

/// `value` with the percentile 95 % interval of `drawn`; without any, the interval is the value alone.
pub(super) fn interval(value: f64, mut drawn: Vec<f64>) -> Estimate {
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |share| if drawn.is_empty() { value } else { quantile(&drawn, share) };
    Estimate { value, low: at(0.025), high: at(0.975) }
}

/// A number below `most`, each as likely as the next but for 2^-64.
pub(super) fn below(random: &mut Xoshiro256PlusPlus, most: usize) -> usize {
    ((u128::from(random.next_u64()) * most as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> (Vec<f64>, Vec<bool>, Vec<u32>) {
        let p: Vec<f64> = (0..300).map(|i| f64::from((i * 37) % 101 + 1) / 103.0).collect();
        let labels = p.iter().zip(0..).map(|(p, i)| f64::from((i * 53) % 97) / 97.0 < *p).collect();
        (p, labels, (0..300).collect())
    }

    #[test]
    fn one_seed_one_answer() {
        let (p, labels, customers) = rows();
        let found = |seed| compare(&[Scores::Probabilities(&p)], &labels, &customers, seed);
        assert_eq!(found(1), found(1));
        assert_ne!(found(1), found(2));
    }

    #[test]
    fn the_value_is_that_of_the_rows_and_lies_within() {
        let (p, labels, customers) = rows();
        let found = compare(&[Scores::Probabilities(&p)], &labels, &customers, 1)[0];
        let auc = found.auc.unwrap();
        assert_eq!(Some(auc.value), crate::metrics::auc(&p, &labels));
        assert!(auc.low < auc.value && auc.value < auc.high && auc.high - auc.low < 0.2, "{auc:?}");
        let nothing = Some(Estimate { value: 0.0, low: 0.0, high: 0.0 });
        assert_eq!((found.first_auc_minus_this, found.losses.unwrap().log_loss_minus_first), (nothing, nothing));
    }

    #[test]
    fn an_interval_leaves_out_a_fortieth_on_either_side() {
        let drawn: Vec<f64> = (0..=1_000).rev().map(f64::from).collect();
        assert_eq!(interval(400.0, drawn), Estimate { value: 400.0, low: 25.0, high: 975.0 });
        assert_eq!(interval(0.3, Vec::new()), Estimate { value: 0.3, low: 0.3, high: 0.3 });
    }

    #[test]
    fn rows_of_the_same_customers_add_no_certainty() {
        let (p, labels, customers) = rows();
        let once = compare(&[Scores::Probabilities(&p)], &labels, &customers, 1);
        let again = compare(&[Scores::Probabilities(&p.repeat(4))], &labels.repeat(4), &customers.repeat(4), 1);
        let width = |found: &[Comparison]| found[0].losses.map(|losses| losses.log_loss.high - losses.log_loss.low).unwrap();
        assert!((width(&once) - width(&again)).abs() < 1e-12);
    }

    #[test]
    fn a_ranking_is_judged_as_the_probabilities_of_the_same_order() {
        let (p, labels, customers) = rows();
        let scaled: Vec<f64> = p.iter().map(|p| 1_000.0 * p - 700.0).collect();
        let sets = [Scores::Probabilities(&p), Scores::Ranking(&scaled)];
        let found = compare(&sets, &labels, &customers, 1);
        assert_eq!((found[0].auc, found[0].top_decile_lift), (found[1].auc, found[1].top_decile_lift));
        assert_eq!(found[1].first_auc_minus_this, Some(Estimate { value: 0.0, low: 0.0, high: 0.0 }));
        assert_eq!(found[1].losses, None);
        let found = compare(&[sets[1], sets[0]], &labels, &customers, 1);
        assert_eq!(found[1].losses.unwrap().log_loss_minus_first, None, "the first has no log loss");
    }

    #[test]
    fn one_class_has_losses_but_no_ranking() {
        let found = compare(&[Scores::Probabilities(&[0.2, 0.3])], &[false, false], &[1, 2], 1)[0];
        assert_eq!((found.auc, found.top_decile_lift, found.first_auc_minus_this), (None, None, None));
        assert!(found.losses.unwrap().log_loss.value > 0.0);
    }

    #[test]
    fn no_rows_have_no_metrics() {
        assert_eq!(compare(&[Scores::Probabilities(&[])], &[], &[], 1), []);
    }

    #[test]
    #[should_panic(expected = "each row has a customer")]
    fn rows_without_customer_are_a_mistake() {
        let _ = compare(&[], &[true], &[], 1);
    }
}
