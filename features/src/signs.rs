//! What the warning signs ask of a history beyond its features and [`StageFacts`](crate::StageFacts).
//!
//! Each fact is `None` where the data does not tell it: it holds no events of the kind before the cutoff, or begins so late that it
//! covers a window that is asked for only in part, or the customer has not done what a mean could be taken of. Windows are
//! half-open and counted in days of 24 hours before the cutoff; data that begins less than a day into one covers it whole.

use serde::{Deserialize, Serialize};

/// A number, and the one that it is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared<T> {
    /// Of the last days.
    pub now: T,
    /// Of the days before them.
    pub before: T,
}

/// What the last purchases were worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderValue {
    /// Mean of the last three that have an amount.
    pub last: f64,
    /// Mean of those before.
    pub before: f64,
    /// How many those are.
    pub count_before: u32,
}

/// How long nothing came of the customer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Days since the customer last did anything: an interaction, a purchase, a return, a call for help; since the customer was
    /// first seen where nothing was ever done.
    pub own_days: f64,
    /// Days since the last message to the customer; `None` when there was none.
    pub message_days: Option<f64>,
    /// Days for which the data holds both messages and interactions.
    pub covered_days: f64,
}

/// Messages in 60 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// How many were sent.
    pub sent: u32,
    /// How often one was opened, or a link in one followed.
    pub answered: u32,
}

/// A count of 30 days, and what is usual.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Habit {
    /// In the last 30 days.
    pub now: u32,
    /// Own mean per 30 days over the 180 days before; `None` when the data does not cover those.
    pub usual: Option<f64>,
}

/// Answers to surveys.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurveyPoints {
    /// The last one that has a score.
    pub last: f64,
    /// Mean of those before; `None` of none.
    pub before: Option<f64>,
}

/// Purchases and returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Purchases.
    pub purchases: u32,
    /// Returns.
    pub returns: u32,
}

impl Exchange {
    /// Share of returns among purchases and returns; `None` of nothing.
    ///
    /// ```
    /// use lapwing_features::Exchange;
    /// assert_eq!(Exchange { purchases: 3, returns: 1 }.share(), Some(0.25));
    /// assert_eq!(Exchange::default().share(), None);
    /// ```
    #[must_use]
    pub fn share(self) -> Option<f64> {
        let all = u64::from(self.purchases) + u64::from(self.returns);
        (all > 0).then(|| f64::from(self.returns) / all as f64)
    }
}

/// A history at a cutoff as the rules of the warning signs see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SignFacts {
    /// Purchases in the last 90 days and in the 90 before.
    pub purchases_90d: Option<Compared<u32>>,
    /// The last three purchases that have an amount, and those before; of four such purchases at least.
    pub order_value: Option<OrderValue>,
    /// Spend in the last 90 days, and the own mean of 90 days in the year before. Where the data covers at least half of that
    /// year the mean is that of the covered part. `None` too when purchases were made of which none has an amount.
    pub spend_90d: Option<Compared<f64>>,
    /// Interactions in the last 30 days, and the own mean of 30 days over the 180 before: as the stage rule has them.
    pub interactions_30d: Option<Compared<f64>>,
    /// Mean of the last three gaps between days with a visit, and of the gaps before; of five such days at least.
    pub visit_gap_days: Option<Compared<f64>>,
    /// Coupons redeemed in the last 90 days and in the 90 before.
    pub coupons_90d: Option<Compared<u32>>,
    /// How long nothing came of the customer.
    pub silence: Option<Silence>,
    /// Messages in the last 60 days.
    pub messages_60d: Option<Messages>,
    /// Complaints and tickets.
    pub complaints_30d: Option<Habit>,
    /// Answers to surveys.
    pub survey: Option<SurveyPoints>,
    /// Purchases and returns in the last 90 days, and ever before.
    pub returns_90d: Option<Compared<Exchange>>,
    /// Carts that no purchase followed within 30 days, or until the cutoff.
    pub abandoned_carts_30d: Option<Habit>,
    /// Distinct categories, of purchases line by line and interactions, in the last 90 days and in the 90 before.
    pub categories_90d: Option<Compared<u32>>,
}
