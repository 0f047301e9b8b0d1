//! What the models believe, what they give as reasons, and how customers have changed.

use std::collections::BTreeMap;

use lapwing_features::{FEATURES, Id, Snapshot, schema};
use lapwing_models::Model;
use lapwing_models::drift::Histogram;
use lapwing_models::effects::InputEffect;

use super::origin::Part;
use super::schema::{CoefficientStability, Drift, Effect, EffectBin, EffectLevel, EffectMissing, EffectPoint, ReasonCount};

/// Reasons that are told of one customer.
const REASONS: usize = 3;
/// Reasons that are told at most.
const MOST_REASONS: usize = 20;

/// Inputs that are the same for everyone at a cutoff: they change with the season, not with the customers.
const SEASON: [Id; 2] = [Id::cutoff_month_sin, Id::cutoff_month_cos];

/// What people read for a name in data.
fn label(code: &str) -> String {
    code.replace('_', " ")
}

/// What the newest model believes of an input.
#[must_use]
pub fn effect(belief: &InputEffect) -> Effect {
    let feature = FEATURES.get(belief.input);
    let (share, log_odds) = belief.missing;
    Effect {
        code: belief.code.clone(),
        label: label(&belief.code),
        unit: feature.map_or("", |feature| feature.unit.name()).to_owned(),
        meaning: feature.map_or("", |feature| feature.meaning).to_owned(),
        importance: belief.importance,
        direction: belief.direction(),
        curve: belief.curve.iter().map(|(x, log_odds)| EffectPoint { x: *x, log_odds: *log_odds }).collect(),
        density: belief.density.iter().map(|bin| EffectBin { from: bin.from, to: bin.to, share: bin.share }).collect(),
        levels: belief
            .levels
            .iter()
            .map(|level| EffectLevel { name: level.name.clone(), log_odds: level.contribution, share: level.share })
            .collect(),
        missing: (share > 0.0).then_some(EffectMissing { share, log_odds }),
    }
}

/// How far each input's part in the models changed from cutoff to cutoff, the weightiest first; `parts` are of one target, oldest first.
#[must_use]
pub fn stability(parts: &[&Part]) -> Vec<CoefficientStability> {
    let mut weights: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (cutoff, part) in parts.iter().enumerate() {
        for belief in &part.beliefs {
            let by_cutoff = weights.entry(&belief.code).or_insert_with(|| vec![0.0; parts.len()]);
            by_cutoff[cutoff] = if belief.levels.is_empty() { belief.spread.copysign(belief.correlation) } else { belief.spread };
        }
    }
    let mut found: Vec<CoefficientStability> = weights.into_iter().map(|(code, by_cutoff)| stability_of(code, by_cutoff)).collect();
    let size = |input: &CoefficientStability| input.by_cutoff.iter().map(|weight| weight.abs()).sum::<f64>();
    found.sort_by(|one, two| size(two).total_cmp(&size(one)));
    found
}

fn stability_of(code: &str, by_cutoff: Vec<f64>) -> CoefficientStability {
    let n = by_cutoff.len() as f64;
    let mean = by_cutoff.iter().sum::<f64>() / n;
    let squares: f64 = by_cutoff.iter().map(|weight| (weight - mean) * (weight - mean)).sum();
    let used: Vec<f64> = by_cutoff.iter().copied().filter(|weight| *weight != 0.0).collect();
    CoefficientStability {
        code: code.to_owned(),
        label: label(code),
        mean,
        spread: (by_cutoff.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        sign_flips: used.windows(2).filter(|pair| pair[0] * pair[1] < 0.0).count(),
        by_cutoff,
    }
}

/// What `model` gives as reasons for these customers: the most frequent first.
#[must_use]
pub fn reasons(model: &Model, snapshots: &[&Snapshot]) -> Vec<ReasonCount> {
    let mut counts: BTreeMap<String, (ReasonCount, usize)> = BTreeMap::new();
    for snapshot in snapshots {
        let prediction = model.predict(snapshot);
        for (place, reason) in prediction.telling(model.target, REASONS).into_iter().enumerate() {
            let new = || ReasonCount {
                code: reason.code.clone(),
                label: label(&reason.code),
                first: 0,
                among_three: 0,
                raises: 0.0,
                example: reason.text.clone(),
            };
            let (count, raising) = counts.entry(reason.code.clone()).or_insert_with(|| (new(), 0));
            count.first += usize::from(place == 0);
            count.among_three += 1;
            *raising += usize::from(reason.contribution > 0.0);
        }
    }
    let share = |(mut count, raising): (ReasonCount, usize)| {
        count.raises = raising as f64 / count.among_three as f64;
        count
    };
    let mut found: Vec<ReasonCount> = counts.into_values().map(share).collect();
    found.sort_by_key(|reason| std::cmp::Reverse((reason.among_three, reason.first)));
    found.truncate(MOST_REASONS);
    found
}

/// What the features of the training rows looked like.
#[derive(Clone, Debug)]
pub struct Then {
    features: Vec<(Histogram, Option<f64>)>,
}

impl Then {
    /// Of these rows.
    #[must_use]
    pub fn of(rows: &[&Snapshot]) -> Self {
        let learn = |place: usize| {
            let values: Vec<f64> = rows.iter().map(|row| row.features.as_slice()[place]).collect();
            (Histogram::learn(&values), median(&values))
        };
        Self { features: (0..FEATURES.len()).map(learn).collect() }
    }

    /// How far `now` differs from that, by feature, the most first. Features that neither has are left out, the season too, and so is
    /// everything where there are no rows.
    #[must_use]
    pub fn drift(&self, now: &[&Snapshot]) -> Vec<Drift> {
        let of = |(place, (then, median_then)): (usize, &(Histogram, Option<f64>))| {
            let values: Vec<f64> = now.iter().map(|snapshot| snapshot.features.as_slice()[place]).collect();
            let missing_now = values.iter().filter(|value| value.is_nan()).count() as f64 / values.len().max(1) as f64;
            let code = FEATURES[place].name;
            let drift = Drift {
                code: code.to_owned(),
                label: label(code),
                psi: then.psi(&values)?,
                missing_then: then.missing,
                missing_now,
                median_then: *median_then,
                median_now: median(&values),
            };
            let season = SEASON.iter().any(|id| *id as usize == place);
            (!season && (then.missing < 1.0 || missing_now < 1.0)).then_some(drift)
        };
        let mut found: Vec<Drift> = self.features.iter().enumerate().filter_map(of).collect();
        found.sort_by(|one, two| two.psi.total_cmp(&one.psi).then_with(|| schema::position(&one.code).cmp(&schema::position(&two.code))));
        found
    }
}

/// The middle of the values that are known, the lower of two; `None` when there is none.
fn median(values: &[f64]) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    known.sort_unstable_by(f64::total_cmp);
    known.get(known.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_change_are_counted_where_the_input_is_used() {
        let found = stability_of("overdue_ratio", vec![0.2, 0.0, 0.4, -0.1, -0.3, 0.3]);
        assert_eq!((found.sign_flips, found.label.as_str()), (2, "overdue ratio"));
        assert!((found.mean - 0.5 / 6.0).abs() < 1e-12 && found.spread.is_some_and(|spread| (0.26..0.28).contains(&spread)), "{found:?}");
        assert_eq!(stability_of("x", vec![0.5]).spread, None);
    }

    #[test]
    fn the_middle_is_a_value() {
        assert_eq!(median(&[4.0, f64::NAN, 1.0, 3.0, 2.0]), Some(2.0));
        assert_eq!(median(&[f64::NAN]), None);
    }
}
