//! Everything that is known of one customer at one cutoff, ready to be scored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::facts::{FactSettings, StageFacts};
use crate::history::History;
use crate::kernel::Kernel;
use crate::outcome::Population;
use crate::signs::SignFacts;
use crate::table::Values;
use crate::time::{Cutoff, Timestamp};
use crate::vector::FeatureVector;

/// What the customers table says of a customer, by column name.
pub type Attributes = BTreeMap<String, Attribute>;

/// A value of the customers table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    /// A number.
    Number(f64),
    /// A category.
    Text(String),
    /// An instant, such as a birthday or the sign-up; a model sees the days from it to the cutoff, and one that is not before
    /// the cutoff is not known yet.
    Instant {
        /// The instant, in microseconds since 1970-01-01T00:00:00Z.
        at: Timestamp,
    },
}

impl Attribute {
    /// Whether it can have been known at a cutoff: a date must lie before it. Of numbers and texts nothing tells since when they
    /// hold; they are taken for facts that do not change.
    ///
    /// ```
    /// use lapwing_features::{Attribute, Timestamp};
    /// assert!(Attribute::Text("north".to_owned()).is_known(Timestamp(0)));
    /// assert!(!Attribute::Instant { at: Timestamp(0) }.is_known(Timestamp(0)));
    /// ```
    #[must_use]
    pub fn is_known(&self, cutoff: Timestamp) -> bool {
        !matches!(self, Self::Instant { at } if *at >= cutoff)
    }
}

impl Values {
    /// The column of one attribute, of the type of the first that is given; one of another type is null.
    ///
    /// ```
    /// use lapwing_features::{Attribute, Values};
    /// let given = [Some(Attribute::Number(7.0)), None, Some(Attribute::Text("seven".to_owned()))];
    /// let values = Values::of_attribute(given.iter().map(Option::as_ref));
    /// assert_eq!(values, Values::Number(vec![Some(7.0), None, None]));
    /// ```
    #[must_use]
    pub fn of_attribute<'a>(values: impl Iterator<Item = Option<&'a Attribute>> + Clone) -> Self {
        Self::of_attribute_like(values.clone().flatten().next(), values)
    }

    /// As [`of_attribute`](Self::of_attribute), of the type of `example`, or of text without one: for a part of a column.
    #[must_use]
    pub fn of_attribute_like<'a>(example: Option<&Attribute>, values: impl Iterator<Item = Option<&'a Attribute>>) -> Self {
        match example {
            Some(Attribute::Number(_)) => {
                let number = |value: &Attribute| if let Attribute::Number(number) = value { Some(*number) } else { None };
                Self::Number(values.map(|value| value.and_then(number)).collect())
            }
            Some(Attribute::Instant { .. }) => {
                let instant = |value: &Attribute| if let Attribute::Instant { at } = value { Some(at.0) } else { None };
                Self::Instant(values.map(|value| value.and_then(instant)).collect())
            }
            Some(Attribute::Text(_)) | None => {
                let text = |value: &Attribute| if let Attribute::Text(text) = value { Some(text.clone()) } else { None };
                Self::Text(values.map(|value| value.and_then(text)).collect())
            }
        }
    }
}

/// One customer at one cutoff.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The cutoff.
    pub cutoff: Cutoff,
    /// Which model speaks.
    pub population: Population,
    /// What the kernel computed, or a caller gave.
    pub features: FeatureVector,
    /// What the stage rules ask; `None` where only features are at hand.
    pub facts: Option<StageFacts>,
    /// What the rules of the warning signs ask; `None` where only features are at hand, and where nobody asks.
    pub signs: Option<SignFacts>,
    /// From the customers table; empty when there is none.
    pub attributes: Attributes,
}

impl Snapshot {
    /// The snapshot of `history` at `cutoff`; `None` when nothing was seen of the customer before it.
    ///
    /// ```
    /// use lapwing_features::{Attributes, FactSettings, Population, Snapshot, example};
    /// let history = example::history(&[("2024-01-01", "purchase", 20.0)]);
    /// let settings = FactSettings { active_days: 90, returned_days: 60 };
    /// let take = |date| Snapshot::take(&mut example::kernel(), &history, example::cutoff(date), settings, Attributes::new());
    /// assert_eq!(take("2024-02-01").unwrap().population, Population::Current);
    /// assert_eq!(take("2024-01-01"), None);
    /// ```
    #[must_use]
    pub fn take(kernel: &mut Kernel, history: &History, cutoff: Cutoff, settings: FactSettings, attributes: Attributes) -> Option<Self> {
        kernel.follow(history).whole_snapshot(cutoff, settings, attributes)
    }
}
