//! What the user may set of the lifecycle rules: the table `[lifecycle]` of the configuration.

use lapwing_features::{FactSettings, Windows};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::risk::BandCuts;
use super::signs::SignSettings;
use super::tier::{TierCuts, Tiering};

/// A threshold that is either learned from the customers at fit time, written `"auto"`, or fixed by the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written<T>", into = "Written<T>")]
#[serde(bound(serialize = "T: Serialize + Clone", deserialize = "T: Deserialize<'de>"))]
pub enum Auto<T> {
    /// Learned.
    #[default]
    Auto,
    /// Fixed.
    Fixed(T),
}

impl<T> Auto<T> {
    /// The fixed value, or what `learn` gives.
    pub fn or_else(self, learn: impl FnOnce() -> T) -> T {
        match self {
            Self::Auto => learn(),
            Self::Fixed(value) => value,
        }
    }
}

/// How [`Auto`] stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected `\"auto\"`, or a number or a list of numbers as the key asks for")]
enum Written<T> {
    Word(Word),
    Fixed(T),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Auto,
}

impl<T> From<Written<T>> for Auto<T> {
    fn from(written: Written<T>) -> Self {
        match written {
            Written::Word(Word::Auto) => Self::Auto,
            Written::Fixed(value) => Self::Fixed(value),
        }
    }
}

impl<T> From<Auto<T>> for Written<T> {
    fn from(setting: Auto<T>) -> Self {
        match setting {
            Auto::Auto => Self::Word(Word::Auto),
            Auto::Fixed(value) => Self::Fixed(value),
        }
    }
}

/// The table `[lifecycle]`. Every key may be left out.
///
/// ```
/// use lapwing_models::lifecycle::{Auto, LifecycleSettings};
/// let settings: LifecycleSettings = serde_json::from_str(r#"{"new_days": 14, "dormant_after_days": 120, "risk_band": [0.5, 0.8]}"#).unwrap();
/// assert_eq!(settings.dormant_after_days, Auto::Fixed(120));
/// assert_eq!(settings.churned_after_days, Auto::Auto);
/// assert!(settings.check().is_ok());
/// assert!(serde_json::from_str::<LifecycleSettings>(r#"{"newdays": 14}"#).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LifecycleSettings {
    /// N: the cycle of a customer whose own is not known. Auto: the median of all gaps between purchase days.
    pub norm_gap_days: Auto<f64>,
    /// `dormant` from this many days without a purchase on. Auto: `active_days`, or the 95th percentile of gaps if longer.
    pub dormant_after_days: Auto<u32>,
    /// `churned` from this many days on. Auto: twice `dormant_after_days`, or the 99th percentile of gaps if longer.
    pub churned_after_days: Auto<u32>,
    /// `returned` for this many days after a long gap ended. Default 60.
    pub returned_days: u32,
    /// `new` for this many days after the first purchase. Default 30.
    pub new_days: u32,
    /// `slipping` when the last purchase is more than this many cycles ago. Default 1.5.
    pub overdue_ratio: f64,
    /// `slipping` when it is at least this many cycles ago. Default 2.
    pub missed_cycles: f64,
    /// `slipping` when interactions are down by more than this share of the own baseline. Default 0.3.
    pub activity_drop: f64,
    /// `loyal` from this many purchase days in 365 days on. Auto: their 80th percentile among repeat buyers, at least 4.
    pub loyal_purchases: Auto<u32>,
    /// `active` from this many purchase days in `active_days` days on. Default 2.
    pub active_purchases: u32,
    /// The days without a purchase at which segments part. Auto: median, 80th and 95th percentile of gaps when at least 100
    /// customers have come back, else 40, 90 and 180.
    pub segment_days: Auto<[u32; 3]>,
    /// High value means a mean order value above this. Auto: the mean of all orders.
    pub high_value_order: Auto<f64>,
    /// Spend in 365 days above the first number is tier `middle`, above the second `top`. Auto: as `tiering`
    /// tells.
    pub value_tiers: Auto<[f64; 2]>,
    /// What `value_tiers` are learned by. Default `"quantile"`.
    pub tiering: Tiering,
    /// `churn_probability` from the first number on is yellow, from the second on red. Auto: the riskiest tenth is red, the
    /// next fifth yellow. Bands of lapsed customers are always learned, for what is high for a current customer is low for them.
    pub risk_band: Auto<[f64; 2]>,
    /// The warning signs: the table `[lifecycle.signs]`.
    pub signs: SignSettings,
}

