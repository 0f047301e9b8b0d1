//! What the user may set of the warning signs: the table `[lifecycle.signs]` of the configuration.

use serde::{Deserialize, Serialize};

use crate::lifecycle::settings::{SettingError, check_range};

/// The thresholds of the warning signs that the stage rules do not share. Every key may be left out.
///
/// `overdue_ratio`, `missed_cycles` and `activity_drop` stand under `[lifecycle]`, for the stage `slipping` goes by the same ones.
///
/// ```
/// use lapwing_models::lifecycle::LifecycleSettings;
/// let settings: LifecycleSettings = serde_json::from_str(r#"{"signs": {"silent_days": 30}}"#).unwrap();
/// assert_eq!((settings.signs.silent_days, settings.signs.unresponsive_messages), (30, 3));
/// assert!(serde_json::from_str::<LifecycleSettings>(r#"{"signs": {"silence": 30}}"#).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignSettings {
    /// `purchase_rate_drop` at this share of the earlier purchases or less. Default 0.5.
    pub purchase_rate_ratio: f64,
    /// Earlier purchases that it takes. Default 2.
    pub purchase_rate_least: u32,
    /// `order_value_drop` when the last three orders are lower by this share or more. Default 0.2.
    pub order_value_drop: f64,
    /// Earlier orders that it takes. Default 3.
    pub order_value_least: u32,
    /// `spend_drop` when spend is lower by this share or more. Default 0.3.
    pub spend_drop: f64,
    /// `visit_gap_longer` above this many times the earlier mean. Default 1.5.
    pub visit_gap_ratio: f64,
    /// `coupon_use_drop` at this share of the earlier redemptions or less. Default 0.5.
    pub coupon_use_ratio: f64,
    /// Earlier redemptions that it takes. Default 2.
    pub coupon_use_least: u32,
    /// `silent` after this many days. Default 15.
    pub silent_days: u32,
    /// Messages without an answer that `unresponsive` takes. Default 3.
    pub unresponsive_messages: u32,
    /// Complaints and tickets that `complaints_up` takes. Default 1.
    pub complaints_least: u32,
    /// `low_satisfaction` at this score or below. Default 6.
    pub detractor_points: f64,
    /// `low_satisfaction` too at this many points or more below the own mean. Default 2.
    pub satisfaction_drop: f64,
    /// Returns that `returns_up` takes. Default 1.
    pub returns_least: u32,
    /// Abandoned carts that `cart_abandonment` takes. Default 1.
    pub carts_least: u32,
    /// `breadth_shrinking` at this share of the earlier categories or less. Default 0.5.
    pub breadth_ratio: f64,
    /// Earlier categories that it takes. Default 2.
    pub breadth_least: u32,
}

impl Default for SignSettings {
    fn default() -> Self {
        Self {
            purchase_rate_ratio: 0.5,
            purchase_rate_least: 2,
            order_value_drop: 0.2,
            order_value_least: 3,
            spend_drop: 0.3,
            visit_gap_ratio: 1.5,
            coupon_use_ratio: 0.5,
            coupon_use_least: 2,
            silent_days: 15,
            unresponsive_messages: 3,
            complaints_least: 1,
            detractor_points: 6.0,
            satisfaction_drop: 2.0,
            returns_least: 1,
            carts_least: 1,
            breadth_ratio: 0.5,
            breadth_least: 2,
        }
    }
}

impl SignSettings {
    /// Checks every value.
    ///
    /// # Errors
    /// [`SettingError`] for the first key, in the order of the fields, whose value makes no sense.
    pub(in crate::lifecycle) fn check(&self) -> Result<(), SettingError> {
        let (share, ratio, count, points) = (0.0..=1.0, 1.0..=100.0, 1.0..=1_000.0, 0.0..=10.0);
        let values = [
            ("signs.purchase_rate_ratio", self.purchase_rate_ratio, &share),
            ("signs.purchase_rate_least", self.purchase_rate_least.into(), &count),
            ("signs.order_value_drop", self.order_value_drop, &share),
            ("signs.order_value_least", self.order_value_least.into(), &count),
            ("signs.spend_drop", self.spend_drop, &share),
            ("signs.visit_gap_ratio", self.visit_gap_ratio, &ratio),
            ("signs.coupon_use_ratio", self.coupon_use_ratio, &share),
            ("signs.coupon_use_least", self.coupon_use_least.into(), &count),
            ("signs.silent_days", self.silent_days.into(), &(1.0..=365.0)),
            ("signs.unresponsive_messages", self.unresponsive_messages.into(), &count),
            ("signs.complaints_least", self.complaints_least.into(), &count),
            ("signs.detractor_points", self.detractor_points, &points),
            ("signs.satisfaction_drop", self.satisfaction_drop, &points),
            ("signs.returns_least", self.returns_least.into(), &count),
            ("signs.carts_least", self.carts_least.into(), &count),
            ("signs.breadth_ratio", self.breadth_ratio, &share),
            ("signs.breadth_least", self.breadth_least.into(), &count),
        ];
        values.into_iter().try_for_each(|(key, value, range)| check_range(key, Some(value), range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_checked() {
        assert_eq!(SignSettings::default().check(), Ok(()));
        let keys = serde_json::to_value(SignSettings::default()).unwrap();
        for key in keys.as_object().unwrap().keys() {
            let too_much = SignSettings::deserialize(serde_json::json!({ key: 1_001 })).unwrap();
            let error = too_much.check().unwrap_err();
            assert_eq!(error.key, format!("signs.{key}"));
            assert!(error.to_string().contains("is 1001, but must be from ") && error.to_string().contains("\nhint: "), "{error}");
        }
    }
}
