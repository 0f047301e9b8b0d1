//! Many questions at once.

/// Holm's adjusted p-values, in the order given: to ask whether any of many groups differs and be wrong as seldom as with one, hold these
/// against the level that one would be held against.
///
/// Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
///
/// ```
/// let adjusted = lapwing_models::proof::holm(&[0.01, 0.04, 0.03, 0.005, 0.8]);
/// let expected = [0.04, 0.09, 0.09, 0.025, 0.8]; // statsmodels 0.15
/// assert!(adjusted.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
/// assert!(lapwing_models::proof::holm(&[]).is_empty());
/// ```
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    let (mut adjusted, mut least) = (vec![1.0; p_values.len()], 0.0_f64);
    for (before, place) in order.into_iter().enumerate() {
        least = least.max(((p_values.len() - before) as f64 * p_values[place]).min(1.0));
        adjusted[place] = least;
    }
    adjusted
}
