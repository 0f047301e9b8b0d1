//! The 72-hour alert: when a customer is to be contacted at once, until when, and how it ended.
//!
//! ```text
//!  quiet ──warn──▶ open ──contact──▶ contacted ──buys / risk clears──▶ recovered
//!                   │  │                 └──follow-up passes──▶ lost
//!                   │  └──buys / risk clears──▶ recovered (by itself)
//!                   └──window passes without contact──▶ expired
//! ```
//!
//! [`warnings`] says whether a scoring warns. An [`Episode`] is what followed, and is nothing but its [`Step`]s one after the other:
//! whoever keeps them can make it again. [`heed`] says whether warnings open another, or wait for the end of the cooldown. No clock is read here: each question says what time it is, and deadlines come first, so that
//! the answer is the same whether or not somebody looked in between.

mod episode;
mod warning;

pub use episode::{AlertState, Because, Deed, Episode, Input, OutOfPlace, Step, Unmoved};
pub use warning::{Heed, Sighting, Warning, heed, may_open, warnings};

use serde::{Deserialize, Serialize};

/// The rules of alerts: the table `[alerts]` of the configuration.
///
/// ```
/// use lapwing_models::lifecycle::AlertSettings;
/// let settings: AlertSettings = serde_json::from_str(r#"{"window_hours": 48}"#).unwrap();
/// assert_eq!((settings.window_hours, settings.cooldown_days), (48, 30));
/// assert!(settings.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertSettings {
    /// How long somebody has to contact the customer.
    pub window_hours: u32,
    /// How long after contact a purchase counts as recovery.
    pub follow_up_days: u32,
    /// How long after an episode no other may open.
    pub cooldown_days: u32,
    /// A rise of `churn_probability` within `rise_days` that warns.
    pub rise: f64,
    /// How far back the rise is looked for, in days.
    pub rise_days: u32,
    /// So many signs that were not raised at the scoring before warn.
    pub new_signs: u32,
    /// So many scorings below the yellow cut, one after the other, and the risk has cleared.
    pub calm_scorings: u32,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self { window_hours: 72, follow_up_days: 30, cooldown_days: 30, rise: 0.18, rise_days: 7, new_signs: 2, calm_scorings: 2 }
    }
}

/// A rule of alerts that cannot be meant.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{key}` under `[alerts]` is {value}, which is not between {least} and {most}\nhint: leave it out to use its default")]
pub struct AlertSettingError {
    /// The key.
    pub key: &'static str,
    /// What it was set to.
    pub value: f64,
    /// The least that is taken.
    pub least: f64,
    /// The most that is taken.
    pub most: f64,
}

impl AlertSettings {
    /// Whether every rule can be meant.
    ///
    /// # Errors
    /// [`AlertSettingError`] of the first that cannot.
    pub fn check(&self) -> Result<(), AlertSettingError> {
        let count = f64::from;
        let bounds = [
            ("window_hours", count(self.window_hours), 1.0, 8_760.0),
            ("follow_up_days", count(self.follow_up_days), 1.0, 3_650.0),
            ("cooldown_days", count(self.cooldown_days), 0.0, 3_650.0),
            ("rise", self.rise, 0.001, 1.0),
            ("rise_days", count(self.rise_days), 1.0, 365.0),
            ("new_signs", count(self.new_signs), 1.0, 15.0),
            ("calm_scorings", count(self.calm_scorings), 1.0, 100.0),
        ];
        let wrong = bounds.into_iter().find(|(_, value, least, most)| !(least..=most).contains(&value));
        wrong.map_or(Ok(()), |(key, value, least, most)| Err(AlertSettingError { key, value, least, most }))
    }
}

#[cfg(test)]
mod tests;
