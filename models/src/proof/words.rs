//! Results for people who know the campaign and no statistics.

use lapwing_features::parted;

use super::{Difference, Results, Rule, Verdict};

/// A share in percent, with two decimals.
fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A difference of shares in points, with its sign.
fn points(share: f64) -> String {
    format!("{:+.2}", 100.0 * share)
}

/// Money without cents from a hundred on.
fn money(amount: f64) -> String {
    parted(format_args!("{amount:.*}", if amount.abs() >= 100.0 { 0 } else { 2 }))
}

fn signed(amount: f64) -> String {
    if amount < 0.0 { money(amount) } else { format!("+{}", money(amount)) }
}

impl Results {
    /// What was found, a sentence each, the most important first; `rate` is what the share is called, as in `purchase rate`.
    #[must_use]
    pub fn told(&self, rate: &str) -> Vec<String> {
        let mut told = vec![self.verdict_in_words(rate)];
        told.extend(self.look_in_words());
        told.extend(self.rates_in_words(rate));
        if let Some(Difference { value, low, high, .. }) = self.spend {
            told.push(format!("spend a customer: {} ({} to {}) against no campaign", signed(value), signed(low), signed(high)));
        }
        told.extend(self.unknown_spend_in_words());
        told.extend(self.money_in_words());
        if let Some(needed) = self.needed {
            told.push(format!(
                "to find the wanted lift, {} customers are needed: {} with the campaign and {} without",
                parted(needed.all()),
                parted(needed.treated),
                parted(needed.held_out)
            ));
        }
        if let (Verdict::NotShown, Some(lift)) = (self.verdict, self.detectable_lift) {
            told.push(format!("so many customers show a lift of {} points or more, and may miss a smaller one", points(lift)));
        }
        if self.held_out.contacted > 0 {
            told.push(format!(
                "{} customers who were to be left alone were contacted all the same: the effect is larger than it looks",
                parted(self.held_out.contacted)
            ));
        }
        told
    }

    fn verdict_in_words(&self, rate: &str) -> String {
        match self.verdict {
            Verdict::Nothing => "nothing yet: it takes customers with the campaign and customers without, whose days are over".to_owned(),
            Verdict::Helped => format!("it worked: the {rate} is higher with the campaign, beyond chance"),
            Verdict::Harmed => format!("it did harm: the {rate} is lower with the campaign, beyond chance"),
            Verdict::NotShown => format!("not shown to work: the difference in the {rate} may be chance"),
        }
    }

    fn look_in_words(&self) -> Option<String> {
        let (planned, fraction) = (parted(self.look.planned_customers?), self.look.fraction?);
        let rule = match self.look.rule {
            Rule::OneLook => return None,
            Rule::CountedLooks => "for the looks before (Lan-DeMets, O'Brien-Fleming)",
            Rule::AnyTime => "so that they hold however often it is looked at (Lan-DeMets, O'Brien-Fleming, for any number of looks)",
        };
        Some(if self.look.is_early {
            format!("early: {:.0} % of what {planned} customers will tell is in; intervals are wider {rule}", (100.0 * fraction).floor())
        } else {
            format!("the planned {planned} customers are in; intervals are wider {rule}")
        })
    }

    fn rates_in_words(&self, rate: &str) -> Option<String> {
        let Difference { value, low, high, .. } = self.purchase_rate?;
        let (with, without) = (self.treated.purchase_rate?, self.held_out.purchase_rate?);
        let (with, without) = (percent(with), percent(without));
        let relative = self.relative_lift.map(|lift| format!(", {:+.0} % of it", 100.0 * lift)).unwrap_or_default();
        Some(format!(
            "{rate}: {with} with the campaign, {without} without: {} points ({} to {}){relative}",
            points(value),
            points(low),
            points(high)
        ))
    }

    /// Who is left out, where that is somebody: spend and return are too low then, on the side of the more of them.
    fn unknown_spend_in_words(&self) -> Option<String> {
        self.spend?;
        let (known, all) =
            ([self.treated.spend_customers, self.held_out.spend_customers], [self.treated.customers, self.held_out.customers]);
        (known != all).then(|| {
            format!(
                "spend is that of {} of {} customers with the campaign and {} of {} without: the others bought for an unknown amount, and are left out of it",
                parted(known[0]),
                parted(all[0]),
                parted(known[1]),
                parted(all[1])
            )
        })
    }

    fn money_in_words(&self) -> Option<String> {
        let found = self.money?;
        let [margin, low, high] = found.incremental_margin;
        let (margin, low, high, cost) = (money(margin), money(low), money(high), money(found.cost));
        let brought = format!("the margin that would not have come is {margin} ({low} to {high}), the cost {cost}");
        Some(match found.roi {
            Some([roi, low, high]) => {
                let verdict = if low > 0.0 {
                    "it paid"
                } else if high < 0.0 {
                    "it did not pay"
                } else {
                    "whether it paid is open"
                };
                format!("{verdict}: {brought}; beyond each 1 spent, {roi:+.2} ({low:+.2} to {high:+.2}) came back")
            }
            None => brought,
        })
    }
}
