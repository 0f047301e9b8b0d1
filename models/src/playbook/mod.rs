//! What to do for whom: segment, risk band, stage and value become actions, each of a campaign whose effect can be told.
//!
//! A [`Playbook`] is read from TOML by [`Playbook::read`], which refuses what does not hold together and says on which line; the one
//! that comes along is [`Playbook::shipped`]. Choosing is a look into a table, so that scoring a customer takes no longer for it.

mod advice;
mod error;
mod read;
#[cfg(test)]
mod tests;

pub use advice::{ACTION, ACTION_WITHIN_HOURS, Actions, Advice, CAMPAIGN, HELD_OUT};
pub use error::PlaybookError;

use serde::Serialize;

use crate::lifecycle::{RiskBand, Segment, Stage, ValueTier};
use crate::score::Score;

/// The playbook that comes along, as its users may copy it.
pub const SHIPPED: &str = include_str!("ecommerce.toml");
/// What messages call it.
pub const SHIPPED_NAME: &str = "the shipped playbook";
/// Share of a campaign's customers who are left alone, where the playbook does not say.
pub const HOLD_OUT_SHARE: f64 = 0.1;
/// Most actions of a playbook, far above what people can do.
pub const MOST_ACTIONS: usize = 1_000;
/// Most hours until an action has to be done: a year.
pub const MOST_HOURS: u32 = 8_760;

/// What is done for one group of customers, and measured as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Campaign {
    /// How data and addresses name it.
    pub code: String,
    /// How people name it.
    pub name: String,
    /// Whom it is for.
    pub audience: Audience,
    /// How they are reached.
    pub channel: String,
    /// How soon after the score it has to happen.
    pub within_hours: u32,
    /// What reaching one customer costs.
    pub contact_cost: f64,
    /// Share of its customers who are left alone, 0 to 1.
    pub hold_out_share: f64,
}

/// One thing to do for a customer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// How data names it.
    pub code: String,
    /// Code of its campaign.
    pub campaign: String,
    /// For whoever does it.
    pub text: String,
    /// For whom of the campaign's customers.
    pub audience: Audience,
    /// How they are reached.
    pub channel: String,
    /// How soon after the score it has to be done.
    pub within_hours: u32,
    /// What reaching one customer costs.
    pub contact_cost: f64,
}

/// Which customers are meant; `None` is whoever it is. A customer of whom a thing is not known is meant only where it does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audience {
    /// The groups of buyers; at least one.
    pub segments: Vec<Segment>,
    /// The bands of risk.
    pub risk_bands: Option<Vec<RiskBand>>,
    /// The stages.
    pub stages: Option<Vec<Stage>>,
    /// The tiers of value.
    pub value_tiers: Option<Vec<ValueTier>>,
}

/// What of a customer decides what is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `None` for who never bought.
    pub segment: Option<Segment>,
    /// `None` where no model speaks.
    pub risk_band: Option<RiskBand>,
    /// `None` when only features were given.
    pub stage: Option<Stage>,
    /// `None` when the data has no amounts.
    pub value_tier: Option<ValueTier>,
}

impl From<&Score> for Facts {
    fn from(score: &Score) -> Self {
        let Score { segment, risk_band, stage, value_tier, .. } = *score;
        Self { segment, risk_band, stage, value_tier }
    }
}

/// Whether `wanted` asks for this, or for nothing.
fn fits<T: PartialEq>(wanted: Option<&Vec<T>>, found: Option<T>) -> bool {
    wanted.is_none_or(|wanted| found.is_some_and(|found| wanted.contains(&found)))
}

impl Audience {
    /// Whether a customer is meant.
    ///
    /// ```
    /// use lapwing_models::lifecycle::{RiskBand, Segment};
    /// use lapwing_models::playbook::{Audience, Facts};
    /// let red = Audience { segments: vec![Segment::CantLose], risk_bands: Some(vec![RiskBand::Red]), ..Audience::default() };
    /// let customer = Facts { segment: Some(Segment::CantLose), risk_band: Some(RiskBand::Red), ..Facts::default() };
    /// assert!(red.meets(customer));
    /// assert!(!red.meets(Facts { risk_band: None, ..customer }) && !red.meets(Facts { segment: None, ..customer }));
    /// ```
    #[must_use]
    pub fn meets(&self, facts: Facts) -> bool {
        facts.segment.is_some_and(|segment| self.segments.contains(&segment))
            && fits(self.risk_bands.as_ref(), facts.risk_band)
            && fits(self.stages.as_ref(), facts.stage)
            && fits(self.value_tiers.as_ref(), facts.value_tier)
    }
}

/// Campaigns, their actions, and who gets which.
#[derive(Clone, Debug, Default)]
pub struct Playbook {
    campaigns: Vec<Campaign>,
    actions: Vec<Action>,
    /// Of each action, the place of its campaign.
    campaign_of: Vec<usize>,
    /// Places of actions, cell after cell.
    chosen: Vec<usize>,
    /// Where each cell ends in `chosen`.
    ends: Vec<usize>,
}

