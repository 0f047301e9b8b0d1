//! The medians of numbers that come one after the other.

use super::numbers::median;

/// So many rows are kept in order; of more, a median is found anew each time it is asked.
const KEPT: usize = 32;

/// What a row holds in place of a number that a list does not get: it stands behind all numbers.
pub(super) const NOTHING: f64 = f64::INFINITY;

/// N lists side by side, the first rows of each in ascending order: to put a number of each in its place takes no longer than one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sorted<const N: usize> {
    kept: [[f64; N]; KEPT],
    /// All rows, those too that are not kept.
    len: usize,
}

impl<const N: usize> Default for Sorted<N> {
    fn default() -> Self {
        Self { kept: [[0.0; N]; KEPT], len: 0 }
    }
}

impl<const N: usize> Sorted<N> {
    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a number to each list. Each one kept changes places with it or not, without a branch to guess.
    #[inline(always)]
    pub(super) fn add(&mut self, mut row: [f64; N]) {
        if let Some((last, kept)) = self.kept.get_mut(..=self.len).and_then(<[_]>::split_last_mut) {
            for kept in kept {
                let low = std::array::from_fn(|n| if row[n] < kept[n] { row[n] } else { kept[n] });
                row = std::array::from_fn(|n| if kept[n] > row[n] { kept[n] } else { row[n] });
                *kept = low;
            }
            *last = row;
        }
        self.len += 1;
    }

    /// How many numbers of the list `n`, which are `all`, lie below `limit`.
    #[inline(always)]
    pub(super) fn count_below(&self, n: usize, limit: f64, all: impl ExactSizeIterator<Item = f64>) -> usize {
        if self.len > KEPT {
            return all.filter(|number| *number < limit).count();
        }
        self.kept[..all.len() % (KEPT + 1)].partition_point(|row| row[n] < limit)
    }

    /// The median of the list `n`, which are `all`, `count` of them; missing of nothing.
    #[inline(always)]
    pub(super) fn median(&self, n: usize, count: usize, all: impl Iterator<Item = f64>, buffer: &mut Vec<f64>) -> f64 {
        if self.len > KEPT {
            buffer.clear();
            buffer.extend(all);
            return median(buffer);
        }
        if count == 0 {
            return f64::NAN;
        }
        // Of an odd number both are the same one, and whether it is odd cannot be guessed.
        f64::midpoint(self.kept[(count - 1) / 2 % KEPT][n], self.kept[count / 2 % KEPT][n])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn medians_are_those_of_the_lists(rows in prop::collection::vec([prop::option::of(-9.0..9.0), prop::option::of(0.0..5.0)], 0..80)) {
            let mut sorted = Sorted::default();
            for row in &rows {
                sorted.add(row.map(|number| number.unwrap_or(NOTHING)));
            }
            for n in 0..2 {
                let mut list: Vec<f64> = rows.iter().filter_map(|row| row[n]).collect();
                let found = sorted.median(n, list.len(), list.iter().copied(), &mut Vec::new());
                let below = sorted.count_below(n, 2.0, list.iter().copied());
                prop_assert_eq!(below, list.iter().filter(|number| **number < 2.0).count());
                let truth = median(&mut list);
                prop_assert!(found == truth || list.is_empty() && found.is_nan());
            }
        }
    }
}
