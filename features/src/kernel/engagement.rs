//! Visits, views, carts and messages.

use super::ledger::Ledger;
use super::numbers::{change, ratio};
use crate::event::Kind;
use crate::schema::Id;
use crate::time::Timestamp;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Engagement`](crate::schema::Family::Engagement).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    out[Id::visits_30d_count] = ledger.count_last(Kind::Visit, 30);
    out[Id::visits_90d_count] = ledger.count_last(Kind::Visit, 90);
    out[Id::views_30d_count] = ledger.count_last(Kind::View, 30);
    out[Id::searches_30d_count] = ledger.count_last(Kind::Search, 30);
    out[Id::carts_30d_count] = ledger.count_last(Kind::CartAdd, 30);
    out[Id::open_carts_30d_count] = open_carts(ledger);
    out[Id::checkouts_30d_count] = ledger.count_last(Kind::Checkout, 30);
    let sent = ledger.count_last(Kind::MessageSent, 60);
    out[Id::messages_sent_60d_count] = sent;
    out[Id::messages_opened_60d_share] = share(ledger.count_last(Kind::MessageOpen, 60), sent);
    out[Id::messages_clicked_60d_share] = share(ledger.count_last(Kind::MessageClick, 60), sent);
    out[Id::days_since_last_visit] = ledger.days_since(ledger.times(Kind::Visit).last().copied());
    out[Id::days_since_last_interaction] = ledger.days_since(ledger.interactions.last().copied());
    fill_visit_gaps(&ledger.visit_days, out);
    let interactions = ledger.coverage(ledger.since.interactions);
    let now = interactions.last(30).count(&ledger.interactions, |ts| *ts);
    let before = interactions.between(210, 30).count(&ledger.interactions, |ts| *ts) / 6.0;
    out[Id::interactions_30d_count] = now;
    out[Id::interactions_30d_change] = change(now, before);
}

/// Carts of the last 30 days that no purchase followed, not even at the same instant.
fn open_carts(ledger: &Ledger) -> f64 {
    let bought = ledger.purchases.last().map_or(Timestamp(i64::MIN), |purchase| purchase.ts);
    let window = ledger.coverage(ledger.since.kind(Kind::CartAdd)).last(30);
    let carts = window.of(ledger.times(Kind::CartAdd), |ts| *ts);
    carts.iter().rev().take_while(|ts| **ts > bought).count() as f64 * window.scale
}

/// At most 1: a message may be opened more than once, or have been sent before the window.
fn share(answered: f64, sent: f64) -> f64 {
    let share = ratio(answered, sent);
    if share > 1.0 { 1.0 } else { share }
}

/// Consecutive gaps sum to the days between their ends, so their means need no list of gaps.
fn fill_visit_gaps(days: &[i32], out: &mut FeatureVector) {
    let mean_gap = |days: &[i32]| match days {
        [first, .., last] => (f64::from(*last) - f64::from(*first)) / (days.len() - 1) as f64,
        _ => f64::NAN,
    };
    out[Id::visit_gap_days_mean] = mean_gap(days);
    if days.len() >= 7 {
        let turn = days.len() - 4;
        out[Id::visit_gap_trend_ratio] = ratio(mean_gap(&days[turn..]), mean_gap(&days[..=turn]));
    }
}
