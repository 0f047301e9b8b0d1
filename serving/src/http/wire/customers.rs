//! What is told of published customers, and of their alerts.

use std::collections::BTreeMap;

use lapwing_models::lifecycle::Unmoved;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use crate::store::Alert;

/// A customer as the published run has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedCustomer {
    /// As the data names the customer.
    pub customer_id: String,
    /// The run that it is of.
    pub run_id: String,
    /// The cutoff of the scores.
    pub as_of: String,
    /// What scored.
    pub model_version: String,
    /// `current`, `lapsed` or `prospect`.
    pub population: Option<String>,
    /// Where in the relationship.
    pub stage: Option<String>,
    /// The stage in five phases.
    pub phase: Option<String>,
    /// Since when in that stage.
    pub stage_entered_at: Option<String>,
    /// The stage before.
    pub previous_stage: Option<String>,
    /// One of the eight groups of buyers.
    pub segment: Option<String>,
    /// `green`, `yellow` or `red`.
    pub risk_band: Option<String>,
    /// `top`, `middle` or `low`.
    pub value_tier: Option<String>,
    /// That a current customer buys nothing within the horizon.
    pub churn_probability: Option<f64>,
    /// Its interval.
    pub churn_interval: Option<[f64; 2]>,
    /// That a lapsed customer buys within the horizon.
    pub reactivation_probability: Option<f64>,
    /// Its interval.
    pub reactivation_interval: Option<[f64; 2]>,
    /// 100 x (1 - `churn_probability`).
    pub health: Option<f64>,
    /// 100 x the probability of a purchase within 7 days.
    pub intent: Option<f64>,
    /// Expected purchases of the next 365 days.
    pub expected_purchases_365d: Option<f64>,
    /// Expected spend of the next 365 days.
    pub clv_365d: Option<f64>,
    /// `churn_probability` x `clv_365d`.
    pub at_stake: Option<f64>,
    /// RFM scores from 1 to 5: recency, frequency, money.
    pub rfm: [Option<i64>; 3],
    /// What the probability is found by.
    pub probability_basis: Option<String>,
    /// When the customer bought last, before `as_of`.
    pub last_purchase_at: Option<String>,
    /// Why, in words, the weightiest first.
    pub reasons: Vec<String>,
    /// What the playbook has for the customer, by name.
    pub action: Option<String>,
    /// The campaign of that.
    pub campaign: Option<String>,
    /// How soon after `as_of` it is to be done.
    pub action_within_hours: Option<i64>,
    /// Whether the customer is left without that campaign, so that its effect can be told.
    pub held_out: Option<bool>,
    /// Warning signs that are raised.
    pub signs_raised: Vec<String>,
    /// Warning signs of which the data does not tell.
    pub signs_unknown: Vec<String>,
    /// Columns of the customers table; personal ones where the service has their key.
    #[schema(value_type = Object)]
    pub attributes: BTreeMap<String, Json>,
}

/// A page of published customers.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomersResponse {
    /// In the order that was asked for.
    pub customers: Vec<PublishedCustomer>,
    /// Send it as `cursor` for the next page; null at the end.
    pub next_cursor: Option<String>,
}

/// The published run at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryResponse {
    /// The run that is read.
    pub run: PublishedRun,
    /// Customers, and what is at stake, by stage and risk band.
    pub groups: Vec<SummaryGroup>,
    /// Who moved between stages since the run before; those who stayed too. Empty for the first run.
    pub transitions: Vec<SummaryTransition>,
    /// Alerts by how they stand; recovered ones by whether contact had been made.
    pub alerts: BTreeMap<String, i64>,
    /// Alerts by why they opened, and how they stand.
    pub alerts_by_warning: Vec<SummaryAlerts>,
    /// Alerts by the stage that their customer was in, and how they stand.
    pub alerts_by_stage: Vec<SummaryAlerts>,
}

