//! Whether a scoring warns.

use lapwing_features::Timestamp;

use super::{AlertSettings, Episode};
use crate::lifecycle::RiskBand;

/// What one scoring saw of a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting<'a> {
    /// `None` when the customer is not current: then nothing warns.
    pub churn_probability: Option<f64>,
    /// See [`RiskBand`].
    pub risk_band: Option<RiskBand>,
    /// The names of the raised signs.
    pub raised: &'a [&'a str],
}

/// Why an alert opens.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// The risk band is red and was not.
    TurnedRed,
    /// `churn_probability` rose by this much within the days of the settings.
    Rose {
        /// The lowest of these days.
        from: f64,
    },
    /// Signs that were not raised before.
    NewSigns(Vec<String>),
}

impl Warning {
    /// The name in data.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::TurnedRed => "turned_red",
            Self::Rose { .. } => "risk_rose",
            Self::NewSigns(_) => "new_signs",
        }
    }
}

/// Why `now` warns; empty when it does not. `before` is the scoring before it, in which the customer may not have been, and `lowest` the
/// lowest `churn_probability` of the scorings in the days of the settings, if there is one.
///
/// A customer who was never scored before and is red turned red: the first scoring lists whoever is at risk. Its signs are not new, for
/// nobody knows since when they are raised.
///
/// ```
/// use lapwing_models::lifecycle::{AlertSettings, RiskBand, Sighting, Warning, warnings};
/// let settings = AlertSettings::default();
/// let at = |risk, band| Sighting { churn_probability: Some(risk), risk_band: Some(band), raised: &[] };
/// let (before, now) = (at(0.30, RiskBand::Green), at(0.48, RiskBand::Yellow));
/// assert_eq!(warnings(&now, Some(&before), Some(0.30), &settings), [Warning::Rose { from: 0.30 }]);
/// assert!(warnings(&now, Some(&before), None, &settings).is_empty());
/// assert_eq!(warnings(&at(0.9, RiskBand::Red), None, None, &settings), [Warning::TurnedRed]);
/// ```
#[must_use]
pub fn warnings(now: &Sighting<'_>, before: Option<&Sighting<'_>>, lowest: Option<f64>, settings: &AlertSettings) -> Vec<Warning> {
    let Some(probability) = now.churn_probability else { return Vec::new() };
    let mut found = Vec::new();
    // Whoever was lapsed and red, and bought, is current anew: its band was another model's.
    let was_red = before.is_some_and(|before| before.churn_probability.is_some() && before.risk_band == Some(RiskBand::Red));
    if now.risk_band == Some(RiskBand::Red) && !was_red {
        found.push(Warning::TurnedRed);
    }
    // What is written with few digits is meant as written: 0.48 - 0.30 is a rise of 0.18.
    if let Some(from) = lowest
        && probability - from >= settings.rise - 1e-12
    {
        found.push(Warning::Rose { from });
    }
    if let Some(before) = before {
        let new = now.raised.iter().filter(|sign| !before.raised.contains(sign)).map(|sign| (*sign).to_owned()).collect::<Vec<_>>();
        if new.len() >= settings.new_signs as usize {
            found.push(Warning::NewSigns(new));
        }
    }
    found
}

/// Whether another episode may open at `now`, after the customer's `last`.
#[must_use]
pub fn may_open(last: Option<&Episode>, now: Timestamp, settings: &AlertSettings) -> bool {
    let Some(last) = last else { return true };
    last.ended_at.is_some_and(|ended| now >= ended.plus_days(settings.cooldown_days.into()))
}
