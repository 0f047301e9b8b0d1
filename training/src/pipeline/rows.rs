//! The rows that models learn from: customers at cutoffs whose outcome is known.

use lapwing_features::engine::{Customer, Dataset};
use lapwing_features::{Cutoff, FactSettings, Kernel, Population, Snapshot, Timestamp, Token, Windows};
use lapwing_models::fit::{TrainingRow, slices};
use lapwing_models::{Sample, Target};

use super::named;
use crate::error::TrainError;
use crate::progress::Step;
use crate::settings::Source;

/// Of many customers at many cutoffs there can be more rows than a fit gains from: customers are drawn to keep this bound.
const MOST_ROWS: usize = 200_000;
/// The oldest slices of intent are left out where the newer ones have this many rows...
const ENOUGH_ROWS: usize = 10_000;
/// ...of which this many are positive...
const ENOUGH_POSITIVES: usize = 500;
/// ...and are this many: two to fit on, one to choose on, one to judge on.
const LEAST_SLICES: usize = 4;

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
pub(super) struct Stacked {
    /// Newest first.
    pub(super) cutoffs: Vec<Timestamp>,
    /// By customer, then slice.
    pub(super) rows: Vec<TrainingRow>,
    /// Of whom they are, when not of all.
    pub(super) sample: Option<Sample>,
}

impl Stack<'_> {
    /// For churn and reactivation. Prospects have no row: neither is asked of them.
    pub(super) fn of_populations(&self) -> Result<Stacked, TrainError> {
        let cutoffs = slices::plan(self.complete_until, self.since, self.windows);
        let bought = |customer: Customer<'_>, cutoff: Cutoff| customer.history.observe(cutoff).purchases().next().is_some();
        let mut seen = self.seen(&cutoffs, self.windows, bought)?;
        let (first_out, sample) = draw(&mut seen, cutoffs.len(), MOST_ROWS);
        let is_in = |customer: Customer<'_>| first_out.is_none_or(|first_out| self.lot(customer) < first_out);
        let rows = self.take(&cutoffs, self.windows, is_in, |snapshot| snapshot.population != Population::Prospect)?;
        Ok(Stacked { cutoffs, rows, sample })
    }

    /// For intent: its windows are its own.
    pub(super) fn of_intent(&self) -> Result<Stacked, TrainError> {
        let windows = Target::Intent.windows(self.windows);
        let mut cutoffs = slices::plan(self.complete_until, self.since, windows);
        let mut seen = self.seen(&cutoffs, windows, seen_lately)?;
        cutoffs.truncate(enough(&seen, cutoffs.len()));
        let (first_out, sample) = draw(&mut seen, cutoffs.len(), MOST_ROWS);
        let is_in = |customer: Customer<'_>| first_out.is_none_or(|first_out| self.lot(customer) < first_out);
        let rows = self.take(&cutoffs, windows, is_in, |snapshot| Target::Intent.concerns(snapshot))?;
        Ok(Stacked { cutoffs, rows, sample })
    }

    /// At which of `cutoffs`, of which there are at most 32, each customer was seen, as `is_seen` tells.
    ///
    /// A message that was sent counts here, and not for the rows: what bounds them need not be exact.
    fn seen(
        &self,
        cutoffs: &[Timestamp],
        windows: Windows,
        is_seen: impl Fn(Customer<'_>, Cutoff) -> bool + Sync,
    ) -> Result<Vec<Seen>, TrainError> {
        let cutoffs = self.local(cutoffs);
        Ok(self.dataset.map(
            || (),
            |(), customer| {
                let mut seen = Seen { lot: self.lot(customer), at: 0, bought: 0 };
                for (slice, cutoff) in cutoffs.iter().enumerate() {
                    if is_seen(customer, *cutoff) {
                        let bought = customer.history.purchased_after(*cutoff, windows, self.complete_until) == Some(true);
                        seen.at |= 1 << slice;
                        seen.bought |= u32::from(bought) << slice;
                    }
                }
                seen
            },
        )?)
    }

    /// A number that looks drawn, of the customer's id and the seed only: whoever is drawn today is drawn tomorrow as well.
    fn lot(&self, customer: Customer<'_>) -> Token {
        Token::of(&format!("{} {}", self.seed, customer.id))
    }

    fn local(&self, cutoffs: &[Timestamp]) -> Vec<Cutoff> {
        cutoffs.iter().map(|at| self.source.calendar.cutoff(*at)).collect()
    }

    /// One row a customer and complete slice, by customer, then slice: of the customers `of`, where their snapshot is one that
    /// `concerns`.
    fn take(
        &self,
        cutoffs: &[Timestamp],
        windows: Windows,
        of: impl Fn(Customer<'_>) -> bool + Sync,
        concerns: impl Fn(&Snapshot) -> bool + Sync,
    ) -> Result<Vec<TrainingRow>, TrainError> {
        let dataset = self.dataset;
        let step = Step::of(&format!("computing features at {} cutoffs", cutoffs.len()), dataset.len() as u64);
        let cutoffs = self.local(cutoffs);
        let by_customer = dataset.map(
            || Kernel::new(dataset.shape.clone()),
            |kernel, customer| {
                step.advance();
                let mut walk = kernel.follow(customer.history);
                let mut row = |slice: usize, cutoff: Cutoff| {
                    let purchased = customer.history.purchased_after(cutoff, windows, self.complete_until)?;
                    let attributes = named(customer.attributes, &self.source.attributes);
                    let snapshot = walk.snapshot(cutoff, self.facts, attributes)?;
                    concerns(&snapshot).then_some(TrainingRow { customer: 0, slice, snapshot, purchased })
                };
                let cutoffs = if of(customer) { cutoffs.as_slice() } else { &[] };
                // From the oldest on, as a walk goes.
                let mut rows: Vec<_> = cutoffs.iter().enumerate().rev().filter_map(|(slice, cutoff)| row(slice, *cutoff)).collect();
                rows.reverse();
                rows
            },
        )?;
        let numbered = by_customer.into_iter().zip(0_u32..);
        Ok(numbered.flat_map(|(rows, customer)| rows.into_iter().map(move |row| TrainingRow { customer, ..row })).collect())
    }
}

/// Whether anything is known of the customer in the days that intent looks back.
fn seen_lately(customer: Customer<'_>, cutoff: Cutoff) -> bool {
    let since = cutoff.at.plus_days(-i64::from(Target::SEEN_DAYS));
    customer.history.observe(cutoff).events().next_back().is_some_and(|last| last.ts >= since)
}

/// At which slices a customer was seen, and bought in the outcome window: one bit each, the newest lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    lot: Token,
    at: u32,
    bought: u32,
}

