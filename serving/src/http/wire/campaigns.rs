//! What is asked and told of campaigns.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::id_schema;

/// On which side of the lot a customer is.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignmentResponse {
    /// The campaign.
    pub campaign: String,
    /// The customer.
    pub customer_id: String,
    /// `treated`, or `held_out`: left without, so that the effect can be told.
    pub side: &'static str,
    /// Share of the campaign's customers who are held out.
    pub hold_out_share: f64,
}

/// Body of `POST /v1/campaigns/{id}/exposures`.
#[derive(Debug, ToSchema)]
pub struct ExposuresRequest {
    /// Everybody who is assigned to the campaign, also who is held out, 1 to 1000.
    #[schema(min_items = 1, max_items = 1000)]
    pub exposures: Vec<ExposureRequest>,
}

/// A customer who is assigned to a campaign.
#[derive(Debug, ToSchema)]
pub struct ExposureRequest {
    /// Who.
    #[schema(schema_with = id_schema)]
    pub customer_id: String,
    /// When: RFC 3339, or a date, which is midnight in UTC; now when it is not given. Purchases from here on count.
    pub at: Option<String>,
    /// Whether the customer was in fact contacted; whoever is held out is not.
    #[schema(required = false)]
    pub contacted: bool,
    /// The code of the action of the campaign that the customer gets, which tells its cost; when it is not given, the one that the
    /// published run has for the customer, if that is of the campaign.
    pub action: Option<String>,
}

/// What was noted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExposuresResponse {
    /// Customers who were not assigned before.
    pub new: u64,
    /// Those sent who were, or stand there twice: their first time counts.
    pub known: u64,
    /// Those sent who are not noted, since they were forgotten.
    pub forgotten: u64,
    /// Of those that are noted, who is not in the published run: counted all the same, and in groups as `not known`.
    pub not_published: u64,
    /// Of those sent, who is to get the campaign.
    pub treated: u64,
    /// Of those sent, who is left without. Whoever contacts these spoils the proof.
    pub held_out: u64,
    /// What to mind: that a customer was contacted who is held out; else not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<&'static str>,
}

/// Body of `POST /v1/campaigns/{id}/outcomes`.
#[derive(Debug, ToSchema)]
pub struct OutcomesRequest {
    /// What customers bought, 1 to 1000.
    #[schema(min_items = 1, max_items = 1000)]
    pub outcomes: Vec<OutcomeRequest>,
}

/// Something that a customer bought.
#[derive(Debug, ToSchema)]
pub struct OutcomeRequest {
    /// Who.
    #[schema(schema_with = id_schema)]
    pub customer_id: String,
    /// When: RFC 3339, or a date, which is midnight in UTC. The same customer and instant is the same purchase.
    pub ts: String,
    /// For how much.
    pub amount: Option<f64>,
}

/// What was noted.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomesResponse {
    /// Purchases that were taken; those that were known before too.
    pub taken: u64,
    /// Those sent that are not taken, since their customers were forgotten.
    pub forgotten: u64,
    /// Of those taken, whose customers are not assigned to the campaign: `exposures` notes who is, and until then they count nowhere.
    pub not_assigned: u64,
}

/// What a campaign did.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignResult {
    /// The campaign.
    pub campaign: String,
    /// As people call it.
    pub name: String,
    /// Days after the assignment in which purchases count.
    pub days: u32,
    /// Customers whose days have passed: these are compared.
    pub customers: usize,
    /// Customers whose days have not, of whom nothing is told yet.
    pub waiting: u64,
    /// What was found, a sentence each, the most important first.
    pub told: Vec<String>,
    /// Both sides, differences with intervals, the look, the size that is needed, cost and return.
    #[schema(value_type = Object)]
    pub results: Json,
    /// The same for each group that was asked about, with Holm's correction over all.
    #[schema(value_type = Vec<Object>)]
    pub groups: Vec<Json>,
}
