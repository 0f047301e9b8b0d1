//! The rows of the feature table. The first line of each doc is the feature's meaning; the example below it runs as a test.

use super::{Family, Feature, Unit};

/// Declares [`Id`] and [`FEATURES`] from one list, so that neither can miss a row of the other; `aside` is [`Feature::aside`].
macro_rules! features {
    (@aside) => { false };
    (@aside aside) => { true };
    ($($(#[doc = $doc:literal])+ $name:ident: $family:ident, $unit:ident, missing $missing:literal, reason $reason:literal $($aside:ident)?;)+) => {
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
            aside: features!(@aside $($aside)?),
        },)+];
    };
}

features! {
    /// Days from the last purchase to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11"]);
    /// assert_eq!(feature(Id::days_since_last_purchase, &rows, "2024-01-31"), 20.0);
    /// ```
    days_since_last_purchase: Purchases, Days, missing "no purchase yet", reason "{value} since the last purchase; usual is {typical}";

    /// Days from the first purchase to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11"]);
    /// assert_eq!(feature(Id::tenure_days, &rows, "2024-01-31"), 30.0);
    /// ```
    tenure_days: Purchases, Days, missing "no purchase yet", reason "customer for {value}; usual is {typical}";

    /// Purchases so far; the lines of one order count as one, at the time of its first line.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11"]);
    /// assert_eq!(feature(Id::purchases_count, &rows, "2024-01-31"), 2.0);
    /// assert_eq!(feature(Id::purchases_count, &[], "2024-01-31"), 0.0);
    /// ```
    purchases_count: Purchases, Count, missing "the data holds no purchases yet", reason "{value} {purchase|purchases} so far; usual is {typical}";

    /// Purchases after the first.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11"]);
    /// assert_eq!(feature(Id::repeat_purchases_count, &rows, "2024-01-31"), 1.0);
    /// ```
    repeat_purchases_count: Purchases, Count, missing "the data holds no purchases yet", reason "{value} {purchase|purchases} after the first; usual is {typical}";

    /// Local days with a purchase.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-01T12:00:00Z", "2024-01-11"]);
    /// assert_eq!(feature(Id::purchase_days_count, &rows, "2024-01-31"), 2.0);
    /// ```
    purchase_days_count: Purchases, Count, missing "the data holds no purchases yet", reason "bought on {value} {day|days} so far; usual is {typical}";

    /// Whether the customer bought exactly once.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01"]);
    /// assert_eq!(feature(Id::one_time_buyer, &rows, "2024-01-31"), 1.0);
    /// ```
    one_time_buyer: Purchases, Flag, missing "no purchase yet", reason "{value} stopped at one purchase so far; a typical customer {typical}";

    /// Days since the last purchase over days since the first: 1 after a single purchase, near 0 right after one of many.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-21"]);
    /// assert_eq!(feature(Id::last_purchase_tenure_ratio, &rows, "2024-02-10"), 0.5);
    /// ```
    last_purchase_tenure_ratio: Purchases, Ratio, missing "no purchase yet", reason "bought nothing in the last {value} of their time as a customer; usual is {typical}" aside;

    /// Purchases per 30 days since the first; less than 30 days count as 30.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-02-20"]);
    /// assert_eq!(feature(Id::purchases_30d_pace, &rows, "2024-03-01"), 1.5);
    /// ```
    purchases_30d_pace: Purchases, Count, missing "no purchase yet", reason "{value} {purchase|purchases} per 30 days as a customer; usual is {typical}";

    /// Mean gap between purchase days that follow each other.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::gap_days_mean, &rows, "2024-03-31"), 20.0);
    /// ```
    gap_days_mean: Cadence, Days, missing "fewer than two purchase days", reason "buys every {value} on average; usual is {typical}";

    /// Standard deviation of the gaps between purchase days (divisor n - 1).
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::gap_days_std, &rows, "2024-03-31"), 10.0);
    /// ```
    gap_days_std: Cadence, Days, missing "fewer than three purchase days", reason "gaps between purchases vary by {value}; usual is {typical}" aside;

    /// Median gap between purchase days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::gap_days_median, &rows, "2024-03-31"), 20.0);
    /// ```
    gap_days_median: Cadence, Days, missing "fewer than two purchase days", reason "typically buys every {value}; usual is {typical}";

    /// Gap between the last two purchase days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::gap_days_last, &rows, "2024-03-31"), 30.0);
    /// ```
    gap_days_last: Cadence, Days, missing "fewer than two purchase days", reason "{value} between the last two purchases; usual is {typical}";

    /// Longest gap between purchase days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::gap_days_max, &rows, "2024-03-31"), 30.0);
    /// ```
    gap_days_max: Cadence, Days, missing "fewer than two purchase days", reason "the longest pause between purchases was {value}; usual is {typical}";

    /// Irregularity: standard deviation of the gaps over their mean; 0 is a steady rhythm.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::gap_days_cv, &rows, "2024-03-31"), 0.5);
    /// ```
    gap_days_cv: Cadence, Ratio, missing "fewer than three purchase days", reason "gaps between purchases vary by {value} of their average; usual is {typical}" aside;

    /// Mean of the later half of the gaps over the mean of the earlier half; the middle one of an odd number is in neither.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::gap_trend_ratio, &rows, "2024-03-31"), 3.0);
    /// ```
    gap_trend_ratio: Cadence, Ratio, missing "fewer than three purchase days", reason "later gaps between purchases are {value} the earlier ones; usual is {typical}";

    /// Days since the last purchase over the own median gap.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::overdue_ratio, &rows, "2024-03-31"), 1.5);
    /// ```
    overdue_ratio: Cadence, Ratio, missing "fewer than three purchase days", reason "the present pause is {value} their own typical gap; usual is {typical}";

    /// Whole median gaps that have passed since the last purchase.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::missed_cycles_count, &rows, "2024-03-31"), 1.0);
    /// ```
    missed_cycles_count: Cadence, Count, missing "fewer than three purchase days", reason "{value} of their typical gaps passed without a purchase; usual is {typical}";

    /// Share of the own gaps that were shorter than the present pause.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01", "2024-01-11", "2024-01-31", "2024-03-01"]);
    /// assert_eq!(feature(Id::shorter_gaps_share, &rows, "2024-03-31"), 2.0 / 3.0);
    /// ```
    shorter_gaps_share: Cadence, Share, missing "fewer than two purchase days", reason "the present pause is longer than {value} of their own gaps; usual is {typical}";

    /// Money spent so far; purchases without an amount count nothing.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 20.0), ("2024-01-11", "purchase", 10.0), ("2024-01-21", "purchase", 30.0)];
    /// assert_eq!(feature(Id::spend_sum, &rows, "2024-03-01"), 60.0);
    /// ```
    spend_sum: Value, Money, missing "the data holds no amounts yet, or the purchases have none", reason "spent {value} so far; usual is {typical}";

    /// Mean value of the purchases that have an amount.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 20.0), ("2024-01-11", "purchase", 10.0), ("2024-01-21", "purchase", 30.0)];
    /// assert_eq!(feature(Id::order_value_mean, &rows, "2024-03-01"), 20.0);
    /// ```
    order_value_mean: Value, Money, missing "no purchase with an amount", reason "an order is worth {value} on average; usual is {typical}";

    /// Standard deviation of the order values (divisor n - 1).
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 20.0), ("2024-01-11", "purchase", 10.0), ("2024-01-21", "purchase", 30.0)];
    /// assert_eq!(feature(Id::order_value_std, &rows, "2024-03-01"), 10.0);
    /// ```
    order_value_std: Value, Money, missing "fewer than two purchases with an amount", reason "order values vary by {value}; usual is {typical}" aside;

    /// Median order value.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 20.0), ("2024-01-11", "purchase", 10.0), ("2024-01-21", "purchase", 30.0)];
    /// assert_eq!(feature(Id::order_value_median, &rows, "2024-03-01"), 20.0);
    /// ```
    order_value_median: Value, Money, missing "no purchase with an amount", reason "a typical order is worth {value}; usual is {typical}";

    /// Largest order value.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 20.0), ("2024-01-11", "purchase", 10.0), ("2024-01-21", "purchase", 30.0)];
    /// assert_eq!(feature(Id::order_value_max, &rows, "2024-03-01"), 30.0);
    /// ```
    order_value_max: Value, Money, missing "no purchase with an amount", reason "the largest order was worth {value}; usual is {typical}";

    /// Value of the last purchase that has an amount.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 20.0), ("2024-01-11", "purchase", 10.0), ("2024-01-21", "purchase", 30.0)];
    /// assert_eq!(feature(Id::order_value_last, &rows, "2024-03-01"), 30.0);
    /// ```
    order_value_last: Value, Money, missing "no purchase with an amount", reason "the last order was worth {value}; usual is {typical}";

    /// Mean value of the last three orders over the mean of those before, of which there must be three.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let dates = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-02-01", "2024-02-02", "2024-02-03"];
    /// let rows: Vec<_> = dates.iter().zip([20.0, 20.0, 20.0, 15.0, 10.0, 5.0]).map(|(date, value)| (*date, "purchase", value)).collect();
    /// assert_eq!(feature(Id::order_value_trend_ratio, &rows, "2024-03-01"), 0.5);
    /// ```
    order_value_trend_ratio: Value, Ratio, missing "fewer than six purchases with an amount, or the earlier ones were worth nothing", reason "the last three orders are worth {value} the earlier ones; usual is {typical}";

    /// Share of the largest order in the sum of the orders above zero.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 20.0), ("2024-01-11", "purchase", 10.0), ("2024-01-21", "purchase", 30.0)];
    /// assert_eq!(feature(Id::top_order_share, &rows, "2024-03-01"), 0.5);
    /// ```
    top_order_share: Value, Share, missing "no purchase with an amount above zero", reason "{value} of the spend came from one order; usual is {typical}" aside;

    /// Mean units of the purchases that have a quantity.
    ///
    /// ```
    /// # use lapwing_features::{Calendar, Duplicates, HistoryBuilder, Id, Kind, RawEvent, Timestamp, example};
    /// let at = example::cutoff("2024-01-01");
    /// let mut builder = HistoryBuilder::new();
    /// for (second, units) in [(1, 2.0), (2, 4.0)] {
    ///     let line = RawEvent::new(Timestamp(at.at.0 + second * 1_000_000), Kind::Purchase, Some(10.0));
    ///     builder.push(RawEvent { quantity: Some(units), ..line });
    /// }
    /// let history = builder.build(&Calendar::utc(), Duplicates::Drop);
    /// let features = example::kernel().features(&history.observe(example::cutoff("2024-01-02")));
    /// assert_eq!(features[Id::units_per_order_mean], 3.0);
    /// ```
    units_per_order_mean: Value, Count, missing "no purchase with a quantity", reason "{value} {unit|units} in an order on average; usual is {typical}";

    /// Purchases in the last 7 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-12-20", "2024-12-28", "2024-12-30"]);
    /// assert_eq!(feature(Id::purchases_7d_count, &rows, "2024-12-31"), 2.0);
    /// ```
    purchases_7d_count: Windows, Count, missing "the data holds no purchases yet", reason "{value} {purchase|purchases} in the last 7 days; usual is {typical}";

    /// Money spent in the last 7 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-12-20", "2024-12-28", "2024-12-30"]);
    /// assert_eq!(feature(Id::spend_7d_sum, &rows, "2024-12-31"), 20.0);
    /// ```
    spend_7d_sum: Windows, Money, missing "the data holds no amounts yet, or its purchases have none", reason "spent {value} in the last 7 days; usual is {typical}";

    /// Purchases in the last 7 days against the 7 before: their difference over their sum, -1 (all gone) to 1 (all new).
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-12-20", "2024-12-28", "2024-12-30"]);
    /// assert_eq!(feature(Id::purchases_7d_change, &rows, "2024-12-31"), 1.0 / 3.0);
    /// ```
    purchases_7d_change: Windows, Ratio, missing "no purchase in either window, or the data covers less than half of one", reason "purchases in the last 7 days are {value} against the 7 before; usual is {typical}";

    /// Purchases in the last 7 days over what the own pace before them gives in 7 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-12-10", "2024-12-28", "2024-12-30"]);
    /// assert_eq!(feature(Id::purchases_7d_pace_ratio, &rows, "2024-12-31"), 2.0 * 14.0 / 7.0);
    /// ```
    purchases_7d_pace_ratio: Windows, Ratio, missing "first purchase less than 14 days ago, or none yet", reason "bought at {value} their own pace in the last 7 days; usual is {typical}";

    /// Purchases in the last 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-11-15", "2024-12-10", "2024-12-20"]);
    /// assert_eq!(feature(Id::purchases_30d_count, &rows, "2024-12-31"), 2.0);
    /// ```
    purchases_30d_count: Windows, Count, missing "the data holds no purchases yet", reason "{value} {purchase|purchases} in the last 30 days; usual is {typical}";

    /// Money spent in the last 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-11-15", "2024-12-10", "2024-12-20"]);
    /// assert_eq!(feature(Id::spend_30d_sum, &rows, "2024-12-31"), 20.0);
    /// ```
    spend_30d_sum: Windows, Money, missing "the data holds no amounts yet, or its purchases have none", reason "spent {value} in the last 30 days; usual is {typical}";

    /// Purchases in the last 30 days against the 30 before: their difference over their sum, -1 (all gone) to 1 (all new).
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-11-15", "2024-12-10", "2024-12-20"]);
    /// assert_eq!(feature(Id::purchases_30d_change, &rows, "2024-12-31"), 1.0 / 3.0);
    /// ```
    purchases_30d_change: Windows, Ratio, missing "no purchase in either window, or the data covers less than half of one", reason "purchases in the last 30 days are {value} against the 30 before; usual is {typical}";

    /// Purchases in the last 30 days over what the own pace before them gives in 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-10-02", "2024-12-10", "2024-12-20"]);
    /// assert_eq!(feature(Id::purchases_30d_pace_ratio, &rows, "2024-12-31"), 2.0 * 60.0 / 30.0);
    /// ```
    purchases_30d_pace_ratio: Windows, Ratio, missing "first purchase less than 60 days ago, or none yet", reason "bought at {value} their own pace in the last 30 days; usual is {typical}";

    /// Purchases in the last 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-08-01", "2024-11-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_90d_count, &rows, "2024-12-31"), 2.0);
    /// ```
    purchases_90d_count: Windows, Count, missing "the data holds no purchases yet", reason "{value} {purchase|purchases} in the last 90 days; usual is {typical}";

    /// Money spent in the last 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-08-01", "2024-11-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::spend_90d_sum, &rows, "2024-12-31"), 20.0);
    /// ```
    spend_90d_sum: Windows, Money, missing "the data holds no amounts yet, or its purchases have none", reason "spent {value} in the last 90 days; usual is {typical}";

    /// Purchases in the last 90 days against the 90 before: their difference over their sum, -1 (all gone) to 1 (all new).
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-08-01", "2024-11-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_90d_change, &rows, "2024-12-31"), 1.0 / 3.0);
    /// ```
    purchases_90d_change: Windows, Ratio, missing "no purchase in either window, or the data covers less than half of one", reason "purchases in the last 90 days are {value} against the 90 before; usual is {typical}";

    /// Purchases in the last 90 days over what the own pace before them gives in 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-06-04", "2024-11-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_90d_pace_ratio, &rows, "2024-12-31"), 2.0 * 120.0 / 90.0);
    /// ```
    purchases_90d_pace_ratio: Windows, Ratio, missing "first purchase less than 180 days ago, or none yet", reason "bought at {value} their own pace in the last 90 days; usual is {typical}";

    /// Purchases in the last 180 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-02-01", "2024-08-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_180d_count, &rows, "2024-12-31"), 2.0);
    /// ```
    purchases_180d_count: Windows, Count, missing "the data holds no purchases yet", reason "{value} {purchase|purchases} in the last 180 days; usual is {typical}";

    /// Money spent in the last 180 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-02-01", "2024-08-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::spend_180d_sum, &rows, "2024-12-31"), 20.0);
    /// ```
    spend_180d_sum: Windows, Money, missing "the data holds no amounts yet, or its purchases have none", reason "spent {value} in the last 180 days; usual is {typical}";

    /// Purchases in the last 180 days against the 180 before: their difference over their sum, -1 (all gone) to 1 (all new).
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-02-01", "2024-08-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_180d_change, &rows, "2024-12-31"), 1.0 / 3.0);
    /// ```
    purchases_180d_change: Windows, Ratio, missing "no purchase in either window, or the data covers less than half of one", reason "purchases in the last 180 days are {value} against the 180 before; usual is {typical}";

    /// Purchases in the last 180 days over what the own pace before them gives in 180 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2023-07-10", "2024-08-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_180d_pace_ratio, &rows, "2024-12-31"), 2.0 * 360.0 / 180.0);
    /// ```
    purchases_180d_pace_ratio: Windows, Ratio, missing "first purchase less than 360 days ago, or none yet", reason "bought at {value} their own pace in the last 180 days; usual is {typical}";

    /// Purchases in the last 365 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2023-06-01", "2024-06-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_365d_count, &rows, "2024-12-31"), 2.0);
    /// ```
    purchases_365d_count: Windows, Count, missing "the data holds no purchases yet", reason "{value} {purchase|purchases} in the last 365 days; usual is {typical}";

    /// Money spent in the last 365 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2023-06-01", "2024-06-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::spend_365d_sum, &rows, "2024-12-31"), 20.0);
    /// ```
    spend_365d_sum: Windows, Money, missing "the data holds no amounts yet, or its purchases have none", reason "spent {value} in the last 365 days; usual is {typical}";

    /// Purchases in the last 365 days against the 365 before: their difference over their sum, -1 (all gone) to 1 (all new).
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2023-06-01", "2024-06-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_365d_change, &rows, "2024-12-31"), 1.0 / 3.0);
    /// ```
    purchases_365d_change: Windows, Ratio, missing "no purchase in either window, or the data covers less than half of one", reason "purchases in the last 365 days are {value} against the 365 before; usual is {typical}";

    /// Purchases in the last 365 days over what the own pace before them gives in 365 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2022-01-05", "2024-06-01", "2024-12-01"]);
    /// assert_eq!(feature(Id::purchases_365d_pace_ratio, &rows, "2024-12-31"), 2.0 * 726.0 / 365.0);
    /// ```
    purchases_365d_pace_ratio: Windows, Ratio, missing "first purchase less than 730 days ago, or none yet", reason "bought at {value} their own pace in the last 365 days; usual is {typical}";

    /// Purchases, each halved in weight every 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-02", "2024-02-01"]);
    /// assert!((feature(Id::purchases_decayed_30d, &rows, "2024-03-02") - 0.75).abs() < 1e-12);
    /// ```
    purchases_decayed_30d: Decay, Count, missing "the data holds no purchases yet", reason "recent purchases add up to {value}, each halved every 30 days; usual is {typical}" aside;

    /// Money spent, each purchase halved in weight every 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-02", "2024-02-01"]);
    /// assert!((feature(Id::spend_decayed_30d, &rows, "2024-03-02") - 7.5).abs() < 1e-12);
    /// ```
    spend_decayed_30d: Decay, Money, missing "the data holds no amounts yet, or the purchases have none", reason "recent spend adds up to {value}, halved every 30 days; usual is {typical}" aside;

    /// Interactions, each halved in weight every 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("visit", &["2024-01-02", "2024-02-01"]);
    /// assert!((feature(Id::interactions_decayed_30d, &rows, "2024-03-02") - 0.75).abs() < 1e-12);
    /// ```
    interactions_decayed_30d: Decay, Count, missing "the data holds no interactions yet", reason "recent interactions add up to {value}, each halved every 30 days; usual is {typical}" aside;

    /// Purchases, each halved in weight every 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2023-09-04", "2023-12-03"]);
    /// assert!((feature(Id::purchases_decayed_90d, &rows, "2024-03-02") - 0.75).abs() < 1e-12);
    /// ```
    purchases_decayed_90d: Decay, Count, missing "the data holds no purchases yet", reason "recent purchases add up to {value}, each halved every 90 days; usual is {typical}" aside;

    /// Money spent, each purchase halved in weight every 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2023-09-04", "2023-12-03"]);
    /// assert!((feature(Id::spend_decayed_90d, &rows, "2024-03-02") - 7.5).abs() < 1e-12);
    /// ```
    spend_decayed_90d: Decay, Money, missing "the data holds no amounts yet, or the purchases have none", reason "recent spend adds up to {value}, halved every 90 days; usual is {typical}" aside;

    /// Interactions, each halved in weight every 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("visit", &["2023-09-04", "2023-12-03"]);
    /// assert!((feature(Id::interactions_decayed_90d, &rows, "2024-03-02") - 0.75).abs() < 1e-12);
    /// ```
    interactions_decayed_90d: Decay, Count, missing "the data holds no interactions yet", reason "recent interactions add up to {value}, each halved every 90 days; usual is {typical}" aside;

    /// Returns so far; the lines of one order count as one.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "return", -20.0)];
    /// assert_eq!(feature(Id::returns_count, &rows, "2024-03-01"), 1.0);
    /// ```
    returns_count: Returns, Count, missing "the data holds no returns yet", reason "{value} {return|returns} so far; usual is {typical}";

    /// Returns in the last 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "return", -20.0)];
    /// assert_eq!(feature(Id::returns_90d_count, &rows, "2024-03-01"), 1.0);
    /// ```
    returns_90d_count: Returns, Count, missing "the data covers less than half of the window", reason "{value} {return|returns} in the last 90 days; usual is {typical}";

    /// Returns over purchases.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "return", -20.0)];
    /// assert_eq!(feature(Id::returns_per_purchase_ratio, &rows, "2024-03-01"), 0.5);
    /// ```
    returns_per_purchase_ratio: Returns, Ratio, missing "no purchase yet, or the data holds no returns yet", reason "{value} {return|returns} per purchase; usual is {typical}";

    /// Money given back over money spent; above 1 when earlier purchases are not in the data.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "return", -20.0)];
    /// assert_eq!(feature(Id::returned_value_share, &rows, "2024-03-01"), 0.25);
    /// ```
    returned_value_share: Returns, Ratio, missing "nothing spent, returns without amounts, or the data holds no returns yet", reason "returned {value} of what they bought, by value; usual is {typical}";

    /// Days from the last return to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "return", -20.0)];
    /// assert_eq!(feature(Id::days_since_last_return, &rows, "2024-03-01"), 20.0);
    /// ```
    days_since_last_return: Returns, Days, missing "no return yet", reason "{value} since the last return; usual is {typical}";

    /// Coupons used so far.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "coupon_redeem", 5.0)];
    /// assert_eq!(feature(Id::coupons_count, &rows, "2024-03-01"), 1.0);
    /// ```
    coupons_count: Coupons, Count, missing "the data holds no coupons yet", reason "used {value} {coupon|coupons} so far; usual is {typical}";

    /// Coupons used in the last 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "coupon_redeem", 5.0)];
    /// assert_eq!(feature(Id::coupons_90d_count, &rows, "2024-03-01"), 1.0);
    /// ```
    coupons_90d_count: Coupons, Count, missing "the data covers less than half of the window", reason "used {value} {coupon|coupons} in the last 90 days; usual is {typical}";

    /// Coupons used over purchases.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "coupon_redeem", 5.0)];
    /// assert_eq!(feature(Id::coupons_per_purchase_ratio, &rows, "2024-03-01"), 0.5);
    /// ```
    coupons_per_purchase_ratio: Coupons, Ratio, missing "no purchase yet, or the data holds no coupons yet", reason "used {value} {coupon|coupons} per purchase; usual is {typical}";

    /// Days from the last use of a coupon to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 40.0), ("2024-01-11", "purchase", 40.0), ("2024-02-10", "coupon_redeem", 5.0)];
    /// assert_eq!(feature(Id::days_since_last_coupon, &rows, "2024-03-01"), 20.0);
    /// ```
    days_since_last_coupon: Coupons, Days, missing "no coupon used yet", reason "{value} since the last coupon; usual is {typical}";

    /// Visits in the last 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("visit", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::visits_30d_count, &rows, "2024-03-31"), 2.0);
    /// ```
    visits_30d_count: Engagement, Count, missing "the data covers less than half of the window", reason "{value} {visit|visits} in the last 30 days; usual is {typical}";

    /// Visits in the last 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("visit", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::visits_90d_count, &rows, "2024-03-31"), 3.0);
    /// ```
    visits_90d_count: Engagement, Count, missing "the data covers less than half of the window", reason "{value} {visit|visits} in the last 90 days; usual is {typical}";

    /// Views of products or pages in the last 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("view", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::views_30d_count, &rows, "2024-03-31"), 2.0);
    /// ```
    views_30d_count: Engagement, Count, missing "the data covers less than half of the window", reason "viewed {value} {product or page|products or pages} in the last 30 days; usual is {typical}";

    /// Searches in the last 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("search", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::searches_30d_count, &rows, "2024-03-31"), 2.0);
    /// ```
    searches_30d_count: Engagement, Count, missing "the data covers less than half of the window", reason "searched {value} {time|times} in the last 30 days; usual is {typical}";

    /// Additions to the cart in the last 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("cart_add", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::carts_30d_count, &rows, "2024-03-31"), 2.0);
    /// ```
    carts_30d_count: Engagement, Count, missing "the data covers less than half of the window", reason "put something into the cart {value} {time|times} in the last 30 days; usual is {typical}";

    /// Additions to the cart in the last 30 days that no purchase followed.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-03-10", "cart_add", 10.0), ("2024-03-11", "purchase", 10.0), ("2024-03-12", "cart_add", 10.0)];
    /// assert_eq!(feature(Id::open_carts_30d_count, &rows, "2024-03-31"), 1.0);
    /// ```
    open_carts_30d_count: Engagement, Count, missing "the data covers less than half of the window", reason "left something in the cart {value} {time|times} in the last 30 days; usual is {typical}";

    /// Checkouts begun in the last 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("checkout", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::checkouts_30d_count, &rows, "2024-03-31"), 2.0);
    /// ```
    checkouts_30d_count: Engagement, Count, missing "the data covers less than half of the window", reason "began {value} {checkout|checkouts} in the last 30 days; usual is {typical}";

    /// Messages sent to the customer in the last 60 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("message_sent", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::messages_sent_60d_count, &rows, "2024-03-31"), 2.0);
    /// ```
    messages_sent_60d_count: Engagement, Count, missing "the data covers less than half of the window", reason "was sent {value} {message|messages} in the last 60 days; usual is {typical}";

    /// Messages opened in the last 60 days over messages sent in them, at most 1.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-03-01", "message_sent", 0.0), ("2024-03-02", "message_open", 0.0), ("2024-03-08", "message_sent", 0.0)];
    /// assert_eq!(feature(Id::messages_opened_60d_share, &rows, "2024-03-31"), 0.5);
    /// ```
    messages_opened_60d_share: Engagement, Share, missing "no message sent in 60 days, or the data covers less than half of them", reason "opened {value} of the messages of the last 60 days; usual is {typical}";

    /// Messages clicked in the last 60 days over messages sent in them, at most 1.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-03-01", "message_sent", 0.0), ("2024-03-02", "message_click", 0.0), ("2024-03-08", "message_sent", 0.0)];
    /// assert_eq!(feature(Id::messages_clicked_60d_share, &rows, "2024-03-31"), 0.5);
    /// ```
    messages_clicked_60d_share: Engagement, Share, missing "no message sent in 60 days, or the data covers less than half of them", reason "clicked {value} of the messages of the last 60 days; usual is {typical}";

    /// Days from the last visit to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("visit", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::days_since_last_visit, &rows, "2024-03-31"), 20.0);
    /// ```
    days_since_last_visit: Engagement, Days, missing "no visit yet", reason "{value} since the last visit; usual is {typical}";

    /// Days from the last interaction of any kind to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("search", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::days_since_last_interaction, &rows, "2024-03-31"), 20.0);
    /// ```
    days_since_last_interaction: Engagement, Days, missing "no interaction yet", reason "{value} since the last interaction; usual is {typical}";

    /// Mean gap between local days with a visit.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("visit", &["2024-01-01", "2024-01-11", "2024-01-31"]);
    /// assert_eq!(feature(Id::visit_gap_days_mean, &rows, "2024-03-31"), 15.0);
    /// ```
    visit_gap_days_mean: Engagement, Days, missing "fewer than two visit days", reason "visits every {value} on average; usual is {typical}";

    /// Mean of the last three gaps between visit days over the mean of those before, of which there must be three.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("visit", &["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-06", "2024-01-08", "2024-01-10"]);
    /// assert_eq!(feature(Id::visit_gap_trend_ratio, &rows, "2024-01-11"), 2.0);
    /// ```
    visit_gap_trend_ratio: Engagement, Ratio, missing "fewer than seven visit days", reason "the last three gaps between visits are {value} the earlier ones; usual is {typical}";

    /// Interactions of all kinds in the last 30 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("search", &["2024-01-20", "2024-03-10", "2024-03-11"]);
    /// assert_eq!(feature(Id::interactions_30d_count, &rows, "2024-03-31"), 2.0);
    /// ```
    interactions_30d_count: Engagement, Count, missing "the data covers less than half of the window", reason "{value} {interaction|interactions} in the last 30 days; usual is {typical}";

    /// Interactions in the last 30 days against the own mean of 30 days over the 180 before: their difference over their sum, -1 to 1.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// // Six visits in the 180 days before, so one in 30 days.
    /// let mut rows = rows("visit", &["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-01", "2024-02-11", "2024-02-21"]);
    /// rows.extend([("2024-03-10", "search", 0.0), ("2024-03-11", "search", 0.0), ("2024-03-12", "search", 0.0)]);
    /// assert_eq!(feature(Id::interactions_30d_change, &rows, "2024-03-31"), 0.5);
    /// ```
    interactions_30d_change: Engagement, Ratio, missing "no interaction in 210 days, or the data covers less than half of a window", reason "interactions in the last 30 days are {value} against their own average; usual is {typical}";

    /// Service requests in the last 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("ticket", &["2023-01-20", "2024-03-10"]);
    /// assert_eq!(feature(Id::tickets_90d_count, &rows, "2024-03-31"), 1.0);
    /// ```
    tickets_90d_count: Service, Count, missing "the data covers less than half of the window", reason "{value} service {request|requests} in the last 90 days; usual is {typical}";

    /// Complaints in the last 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("complaint", &["2023-01-20", "2024-03-10"]);
    /// assert_eq!(feature(Id::complaints_90d_count, &rows, "2024-03-31"), 1.0);
    /// ```
    complaints_90d_count: Service, Count, missing "the data covers less than half of the window", reason "{value} {complaint|complaints} in the last 90 days; usual is {typical}";

    /// Days from the last service request or complaint to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-03-01", "ticket", 0.0), ("2024-03-11", "complaint", 0.0)];
    /// assert_eq!(feature(Id::days_since_last_ticket, &rows, "2024-03-31"), 20.0);
    /// ```
    days_since_last_ticket: Service, Days, missing "neither yet", reason "{value} since the last service request or complaint; usual is {typical}";

    /// Score of the last survey answered.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "survey", 9.0), ("2024-02-01", "survey", 8.0), ("2024-03-01", "survey", 4.0)];
    /// assert_eq!(feature(Id::survey_points_last, &rows, "2024-03-31"), 4.0);
    /// ```
    survey_points_last: Service, Points, missing "no survey answered with a score", reason "gave {value} {point|points} in the last survey; usual is {typical}";

    /// Mean score of the surveys answered.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "survey", 9.0), ("2024-02-01", "survey", 8.0), ("2024-03-01", "survey", 4.0)];
    /// assert_eq!(feature(Id::survey_points_mean, &rows, "2024-03-31"), 7.0);
    /// ```
    survey_points_mean: Service, Points, missing "no survey answered with a score", reason "gives {value} {point|points} in surveys on average; usual is {typical}";

    /// Score of the last survey less the mean of those before.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "survey", 9.0), ("2024-02-01", "survey", 8.0), ("2024-03-01", "survey", 4.0)];
    /// assert_eq!(feature(Id::survey_points_change, &rows, "2024-03-31"), -4.5);
    /// ```
    survey_points_change: Service, Points, missing "fewer than two surveys answered with a score", reason "the last survey score is {value} against those before; usual is {typical}";

    /// Referrals made so far.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("referral", &["2023-01-20", "2024-03-10"]);
    /// assert_eq!(feature(Id::referrals_count, &rows, "2024-03-31"), 2.0);
    /// ```
    referrals_count: Service, Count, missing "the data holds no referrals yet", reason "made {value} {referral|referrals} so far; usual is {typical}";

    /// Reviews written so far.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("review", &["2023-01-20", "2024-03-10"]);
    /// assert_eq!(feature(Id::reviews_count, &rows, "2024-03-31"), 2.0);
    /// ```
    reviews_count: Service, Count, missing "the data holds no reviews yet", reason "wrote {value} {review|reviews} so far; usual is {typical}";

    /// Distinct categories of purchases and interactions.
    ///
    /// ```
    /// # use lapwing_features::{Id, example};
    /// let history = example::history_with_places(&[
    ///     ("2023-06-01", "purchase", 10.0, "web", "books"),
    ///     ("2024-01-01", "visit", f64::NAN, "shop", "toys"),
    /// ]);
    /// let features = example::kernel().features(&history.observe(example::cutoff("2024-01-31")));
    /// assert_eq!(features[Id::categories_count], 2.0);
    /// ```
    categories_count: Breadth, Count, missing "no purchase or interaction names a category", reason "bought or looked at {value} {category|categories} so far; usual is {typical}";

    /// Distinct categories of purchases and interactions in the last 90 days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example};
    /// let history = example::history_with_places(&[
    ///     ("2023-06-01", "purchase", 10.0, "web", "books"),
    ///     ("2024-01-01", "visit", f64::NAN, "shop", "toys"),
    /// ]);
    /// let features = example::kernel().features(&history.observe(example::cutoff("2024-01-31")));
    /// assert_eq!(features[Id::categories_90d_count], 1.0);
    /// ```
    categories_90d_count: Breadth, Count, missing "none ever named a category, or the data does not cover the window whole", reason "bought or looked at {value} {category|categories} in the last 90 days; usual is {typical}";

    /// Entropy of the shares of categories among purchases and interactions; 0 when all name the same.
    ///
    /// ```
    /// # use lapwing_features::{Id, example};
    /// let history = example::history_with_places(&[
    ///     ("2023-06-01", "purchase", 10.0, "web", "books"),
    ///     ("2024-01-01", "visit", f64::NAN, "shop", "toys"),
    /// ]);
    /// let features = example::kernel().features(&history.observe(example::cutoff("2024-01-31")));
    /// assert_eq!(features[Id::category_entropy], std::f64::consts::LN_2);
    /// ```
    category_entropy: Breadth, Nats, missing "no purchase or interaction names a category", reason "activity spreads over about {value} {category|categories}; usual is {typical}" aside;

    /// Distinct channels of purchases and interactions.
    ///
    /// ```
    /// # use lapwing_features::{Id, example};
    /// let history = example::history_with_places(&[
    ///     ("2023-06-01", "purchase", 10.0, "web", "books"),
    ///     ("2024-01-01", "visit", f64::NAN, "shop", "toys"),
    /// ]);
    /// let features = example::kernel().features(&history.observe(example::cutoff("2024-01-31")));
    /// assert_eq!(features[Id::channels_count], 2.0);
    /// ```
    channels_count: Breadth, Count, missing "no purchase or interaction names a channel", reason "used {value} {channel|channels} so far; usual is {typical}";

    /// Entropy of the shares of channels among purchases and interactions; 0 when all name the same.
    ///
    /// ```
    /// # use lapwing_features::{Id, example};
    /// let history = example::history_with_places(&[
    ///     ("2023-06-01", "purchase", 10.0, "web", "books"),
    ///     ("2024-01-01", "visit", f64::NAN, "shop", "toys"),
    /// ]);
    /// let features = example::kernel().features(&history.observe(example::cutoff("2024-01-31")));
    /// assert_eq!(features[Id::channel_entropy], std::f64::consts::LN_2);
    /// ```
    channel_entropy: Breadth, Nats, missing "no purchase or interaction names a channel", reason "activity spreads over about {value} {channel|channels}; usual is {typical}" aside;

    /// Sine of the cutoff's local month on a circle: 0 in January, 1 in April, -1 in October.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// assert_eq!(feature(Id::cutoff_month_sin, &[], "2024-04-15"), 1.0);
    /// ```
    cutoff_month_sin: Calendar, Ratio, missing "", reason "the time of year is {value}; usual is {typical}" aside;

    /// Cosine of the cutoff's local month on a circle: 1 in January, 0 in April, -1 in July.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// assert_eq!(feature(Id::cutoff_month_cos, &[], "2024-07-15"), -1.0);
    /// ```
    cutoff_month_cos: Calendar, Ratio, missing "", reason "the time of year is {value}; usual is {typical}" aside;

    /// Mean local hour of the purchases, taken on the circle of the clock.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-01T23:30:00Z", "2024-01-03T01:30:00Z"]);
    /// assert_eq!(feature(Id::purchase_hour_mean, &rows, "2024-03-01"), 0.0);
    /// ```
    purchase_hour_mean: Calendar, Hours, missing "no purchase yet, or the hours cancel out", reason "buys around {value}; usual is {typical}" aside;

    /// Share of purchases on a Saturday or Sunday, local time.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-05", "2024-01-06"]);
    /// assert_eq!(feature(Id::weekend_purchases_share, &rows, "2024-03-01"), 0.5);
    /// ```
    weekend_purchases_share: Calendar, Share, missing "no purchase yet", reason "{value} of the purchases fall on a weekend; usual is {typical}" aside;

    /// Share of the most common weekday among the purchase days.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2024-01-05", "2024-01-06", "2024-01-12"]);
    /// assert_eq!(feature(Id::weekday_concentration, &rows, "2024-03-01"), 2.0 / 3.0);
    /// ```
    weekday_concentration: Calendar, Share, missing "no purchase yet", reason "{value} of the purchase days fall on one weekday; usual is {typical}" aside;

    /// Purchases in the 90 days after the cutoff's date a year (365 days) before.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::{feature, rows}};
    /// let rows = rows("purchase", &["2023-01-15", "2023-03-15", "2023-11-01"]);
    /// assert_eq!(feature(Id::purchases_same_90d_last_year_count, &rows, "2024-03-01"), 1.0);
    /// ```
    purchases_same_90d_last_year_count: Calendar, Count, missing "the data covers less than half of the window", reason "{value} {purchase|purchases} in the 90 days after this date last year; usual is {typical}";

    /// Local days from the first purchase day to the last; 0 with one purchase day.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 90.0), ("2024-01-11", "purchase", 10.0), ("2024-01-11T12:00:00Z", "purchase", 10.0)];
    /// assert_eq!(feature(Id::btyd_recency_days, &rows, "2024-03-01"), 10.0);
    /// ```
    btyd_recency_days: Btyd, Days, missing "no purchase yet", reason "{value} between the first and the last purchase day; usual is {typical}" aside;

    /// Purchase days after the first.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 90.0), ("2024-01-11", "purchase", 10.0), ("2024-01-11T12:00:00Z", "purchase", 10.0)];
    /// assert_eq!(feature(Id::btyd_repeat_days_count, &rows, "2024-03-01"), 1.0);
    /// ```
    btyd_repeat_days_count: Btyd, Count, missing "no purchase yet", reason "came back to buy on {value} {day|days}; usual is {typical}" aside;

    /// Local days from the first purchase day to the cutoff.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 90.0), ("2024-01-11", "purchase", 10.0), ("2024-01-11T12:00:00Z", "purchase", 10.0)];
    /// assert_eq!(feature(Id::btyd_age_days, &rows, "2024-03-01"), 60.0);
    /// ```
    btyd_age_days: Btyd, Days, missing "no purchase yet", reason "first bought {value} ago; usual is {typical}" aside;

    /// Mean spend on a purchase day after the first, over the days on which it is known.
    ///
    /// ```
    /// # use lapwing_features::{Id, example::feature};
    /// let rows = [("2024-01-01", "purchase", 90.0), ("2024-01-11", "purchase", 10.0), ("2024-01-11T12:00:00Z", "purchase", 10.0)];
    /// assert_eq!(feature(Id::btyd_value_mean, &rows, "2024-03-01"), 20.0);
    /// ```
    btyd_value_mean: Btyd, Money, missing "no purchase with an amount after the first purchase day", reason "spends {value} on a later day with purchases; usual is {typical}" aside;
}
