//! Conversion by stage: of the customers in each stage on a past day, how many bought within the horizon after.

use crate::lifecycle::Stage;
use crate::metrics::wilson;

/// Customers by their stage, and those of them who then bought; mergeable in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageOutcomes([(u64, u64); Stage::ALL.len()]);

/// What the customers of one stage did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageOutcome {
    /// The stage.
    pub stage: Stage,
    /// Customers in it.
    pub customers: u64,
    /// Those of them who then bought.
    pub buyers: u64,
    /// Their share with its 95 % interval; `None` where nobody was in the stage.
    pub share: Option<(f64, f64, f64)>,
}

impl StageOutcomes {
    /// Takes in a customer.
    ///
    /// ```
    /// use lapwing_models::insight::StageOutcomes;
    /// use lapwing_models::lifecycle::Stage;
    /// let mut all = StageOutcomes::default();
    /// [true, false, false, false].map(|bought| all.add(Stage::New, bought));
    /// let new = all.told().find(|outcome| outcome.stage == Stage::New).unwrap();
    /// assert_eq!((new.customers, new.buyers, new.share.unwrap().0), (4, 1, 0.25));
    /// ```
    pub fn add(&mut self, stage: Stage, bought: bool) {
        let tally = &mut self.0[stage as usize];
        *tally = (tally.0 + 1, tally.1 + u64::from(bought));
    }

    /// Takes in what another tally holds.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine = (mine.0 + theirs.0, mine.1 + theirs.1));
    }

    /// Every stage in its order.
    pub fn told(&self) -> impl Iterator<Item = StageOutcome> {
        Stage::ALL.iter().zip(self.0).map(|(stage, (customers, buyers))| {
            let share = (customers > 0).then(|| {
                let share = buyers as f64 / customers as f64;
                let (low, high) = wilson(share, customers as f64);
                (share, low, high)
            });
            StageOutcome { stage: *stage, customers, buyers, share }
        })
    }
}
