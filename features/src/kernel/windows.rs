//! The last 7, 30, 90, 180 and 365 days, against the window before and the customer's own pace.

use super::frame::{Edge, LENGTHS};
use super::numbers::{change, ratio};
use super::view::View;
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// The rows for count, sum, change and pace, by length.
const ROWS: [[Id; 4]; LENGTHS.len()] = [
    [Id::purchases_7d_count, Id::spend_7d_sum, Id::purchases_7d_change, Id::purchases_7d_pace_ratio],
    [Id::purchases_30d_count, Id::spend_30d_sum, Id::purchases_30d_change, Id::purchases_30d_pace_ratio],
    [Id::purchases_90d_count, Id::spend_90d_sum, Id::purchases_90d_change, Id::purchases_90d_pace_ratio],
    [Id::purchases_180d_count, Id::spend_180d_sum, Id::purchases_180d_change, Id::purchases_180d_pace_ratio],
    [Id::purchases_365d_count, Id::spend_365d_sum, Id::purchases_365d_change, Id::purchases_365d_pace_ratio],
];

/// Sets the rows of [`Family::Windows`](crate::schema::Family::Windows).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let purchases = view.ledger.purchases.as_slice();
    for (length, [count, sum, step, pace]) in ROWS.into_iter().enumerate() {
        let days = f64::from(LENGTHS[length]);
        let [scale, scale_before] = view.frame.scales[length];
        let seen = view.purchases_since(Edge::Last(length));
        let seen_before = view.purchases_since(Edge::Before(length)) - view.purchases_since(Edge::BeforeEnd(length));
        // What is told to people is what was seen; only what is compared is brought to one length.
        if view.frame.holds(Kind::Purchase) {
            out[count] = f64::from(seen);
        }
        if view.frame.holds_spend {
            out[sum] = view.spend(length);
        }
        let now = f64::from(seen) * scale;
        out[step] = change(now, f64::from(seen_before) * scale_before);
        // The own pace is that of the time before the window, which must be at least as long as the window.
        let earlier = purchases.len() as f64 - f64::from(seen);
        let known = if view.tenure >= 2.0 * days { earlier * days } else { f64::NAN };
        out[pace] = ratio(now * (view.tenure - days), known);
    }
}
