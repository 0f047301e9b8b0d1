//! What contacting the best share finds and brings, and how probabilities spread.

use lapwing_models::metrics::{self, Campaign};

use super::schema::{Gains, GainsPoint, Profit, ProfitCurve, ProfitPoint, ScoreBin};
use super::table::Table;

/// Points of a curve, from nobody to everybody.
const POINTS: usize = 21;
/// Bins of probabilities.
const BINS: usize = 20;

/// Share of the positives found by contacting the best share of each cutoff: of the model, then of `best_naive`; none without
/// positives.
#[must_use]
pub fn gains(table: &Table, best_naive: Option<&str>) -> Vec<Gains> {
    let curve = |method: usize| {
        let found = found(table, method)?;
        let points = shares().into_iter().zip(found).map(|(contacted, found)| GainsPoint {
            contacted,
            found,
            lift: (contacted > 0.0).then(|| found / contacted),
        });
        Some(Gains { name: table.methods[method].0.clone(), points: points.collect() })
    };
    told(table, best_naive).into_iter().filter_map(curve).collect()
}

/// What a retention campaign brings: the expected maximum of each cutoff, averaged over all rows, for every method; and what
/// contacting the best share of each cutoff brings at the mean acceptance, for the model and `best_naive`.
#[must_use]
pub fn profit(table: &Table, best_naive: Option<&str>, campaign: &Campaign) -> Profit {
    let cutoffs = table.by_cutoff();
    let curves = told(table, best_naive);
    let method = |method: usize| {
        let (mut expected_maximum, mut contacted) = (0.0, 0.0);
        for cutoff in &cutoffs {
            let share = cutoff.len() as f64 / table.len() as f64;
            if let Some(best) = metrics::expected_maximum_profit(&cutoff.said[method], &cutoff.labels, campaign) {
                expected_maximum += share * best.profit;
                contacted += share * best.contacted;
            }
        }
        let points = if curves.contains(&method) { points(table, method, campaign) } else { Vec::new() };
        ProfitCurve { name: table.methods[method].0.clone(), expected_maximum, contacted, points }
    };
    let Campaign { contact_cost, incentive_cost, customer_value, acceptance_alpha, acceptance_beta } = *campaign;
    Profit {
        contact_cost,
        incentive_cost,
        customer_value,
        acceptance_alpha,
        acceptance_beta,
        methods: (0..table.methods.len()).map(method).collect(),
    }
}

fn points(table: &Table, method: usize, campaign: &Campaign) -> Vec<ProfitPoint> {
    let base_rate = table.positives() as f64 / table.len().max(1) as f64;
    let found = found(table, method).unwrap_or_else(|| vec![0.0; POINTS]);
    let point = |(contacted, found): (f64, f64)| {
        let churners = found * base_rate;
        ProfitPoint { contacted, profit: campaign.profit(churners, contacted - churners, campaign.acceptance()) }
    };
    shares().into_iter().zip(found).map(point).collect()
}

/// The model's probabilities by what then happened; empty for no rows.
#[must_use]
pub fn scores(table: &Table) -> Vec<ScoreBin> {
    if table.is_empty() {
        return Vec::new();
    }
    let edge = |bin: usize| bin as f64 / BINS as f64;
    let mut bins: Vec<ScoreBin> =
        (0..BINS).map(|bin| ScoreBin { from: edge(bin), to: edge(bin + 1), positives: 0, negatives: 0 }).collect();
    for (said, label) in table.model().iter().zip(&table.labels) {
        let place = bins.partition_point(|bin| bin.to <= *said).min(BINS - 1);
        if *label {
            bins[place].positives += 1;
        } else {
            bins[place].negatives += 1;
        }
    }
    bins
}

/// The places of the model and of `best_naive` among the methods.
fn told(table: &Table, best_naive: Option<&str>) -> Vec<usize> {
    let place = |name: &str| table.methods.iter().position(|(known, _)| known == name);
    let model = (!table.methods.is_empty()).then_some(0);
    model.into_iter().chain(best_naive.and_then(place)).collect()
}

