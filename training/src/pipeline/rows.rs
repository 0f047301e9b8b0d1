//! The rows that models learn from: customers at cutoffs whose outcome is known.

use lapwing_features::engine::{Customer, Dataset};
use lapwing_features::{Cutoff, FactSettings, Kernel, Population, Snapshot, Timestamp, Token, Windows};
use lapwing_models::fit::{TrainingRow, slices};
use lapwing_models::{Sample, Target};

use super::named;
use crate::progress::Step;
use crate::settings::Source;

/// Intent is asked of many customers at many cutoffs, so that there can be more rows than a fit gains from.
const MOST_ROWS: usize = 200_000;

/// What rows are taken from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack<'a> {
    pub(super) source: &'a Source,
    pub(super) dataset: &'a Dataset,
    /// The data begins here.
    pub(super) since: Timestamp,
    /// The data is complete up to here.
    pub(super) complete_until: Timestamp,
    /// Those of churn and reactivation.
    pub(super) windows: Windows,
    pub(super) facts: FactSettings,
    pub(super) seed: u64,
}

/// Rows and their cutoffs.
#[derive(Debug)]
pub(super) struct Rows {
    /// Newest first.
    pub(super) cutoffs: Vec<Timestamp>,
    /// By customer, then slice.
    pub(super) rows: Vec<TrainingRow>,
    /// Of whom they are, when not of all.
    pub(super) sample: Option<Sample>,
}

impl Stack<'_> {
    /// For churn and reactivation. Prospects have no row: neither is asked of them.
    pub(super) fn of_populations(&self) -> Rows {
        let cutoffs = slices::plan(self.complete_until, self.since, self.windows);
        let rows = self.take(&cutoffs, self.windows, |_| true, |snapshot| snapshot.population != Population::Prospect);
        Rows { cutoffs, rows, sample: None }
    }

    /// For intent: its windows are its own.
    pub(super) fn of_intent(&self) -> Rows {
        let windows = Target::Intent.windows(self.windows);
        let cutoffs = slices::plan(self.complete_until, self.since, windows);
        let (first_out, sample) = self.draw(&cutoffs, MOST_ROWS);
        let is_in = |customer: &Customer| first_out.is_none_or(|first_out| self.lot(customer) < first_out);
        let rows = self.take(&cutoffs, windows, is_in, |snapshot| Target::Intent.concerns(snapshot));
        Rows { cutoffs, rows, sample }
    }

    /// The first lot with which customers are out, so that there are at most `most` rows, and what that leaves; `None` when
    /// everybody is in.
    ///
    /// A lot hangs on the customer's id and the seed only: whoever is drawn today is drawn tomorrow as well.
    fn draw(&self, cutoffs: &[Timestamp], most: usize) -> (Option<Token>, Option<Sample>) {
        let cutoffs = self.local(cutoffs);
        // A message that was sent counts here and not below: a bound need not be exact.
        let seen = |customer: &Customer, cutoff: Cutoff| {
            let since = cutoff.at.plus_days(-i64::from(Target::SEEN_DAYS));
            customer.history.observe(cutoff).events().next_back().is_some_and(|last| last.ts >= since)
        };
        let rows = |customer: &Customer| cutoffs.iter().filter(|cutoff| seen(customer, **cutoff)).count();
        let mut lots: Vec<(Token, usize)> = self.dataset.map(|| (), |(), customer| (self.lot(customer), rows(customer)));
        lots.retain(|(_, rows)| *rows > 0);
        lots.sort_unstable();
        let mut sum = 0;
        let drawn = lots.iter().take_while(|(_, rows)| {
            sum += rows;
            sum <= most
        });
        let drawn = drawn.count();
        let first_out = lots.get(drawn).map(|(lot, _)| *lot);
        (first_out, first_out.map(|_| Sample { customers: drawn, of_customers: lots.len(), most_rows: most }))
    }

    fn lot(&self, customer: &Customer) -> Token {
        Token::of(&format!("{} {}", self.seed, customer.id))
    }

    fn local(&self, cutoffs: &[Timestamp]) -> Vec<Cutoff> {
        cutoffs.iter().map(|at| self.source.calendar.cutoff(*at)).collect()
    }

    /// One row a customer and complete slice, by customer, then slice; of the customers `of`, where their snapshot is one that
    /// `concerns`.
    fn take(
        &self,
        cutoffs: &[Timestamp],
        windows: Windows,
        of: impl Fn(&Customer) -> bool + Sync,
        concerns: impl Fn(&Snapshot) -> bool + Sync,
    ) -> Vec<TrainingRow> {
        let dataset = self.dataset;
        let step = Step::of(&format!("computing features at {} cutoffs", cutoffs.len()), dataset.customers.len() as u64);
        let cutoffs = self.local(cutoffs);
        let by_customer = dataset.map(
            || Kernel::new(dataset.shape.clone()),
            |kernel, customer| {
                step.advance();
                let row = |kernel: &mut Kernel, slice: usize, cutoff: Cutoff| {
                    let purchased = customer.history.purchased_after(cutoff, windows, self.complete_until)?;
                    let attributes = named(&customer.attributes, &self.source.attributes);
                    let snapshot = Snapshot::take(kernel, &customer.history, cutoff, self.facts, attributes)?;
                    concerns(&snapshot).then_some(TrainingRow { customer: 0, slice, snapshot, purchased })
                };
                let cutoffs = if of(customer) { cutoffs.as_slice() } else { &[] };
                cutoffs.iter().enumerate().filter_map(|(slice, cutoff)| row(kernel, slice, *cutoff)).collect::<Vec<_>>()
            },
        );
        let numbered = by_customer.into_iter().zip(0_u32..);
        numbered.flat_map(|(rows, customer)| rows.into_iter().map(move |row| TrainingRow { customer, ..row })).collect()
    }
}

