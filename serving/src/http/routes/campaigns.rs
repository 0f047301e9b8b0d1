//! `/v1/campaigns`: who is left without, who was assigned, what came of it.

use std::collections::BTreeMap;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lapwing_models::playbook::{Advice, Campaign};
use lapwing_models::proof::{Arm, Group, Plan, Results, Worth, by_group};
use serde::Deserialize;
use utoipa::IntoParams;

use super::alerts::{instant, sent};
use super::customers::{MAX_ID, about};
use crate::clock;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::http::wire::{
    AssignmentResponse, CampaignResult, ExposuresRequest, ExposuresResponse, OutcomesRequest, OutcomesResponse, ProblemBody,
};
use crate::store::{Bought, Campaigned, Exposure};

/// Most customers of one request.
const MOST: usize = 1_000;
/// Days in which purchases count, when not given.
const DEFAULT_DAYS: u32 = 30;
/// What customers may be parted by.
const GROUPS: [&str; 3] = ["stage", "segment", "value_tier"];

/// Whose side is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    /// The customer.
    #[param(required = true)]
    customer_id: Option<String>,
}

/// What the result is to tell.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// Days after the assignment in which purchases count; 30 when not given.
    days: Option<u32>,
    /// What one purchase earns: then cost and return are told.
    margin: Option<f64>,
    /// Of what is spent, the share that is earned, 0 to 1, where amounts are told.
    margin_share: Option<f64>,
    /// The difference of purchase rates that is worth finding: tells how many customers that takes.
    wanted_lift: Option<f64>,
    /// Customers that were planned. When not given, all that are assigned: before their days have passed, bounds are wider.
    planned_customers: Option<u64>,
    /// `stage`, `segment` or `value_tier` at the assignment, several with commas: the same by group.
    by: Option<String>,
}

