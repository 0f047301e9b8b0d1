//! Models of each arm, fitted on the customers of other parts than those they speak of.

use linfa::ParamGuard;
use sha2::{Digest, Sha256};

use super::design::Design;
use super::qini::{self, Ranked};
use super::{ArmUplift, Experiment, UpliftError};
use crate::fit::solver::Params;
use crate::proof::{Arm, Observation, Plan, Results};

/// Parts of the customers.
const FOLDS: usize = 5;
/// Penalty of each coefficient, per row of the mean log loss.
const PENALTY: f64 = 0.01;

/// What the models say of each row.
pub(super) struct Learned {
    pub(super) folds: Vec<usize>,
    /// Number of each row's customer.
    pub(super) people: Vec<u32>,
    /// Of each arm, of each row: by how much it makes the outcome likelier.
    pub(super) uplift: Vec<Vec<f64>>,
}

/// The part that a customer is in: a matter of the id and the seed alone.
fn fold_of(customer: &str, seed: u64) -> usize {
    let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(customer).finalize();
    let bits = digest.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (bits % FOLDS as u64) as usize
}

/// A number for each customer: its place among all, sorted.
fn people(customers: &[String]) -> Vec<u32> {
    let mut all: Vec<&String> = customers.iter().collect();
    all.sort_unstable();
    all.dedup();
    customers.iter().map(|customer| all.binary_search(&customer).unwrap_or_default() as u32).collect()
}

pub(super) fn cross_fitted(experiment: &Experiment, seed: u64) -> Result<Learned, UpliftError> {
    let folds: Vec<usize> = experiment.customers.iter().map(|customer| fold_of(customer, seed)).collect();
    let people = people(&experiment.customers);
    let mut uplift = vec![vec![0.0; folds.len()]; experiment.arms.len()];
    let solver = Params::new(PENALTY).check()?;
    for fold in 0..FOLDS {
        let mut learning: Vec<usize> = (0..folds.len()).filter(|row| folds[*row] != fold).collect();
        let told: Vec<usize> = (0..folds.len()).filter(|row| folds[*row] == fold).collect();
        // The order of the rows is to change no bit of the sums.
        learning.sort_by_key(|row| (people[*row], experiment.assigned[*row], experiment.outcome[*row]));
        let design = Design::learn(&experiment.covariates, &learning);
        let matrix = design.matrix(&experiment.covariates, &told);
        let says = |arm: usize| -> Result<_, UpliftError> {
            let rows: Vec<usize> = learning.iter().copied().filter(|row| experiment.assigned[*row] == arm).collect();
            let labels: Vec<bool> = rows.iter().map(|row| experiment.outcome[*row]).collect();
            let solution = solver.solve(&design.matrix(&experiment.covariates, &rows), &labels, None)?;
            Ok(solution.probabilities(&matrix))
        };
        let control = says(0)?;
        for (arm, uplift) in uplift.iter_mut().enumerate() {
            let treated = says(arm + 1)?;
            for (place, row) in told.iter().enumerate() {
                uplift[*row] = treated[place] - control[place];
            }
        }
    }
    Ok(Learned { folds, people, uplift })
}

impl Learned {
    /// How good the order by an arm's uplift is, on the rows of that arm and of the control.
    pub(super) fn judge(&self, experiment: &Experiment, arm: usize, seed: u64) -> ArmUplift {
        let observed = |row: usize| Observation {
            treated: experiment.assigned[row] > 0,
            contacted: experiment.assigned[row] > 0,
            purchased: experiment.outcome[row],
            spend: None,
            contact_cost: None,
        };
        let count = |arm: usize| experiment.rows_of(arm).into_iter().map(observed).collect::<Arm>();
        let mut rows: Vec<usize> = (0..self.folds.len()).filter(|row| [0, arm + 1].contains(&experiment.assigned[*row])).collect();
        rows.sort_by_key(|row| self.people[*row]);
        let people: Vec<u32> = rows.iter().map(|row| self.people[*row]).collect();
        let ranked = rows.iter().map(|row| Ranked {
            uplift: self.uplift[arm][*row],
            treated: experiment.assigned[*row] > 0,
            outcome: experiment.outcome[*row],
        });
        let qini = qini::judge(&ranked.collect::<Vec<_>>(), &people, seed);
        ArmUplift {
            name: experiment.arms[arm].clone(),
            results: Results::of_arms(&count(arm + 1), &count(0), &Plan::default()),
            beats_random: qini.qini.low > 0.0,
            qini,
        }
    }
}
