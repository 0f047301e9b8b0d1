//! From which stage to which: customers counted at two cutoffs.
//!
//! The stage at each cutoff is what the same rule says of what was known at it, so that a count made today of last month's stages is
//! the count that was made last month. Who was not seen at the first cutoff comes from [`NOT_SEEN`].

use lapwing_features::{Cutoff, Id, Walk};

use super::stage::Stage;
use super::thresholds::Thresholds;
use crate::exact::Exact;

/// Where customers come from who were not seen at the first cutoff.
pub const NOT_SEEN: &str = "not_seen";

const STAGES: usize = Stage::ALL.len();

/// Customers by their stages at two cutoffs; mergeable in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transitions {
    /// By the stage before, of which the last is none, and the stage after.
    cells: [[Tally; STAGES]; STAGES + 1],
    has_spend: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    customers: u64,
    spend: Exact,
}

/// Customers who went from one stage to another, or stayed.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Flow {
    /// The stage at the first cutoff, or [`NOT_SEEN`].
    pub source: &'static str,
    /// The stage at the second.
    pub target: &'static str,
    /// How many.
    pub customers: u64,
    /// What they spent in the 365 days before the second cutoff; `None` where the data has no amounts.
    pub value: Option<f64>,
}

impl Transitions {
    /// Takes in a customer who is followed; who was not seen before `to` is not counted.
    ///
    /// ```
    /// use lapwing_features::example;
    /// use lapwing_models::lifecycle::{Stage, Thresholds, Transitions};
    /// let history = example::history(&[("2024-01-10", "purchase", 20.0)]);
    /// let (mut kernel, mut all) = (example::kernel(), Transitions::default());
    /// let [from, to] = ["2024-01-20", "2024-02-20"].map(example::cutoff);
    /// all.add(&mut kernel.follow(&history), [from, to], &Thresholds::default());
    /// assert_eq!(all.customers(Some(Stage::New), Stage::Retained), 1);
    /// assert_eq!(all.flows().len(), 1);
    /// ```
    pub fn add(&mut self, walk: &mut Walk<'_>, [from, to]: [Cutoff; 2], thresholds: &Thresholds) {
        let mut at = |cutoff| walk.snapshot(cutoff, thresholds.fact_settings(), lapwing_features::Attributes::new());
        let before = at(from).and_then(|snapshot| thresholds.stage(&snapshot));
        let Some(snapshot) = at(to) else { return };
        let Some(after) = thresholds.stage(&snapshot) else { return };
        let spend = snapshot.features[Id::spend_365d_sum];
        self.note(before, after, Some(spend).filter(|spend| spend.is_finite()));
    }

    fn note(&mut self, before: Option<Stage>, after: Stage, spend: Option<f64>) {
        let cell = &mut self.cells[place(before)][after as usize];
        cell.customers += 1;
        cell.spend += Exact::of(spend.unwrap_or(0.0));
        self.has_spend |= spend.is_some();
    }

    /// Takes in what another tally holds.
    pub fn merge(&mut self, other: &Self) {
        let theirs = other.cells.iter().flatten();
        for (mine, theirs) in self.cells.iter_mut().flatten().zip(theirs) {
            mine.customers += theirs.customers;
            mine.spend += theirs.spend;
        }
        self.has_spend |= other.has_spend;
    }

    /// How many went from `before`, or were not seen there, to `after`.
    #[must_use]
    pub fn customers(&self, before: Option<Stage>, after: Stage) -> u64 {
        self.cells[place(before)][after as usize].customers
    }

