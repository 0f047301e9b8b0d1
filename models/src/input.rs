//! What goes into a model: every feature, then the attributes that were named, then the rhythm of buying.

use lapwing_features::{Attribute, FEATURES, Snapshot};
use serde::{Deserialize, Serialize};

use crate::btyd::{BgNbd, Habits};
use crate::logit;

/// The inputs of a model by number: the rows of [`FEATURES`], then `attributes`, then `rhythm`. Learned on fit rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputSchema {
    /// The attributes, in the order the user named them.
    pub attributes: Vec<AttributeSpec>,
    /// What the rhythm of buying alone says; `None` where it could not be learned.
    #[serde(default)]
    pub rhythm: Option<Rhythm>,
}

/// The BG/NBD model as an input: the log-odds of no purchase in the outcome window, from the rhythm of buying alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// Learned from everyone who had bought by the newest cutoff of the fit rows.
    pub model: BgNbd,
    /// Days between the cutoff and the outcome window.
    pub gap_days: u32,
    /// Length of the outcome window.
    pub horizon_days: u32,
}

impl Rhythm {
    /// The name in data and reports.
    pub const NAME: &str = "bg_nbd_none_probability";
    /// Probabilities are kept this far from 0 and 1.
    const LEAST: f64 = 1e-4;

    /// The log-odds of no purchase; NaN for a customer who never bought.
    #[must_use]
    pub fn log_odds(&self, snapshot: &Snapshot) -> f64 {
        Habits::of(&snapshot.features).map_or(f64::NAN, |habits| {
            let none = self.model.none_probability(&habits, f64::from(self.gap_days), f64::from(self.horizon_days));
            logit(none.clamp(Self::LEAST, 1.0 - Self::LEAST))
        })
    }
}

/// An attribute that enters the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeSpec {
    /// Column of the customers table.
    pub name: String,
    /// How it becomes a number.
    pub kind: AttributeKind,
}

/// How an attribute becomes a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// It is one.
    Numeric,
    /// Days from it to the cutoff; missing when it does not lie before the cutoff.
    Days,
    /// The position of its text in `levels`; `levels.len()`, read "other", for any other text and for none.
    Categorical {
        /// Texts that are frequent enough to be told apart, sorted.
        levels: Vec<String>,
    },
}

/// Values beyond this are taken for it, so that no square or cube in the learning overflows.
pub(crate) const LARGEST: f64 = 1e90;

impl InputSchema {
    /// Number of inputs.
    #[must_use]
    pub fn len(&self) -> usize {
        FEATURES.len() + self.attributes.len() + usize::from(self.rhythm.is_some())
    }

    /// The number of the rhythm of buying; `None` when it is no input.
    #[must_use]
    pub fn rhythm_input(&self) -> Option<usize> {
        self.rhythm.map(|_| FEATURES.len() + self.attributes.len())
    }

    /// Never: there are always features.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The name of an input; empty when there is no such input.
    #[must_use]
    pub fn name(&self, input: usize) -> &str {
        match input.checked_sub(FEATURES.len()) {
            None => FEATURES[input].name,
            Some(_) if self.rhythm_input() == Some(input) => Rhythm::NAME,
            Some(place) => self.attributes.get(place).map_or("", |spec| spec.name.as_str()),
        }
    }

    /// How many levels an input has, "other" among them; `None` when it is a number.
    #[must_use]
    pub fn levels(&self, input: usize) -> Option<usize> {
        match &self.attributes.get(input.checked_sub(FEATURES.len())?)?.kind {
            AttributeKind::Categorical { levels } => Some(levels.len() + 1),
            AttributeKind::Numeric | AttributeKind::Days => None,
        }
    }

    /// The text of a level; "other" for the last one and for an input that has none.
    pub(crate) fn level_name(&self, input: usize, level: f64) -> &str {
        let spec = input.checked_sub(FEATURES.len()).and_then(|place| self.attributes.get(place));
        match spec.map(|spec| &spec.kind) {
            Some(AttributeKind::Categorical { levels }) => levels.get(level as usize).map_or("other", String::as_str),
            _ => "other",
        }
    }

    /// The inputs of `snapshot`, one number each. Missing and infinite values are NaN, huge ones are cut to ±1e90, and an
    /// attribute of another type than the fit rows had is missing.
    ///
    /// ```
    /// use lapwing_features::{Attributes, FactSettings, Snapshot, example};
    /// use lapwing_models::InputSchema;
    /// let history = example::history(&[("2024-01-01", "purchase", 20.0)]);
    /// let settings = FactSettings { active_days: 90, returned_days: 60 };
    /// let snapshot = Snapshot::take(&mut example::kernel(), &history, example::cutoff("2024-01-31"), settings, Attributes::new()).unwrap();
    /// let inputs = InputSchema::default().read(&snapshot);
    /// assert_eq!(inputs.len(), lapwing_features::FEATURES.len());
    /// assert_eq!(inputs[lapwing_features::Id::days_since_last_purchase as usize], 30.0);
    /// ```
    #[must_use]
    pub fn read(&self, snapshot: &Snapshot) -> Vec<f64> {
        let mut inputs = Vec::with_capacity(self.len());
        Self::read_features(snapshot, &mut inputs);
        self.read_own(snapshot, &mut inputs);
        inputs
    }

    /// The first of the inputs, which are those of every model, in place of what is in `inputs`.
    pub(crate) fn read_features(snapshot: &Snapshot, inputs: &mut Vec<f64>) {
        inputs.clear();
        inputs.extend(snapshot.features.as_slice().iter().copied().map(tame));
    }

    /// The inputs after the features, at the end of `inputs`.
    pub(crate) fn read_own(&self, snapshot: &Snapshot, inputs: &mut Vec<f64>) {
        let attributes = self.attributes.iter().map(|spec| spec.read(snapshot));
        let rhythm = self.rhythm.iter().map(|rhythm| rhythm.log_odds(snapshot));
        inputs.extend(attributes.chain(rhythm).map(tame));
    }
}

impl AttributeSpec {
    fn read(&self, snapshot: &Snapshot) -> f64 {
        let value = snapshot.attributes.get(&self.name).filter(|value| value.is_known(snapshot.cutoff.at));
        match (&self.kind, value) {
            (AttributeKind::Numeric, Some(Attribute::Number(number))) => *number,
            (AttributeKind::Days, Some(Attribute::Instant { at })) => snapshot.cutoff.at.days_since(*at),
            (AttributeKind::Categorical { levels }, Some(Attribute::Text(text))) => {
                levels.binary_search(text).unwrap_or(levels.len()) as f64
            }
            (AttributeKind::Categorical { levels }, _) => levels.len() as f64,
            (AttributeKind::Numeric | AttributeKind::Days, _) => f64::NAN,
        }
    }
}

fn tame(value: f64) -> f64 {
    if value.is_finite() { value.clamp(-LARGEST, LARGEST) } else { f64::NAN }
}