/// Values of a thing that may not be known.
fn known_or_not<T: Copy>(all: &[T]) -> impl Iterator<Item = Option<T>> + Clone {
    all.iter().copied().map(Some).chain([None])
}

/// Place of a value among those of [`known_or_not`].
fn place<T: PartialEq>(all: &[T], value: Option<T>) -> usize {
    value.and_then(|value| all.iter().position(|known| *known == value)).unwrap_or(all.len())
}

/// Every combination of facts of a buyer, in the order of their cells.
fn cells() -> impl Iterator<Item = Facts> {
    Segment::ALL.iter().flat_map(|segment| {
        known_or_not(RiskBand::ALL).flat_map(move |risk_band| {
            known_or_not(Stage::ALL).flat_map(move |stage| {
                known_or_not(ValueTier::ALL).map(move |value_tier| Facts { segment: Some(*segment), risk_band, stage, value_tier })
            })
        })
    })
}

/// The place of a buyer's facts among all combinations; `None` for who is in no segment.
fn cell(facts: Facts) -> Option<usize> {
    let segment = place(Segment::ALL, Some(facts.segment?));
    let band = segment * (RiskBand::ALL.len() + 1) + place(RiskBand::ALL, facts.risk_band);
    let stage = band * (Stage::ALL.len() + 1) + place(Stage::ALL, facts.stage);
    Some(stage * (ValueTier::ALL.len() + 1) + place(ValueTier::ALL, facts.value_tier))
}

impl Playbook {
    /// The playbook that comes along, for a shop.
    ///
    /// ```
    /// use lapwing_models::lifecycle::{RiskBand, Segment};
    /// use lapwing_models::playbook::{Facts, Playbook};
    /// let playbook = Playbook::shipped();
    /// let customer = Facts { segment: Some(Segment::CantLose), risk_band: Some(RiskBand::Red), ..Facts::default() };
    /// let codes: Vec<&str> = playbook.actions_for(customer).map(|action| &*action.code).collect();
    /// assert_eq!(codes, ["personal_call", "personal_discount", "multichannel_retargeting"]);
    /// assert_eq!(playbook.actions_for(Facts::default()).count(), 0); // never bought
    /// ```
    #[must_use]
    pub fn shipped() -> Self {
        // A test reads it, so that nobody ever meets an empty one.
        Self::read(SHIPPED_NAME, SHIPPED).unwrap_or_default()
    }

    /// A playbook of parts that hold together; `campaign_of` has the place of each action's campaign.
    fn of(campaigns: Vec<Campaign>, actions: Vec<Action>, campaign_of: Vec<usize>) -> Self {
        let mut playbook = Self { campaigns, actions, campaign_of, chosen: Vec::new(), ends: Vec::new() };
        for facts in cells() {
            for (place, action) in playbook.actions.iter().enumerate() {
                if action.audience.meets(facts) {
                    playbook.chosen.push(place);
                }
            }
            playbook.ends.push(playbook.chosen.len());
        }
        playbook
    }

    /// The campaigns, in the order of the file.
    #[must_use]
    pub fn campaigns(&self) -> &[Campaign] {
        &self.campaigns
    }

    /// The campaign of this code.
    #[must_use]
    pub fn campaign(&self, code: &str) -> Option<&Campaign> {
        self.campaigns.iter().find(|campaign| campaign.code == code)
    }

    /// All actions, in the order of the file.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// What reaching a customer of a campaign costs, by this action of it; where that is not known, what its actions cost if all cost the
    /// same. `None` where neither says.
    ///
    /// ```
    /// use lapwing_models::playbook::Playbook;
    /// let playbook = Playbook::shipped();
    /// let cost = |action| playbook.contact_cost("winback_cant_lose", action);
    /// assert!(cost(Some("personal_call")) > cost(Some("personal_discount")));
    /// assert_eq!((cost(None), cost(Some("thanks_note"))), (None, None));
    /// ```
    #[must_use]
    pub fn contact_cost(&self, campaign: &str, action: Option<&str>) -> Option<f64> {
        let mut costs = self.actions.iter().filter(|known| known.campaign == campaign && action.is_none_or(|action| known.code == action));
        let first = costs.next()?.contact_cost;
        costs.all(|other| other.contact_cost.to_bits() == first.to_bits()).then_some(first)
    }

    /// What is to be done for a customer, the first thing first; nothing for who is in no segment.
    pub fn actions_for(&self, facts: Facts) -> impl Iterator<Item = &Action> + use<'_> {
        self.places_for(facts).iter().map(|place| &self.actions[*place])
    }

    /// Places of [`actions_for`](Self::actions_for).
    fn places_for(&self, facts: Facts) -> &[usize] {
        let Some(cell) = cell(facts).filter(|cell| *cell < self.ends.len()) else { return &[] };
        let begin = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.chosen[begin..self.ends[cell]]
    }
}
