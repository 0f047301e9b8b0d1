//! The last 7, 30, 90, 180 and 365 days, against the window before and the customer's own pace.

use super::ledger::Ledger;
use super::numbers::{change, known_sum, ratio};
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Length in days, and the rows for count, sum, change and pace.
const WINDOWS: [(u32, [Id; 4]); 5] = [
    (7, [Id::purchases_7d_count, Id::spend_7d_sum, Id::purchases_7d_change, Id::purchases_7d_pace_ratio]),
    (30, [Id::purchases_30d_count, Id::spend_30d_sum, Id::purchases_30d_change, Id::purchases_30d_pace_ratio]),
    (90, [Id::purchases_90d_count, Id::spend_90d_sum, Id::purchases_90d_change, Id::purchases_90d_pace_ratio]),
    (180, [Id::purchases_180d_count, Id::spend_180d_sum, Id::purchases_180d_change, Id::purchases_180d_pace_ratio]),
    (365, [Id::purchases_365d_count, Id::spend_365d_sum, Id::purchases_365d_change, Id::purchases_365d_pace_ratio]),
];

/// Sets the rows of [`Family::Windows`](crate::schema::Family::Windows).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    let purchases = ledger.purchases.as_slice();
    let counted = ledger.coverage(ledger.since.kind(Kind::Purchase));
    let priced = ledger.coverage(ledger.since.spend);
    let tenure = ledger.days_since(purchases.first().map(|purchase| purchase.ts));
    for (days, [count, sum, step, pace]) in WINDOWS {
        let now = counted.last(days).count(purchases, |purchase| purchase.ts);
        let before = counted.between(2 * days, days).count(purchases, |purchase| purchase.ts);
        // What is told to people is what was seen; only what is compared is brought to one length.
        let seen = counted.last(days).of(purchases, |purchase| purchase.ts);
        if counted.is_held() {
            out[count] = seen.len() as f64;
        }
        if priced.is_held() {
            out[sum] = known_sum(priced.last(days).of(purchases, |purchase| purchase.ts).iter().map(|purchase| purchase.amount));
        }
        out[step] = change(now, before);
        // The own pace is that of the time before the window, which must be at least as long as the window.
        let earlier = purchases.len() - seen.len();
        if tenure >= f64::from(2 * days) {
            out[pace] = ratio(now * (tenure - f64::from(days)), earlier as f64 * f64::from(days));
        }
    }
}
