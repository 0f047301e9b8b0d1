//! Whom to contact and whom to leave alone, and what following that earns on customers whom the models had not seen.

use serde::Serialize;

use super::learn::Learned;
use super::{Advised, ArmUplift, Experiment, UpliftSettings};
use crate::fit::bootstrap::{each_draw, interval};
use crate::report::Estimate;

/// What a way to contact customers earns for each customer, above leaving everybody alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Value {
    /// Which way: `each what moves it`, or `everybody gets ARM`.
    pub way: String,
    /// Share of the customers who are contacted.
    pub contacted: f64,
    /// Profit for each customer, contacted or not.
    pub profit: Estimate,
    /// Profit of choosing customer by customer less this, on the same draws.
    pub by_customer_minus_this: Estimate,
}

/// What is advised as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// To each customer what is expected to earn most.
    ByCustomer,
    /// This arm to everybody, in the order of the arms: it earned at least as much.
    Everybody(usize),
    /// To leave everybody alone: nothing earned more.
    Nobody,
}

/// What the ways to choose earn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Policy {
    /// The way that earned most; in doubt the simplest.
    pub choice: Choice,
    /// Customer by customer.
    pub by_customer: Value,
    /// Each arm to everybody.
    pub everybody: Vec<Value>,
}

/// The arm that earns most from each customer; by the mean where an arm's order is no better than none.
pub(super) fn advise(learned: &Learned, arms: &[ArmUplift], settings: &UpliftSettings) -> Vec<Advised> {
    let of = |row: usize| {
        let uplift: Vec<f64> =
            arms.iter().enumerate().map(|(place, arm)| if arm.beats_random { learned.uplift[place][row] } else { mean(arm) }).collect();
        let mut best = (None, 0.0);
        for (place, uplift) in uplift.iter().enumerate() {
            let profit = settings.margin * uplift - settings.contact_cost;
            if profit > best.1 {
                best = (Some(place), profit);
            }
        }
        Advised { fold: learned.folds[row], uplift, arm: best.0, expected_profit: best.1 }
    };
    (0..learned.folds.len()).map(of).collect()
}

/// What an arm does on the whole.
fn mean(arm: &ArmUplift) -> f64 {
    arm.results.purchase_rate.map_or(0.0, |difference| difference.value)
}

/// Makes the advice that of the whole, where choosing customer by customer earned no more.
pub(super) fn settle(advised: &mut [Advised], choice: Choice, arms: &[ArmUplift], settings: &UpliftSettings) {
    let (arm, expected_profit) = match choice {
        Choice::ByCustomer => return,
        Choice::Everybody(arm) => (Some(arm), settings.margin * mean(&arms[arm]) - settings.contact_cost),
        Choice::Nobody => (None, 0.0),
    };
    for advised in advised {
        (advised.arm, advised.expected_profit) = (arm, expected_profit);
    }
}

impl Policy {
    pub(super) fn of(experiment: &Experiment, learned: &Learned, advised: &[Advised], settings: &UpliftSettings) -> Self {
        let arms = experiment.arms.len();
        let by_advice: Vec<Option<usize>> = advised.iter().map(|advised| advised.arm).collect();
        let ways: Vec<Vec<Option<usize>>> = std::iter::once(by_advice).chain((0..arms).map(|arm| vec![Some(arm); advised.len()])).collect();
        let profit = |way: &[Option<usize>], weights: &[f64]| profit(experiment, way, weights, settings);
        let ones = vec![1.0; advised.len()];
        let whole: Vec<f64> = ways.iter().map(|way| profit(way, &ones)).collect();
        let mut drawn: Vec<Vec<f64>> = Vec::new();
        each_draw(&learned.people, settings.seed, |weights| drawn.push(ways.iter().map(|way| profit(way, weights)).collect()));
        let value = |place: usize, way: String| Value {
            way,
            contacted: ways[place].iter().filter(|arm| arm.is_some()).count() as f64 / advised.len() as f64,
            profit: interval(whole[place], drawn.iter().map(|all| all[place]).collect()),
            by_customer_minus_this: interval(whole[0] - whole[place], drawn.iter().map(|all| all[0] - all[place]).collect()),
        };
        let mut best = (Choice::Nobody, 0.0);
        for (choice, profit) in (0..arms).map(Choice::Everybody).zip(whole[1..].iter().copied()).chain([(Choice::ByCustomer, whole[0])]) {
            if profit > best.1 {
                best = (choice, profit);
            }
        }
        Self {
            choice: best.0,
            by_customer: value(0, "each what moves it".to_owned()),
            everybody: (0..arms).map(|arm| value(arm + 1, format!("everybody gets {}", experiment.arms[arm]))).collect(),
        }
    }
}

/// Profit for each customer of a way that names an arm, or none, for each row: among those who are to get an arm, those who in fact got it
/// stand beside those who in fact got nothing, as the lot had it.
fn profit(experiment: &Experiment, way: &[Option<usize>], weights: &[f64], settings: &UpliftSettings) -> f64 {
    // Of each arm: rows and outcomes of those who got it, then of those who got nothing, then all.
    let mut sums = vec![[0.0; 5]; experiment.arms.len()];
    for (row, arm) in way.iter().enumerate() {
        let Some(arm) = *arm else { continue };
        let (sums, weight) = (&mut sums[arm], weights[row]);
        sums[4] += weight;
        let side = match experiment.assigned[row] {
            0 => 2,
            given if given == arm + 1 => 0,
            _ => continue,
        };
        sums[side] += weight;
        if experiment.outcome[row] {
            sums[side + 1] += weight;
        }
    }
    let all: f64 = weights.iter().sum();
    let of = |[treated, hits, control, control_hits, rows]: [f64; 5]| {
        let lift = if treated > 0.0 && control > 0.0 { hits / treated - control_hits / control } else { 0.0 };
        rows / all * (settings.margin * lift - settings.contact_cost)
    };
    sums.into_iter().map(of).sum()
}
