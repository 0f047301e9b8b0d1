//! What a model has to beat, learned from the same rows, to be asked of any customer.

use std::sync::Arc;

use lapwing_features::{Id, Snapshot, Windows};
use ndarray::Array2;

use super::design::{self, Columns};
use super::forest::Forest;
use super::scorer::Scorer;
use super::select::{Candidate, Member};
use super::solver::SolverKind;
use super::table::Table;
use super::{FitSettings, TrainingRow, rule};
use crate::btyd::{self, BgNbd, Habits, ParetoNbd};
use crate::hiatus::HiatusRule;
use crate::input::InputSchema;
use crate::sigmoid;
use crate::target::Target;

/// The rules of one number of the customer, by their names.
pub const NAIVE: [(&str, Id); 2] =
    [("days since last purchase only", Id::days_since_last_purchase), ("purchase count only", Id::purchases_count)];
/// One variable needs next to no penalty.
const ONE_VARIABLE: Member = Member { candidate: Candidate { bent: false, lambda: 1e-4 }, weight: 1.0 };

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
    /// As in reports: `base rate`, `days since last purchase only`, `purchase count only`, `hiatus rule`, `BG/NBD`,
    /// `Pareto/NBD` or `random forest`.
    pub name: &'static str,
    /// What kind of thing it is.
    pub family: Family,
    says: Says,
}

/// How a baseline finds its probability.
#[derive(Clone, Debug)]
enum Says {
    Rate(f64),
    OneVariable(Box<Scorer>),
    Rule(HiatusRule),
    BgNbd(BgNbd, Outlook),
    ParetoNbd(ParetoNbd, Outlook),
    Forest(Arc<Forest>, InputSchema),
}

/// What is asked of a model of purchase counts.
#[derive(Clone, Copy, Debug)]
struct Outlook {
    target: Target,
    windows: Windows,
    /// For who never bought, of whom such a model knows nothing.
    rate: f64,
}

impl Outlook {
    /// `none` is asked for the probability of no purchase in the outcome window.
    fn answer(&self, snapshot: &Snapshot, none: impl Fn(&Habits, f64, f64) -> f64) -> f64 {
        let Windows { gap_days, horizon_days, .. } = self.windows;
        Habits::of(&snapshot.features).map_or(self.rate, |habits| {
            let none = none(&habits, f64::from(gap_days), f64::from(horizon_days));
            if self.target.label(false) { none } else { 1.0 - none }
        })
    }
}

impl Baseline {
    /// The probability of a positive answer for `snapshot`, whatever its population.
    #[must_use]
    pub fn probability(&self, snapshot: &Snapshot) -> f64 {
        match &self.says {
            Says::Rate(rate) => *rate,
            Says::OneVariable(scorer) => sigmoid(scorer.log_odds(snapshot)),
            Says::Rule(rule) => rule.cell(snapshot.features[Id::days_since_last_purchase]).rate(),
            Says::BgNbd(model, outlook) => outlook.answer(snapshot, |habits, gap, horizon| model.none_probability(habits, gap, horizon)),
            Says::ParetoNbd(model, outlook) => {
                outlook.answer(snapshot, |habits, gap, horizon| model.none_probability(habits, gap, horizon))
            }
            Says::Forest(..) => self.probabilities(&[snapshot])[0],
        }
    }

    /// The same for several, which is quicker for a forest.
    #[must_use]
    pub fn probabilities(&self, snapshots: &[&Snapshot]) -> Vec<f64> {
        let Says::Forest(forest, inputs) = &self.says else {
            return snapshots.iter().map(|snapshot| self.probability(snapshot)).collect();
        };
        // It was grown on as many columns as it is asked about.
        forest.predict(&raw(inputs, snapshots)).unwrap_or_else(|_| vec![0.5; snapshots.len()])
    }
}

/// The inputs of `snapshots`, one row each.
fn raw(inputs: &InputSchema, snapshots: &[&Snapshot]) -> Array2<f64> {
    let mut matrix = Array2::zeros((snapshots.len(), inputs.len()));
    for (mut row, snapshot) in matrix.rows_mut().into_iter().zip(snapshots) {
        row.iter_mut().zip(inputs.read(snapshot)).for_each(|(cell, value)| *cell = value);
    }
    matrix
}

/// The baselines of `target`, always the same ones in the same order, learned from all rows of its population.
///
/// Where one cannot be fitted, as a rule of one variable where there is one class only, it tells everyone the base rate. The
/// models of purchase counts are learned from everyone who had bought by the newest cutoff. The arguments are those of
/// [`fit`](super::fit).
///
/// ```
/// use lapwing_features::{Attributes, FactSettings, Snapshot, Windows, example};
/// use lapwing_models::Target;
/// use lapwing_models::fit::{FitSettings, baselines, solver::SolverKind};
/// let settings = FitSettings { windows: Windows::new(90, 90, 0).unwrap(), seed: 1, attributes: Vec::new(), solver: SolverKind::Newton };
/// let found = baselines(Target::Churn, &[], &settings);
/// let names: Vec<&str> = found.iter().map(|baseline| baseline.name).collect();
/// assert_eq!(names[..3], ["base rate", "days since last purchase only", "purchase count only"]);
/// assert_eq!(names[3..], ["hiatus rule", "BG/NBD", "Pareto/NBD", "random forest"]);
/// let history = example::history(&[("2024-01-01", "purchase", 20.0)]);
/// let facts = FactSettings { active_days: 90, returned_days: 60 };
/// let snapshot = Snapshot::take(&mut example::kernel(), &history, example::cutoff("2024-02-01"), facts, Attributes::new()).unwrap();
/// assert_eq!(found[0].probability(&snapshot), 0.5, "nothing was seen");
/// ```
#[must_use]
pub fn baselines(target: Target, rows: &[TrainingRow], settings: &FitSettings) -> Vec<Baseline> {
    let table = Table::of(target, rows);
    learn(&table, &table.all(), target, settings)
}