/// Tells on which side of the lot a customer is.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/assignment",
    summary = "Whether a customer gets a campaign, or is left without so that its effect can be told",
    description = "By a keyed hash of campaign and customer: the same answer today, tomorrow and on every machine with the same key.",
    params(("id" = String, Path, description = "The campaign, as the playbook has it"), Whose),
    responses(
        (status = 200, description = "The side", body = AssignmentResponse),
        (status = 404, description = "The playbook has no such campaign", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The service has no hold-out key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`customer_id` is missing", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn assignment(
    Shared(state): Shared<App>,
    id: Result<Path<String>, PathRejection>,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<Response, Problem> {
    let advice = state.advice();
    let campaign = campaign(&advice, id)?;
    let wrong = || Problem::term("customer_id", "must be given once, and nothing else");
    let customer_id = whose.map_err(|_| wrong())?.0.customer_id.filter(|id| !id.is_empty() && id.len() <= MAX_ID).ok_or_else(wrong)?;
    let held_out = advice.is_held_out(campaign, &customer_id).ok_or(Problem::NoHoldOutKey)?;
    let by = about(&state, [&*customer_id]);
    let side = if held_out { "held_out" } else { "treated" };
    let told = AssignmentResponse { campaign: campaign.code.clone(), customer_id, side, hold_out_share: campaign.hold_out_share };
    Ok((Extension(by), Json(told)).into_response())
}

/// Notes who is assigned to a campaign.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{id}/exposures",
    summary = "Note who is assigned to a campaign, also who is held out",
    description = "On which side each is, the service tells by itself. Sent again it changes nothing, but adds contact.",
    params(("id" = String, Path, description = "The campaign, as the playbook has it")),
    request_body = ExposuresRequest,
    responses(
        (status = 200, description = "They are noted", body = ExposuresResponse),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The playbook has no such campaign, or the service no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The service has no hold-out key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body has the wrong shape", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be written; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn exposures(
    Shared(state): Shared<App>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let asked = sent::<ExposuresRequest>(&state, request).await?.asked;
    let advice = state.advice();
    let campaign = campaign(&advice, id)?;
    let asked = asked.map(|asked| asked.exposures).filter(|all| (1..=MOST).contains(&all.len()));
    let asked = asked.ok_or_else(|| Problem::field("/exposures", format!("must be an array of 1 to {MOST} exposures")))?;
    let mut exposures = Vec::with_capacity(asked.len());
    for (place, exposure) in asked.into_iter().enumerate() {
        let at = exposure.at.as_deref().map_or(Ok(clock::now()), |at| instant(&format!("/exposures/{place}/at"), at))?;
        let customer_id = named(&format!("/exposures/{place}/customer_id"), exposure.customer_id)?;
        let held_out = advice.is_held_out(campaign, &customer_id).ok_or(Problem::NoHoldOutKey)?;
        let action = exposure.action;
        let known =
            |action: &String| advice.playbook.actions().iter().any(|known| known.campaign == campaign.code && known.code == *action);
        if !action.as_ref().is_none_or(known) {
            return Err(Problem::field(format!("/exposures/{place}/action"), "must be the code of an action of the campaign"));
        }
        exposures.push(Exposure { customer_id, at, held_out, contacted: exposure.contacted, action });
    }
    let held_out = exposures.iter().filter(|exposure| exposure.held_out).count() as u64;
    let treated = exposures.len() as u64 - held_out;
    let by = about(&state, exposures.iter().map(|exposure| &*exposure.customer_id));
    let code = campaign.code.clone();
    let new = state.desk()?.change(&state, move |desk, _| desk.store.expose(&code, &exposures)).await?;
    Ok((Extension(by), Json(ExposuresResponse { new, treated, held_out })).into_response())
}

/// Notes what customers of a campaign bought.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{id}/outcomes",
    summary = "Tell what customers bought, with amounts",
    description = "Purchases that a published run knows of need not be told, but for their amounts. Sent again it changes nothing.",
    params(("id" = String, Path, description = "The campaign, as the playbook has it")),
    request_body = OutcomesRequest,
    responses(
        (status = 200, description = "They are noted", body = OutcomesResponse),
        (status = 400, description = "The body is no JSON, or broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The playbook has no such campaign, or the service no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The content type is not JSON, or the body is encoded", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The body has the wrong shape", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be written; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn outcomes(
    Shared(state): Shared<App>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let asked = sent::<OutcomesRequest>(&state, request).await?.asked;
    campaign(&state.advice(), id)?;
    let asked = asked.map(|asked| asked.outcomes).filter(|all| (1..=MOST).contains(&all.len()));
    let asked = asked.ok_or_else(|| Problem::field("/outcomes", format!("must be an array of 1 to {MOST} purchases")))?;
    let mut purchases = Vec::with_capacity(asked.len());
    for (place, outcome) in asked.into_iter().enumerate() {
        let at = instant(&format!("/outcomes/{place}/ts"), &outcome.ts)?;
        let customer_id = named(&format!("/outcomes/{place}/customer_id"), outcome.customer_id)?;
        if outcome.amount.is_some_and(|amount| !(0.0..1e12).contains(&amount)) {
            return Err(Problem::field(format!("/outcomes/{place}/amount"), "must be a number from 0 on, below 1e12"));
        }
        purchases.push(Bought { customer_id, at, amount: outcome.amount });
    }
    let by = about(&state, purchases.iter().map(|bought| &*bought.customer_id));
    let taken = purchases.len();
    state.desk()?.change(&state, move |desk, _| desk.store.bought(&purchases)).await?;
    Ok((Extension(by), Json(OutcomesResponse { taken })).into_response())
}

/// Tells what a campaign did.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/result",
    summary = "What a campaign did: treated against held out, with intervals, cost and return",
    description = "Everybody who was assigned counts on the side of the lot, contacted or not. Who is assigned too lately is waited for; a \
                   look before all are in has wider bounds (Lan and DeMets, O'Brien-Fleming type).",
    params(("id" = String, Path, description = "The campaign, as the playbook has it"), Terms),
    responses(
        (status = 200, description = "What is known by now", body = CampaignResult),
        (status = 404, description = "The playbook has no such campaign, or the service no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A term of the query is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn result(
    Shared(state): Shared<App>,
    id: Result<Path<String>, PathRejection>,
    terms: Result<Query<Terms>, QueryRejection>,
) -> Result<Json<CampaignResult>, Problem> {
    let desk = state.desk()?;
    let advice = state.advice();
    let campaign = campaign(&advice, id)?;
    let Query(terms) = terms.map_err(|_| Problem::term("", "must have the members of `/openapi.json` alone, each once and of its type"))?;
    let days = Some(terms.days.unwrap_or(DEFAULT_DAYS)).filter(|days| (1..=3_650).contains(days));
    let days = days.ok_or_else(|| Problem::term("days", "must be a whole number from 1 to 3650"))?;
    let by: Vec<&str> = terms.by.as_deref().unwrap_or_default().split(',').filter(|name| !name.is_empty()).collect();
    if by.iter().any(|name| !GROUPS.contains(name)) {
        return Err(Problem::term("by", format!("must be one or more of `{}`", GROUPS.join("`, `"))));
    }
    let code = campaign.code.clone();
    let Campaigned { mut observed, waiting } = desk.work(&state, move |desk, now| desk.store.campaign(&code, days, now)).await?;
    for customer in &mut observed {
        customer.observation.contact_cost = advice.playbook.contact_cost(&campaign.code, customer.action.as_deref());
    }
    let worth = match (terms.margin, terms.margin_share) {
        (Some(margin), None) => Some(Worth::PerPurchase(margin)),
        (None, Some(share)) => Some(Worth::ShareOfSpend(share)),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(Problem::term("margin", "must not be given beside `margin_share`")),
    };
    let all = observed.len() as u64 + waiting;
    let planned_customers = terms.planned_customers.or(Some(all).filter(|_| waiting > 0));
    let wanted_lift = terms.wanted_lift;
    let plan = Plan { planned_customers, wanted_lift, contact_cost: campaign.contact_cost, worth, ..Plan::default() };
    let margin = if terms.margin.is_some() { "margin" } else { "margin_share" };
    let member = |key: &'static str| if key == "margin" { margin } else { key };
    plan.check().map_err(|error| Problem::term(member(error.key), format!("must be {}", error.bounds)))?;
    let results = Results::of(&observed.iter().map(|customer| customer.observation).collect::<Vec<_>>(), &plan);
    let mut groups: BTreeMap<(&str, &str), (Arm, Arm)> = BTreeMap::new();
    for customer in &observed {
        for (name, value) in GROUPS.iter().zip(&customer.groups).filter(|(name, _)| by.contains(name)) {
            let (treated, held_out) = groups.entry((name, value.as_deref().unwrap_or("not known"))).or_default();
            if customer.observation.treated { treated } else { held_out }.add(&customer.observation);
        }
    }
    let group = |((attribute, value), (treated, held_out)): ((&str, &str), (Arm, Arm))| Group {
        attribute: attribute.to_owned(),
        value: value.to_owned(),
        treated,
        held_out,
    };
    let groups: Vec<Group> = groups.into_iter().map(group).collect();
    let told = |value: serde_json::Result<serde_json::Value>| value.map_err(|_| Problem::Fault);
    let groups = by_group(&groups, &results, &plan).iter().map(|group| told(serde_json::to_value(group))).collect::<Result<_, _>>()?;
    Ok(Json(CampaignResult {
        campaign: campaign.code.clone(),
        name: campaign.name.clone(),
        days,
        customers: observed.len(),
        waiting,
        told: results.told("purchase rate"),
        results: told(serde_json::to_value(&results))?,
        groups,
    }))
}

fn campaign(advice: &Advice, id: Result<Path<String>, PathRejection>) -> Result<&Campaign, Problem> {
    let found = id.ok().and_then(|Path(id)| advice.playbook.campaign(&id));
    found.ok_or(Problem::NoCampaign)
}

fn named(pointer: &str, id: String) -> Result<String, Problem> {
    let fits = !id.is_empty() && id.len() <= MAX_ID && !id.contains('\0');
    if fits { Ok(id) } else { Err(Problem::field(pointer, format!("must be a text of 1 to {MAX_ID} bytes"))) }
}
