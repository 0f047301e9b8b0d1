//! Who is judged at a cutoff, and what then happened.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::history::{History, Observed};
use crate::time::{Cutoff, Timestamp};

/// The three lengths that define populations and labels, in days of 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// A customer is current when it bought within this many days before the cutoff.
    pub active_days: u32,
    /// Length of the outcome window.
    pub horizon_days: u32,
    /// Days between the cutoff and the outcome window.
    pub gap_days: u32,
}

/// A window has no length, or one that no data can fill.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{name}` is {value}, which is not between {least} and {most}\nhint: 90 suits most shops")]
pub struct WindowsError {
    /// The setting's name.
    pub name: &'static str,
    /// Its value.
    pub value: u32,
    /// The least value that is taken.
    pub least: u32,
    /// The greatest value that is taken.
    pub most: u32,
}

impl Windows {
    /// Longest window that is taken: ten years.
    pub const MOST_DAYS: u32 = 3_650;

    /// Checks the three lengths.
    ///
    /// # Errors
    /// [`WindowsError`] when `active_days` or `horizon_days` is 0, or any of them is above [`MOST_DAYS`](Self::MOST_DAYS).
    pub fn new(active_days: u32, horizon_days: u32, gap_days: u32) -> Result<Self, WindowsError> {
        for (name, value, least) in [("active_days", active_days, 1), ("horizon_days", horizon_days, 1), ("gap_days", gap_days, 0)] {
            if !(least..=Self::MOST_DAYS).contains(&value) {
                return Err(WindowsError { name, value, least, most: Self::MOST_DAYS });
            }
        }
        Ok(Self { active_days, horizon_days, gap_days })
    }

    /// The outcome window `[cutoff + gap, cutoff + gap + horizon)`.
    #[must_use]
    pub fn outcome(&self, cutoff: Timestamp) -> (Timestamp, Timestamp) {
        let start = cutoff.plus_days(i64::from(self.gap_days));
        (start, start.plus_days(i64::from(self.horizon_days)))
    }

    /// Days from a cutoff to the end of its outcome window: how far apart two cutoffs must lie for the outcome of the earlier
    /// one to be known at the later one.
    ///
    /// ```
    /// use lapwing_features::{Windows, example};
    /// let windows = Windows::new(90, 30, 7).unwrap();
    /// let cutoff = example::cutoff("2024-01-01").at;
    /// assert_eq!(windows.span_days(), 37);
    /// assert_eq!(windows.outcome(cutoff).1, cutoff.plus_days(windows.span_days()));
    /// ```
    #[must_use]
    pub fn span_days(&self) -> i64 {
        i64::from(self.gap_days) + i64::from(self.horizon_days)
    }

    /// Whether the outcome window of `cutoff` is complete in data that is complete up to `complete_until`.
    #[must_use]
    pub fn is_complete(&self, cutoff: Timestamp, complete_until: Timestamp) -> bool {
        self.outcome(cutoff).1 <= complete_until
    }
}

/// Which model speaks of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Bought within `active_days` before the cutoff: churn.
    Current,
    /// Bought before that, not since: reactivation.
    Lapsed,
    /// Seen, never bought: neither.
    Prospect,
}

impl Population {
    /// The name in data.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Lapsed => "lapsed",
            Self::Prospect => "prospect",
        }
    }
}

impl Population {
    /// The population of a customer who was seen, by the last purchase.
    pub(crate) fn of_last(purchase: Option<Timestamp>, cutoff: Timestamp, active_days: u32) -> Self {
        match purchase {
            Some(last) if last >= cutoff.plus_days(-i64::from(active_days)) => Self::Current,
            Some(_) => Self::Lapsed,
            None => Self::Prospect,
        }
    }
}

impl Observed<'_> {
    /// The population at the cutoff, `None` when nothing was seen of the customer yet.
    ///
    /// ```
    /// use lapwing_features::{Population, example};
    /// let history = example::history(&[("2024-01-01", "visit", f64::NAN), ("2024-01-10", "purchase", 5.0)]);
    /// let population = |date| history.observe(example::cutoff(date)).population(30);
    /// assert_eq!(population("2024-01-01"), None);
    /// assert_eq!(population("2024-01-05"), Some(Population::Prospect));
    /// assert_eq!(population("2024-02-09"), Some(Population::Current)); // [cutoff - 30 days, cutoff) holds its first instant
    /// assert_eq!(population("2024-02-10"), Some(Population::Lapsed));
    /// ```
    #[must_use]
    pub fn population(&self, active_days: u32) -> Option<Population> {
        let last = self.purchases().next_back().map(|purchase| purchase.ts);
        (last.is_some() || !self.is_empty()).then(|| Population::of_last(last, self.cutoff().at, active_days))
    }
}

impl History {
    /// Whether the customer bought in the outcome window of `cutoff`; `None` when that window reaches past `complete_until`,
    /// for then nobody knows.
    ///
    /// ```
    /// use lapwing_features::{Windows, example};
    /// let windows = Windows::new(30, 30, 0).unwrap();
    /// let history = example::history(&[("2024-01-01", "purchase", 5.0), ("2024-01-31", "purchase", 5.0)]);
    /// let until = example::cutoff("2024-03-01").at;
    /// assert_eq!(history.purchased_after(example::cutoff("2024-01-02"), windows, until), Some(true));
    /// assert_eq!(history.purchased_after(example::cutoff("2024-01-01"), windows, until), Some(true));
    /// assert_eq!(history.purchased_after(example::cutoff("2024-02-01"), windows, until), None);
    /// ```
    #[must_use]
    pub fn purchased_after(&self, cutoff: Cutoff, windows: Windows, complete_until: Timestamp) -> Option<bool> {
        let (from, to) = windows.outcome(cutoff.at);
        windows.is_complete(cutoff.at, complete_until).then(|| self.purchased_within(from, to))
    }
}
