//! The wire types: everything that a request may hold and an answer does, and the only place that says so.
//!
//! [`ScoreRequest`] and [`CustomerRequest`] only describe what is read: `body` and `customer` take such objects member by member,
//! so that what does not fit is told by its name, and a bad customer is that customer's error and nobody else's. So do the bodies of
//! alerts and campaigns, which a `form` takes.

mod actions;
mod campaigns;
mod customers;
mod models;
mod protocol;

use std::collections::BTreeMap;

use lapwing_features::{Kind, Population, Texts};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

pub use super::cell::Cell;
pub use actions::*;
pub use campaigns::*;
pub use customers::*;
pub use models::*;
pub use protocol::*;

/// Most customers in one request.
pub const MAX_CUSTOMERS: usize = 1_000;
/// Most events of one customer.
pub const MAX_EVENTS: usize = 100_000;
/// Most arrays and objects that may stand within each other in a body: ten times what any is described to have.
pub const MAX_DEPTH: usize = 64;
/// Most contributions that are told of one customer: more than features and attributes together.
pub const MAX_EXPLAIN: u32 = 1_000;
/// Contributions that are told when `explain` is not given.
pub const DEFAULT_EXPLAIN: u32 = 5;

/// Body of `POST /v1/score`.
#[derive(Debug, ToSchema)]
pub struct ScoreRequest {
    /// The cutoff: RFC 3339, or a date, which is midnight in the bundle's time zone. Only what was known before it counts.
    #[schema(example = "2011-09-06T00:00:00Z")]
    pub as_of: String,
    /// How many contributions to tell of each customer, largest first; 5 when not given.
    #[schema(maximum = 1000)]
    pub explain: Option<u32>,
    /// 1 to 1000 customers.
    #[schema(min_items = 1, max_items = 1000)]
    pub customers: Vec<CustomerRequest>,
}

/// One customer, by `events` or by `features`; in `/v1/score` by neither where the store of the service keeps its history.
#[derive(Debug, ToSchema)]
pub struct CustomerRequest {
    /// Text or a whole number; it comes back as text.
    #[schema(schema_with = id_schema)]
    pub customer_id: String,
    /// What the customer did, in any order, at most 100,000. Not beside `features`.
    #[schema(max_items = 100_000)]
    pub events: Option<Vec<EventRequest<'static>>>,
    /// Features by name, as `lapwing-train features` writes them; one left out, or null, is missing. Not beside `events`.
    pub features: Option<BTreeMap<String, Option<f64>>>,
    /// Goes with `features`. Told from `days_since_last_purchase`, or from a `purchases_count` of 0, when not given.
    #[schema(schema_with = population_schema, required = false)]
    pub population: Option<String>,
    /// Columns of the customers table by name: number, text, date as text, or truth value. Those the model does not know are ignored. Of a
    /// customer that is given by its id alone, those that were published are taken where none are given.
    #[schema(value_type = Option<Object>)]
    pub attributes: Option<BTreeMap<String, String>>,
}

fn id_schema() -> Object {
    let types = SchemaType::from_iter([Type::String, Type::Integer]);
    ObjectBuilder::new().schema_type(types).description(Some("Text or a whole number; it comes back as text.")).build()
}

fn population_schema() -> Object {
    let known = [Population::Current, Population::Lapsed, Population::Prospect].map(Population::name);
    let text = "Goes with `features`. Told from `days_since_last_purchase`, or from a `purchases_count` of 0, when not given.";
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(known)).description(Some(text)).build()
}

/// No enumeration, since other names are taken too.
fn kind_schema() -> Object {
    let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let text = format!(
        "What happened: `{}`, or a name of the fit's `[events.kinds]`. When not given it is told from the amount, or `other` when the \
         data of the fit had a column of kinds. A name that is not known counts as `other`.",
        known.join("`, `")
    );
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).description(Some(text)).examples(known).build()
}

