//! The features of one customer at one cutoff.

use std::ops::{Index, IndexMut};

use crate::schema::{FEATURES, Id};

/// One value per row of [`FEATURES`], in its order; NaN is missing.
#[derive(Clone, Copy, Debug)]
pub struct FeatureVector([f64; FEATURES.len()]);

impl FeatureVector {
    /// Number of features.
    pub const LEN: usize = FEATURES.len();

    /// All missing.
    #[must_use]
    pub fn missing() -> Self {
        Self([f64::NAN; FEATURES.len()])
    }

    /// The values in the order of [`FEATURES`].
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }

    /// The values in the order of [`FEATURES`], to be set.
    pub fn as_mut_slice(&mut self) -> &mut [f64] {
        &mut self.0
    }

    /// Each value finite or missing, and no zero below zero.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the kernel compiles it for each set of instructions")]
    #[expect(clippy::eq_op, reason = "infinity less itself is NaN")]
    pub(crate) fn finished(&self) -> Self {
        // Of what is finite 0 is left, which turns -0 into 0.
        Self(self.0.map(|value| value + (value - value)))
    }
}

impl PartialEq for FeatureVector {
    /// Equal to the bit, missing equal to missing.
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, two)| one.to_bits() == two.to_bits() || (one.is_nan() && two.is_nan()))
    }
}

impl Index<Id> for FeatureVector {
    type Output = f64;

    fn index(&self, id: Id) -> &f64 {
        &self.0[id as usize]
    }
}

impl IndexMut<Id> for FeatureVector {
    fn index_mut(&mut self, id: Id) -> &mut f64 {
        &mut self.0[id as usize]
    }
}
