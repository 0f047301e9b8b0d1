//! Tickets, complaints, surveys, referrals and reviews.

use super::view::View;
use crate::event::Kind;
use crate::schema::Id;
use crate::signs::SurveyPoints;
use crate::vector::FeatureVector;

/// Answers to surveys that have a score.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answers {
    count: u32,
    last: f64,
    sum_before: f64,
}

impl Answers {
    /// Takes in an answer; NaN has no score.
    #[inline(always)]
    pub(super) fn note(&mut self, points: f64) {
        if !points.is_nan() {
            *self = Self { count: self.count + 1, last: points, sum_before: self.sum_before + self.last };
        }
    }

    /// The last one and the mean of those before; `None` when nothing was ever answered.
    pub(super) fn lately(&self) -> Option<SurveyPoints> {
        let before = self.count.checked_sub(1)?;
        Some(SurveyPoints { last: self.last, before: (before > 0).then(|| self.sum_before / f64::from(before)) })
    }
}

/// Sets the rows of [`Family::Service`](crate::schema::Family::Service).
#[inline(always)]
pub(super) fn fill(view: &View<'_>, out: &mut FeatureVector) {
    let ledger = view.ledger;
    out[Id::tickets_90d_count] = view.count_last(Kind::Ticket);
    out[Id::complaints_90d_count] = view.count_last(Kind::Complaint);
    out[Id::days_since_last_ticket] = view.days_since(ledger.seen(Kind::Ticket).last().max(ledger.seen(Kind::Complaint).last()));
    let Answers { count, last, sum_before } = ledger.answers;
    if count > 0 {
        out[Id::survey_points_last] = last;
        out[Id::survey_points_mean] = (sum_before + last) / f64::from(count);
    }
    if count > 1 {
        out[Id::survey_points_change] = last - sum_before / f64::from(count - 1);
    }
    out[Id::referrals_count] = view.count_ever(Kind::Referral, ledger.seen(Kind::Referral).count as usize);
    out[Id::reviews_count] = view.count_ever(Kind::Review, ledger.seen(Kind::Review).count as usize);
}
