//! What `insights` tells, with names and dates: `insights.json`, and what the page and the tables are made of.

use std::collections::{BTreeMap, HashMap};

use lapwing_features::engine::InputReport;
use lapwing_features::{Calendar, Token};
use lapwing_models::bundle::ModelBundle;
use lapwing_models::insight::{Attributed, Attribution, Credit, Name, Passage, RULES, Retained};
use lapwing_models::lifecycle::{Flow, NOT_SEEN, Stage, Transitions};
use serde::Serialize;

use super::{Counted, Dates, NONE};
use crate::settings;

/// What stands for purchases that nothing touched.
pub const NO_TOUCH: &str = "(no touch)";
/// What stands for all names that are too rare to be told apart.
pub const OTHERS: &str = "(others)";

/// The whole result.
#[derive(Clone, Debug, Serialize)]
pub struct Insights {
    /// Of this program.
    pub lapwing_version: &'static str,
    /// Whose rules of the lifecycle are applied.
    pub model_version: String,
    /// Zone of days and months.
    pub timezone: String,
    /// Nothing at or after it is looked at.
    pub as_of: String,
    /// The data tells who bought up to here.
    pub complete_until: String,
    /// Customers seen before that.
    pub customers: u64,
    /// By the month of the first purchase, the oldest first.
    pub retention_by_month: Vec<Cohort>,
    /// By the first channel, by name.
    pub retention_by_channel: Vec<Cohort>,
    /// From prospect to loyal.
    pub conversion: Vec<Conversion>,
    /// By channel, then by campaign where events name any.
    pub attribution: Vec<Attributions>,
    /// Of the customers in each stage a horizon ago, who bought since; `None` where the data does not go back so far.
    pub stage_conversion: Option<StageConversion>,
    /// Customers by the channel that they answer through most, the most first; those without any answer are `(none)`.
    pub channel_preference: Vec<(String, u64)>,
    /// From stage to stage.
    pub transitions: StageTransitions,
    /// What became of the rows.
    pub input: InputReport,
}

/// Customers who began together.
#[derive(Clone, Debug, Serialize)]
pub struct Cohort {
    /// The month as `2011-03`, or the channel.
    pub name: String,
    /// How many there are.
    pub customers: u64,
    /// Month after month.
    pub months: Vec<Month>,
}

/// One month of a cohort.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Month {
    /// So many months after the first purchase.
    pub months_after: u32,
    /// Customers for whom that month is over.
    pub customers: u64,
    /// Those of them who bought in it.
    pub buyers: u64,
    /// Their share; `None` while it is over for nobody.
    pub share: Option<f64>,
}

/// How many went on, and how fast.
#[derive(Clone, Debug, Serialize)]
pub struct Conversion {
    /// From where.
    pub source: &'static str,
    /// To where.
    pub target: &'static str,
    /// Customers who were on the way.
    pub entered: u64,
    /// Those who are through.
    pub reached: u64,
    /// Those who are not, or not yet.
    pub waiting: u64,
    /// Share of those who are through.
    pub share: Option<f64>,
    /// Median of the days that they took.
    pub days_median_reached: Option<f64>,
    /// Days after which half of all are through, by Kaplan and Meier; `None` where fewer are.
    pub days_median: Option<f64>,
}

/// What channels, or campaigns, are given.
#[derive(Clone, Debug, Serialize)]
pub struct Attributions {
    /// `channel` or `campaign`.
    pub by: &'static str,
    /// Longest time from a touch to the purchase that it led to.
    pub window_days: u32,
    /// All purchases, of which each rule gives each one to the rows below.
    pub purchases: f64,
    /// What they were worth.
    pub amount: f64,
    /// Journeys that ended without a purchase.
    pub failed_journeys: u64,
    /// Journeys that may still lead to one.
    pub open_journeys: u64,
    /// The most touches first, `(no touch)` last.
    pub rows: Vec<AttributionRow>,
}

