//! How many categories and channels, over purchases (line by line) and interactions.

use super::ledger::Ledger;
use crate::event::Token;
use crate::schema::Id;
use crate::time::Timestamp;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Breadth`](crate::schema::Family::Breadth).
pub(super) fn fill(ledger: &Ledger, buffer: &mut Vec<(Token, Timestamp)>, out: &mut FeatureVector) {
    let quarter = ledger.coverage(ledger.since.categories).last(90);
    if let Some(spread) = Spread::of(&ledger.channels, quarter.from, buffer) {
        out[Id::channels_count] = spread.distinct;
        out[Id::channel_entropy] = spread.entropy;
    }
    if let Some(spread) = Spread::of(&ledger.categories, quarter.from, buffer) {
        out[Id::categories_count] = spread.distinct;
        out[Id::category_entropy] = spread.entropy;
        if quarter.is_whole() {
            out[Id::categories_90d_count] = spread.distinct_late;
        }
    }
}

struct Spread {
    /// Distinct names.
    distinct: f64,
    /// Those of them that occur from `late` on.
    distinct_late: f64,
    /// Entropy of their shares, in nats.
    entropy: f64,
}

impl Spread {
    /// `None` of no names. Sorting puts the sum into the order of the names, whatever order they came in.
    fn of(places: &[(Token, Timestamp)], late: Timestamp, buffer: &mut Vec<(Token, Timestamp)>) -> Option<Self> {
        if places.is_empty() {
            return None;
        }
        buffer.clear();
        buffer.extend_from_slice(places);
        buffer.sort_unstable_by_key(|(name, _)| *name);
        let mut spread = Self { distinct: 0.0, distinct_late: 0.0, entropy: 0.0 };
        for same in buffer.chunk_by(|one, two| one.0 == two.0) {
            let share = same.len() as f64 / places.len() as f64;
            spread.distinct += 1.0;
            spread.distinct_late += f64::from(same.iter().any(|(_, ts)| *ts >= late));
            spread.entropy -= share * libm::log(share);
        }
        Some(spread)
    }
}
