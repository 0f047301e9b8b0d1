//! What a model says of one customer, and why.

use lapwing_features::FEATURES;
use serde::Serialize;

use crate::input::InputSchema;

/// A probability with its 95 % interval and what it is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Never 0 or 1.
    pub probability: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// Calibrated log-odds: `intercept` plus all contributions.
    pub log_odds: f64,
    /// Calibrated log-odds of a customer who is average in everything.
    pub intercept: f64,
    /// What each input adds, the largest first.
    pub contributions: Vec<Contribution>,
}

/// What one input adds to the log-odds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    /// Name of the feature or attribute.
    pub code: String,
    /// On the calibrated log-odds scale.
    pub contribution: f64,
    /// The customer's own value; `None` when missing, or when it is no number.
    pub value: Option<f64>,
    /// The median of the fit rows; `None` when more than half lack it, or when it is no number.
    pub typical: Option<f64>,
    /// The same for people.
    pub text: String,
}

impl InputSchema {
    /// The contribution of `input` in numbers and words.
    pub(crate) fn explain(&self, input: usize, contribution: f64, raw: f64, typical: Option<f64>) -> Contribution {
        let code = self.name(input).to_owned();
        let value = (!raw.is_nan()).then_some(raw);
        if self.levels(input).is_some() {
            let text = format!("{}: {}", plain(&code), self.level_name(input, raw));
            return Contribution { code, contribution, value: None, typical: None, text };
        }
        let usual = typical.map_or_else(|| "not known".to_owned(), for_people);
        let text = match (FEATURES.get(input), value) {
            (Some(feature), Some(value)) => feature.reason.replace("{value}", &for_people(value)).replace("{typical}", &usual),
            (Some(feature), None) if !feature.missing.is_empty() => format!("{}: not known ({})", plain(&code), feature.missing),
            (_, None) => format!("{}: not known", plain(&code)),
            (None, Some(value)) => format!("{}: {}; usual is {usual}", plain(&code), for_people(value)),
        };
        Contribution { code, contribution, value, typical, text }
    }
}

fn plain(code: &str) -> String {
    code.replace('_', " ")
}

/// A number as people write it: whole from 100 on, one decimal from 10 on, else two, without closing zeros.
///
/// ```
/// use lapwing_models::for_people;
/// assert_eq!(for_people(151.7), "152");
/// assert_eq!(for_people(31.04), "31");
/// assert_eq!(for_people(0.254), "0.25");
/// assert_eq!(for_people(-0.001), "0");
/// ```
#[must_use]
pub fn for_people(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