#[cfg(test)]
mod tests {
    use lapwing_features::example;

    use super::*;
    use crate::pipeline::read;

    const ROWS: &str = "b,2024-01-05,10\na,2024-01-01,5\na,2024-01-20,5\na,2024-03-20,5\nc,2024-02-01,-3\nb,2024-04-20,99\n";

    fn at(date: &str) -> Timestamp {
        example::cutoff(date).at
    }

    /// What `test` finds in a stack of [`ROWS`], complete up to the day after the last purchase.
    fn with_stack<T>(test: impl Fn(&Stack<'_>) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.csv");
        std::fs::write(&path, format!("customer_id,ts,amount\n{ROWS}")).unwrap();
        let source = Source::plain(&path);
        let dataset = read(&source, None).unwrap();
        let windows = Windows::new(30, 30, 0).unwrap();
        let facts = FactSettings { active_days: 30, returned_days: 60 };
        let (since, complete_until) = (at("2024-01-01"), at("2024-04-21"));
        test(&Stack { source: &source, dataset: &dataset, since, complete_until, windows, facts, seed: 1 })
    }

    fn told(rows: &[TrainingRow]) -> Vec<(u32, usize, bool)> {
        rows.iter().map(|row| (row.customer, row.slice, row.purchased)).collect()
    }

    #[test]
    fn rows_are_by_customer_then_slice_and_none_is_of_a_prospect() {
        let rows = with_stack(|stack| stack.of_populations());
        assert_eq!(rows.cutoffs, ["2024-03-22", "2024-03-12", "2024-03-02", "2024-02-21", "2024-02-11", "2024-02-01"].map(at));
        let found = told(&rows.rows);
        assert!(found.is_sorted() && found.len() == 12 && found.iter().all(|(customer, ..)| *customer < 2), "{found:?}");
        assert_eq!(found[..4], [(0, 0, false), (0, 1, true), (0, 2, true), (0, 3, true)]);
        assert_eq!(rows.sample, None);
    }

    #[test]
    fn intent_is_asked_of_prospects_too_for_seven_days() {
        let rows = with_stack(|stack| stack.of_intent());
        assert_eq!(rows.cutoffs.len(), 11);
        assert_eq!((rows.cutoffs[0], rows.cutoffs[10]), (at("2024-04-14"), at("2024-02-04")));
        let found = told(&rows.rows);
        assert_eq!(found.len(), 33, "all three were seen within 180 days of each cutoff");
        let bought: Vec<_> = found.into_iter().filter(|(.., purchased)| *purchased).collect();
        assert_eq!(bought, [(0, 4, true), (1, 0, true)], "2024-03-17 to 2024-03-24, and 2024-04-14 to 2024-04-21");
    }

    #[test]
    fn too_many_rows_are_kept_in_bounds_by_whole_customers() {
        with_stack(|stack| {
            let cutoffs = ["2024-04-14", "2024-01-03"].map(at);
            assert_eq!(stack.draw(&cutoffs, 4), (None, None), "a has two rows, the others one each");
            let (first_out, sample) = stack.draw(&cutoffs, 3);
            let sample = sample.unwrap();
            let kept: Vec<&str> =
                stack.dataset.customers.iter().filter(|one| Some(stack.lot(one)) < first_out).map(|one| one.id.as_str()).collect();
            assert_eq!((kept.len(), sample.of_customers, sample.most_rows), (sample.customers, 3, 3));
            assert!((1..=2).contains(&kept.len()), "{kept:?}");
            let (none, sample) = stack.draw(&cutoffs, 0);
            assert!(none.is_some() && sample.is_some_and(|sample| sample.customers == 0));
            let other = Stack { seed: 2, ..*stack };
            let order = |stack: &Stack<'_>| {
                let mut lots: Vec<_> = stack.dataset.customers.iter().map(|one| (stack.lot(one), one.id.clone())).collect();
                lots.sort();
                lots.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
            };
            assert_ne!(order(stack), order(&other));
        });
    }
}