/// A published run.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedRun {
    /// Its name.
    pub run_id: String,
    /// The cutoff of its scores.
    pub as_of: String,
    /// When it was published.
    pub published_at: String,
    /// What scored.
    pub model_version: String,
    /// Of what days `churn_probability` speaks.
    pub horizon_days: i64,
    /// Customers in it.
    pub customers: i64,
}

/// Customers of one stage and risk band.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryGroup {
    /// Null for those without.
    pub stage: Option<String>,
    /// Null for those without.
    pub risk_band: Option<String>,
    /// How many.
    pub customers: i64,
    /// What they are expected to spend in 365 days.
    pub clv_365d: f64,
    /// The sum of `churn_probability` x `clv_365d`.
    pub at_stake: f64,
}

/// Customers who were in one stage and are in another, or the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryTransition {
    /// Null for those who were not there.
    pub before: Option<String>,
    /// Null for those without.
    pub after: Option<String>,
    /// How many.
    pub customers: i64,
}

/// Alerts of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryAlerts {
    /// Which.
    pub of: String,
    /// How they stand.
    pub state: String,
    /// How many.
    pub alerts: i64,
}

/// An alert: a customer who is to be contacted before it is too late.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertBody {
    /// Its name.
    pub alert_id: String,
    /// Whom to contact.
    pub customer_id: String,
    /// `open`, `contacted`, `recovered`, `lost` or `expired`.
    pub state: String,
    /// Until when contact is to be made, or else it is `expired`.
    pub due_at: String,
    /// Until when its action is to be done: `within_hours` after `opened_at`, and never after `due_at`. Null where nothing says
    /// `within_hours`.
    pub act_by: Option<String>,
    /// When it opened.
    pub opened_at: String,
    /// When contact was made.
    pub contacted_at: Option<String>,
    /// When it ended: by a purchase when that took place, where it lies between the steps before it and when it was told.
    pub ended_at: Option<String>,
    /// What recovered the customer: `purchase` or `risk_cleared`.
    pub because: Option<String>,
    /// Whether that was after contact.
    pub with_contact: Option<bool>,
    /// The run that warned.
    pub run_id: String,
    /// The cutoff of that run's scores.
    pub as_of: String,
    /// As it opened.
    pub stage: Option<String>,
    /// As it opened.
    pub segment: Option<String>,
    /// As it opened.
    pub churn_probability: f64,
    /// As it opened.
    pub clv_365d: Option<f64>,
    /// `churn_probability` x `clv_365d` as it opened; 0 where that is not known.
    pub at_stake: f64,
    /// Why it opened: `turned_red`, `risk_rose`, `new_signs`.
    pub warnings: Vec<String>,
    /// Why the risk was what it was, in words.
    pub reasons: Vec<String>,
    /// What to do, by the playbook of the scoring.
    pub action: Option<AlertAction>,
}

/// What to do about an alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertAction {
    /// Its name.
    pub code: String,
    /// The campaign that it belongs to.
    pub campaign: Option<String>,
    /// For whoever does it; null where the service has another playbook than the scoring had, and in webhooks.
    pub text: Option<String>,
    /// How to reach the customer; null likewise.
    pub channel: Option<String>,
    /// Within how many hours of the opening it is to be done: `act_by` says until when; null likewise.
    pub within_hours: Option<u32>,
    /// Whether the customer is to be left without, so that the campaign's effect can be told.
    pub held_out: Option<bool>,
}

impl From<Alert> for AlertBody {
    /// Without what the playbook says of its action, which not everybody has at hand.
    fn from(alert: Alert) -> Self {
        let Alert { action, campaign, held_out, .. } = alert;
        let action = action.map(|code| AlertAction { code, campaign, text: None, channel: None, within_hours: None, held_out });
        Self {
            alert_id: alert.alert_id,
            customer_id: alert.customer_id,
            state: alert.state,
            due_at: alert.due_at.to_string(),
            act_by: None,
            opened_at: alert.opened_at.to_string(),
            contacted_at: alert.contacted_at.map(|at| at.to_string()),
            ended_at: alert.ended_at.map(|at| at.to_string()),
            because: alert.because,
            with_contact: alert.with_contact,
            run_id: alert.run_id,
            as_of: alert.as_of.to_string(),
            stage: alert.stage,
            segment: alert.segment,
            churn_probability: alert.churn_probability,
            clv_365d: alert.clv_365d,
            at_stake: alert.at_stake,
            warnings: alert.warnings,
            reasons: alert.reasons,
            action,
        }
    }
}

