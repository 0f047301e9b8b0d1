//! Tickets, complaints, surveys, referrals and reviews.

use super::ledger::Ledger;
use super::numbers::mean;
use crate::event::Kind;
use crate::schema::Id;
use crate::vector::FeatureVector;

/// Sets the rows of [`Family::Service`](crate::schema::Family::Service).
pub(super) fn fill(ledger: &Ledger, out: &mut FeatureVector) {
    out[Id::tickets_90d_count] = ledger.count_last(Kind::Ticket, 90);
    out[Id::complaints_90d_count] = ledger.count_last(Kind::Complaint, 90);
    let asked = ledger.times(Kind::Ticket).last().max(ledger.times(Kind::Complaint).last());
    out[Id::days_since_last_ticket] = ledger.days_since(asked.copied());
    if let Some((last, before)) = ledger.survey_points.split_last() {
        out[Id::survey_points_last] = *last;
        out[Id::survey_points_mean] = mean(&ledger.survey_points);
        out[Id::survey_points_change] = last - mean(before);
    }
    out[Id::referrals_count] = ledger.count_ever(Kind::Referral, ledger.times(Kind::Referral).len());
    out[Id::reviews_count] = ledger.count_ever(Kind::Review, ledger.times(Kind::Review).len());
}
