//! Ranks where values tie.

/// The rank of each value, from 1; equal values share the mean of theirs.
pub(crate) fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, two| values[*one].total_cmp(&values[*two]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|one, two| values[*one] == values[*two]) {
        for place in tied {
            ranks[*place] = before as f64 + f64::midpoint(tied.len() as f64, 1.0);
        }
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(midranks(&[5.0, 1.0, 5.0, 9.0]), [2.5, 1.0, 2.5, 4.0]);
        assert!(midranks(&[]).is_empty());
    }
}