/// A page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertsResponse {
    /// The first due first, and among those the most at stake.
    pub alerts: Vec<AlertBody>,
    /// Send it as `cursor` for the next page; null at the end.
    pub next_cursor: Option<String>,
}

/// An alert and everything that happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertDetail {
    /// The alert.
    #[serde(flatten)]
    pub alert: AlertBody,
    /// In order.
    pub log: Vec<AlertLogEntry>,
}

/// What happened to an alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertLogEntry {
    /// When it took place, as contact and purchases tell; for a deadline, the deadline; else when it became known.
    pub at: String,
    /// When it was written down.
    pub recorded_at: String,
    /// `opened`, `contacted`, `calm`, `stirred`, `recovered`, `lost` or `expired`.
    pub deed: String,
    /// By whom; `lapwing` for what followed by itself.
    pub actor: String,
    /// In words.
    pub reason: Option<String>,
}

/// Body of `POST /v1/alerts/{id}/contacted`; all of it may be left out.
#[derive(Debug, ToSchema)]
pub struct ContactedRequest {
    /// When contact was made: RFC 3339, or a date, which is midnight in UTC; now when it is not given.
    #[schema(example = "2026-03-01T09:30:00Z")]
    pub at: Option<String>,
    /// By whom, for the log.
    #[schema(max_length = 200)]
    pub actor: Option<String>,
    /// How it went, for the log.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// Body of `POST /v1/alerts/{id}/events`.
#[derive(Debug, ToSchema)]
pub struct AlertEventsRequest {
    /// What became known of the customer, 1 to 100.
    #[schema(min_items = 1, max_items = 100)]
    pub events: Vec<AlertEvent>,
    /// Who says so, for the log.
    #[schema(max_length = 200)]
    pub actor: Option<String>,
}

/// What became known of a customer.
#[derive(Debug, ToSchema)]
pub struct AlertEvent {
    /// `purchase` or `contact`.
    pub kind: AlertEventKind,
    /// When: RFC 3339, or a date, which is midnight in UTC.
    #[schema(example = "2026-03-01T09:30:00Z")]
    pub ts: String,
    /// In words, for the log.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// What an event of an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AlertEventKind {
    /// The customer bought.
    Purchase,
    /// Somebody contacted the customer.
    Contact,
}

/// Answer to news of an alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertTaken {
    /// How it stands now.
    pub alert: AlertBody,
    /// Whether the news changed anything: what was told before does not.
    pub changed: bool,
    /// Why not, of several the last that changed nothing; not there where something changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<UnmovedReason>,
    /// What to mind: that a customer was contacted who is held out; else not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<&'static str>,
}

/// Why what was told changed nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmovedReason {
    /// `already_told`, `before_scoring`, `already_contacted` or `alert_ended`.
    pub code: &'static str,
    /// The same in words.
    pub text: &'static str,
}

impl From<Unmoved> for UnmovedReason {
    fn from(unmoved: Unmoved) -> Self {
        let text = match unmoved {
            Unmoved::AlreadyTold => "it was told before, and is one step of the log",
            Unmoved::BeforeScoring => {
                "it took place before `as_of`, the cutoff of the scoring that warned, so that it is no answer to the warning"
            }
            Unmoved::AlreadyContacted => "the customer had been contacted before, and the first contact counts",
            Unmoved::Ended => "the alert was over when it was told",
        };
        Self { code: unmoved.name(), text }
    }
}
