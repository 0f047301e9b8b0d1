//! The median of numbers that come one after the other.

use super::numbers::median;

/// So many numbers are kept in order; of more, the median is found anew each time it is asked.
const KEPT: usize = 32;

/// The first numbers of a list, in ascending order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sorted {
    kept: [f64; KEPT],
    /// All numbers, those too that are not kept.
    len: usize,
}

impl Default for Sorted {
    fn default() -> Self {
        Self { kept: [0.0; KEPT], len: 0 }
    }
}

impl Sorted {
    /// Forgets all numbers.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a number. Each one kept changes places with it or not, without a branch to guess.
    #[inline]
    pub(crate) fn add(&mut self, number: f64) {
        if self.len < KEPT {
            let mut number = number;
            for place in &mut self.kept[..self.len] {
                let (low, high) = if number < *place { (number, *place) } else { (*place, number) };
                (*place, number) = (low, high);
            }
            self.kept[self.len] = number;
        }
        self.len += 1;
    }

    /// The median of what was added, which are `all`; missing of nothing.
    #[inline]
    pub(crate) fn median(&self, all: impl Iterator<Item = f64>, buffer: &mut Vec<f64>) -> f64 {
        let middle = self.len / 2;
        match self.kept.get(..self.len) {
            Some([]) => f64::NAN,
            Some(kept) if self.len % 2 == 1 => kept[middle],
            Some(kept) => f64::midpoint(kept[middle - 1], kept[middle]),
            None => {
                buffer.clear();
                buffer.extend(all);
                median(buffer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_median_is_that_of_the_list(numbers in prop::collection::vec(-9.0..9.0, 0..80)) {
            let mut sorted = Sorted::default();
            for number in &numbers {
                sorted.add(*number);
            }
            let found = sorted.median(numbers.iter().copied(), &mut Vec::new());
            let truth = median(&mut numbers.clone());
            prop_assert!(found == truth || numbers.is_empty() && found.is_nan());
        }
    }
}
