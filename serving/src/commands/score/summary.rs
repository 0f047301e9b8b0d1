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
        count(scores, |score| Some(score.population.name()), &mut self.by_population);
        count(scores, |score| score.stage.map(Stage::name), &mut self.by_stage);
        count(scores, |score| score.segment.map(Segment::name), &mut self.by_segment);
        count(scores, |score| score.risk_band.map(RiskBand::name), &mut self.by_risk_band);
        count(scores, |score| score.basis, &mut self.by_probability_basis);
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

/// Counts names, which are few: mostly it is enough to see that one is the same text at the same place.
fn count(scores: &[Score], name: impl Fn(&Score) -> Option<&'static str>, counts: &mut BTreeMap<&'static str, u64>) {
    let mut few: Vec<(&'static str, u64)> = Vec::new();
    for name in scores.iter().filter_map(name) {
        match few.iter_mut().find(|(known, _)| std::ptr::eq(*known, name)) {
            Some((_, count)) => *count += 1,
            None => few.push((name, 1)),
        }
    }
    for (name, more) in few {
        *counts.entry(name).or_default() += more;
    }
}