/// As many of the newest of `slices` slices as are enough to learn from.
fn enough(seen: &[Seen], slices: usize) -> usize {
    let (mut rows, mut positives) = (0, 0);
    let is_enough = |slice: usize| {
        let count = |bits: fn(&Seen) -> u32| seen.iter().filter(|one| bits(one) >> slice & 1 == 1).count();
        rows += count(|one| one.at);
        positives += count(|one| one.bought);
        slice + 1 >= LEAST_SLICES && rows >= ENOUGH_ROWS && positives >= ENOUGH_POSITIVES
    };
    (0..slices).position(is_enough).map_or(slices, |last| last + 1)
}

/// The first lot with which customers are out, so that the newest `slices` slices have at most `most` rows, and what that
/// leaves; `None` when everybody is in.
fn draw(seen: &mut Vec<Seen>, slices: usize, most: usize) -> (Option<Token>, Option<Sample>) {
    let rows = |one: &Seen| (0..slices).filter(|slice| one.at >> slice & 1 == 1).count();
    seen.retain(|one| rows(one) > 0);
    seen.sort_unstable_by_key(|one| one.lot);
    let mut sum = 0;
    let drawn = seen.iter().take_while(|one| {
        sum += rows(one);
        sum <= most
    });
    let customers = drawn.count();
    let first_out = seen.get(customers).map(|one| one.lot);
    (first_out, first_out.map(|_| Sample { customers, of_customers: seen.len(), most_rows: most }))
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

    fn place(stack: &Stack<'_>, id: &str) -> u32 {
        stack.dataset.position(id).unwrap() as u32
    }

    fn told(rows: &[TrainingRow]) -> Vec<(u32, usize, bool)> {
        rows.iter().map(|row| (row.customer, row.slice, row.purchased)).collect()
    }

    #[test]
    fn rows_are_by_customer_then_slice_and_none_is_of_a_prospect() {
        with_stack(|stack| {
            let rows = stack.of_populations().unwrap();
            assert_eq!(rows.cutoffs, ["2024-03-22", "2024-03-12", "2024-03-02", "2024-02-21", "2024-02-11", "2024-02-01"].map(at));
            let found = told(&rows.rows);
            let (a, b) = (place(stack, "a"), place(stack, "b"));
            assert!(found.is_sorted() && found.len() == 12 && found.iter().all(|(customer, ..)| [a, b].contains(customer)), "{found:?}");
            let of_a: Vec<_> = found.into_iter().filter(|(customer, ..)| *customer == a).take(4).collect();
            assert_eq!(of_a, [(a, 0, false), (a, 1, true), (a, 2, true), (a, 3, true)]);
            assert_eq!(rows.sample, None);
        });
    }

    #[test]
    fn intent_is_asked_of_prospects_too_for_seven_days() {
        with_stack(|stack| {
            let rows = stack.of_intent().unwrap();
            assert_eq!(rows.cutoffs.len(), 11);
            assert_eq!((rows.cutoffs[0], rows.cutoffs[10]), (at("2024-04-14"), at("2024-02-04")));
            let found = told(&rows.rows);
            assert_eq!(found.len(), 33, "all three were seen within 180 days of each cutoff");
            let mut bought: Vec<_> = found.into_iter().filter(|(.., purchased)| *purchased).collect();
            bought.sort_by_key(|(_, slice, _)| *slice);
            assert_eq!(
                bought,
                [(place(stack, "b"), 0, true), (place(stack, "a"), 4, true)],
                "2024-04-14 to 2024-04-21, and 2024-03-17 to 2024-03-24"
            );
        });
    }

    #[test]
    fn whoever_was_seen_is_counted_slice_by_slice() {
        let found = with_stack(|stack| {
            let seen = stack.seen(&["2024-04-14", "2024-01-03"].map(at), Target::Intent.windows(stack.windows), seen_lately).unwrap();
            ["a", "b", "c"].map(|id| &seen[place(stack, id) as usize]).map(|one| (one.at, one.bought))
        });
        assert_eq!(found, [(0b11, 0b00), (0b01, 0b01), (0b01, 0b00)], "b bought on 2024-01-05, before which nobody knew of b");
    }

    /// Customers who were all seen at 24 cutoffs, and of whom each tenth bought every time.
    fn crowd(customers: usize) -> Vec<Seen> {
        let bits = (1 << 24) - 1;
        let one = |number: usize| Seen {
            lot: Token::of(&number.to_string()),
            at: bits,
            bought: if number.is_multiple_of(10) { bits } else { 0 },
        };
        (0..customers).map(one).collect()
    }

    #[test]
    fn old_slices_are_left_out_where_the_new_ones_are_enough() {
        assert_eq!(enough(&crowd(100_000), 24), LEAST_SLICES);
        assert_eq!(enough(&crowd(1_000), 24), 10);
        assert_eq!(enough(&crowd(100), 24), 24);
        let never: Vec<Seen> = crowd(100_000).into_iter().map(|one| Seen { bought: 0, ..one }).collect();
        assert_eq!(enough(&never, 24), 24);
        assert_eq!((enough(&crowd(100_000), 2), enough(&[], 0)), (2, 0));
    }

    #[test]
    fn too_many_rows_are_kept_in_bounds_by_whole_customers() {
        let (first_out, sample) = draw(&mut crowd(1_000), 4, 4_000);
        assert_eq!((first_out, sample), (None, None));
        let (first_out, sample) = draw(&mut crowd(1_000), 4, 403);
        assert_eq!(sample, Some(Sample { customers: 100, of_customers: 1_000, most_rows: 403 }));
        assert_eq!(crowd(1_000).iter().filter(|one| Some(one.lot) < first_out).count(), 100);
        let grown = draw(&mut crowd(1_010), 4, 407).0;
        let kept = |first_out: Option<Token>| crowd(1_000).iter().filter(|one| Some(one.lot) < first_out).count();
        assert!(kept(grown).abs_diff(kept(first_out)) < 10, "newcomers change little");
        assert!(draw(&mut crowd(1_000), 4, 0).1.is_some_and(|sample| sample.customers == 0));
    }

    #[test]
    fn another_seed_draws_others() {
        let order = |seed| {
            with_stack(|stack| {
                let stack = Stack { seed, ..*stack };
                let mut lots = stack.dataset.map(|| (), |(), one| (stack.lot(one), one.id.to_owned())).unwrap();
                lots.sort();
                lots.into_iter().map(|(_, id)| id).collect::<String>()
            })
        };
        assert!((2..9).any(|seed| order(seed) != order(1)));
    }
}
