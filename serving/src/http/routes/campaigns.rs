//! `/v1/campaigns`: who is left without, who was assigned, what came of it.

use std::collections::BTreeMap;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Shared};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lapwing_models::playbook::{Advice, Campaign};
use lapwing_models::proof::{Arm, Group, Plan, Results, Worth, by_group};
use serde::Deserialize;
use utoipa::IntoParams;

use super::customers::about;
use super::news::SPOILT;
use crate::clock;
use crate::http::app::App;
use crate::http::cell::Cell;
use crate::http::form::{Form, ID, is_id};
use crate::http::problem::Problem;
use crate::http::wire::{
    AssignmentResponse, CampaignResult, ExposuresRequest, ExposuresResponse, OutcomesRequest, OutcomesResponse, ProblemBody,
};
use crate::http::{incoming, query};
use crate::store::{Bought, Campaigned, Exposed, Exposure, Noted, Observed};

/// The members of the bodies, and of what they list.
pub(in crate::http) const EXPOSURES: &[&str] = &["exposures"];
pub(in crate::http) const EXPOSURE: &[&str] = &["customer_id", "at", "contacted", "action"];
pub(in crate::http) const OUTCOMES: &[&str] = &["outcomes"];
pub(in crate::http) const OUTCOME: &[&str] = &["customer_id", "ts", "amount"];
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
    /// The customer, as in bodies: text, or a whole number.
    #[param(required = true)]
    customer_id: Option<String>,
}

/// What the result is to tell.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// Days after the assignment in which purchases count; 30 when not given.
    #[param(value_type = Option<u32>)]
    days: Option<String>,
    /// What one purchase earns: then cost and return are told.
    #[param(value_type = Option<f64>)]
    margin: Option<String>,
    /// Of what is spent, the share that is earned, 0 to 1, where amounts are told.
    #[param(value_type = Option<f64>)]
    margin_share: Option<String>,
    /// The difference of purchase rates that is worth finding: tells how many customers that takes.
    #[param(value_type = Option<f64>)]
    wanted_lift: Option<String>,
    /// Customers that were planned. When not given, all that are assigned: before their days have passed, bounds are wider.
    #[param(value_type = Option<u64>)]
    planned_customers: Option<String>,
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
        (status = 422, description = "`customer_id` is missing, or is no id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn assignment(Shared(state): Shared<App>, id: Result<Path<String>, PathRejection>, uri: Uri) -> Result<Response, Problem> {
    let advice = state.advice();
    let campaign = campaign(&advice, id)?;
    let customer_id = query::read::<Whose>(&uri)?.customer_id.filter(|id| is_id(id));
    let customer_id = customer_id.ok_or_else(|| Problem::term("customer_id", format!("must be given, as {ID}")))?;
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
    description = "On which side each is, the service tells by itself. Sent again it changes nothing, but adds contact: an `idempotency-key` \
                   is not needed, and not looked at.",
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
    let (_, bytes) = incoming::sent(&state, request).await?;
    let advice = state.advice();
    let campaign = campaign(&advice, id)?;
    let known = |action: &Cell<'_>| {
        let Cell::Text(code) = action else { return None };
        let is_known = advice.playbook.actions().iter().any(|known| known.campaign == campaign.code && known.code == *code);
        is_known.then(|| code.clone().into_owned())
    };
    let asked = Form::read(bytes.as_deref().unwrap_or(b"{}"), EXPOSURES, |form| {
        form.list("exposures", MOST, EXPOSURE, |form| {
            let (customer_id, at) = (form.customer("customer_id"), form.instant("at"));
            let contacted = form.flag("contacted").unwrap_or(false);
            let action = form.get("action", "must be the code of an action of the campaign", known);
            Some(Exposure { customer_id: customer_id?, at: at.unwrap_or_else(clock::now), held_out: false, contacted, action })
        })
    })?;
    let drawn = |exposure: Exposure| {
        let held_out = advice.is_held_out(campaign, &exposure.customer_id).ok_or(Problem::NoHoldOutKey)?;
        Ok(Exposure { held_out, ..exposure })
    };
    let exposures: Vec<Exposure> = asked.into_iter().map(drawn).collect::<Result<_, Problem>>()?;
    let held_out = exposures.iter().filter(|exposure| exposure.held_out).count() as u64;
    let treated = exposures.len() as u64 - held_out;
    let warning = exposures.iter().any(|exposure| exposure.held_out && exposure.contacted).then_some(SPOILT);
    let by = about(&state, exposures.iter().map(|exposure| &*exposure.customer_id));
    let code = campaign.code.clone();
    let Exposed { new, known, forgotten, not_published } =
        state.desk()?.change(&state, move |desk, _| desk.store.expose(&code, &exposures)).await?;
    Ok((Extension(by), Json(ExposuresResponse { new, known, forgotten, not_published, treated, held_out, warning })).into_response())
}

