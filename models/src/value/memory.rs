//! What is expected of customers of the same habits, found once.

use crate::btyd::Habits;

/// Kept for so many habits; a power of two.
const SLOTS: usize = 2048;

/// What a [`ValueModel`](super::ValueModel) expects of the habits seen last. Many customers share them, and the integral behind takes
/// longer than all else in a score.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// The bits of repeat days and age, and what was found; none before the first.
    slots: Vec<([u64; 2], f64)>,
    forgets: bool,
}

impl Memory {
    /// Remembers nothing.
    pub(crate) fn none() -> Self {
        Self { forgets: true, ..Self::default() }
    }

    /// What `find` finds, or found for a customer of the same repeat days and age. It must be a function of these two.
    pub(super) fn recall(&mut self, habits: &Habits, find: impl FnOnce() -> f64) -> f64 {
        if self.forgets {
            return find();
        }
        // No habit is this NaN.
        self.slots.resize(SLOTS, ([u64::MAX; 2], 0.0));
        let key = [habits.repeat_days().to_bits(), habits.age_days().to_bits()];
        // Fibonacci hashing: the upper bits of a product with an odd number near the golden share.
        let mixed = (key[0].rotate_left(23) ^ key[1]).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &mut self.slots[(mixed >> 53) as usize % SLOTS];
        if slot.0 != key {
            *slot = (key, find());
        }
        slot.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_found_again_and_never_for_others() {
        let (mut memory, mut none, mut calls) = (Memory::default(), Memory::none(), 0);
        for _ in 0..2 {
            for (repeats, age) in (0..60).flat_map(|repeats| (0..60).map(move |age| (repeats, age))) {
                let habits = Habits::new(f64::from(repeats), 0.0, f64::from(age)).unwrap();
                let find = || f64::from(100 * repeats + age);
                assert_eq!([memory.recall(&habits, find), none.recall(&habits, find)], [find(); 2]);
            }
        }
        let habits = Habits::new(2.0, 0.0, 3.0).unwrap();
        for _ in 0..5 {
            memory.recall(&habits, || {
                calls += 1;
                203.0
            });
        }
        assert!(calls <= 1);
    }
}
