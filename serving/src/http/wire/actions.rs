//! Wire types of what is to be done for a customer.

use lapwing_models::playbook::Actions;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Something to do for a customer, as the playbook has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionEntry<'a> {
    /// Its name.
    #[schema(example = "personal_discount")]
    pub code: &'a str,
    /// The campaign that it belongs to.
    #[schema(example = "winback_cant_lose")]
    pub campaign: &'a str,
    /// The same in words.
    pub text: &'a str,
    /// How to reach the customer.
    pub channel: &'a str,
    /// How soon it has to be done.
    pub within_hours: u32,
    /// Whether the customer is left without this campaign, so that its effect can be told: then do nothing. Not there when the service
    /// has no hold-out key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out: Option<bool>,
}

/// The actions of a customer, each made as it is written.
#[derive(Clone, Copy, Debug)]
pub struct ActionEntries<'a> {
    /// What to do.
    pub actions: Actions<'a>,
    /// For whom.
    pub customer_id: &'a str,
}

impl Serialize for ActionEntries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.actions.told(self.customer_id).map(|(action, held_out)| ActionEntry {
            code: &action.code,
            campaign: &action.campaign,
            text: &action.text,
            channel: &action.channel,
            within_hours: action.within_hours,
            held_out,
        }))
    }
}
