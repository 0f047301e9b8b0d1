//! Sums that are the same to the bit in whatever order they are added up.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// A number in whole units of 2^-20, about a millionth.
///
/// An `f64` below 2^33 in size holds any such number exactly, so that columns of them add up to their totals to the bit there too.
///
/// ```
/// use lapwing_models::Exact;
/// let paid: Exact = [0.1, 0.2, 0.3].map(Exact::of).into_iter().sum();
/// assert_eq!(paid, [0.3, 0.2, 0.1].map(Exact::of).into_iter().sum());
/// assert!((paid.value() - 0.6).abs() < 1e-5);
/// let thirds = Exact::of(100.0).shared(3);
/// assert_eq!(thirds.iter().map(|third| third.value()).sum::<f64>(), 100.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(i128);

const UNITS: f64 = 1_048_576.0;

impl Exact {
    /// One.
    pub const ONE: Self = Self(1 << 20);

    /// The nearest one; of what is no number it is nothing.
    #[must_use]
    pub fn of(value: f64) -> Self {
        // A cast of NaN is 0, of what is too large the largest there is.
        Self((value * UNITS).round() as i128)
    }

    /// The value.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0 as f64 / UNITS
    }

    /// So many parts, as alike as units allow, the larger ones first; none of none.
    #[must_use]
    pub fn shared(self, parts: usize) -> Vec<Self> {
        let count = parts as i128;
        (0..count).map(|part| Self(self.0.div_euclid(count) + i128::from(part < self.0.rem_euclid(count)))).collect()
    }

    /// Parts in proportion to `weights`, which are not negative; what rounding leaves over goes to the heaviest. Where nothing has
    /// weight all get nothing, and so the parts do not add up to it.
    #[must_use]
    pub fn parted(self, weights: &[f64]) -> Vec<Self> {
        let total: f64 = weights.iter().sum();
        let Some(heaviest) = (0..weights.len()).reduce(|best, next| if weights[next] > weights[best] { next } else { best }) else {
            return Vec::new();
        };
        if total <= 0.0 {
            return vec![Self::default(); weights.len()];
        }
        let mut parts: Vec<Self> = weights.iter().map(|weight| Self((self.0 as f64 * (weight / total)).floor() as i128)).collect();
        let rest = self - parts.iter().copied().sum();
        parts[heaviest] += rest;
        parts
    }
}

impl Add for Exact {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Exact {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_whatever_the_weights() {
        for weights in [&[0.2, 0.4, 0.4][..], &[1e-9, 1.0, 3.0], &[0.0, 0.0, 7.0], &[1.0; 7]] {
            let whole = Exact::of(12_345.67);
            let parts = whole.parted(weights);
            assert_eq!(parts.iter().copied().sum::<Exact>(), whole);
            assert!(parts.iter().zip(weights).all(|(part, weight)| (*weight > 0.0) == (*part > Exact::default())), "{parts:?}");
        }
        assert_eq!(Exact::ONE.parted(&[0.0, 0.0]), [Exact::default(); 2]);
        assert!(Exact::ONE.parted(&[]).is_empty() && Exact::ONE.shared(0).is_empty());
        assert_eq!(Exact::of(f64::NAN), Exact::default());
        assert_eq!(Exact::of(-0.5).shared(3).into_iter().sum::<Exact>().value(), -0.5);
    }
}
