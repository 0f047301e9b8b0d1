//! What the card tells of expected purchases and spend.

use lapwing_features::parted;

use crate::bundle::ModelBundle;
use crate::prediction::for_people;
use crate::value::PartReport;

/// What the numbers mean, what they were learned from, and what they cannot know; empty for a bundle that never had them.
pub(super) fn section(bundle: &ModelBundle) -> String {
    let Some(report) = &bundle.value_report else { return String::new() };
    let days = bundle.shape.since().map_or(0.0, |since| bundle.as_of.days_since(since));
    let purchases = bundle.value.map(|value| value.purchases);
    let rates = purchases.map(|model| format!("r {:.4}, alpha {:.4} days, a {:.4}, b {:.4}", model.r, model.alpha, model.a, model.b));
    let spend = bundle.value.and_then(|value| value.spend);
    let worth = spend.map(|model| {
        let mean = for_people(model.mean_spend());
        format!("p {:.4}, q {:.4}, gamma {:.4}; a purchase day is worth {mean} on average", model.p, model.q, model.gamma)
    });
    format!(
        "\n## Value\n\n\
         `expected_purchases_365d` is the number of days with a purchase that are expected of a buyer in the next 365 days, \
         `clv_365d` what is expected to be spent on them, not discounted, {returns} and before costs. Both are null for who never bought.\n\n\
         - purchases, by BG/NBD: {}\n\
         - spend, by Gamma-Gamma: {}\n\n\
         They know a customer by purchase days and their mean amount only: no visits, no seasons, and no growth or decline of the shop as \
         a whole. The history that they were learned from is {days:.0} days long{short}. How they did against what then happened was not \
         measured in this fit: trust their order more than their size.\n",
        told(&report.purchases, rates),
        told(&report.spend, worth),
        returns = if bundle.value.is_some_and(|value| value.net) { "less what is given back" } else { "before returns" },
        short = if days < 365.0 { ", so that a year is further than they have ever seen" } else { "" },
    )
}

fn told(part: &PartReport, parameters: Option<String>) -> String {
    match (&part.why, parameters) {
        (Some(why), _) => format!("not told, for {why}"),
        (None, Some(parameters)) => format!("{parameters}; from {} customers", parted(part.customers)),
        (None, None) => "not told, for there is no model of purchases".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture;

    #[test]
    fn parameters_and_limits_are_told() {
        let bundle = fixture::bundle();
        for text in ["by BG/NBD: r ", "by Gamma-Gamma: p ", "; from 54 customers", "no seasons"] {
            assert!(section(&bundle).contains(text) && bundle.card.contains(text), "`{text}` is not in {}", section(&bundle));
        }
    }

    #[test]
    fn what_is_not_told_says_why() {
        let mut bundle = fixture::bundle_of(&[]);
        assert!(section(&bundle).contains("by BG/NBD: not told, for there are no customers to learn habits from\n"));
        bundle.value_report = None;
        assert_eq!(section(&bundle), "");
    }
}
