//! What the two models say yes or no to.

use lapwing_features::{Population, Snapshot};
use serde::{Deserialize, Serialize};

/// A question about the outcome window, asked of one population.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Asked of current customers: will there be no purchase?
    Churn,
    /// Asked of lapsed customers: will there be a purchase?
    Reactivation,
}

impl Target {
    /// Both, in the order of reports.
    pub const ALL: [Self; 2] = [Self::Churn, Self::Reactivation];

    /// The name in data and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Churn => "churn",
            Self::Reactivation => "reactivation",
        }
    }

    /// The population the question is asked of.
    #[must_use]
    pub fn population(self) -> Population {
        match self {
            Self::Churn => Population::Current,
            Self::Reactivation => Population::Lapsed,
        }
    }

    /// Whether the question is asked of `snapshot`.
    #[must_use]
    pub fn concerns(self, snapshot: &Snapshot) -> bool {
        snapshot.population == self.population()
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
            Self::Reactivation => purchased,
        }
    }

    /// What to call customers with a positive label, in a count.
    #[must_use]
    pub fn positives(self) -> &'static str {
        match self {
            Self::Churn => "churned customers",
            Self::Reactivation => "reactivated customers",
        }
    }

    /// What to call customers with a negative label, in a count.
    #[must_use]
    pub fn negatives(self) -> &'static str {
        match self {
            Self::Churn => "customers who stayed",
            Self::Reactivation => "customers who stayed away",
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
