//! What contacting the best share of the customers finds.

use super::{rank, top_of};

/// Share of all positive labels among the `shares` of the rows with the highest probabilities: the cumulative gains curve. Over the
/// share contacted it is the lift.
///
/// 0 at share 0 and 1 at share 1; chance finds the share itself. Of rows that tie at an edge, each counts for the part of them that
/// fits in. `None` when no label is positive. Shares lie within 0..=1, in any order.
///
/// # Panics
/// When the lengths of `probabilities` and `labels` differ.
///
/// ```
/// use lapwing_models::metrics::gains;
/// let labels = [true, true, false, false];
/// assert_eq!(gains(&[0.9, 0.4, 0.5, 0.1], &labels, &[0.0, 0.25, 0.75, 1.0]), Some(vec![0.0, 0.5, 1.0, 1.0]));
/// assert_eq!(gains(&[0.5; 4], &labels, &[0.25]), Some(vec![0.25]));
/// assert_eq!(gains(&[0.5], &[false], &[0.5]), None);
/// ```
#[must_use]
pub fn gains(probabilities: &[f64], labels: &[bool], shares: &[f64]) -> Option<Vec<f64>> {
    let positives = labels.iter().filter(|label| **label).count() as f64;
    let rows = rank(probabilities, labels);
    (positives > 0.0).then(|| shares.iter().map(|share| top_of(&rows, *share).0 / positives).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn more_contacts_never_find_less(rows in prop::collection::vec((0_u8..20, any::<bool>()), 1..60)) {
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let probabilities: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
            let shares: Vec<f64> = (0..=20).map(|step| f64::from(step) / 20.0).collect();
            if let Some(found) = gains(&probabilities, &labels, &shares) {
                prop_assert!(found.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12), "{:?}", found);
                prop_assert!(found[0] == 0.0 && (found[20] - 1.0).abs() < 1e-12, "{:?}", found);
            } else {
                prop_assert!(!labels.contains(&true));
            }
        }
    }
}