/// One event. Members that are not listed here are ignored, as extra columns of a file are.
#[derive(Debug, Default, ToSchema)]
pub struct EventRequest<'a> {
    /// When it happened: RFC 3339, or a date or local time in the bundle's time zone.
    #[schema(value_type = String, required = true, example = "2011-04-07T10:43:00Z")]
    pub ts: Cell<'a>,
    /// What happened, as the bundle's data names it; told from the amount when not given, unless that data has a column of
    /// kinds. A name that is not known counts as `other`.
    #[schema(schema_with = kind_schema, required = false)]
    pub kind: Cell<'a>,
    /// Money, or the score of a survey; at most 1e12 either way.
    #[schema(value_type = Option<f64>, example = 636.25)]
    pub amount: Cell<'a>,
    /// Units bought.
    #[schema(value_type = Option<f64>)]
    pub quantity: Cell<'a>,
    /// Text or a whole number; lines with one order and one kind count once.
    #[schema(value_type = Option<String>)]
    pub order_id: Cell<'a>,
    /// Text or a whole number; tells the lines of an order apart where amounts do not.
    #[schema(value_type = Option<String>)]
    pub line_id: Cell<'a>,
    /// Where it happened.
    #[schema(value_type = Option<String>, example = "web")]
    pub channel: Cell<'a>,
    /// What it was about.
    #[schema(value_type = Option<String>, example = "gift")]
    pub category: Cell<'a>,
    /// When it became known, if later than `ts`; not before this instant does it count.
    #[schema(value_type = Option<String>)]
    pub known_at: Cell<'a>,
    /// How deep the deepest of the members is nested that are ignored.
    #[schema(ignore)]
    pub ignored_depth: usize,
}

/// Answer of `POST /v1/score`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScoreResponse<'a> {
    /// What scored.
    pub model: ModelName,
    /// The cutoff, in UTC.
    pub as_of: String,
    /// One entry for each customer, in the order of the request.
    pub scores: Vec<Entry<'a>>,
}

/// Which model scored, and on what a probability rests.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ModelName {
    /// Always `churn`.
    pub name: &'static str,
    /// The bundle's version.
    pub version: String,
    /// The date before which everything was learned, in UTC.
    pub fitted_as_of: String,
    /// `logistic`, `base rate` or `hiatus rule`, for each model.
    pub basis: BasisByTarget,
    /// Whether each model was better than chance on customers it had not seen.
    pub skill: SkillByTarget,
}

/// What each model's probabilities rest on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BasisByTarget {
    /// Of churn probabilities.
    pub churn: String,
    /// Of reactivation probabilities.
    pub reactivation: String,
    /// Of intent; null when the bundle has no such model.
    pub intent: Option<String>,
}

/// Which models were better than chance on customers they had not seen; `GET /v1/models` has the verdicts.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SkillByTarget {
    /// That of churn probabilities.
    pub churn: bool,
    /// That of reactivation probabilities.
    pub reactivation: bool,
    /// That of intent; null when the bundle has no such model.
    pub intent: Option<bool>,
}

/// A customer's score, or why there is none.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Entry<'a> {
    /// It was scored.
    Scored(Box<ScoreEntry<'a>>),
    /// It could not be scored.
    Refused(RefusedEntry),
}

