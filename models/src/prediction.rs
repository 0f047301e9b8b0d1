//! What a model says of one customer, and why.

mod telling;
pub(crate) mod wording;

use lapwing_features::{FEATURES, Feature};
use serde::Serialize;

use crate::input::{AttributeKind, InputSchema, Rhythm};
use crate::sigmoid;

pub(crate) use telling::{Together, largest, stands_aside, telling};

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
    /// The number of the input.
    #[serde(skip)]
    pub(crate) input: usize,
    /// On the calibrated log-odds scale.
    pub contribution: f64,
    /// The customer's own value; `None` when missing, or when it is no number.
    pub value: Option<f64>,
    /// The median of the fit rows; `None` when more than half lack it, or when it is no number.
    pub typical: Option<f64>,
    /// The same for people.
    pub text: String,
}

/// A contribution before it is put in words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) input: usize,
    contribution: f64,
    /// The input itself, NaN when missing.
    raw: f64,
    value: Option<f64>,
    typical: Option<f64>,
    is_rhythm: bool,
}

impl InputSchema {
    /// The contribution of `input` in numbers.
    pub(crate) fn part(&self, input: usize, contribution: f64, raw: f64, typical: Option<f64>) -> Part {
        let value = (!raw.is_nan()).then_some(raw);
        let is_rhythm = self.rhythm_input() == Some(input);
        let (value, typical) = match () {
            () if is_rhythm => (value.map(sigmoid), typical.map(sigmoid)),
            () if self.levels(input).is_some() => (None, None),
            () => (value, typical),
        };
        Part { input, contribution, raw, value, typical, is_rhythm }
    }

    /// The same in numbers and words.
    pub(crate) fn tell(&self, part: &Part) -> Contribution {
        let Part { input, contribution, value, typical, .. } = *part;
        let mut text = String::with_capacity(96);
        self.write(part, &mut text);
        Contribution { code: self.name(input).to_owned(), input, contribution, value, typical, text }
    }

    /// Adds the same in words to `text`.
    pub(crate) fn write(&self, part: &Part, text: &mut String) {
        match (FEATURES.get(part.input), part.value) {
            (Some(_), Some(value)) => wording::reason(part.input, value, part.typical, text),
            _ => text.push_str(&self.rarer(part)),
        }
    }

    /// What is no value of a feature, in words.
    fn rarer(&self, part: &Part) -> String {
        let Part { input, raw, value, typical, .. } = *part;
        let label = || self.name(input).replace('_', " ");
        match (FEATURES.get(input), value) {
            (Some(feature), _) if feature.missing.is_empty() => format!("not known: {}", subject(feature)),
            (Some(feature), _) => format!("{}, so not known: {}", feature.missing, subject(feature)),
            (None, value) => match self.rhythm.filter(|_| part.is_rhythm) {
                Some(rhythm) => tell_rhythm(rhythm, value, typical),
                None if self.levels(input).is_some() => format!("{}: {}", label(), self.level_name(input, raw)),
                None => {
                    value.map_or_else(|| format!("{}: not known", label()), |value| self.tell_attribute(input, &label(), value, typical))
                }
            },
        }
    }

    fn tell_attribute(&self, input: usize, label: &str, value: f64, typical: Option<f64>) -> String {
        let written = if self.is_days(input) { wording::ago } else { for_people };
        let usual = typical.map_or_else(String::new, |typical| format!("; usual is {}", written(typical)));
        format!("{label}: {}{usual}", written(value))
    }

    fn is_days(&self, input: usize) -> bool {
        let spec = input.checked_sub(FEATURES.len()).and_then(|place| self.attributes.get(place));
        spec.is_some_and(|spec| spec.kind == AttributeKind::Days)
    }
}

/// What a feature is, as the beginning of its meaning says it.
fn subject(feature: &Feature) -> String {
    let meaning = feature.meaning.split([';', ':', '.']).next().unwrap_or(feature.meaning);
    let mut letters = meaning.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

/// What the rhythm of buying says, in per cent.
fn tell_rhythm(rhythm: Rhythm, value: Option<f64>, typical: Option<f64>) -> String {
    let Some(value) = value else { return "never bought, so no rhythm of buying".to_owned() };
    let percent = |share: f64| for_people((100.0 * share).round());
    let usual = typical.map_or_else(String::new, |typical| format!("; usual is {} %", percent(typical)));
    format!("by the rhythm of buying alone, {} % do not buy within {} days{usual}", percent(value), rhythm.horizon_days)
}

/// A number as people write it: whole from 100 on, one decimal from 10 on, else two, without closing zeros, thousands parted.
///
/// ```
/// use lapwing_models::for_people;
/// assert_eq!(for_people(1_151.7), "1,152");
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
    let mut text = String::with_capacity(8);
    wording::number(value, decimals, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::AttributeSpec;

    #[test]
    fn what_is_missing_says_why() {
        let text = |code| {
            let input = lapwing_features::schema::position(code).unwrap();
            let inputs = InputSchema::default();
            inputs.tell(&inputs.part(input, 0.1, f64::NAN, Some(1.0))).text
        };
        assert_eq!(
            text("overdue_ratio"),
            "fewer than three purchase days, so not known: days since the last purchase over the own median gap"
        );
        assert_eq!(text("cutoff_month_sin"), "not known: sine of the cutoff's local month on a circle");
        for feature in &FEATURES {
            let text = text(feature.name);
            assert!(text.starts_with(feature.missing) && !text.contains(['_', ';']) && !text.ends_with('.'), "{text}");
        }
    }

    #[test]
    fn attributes_are_told_by_their_kind() {
        let levels = vec!["DE".to_owned()];
        let spec = |name: &str, kind| AttributeSpec { name: name.to_owned(), kind };
        let kinds =
            [("age", AttributeKind::Numeric), ("signed_up", AttributeKind::Days), ("country", AttributeKind::Categorical { levels })];
        let inputs = InputSchema { attributes: kinds.map(|(name, kind)| spec(name, kind)).to_vec(), rhythm: None };
        let text = |place: usize, value, typical| inputs.tell(&inputs.part(FEATURES.len() + place, 0.1, value, typical)).text;
        assert_eq!(text(0, 31.04, Some(40.0)), "age: 31; usual is 40");
        assert_eq!(text(0, f64::NAN, Some(40.0)), "age: not known");
        assert_eq!(text(1, 12.0, Some(-1.0)), "signed up: 12 days ago; usual is in 1 day");
        assert_eq!(text(1, 12.0, None), "signed up: 12 days ago");
        assert_eq!(text(2, 0.0, None), "country: DE");
    }
}
