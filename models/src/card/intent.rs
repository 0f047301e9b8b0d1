//! What the card tells of intent beyond what it tells of every model.

use crate::bundle::ModelBundle;
use crate::target::Target;

/// Whom intent is told of, and what it means; empty for a bundle without it.
pub(super) fn section(bundle: &ModelBundle) -> String {
    if bundle.reports.iter().all(|report| report.target != Target::Intent) {
        return String::new();
    }
    let windows = Target::Intent.windows(bundle.windows);
    format!(
        "\n### What intent is\n\n\
         `intent` is 100 x the chance of a purchase in the {days} days after the cutoff, for everyone who bought, visited, answered, \
         returned or complained in the {seen} days before it, whether they ever bought or not. A message that was sent shows nothing. It \
         is null for everyone else, who would mostly get the same low number.\n\n\
         It is not the churn probability read backwards: most customers who stay do not buy in any one week. Compare it with the base rate \
         of the slices above, not with 50.\n",
        days = windows.horizon_days,
        seen = Target::SEEN_DAYS,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture;

    #[test]
    fn it_says_whom_intent_is_of() {
        let mut bundle = fixture::bundle();
        assert!(bundle.card.contains("in the 7 days after the cutoff") && bundle.card.contains("in the 180 days before it"));
        bundle.reports.truncate(2);
        assert_eq!(section(&bundle), "");
    }
}
