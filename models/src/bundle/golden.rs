//! Golden rows: customers stored with the scores that they must get, to the bit, wherever the bundle is served.

use lapwing_features::{Attributes, Calendar, FeatureVector, Population, SignFacts, Snapshot, StageFacts, Timestamp};
use serde::{Deserialize, Serialize};

use super::ModelBundle;
use super::error::BundleError;
use crate::lifecycle::{Rfm, RiskBand, Segment, SignStates, Stage, ValueTier};
use crate::score::{Score, TABLE_REASONS};

/// One row of `golden.json`. Nothing in it names a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldenRow {
    pub(super) as_of: Timestamp,
    pub(super) population: Population,
    /// In the order of the feature table; `None` is missing.
    pub(super) features: Vec<Option<f64>>,
    pub(super) facts: Option<StageFacts>,
    pub(super) signs: Option<SignFacts>,
    pub(super) attributes: Attributes,
    pub(super) expected: Expected,
}

/// What the row must score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    stage: Option<Stage>,
    segment: Option<Segment>,
    rfm: Option<Rfm>,
    value_tier: Option<ValueTier>,
    risk_band: Option<RiskBand>,
    signs: SignStates,
    probability: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    log_odds: Option<f64>,
    reasons: Vec<(String, f64)>,
    /// Probability, and ends of its interval. None without a model of it.
    intent: Option<[f64; 3]>,
    #[serde(rename = "expected_purchases_365d")]
    purchases_365d: Option<f64>,
    clv_365d: Option<f64>,
}

impl GoldenRow {
    /// Whether it has as many features as the table.
    pub(super) fn is_sound(&self) -> bool {
        self.features.len() == FeatureVector::LEN && self.as_of.is_plausible()
    }

    pub(super) fn snapshot(&self, calendar: &Calendar) -> Snapshot {
        let mut features = FeatureVector::missing();
        for (slot, value) in features.as_mut_slice().iter_mut().zip(&self.features) {
            *slot = value.unwrap_or(f64::NAN);
        }
        let cutoff = calendar.cutoff(self.as_of);
        Snapshot {
            cutoff,
            population: self.population,
            features,
            facts: self.facts,
            signs: self.signs,
            attributes: self.attributes.clone(),
        }
    }

    /// Scores the row anew and compares, to the bit.
    pub(super) fn check(&self, row: usize, bundle: &ModelBundle, calendar: &Calendar) -> Result<(), BundleError> {
        let found = Expected::of(&bundle.score("", &self.snapshot(calendar), TABLE_REASONS));
        for ((what, found), (_, expected)) in found.parts().into_iter().zip(self.expected.parts()) {
            if found != expected {
                return Err(BundleError::Golden { row, what, found, expected });
            }
        }
        Ok(())
    }
}

impl Expected {
    pub(super) fn of(score: &Score) -> Self {
        let prediction = score.prediction();
        Self {
            stage: score.stage,
            segment: score.segment,
            rfm: score.rfm,
            value_tier: score.value_tier,
            risk_band: score.risk_band,
            signs: score.signs,
            probability: prediction.map(|prediction| prediction.probability),
            low: prediction.map(|prediction| prediction.low),
            high: prediction.map(|prediction| prediction.high),
            log_odds: prediction.map(|prediction| prediction.log_odds),
            reasons: score.reasons().iter().map(|reason| (reason.code.clone(), reason.contribution)).collect(),
            intent: score.intent.as_ref().map(|intent| [intent.probability, intent.low, intent.high]),
            purchases_365d: score.value.map(|value| value.expected_purchases_365d),
            clv_365d: score.value.and_then(|value| value.clv_365d),
        }
    }

    /// Each part with its name, as a text that differs when a bit differs: Rust prints the shortest text that reads back.
    fn parts(&self) -> [(&'static str, String); 14] {
        let number = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| format!("{value:?}"));
        let name = |value: Option<&str>| value.unwrap_or("none").to_owned();
        [
            ("stage", name(self.stage.map(Stage::name))),
            ("segment", name(self.segment.map(Segment::name))),
            ("rfm", format!("{:?}", self.rfm.map(|rfm| (rfm.r, rfm.f, rfm.m)))),
            ("value tier", name(self.value_tier.map(ValueTier::name))),
            ("risk band", name(self.risk_band.map(RiskBand::name))),
            ("signs", format!("{:?}", self.signs)),
            ("probability", number(self.probability)),
            ("lower end", number(self.low)),
            ("upper end", number(self.high)),
            ("log-odds", number(self.log_odds)),
            ("reasons", format!("{:?}", self.reasons)),
            ("intent", format!("{:?}", self.intent)),
            ("expected purchases", number(self.purchases_365d)),
            ("value of a year", number(self.clv_365d)),
        ]
    }
}
