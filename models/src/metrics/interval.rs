//! The interval of a share.

use crate::hiatus::Z95;

/// Wilson's 95 % interval of a `share` seen in `n` independent observations: the share lies within, and both ends within 0..=1.
/// Of nothing seen it is 0 to 1.
///
/// Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
///
/// ```
/// use lapwing_models::metrics::wilson;
/// let (low, high) = wilson(0.3, 100.0);
/// assert!((low - 0.218_95).abs() < 1e-5 && (high - 0.395_85).abs() < 1e-5);
/// assert_eq!(wilson(0.0, 10.0).0, 0.0);
/// assert_eq!(wilson(0.5, 0.0), (0.0, 1.0));
/// ```
#[must_use]
pub fn wilson(share: f64, n: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let z2 = Z95 * Z95;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At shares of 0 and 1 one end is the share itself, but for rounding.
    ((centre - half).clamp(0.0, share), (centre + half).clamp(share, 1.0))
}