impl Default for LifecycleSettings {
    fn default() -> Self {
        Self {
            norm_gap_days: Auto::Auto,
            dormant_after_days: Auto::Auto,
            churned_after_days: Auto::Auto,
            returned_days: 60,
            new_days: 30,
            overdue_ratio: 1.5,
            missed_cycles: 2.0,
            activity_drop: 0.3,
            loyal_purchases: Auto::Auto,
            active_purchases: 2,
            segment_days: Auto::Auto,
            high_value_order: Auto::Auto,
            value_tiers: Auto::Auto,
            tiering: Tiering::Quantile,
            risk_band: Auto::Auto,
            signs: SignSettings::default(),
        }
    }
}

/// A setting is outside what makes sense.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`lifecycle.{key}` is {value}, but must be {rule}\nhint: leave the key out to use its default")]
pub struct SettingError {
    /// The key under `[lifecycle]`.
    pub key: &'static str,
    /// What it was set to.
    pub value: String,
    /// What it must be.
    pub rule: String,
}

impl LifecycleSettings {
    /// Checks every fixed value.
    ///
    /// # Errors
    /// [`SettingError`] for the first key, in the order of the fields, whose value makes no sense.
    pub fn check(&self) -> Result<(), SettingError> {
        let days = 1.0..=f64::from(Windows::MOST_DAYS);
        let fixed = |setting: Auto<u32>| match setting {
            Auto::Auto => None,
            Auto::Fixed(value) => Some(f64::from(value)),
        };
        let norm_gap = if let Auto::Fixed(value) = self.norm_gap_days { Some(value) } else { None };
        check_range("norm_gap_days", norm_gap, &days)?;
        check_range("dormant_after_days", fixed(self.dormant_after_days), &days)?;
        check_range("churned_after_days", fixed(self.churned_after_days), &days)?;
        check_range("returned_days", Some(f64::from(self.returned_days)), &days)?;
        check_range("new_days", Some(f64::from(self.new_days)), &days)?;
        check_range("overdue_ratio", Some(self.overdue_ratio), &(1.0..=100.0))?;
        check_range("missed_cycles", Some(self.missed_cycles), &(1.0..=100.0))?;
        check_range("activity_drop", Some(self.activity_drop), &(0.0..=1.0))?;
        check_range("loyal_purchases", fixed(self.loyal_purchases), &(2.0..=366.0))?;
        check_range("active_purchases", Some(f64::from(self.active_purchases)), &(1.0..=366.0))?;
        if let (Auto::Fixed(dormant), Auto::Fixed(churned)) = (self.dormant_after_days, self.churned_after_days)
            && churned <= dormant
        {
            return Err(SettingError {
                key: "churned_after_days",
                value: churned.to_string(),
                rule: format!("above `dormant_after_days`, which is {dormant}"),
            });
        }
        if let Auto::Fixed(days) = self.segment_days {
            check_ascending("segment_days", &days.map(f64::from), &(1.0..=f64::from(Windows::MOST_DAYS)))?;
        }
        if let Auto::Fixed(value) = self.high_value_order {
            check_range("high_value_order", Some(value), &(0.0..=1e12))?;
        }
        if let Auto::Fixed(cuts) = self.value_tiers {
            check_ascending("value_tiers", &cuts, &(0.0..=1e12))?;
        }
        if let Auto::Fixed(cuts) = self.risk_band {
            check_ascending("risk_band", &cuts, &(0.0..=1.0))?;
        }
        self.signs.check()
    }

    /// The windows that stage facts are taken with.
    ///
    /// ```
    /// use lapwing_features::Windows;
    /// use lapwing_models::lifecycle::LifecycleSettings;
    /// let facts = LifecycleSettings::default().fact_settings(Windows::new(90, 30, 0).unwrap());
    /// assert_eq!((facts.active_days, facts.returned_days), (90, 60));
    /// ```
    #[must_use]
    pub fn fact_settings(&self, windows: Windows) -> FactSettings {
        FactSettings { active_days: windows.active_days, returned_days: self.returned_days }
    }
}

