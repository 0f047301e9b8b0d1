//! What was said of all customers, counted.

use std::collections::BTreeMap;

use lapwing_models::lifecycle::{RiskBand, Segment, Stage};
use lapwing_models::score::Score;

/// Rows by what was said of them.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) rows: usize,
    pub(super) as_of: Option<String>,
    pub(super) by_population: BTreeMap<&'static str, u64>,
    pub(super) by_stage: BTreeMap<&'static str, u64>,
    pub(super) by_segment: BTreeMap<&'static str, u64>,
    pub(super) by_risk_band: BTreeMap<&'static str, u64>,
    pub(super) by_probability_basis: BTreeMap<&'static str, u64>,
}

impl Summary {
    fn counts(&mut self) -> [&mut BTreeMap<&'static str, u64>; 5] {
        [&mut self.by_population, &mut self.by_stage, &mut self.by_segment, &mut self.by_risk_band, &mut self.by_probability_basis]
    }

    pub(super) fn add(&mut self, scores: &[Score]) {
        self.rows += scores.len();
        self.as_of = self.as_of.take().or_else(|| scores.first().map(|score| score.as_of.to_string()));
        for score in scores {
            let names = [
                Some(score.population.name()),
                score.stage.map(Stage::name),
                score.segment.map(Segment::name),
                score.risk_band.map(RiskBand::name),
                score.basis,
            ];
            for (counts, name) in self.counts().into_iter().zip(names) {
                if let Some(name) = name {
                    *counts.entry(name).or_default() += 1;
                }
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.as_of = self.as_of.take().or_else(|| other.as_of.clone());
        let Self { by_population, by_stage, by_segment, by_risk_band, by_probability_basis, .. } = other;
        let others = [by_population, by_stage, by_segment, by_risk_band, by_probability_basis];
        for (mine, theirs) in self.counts().into_iter().zip(others) {
            for (name, count) in theirs {
                *mine.entry(name).or_default() += count;
            }
        }
    }
}
