//! Room that evaluating a customer needs, to be used again for the next.

use lapwing_features::{FEATURES, Snapshot};

use crate::curves::Places;
use crate::input::InputSchema;
use crate::noted::Noted;
use crate::transform::Logs;

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
    /// Of each part that may be taken, a number that grows with its size, 0 once it was taken; and where it stands in `parts`.
    ranked: Noted<(u64, usize)>,
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
        let mut ranked = self.ranked.begin(self.parts.len());
        for (place, (input, part)) in self.parts.iter().enumerate() {
            // The bits of numbers that are not below 0 grow with them.
            ranked.note((part.abs().to_bits() + 1, place), wanted(*input, self.raw[*input], *part));
        }
        ranked.done();
    }

    /// The largest part that was not taken yet, and its input; of equals the first. Few are taken mostly, so that looking through
    /// all of them each time is less than sorting.
    pub(crate) fn take(&mut self) -> Option<(usize, f64)> {
        let ranked = self.ranked.all_mut();
        let larger = |one: (u64, usize), (at, (size, _)): (usize, &(u64, usize))| if *size > one.0 { (*size, at) } else { one };
        let (size, at) = ranked.iter().enumerate().fold((0, 0), larger);
        let (left, place) = ranked.get_mut(at).filter(|_| size > 0)?;
        *left = 0;
        self.parts.get(*place).copied()
    }
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