impl Auto<[f64; 2]> {
    /// As tier cuts.
    pub(super) fn tier_cuts(self) -> Auto<TierCuts> {
        match self {
            Self::Auto => Auto::Auto,
            Self::Fixed([middle, top]) => Auto::Fixed(TierCuts { middle, top }),
        }
    }

    /// As band cuts.
    pub(super) fn band_cuts(self) -> Auto<BandCuts> {
        match self {
            Self::Auto => Auto::Auto,
            Self::Fixed([yellow, red]) => Auto::Fixed(BandCuts { yellow, red }),
        }
    }
}

pub(super) fn check_range(key: &'static str, value: Option<f64>, range: &std::ops::RangeInclusive<f64>) -> Result<(), SettingError> {
    match value {
        Some(value) if !range.contains(&value) => {
            Err(SettingError { key, value: value.to_string(), rule: format!("from {} to {}", range.start(), range.end()) })
        }
        _ => Ok(()),
    }
}

fn check_ascending(key: &'static str, values: &[f64], range: &std::ops::RangeInclusive<f64>) -> Result<(), SettingError> {
    let ascending = values.windows(2).all(|pair| pair[0] < pair[1]);
    if ascending && values.iter().all(|value| range.contains(value)) {
        return Ok(());
    }
    Err(SettingError { key, value: format!("{values:?}"), rule: format!("ascending, each from {} to {}", range.start(), range.end()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<LifecycleSettings, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn an_empty_table_is_the_default_and_the_default_is_sound() {
        assert_eq!(read("{}").unwrap(), LifecycleSettings::default());
        assert_eq!(LifecycleSettings::default().check(), Ok(()));
    }

    #[test]
    fn settings_survive_writing_and_reading() {
        let settings =
            read(r#"{"norm_gap_days": 31, "segment_days": [30, 60, 120], "risk_band": "auto", "value_tiers": [10, 99.5]}"#).unwrap();
        assert_eq!(settings.norm_gap_days, Auto::Fixed(31.0));
        assert_eq!(settings.value_tiers, Auto::Fixed([10.0, 99.5]));
        assert_eq!(read(&serde_json::to_string(&settings).unwrap()).unwrap(), settings);
    }

    #[test]
    fn a_word_that_is_not_auto_is_refused_with_what_is_taken() {
        let error = read(r#"{"dormant_after_days": "often"}"#).unwrap_err().to_string();
        assert!(error.contains("expected `\"auto\"`"), "{error}");
        assert!(read(r#"{"dormant_after_days": -3}"#).is_err());
    }

    #[test]
    fn each_key_is_checked() {
        for (json, key) in [
            (r#"{"norm_gap_days": 0}"#, "norm_gap_days"),
            (r#"{"dormant_after_days": 0}"#, "dormant_after_days"),
            (r#"{"churned_after_days": 4000}"#, "churned_after_days"),
            (r#"{"dormant_after_days": 90, "churned_after_days": 90}"#, "churned_after_days"),
            (r#"{"returned_days": 0}"#, "returned_days"),
            (r#"{"new_days": 0}"#, "new_days"),
            (r#"{"overdue_ratio": 0.5}"#, "overdue_ratio"),
            (r#"{"missed_cycles": 0.9}"#, "missed_cycles"),
            (r#"{"activity_drop": 1.1}"#, "activity_drop"),
            (r#"{"loyal_purchases": 1}"#, "loyal_purchases"),
            (r#"{"active_purchases": 0}"#, "active_purchases"),
            (r#"{"segment_days": [40, 40, 180]}"#, "segment_days"),
            (r#"{"high_value_order": -1}"#, "high_value_order"),
            (r#"{"value_tiers": [100, 50]}"#, "value_tiers"),
            (r#"{"risk_band": [0.5, 1.5]}"#, "risk_band"),
        ] {
            let error = read(json).unwrap().check().unwrap_err();
            assert_eq!(error.key, key, "{json}");
            assert!(error.to_string().contains("\nhint: "), "{error}");
        }
    }
}
