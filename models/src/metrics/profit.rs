//! What a retention campaign brings at best.

use serde::{Deserialize, Serialize};
use statrs::function::beta::beta_reg;

use super::{rank, ties};

/// What a contact costs and brings, in money of one currency. The defaults are those of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Campaign {
    /// Cost of contacting a customer; not negative.
    pub contact_cost: f64,
    /// Cost of the incentive, which everybody takes who stays, whether they meant to leave or not; below `customer_value`.
    pub incentive_cost: f64,
    /// What a customer who is kept is worth; above 0.
    pub customer_value: f64,
    /// The share of contacted churners who accept and stay has a Beta distribution: first parameter, above 0.
    pub acceptance_alpha: f64,
    /// Second parameter, above 0.
    pub acceptance_beta: f64,
}

impl Default for Campaign {
    fn default() -> Self {
        Self { contact_cost: 1.0, incentive_cost: 10.0, customer_value: 200.0, acceptance_alpha: 6.0, acceptance_beta: 14.0 }
    }
}

/// The best that a campaign can bring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaximumProfit {
    /// Expected profit per customer scored; never negative, since nobody needs to be contacted.
    pub profit: f64,
    /// Expected share of the customers that is contacted for it.
    pub contacted: f64,
}

impl Campaign {
    /// Mean share of contacted churners who accept and stay: 0.3 by default.
    #[must_use]
    pub fn acceptance(&self) -> f64 {
        self.acceptance_alpha / (self.acceptance_alpha + self.acceptance_beta)
    }

    /// Profit of contacting some customers when `acceptance` of the churners among them accept, in the unit of the counts: give
    /// shares of all customers for a profit per customer.
    ///
    /// ```
    /// use lapwing_models::metrics::Campaign;
    /// let profit = Campaign::default().profit(100.0, 100.0, 0.3);
    /// assert_eq!(profit, 100.0 * (0.3 * 190.0 - 1.0) - 100.0 * 11.0);
    /// ```
    #[must_use]
    pub fn profit(&self, churners: f64, stayers: f64, acceptance: f64) -> f64 {
        let Self { contact_cost, incentive_cost, customer_value, .. } = *self;
        churners * (acceptance * (customer_value - incentive_cost) - contact_cost) - stayers * (incentive_cost + contact_cost)
    }

    /// Probability that the acceptance lies below `share`, and its mean over that part.
    fn below(&self, share: f64) -> (f64, f64) {
        let Self { acceptance_alpha: a, acceptance_beta: b, .. } = *self;
        let share = share.clamp(0.0, 1.0);
        (beta_reg(a, b, share), self.acceptance() * beta_reg(a + 1.0, b, share))
    }

    /// The acceptance from which on contacting these churners and stayers too pays.
    fn pays_from(&self, churners: f64, stayers: f64) -> f64 {
        let Self { contact_cost, incentive_cost, customer_value, .. } = *self;
        let cost = churners * contact_cost + stayers * (incentive_cost + contact_cost);
        if churners > 0.0 { cost / (churners * (customer_value - incentive_cost)) } else { f64::INFINITY }
    }
}

