//! What the three models say yes or no to.

use lapwing_features::{Id, Population, Snapshot, Windows};
use serde::{Deserialize, Serialize};

/// A question about an outcome window, asked of some customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Asked of current customers: will there be no purchase?
    Churn,
    /// Asked of lapsed customers: will there be a purchase?
    Reactivation,
    /// Asked of everyone seen lately, whether they ever bought or not: will there be a purchase within a week?
    Intent,
}

/// Length of the outcome window of intent.
const INTENT_DAYS: u32 = 7;

/// What shows that a customer was there. A message that was sent to the customer shows nothing.
const SIGNS_OF_LIFE: [Id; 4] =
    [Id::days_since_last_purchase, Id::days_since_last_interaction, Id::days_since_last_return, Id::days_since_last_ticket];

impl Target {
    /// All three, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Churn, Self::Reactivation, Self::Intent];

    /// Intent is asked of whoever was seen within this many days before the cutoff.
    pub const SEEN_DAYS: u32 = 180;

    /// Those that are asked of a population; of a customer at most one of them.
    pub const OF_POPULATIONS: [Self; 2] = [Self::Churn, Self::Reactivation];

    /// The name in data and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Churn => "churn",
            Self::Reactivation => "reactivation",
            Self::Intent => "intent",
        }
    }

    /// The population the question is asked of; `None` when it is asked across populations.
    #[must_use]
    pub fn population(self) -> Option<Population> {
        match self {
            Self::Churn => Some(Population::Current),
            Self::Reactivation => Some(Population::Lapsed),
            Self::Intent => None,
        }
    }

    /// Whether the question is asked of `snapshot`: for churn and reactivation the population tells; for intent the customer
    /// was seen in the 180 days before the cutoff, by a purchase, an interaction, a return, a ticket or a complaint. What the
    /// data does not hold shows nobody.
    ///
    /// ```
    /// use lapwing_features::{Attributes, FactSettings, Snapshot, example};
    /// use lapwing_models::Target;
    /// let history = example::history(&[("2024-01-01", "visit", f64::NAN)]);
    /// let settings = FactSettings { active_days: 90, returned_days: 60 };
    /// let at = |date| Snapshot::take(&mut example::kernel(), &history, example::cutoff(date), settings, Attributes::new()).unwrap();
    /// assert!(Target::Intent.concerns(&at("2024-06-29"))); // 180 days later
    /// assert!(!Target::Intent.concerns(&at("2024-06-30")));
    /// assert!(!Target::Churn.concerns(&at("2024-06-29")), "who never bought cannot leave");
    /// ```
    #[must_use]
    pub fn concerns(self, snapshot: &Snapshot) -> bool {
        match self.population() {
            Some(population) => snapshot.population == population,
            // What is missing is NaN, which is in no range.
            None => SIGNS_OF_LIFE.iter().any(|id| snapshot.features[*id] <= f64::from(Self::SEEN_DAYS)),
        }
    }

    /// The windows of the question, where `windows` are those of churn and reactivation: intent looks 7 days ahead, from the
    /// cutoff on.
    ///
    /// ```
    /// use lapwing_features::Windows;
    /// use lapwing_models::Target;
    /// let windows = Windows::new(90, 60, 5).unwrap();
    /// assert_eq!(Target::Churn.windows(windows), windows);
    /// assert_eq!(Target::Intent.windows(windows), Windows::new(90, 7, 0).unwrap());
    /// ```
    #[must_use]
    pub fn windows(self, windows: Windows) -> Windows {
        match self {
            Self::Churn | Self::Reactivation => windows,
            Self::Intent => Windows { horizon_days: INTENT_DAYS, gap_days: 0, ..windows },
        }
    }

    /// What to call the customers who are asked.
    #[must_use]
    pub fn asked(self) -> &'static str {
        match self {
            Self::Churn => "current customers",
            Self::Reactivation => "lapsed customers",
            Self::Intent => "customers seen in the 180 days before",
        }
    }

    /// The answer, given whether the customer bought in the outcome window.
    ///
    /// ```
    /// use lapwing_models::Target;
    /// assert!(Target::Churn.label(false));
    /// assert!(Target::Reactivation.label(true));
    /// ```
    #[must_use]
    pub fn label(self, purchased: bool) -> bool {
        match self {
            Self::Churn => !purchased,
            Self::Reactivation | Self::Intent => purchased,
        }
    }

    /// What to call customers with a positive label, in a count.
    #[must_use]
    pub fn positives(self) -> &'static str {
        match self {
            Self::Churn => "churned customers",
            Self::Reactivation => "reactivated customers",
            Self::Intent => "customers who bought within 7 days",
        }
    }

    /// What to call customers with a negative label, in a count.
    #[must_use]
    pub fn negatives(self) -> &'static str {
        match self {
            Self::Churn => "customers who stayed",
            Self::Reactivation => "customers who stayed away",
            Self::Intent => "customers who did not buy within 7 days",
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
