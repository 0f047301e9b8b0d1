//! A random forest, the black box that the model is held against.

use std::collections::BTreeSet;
use std::{panic, thread};

use ndarray::Array2;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;
use thiserror::Error;

/// Rows to learn from at most: beyond, a forest gets slower faster than it gets better.
pub const MOST_ROWS: usize = 20_000;
/// Trees of each grove, and groves, which grow beside each other.
const TREES: [usize; 2] = [10, 10];
/// Rows of a leaf at least, for the share in a leaf is the probability that its tree tells.
const LEAST_LEAF: usize = 10;
/// Splits between the root and a leaf at most.
const MOST_DEPTH: u16 = 20;

type Trees = RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>;

/// Why there is no forest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ForestError {
    /// Labels or customers do not match the inputs.
    #[error("{found} {what} for {rows} rows\nhint: give one for each row")]
    Shape {
        /// What there are too many or too few of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        rows: usize,
    },
    /// It is asked about other inputs than it learned from.
    #[error("the forest was grown on {learned} columns, not {found}\nhint: give the columns that it was grown on")]
    Columns {
        /// Columns that it is asked about.
        found: usize,
        /// Columns that it learned from.
        learned: usize,
    },
    /// There is nothing to learn from.
    #[error("a forest needs rows and columns, not {rows} by {columns}\nhint: use a longer history")]
    Empty {
        /// Rows of the inputs.
        rows: usize,
        /// Columns of the inputs.
        columns: usize,
    },
    /// The library's own reason.
    #[error("the forest did not grow: {0}\nhint: check the inputs")]
    Growth(String),
}

/// A hundred trees, each grown on as many rows drawn with replacement, each split on the best of a few inputs.
///
/// A tree tells the share of positive rows in a leaf, the forest the mean over its trees. These are smartcore's regression
/// trees on labels 0 and 1, whose variance is the Gini impurity but for a factor; its classifier gives votes only.
///
/// Source: Breiman (2001), "Random forests"; Malley et al. (2012), "Probability machines", for shares in place of votes.
#[derive(Debug)]
pub struct Forest {
    /// What stands in for missing values, one a column.
    medians: Vec<f64>,
    groves: Vec<Trees>,
}

impl Forest {
    /// Grows on the rows of `inputs`, where NaN is missing and stands for the column's median, 0 when all of it is missing.
    ///
    /// Of more than [`MOST_ROWS`] rows, those of customers drawn by `seed` are used, all rows of a customer or none; a single
    /// customer with more rows is used whole. Same rows and seed, same forest.
    ///
    /// # Errors
    /// [`ForestError`] when the lengths differ, when there are no rows or columns, or when values are infinite.
    ///
    /// ```
    /// use lapwing_models::fit::forest::Forest;
    /// let inputs = ndarray::Array2::from_shape_fn((200, 2), |(row, column)| ((row * (column + 3)) % 20) as f64);
    /// let labels: Vec<bool> = inputs.column(0).iter().map(|value| *value > 9.0).collect();
    /// let customers: Vec<u32> = (0..200).collect();
    /// let forest = Forest::learn(&inputs, &labels, &customers, 42)?;
    /// let told = forest.predict(&ndarray::array![[2.0, 4.0], [17.0, f64::NAN]])?;
    /// assert!(told[0] < 0.2 && told[1] > 0.8);
    /// # Ok::<(), lapwing_models::fit::forest::ForestError>(())
    /// ```
    pub fn learn(inputs: &Array2<f64>, labels: &[bool], customers: &[u32], seed: u64) -> Result<Self, ForestError> {
        let (rows, columns) = inputs.dim();
        for (what, found) in [("labels", labels.len()), ("customers", customers.len())] {
            if found != rows {
                return Err(ForestError::Shape { what, found, rows });
            }
        }
        if rows == 0 || columns == 0 {
            return Err(ForestError::Empty { rows, columns });
        }
        if inputs.iter().any(|value| value.is_infinite()) {
            return Err(ForestError::Growth("a value is infinite".to_owned()));
        }
        let places = sample(customers, seed);
        let medians: Vec<f64> = (0..columns).map(|column| median(places.iter().map(|place| inputs[[*place, column]]))).collect();
        let x = dense(inputs, &places, &medians)?;
        let y: Vec<f64> = places.iter().map(|place| f64::from(u8::from(labels[*place]))).collect();
        let grow = |grove: usize| {
            let parameters = RandomForestRegressorParameters::default()
                .with_n_trees(TREES[0])
                .with_m((columns as f64).sqrt().ceil() as usize)
                .with_min_samples_leaf(LEAST_LEAF)
                .with_min_samples_split(2 * LEAST_LEAF)
                .with_max_depth(MOST_DEPTH)
                .with_seed(seed.wrapping_mul(TREES[1] as u64).wrapping_add(grove as u64));
            Trees::fit(&x, &y, parameters).map_err(|failed| ForestError::Growth(failed.to_string()))
        };
        Ok(Self { groves: in_turn(TREES[1], grow)?, medians })
    }

