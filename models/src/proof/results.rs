//! From both sides of a campaign to what it did.

use serde::Serialize;

use super::normal::{quantile, upper};
use super::{Arm, Observation, Plan, Size, Worth, holm, newcombe, peeking, two_rates, welch, wilson};

/// One side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ArmResult {
    /// Customers who were assigned to it.
    pub customers: u64,
    /// Of these, who was contacted.
    pub contacted: u64,
    /// Of these, who bought.
    pub buyers: u64,
    /// Share who bought; `None` of nobody.
    pub purchase_rate: Option<f64>,
    /// Its interval at 1 - `alpha`, by Wilson.
    pub purchase_rate_interval: Option<[f64; 2]>,
    /// Mean spend a customer, of those of whom it is known; `None` where it is known of nobody.
    pub spend_mean: Option<f64>,
    /// Of how many it is known. The others bought, and nobody told for how much.
    pub spend_customers: u64,
}

/// Treated minus held out, with what the look allows to say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The difference found.
    pub value: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability of a difference at least as large by chance alone, at a single look.
    pub p_value: f64,
}

/// By which rule the bounds of a look are wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// All customers are in, and it is looked at once.
    OneLook,
    /// Lan and `DeMets` with O'Brien-Fleming spending, at looks that were counted.
    CountedLooks,
    /// Its limit for looks that nobody counted.
    AnyTime,
}

/// How this look stands among all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Look {
    /// The rule.
    pub rule: Rule,
    /// Customers that were planned.
    pub planned_customers: Option<u64>,
    /// The share of them that is in, at most 1.
    pub fraction: Option<f64>,
    /// Whether fewer are in than planned.
    pub is_early: bool,
    /// The bound on |z|: intervals are so many standard errors wide to either side.
    pub z: f64,
    /// The level that p-values are held against at this look.
    pub alpha: f64,
}

/// What it cost and brought.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Money {
    /// What the contacts of the treated cost.
    pub cost: f64,
    /// Margin that would not have come without the campaign.
    pub incremental_margin: [f64; 3],
    /// (incremental margin - cost) / cost: value, lower and upper end; `None` where it cost nothing.
    pub roi: Option<[f64; 3]>,
}

/// What can be said of the purchase rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A side has no customers.
    Nothing,
    /// More bought than without it, beyond chance.
    Helped,
    /// Fewer bought than without it, beyond chance.
    Harmed,
    /// It may be chance.
    NotShown,
}

/// What a campaign did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// Who was to get it.
    pub treated: ArmResult,
    /// Who was held out.
    pub held_out: ArmResult,
    /// Difference of the purchase rates; `None` when a side has no customers.
    pub purchase_rate: Option<Difference>,
    /// The same over the purchase rate of the held out; `None` when none of these bought.
    pub relative_lift: Option<f64>,
    /// Difference of the mean spend, among those of whom it is known; `None` where amounts are not known, or tell nothing.
    pub spend: Option<Difference>,
    /// How this look stands among all.
    pub look: Look,
    /// Customers that it takes to find the wanted lift, at the hold-out's purchase rate and the shares found; `None` without one.
    pub needed: Option<Size>,
    /// The least lift that so many customers show with the wanted power.
    pub detectable_lift: Option<f64>,
    /// Cost and return; `None` where nothing says what a purchase is worth.
    pub money: Option<Money>,
    /// What can be said.
    pub verdict: Verdict,
}

impl Look {
    fn of(customers: u64, plan: &Plan) -> Self {
        let once = quantile(0.5 * plan.alpha);
        let Some(planned) = plan.planned_customers else {
            return Self { rule: Rule::OneLook, planned_customers: None, fraction: None, is_early: false, z: once, alpha: plan.alpha };
        };
        let share = |customers: u64| (customers as f64 / planned as f64).min(1.0);
        let (rule, z) = match &plan.looks {
            Some(looks) => {
                let mut fractions: Vec<f64> = looks.iter().filter(|look| **look < customers).map(|look| share(*look)).collect();
                fractions.sort_by(f64::total_cmp);
                fractions.push(share(customers));
                (Rule::CountedLooks, peeking::bounds(&fractions, plan.alpha).last().copied().unwrap_or(once))
            }
            None => (Rule::AnyTime, peeking::any_time(share(customers), plan.alpha)),
        };
        let is_early = customers < planned;
        Self { rule, planned_customers: Some(planned), fraction: Some(share(customers)), is_early, z, alpha: 2.0 * upper(z) }
    }
}

impl ArmResult {
    fn of(arm: &Arm, alpha: f64) -> Self {
        let (low, high) = wilson(arm.buyers as f64, arm.customers as f64, quantile(0.5 * alpha));
        Self {
            customers: arm.customers,
            contacted: arm.contacted,
            buyers: arm.buyers,
            purchase_rate: arm.purchase_rate(),
            purchase_rate_interval: (arm.customers > 0).then_some([low, high]),
            spend_mean: arm.spend().map(super::Moments::mean),
            spend_customers: arm.spend().map_or(0, |spend| spend.count() as u64),
        }
    }
}