/// Expected maximum profit of contacting those with the highest probabilities of churn: for each acceptance the best share is
/// contacted, and the profit is averaged over the distribution of the acceptance. `None` for no rows.
///
/// Only the ranking counts. Shares that are not on the convex hull of the ROC curve are never best. The numbers of `campaign` must
/// be within their bounds.
///
/// Source: Verbraken, Verbeke and Baesens (2013), "A novel profit maximizing metric for measuring classification performance of
/// customer churn prediction models", there EMPC.
///
/// # Panics
/// When the lengths differ.
///
/// ```
/// use lapwing_models::metrics::{Campaign, expected_maximum_profit};
/// let labels: Vec<bool> = (0..10).map(|row| row < 3).collect();
/// let knows: Vec<f64> = labels.iter().map(|label| if *label { 0.9 } else { 0.1 }).collect();
/// let best = expected_maximum_profit(&knows, &labels, &Campaign::default()).unwrap();
/// assert!((best.contacted - 0.3).abs() < 1e-3, "all churners and nobody else");
/// assert!((best.profit - 0.3 * (0.3 * 190.0 - 1.0)).abs() < 1e-3);
/// ```
#[must_use]
pub fn expected_maximum_profit(probabilities: &[f64], labels: &[bool], campaign: &Campaign) -> Option<MaximumProfit> {
    let rows = probabilities.len() as f64;
    let hull = hull(probabilities, labels);
    let mut best = MaximumProfit { profit: 0.0, contacted: 0.0 };
    let (mut from, mut from_mean) = (0.0, 0.0);
    for (place, (churners, stayers)) in hull.iter().enumerate() {
        let next = hull.get(place + 1).map_or(1.0, |next| campaign.pays_from(next.0 - churners, next.1 - stayers).min(1.0));
        let (to, to_mean) = campaign.below(next);
        let (chance, mean) = (to - from, to_mean - from_mean);
        // The profit is linear in the acceptance, so its integral is that of its two parts.
        best.profit += (campaign.profit(*churners, *stayers, 1.0) - campaign.profit(*churners, *stayers, 0.0)) * mean
            + campaign.profit(*churners, *stayers, 0.0) * chance;
        best.contacted += (churners + stayers) * chance;
        (from, from_mean) = (to, to_mean);
    }
    (rows > 0.0).then(|| MaximumProfit { profit: best.profit / rows, contacted: best.contacted / rows })
}

/// Churners and stayers contacted at the corners of the upper convex hull of the ROC curve, from nobody to everybody.
fn hull(probabilities: &[f64], labels: &[bool]) -> Vec<(f64, f64)> {
    let rows = rank(probabilities, labels);
    let mut hull = vec![(0.0, 0.0)];
    let (mut churners, mut stayers) = (0.0, 0.0);
    for (_, positives, all) in ties(&rows).rev() {
        churners += positives;
        stayers += all - positives;
        while let [.., one, two] = hull.as_slice()
            && (two.0 - one.0) * (stayers - one.1) <= (churners - one.0) * (two.1 - one.1)
        {
            hull.pop();
        }
        hull.push((churners, stayers));
    }
    hull
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: for each acceptance the best of all shares, averaged over a fine grid of the Beta distribution.
    fn by_definition(probabilities: &[f64], labels: &[bool], campaign: &Campaign) -> f64 {
        let rows = rank(probabilities, labels);
        let steps = 20_000;
        let mut sum = 0.0;
        let mut before = 0.0;
        for step in 1..=steps {
            let acceptance = (f64::from(step) - 0.5) / f64::from(steps);
            let below = campaign.below(f64::from(step) / f64::from(steps)).0;
            let (mut churners, mut stayers, mut best) = (0.0, 0.0, 0.0_f64);
            for (_, positives, all) in ties(&rows).rev() {
                churners += positives;
                stayers += all - positives;
                best = best.max(campaign.profit(churners, stayers, acceptance));
            }
            sum += best * (below - before);
            before = below;
        }
        sum / labels.len() as f64
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn it_is_what_the_definition_says(rows in prop::collection::vec((0_u8..10, any::<bool>()), 1..30), contact_cost in 0.0..30.0_f64) {
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let probabilities: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 10.0).collect();
            let campaign = Campaign { contact_cost, ..Campaign::default() };
            let found = expected_maximum_profit(&probabilities, &labels, &campaign).unwrap();
            let expected = by_definition(&probabilities, &labels, &campaign);
            prop_assert!((found.profit - expected).abs() < 1e-3, "{} is not {}", found.profit, expected);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&found.contacted));
        }
    }

    #[test]
    fn without_churners_nobody_is_contacted() {
        let found = expected_maximum_profit(&[0.1, 0.2], &[false, false], &Campaign::default());
        assert_eq!(found, Some(MaximumProfit { profit: 0.0, contacted: 0.0 }));
        assert_eq!(expected_maximum_profit(&[], &[], &Campaign::default()), None);
    }

    #[test]
    fn a_contact_that_costs_nothing_goes_to_everybody_who_may_churn() {
        let campaign = Campaign { contact_cost: 0.0, incentive_cost: 0.0, ..Campaign::default() };
        let found = expected_maximum_profit(&[0.9, 0.1], &[true, true], &campaign).unwrap();
        assert!((found.profit - 0.3 * 200.0).abs() < 1e-9 && (found.contacted - 1.0).abs() < 1e-9, "{found:?}");
    }
}