    /// Probability of a positive label for each row of `inputs`, which has the columns that were learned from.
    ///
    /// # Errors
    /// [`ForestError::Columns`] when there are more or fewer columns.
    pub fn predict(&self, inputs: &Array2<f64>) -> Result<Vec<f64>, ForestError> {
        let (rows, columns) = inputs.dim();
        if columns != self.medians.len() {
            return Err(ForestError::Columns { found: columns, learned: self.medians.len() });
        }
        if rows == 0 {
            return Ok(Vec::new());
        }
        let places: Vec<usize> = (0..rows).collect();
        let x = dense(inputs, &places, &self.medians)?;
        let tell = |grove: usize| self.groves[grove].predict(&x).map_err(|failed| ForestError::Growth(failed.to_string()));
        let mut told = vec![0.0; rows];
        for grove in in_turn(self.groves.len(), tell)? {
            told.iter_mut().zip(grove).for_each(|(sum, share)| *sum += share / self.groves.len() as f64);
        }
        // Rounding may carry a mean of ones above 1.
        Ok(told.into_iter().map(|share| share.clamp(0.0, 1.0)).collect())
    }
}

/// What `of` makes of each number below `many`, in their order, made on all processors.
fn in_turn<T: Send>(many: usize, of: impl Fn(usize) -> Result<T, ForestError> + Sync) -> Result<Vec<T>, ForestError> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(many);
    let of = &of;
    let mut made: Vec<(usize, Result<T, ForestError>)> = thread::scope(|scope| {
        let work = |first: usize| move || (first..many).step_by(threads).map(|number| (number, of(number))).collect::<Vec<_>>();
        let others: Vec<_> = (0..threads).map(|first| scope.spawn(work(first))).collect();
        others.into_iter().flat_map(|other| other.join().unwrap_or_else(|panic| panic::resume_unwind(panic))).collect()
    });
    made.sort_unstable_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, made)| made).collect()
}

/// Places of the rows to learn from.
fn sample(customers: &[u32], seed: u64) -> Vec<usize> {
    if customers.len() <= MOST_ROWS {
        return (0..customers.len()).collect();
    }
    let mut people: Vec<u32> = customers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut counts = vec![0_usize; people.len()];
    for customer in customers {
        if let Ok(number) = people.binary_search(customer) {
            counts[number] += 1;
        }
    }
    let mut drawn: Vec<(u32, usize)> = people.drain(..).zip(counts).collect();
    drawn.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    let mut rows = 0;
    let taken: BTreeSet<u32> = drawn
        .into_iter()
        .take_while(|(_, count)| {
            let first = rows == 0;
            rows += count;
            first || rows <= MOST_ROWS
        })
        .map(|(customer, _)| customer)
        .collect();
    (0..customers.len()).filter(|place| taken.contains(&customers[*place])).collect()
}

/// Of the values that are known; 0 when none is.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut known: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    known.get(known.len() / 2).copied().unwrap_or(0.0)
}

