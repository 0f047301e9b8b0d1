//! Room that evaluating a customer needs, to be used again for the next.

use lapwing_features::{FEATURES, Snapshot};

use crate::curves::Places;
use crate::input::InputSchema;
use crate::transform::Logs;

/// Room for one evaluation at a time; what an evaluation finds does not depend on what was in it before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// The inputs of the model.
    pub(crate) raw: Vec<f64>,
    /// What each input adds to the log-odds; `None` for one that the model does not use.
    pub(crate) parts: Vec<Option<f64>>,
    /// The logarithms of the inputs.
    pub(crate) logs: Logs,
    /// Where the customer is on the curves of the model.
    pub(crate) places: Places,
    /// How much each input adds, signs aside; below 0 for one that is not wanted or was taken.
    sizes: Vec<f64>,
    /// The largest of each [`WIDTH`] sizes.
    largest: Vec<f64>,
}

/// Sizes of which the largest is kept.
const WIDTH: usize = 8;

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
        self.parts.resize(self.raw.len(), None);
    }

    /// Readies those parts that are `wanted`, by their inputs, what these are and what they add, to be taken, the largest first.
    pub(crate) fn rank(&mut self, wanted: impl Fn(usize, f64, f64) -> bool) {
        self.sizes.clear();
        let parts = self.parts.iter().zip(&self.raw).enumerate();
        self.sizes.extend(parts.map(|(input, (part, raw))| part.filter(|part| wanted(input, *raw, *part)).map_or(-1.0, f64::abs)));
        self.sizes.resize(self.sizes.len().next_multiple_of(WIDTH), -1.0);
        self.largest.clear();
        self.largest.extend(self.sizes.as_chunks().0.iter().map(largest));
    }

    /// The largest part that was not taken yet, and its input; of equals the first. Few are taken mostly, so that looking through
    /// what is largest here and there each time is less than sorting.
    pub(crate) fn take(&mut self) -> Option<(usize, f64)> {
        let size = self.largest.iter().fold(-1.0, |one, other| larger(one, *other));
        let chunk = self.largest.iter().position(|known| *known == size).filter(|_| size >= 0.0)?;
        let sizes = self.sizes.as_chunks_mut::<WIDTH>().0.get_mut(chunk)?;
        let place = sizes.iter().position(|known| *known == size)?;
        sizes[place] = -1.0;
        self.largest[chunk] = largest(sizes);
        let input = chunk * WIDTH + place;
        Some((input, self.parts[input]?))
    }
}

fn larger(one: f64, other: f64) -> f64 {
    if other > one { other } else { one }
}

fn largest(sizes: &[f64; WIDTH]) -> f64 {
    sizes.iter().fold(-1.0, |one, other| larger(one, *other))
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
            let mut scratch = Scratch { parts: parts.clone(), raw: vec![0.0; parts.len()], ..Scratch::default() };
            scratch.rank(|_, _, part| part < 3.0);
            let taken: Vec<(usize, f64)> = std::iter::from_fn(|| scratch.take()).collect();
            let mut sorted: Vec<(usize, f64)> = parts.iter().enumerate().filter_map(|(input, part)| Some((input, part.filter(|part| *part < 3.0)?))).collect();
            sorted.sort_by(|one, two| two.1.abs().total_cmp(&one.1.abs()));
            prop_assert_eq!(taken, sorted);
        }
    }

    #[test]
    fn parts_are_taken_by_size_and_of_equals_the_first_input() {
        let parts = vec![Some(-1.0), None, Some(3.0), Some(1.0), Some(0.0)];
        let mut scratch = Scratch { raw: vec![0.0; parts.len()], parts, ..Scratch::default() };
        for _ in 0..2 {
            scratch.rank(|_, _, _| true);
            let taken: Vec<_> = std::iter::from_fn(|| scratch.take()).collect();
            assert_eq!(taken, [(2, 3.0), (0, -1.0), (3, 1.0), (4, 0.0)]);
        }
        scratch.rank(|_, _, _| true);
        assert_eq!(scratch.take(), Some((2, 3.0)));
        scratch.parts = vec![Some(0.5)];
        scratch.rank(|_, _, _| true);
        assert_eq!((scratch.take(), scratch.take()), (Some((0, 0.5)), None));
    }
}
