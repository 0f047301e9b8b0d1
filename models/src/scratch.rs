//! Room that evaluating a customer needs, to be used again for the next.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Room for one evaluation at a time; what an evaluation finds does not depend on what was in it before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// The inputs of the model.
    pub(crate) raw: Vec<f64>,
    /// What each input adds to the log-odds; `None` for one that the model does not use.
    pub(crate) parts: Vec<Option<f64>>,
    /// The places of the design row that are not 0, with what stands there.
    pub(crate) row: Vec<(usize, f32)>,
    ranked: BinaryHeap<Ranked>,
}

/// An input and what it adds, to be ordered by how much that is; of equals the first input comes first.
#[derive(Clone, Copy, Debug)]
struct Ranked {
    input: usize,
    part: f64,
}

impl Scratch {
    /// Forgets all parts, of as many inputs as there are.
    pub(crate) fn clear_parts(&mut self) {
        self.parts.clear();
        self.parts.resize(self.raw.len(), None);
    }

    /// Readies the parts to be taken, the largest first.
    pub(crate) fn rank(&mut self) {
        let mut room = std::mem::take(&mut self.ranked).into_vec();
        room.clear();
        room.extend(self.parts.iter().enumerate().filter_map(|(input, part)| Some(Ranked { input, part: (*part)? })));
        self.ranked = room.into();
    }

    /// The largest part that was not taken yet, and its input.
    pub(crate) fn take(&mut self) -> Option<(usize, f64)> {
        self.ranked.pop().map(|Ranked { input, part }| (input, part))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.part.abs().total_cmp(&other.part.abs()).then(Reverse(self.input).cmp(&Reverse(other.input)))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_by_size_and_of_equals_the_first_input() {
        let mut scratch = Scratch { parts: vec![Some(-1.0), None, Some(3.0), Some(1.0), Some(0.0)], ..Scratch::default() };
        for _ in 0..2 {
            scratch.rank();
            let taken: Vec<_> = std::iter::from_fn(|| scratch.take()).collect();
            assert_eq!(taken, [(2, 3.0), (0, -1.0), (3, 1.0), (4, 0.0)]);
        }
        scratch.rank();
        assert_eq!(scratch.take(), Some((2, 3.0)));
        scratch.parts = vec![Some(0.5)];
        scratch.rank();
        assert_eq!((scratch.take(), scratch.take()), (Some((0, 0.5)), None));
    }
}
