//! What the rules read of a feature vector.

use lapwing_features::{FeatureVector, Id};

/// Spend in the last 365 days, as far as the data reaches; `None` when it has no amounts.
pub(super) fn spend(features: &FeatureVector) -> Option<f64> {
    known(features, Id::spend_365d_sum)
}

/// The customer's own mean order value; `None` without purchases or amounts.
pub(super) fn order_value_mean(features: &FeatureVector) -> Option<f64> {
    known(features, Id::order_value_mean)
}

/// Number of purchases so far, 0 when missing.
pub(super) fn purchases(features: &FeatureVector) -> f64 {
    known(features, Id::purchases_count).unwrap_or(0.0)
}

fn known(features: &FeatureVector, id: Id) -> Option<f64> {
    Some(features[id]).filter(|value| value.is_finite())
}
