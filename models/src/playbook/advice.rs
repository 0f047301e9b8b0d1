//! A playbook and the lot beside it: what is to be done for a customer, and whether it is left undone to tell the effect.

use lapwing_features::{Column, Values};

use super::{Action, Campaign, Playbook};
use crate::holdout::HoldOutKey;
use crate::score::{self, Score};

/// Column of the score table: the code of the first action.
pub const ACTION: &str = "action";
/// Column of the score table: the code of its campaign.
pub const CAMPAIGN: &str = "campaign";
/// Column of the score table: how soon it has to be done.
pub const ACTION_WITHIN_HOURS: &str = "action_within_hours";
/// Column of the score table, where there is a key: whether the customer is left without that campaign.
pub const HELD_OUT: &str = "held_out";

/// What is advised, and by which key customers are left without.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What to do for whom.
    pub playbook: Playbook,
    /// What customers are drawn by who are left alone; `None` tells of nobody.
    pub key: Option<HoldOutKey>,
}

impl Default for Advice {
    /// The shipped playbook, without a key.
    fn default() -> Self {
        Self { playbook: Playbook::shipped(), key: None }
    }
}

/// The actions for one customer; iterating takes no memory.
#[derive(Clone, Copy, Debug)]
pub struct Actions<'a> {
    advice: Option<&'a Advice>,
    places: &'a [usize],
}

impl<'a> Actions<'a> {
    /// No action.
    pub const NONE: Self = Self { advice: None, places: &[] };

    /// The actions, the first thing to do first, each with whether `customer_id` is left without; `None` where there is no key.
    pub fn told(&self, customer_id: &'a str) -> impl Iterator<Item = (&'a Action, Option<bool>)> + use<'a> {
        let places = self.places;
        self.advice.into_iter().flat_map(move |advice| {
            let action = move |place: &usize| {
                let campaign = &advice.playbook.campaigns[advice.playbook.campaign_of[*place]];
                (&advice.playbook.actions[*place], advice.is_held_out(campaign, customer_id))
            };
            places.iter().map(action)
        })
    }
}

impl Advice {
    /// What is to be done for a customer.
    ///
    /// ```
    /// use lapwing_models::playbook::{Actions, Advice};
    /// assert_eq!(Actions::NONE.told("12347").count(), 0);
    /// assert!(Advice::default().playbook.campaign("winback_cant_lose").is_some());
    /// ```
    #[must_use]
    pub fn actions(&self, score: &Score) -> Actions<'_> {
        Actions { advice: Some(self), places: self.playbook.places_for(score.into()) }
    }

    /// Whether a customer is left without a campaign; `None` where there is no key to tell by.
    #[must_use]
    pub fn is_held_out(&self, campaign: &Campaign, customer_id: &str) -> Option<bool> {
        self.key.as_ref().map(|key| key.is_held_out(&campaign.code, customer_id, campaign.hold_out_share))
    }

    /// The [score table](score::columns) with what is advised, before `model_version`, which stays the last.
    #[must_use]
    pub fn table(&self, scores: &[Score]) -> Vec<Column> {
        let advised = self.columns(scores);
        let mut table = score::columns(scores);
        let version = table.pop();
        table.extend(advised);
        table.extend(version);
        table
    }

    /// The columns that a score table has of it: `action`, `campaign` and `action_within_hours` of the first action, null where there
    /// is none; and where there is a key, `held_out`: whether the customer is left without that campaign.
    #[must_use]
    pub fn columns(&self, scores: &[Score]) -> Vec<Column> {
        let first: Vec<_> = scores.iter().map(|score| self.actions(score).told(&score.customer_id).next()).collect();
        let text = |of: fn(&Action) -> &str| Values::Written(first.iter().map(|told| told.map(|(action, _)| of(action))).collect());
        let hours = first.iter().map(|told| told.map(|(action, _)| action.within_hours.into())).collect();
        let mut columns = vec![
            Column::new(ACTION, text(|action| &action.code)),
            Column::new(CAMPAIGN, text(|action| &action.campaign)),
            Column::new(ACTION_WITHIN_HOURS, Values::Integer(hours)),
        ];
        if self.key.is_some() {
            columns.push(Column::new(HELD_OUT, Values::Flag(first.iter().map(|told| told.and_then(|(_, held_out)| held_out)).collect())));
        }
        columns
    }
}
