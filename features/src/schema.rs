//! The one table of features. Order, fingerprint, docs, README, Parquet schema and reason codes come from it.
//!
//! Rules for all of them, at a cutoff T:
//! - A window of w days is `[T - w, T)`, in days of 24 hours; gaps and purchase days are days of the local calendar.
//! - The lines of one order are one purchase (or return), at the time of the first line that is observed.
//! - Where the data begins inside a window, a number over the window is that over the covered part times w / covered days, if at
//!   least half is covered; otherwise it is missing. A window of which less than a day is not covered is covered.
//! - What the data does not hold before T at all is missing. A customer without purchases has counts and sums of 0 where the data
//!   holds purchases, and misses the rest.
//! - A quotient whose divisor is not above 0 is missing. Every value is finite or missing (NaN).
//! - An interaction is what [`Kind::is_interaction`](crate::Kind::is_interaction) says.

mod list;
mod probe;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::LazyLock;

pub use list::{FEATURES, Id};

/// What a feature is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// How often and how lately a customer bought.
    Purchases,
    /// The rhythm of the purchases.
    Cadence,
    /// What they were worth.
    Value,
    /// The last 7, 30, 90, 180 and 365 days, against the window before and the customer's own pace.
    Windows,
    /// Exponentially decayed counts and sums.
    Decay,
    /// Goods given back.
    Returns,
    /// Coupons used.
    Coupons,
    /// Visits, views, carts and messages.
    Engagement,
    /// Tickets, complaints and surveys.
    Service,
    /// How many categories and channels.
    Breadth,
    /// Hours, weekdays, seasons.
    Calendar,
    /// Sufficient statistics of buy-till-you-die models.
    Btyd,
}

impl Family {
    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchases => "purchases",
            Self::Cadence => "cadence",
            Self::Value => "value",
            Self::Windows => "windows",
            Self::Decay => "decay",
            Self::Returns => "returns",
            Self::Coupons => "coupons",
            Self::Engagement => "engagement",
            Self::Service => "service",
            Self::Breadth => "breadth",
            Self::Calendar => "calendar",
            Self::Btyd => "btyd",
        }
    }
}

/// What a feature is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days of 24 hours.
    Days,
    /// A number of things; a part of one where a window is scaled or decayed.
    Count,
    /// The currency of the amounts.
    Money,
    /// A quotient without unit.
    Ratio,
    /// A part of a whole, 0 to 1.
    Share,
    /// 0 or 1.
    Flag,
    /// Points of a survey.
    Points,
    /// Natural-log units of information.
    Nats,
    /// Hours on the local clock.
    Hours,
}

impl Unit {
    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Count => "count",
            Self::Money => "money",
            Self::Ratio => "ratio",
            Self::Share => "share",
            Self::Flag => "flag",
            Self::Points => "points",
            Self::Nats => "nats",
            Self::Hours => "hours",
        }
    }
}

/// A row of [`FEATURES`].
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// Name in tables, bundles, requests and reasons.
    pub name: &'static str,
    /// What it is about.
    pub family: Family,
    /// What it is counted in.
    pub unit: Unit,
    /// What it says, in one sentence.
    pub meaning: &'static str,
    /// When it is missing; empty when it never is.
    pub missing: &'static str,
    /// The reason text: `{value}` and `{typical}` stand for the customer's value and the usual one.
    pub reason: &'static str,
    /// Whether people are told it only where there is nothing else: hours, weekdays and seasons, spreads, and what another feature
    /// says more plainly. In models and full explanations it counts as any other.
    pub aside: bool,
}

/// The row's number in [`FEATURES`], by name.
///
/// ```
/// use lapwing_features::{Id, schema};
/// assert_eq!(schema::position("days_since_last_purchase"), Some(Id::days_since_last_purchase as usize));
/// assert_eq!(schema::position("shoe_size"), None);
/// ```
#[must_use]
pub fn position(name: &str) -> Option<usize> {
    BY_LOOKS[looks_of(name)].iter().copied().find(|place| FEATURES[*place].name == name)
}

/// The places of the features by what their names look like, one or two each: a service looks up every feature of every row.
static BY_LOOKS: LazyLock<[Vec<usize>; LOOKS]> =
    LazyLock::new(|| std::array::from_fn(|looks| (0..FEATURES.len()).filter(|place| looks_of(FEATURES[*place].name) == looks).collect()));
const LOOKS: usize = 256;

fn looks_of(name: &str) -> usize {
    let byte = |place: usize| usize::from(name.as_bytes().get(place).copied().unwrap_or(0));
    (name.len() * 67 + byte(name.len() / 2) * 31 + byte(name.len().wrapping_sub(1)) * 7 + byte(name.len() / 4)) % LOOKS
}

/// Tells feature tables apart, in 16 hex digits: names and units in order, and what the kernel makes of a history that has done
/// everything, to the bit. A corrected sentence leaves it as it is; a corrected formula does not.
#[must_use]
pub fn fingerprint() -> String {
    let probed = probe::features();
    let text = FEATURES.iter().enumerate().fold(String::new(), |mut text, (place, f)| {
        let _ = write!(text, "{}|{}", f.name, f.unit.name());
        for features in &probed {
            let _ = write!(text, "|{:x}", features.as_slice()[place].to_bits());
        }
        text.push('\n');
        text
    });
    crate::Token::of(&text).to_hex()
}

/// The table as Markdown, for the README.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("| feature | family | unit | meaning | missing |\n|---|---|---|---|---|\n");
    for f in &FEATURES {
        let missing = if f.missing.is_empty() { "never" } else { f.missing };
        let _ = writeln!(text, "| `{}` | {} | {} | {} | {} |", f.name, f.family.name(), f.unit.name(), f.meaning, missing);
    }
    text
}