impl Results {
    /// What a campaign did, from everybody who was assigned to it.
    ///
    /// ```
    /// use lapwing_models::proof::{Observation, Plan, Results, Verdict};
    /// // 1,000 of 5,000 bought with the campaign, 80 of 500 without.
    /// let side = |treated, customers, buyers| (0..customers).map(move |n| Observation { treated, purchased: n < buyers, ..Observation::default() });
    /// let all: Vec<Observation> = side(true, 5_000, 1_000).chain(side(false, 500, 80)).collect();
    /// let results = Results::of(&all, &Plan::default());
    /// let difference = results.purchase_rate.unwrap();
    /// assert!((difference.value - 0.04).abs() < 1e-12 && difference.low > 0.0);
    /// assert_eq!(results.verdict, Verdict::Helped);
    /// // The same after a tenth of the plan says little yet.
    /// let early = Results::of(&all, &Plan { planned_customers: Some(55_000), ..Plan::default() });
    /// assert_eq!((early.verdict, early.look.is_early), (Verdict::NotShown, true));
    /// ```
    #[must_use]
    pub fn of(observations: &[Observation], plan: &Plan) -> Self {
        let side = |treated: bool| observations.iter().filter(|observation| observation.treated == treated).collect::<Arm>();
        Self::of_arms(&side(true), &side(false), plan)
    }

    /// The same from what was counted of both sides.
    #[must_use]
    pub fn of_arms(treated: &Arm, held_out: &Arm, plan: &Plan) -> Self {
        let look = Look::of(treated.customers + held_out.customers, plan);
        let both = treated.customers > 0 && held_out.customers > 0;
        let purchase_rate = both.then(|| {
            let (one, other) = (treated.rate(), held_out.rate());
            let (low, high) = newcombe(one, other, look.z);
            Difference { value: one.0 / one.1 - other.0 / other.1, low, high, p_value: two_rates(one, other) }
        });
        let spend = treated.spend().zip(held_out.spend()).and_then(|(one, other)| welch(one, other, look.alpha));
        let spend = spend.map(|found| Difference { value: found.difference, low: found.low, high: found.high, p_value: found.p_value });
        let base = held_out.purchase_rate().filter(|rate| *rate > 0.0);
        let size = Size { treated: treated.customers, held_out: held_out.customers };
        let share = held_out.customers as f64 / size.all() as f64;
        Self {
            treated: ArmResult::of(treated, plan.alpha),
            held_out: ArmResult::of(held_out, plan.alpha),
            purchase_rate,
            relative_lift: purchase_rate.zip(base).map(|(difference, base)| difference.value / base),
            spend,
            look,
            needed: base.zip(plan.wanted_lift).and_then(|(base, lift)| Size::needed(base, lift, share, plan.alpha, plan.power)),
            detectable_lift: base.and_then(|base| size.detectable(base, plan.alpha, plan.power)),
            money: Money::of(treated, purchase_rate, spend, plan),
            verdict: Verdict::of(purchase_rate),
        }
    }
}

impl Money {
    /// `None` where nothing says what the difference is worth.
    fn of(treated: &Arm, rate: Option<Difference>, spend: Option<Difference>, plan: &Plan) -> Option<Self> {
        let (each, worth) = match plan.worth? {
            Worth::ShareOfSpend(share) => (spend?, share),
            Worth::PerPurchase(money) => (rate?, money),
        };
        let cost = treated.cost(plan.contact_cost);
        let incremental_margin = [each.value, each.low, each.high].map(|each| each * worth * treated.customers as f64);
        let roi = (cost > 0.0).then(|| incremental_margin.map(|margin| (margin - cost) / cost));
        Some(Self { cost, incremental_margin, roi })
    }
}

impl Verdict {
    fn of(difference: Option<Difference>) -> Self {
        match difference {
            None => Self::Nothing,
            Some(difference) if difference.low > 0.0 => Self::Helped,
            Some(difference) if difference.high < 0.0 => Self::Harmed,
            Some(_) => Self::NotShown,
        }
    }
}

/// Some of a campaign's customers: those of a stage, a channel, or anything else that was known before the lot was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What they are parted by.
    pub attribute: String,
    /// Which of them.
    pub value: String,
    /// Who was to get the campaign.
    pub treated: Arm,
    /// Who was held out.
    pub held_out: Arm,
}

/// What the campaign did to a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grouped {
    /// What they are parted by.
    pub attribute: String,
    /// Which of them.
    pub value: String,
    /// What it did; its intervals are those of this group alone.
    pub results: Results,
    /// Holm's p-value of the purchase rate among all groups asked about; `None` when a side has no customers.
    pub p_value_holm: Option<f64>,
    /// Whether the effect is there beyond chance, although so many groups were asked about.
    pub is_shown: bool,
}

/// What the campaign did to each group, with Holm's correction over all of them. How early the look is, is that of the whole campaign.
#[must_use]
pub fn by_group(groups: &[Group], whole: &Results, plan: &Plan) -> Vec<Grouped> {
    // The look is the whole campaign's: a group is never planned for by itself.
    let alone = Plan { planned_customers: None, looks: None, alpha: whole.look.alpha.max(f64::MIN_POSITIVE), ..plan.clone() };
    let results: Vec<Results> = groups.iter().map(|group| Results::of_arms(&group.treated, &group.held_out, &alone)).collect();
    let p_values: Vec<f64> = results.iter().filter_map(|found| Some(found.purchase_rate?.p_value)).collect();
    let mut adjusted = holm(&p_values).into_iter();
    let grouped = groups.iter().zip(results).map(|(group, results)| {
        let p_value_holm = results.purchase_rate.and_then(|_| adjusted.next());
        Grouped {
            attribute: group.attribute.clone(),
            value: group.value.clone(),
            results: Results { look: whole.look, ..results },
            is_shown: p_value_holm.is_some_and(|p_value| p_value <= whole.look.alpha),
            p_value_holm,
        }
    });
    grouped.collect()
}
