//! What is expected of customers of the same habits, found once.

use std::sync::{Arc, Mutex, PoisonError};

use crate::btyd::Habits;

/// Kept for so many habits; a power of two.
const SLOTS: usize = 1 << 16;

/// The bits of repeat days and age, and what was found.
type Slot = ([u64; 2], f64);

/// No habits have these bits, which are those of a NaN.
const EMPTY: Slot = ([u64::MAX; 2], 0.0);

/// What a [`ValueModel`](super::ValueModel) expects of the habits seen last, shared by all clones. Many customers share them, and the
/// integral behind takes longer than all else in a score.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// None for one that remembers nothing. Each has a lock of its own, so that threads hardly ever wait for one another.
    slots: Arc<[Mutex<Slot>]>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| Mutex::new(EMPTY)).collect() }
    }
}

impl Memory {
    /// Remembers nothing.
    pub(crate) fn none() -> Self {
        Self { slots: Arc::default() }
    }

    /// What `find` finds, or found for a customer of the same repeat days and age. It must be a function of these two.
    pub(super) fn recall(&self, habits: &Habits, find: impl FnOnce() -> f64) -> f64 {
        let key = [habits.repeat_days().to_bits(), habits.age_days().to_bits()];
        // Fibonacci hashing: the upper bits of a product with an odd number near the golden share.
        let mixed = (key[0].rotate_left(23) ^ key[1]).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let first = (mixed >> (64 - SLOTS.ilog2())) as usize;
        let slot = |place: usize| self.slots.get(place).map(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner));
        for place in [first, first ^ 1] {
            if let Some((known, found)) = slot(place).as_deref()
                && *known == key
            {
                return *found;
            }
        }
        let found = find();
        // What was there goes next door: habits that share a place do not drive each other out.
        let before = slot(first).map(|mut slot| std::mem::replace(&mut *slot, (key, found)));
        if let Some(before) = before.filter(|(known, _)| *known != EMPTY.0)
            && let Some(mut slot) = slot(first ^ 1)
        {
            *slot = before;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_found_again_and_never_for_others() {
        let (memory, none, mut calls) = (Memory::default(), Memory::none(), 0);
        for _ in 0..2 {
            for (repeats, age) in (0..300).flat_map(|repeats| (0..300).map(move |age| (repeats, age))) {
                let habits = Habits::new(f64::from(repeats), 0.0, f64::from(age)).unwrap();
                let find = || f64::from(1000 * repeats + age);
                assert_eq!([memory.recall(&habits, find), none.recall(&habits, find)], [find(); 2]);
            }
        }
        let habits = Habits::new(2.0, 0.0, 3.0).unwrap();
        for memory in [&memory, &memory.clone()].repeat(3) {
            memory.recall(&habits, || {
                calls += 1;
                2003.0
            });
        }
        assert!(calls <= 1);
    }
}
