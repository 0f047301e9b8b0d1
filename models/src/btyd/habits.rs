//! What a buy-till-you-die model knows of a customer.

use lapwing_features::{FeatureVector, Id};

use super::bounded;

/// The sufficient statistics of a customer, called x, `t_x` and T in the papers.
///
/// ```
/// use lapwing_models::btyd::Habits;
/// let habits = Habits::new(2.0, 30.0, 40.0).unwrap();
/// assert_eq!((habits.repeat_days(), habits.span_days(), habits.age_days()), (2.0, 30.0, 40.0));
/// assert_eq!(Habits::new(2.0, 41.0, 40.0), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habits {
    repeats: f64,
    span_days: f64,
    age_days: f64,
}

impl Habits {
    /// A customer who bought on `repeat_days` days after the first purchase day, the last of them `span_days` after it, and
    /// whose first purchase lies `age_days` back.
    ///
    /// `None` unless all are numbers, at least 0, and `span_days` is at most `age_days`. The count is rounded down, without a
    /// repeat day the span is 0, and anything above 1e9 counts as 1e9.
    #[must_use]
    pub fn new(repeat_days: f64, span_days: f64, age_days: f64) -> Option<Self> {
        let known = repeat_days >= 0.0 && span_days >= 0.0 && span_days <= age_days;
        let repeats = bounded(repeat_days.floor());
        let span_days = if repeats == 0.0 { 0.0 } else { bounded(span_days) };
        known.then(|| Self { repeats, span_days, age_days: bounded(age_days) })
    }

    /// The habits in a feature vector; `None` where its purchases are not known.
    #[must_use]
    pub fn of(features: &FeatureVector) -> Option<Self> {
        Self::new(features[Id::btyd_repeat_days_count], features[Id::btyd_recency_days], features[Id::btyd_age_days])
    }

    /// Purchase days after the first, x.
    #[must_use]
    pub fn repeat_days(&self) -> f64 {
        self.repeats
    }

    /// Days from the first purchase day to the last, `t_x`; 0 without a repeat day.
    #[must_use]
    pub fn span_days(&self) -> f64 {
        self.span_days
    }

    /// Days from the first purchase day until now, T.
    #[must_use]
    pub fn age_days(&self) -> f64 {
        self.age_days
    }
}