/// Notes what customers of a campaign bought.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{id}/outcomes",
    summary = "Tell what customers bought, with amounts",
    description = "Purchases that a published run knows of need not be told, but for their amounts. Sent again it changes nothing: \
                   an `idempotency-key` is not needed, and not looked at.",
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
    let (_, bytes) = incoming::sent(&state, request).await?;
    let code = campaign(&state.advice(), id)?.code.clone();
    let purchases = Form::read(bytes.as_deref().unwrap_or(b"{}"), OUTCOMES, |form| {
        form.list("outcomes", MOST, OUTCOME, |form| {
            let (customer_id, at) = (form.customer("customer_id"), form.instant("ts"));
            let amount = form.get("amount", "must be a number from 0 on, below 1e12", |cell| {
                cell.number().filter(|amount| (0.0..1e12).contains(amount))
            });
            Some(Bought { customer_id: customer_id?, at: form.needed("ts", at)?, amount })
        })
    })?;
    let by = about(&state, purchases.iter().map(|bought| &*bought.customer_id));
    let Noted { taken, forgotten, not_assigned } =
        state.desk()?.change(&state, move |desk, _| desk.store.bought(&code, &purchases)).await?;
    Ok((Extension(by), Json(OutcomesResponse { taken, forgotten, not_assigned })).into_response())
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
    uri: Uri,
) -> Result<Json<CampaignResult>, Problem> {
    let desk = state.desk()?;
    let advice = state.advice();
    let campaign = campaign(&advice, id)?;
    let terms: Terms = query::read(&uri)?;
    let days = query::value("days", terms.days.as_deref(), "must be a whole number from 1 to 3650", |days| (1..=3_650).contains(days))?;
    let days = days.unwrap_or(DEFAULT_DAYS);
    let by: Vec<&str> = terms.by.as_deref().unwrap_or_default().split(',').filter(|name| !name.is_empty()).collect();
    if by.iter().any(|name| !GROUPS.contains(name)) {
        return Err(Problem::term("by", format!("must be one or more of `{}`", GROUPS.join("`, `"))));
    }
    let number = |name, text: &Option<String>| query::value(name, text.as_deref(), "must be a number", |number: &f64| number.is_finite());
    let worth = match (number("margin", &terms.margin)?, number("margin_share", &terms.margin_share)?) {
        (Some(margin), None) => Some(Worth::PerPurchase(margin)),
        (None, Some(share)) => Some(Worth::ShareOfSpend(share)),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(Problem::term("margin", "must not be given beside `margin_share`")),
    };
    let planned = query::value("planned_customers", terms.planned_customers.as_deref(), "must be a whole number", |_| true)?;
    let wanted_lift = number("wanted_lift", &terms.wanted_lift)?;
    let code = campaign.code.clone();
    let Campaigned { mut observed, waiting } = desk.work(&state, move |desk, now| desk.store.campaign(&code, days, now)).await?;
    for customer in &mut observed {
        customer.observation.contact_cost = advice.playbook.contact_cost(&campaign.code, customer.action.as_deref());
    }
    let all = observed.len() as u64 + waiting;
    let planned_customers = planned.or(Some(all).filter(|_| waiting > 0));
    let plan = Plan { planned_customers, wanted_lift, contact_cost: campaign.contact_cost, worth, ..Plan::default() };
    let margin = if terms.margin.is_some() { "margin" } else { "margin_share" };
    let member = |key: &'static str| if key == "margin" { margin } else { key };
    plan.check().map_err(|error| Problem::term(member(error.key), format!("must be {}", error.bounds)))?;
    let results = Results::of(&observed.iter().map(|customer| customer.observation).collect::<Vec<_>>(), &plan);
    let groups = grouped(&observed, &by);
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

/// The customers by the attributes that were asked about.
fn grouped(observed: &[Observed], by: &[&str]) -> Vec<Group> {
    let mut groups: BTreeMap<(&str, &str), (Arm, Arm)> = BTreeMap::new();
    for customer in observed {
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
    groups.into_iter().map(group).collect()
}

fn campaign(advice: &Advice, id: Result<Path<String>, PathRejection>) -> Result<&Campaign, Problem> {
    let found = id.ok().and_then(|Path(id)| advice.playbook.campaign(&id));
    found.ok_or(Problem::NoCampaign)
}
