//! What the card tells of intent beyond what it tells of every model.

use crate::bundle::ModelBundle;
use crate::report::Sample;
use crate::target::Target;

/// Whom intent is told of, what it means, and what it was learned from; empty for a bundle without it.
pub(super) fn section(bundle: &ModelBundle) -> String {
    let Some(report) = bundle.reports.iter().find(|report| report.target == Target::Intent) else { return String::new() };
    let windows = Target::Intent.windows(bundle.windows);
    let drawn = report.sample.map_or_else(String::new, |Sample { customers, of_customers, most_rows }| {
        format!(
            "\nTo have at most {most_rows} rows, {customers} of {of_customers} customers were drawn by a hash of their id and the seed, \
             each with all of its rows.\n"
        )
    });
    format!(
        "\n### What intent is\n\n\
         `intent` is 100 x the chance of a purchase in the {days} days after the cutoff, for everyone who bought, visited, answered, \
         returned or complained in the {seen} days before it, whether they ever bought or not. A message that was sent shows nothing. It \
         is null for everyone else, who would mostly get the same low number.\n\n\
         It is not the churn probability read backwards: most customers who stay do not buy in any one week. Compare it with the base rate \
         of the slices above, not with 50.\n{drawn}",
        days = windows.horizon_days,
        seen = Target::SEEN_DAYS,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture;

    #[test]
    fn it_says_whom_intent_is_of_and_who_was_drawn() {
        let mut bundle = fixture::bundle();
        assert!(bundle.card.contains("in the 7 days after the cutoff") && bundle.card.contains("in the 180 days before it"));
        assert!(!section(&bundle).contains("were drawn"));
        bundle.reports[2].sample = Some(Sample { customers: 9, of_customers: 60, most_rows: 200_000 });
        assert!(section(&bundle).contains("at most 200000 rows, 9 of 60 customers were drawn"));
        bundle.reports.truncate(2);
        assert_eq!(section(&bundle), "");
    }
}
