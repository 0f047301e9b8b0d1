//! A page of measured values, of which NaN is null.

use pulp::{Simd, WithSimd};

use super::bits::levels;

/// What a page's values lie between.
pub(super) struct Span {
    pub(super) missing: usize,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Looks through the values of a page and adds their definition levels, with the widest vectors that the processor has.
pub(super) struct Look<'a> {
    pub(super) values: &'a [f64],
    pub(super) page: &'a mut Vec<u8>,
}

impl WithSimd for Look<'_> {
    type Output = Span;

    #[expect(clippy::inline_always, reason = "what is called is compiled for any processor")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Span {
        let span = Span::of(self.values);
        levels(self.values, span.missing, |value| !value.is_nan(), self.page);
        span
    }
}

impl Span {
    /// Side by side, for a lowest of all would wait for each comparison in turn.
    #[inline(always)]
    fn of(values: &[f64]) -> Self {
        const LANES: usize = 8;
        let (mut missing, mut low, mut high) = ([0_u64; LANES], [f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
        let (whole, rest) = values.as_chunks::<LANES>();
        let mut last = [f64::NAN; LANES];
        last[..rest.len()].copy_from_slice(rest);
        for some in whole.iter().chain([&last]) {
            for lane in 0..LANES {
                let value = some[lane];
                missing[lane] += u64::from(value.is_nan());
                // False for NaN.
                low[lane] = if value < low[lane] { value } else { low[lane] };
                high[lane] = if value > high[lane] { value } else { high[lane] };
            }
        }
        let filled_up = LANES - rest.len();
        Self {
            missing: missing.iter().sum::<u64>() as usize - filled_up,
            low: low.into_iter().fold(f64::INFINITY, f64::min),
            high: high.into_iter().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// Makes `given` those of `values` that are not NaN.
pub(super) fn given_of(values: &[f64], missing: usize, given: &mut Vec<f64>) {
    if missing == values.len() {
        return given.clear();
    }
    // Each is written, and written over when it is NaN: there is nothing to guess.
    given.resize(values.len(), 0.0);
    let mut next = 0;
    for value in values {
        given[next] = *value;
        next += usize::from(!value.is_nan());
    }
    given.truncate(next);
}
