//! How far the customers who are scored differ from those of the fit: counted bin by bin, told as population stability indices.
//!
//! Counting takes no lock: each bin is a number of its own. Who reads the metrics takes the counts away and adds them to a window
//! of the last customers, so that what was long ago does not hide what is now.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use lapwing_features::{FEATURES, FeatureVector};
use lapwing_models::drift::{DriftBaselines, Histogram};
use lapwing_models::score::{self, CHURN_PROBABILITY, INTENT, REACTIVATION_PROBABILITY, Score};

/// Customers after which a new window begins; the one before it is looked at too.
pub(super) const WINDOW: u64 = 10_000;
/// Fewer values than this tell more of chance than of customers: for ten bins, chance alone makes an index of about a hundredth.
pub(super) const LEAST: u64 = 1_000;

/// What is looked at beside the features.
const SCORES: [&str; 3 + score::VALUES.len()] =
    [CHURN_PROBABILITY, REACTIVATION_PROBABILITY, INTENT, score::VALUES[0].0, score::VALUES[1].0];

/// What is counted of one model's customers.
#[derive(Debug)]
pub(super) struct Drift {
    features: Vec<Column>,
    scores: Vec<Column>,
    customers: AtomicU64,
    counts: Box<[AtomicU64]>,
    window: Mutex<Window>,
}

/// A feature or a score of which the bundle knows how it was.
#[derive(Debug)]
struct Column {
    name: &'static str,
    /// Among the features, or among the scores.
    place: usize,
    /// Where its bins begin.
    begin: usize,
    then: Histogram,
}

/// The customers of late.
#[derive(Debug, Default)]
struct Window {
    before: Counted,
    now: Counted,
}

#[derive(Debug, Default)]
struct Counted {
    customers: u64,
    counts: Vec<u64>,
}

/// How customers differ.
#[derive(Debug)]
pub(super) struct Differences {
    /// Customers in the window.
    pub(super) customers: u64,
    /// Features and scores of which the bundle knows how they were.
    pub(super) baselines: [usize; 2],
    /// `feature` or `score`, its name, its index; those with fewer than [`LEAST`] values are left out.
    pub(super) indices: Vec<(&'static str, &'static str, f64)>,
}

impl Drift {
    /// Nobody counted yet.
    #[must_use]
    pub(super) fn new(baselines: &DriftBaselines) -> Self {
        let mut begin = 0;
        let mut column = |place: usize, name: &'static str, then: Option<&Histogram>| {
            // Of no rows nothing is known.
            let then = then.filter(|then| then.rows > 0)?.clone();
            let column = Column { name, place, begin, then };
            begin += column.then.bins();
            Some(column)
        };
        let names = FEATURES.iter().enumerate();
        let features = names.filter_map(|(place, one)| column(place, one.name, baselines.features.get(one.name))).collect();
        let names = SCORES.into_iter().enumerate();
        let scores = names.filter_map(|(place, name)| column(place, name, baselines.scores.get(name))).collect();
        let counts = (0..begin).map(|_| AtomicU64::new(0)).collect();
        Self { features, scores, customers: AtomicU64::new(0), counts, window: Mutex::default() }
    }

    /// Adds the bins of a customer to `bins`.
    pub(super) fn place(&self, features: &FeatureVector, score: &Score, bins: &mut Vec<u32>) {
        let features = features.as_slice();
        bins.extend(self.features.iter().map(|column| (column.begin + column.then.bin(features[column.place])) as u32));
        let told = told(score);
        let scores = self.scores.iter().filter_map(|column| Some((column.begin + column.then.bin(told[column.place]?)) as u32));
        bins.extend(scores);
    }

    /// Counts customers whose bins these are.
    pub(super) fn count(&self, customers: u64, bins: &[u32]) {
        self.customers.fetch_add(customers, Ordering::Relaxed);
        for count in bins.iter().filter_map(|bin| self.counts.get(*bin as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How the customers of late differ from those of the fit.
    pub(super) fn differences(&self) -> Differences {
        // A panic elsewhere leaves counts as they were before it.
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.now.customers >= WINDOW {
            window.before = std::mem::take(&mut window.now);
        }
        window.now.customers += self.customers.swap(0, Ordering::Relaxed);
        window.now.counts.resize(self.counts.len(), 0);
        for (sum, count) in window.now.counts.iter_mut().zip(&self.counts) {
            *sum += count.swap(0, Ordering::Relaxed);
        }
        let Window { before, now } = &*window;
        let both = |bin: usize| now.counts[bin] + before.counts.get(bin).copied().unwrap_or(0);
        let kinds = [("feature", &self.features), ("score", &self.scores)];
        let columns = kinds.into_iter().flat_map(|(kind, columns)| columns.iter().map(move |column| (kind, column)));
        let indices = columns.filter_map(|(kind, column)| {
            let counts: Vec<u64> = (column.begin..column.begin + column.then.bins()).map(both).collect();
            let index = (counts.iter().sum::<u64>() >= LEAST).then(|| column.then.psi_of_counts(&counts))??;
            Some((kind, column.name, index))
        });
        Differences {
            customers: before.customers + now.customers,
            baselines: [self.features.len(), self.scores.len()],
            indices: indices.collect(),
        }
    }
}

/// The values of [`SCORES`]; `None` for what is not told of a customer.
fn told(score: &Score) -> [Option<f64>; SCORES.len()] {
    let value = |place: usize| score.value.as_ref().and_then(score::VALUES[place].1);
    [
        score.churn.as_ref().map(|churn| churn.probability),
        score.reactivation.as_ref().map(|reactivation| reactivation.probability),
        score.intent.as_ref().map(|intent| score::points(intent.probability)),
        value(0),
        value(1),
    ]
}
