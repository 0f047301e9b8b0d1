//! Visits, views, carts and messages.

use super::numbers::{change, ratio};
use super::view::View;
use crate::event::Kind;
use crate::schema::Id;
use crate::signs::Compared;
use crate::vector::FeatureVector;

/// Local days with a visit, each once: the first, the last four, and their number. Consecutive gaps sum to the days between their
/// ends, so their means need no list.
#[derive(Clone, Copy, Debug)]
pub(super) struct VisitDays {
    count: usize,
    first: i32,
    last: i32,
    /// By count modulo 8; four are asked for, so that the next place is free to be written to.
    lately: [i32; 8],
}

impl Default for VisitDays {
    fn default() -> Self {
        Self { count: 0, first: 0, last: i32::MIN, lately: [0; 8] }
    }
}

impl VisitDays {
    /// Takes in the day of a visit if it is later than the last: a clock set back over midnight does not make a day count twice.
    #[inline(always)]
    pub(super) fn note(&mut self, day: i32) {
        self.lately[self.count % 8] = day;
        self.first = if self.count == 0 { day } else { self.first };
        self.count += usize::from(day > self.last);
        self.last = self.last.max(day);
    }

    /// The mean of the last three gaps and of those before; `None` when there are none before.
    pub(super) fn lately(&self) -> Option<Compared<f64>> {
        let gaps_before = self.count.checked_sub(4).filter(|before| *before > 0)?;
        let (turn, last) = (self.nth_last(3), self.nth_last(0));
        Some(Compared { now: mean_gap(turn, last, 3), before: mean_gap(self.first, turn, gaps_before) })
    }

    /// The day that has `later` ones after it, at most three.
    #[inline(always)]
    fn nth_last(&self, later: usize) -> i32 {
        self.lately[(self.count + 7 - later) % 8]
    }
}

/// Sets the rows of [`Family::Engagement`](crate::schema::Family::Engagement).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let (ledger, frame, recent) = (view.ledger, view.frame, &view.recent);
    out[Id::visits_30d_count] = view.visits_30d();
    out[Id::visits_90d_count] = view.count_last(Kind::Visit);
    out[Id::views_30d_count] = view.count_last(Kind::View);
    out[Id::searches_30d_count] = view.count_last(Kind::Search);
    out[Id::carts_30d_count] = view.count_last(Kind::CartAdd);
    out[Id::open_carts_30d_count] = f64::from(recent.open_carts) * frame.recent[Kind::CartAdd as usize].scale;
    out[Id::checkouts_30d_count] = view.count_last(Kind::Checkout);
    let sent = view.count_last(Kind::MessageSent);
    out[Id::messages_sent_60d_count] = sent;
    out[Id::messages_opened_60d_share] = share(view.count_last(Kind::MessageOpen), sent);
    out[Id::messages_clicked_60d_share] = share(view.count_last(Kind::MessageClick), sent);
    out[Id::days_since_last_visit] = view.days_since(ledger.seen(Kind::Visit).last());
    out[Id::days_since_last_interaction] = view.days_since(ledger.last_interaction);
    fill_visit_gaps(&ledger.visit_days, out);
    let now = f64::from(recent.interactions_30d) * frame.interactions_30d.scale;
    let before = f64::from(recent.interactions_before) * frame.interactions_before.scale / 6.0;
    out[Id::interactions_30d_count] = now;
    out[Id::interactions_30d_change] = change(now, before);
}

/// At most 1: a message may be opened more than once, or have been sent before the window.
#[inline(always)]
fn share(answered: f64, sent: f64) -> f64 {
    let share = ratio(answered, sent);
    if share > 1.0 { 1.0 } else { share }
}

#[inline(always)]
fn fill_visit_gaps(days: &VisitDays, out: &mut FeatureVector) {
    let last = days.nth_last(0);
    if days.count >= 2 {
        out[Id::visit_gap_days_mean] = mean_gap(days.first, last, days.count - 1);
    }
    if days.count >= 7 {
        let turn = days.nth_last(3);
        out[Id::visit_gap_trend_ratio] = ratio(mean_gap(turn, last, 3), mean_gap(days.first, turn, days.count - 4));
    }
}

#[inline(always)]
fn mean_gap(from: i32, to: i32, gaps: usize) -> f64 {
    (f64::from(to) - f64::from(from)) / gaps as f64
}
