//! The one place that reads the clock for a decision: everything else is told the time.

use std::time::{SystemTime, UNIX_EPOCH};

use lapwing_features::Timestamp;

/// The instant it is. A clock before 1970 reads as 1970.
#[must_use]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
