//! What a model has to beat, learned from the same rows, to be asked of any customer.

use lapwing_features::{Id, Snapshot, Timestamp};

use super::design::Columns;
use super::judge::{NAIVE, NAIVE_PENALTY};
use super::select::{Scorer, choose};
use super::solve::SolveError;
use super::split::Split;
use super::table::Table;
use super::{FitSettings, TrainingRow, rule};
use crate::calibrate::Calibrator;
use crate::hiatus::HiatusRule;
use crate::sigmoid;
use crate::target::Target;

/// What kind of thing stands beside the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A rule that needs no model: the base rate, one number of the customer, or a threshold.
    Naive,
    /// A classical model of purchase counts, such as BG/NBD.
    Btyd,
    /// A model that cannot be explained, such as a random forest.
    Challenger,
}

/// Something that a model has to beat.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// As in reports: `base rate`, `days since last purchase only`, `purchase count only` or `hiatus rule`.
    pub name: &'static str,
    /// What kind of thing it is.
    pub family: Family,
    says: Says,
}

/// How a baseline finds its probability.
#[derive(Clone, Debug)]
enum Says {
    Rate(f64),
    OneVariable(Box<Scorer>, Calibrator),
    Rule(HiatusRule),
}

impl Baseline {
    /// The probability of a positive answer for `snapshot`, whatever its population.
    #[must_use]
    pub fn probability(&self, snapshot: &Snapshot) -> f64 {
        match &self.says {
            Says::Rate(rate) => *rate,
            Says::OneVariable(scorer, calibrator) => {
                let row = scorer.design.transform.apply(&scorer.design.inputs.read(snapshot));
                let weights = &scorer.solution.weights;
                let log_odds = weights.coefficients.iter().zip(&row).fold(weights.intercept, |sum, (weight, value)| sum + weight * value);
                sigmoid(calibrator.apply(log_odds))
            }
            Says::Rule(rule) => rule.cell(snapshot.features[Id::days_since_last_purchase]).rate(),
        }
    }
}

/// The baselines of `target`, always the same ones in the same order, learned from all rows of its population.
///
/// Rules of one variable choose their calibration as a model does; where they cannot be fitted, as where there is one class only,
/// they tell everyone the base rate. The arguments are those of [`fit`](super::fit).
///
/// # Panics
/// When a row's `slice` is not one of `cutoffs`.
///
/// ```
/// use lapwing_features::{Attributes, FactSettings, Snapshot, Windows, example};
/// use lapwing_models::Target;
/// use lapwing_models::fit::{FitSettings, baselines};
/// let settings = FitSettings { windows: Windows::new(90, 90, 0).unwrap(), seed: 1, attributes: Vec::new() };
/// let found = baselines(Target::Churn, &[], &[], &settings);
/// let names: Vec<&str> = found.iter().map(|baseline| baseline.name).collect();
/// assert_eq!(names, ["base rate", "days since last purchase only", "purchase count only", "hiatus rule"]);
/// let history = example::history(&[("2024-01-01", "purchase", 20.0)]);
/// let facts = FactSettings { active_days: 90, returned_days: 60 };
/// let snapshot = Snapshot::take(&mut example::kernel(), &history, example::cutoff("2024-02-01"), facts, Attributes::new()).unwrap();
/// assert_eq!(found[0].probability(&snapshot), 0.5, "nothing was seen");
/// ```
#[must_use]
pub fn baselines(target: Target, rows: &[TrainingRow], cutoffs: &[Timestamp], settings: &FitSettings) -> Vec<Baseline> {
    let table = Table::of(target, rows);
    let split = Split::of(&table, cutoffs, settings.windows.span_days());
    let all = table.all();
    let rate = rule::count(&table, &all, &|_| true).rate();
    let naive = |name, says| Baseline { name, family: Family::Naive, says };
    let mut found = vec![naive("base rate", Says::Rate(rate))];
    for (name, id) in NAIVE {
        found.push(naive(name, one_variable(&table, &split, id, settings.seed).unwrap_or(Says::Rate(rate))));
    }
    found.push(naive("hiatus rule", Says::Rule(rule::learn(&table, &all, f64::from(settings.windows.active_days)))));
    found
}

fn one_variable(table: &Table<'_>, split: &Split, id: Id, seed: u64) -> Result<Says, SolveError> {
    let choice = choose(table, split, Columns::One(id), &NAIVE_PENALTY, seed)?;
    let scorer = Scorer::learn(table, &table.all(), Columns::One(id), choice.lambda)?;
    Ok(Says::OneVariable(Box::new(scorer), choice.calibrator))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::tests::{cutoffs, rows, settings};

    #[test]
    fn each_rule_says_what_its_variable_tells() {
        let rows = rows(300, 8, 1.5);
        let found = baselines(Target::Churn, &rows, &cutoffs(8), &settings());
        let says = |name: &str, row: &TrainingRow| found.iter().find(|one| one.name == name).unwrap().probability(&row.snapshot);
        let churned = rows.iter().filter(|row| !row.purchased).count() as f64 / rows.len() as f64;
        let of = |id: Id, most: bool| {
            let value = |row: &&TrainingRow| row.snapshot.features[id];
            let (less, more) = (
                rows.iter().min_by(|one, two| value(one).total_cmp(&value(two))),
                rows.iter().max_by(|one, two| value(one).total_cmp(&value(two))),
            );
            if most { more.unwrap() } else { less.unwrap() }
        };
        assert!((says("base rate", &rows[0]) - churned).abs() < 0.001);
        let (few, many) = (of(Id::purchases_count, false), of(Id::purchases_count, true));
        assert!(says("purchase count only", few) > 0.7 && says("purchase count only", many) < 0.3, "who buys often stays");
        let (short, long) = (of(Id::days_since_last_purchase, false), of(Id::days_since_last_purchase, true));
        let days = "days since last purchase only";
        assert!((says(days, short) - says(days, long)).abs() < 0.1, "the days tell nothing in these rows");
    }

    #[test]
    fn one_class_leaves_the_base_rate() {
        let rows: Vec<TrainingRow> = rows(60, 3, 0.0).into_iter().map(|row| TrainingRow { purchased: true, ..row }).collect();
        let found = baselines(Target::Churn, &rows, &cutoffs(3), &settings());
        let all: Vec<f64> = found.iter().map(|baseline| baseline.probability(&rows[0].snapshot)).collect();
        assert!(all.iter().all(|probability| *probability < 0.02), "{all:?}");
        assert_eq!((found.len(), all[0]), (4, all[1]));
    }
}
