//! Small statistics in which NaN is missing: nothing is infinite, and no zero stands for what is not known.

/// Sum in which a missing part counts nothing; missing when both are.
#[inline(always)]
pub(super) fn add(sum: f64, part: f64) -> f64 {
    if sum.is_nan() {
        part
    } else if part.is_nan() {
        sum
    } else {
        sum + part
    }
}

/// Sum of the values that are known: 0 of none, missing when there are values and none is known.
#[inline(always)]
pub(super) fn known_sum(values: impl Iterator<Item = f64>) -> f64 {
    values.reduce(add).unwrap_or(0.0)
}

/// A quotient; missing unless the divisor is above 0.
#[inline(always)]
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    // Whether it is missing cannot be guessed, and a division costs less than a wrong guess.
    std::hint::select_unpredictable(whole > 0.0, part / whole, f64::NAN)
}

/// The step from `before` to `now`, both at least 0, between -1 (all gone) and 1 (all new); missing when both are 0.
#[inline(always)]
pub(super) fn change(now: f64, before: f64) -> f64 {
    ratio(now - before, now + before)
}

/// The median, the mean of the middle two of an even number; missing of nothing. Reorders `values`.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let odd = values.len() % 2 == 1;
    let (below, middle, _) = values.select_nth_unstable_by(values.len() / 2, f64::total_cmp);
    if odd { *middle } else { f64::midpoint(below.iter().copied().fold(f64::NAN, f64::max), *middle) }
}