    /// All customers.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.cells.iter().flatten().map(|cell| cell.customers).sum()
    }

    /// The stages before, in the order of the matrix: every stage, then none.
    pub fn sources() -> impl Iterator<Item = Option<Stage>> {
        Stage::ALL.iter().copied().map(Some).chain([None])
    }

    /// The matrix: a row for each of [`sources`](Self::sources), in it a number for each stage after.
    #[must_use]
    pub fn matrix(&self) -> Vec<Vec<u64>> {
        self.cells.iter().map(|row| row.iter().map(|cell| cell.customers).collect()).collect()
    }

    /// What a Sankey diagram draws: every flow that somebody is in, in the order of the matrix.
    #[must_use]
    pub fn flows(&self) -> Vec<Flow> {
        let flow = |(before, after): (Option<Stage>, Stage)| {
            let cell = self.cells[place(before)][after as usize];
            Flow {
                source: before.map_or(NOT_SEEN, Stage::name),
                target: after.name(),
                customers: cell.customers,
                // To a hundredth of the smallest coin: what is finer is of the sum's own making.
                value: self.has_spend.then(|| (cell.spend.value() * 1e4).round() / 1e4),
            }
        };
        let all = Self::sources().flat_map(|before| Stage::ALL.iter().map(move |after| (before, *after)));
        all.map(flow).filter(|flow| flow.customers > 0).collect()
    }
}

fn place(before: Option<Stage>) -> usize {
    before.map_or(STAGES, |before| before as usize)
}

#[cfg(test)]
mod tests {
    use lapwing_features::example;

    use super::*;

    type Row = (&'static str, &'static str, f64);

    /// Customers of all kinds, at two dates a month apart.
    fn customers() -> Vec<(Vec<Row>, Option<Stage>, Option<Stage>)> {
        let buy = |date| (date, "purchase", 20.0);
        vec![
            (vec![buy("2024-01-10")], Some(Stage::New), Some(Stage::Retained)),
            (vec![buy("2024-02-01")], None, Some(Stage::New)),
            (vec![("2024-01-10", "visit", f64::NAN), buy("2024-02-01")], Some(Stage::Prospect), Some(Stage::New)),
            (vec![("2024-01-10", "visit", f64::NAN)], Some(Stage::Prospect), Some(Stage::Prospect)),
            (vec![buy("2023-11-01")], Some(Stage::Retained), Some(Stage::Dormant)),
            (vec![buy("2024-03-01")], None, None),
        ]
    }

    fn counted(customers: &[(Vec<Row>, Option<Stage>, Option<Stage>)]) -> Transitions {
        let (thresholds, mut kernel, mut all) = (Thresholds::default(), example::kernel(), Transitions::default());
        for (rows, ..) in customers {
            let (history, mut one) = (example::history(rows), Transitions::default());
            one.add(&mut kernel.follow(&history), ["2024-01-20", "2024-02-20"].map(example::cutoff), &thresholds);
            all.merge(&one);
        }
        all
    }

    #[test]
    fn each_customer_goes_from_its_stage_then_to_its_stage_now() {
        let customers = customers();
        let all = counted(&customers);
        for (rows, before, after) in &customers {
            if let Some(after) = after {
                assert_eq!(all.customers(*before, *after), 1, "{rows:?}: {all:?}");
            }
        }
        assert_eq!((all.total(), all.flows().len()), (5, 5));
        let matrix = all.matrix();
        assert_eq!((matrix.len(), matrix[STAGES][Stage::New as usize]), (STAGES + 1, 1));
        assert!(matrix.iter().all(|row| row.len() == STAGES));
    }

    #[test]
    fn a_flow_is_worth_what_its_customers_spent() {
        let all = counted(&customers());
        let worth = |source: &str| all.flows().into_iter().find(|flow| flow.source == source && flow.target == "new").unwrap().value;
        assert_eq!((worth(NOT_SEEN), worth("prospect")), (Some(20.0), Some(20.0)));
        let mut without = Transitions::default();
        without.note(None, Stage::New, None);
        assert_eq!(without.flows()[0].value, None, "the data has no amounts");
    }

    #[test]
    fn the_order_of_the_customers_is_nothing() {
        let mut turned = customers();
        turned.reverse();
        assert_eq!(counted(&turned), counted(&customers()));
    }
}