/// What one of them is given.
#[derive(Clone, Debug, Serialize)]
pub struct AttributionRow {
    /// Its name.
    pub name: String,
    /// Touches.
    pub touches: u64,
    /// Purchases with it on their journeys.
    pub assisted: u64,
    /// Share of the purchases that the chain loses without it; `None` for `(no touch)`.
    pub removal_effect: Option<f64>,
    /// By each rule: purchases and amount.
    pub credits: [RuleCredit; RULES.len()],
}

/// What a rule gives.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RuleCredit {
    /// Which.
    pub rule: &'static str,
    /// Purchases.
    pub purchases: f64,
    /// What they were worth.
    pub amount: f64,
}

/// Who bought within the horizon, by the stage before.
#[derive(Clone, Debug, Serialize)]
pub struct StageConversion {
    /// When they were in the stages.
    pub from: String,
    /// The days in which a purchase counts.
    pub horizon_days: u32,
    /// Every stage.
    pub stages: Vec<StageShare>,
}

/// Of one stage.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StageShare {
    /// The stage.
    pub stage: &'static str,
    /// Customers in it.
    pub customers: u64,
    /// Who bought.
    pub buyers: u64,
    /// Their share with its 95 % interval.
    pub share: Option<(f64, f64, f64)>,
}

/// How many went from which stage to which.
#[derive(Clone, Debug, Serialize)]
pub struct StageTransitions {
    /// The first date.
    pub from: String,
    /// The second.
    pub to: String,
    /// Rows of the matrix.
    pub sources: Vec<&'static str>,
    /// Columns of the matrix.
    pub targets: Vec<&'static str>,
    /// Customers.
    pub matrix: Vec<Vec<u64>>,
    /// The rows of a Sankey diagram.
    pub flows: Vec<Flow>,
}

/// The journeys from campaign to campaign, and what these are called; none where events name none.
pub(super) type Campaigns = Option<(Attribution, HashMap<Token, String>)>;

/// Everything, from what was counted.
#[expect(clippy::too_many_arguments, reason = "it gathers what the two passes gave, and is called once")]
pub(super) fn told(
    settings: &settings::Insights,
    bundle: &ModelBundle,
    calendar: &Calendar,
    dates: Dates,
    counted: &Counted,
    names: &HashMap<Token, String>,
    campaigns: Campaigns,
    input: InputReport,
) -> Insights {
    let running = Calendar::month_of_day(dates.known.day);
    let window_days = settings.touch_window_days;
    let by_channel = attributions("channel", window_days, &counted.channels.told(), names);
    let by_campaign = campaigns.map(|(campaigns, names)| attributions("campaign", window_days, &campaigns.told(), &names));
    let mut retention_by_channel: Vec<Cohort> = counted
        .cohorts
        .by_channel(running)
        .into_iter()
        .map(|(channel, months)| Cohort {
            name: name_of(channel, names),
            customers: counted.cohorts.customers_of(channel),
            months: months.iter().map(month).collect(),
        })
        .collect();
    retention_by_channel.sort_by(|one, other| one.name.cmp(&other.name));
    Insights {
        lapwing_version: env!("CARGO_PKG_VERSION"),
        model_version: bundle.version(),
        timezone: calendar.name().to_owned(),
        as_of: dates.as_of.at.to_string(),
        complete_until: dates.known.at.to_string(),
        customers: counted.customers,
        retention_by_month: by_month(counted, running),
        retention_by_channel,
        conversion: counted.passages.told().map(conversion).to_vec(),
        attribution: [by_channel].into_iter().chain(by_campaign).collect(),
        stage_conversion: dates.judged.map(|judged| StageConversion {
            from: judged.at.to_string(),
            horizon_days: bundle.windows.horizon_days,
            stages: stages(counted),
        }),
        channel_preference: preference(counted, names),
        transitions: transitions(&counted.transitions, dates),
        input,
    }
}