/// The rows at `places` without gaps, as smartcore takes them.
fn dense(inputs: &Array2<f64>, places: &[usize], medians: &[f64]) -> Result<DenseMatrix<f64>, ForestError> {
    let mut values = Vec::with_capacity(places.len() * medians.len());
    for (column, median) in medians.iter().enumerate() {
        values.extend(places.iter().map(|place| inputs[[*place, column]]).map(|value| if value.is_nan() { *median } else { value }));
    }
    DenseMatrix::new(places.len(), medians.len(), values, true).map_err(|failed| ForestError::Growth(failed.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two inputs, of which the first tells the chance of a positive label: 0.1, or 0.7 where it is above 0.5.
    fn rows(many: usize) -> (Array2<f64>, Vec<bool>, Vec<u32>) {
        let share = |i: usize| ((i * 2_654_435_761) % 1009) as f64 / 1009.0;
        let inputs = Array2::from_shape_fn((many, 2), |(i, j)| share(7 * i + j + 1));
        let chance = |i: usize| if inputs[[i, 0]] > 0.5 { 0.7 } else { 0.1 };
        let labels = (0..many).map(|i| share(13 * i + 5) < chance(i)).collect();
        (inputs, labels, (0..many as u32).map(|i| i / 2).collect())
    }

    #[test]
    fn probabilities_are_shares_not_votes() {
        let (inputs, labels, customers) = rows(2_000);
        let told = Forest::learn(&inputs, &labels, &customers, 1).unwrap().predict(&inputs).unwrap();
        for (above, expected) in [(false, 0.1), (true, 0.7)] {
            let side: Vec<f64> = (0..2_000).filter(|i| (inputs[[*i, 0]] > 0.5) == above).map(|i| told[i]).collect();
            let mean = side.iter().sum::<f64>() / side.len() as f64;
            assert!((mean - expected).abs() < 0.05, "{mean} is not {expected}");
            assert!(side.iter().filter(|share| (**share - expected).abs() < 0.3).count() > side.len() * 9 / 10);
        }
    }

    #[test]
    fn one_seed_one_forest() {
        let (inputs, labels, customers) = rows(400);
        let told = |seed| Forest::learn(&inputs, &labels, &customers, seed).unwrap().predict(&inputs).unwrap();
        assert_eq!(told(1), told(1));
        assert_ne!(told(1), told(2));
    }

    #[test]
    fn a_missing_value_stands_for_the_median() {
        let (mut inputs, labels, customers) = rows(401);
        inputs[[0, 0]] = f64::NAN;
        inputs.column_mut(1).fill(f64::NAN);
        let forest = Forest::learn(&inputs, &labels, &customers, 1).unwrap();
        assert_eq!((forest.medians[0], forest.medians[1]), (median(inputs.column(0).iter().copied()), 0.0));
        let rows = ndarray::array![[f64::NAN, f64::NAN], [forest.medians[0], 0.0]];
        let told = forest.predict(&rows).unwrap();
        assert_eq!(told[0], told[1]);
        assert!(forest.predict(&Array2::zeros((0, 2))).unwrap().is_empty());
    }

    #[test]
    fn many_rows_are_sampled_by_customer() {
        let customers: Vec<u32> = (0..50_000).map(|i| i / 3).collect();
        let places = sample(&customers, 1);
        assert!((MOST_ROWS - 3..=MOST_ROWS).contains(&places.len()), "{}", places.len());
        let taken: BTreeSet<u32> = places.iter().map(|place| customers[*place]).collect();
        assert_eq!(places.len(), customers.iter().filter(|customer| taken.contains(customer)).count());
        assert_eq!(places, sample(&customers, 1));
        assert_ne!(places, sample(&customers, 2));
        assert_eq!(sample(&vec![5; 30_000], 1).len(), 30_000);
    }

    #[test]
    fn what_nothing_can_be_learned_from_is_refused() {
        let (mut inputs, labels, customers) = rows(30);
        let shape = |what, found, rows| Some(ForestError::Shape { what, found, rows });
        assert_eq!(Forest::learn(&inputs, &labels[1..], &customers, 1).err(), shape("labels", 29, 30));
        assert_eq!(Forest::learn(&inputs, &labels, &customers[1..], 1).err(), shape("customers", 29, 30));
        let forest = Forest::learn(&inputs, &labels, &customers, 1).unwrap();
        assert_eq!(forest.predict(&Array2::zeros((1, 3))).err(), Some(ForestError::Columns { found: 3, learned: 2 }));
        for (rows, columns) in [(0, 2), (30, 0)] {
            let refused = Forest::learn(&Array2::zeros((rows, columns)), &labels[..rows], &customers[..rows], 1).err();
            assert_eq!(refused, Some(ForestError::Empty { rows, columns }));
        }
        inputs[[0, 0]] = f64::INFINITY;
        assert!(matches!(Forest::learn(&inputs, &labels, &customers, 1), Err(ForestError::Growth(_))));
    }
}
