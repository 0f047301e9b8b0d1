//! Small statistics in which NaN is missing: nothing is infinite, and no zero stands for what is not known.

/// Sum in which a missing part counts nothing; missing when both are.
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
pub(super) fn known_sum(values: impl Iterator<Item = f64>) -> f64 {
    values.reduce(add).unwrap_or(0.0)
}

/// A quotient; missing unless the divisor is above 0.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { f64::NAN }
}

/// The step from `before` to `now`, both at least 0, between -1 (all gone) and 1 (all new); missing when both are 0.
pub(super) fn change(now: f64, before: f64) -> f64 {
    ratio(now - before, now + before)
}

/// The mean; missing of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    ratio(values.iter().fold(0.0, |sum, value| sum + value), values.len() as f64)
}

/// The sample standard deviation (divisor n - 1) around `mean`; missing below two values.
pub(super) fn std(values: &[f64], mean: f64) -> f64 {
    let squares = values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
    ratio(squares, values.len() as f64 - 1.0).sqrt()
}

/// The largest value; missing of nothing.
pub(super) fn max(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

/// The median, the mean of the middle two of an even number; missing of nothing. Reorders `values`.
pub(super) fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let odd = values.len() % 2 == 1;
    let (below, middle, _) = values.select_nth_unstable_by(values.len() / 2, f64::total_cmp);
    if odd { *middle } else { f64::midpoint(max(below), *middle) }
}

/// The mean of the last three values over the mean of those before them; missing when fewer than three lie before or their
/// mean is not above 0.
pub(super) fn last_three_ratio(values: &[f64]) -> f64 {
    match values.len().checked_sub(3) {
        Some(before) if before >= 3 => ratio(mean(&values[before..]), mean(&values[..before])),
        _ => f64::NAN,
    }
}