/// The name of a channel; its hash where only that is known.
pub(super) fn name_of(token: Token, names: &HashMap<Token, String>) -> String {
    match names.get(&token) {
        Some(name) if !name.is_empty() => name.clone(),
        _ if token.is_some() => format!("#{}", token.to_hex()),
        _ => NONE.to_owned(),
    }
}

fn by_month(counted: &Counted, running: i32) -> Vec<Cohort> {
    let cohort = |(first, months): (i32, Vec<Retained>)| Cohort {
        name: format!("{:04}-{:02}", 1970 + first.div_euclid(12), first.rem_euclid(12) + 1),
        customers: counted.cohorts.customers_in(first),
        months: months.iter().map(month).collect(),
    };
    counted.cohorts.by_month(running).into_iter().map(cohort).collect()
}

fn month(retained: &Retained) -> Month {
    let Retained { months_after, customers, buyers } = *retained;
    Month { months_after, customers, buyers, share: retained.share() }
}

fn conversion(passage: Passage) -> Conversion {
    let (source, target) = passage.way;
    let Passage { entered, reached, waiting, days_median_reached, days_median, .. } = passage;
    Conversion { source, target, entered, reached, waiting, share: passage.share(), days_median_reached, days_median }
}

fn attributions(by: &'static str, window_days: u32, found: &Attributed, names: &HashMap<Token, String>) -> Attributions {
    let rules = |credits: [Credit; RULES.len()]| {
        let mut rules = RULES.into_iter().zip(credits);
        std::array::from_fn(|_| {
            let (rule, credit) = rules.next().unwrap_or_default();
            RuleCredit { rule, purchases: credit.purchases.value(), amount: credit.amount.value() }
        })
    };
    let mut rows: Vec<AttributionRow> = Vec::new();
    for share in &found.shares {
        rows.push(AttributionRow {
            name: match share.name {
                Name::Of(token) => name_of(token, names),
                Name::Others => OTHERS.to_owned(),
            },
            touches: share.touches,
            assisted: share.assisted,
            removal_effect: Some(share.removal_effect),
            credits: rules(share.credits),
        });
    }
    let untouched = rules([found.untouched; RULES.len()]);
    rows.push(AttributionRow { name: NO_TOUCH.to_owned(), touches: 0, assisted: 0, removal_effect: None, credits: untouched });
    Attributions {
        by,
        window_days,
        purchases: (found.touched.purchases + found.untouched.purchases).value(),
        amount: (found.touched.amount + found.untouched.amount).value(),
        failed_journeys: found.failed,
        open_journeys: found.open,
        rows,
    }
}

fn stages(counted: &Counted) -> Vec<StageShare> {
    let share = |outcome: lapwing_models::insight::StageOutcome| StageShare {
        stage: outcome.stage.name(),
        customers: outcome.customers,
        buyers: outcome.buyers,
        share: outcome.share,
    };
    counted.outcomes.told().map(share).collect()
}

fn preference(counted: &Counted, names: &HashMap<Token, String>) -> Vec<(String, u64)> {
    let known: u64 = counted.preferred.values().sum();
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for (channel, customers) in &counted.preferred {
        *all.entry(name_of(*channel, names)).or_default() += customers;
    }
    let mut all: Vec<(String, u64)> = all.into_iter().collect();
    all.sort_by_key(|(_, customers)| std::cmp::Reverse(*customers));
    all.push((NONE.to_owned(), counted.customers - known));
    all
}

fn transitions(counted: &Transitions, dates: Dates) -> StageTransitions {
    StageTransitions {
        from: dates.from.at.to_string(),
        to: dates.as_of.at.to_string(),
        sources: Transitions::sources().map(|stage| stage.map_or(NOT_SEEN, Stage::name)).collect(),
        targets: Stage::ALL.iter().map(|stage| stage.name()).collect(),
        matrix: counted.matrix(),
        flows: counted.flows(),
    }
}