/// The baselines, learned from the rows at `places`.
pub(super) fn learn(table: &Table<'_>, places: &[usize], target: Target, settings: &FitSettings) -> Vec<Baseline> {
    let windows = target.windows(settings.windows);
    let rate = rule::count(table, places, &|_| true).rate();
    let habits = table.habits(places);
    let outlook = Outlook { target, windows, rate };
    let one_variable = |id| {
        let scorer = Scorer::learn(table, places, Columns::One(id), &[ONE_VARIABLE], SolverKind::Newton);
        scorer.map_or(Says::Rate(rate), |scorer| Says::OneVariable(Box::new(scorer)))
    };
    let naive = NAIVE.map(|(name, id)| (name, Family::Naive, one_variable(id)));
    let hiatus = rule::learn(table, places, f64::from(windows.active_days));
    let bg_nbd = btyd::fit::bg_nbd(&habits).map_or(Says::Rate(rate), |fitted| Says::BgNbd(fitted.model, outlook));
    let pareto_nbd = btyd::fit::pareto_nbd(&habits).map_or(Says::Rate(rate), |fitted| Says::ParetoNbd(fitted.model, outlook));
    let all = [("base rate", Family::Naive, Says::Rate(rate))].into_iter().chain(naive).chain([
        ("hiatus rule", Family::Naive, Says::Rule(hiatus)),
        ("BG/NBD", Family::Btyd, bg_nbd),
        ("Pareto/NBD", Family::Btyd, pareto_nbd),
        ("random forest", Family::Challenger, forest(table, places, settings).unwrap_or(Says::Rate(rate))),
    ]);
    all.map(|(name, family, says)| Baseline { name, family, says }).collect()
}

/// A forest of the inputs as they are, but for the rhythm of buying, which is a model itself; `None` where there are no rows.
fn forest(table: &Table<'_>, places: &[usize], settings: &FitSettings) -> Option<Says> {
    let rows = table.rows_at(places);
    let inputs = design::inputs(&rows, &settings.attributes, None);
    let snapshots: Vec<&Snapshot> = rows.iter().map(|row| &row.snapshot).collect();
    let forest = Forest::learn(&raw(&inputs, &snapshots), &table.labels_at(places), &table.customers_at(places), settings.seed).ok()?;
    Some(Says::Forest(Arc::new(forest), inputs))
}

#[cfg(test)]
mod tests {
    use lapwing_features::Population;

    use super::*;
    use crate::fit::tests::{rows, settings};

    #[test]
    fn each_rule_says_what_its_variable_tells() {
        let rows = rows(300, 8, 1.5);
        let found = baselines(Target::Churn, &rows, &settings());
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
    fn models_of_purchase_counts_answer_each_target_for_its_own_window() {
        let mut rows = rows(120, 2, 0.0);
        for row in &mut rows {
            let repeats = f64::from(row.customer % 7);
            let features = &mut row.snapshot.features;
            (features[Id::btyd_repeat_days_count], features[Id::btyd_recency_days]) = (repeats, 12.0 * repeats);
            features[Id::btyd_age_days] = 100.0;
            row.snapshot.population = [Population::Current, Population::Lapsed][row.customer as usize % 2];
        }
        let settings = FitSettings { windows: Windows::new(30, 40, 5).unwrap(), ..settings() };
        for target in Target::ALL {
            let table = Table::of(target, &rows);
            let habits = table.habits(&table.all());
            let (bg, pareto) = (btyd::fit::bg_nbd(&habits).unwrap().model, btyd::fit::pareto_nbd(&habits).unwrap().model);
            let found = baselines(target, &rows, &settings);
            for row in &rows[..14] {
                let one = Habits::of(&row.snapshot.features).unwrap();
                let expected = |none: &dyn Fn(&Habits, f64, f64) -> f64| match target {
                    Target::Churn => none(&one, 5.0, 40.0),
                    Target::Reactivation => 1.0 - none(&one, 5.0, 40.0),
                    Target::Intent => 1.0 - none(&one, 0.0, 7.0),
                };
                let said = |name: &str| found.iter().find(|one| one.name == name).unwrap().probability(&row.snapshot);
                assert_eq!(said("BG/NBD"), expected(&|one, gap, horizon| bg.none_probability(one, gap, horizon)), "{target}");
                assert_eq!(said("Pareto/NBD"), expected(&|one, gap, horizon| pareto.none_probability(one, gap, horizon)), "{target}");
            }
        }
    }

    #[test]
    fn one_class_leaves_the_base_rate() {
        let rows: Vec<TrainingRow> = rows(60, 3, 0.0).into_iter().map(|row| TrainingRow { purchased: true, ..row }).collect();
        let found = baselines(Target::Churn, &rows, &settings());
        let all: Vec<f64> = found.iter().map(|baseline| baseline.probability(&rows[0].snapshot)).collect();
        assert!(all.iter().all(|probability| *probability < 0.02), "{all:?}");
        assert_eq!((found.len(), all[0]), (7, all[1]));
    }
}
