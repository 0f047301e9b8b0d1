//! Whether 95 % intervals hold the truth 95 times in 100, on rows drawn from a known model.

use lapwing_features::{Attributes, Cutoff, FeatureVector, Id, Population, Snapshot, Windows, example};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use crate::fit::solver::SolverKind;
use crate::fit::{FitSettings, TrainingRow, fit};
use crate::sigmoid;
use crate::target::Target;

const CUSTOMERS: u32 = 500;
const SLICES: u8 = 8;

struct World {
    random: Xoshiro256PlusPlus,
    /// What the log-odds of churn are made of: a constant, then one for each of [`KNOWN`].
    truth: [f64; 4],
}

/// What is known of everyone, and how large it may be.
const KNOWN: [(Id, f64); 3] = [(Id::days_since_last_purchase, 30.0), (Id::tenure_days, 300.0), (Id::gap_days_mean, 60.0)];

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self { random: Xoshiro256PlusPlus::seed_from_u64(seed), truth: [0.0; 4] };
        world.truth = [-0.5, 0.4, -0.7, 0.5].map(|typical| typical + 0.6 * (world.draw() - 0.5));
        world
    }

    fn draw(&mut self) -> f64 {
        (self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A customer at a cutoff, and the true probability of churn.
    fn row(&mut self, customer: u32, slice: u8) -> (TrainingRow, f64) {
        let mut features = FeatureVector::missing();
        let mut log_odds = self.truth[0];
        for (place, (id, most)) in KNOWN.into_iter().enumerate() {
            let share = self.draw();
            features[id] = most * share;
            // The last works above its middle only: the world is not all straight lines.
            let bent = if place == 2 { 2.0 * (share - 0.5).max(0.0) - 0.25 } else { share - 0.5 };
            log_odds += self.truth[place + 1] * bent * 12.0_f64.sqrt();
        }
        let at = example::cutoff("2024-06-01").at.plus_days(-10 * i64::from(slice));
        let snapshot = Snapshot {
            cutoff: Cutoff { at, day: 0, month: 6 },
            population: Population::Current,
            features,
            facts: None,
            signs: None,
            attributes: Attributes::new(),
        };
        let churned = self.draw() < sigmoid(log_odds);
        (TrainingRow { customer, slice: usize::from(slice), snapshot, purchased: !churned }, sigmoid(log_odds))
    }

    /// How often the intervals of a model that was fitted in this world hold the truth, over customers it has not seen.
    fn coverage(&mut self) -> f64 {
        let rows: Vec<TrainingRow> = (0..SLICES)
            .flat_map(|slice| (0..CUSTOMERS).map(move |customer| (customer, slice)))
            .map(|(customer, slice)| self.row(customer, slice).0)
            .collect();
        let cutoffs: Vec<_> = (0..i64::from(SLICES)).map(|slice| example::cutoff("2024-06-01").at.plus_days(-10 * slice)).collect();
        let settings =
            FitSettings { windows: Windows::new(30, 30, 0).unwrap(), seed: 7, attributes: Vec::new(), solver: SolverKind::Newton };
        let model = fit(Target::Churn, &rows, &cutoffs, &settings).model;
        let held = (0..400).filter(|_| {
            let (row, truth) = self.row(0, 0);
            let found = model.predict(&row.snapshot);
            (found.low..=found.high).contains(&truth)
        });
        held.count() as f64 / 400.0
    }
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let worlds = 40;
    let coverages: Vec<f64> = (0..worlds).map(|seed| World::new(seed).coverage()).collect();
    let mean = coverages.iter().sum::<f64>() / worlds as f64;
    assert!((0.93..=0.97).contains(&mean), "{mean}: {coverages:?}");
}
