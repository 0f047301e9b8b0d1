//! The rows of the feature table. The first line of each doc is the feature's meaning; the example below it runs as a test.

use super::{Family, Feature, Unit};

/// Declares [`Id`] and [`FEATURES`] from one list, so that neither can miss a row of the other.
macro_rules! features {
    ($($(#[doc = $doc:literal])+ $name:ident: $family:ident, $unit:ident, missing $missing:literal, reason $reason:literal;)+) => {
        /// The features, in the order of [`FEATURES`].
        #[expect(non_camel_case_types, reason = "a variant is the feature's public name, letter by letter")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Id { $($(#[doc = $doc])+ $name,)+ }

        const COUNT: usize = [$(Id::$name),+].len();

        /// Every feature: name, family, unit, meaning, missing-value rule and reason text.
        pub static FEATURES: [Feature; COUNT] = [$(Feature {
            name: stringify!($name),
            family: Family::$family,
            unit: Unit::$unit,
            meaning: [$($doc),+][0].trim_ascii(),
            missing: $missing,
            reason: $reason,
        },)+];
    };
}

features! {
    /// Days from the last purchase to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 10.0), ("2024-01-11", "purchase", 10.0)];
    /// assert_eq!(feature(Id::days_since_last_purchase, &rows, "2024-01-31"), 20.0);
    /// ```
    days_since_last_purchase: Purchases, Days, missing "no purchase yet", reason "{value} days since the last purchase; usual is {typical}";

    /// Days from the first purchase to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 10.0), ("2024-01-11", "purchase", 10.0)];
    /// assert_eq!(feature(Id::tenure_days, &rows, "2024-01-31"), 30.0);
    /// ```
    tenure_days: Purchases, Days, missing "no purchase yet", reason "customer for {value} days; usual is {typical}";

    /// Purchases so far; the lines of one order count as one.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 10.0), ("2024-01-11", "purchase", 10.0)];
    /// assert_eq!(feature(Id::purchases_count, &rows, "2024-01-31"), 2.0);
    /// ```
    purchases_count: Purchases, Count, missing "", reason "{value} purchases so far; usual is {typical}";
}
