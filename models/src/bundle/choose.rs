//! Which customers become golden rows.

use std::collections::BTreeSet;

use lapwing_features::{Attributes, Calendar, FeatureVector, Population, Snapshot};

use super::ModelBundle;
use super::golden::{Expected, GoldenRow};
use crate::evidence::is_storable;
use crate::score::TABLE_REASONS;

/// Chooses about twenty of `snapshots`, and three customers of whom nothing is known, and writes down their scores.
///
/// Of each population: the least, the greatest and the quartiles of the probability, of the missing features and of the
/// purchases. Only attributes that a model reads are kept.
pub(super) fn golden_rows(bundle: &ModelBundle, snapshots: &[Snapshot], calendar: &Calendar) -> Vec<GoldenRow> {
    let read = |name: &String| bundle.models().any(|model| model.inputs.attributes.iter().any(|spec| spec.name == *name));
    let chosen = choose(bundle, snapshots).into_iter().map(|place| {
        let snapshot = &snapshots[place];
        let attributes = snapshot.attributes.iter().filter(|(name, value)| read(name) && is_storable(value));
        GoldenRow {
            as_of: snapshot.cutoff.at,
            population: snapshot.population,
            features: snapshot.features.as_slice().iter().map(|value| value.is_finite().then_some(*value)).collect(),
            facts: snapshot.facts,
            signs: snapshot.signs,
            attributes: attributes.map(|(name, value)| (name.clone(), value.clone())).collect(),
            expected: Expected::default(),
        }
    });
    let unknown = [Population::Current, Population::Lapsed, Population::Prospect].map(|population| GoldenRow {
        as_of: bundle.as_of,
        population,
        features: vec![None; FeatureVector::LEN],
        facts: None,
        signs: None,
        attributes: Attributes::new(),
        expected: Expected::default(),
    });
    let mut rows: Vec<GoldenRow> = chosen.chain(unknown).collect();
    for row in &mut rows {
        row.expected = Expected::of(&bundle.score("", &row.snapshot(calendar), TABLE_REASONS));
    }
    rows
}

fn choose(bundle: &ModelBundle, snapshots: &[Snapshot]) -> BTreeSet<usize> {
    let missing = |place: usize| snapshots[place].features.as_slice().iter().filter(|value| !value.is_finite()).count() as f64;
    let purchases = |place: usize| f64::from(snapshots[place].facts.map_or(0, |facts| facts.purchase_days));
    let probability = |place: usize| bundle.score("", &snapshots[place], 0).prediction().map_or(0.0, |prediction| prediction.probability);
    let orders: [&dyn Fn(usize) -> f64; 3] = [&probability, &missing, &purchases];
    let mut chosen = BTreeSet::new();
    for population in [Population::Current, Population::Lapsed, Population::Prospect] {
        let members: Vec<usize> = (0..snapshots.len()).filter(|place| snapshots[*place].population == population).collect();
        let Some(last) = members.len().checked_sub(1) else { continue };
        let steps = if population == Population::Prospect { 1 } else { 4 };
        for (number, order) in orders.iter().enumerate() {
            let mut ranked: Vec<(f64, usize)> = members.iter().map(|place| (order(*place), *place)).collect();
            ranked.sort_by(|one, two| one.0.total_cmp(&two.0).then(one.1.cmp(&two.1)));
            let steps = if number == 0 { steps } else { 1 };
            chosen.extend((0..=steps).map(|step| ranked[last * step / steps].1));
        }
    }
    chosen
}
