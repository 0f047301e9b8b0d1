//! Counts and sums in which what is older weighs less: half after each half-life of 30 or 90 days.

use super::ledger::Ledger;
use super::numbers::add;
use crate::event::Kind;
use crate::schema::Id;
use crate::time::Timestamp;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Decay`](crate::schema::Family::Decay).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    if ledger.coverage(ledger.since.kind(Kind::Purchase)).is_held() {
        let nothing = if ledger.purchases.is_empty() { 0.0 } else { f64::NAN };
        let (mut count, mut spend) = ([0.0; 2], [nothing; 2]);
        for purchase in &ledger.purchases {
            for (half_life, weight) in weights(ledger, purchase.ts).into_iter().enumerate() {
                count[half_life] += weight;
                spend[half_life] = add(spend[half_life], purchase.amount * weight);
            }
        }
        [out[Id::purchases_decayed_30d], out[Id::purchases_decayed_90d]] = count;
        if ledger.coverage(ledger.since.spend).is_held() {
            [out[Id::spend_decayed_30d], out[Id::spend_decayed_90d]] = spend;
        }
    }
    if ledger.coverage(ledger.since.interactions).is_held() {
        let mut count = [0.0; 2];
        for ts in &ledger.interactions {
            let [fast, slow] = weights(ledger, *ts);
            count = [count[0] + fast, count[1] + slow];
        }
        [out[Id::interactions_decayed_30d], out[Id::interactions_decayed_90d]] = count;
    }
}

/// The weights of an event at `ts` under the half-lives of 30 and 90 days. A third of the half-life is the cube of the weight.
fn weights(ledger: &Ledger, ts: Timestamp) -> [f64; 2] {
    let slow = libm::exp2(ledger.cutoff.at.days_since(ts) / -90.0);
    [slow * slow * slow, slow]
}
