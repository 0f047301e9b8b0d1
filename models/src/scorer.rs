//! Scoring many customers one after the other.

use lapwing_features::{Id, Population, Snapshot, Texts, Timestamp};

use crate::bundle::ModelBundle;
use crate::model::Model;
use crate::prediction::Prediction;
use crate::score::{Score, TABLE_REASONS};
use crate::scratch::Scratch;
use crate::value::Memory;

/// Microseconds of a day.
const DAY: f64 = 86_400_000_000.0;

/// Bytes that the reasons of most customers take together.
const WHY: usize = 256;

/// Scores customers with a bundle, keeping room and what customers share from one to the next: one for each thread.
///
/// What it says of a customer does not depend on who was scored before, not by a bit. See [`ModelBundle::scorer`].
#[derive(Clone, Debug)]
pub struct Scorer<'a> {
    bundle: &'a ModelBundle,
    scratch: Scratch,
    memory: Memory,
}

impl ModelBundle {
    /// Scores one customer: the one road for batch, HTTP and golden rows. For many, see [`scorer`](Self::scorer).
    ///
    /// `explain` is how many contributions the score holds; it changes nothing else, not by a bit. Total: any snapshot has a score.
    #[must_use]
    pub fn score(&self, customer_id: &str, snapshot: &Snapshot, explain: usize) -> Score {
        Scorer { bundle: self, scratch: Scratch::default(), memory: Memory::none() }.score(customer_id, snapshot, explain)
    }

    /// A scorer for many customers: the same scores as of [`score`](Self::score) to the bit, in less time.
    #[must_use]
    pub fn scorer(&self) -> Scorer<'_> {
        Scorer { bundle: self, scratch: Scratch::default(), memory: Memory::default() }
    }
}

impl Scorer<'_> {
    /// As [`ModelBundle::score`].
    #[must_use]
    pub fn score(&mut self, customer_id: &str, snapshot: &Snapshot, explain: usize) -> Score {
        let bundle = self.bundle;
        let mut why = if snapshot.population == Population::Prospect { Texts::default() } else { Texts::with_capacity(TABLE_REASONS, WHY) };
        self.scratch.begin(snapshot);
        let mut told = |model: &Model, scratch: &mut Scratch| {
            model.target.concerns(snapshot).then(|| {
                let mut prediction = model.answer(snapshot, scratch);
                model.explain_answer(&mut prediction, scratch, explain, TABLE_REASONS, &mut why);
                prediction
            })
        };
        let churn = told(&bundle.churn, &mut self.scratch);
        let reactivation = told(&bundle.reactivation, &mut self.scratch);
        let intent = bundle.intent.as_ref().filter(|model| model.target.concerns(snapshot));
        let intent = intent.map(|model| model.answer(snapshot, &mut self.scratch));
        let probability = |prediction: &Option<Prediction>| prediction.as_ref().map(|prediction| prediction.probability);
        let basis = match snapshot.population {
            Population::Current => Some(bundle.churn.basis.name()),
            Population::Lapsed => Some(bundle.reactivation.basis.name()),
            Population::Prospect => None,
        };
        Score {
            customer_id: customer_id.to_owned(),
            as_of: snapshot.cutoff.at,
            population: snapshot.population,
            stage: bundle.thresholds.stage(snapshot),
            phase: bundle.thresholds.phase(snapshot),
            last_purchase_at: last_purchase(snapshot),
            spell: None,
            segment: bundle.thresholds.segment(snapshot),
            rfm: bundle.thresholds.rfm(snapshot),
            value_tier: bundle.thresholds.value_tier(snapshot),
            risk_band: bundle.thresholds.risk_band(probability(&churn), probability(&reactivation)),
            signs: bundle.thresholds.sign_states(snapshot),
            health: probability(&churn).map(|probability| 100.0 * (1.0 - probability)),
            churn,
            reactivation,
            intent,
            value: bundle.value.as_ref().and_then(|value| value.remembering(snapshot, &self.memory)),
            basis,
            why,
            horizon_days: bundle.windows.horizon_days,
            gap_days: bundle.windows.gap_days,
            model_version: bundle.shared_version(),
        }
    }
}

/// When the customer bought last: the feature is exact, so that going back from the cutoff by it hits the microsecond.
fn last_purchase(snapshot: &Snapshot) -> Option<Timestamp> {
    let days = snapshot.features[Id::days_since_last_purchase];
    days.is_finite().then(|| Timestamp(snapshot.cutoff.at.0.saturating_sub((days * DAY).round() as i64)))
}

#[cfg(all(test, feature = "fit"))]
mod tests {
    use super::*;
    use crate::bundle::fixture;

    #[test]
    fn the_last_purchase_is_told_to_the_microsecond() {
        let bundle = fixture::bundle();
        for (latest, days) in [(1_u64, 0_i64), (86_399_999_999, 0), (123_456_789, 3_650), (7, 36_000)] {
            let mut snapshot = fixture::snapshots()[1].clone();
            let back = days * 86_400_000_000 + i64::try_from(latest).unwrap();
            snapshot.features[Id::days_since_last_purchase] = back as f64 / DAY;
            assert_eq!(bundle.score("a", &snapshot, 0).last_purchase_at, Some(Timestamp(snapshot.cutoff.at.0 - back)));
        }
    }

    #[test]
    fn a_score_does_not_depend_on_who_was_scored_before() {
        let (bundle, snapshots) = (fixture::bundle(), fixture::snapshots());
        let mut scorer = bundle.scorer();
        for explain in [0, 3, usize::MAX] {
            for snapshot in snapshots.iter().chain(snapshots.iter().rev()) {
                assert_eq!(scorer.score("a", snapshot, explain), bundle.score("a", snapshot, explain));
            }
        }
    }
}
