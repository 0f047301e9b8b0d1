//! The one kind of percentile that the rules use.

/// The nearest-rank percentile of ascending `sorted`: the least value that at least `share` of the values do not exceed.
///
/// It is always one of the values, so percentiles of whole days are whole days. `None` when there are no values.
pub(crate) fn nearest_rank<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    // 0.95 x 20 is a hair above 19 in binary; without the slack the rank would be one too high.
    let rank = (share * sorted.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    sorted.get(rank.min(sorted.len()).wrapping_sub(1)).copied()
}

/// The values in ascending order, missing ones left out.
pub(crate) fn ascending(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occur() {
        let days: Vec<u32> = (1..=20).collect();
        assert_eq!(nearest_rank(&days, 0.95), Some(19));
        assert_eq!(nearest_rank(&days, 0.96), Some(20));
        assert_eq!(nearest_rank(&days, 0.0), Some(1));
        assert_eq!(nearest_rank(&days, 1.0), Some(20));
        assert_eq!(nearest_rank(&[7], 0.5), Some(7));
        assert_eq!(nearest_rank::<u32>(&[], 0.5), None);
    }

    #[test]
    fn missing_values_are_left_out() {
        assert_eq!(ascending([2.0, f64::NAN, -1.0, f64::INFINITY].into_iter()), [-1.0, 2.0]);
    }
}