/// A customer that was scored. Members that do not apply are null.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScoreEntry<'a> {
    /// As in the request.
    pub customer_id: &'a str,
    /// The version of the challenger, where it and not the champion scored this customer; else not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<&'a str>,
    /// `current`, `lapsed` or `prospect`.
    pub population: &'static str,
    /// Where in the relationship; null for a customer given by features.
    pub stage: Option<&'static str>,
    /// `awareness`, `consideration`, `formation`, `stability` or `decline`: the phase of the stage.
    pub phase: Option<&'static str>,
    /// Since when in that stage, in UTC; null for a customer given by features.
    #[schema(example = "2011-09-06T00:00:00Z")]
    pub stage_entered_at: Option<String>,
    /// The stage before; null where there was none.
    pub previous_stage: Option<&'static str>,
    /// Which of the eight groups of buyers.
    pub segment: Option<&'static str>,
    /// `green`, `yellow` or `red`.
    pub risk_band: Option<&'static str>,
    /// Of a current customer: the probability of no purchase within the horizon.
    pub churn_probability: Option<f64>,
    /// Its 95 % interval.
    pub churn_interval: Option<[f64; 2]>,
    /// Of a lapsed customer: the probability of a purchase within the horizon.
    pub reactivation_probability: Option<f64>,
    /// Its 95 % interval.
    pub reactivation_interval: Option<[f64; 2]>,
    /// `logistic`, `base rate` or `hiatus rule`; null where no model speaks.
    pub probability_basis: Option<&'static str>,
    /// 100 x (1 - churn probability) of a current customer.
    pub health: Option<f64>,
    /// 100 x the probability of a purchase within 7 days, of whoever was seen in the 180 days before the cutoff; null for others,
    /// and when the bundle has no such model.
    pub intent: Option<f64>,
    /// Its 95 % interval.
    pub intent_interval: Option<[f64; 2]>,
    /// Of a buyer: the number of days with a purchase that is expected in the next 365 days; null when the bundle cannot tell.
    pub expected_purchases_365d: Option<f64>,
    /// Of a buyer: what is expected to be spent in the next 365 days, not discounted; null when the bundle cannot tell.
    pub clv_365d: Option<f64>,
    /// `top`, `middle` or `low`.
    pub value_tier: Option<&'static str>,
    /// RFM scores, 1 to 5 each.
    pub rfm: Option<RfmScores>,
    /// Log-odds of the probability above.
    pub log_odds: Option<f64>,
    /// What the log-odds are when every input is usual.
    pub intercept: Option<f64>,
    /// The largest contributions; all of them and the intercept sum to the log-odds.
    pub reasons: Vec<Reason<'a>>,
    /// Why the probability is as high, or as low, as it is beside an average customer's: at most three texts for people, those
    /// of a nightly table's `reason_1` to `reason_3`, whatever `explain` says.
    #[schema(value_type = Vec<String>)]
    pub why: &'a Texts,
    /// The fifteen warning signs, always in the same order; all unknown for a customer given by features.
    pub signs: Vec<SignEntry>,
    /// What to do, the first thing first; none for a customer that never bought.
    #[schema(value_type = Vec<ActionEntry>)]
    pub actions: ActionEntries<'a>,
    /// Events at or after the cutoff, or not known by then.
    pub ignored_events: u64,
    /// Events whose kind is not known; they count as `other`.
    pub unknown_kinds: u64,
    /// Events that nothing tells the kind of; they count as `other`.
    pub without_kind: u64,
    /// Of a customer that was given by its id alone: when the last event took place that the store knows of any customer. What came
    /// later is not in the score. Else not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2011-12-10T03:00:00Z")]
    pub history_until: Option<String>,
}

/// RFM scores, 1 (worst) to 5 (best).
#[derive(Debug, Serialize, ToSchema)]
pub struct RfmScores {
    /// How lately.
    pub r: u8,
    /// How often.
    pub f: u8,
    /// How much; null when the data has no amounts.
    pub m: Option<u8>,
}

/// What one input adds to the log-odds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reason<'a> {
    /// Name of the feature or attribute.
    pub code: &'a str,
    /// Part of the log-odds.
    pub contribution: f64,
    /// The customer's value; null when missing or not a number.
    pub value: Option<f64>,
    /// The usual value.
    pub typical: Option<f64>,
    /// The same in words.
    pub text: &'a str,
}

/// A warning sign.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignEntry {
    /// Its name.
    #[schema(example = "overdue")]
    pub code: &'static str,
    /// `raised`, `clear`, or `unknown` where the data does not tell.
    pub state: &'static str,
    /// The customer's own value; null when not known.
    pub value: Option<f64>,
    /// What is normal for the customer, or for all; null when not known.
    pub normal: Option<f64>,
    /// The same in words.
    pub text: String,
}

/// A customer that could not be scored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusedEntry {
    /// As in the request; null when it cannot be read.
    pub customer_id: Option<String>,
    /// What is wrong.
    pub error: EntryError,
}

/// What is wrong with one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntryError {
    /// For programs: which rule.
    pub code: &'static str,
    /// For people: field and rule.
    pub detail: String,
    /// JSON Pointer to the field in the request.
    pub pointer: String,
}

/// Answer of the health checks.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Health {
    /// `live` or `ready`.
    pub status: &'static str,
    /// Why the last reload was refused, while older models serve on; else not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_reload: Option<RefusedReload>,
    /// True while the issuer of tokens does not give its public keys and those before are used; else not there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub stale_issuer_keys: bool,
}

/// Body of every refusal: RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// This one occurrence: bears the request's id.
    pub instance: String,
    /// The fields that are at fault.
    pub errors: Vec<FieldError>,
    /// The same as `detail`, where Open Inference Protocol clients look for it.
    pub error: String,
}

/// A field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer to it.
    pub pointer: String,
    /// The rule.
    pub detail: String,
}
