//! Whether a scoring warns.

use lapwing_features::Timestamp;
use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

    /// Whether what it warned of is still so: the band is red, the probability as much above where it rose from, or as many of the signs
    /// raised as warn.
    #[must_use]
    pub fn stands(&self, now: &Sighting<'_>, settings: &AlertSettings) -> bool {
        now.churn_probability.is_some_and(|probability| match self {
            Self::TurnedRed => now.risk_band == Some(RiskBand::Red),
            Self::Rose { from } => rose(*from, probability, settings),
            Self::NewSigns(signs) => signs.iter().filter(|sign| now.raised.contains(&sign.as_str())).count() >= settings.new_signs as usize,
        })
    }
}

/// What is written with few digits is meant as written: 0.48 - 0.30 is a rise of 0.18.
fn rose(from: f64, to: f64, settings: &AlertSettings) -> bool {
    to - from >= settings.rise - 1e-12
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
    if let Some(from) = lowest
        && rose(from, probability, settings)
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

/// What follows from the warnings of a scoring.
#[derive(Clone, Debug, PartialEq)]
pub enum Heed {
    /// Nothing: there are none, or they are part of the episode that goes on.
    Nothing,
    /// An alert opens, for these reasons.
    Open(Vec<Warning>),
    /// They are held back by the cooldown, until the first scoring after it.
    Hold(Vec<Warning>),
}

/// What follows at `now` from `fresh` warnings of the scoring that saw `seen`, and from those that the scoring before had to hold back.
///
/// A warning that was held back and no longer [stands](Warning::stands) is dropped. While an episode goes on nothing is held back, for
/// somebody has been told already.
#[must_use]
pub fn heed(
    fresh: Vec<Warning>,
    held: &[Warning],
    seen: &Sighting<'_>,
    last: Option<&Episode>,
    now: Timestamp,
    settings: &AlertSettings,
) -> Heed {
    if last.is_some_and(|last| last.ended_at.is_none()) {
        return Heed::Nothing;
    }
    let mut all: Vec<Warning> = held.iter().filter(|warning| warning.stands(seen, settings)).cloned().collect();
    let new: Vec<Warning> = fresh.into_iter().filter(|warning| !all.contains(warning)).collect();
    all.extend(new);
    if all.is_empty() {
        Heed::Nothing
    } else if may_open(last, now, settings) {
        Heed::Open(all)
    } else {
        Heed::Hold(all)
    }
}
