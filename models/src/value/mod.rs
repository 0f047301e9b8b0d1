//! What a buyer is expected to buy and to spend in the year to come.

#[cfg(feature = "fit")]
mod learn;
mod memory;

use lapwing_features::{FeatureVector, Id, Population, Snapshot};
use serde::{Deserialize, Serialize};

use crate::btyd::{BgNbd, GammaGamma, Habits, YEAR_DAYS};
use crate::report::Certificate;

#[cfg(feature = "fit")]
pub(crate) use learn::learn;
pub(crate) use memory::Memory;

/// Speaks for every buyer. Its JSON reads back to the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueModel {
    /// How often a customer buys.
    pub purchases: BgNbd,
    /// What a purchase day is worth; `None` when that could not be learned, as from data without amounts.
    pub spend: Option<GammaGamma>,
    /// Whether what a customer gave back counts against what its days brought; a bundle that does not say so was learned without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub net: bool,
}

/// What a purchase day of a customer brings after the first (the feature `btyd_value_mean`), less the share of all spending that was
/// given back; never below 0, and nothing less where that share is not known.
pub(crate) fn net_value_mean(features: &FeatureVector) -> f64 {
    let kept = 1.0 - features[Id::returned_value_share];
    features[Id::btyd_value_mean] * if kept.is_nan() { 1.0 } else { kept.max(0.0) }
}

/// What a buyer is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// Expected purchase days in the next 365 days.
    pub expected_purchases_365d: f64,
    /// Expected spend in the next 365 days, not discounted, in the money of the data; `None` when a purchase day's worth is not
    /// known.
    pub clv_365d: Option<f64>,
}

impl ValueModel {
    /// What the customer of `snapshot` is worth; `None` for a prospect, and where the features do not tell the habits.
    ///
    /// ```
    /// use lapwing_features::{Attributes, FactSettings, Snapshot, example};
    /// use lapwing_models::ValueModel;
    /// use lapwing_models::btyd::BgNbd;
    /// let model = ValueModel { purchases: BgNbd { r: 0.243, alpha: 30.9, a: 0.793, b: 2.426 }, spend: None, net: true };
    /// let settings = FactSettings { active_days: 90, returned_days: 60 };
    /// let of = |kind| {
    ///     let history = example::history(&[("2024-01-01", kind, 5.0), ("2024-02-01", kind, 5.0)]);
    ///     let cutoff = example::cutoff("2024-03-01");
    ///     model.of(&Snapshot::take(&mut example::kernel(), &history, cutoff, settings, Attributes::new()).unwrap())
    /// };
    /// let value = of("purchase").unwrap();
    /// assert!(value.expected_purchases_365d > 0.0 && value.clv_365d.is_none());
    /// assert_eq!(of("visit"), None);
    /// ```
    #[must_use]
    pub fn of(&self, snapshot: &Snapshot) -> Option<Value> {
        self.remembering(snapshot, &Memory::none())
    }

    /// As [`of`](Self::of), to the bit. What is in `memory` is of this model.
    pub(crate) fn remembering(&self, snapshot: &Snapshot, memory: &Memory) -> Option<Value> {
        if snapshot.population == Population::Prospect {
            return None;
        }
        let habits = Habits::of(&snapshot.features)?;
        let if_alive = memory.recall(&habits, || self.purchases.expected_if_alive(&habits, 0.0, YEAR_DAYS));
        let expected_purchases_365d = self.purchases.alive(&habits) * if_alive;
        let mean = if self.net { net_value_mean(&snapshot.features) } else { snapshot.features[Id::btyd_value_mean] };
        let clv_365d = self.spend.map(|spend| spend.clv_365d(expected_purchases_365d, &habits, mean));
        Some(Value { expected_purchases_365d, clv_365d })
    }

    /// Whether its numbers are such as a fit gives.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.purchases.is_sound() && self.spend.is_none_or(|spend| spend.is_sound())
    }
}

/// How the value model came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueReport {
    /// How often customers buy: BG/NBD.
    pub purchases: PartReport,
    /// What a purchase day is worth: Gamma-Gamma.
    pub spend: PartReport,
}

/// How one part of the value model came to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartReport {
    /// Customers that it was learned from.
    pub customers: usize,
    /// Of these customers; `None` when nothing was learned.
    pub log_likelihood: Option<f64>,
    /// Proof that the likelihood is at its optimum.
    pub certificate: Option<Certificate>,
    /// Why nothing was learned, in a plain sentence; `None` when it was.
    pub why: Option<String>,
}

impl ValueReport {
    /// What is not told of anybody, and why: a sentence each.
    ///
    /// ```
    /// use lapwing_models::{PartReport, ValueReport};
    /// let lacking = PartReport { why: Some("there are no amounts".to_owned()), ..PartReport::default() };
    /// let report = ValueReport { purchases: PartReport::default(), spend: lacking };
    /// assert_eq!(report.lacks(), ["`clv_365d` is not told, for there are no amounts"]);
    /// ```
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        match (&self.purchases.why, &self.spend.why) {
            (Some(why), _) => vec![format!("`expected_purchases_365d` and `clv_365d` are not told, for {why}")],
            (None, Some(why)) => vec![format!("`clv_365d` is not told, for {why}")],
            (None, None) => Vec::new(),
        }
    }
}

#[cfg(all(test, feature = "fit"))]
mod tests;