fn shares() -> Vec<f64> {
    (0..POINTS).map(|point| point as f64 / (POINTS - 1) as f64).collect()
}

/// Share of all positives among the best [`shares`] of each cutoff; `None` without positives.
fn found(table: &Table, method: usize) -> Option<Vec<f64>> {
    let mut found = vec![0.0; POINTS];
    for cutoff in table.by_cutoff() {
        let gains = metrics::gains(&cutoff.said[method], &cutoff.labels, &shares());
        for (sum, share) in found.iter_mut().zip(gains.unwrap_or_default()) {
            *sum += share * cutoff.positives() as f64;
        }
    }
    let positives = table.positives() as f64;
    (positives > 0.0).then(|| found.into_iter().map(|found| found / positives).collect())
}

#[cfg(test)]
mod tests {
    use super::super::schema::Method;
    use super::super::table::Traits;
    use super::*;

    /// Two cutoffs of ten customers; at the second everybody's probability is higher and nobody is positive.
    fn table() -> Table {
        let first = (0..10).map(|row| 0.05 * f64::from(row));
        let model: Vec<f64> = first.clone().chain(first.map(|p| p + 0.5)).collect();
        Table {
            methods: vec![("model".to_owned(), Method::Model), ("base rate".to_owned(), Method::Naive)],
            said: vec![model, vec![0.2; 20]],
            labels: (0..20).map(|row| (6..10).contains(&row)).collect(),
            customers: (0..20).collect(),
            groups: (0..20).map(|row| row / 10).collect(),
            traits: vec![Traits { stage: None, tenure_days: 1.0, attributes: Vec::new() }; 20],
        }
    }

    #[test]
    fn the_best_are_those_of_each_cutoff() {
        let found = gains(&table(), Some("base rate"));
        let at = |curve: usize, share: usize| found[curve].points[share].found;
        assert_eq!(
            found.iter().map(|curve| (curve.name.as_str(), curve.points.len())).collect::<Vec<_>>(),
            [("model", 21), ("base rate", 21)]
        );
        assert!((at(0, 8) - 1.0).abs() < 1e-12, "40 % of the first cutoff are all positives: {:?}", found[0]);
        assert!((at(0, 4) - 0.5).abs() < 1e-12 && (at(1, 4) - 0.2).abs() < 1e-12);
        assert_eq!((found[0].points[0].lift, found[0].points[4].lift.map(|lift| (10.0 * lift).round())), (None, Some(25.0)));
    }

    #[test]
    fn profit_is_that_of_the_campaign() {
        let campaign = Campaign::default();
        let found = profit(&table(), Some("base rate"), &campaign);
        let model = &found.methods[0];
        // 40 % are contacted at both cutoffs: 4 churners and 4 who stay, of 20.
        assert!((model.points[8].profit - campaign.profit(0.2, 0.2, 0.3)).abs() < 1e-12);
        assert!(model.expected_maximum > found.methods[1].expected_maximum && found.methods[1].expected_maximum > 0.0);
        assert!(model.contacted > 0.15 && model.contacted <= 0.2, "{model:?}");
    }

    #[test]
    fn every_row_is_in_one_bin() {
        let bins = scores(&table());
        assert_eq!(bins.iter().map(|bin| bin.positives).sum::<usize>(), 4);
        assert_eq!(bins.iter().map(|bin| bin.negatives).sum::<usize>(), 16);
        assert_eq!((bins[0].negatives, bins[1].negatives, bins[10].negatives), (1, 1, 1), "a row on an edge is in the bin above");
        assert!(scores(&Table::default()).is_empty());
    }

    #[test]
    fn without_positives_there_are_no_gains() {
        let mut table = table();
        table.labels.fill(false);
        assert!(gains(&table, Some("base rate")).is_empty());
        assert!(profit(&table, None, &Campaign::default()).methods[0].points[20].profit < 0.0, "all stay, and all cost");
    }
}
