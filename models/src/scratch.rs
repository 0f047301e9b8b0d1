//! Room that evaluating a customer needs, to be used again for the next.

use std::hint::select_unpredictable;

use lapwing_features::{FEATURES, Snapshot};

use crate::curves::Places;
use crate::input::InputSchema;
use crate::transform::Logs;

/// So many sizes stand in a block, of which the largest is known.
const BLOCK: usize = 8;

/// Below the size of any part.
const TAKEN: f64 = -1.0;

/// Room for one evaluation at a time; what an evaluation finds does not depend on what was in it before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// The inputs of the model.
    pub(crate) raw: Vec<f64>,
    /// The inputs that the model uses, ascending, and what each adds to the log-odds.
    pub(crate) parts: Vec<(usize, f64)>,
    /// The logarithms of the inputs.
    pub(crate) logs: Logs,
    /// Where the customer is on the curves of the model.
    pub(crate) places: Places,
    /// The size of each part that may be taken, [`TAKEN`] of the others; and the largest of each block.
    sizes: Vec<[f64; BLOCK]>,
    largest: Vec<f64>,
}

impl Scratch {
    /// Begins with a customer, whose features are the same for every model.
    pub(crate) fn begin(&mut self, snapshot: &Snapshot) {
        InputSchema::read_features(snapshot, &mut self.raw);
        self.logs.forget(0, self.raw.len());
    }

    /// Goes on with the customer and a model of these inputs: reads those that are its own, and forgets all parts.
    pub(crate) fn take_up(&mut self, inputs: &InputSchema, snapshot: &Snapshot) {
        self.raw.truncate(FEATURES.len());
        inputs.read_own(snapshot, &mut self.raw);
        self.logs.forget(FEATURES.len(), self.raw.len());
        self.parts.clear();
    }

    /// Readies those parts that are `wanted`, by their inputs, what these are and what they add, to be taken, the largest first.
    pub(crate) fn rank(&mut self, wanted: impl Fn(usize, f64, f64) -> bool) {
        self.sizes.clear();
        self.sizes.extend(self.parts.chunks(BLOCK).map(|parts| {
            let mut sizes = [TAKEN; BLOCK];
            for (size, (input, part)) in sizes.iter_mut().zip(parts) {
                *size = select_unpredictable(wanted(*input, self.raw[*input], *part), part.abs(), TAKEN);
            }
            sizes
        }));
        self.largest.clear();
        self.largest.extend(self.sizes.iter().map(|sizes| largest(sizes).0));
    }

    /// The largest part that was not taken yet, and its input; of equals the first. Few are taken mostly, so that looking through
    /// all of them each time is less than sorting.
    pub(crate) fn take(&mut self) -> Option<(usize, f64)> {
        let (size, block) = largest(&self.largest);
        let sizes = self.sizes.get_mut(block).filter(|_| size > TAKEN)?;
        let (_, place) = largest(sizes);
        sizes[place] = TAKEN;
        self.largest[block] = largest(sizes).0;
        self.parts.get(block * BLOCK + place).copied()
    }
}

/// The largest size, and where the first that is as large stands. Which it is cannot be guessed.
#[inline]
fn largest(sizes: &[f64]) -> (f64, usize) {
    sizes.iter().zip(0..).fold((TAKEN, 0), |one, (size, place)| select_unpredictable(*size > one.0, (*size, place), one))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_come_as_sorting_would_have_them(
            parts in prop::collection::vec(prop::option::of(prop_oneof![-4.0..4.0, (-2_i8..3).prop_map(f64::from)]), 0..40),
        ) {
            let raw = vec![0.0; parts.len()];
            let parts: Vec<(usize, f64)> = parts.into_iter().enumerate().filter_map(|(input, part)| Some((input, part?))).collect();
            let mut scratch = Scratch { parts: parts.clone(), raw, ..Scratch::default() };
            scratch.rank(|_, _, part| part < 3.0);
            let taken: Vec<(usize, f64)> = std::iter::from_fn(|| scratch.take()).collect();
            let mut sorted: Vec<(usize, f64)> = parts.into_iter().filter(|(_, part)| *part < 3.0).collect();
            sorted.sort_by(|one, two| two.1.abs().total_cmp(&one.1.abs()));
            prop_assert_eq!(taken, sorted);
        }
    }

    #[test]
    fn parts_are_taken_by_size_and_of_equals_the_first_input() {
        let parts = vec![(0, -1.0), (2, 3.0), (3, 1.0), (4, 0.0)];
        let mut scratch = Scratch { raw: vec![0.0; 5], parts, ..Scratch::default() };
        for _ in 0..2 {
            scratch.rank(|_, _, _| true);
            let taken: Vec<_> = std::iter::from_fn(|| scratch.take()).collect();
            assert_eq!(taken, [(2, 3.0), (0, -1.0), (3, 1.0), (4, 0.0)]);
        }
        scratch.rank(|_, _, _| true);
        assert_eq!(scratch.take(), Some((2, 3.0)));
        scratch.parts = vec![(0, 0.5)];
        scratch.rank(|_, _, _| true);
        assert_eq!((scratch.take(), scratch.take()), (Some((0, 0.5)), None));
    }
}
