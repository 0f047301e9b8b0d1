//! `/v1/customers` and `/v1/summary`: what is published.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use lapwing_features::{Population, Timestamp};
use lapwing_models::lifecycle::{RiskBand, Segment, Stage, ValueTier};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::envelope::AnsweredBy;
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::http::wire::{
    CustomersResponse, ProblemBody, PublishedCustomer, PublishedRun, SummaryAlerts, SummaryGroup, SummaryResponse, SummaryTransition,
};
use crate::http::{csv, cursor, query};
use crate::store::{Cursor, Customer, CustomerFilter, HELD_OUT, Sort, Value};

/// The content type of an answer that was written before.
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Customers of a page when `limit` is not given.
const DEFAULT_LIMIT: usize = 100;
/// Most customers of a page.
const MAX_LIMIT: usize = 1_000;
/// Longest id that is looked for.
pub(super) const MAX_ID: usize = 1_024;

/// Which customers are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// `current`, `lapsed` or `prospect`.
    population: Option<String>,
    /// A stage, such as `slipping`.
    stage: Option<String>,
    /// A segment, such as `cant_lose`.
    segment: Option<String>,
    /// `green`, `yellow` or `red`.
    risk_band: Option<String>,
    /// `top`, `middle` or `low`.
    tier: Option<String>,
    /// `true` for those who are left without their campaign, `false` for all others.
    #[param(value_type = Option<bool>)]
    held_out: Option<String>,
    /// `customer_id`, or one of these, the greatest first: `at_stake`, `churn_probability`, `reactivation_probability`, `clv_365d`.
    sort: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Customers of a page, 1 to 1000; 100 when not given.
    limit: Option<String>,
}

/// Tells of a customer.
#[utoipa::path(
    get,
    path = "/v1/customers/{id}",
    summary = "The last published score of a customer",
    params(("id" = String, Path, description = "The customer")),
    responses(
        (status = 200, description = "The customer", body = PublishedCustomer),
        (status = 404, description = "No such customer is published, or the service has no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(Shared(state): Shared<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let desk = state.desk()?;
    let Path(id) = id.map_err(|_| Problem::NoCustomer)?;
    if id.len() > MAX_ID || id.contains('\0') {
        return Err(Problem::NoCustomer);
    }
    let by = state.audit().is_some().then(|| about(&state, [&*id]));
    let answer = desk.answer(&state, id, write).await?.ok_or(Problem::NoCustomer)?;
    // Made by hand: bytes that become an answer by themselves are octets at first.
    let mut response = Response::new(answer.into());
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    if let Some(by) = by {
        response.extensions_mut().insert(by);
    }
    Ok(response)
}

/// Writes the answer on a customer behind others; `None` when that fails, and then it may have begun.
pub(in crate::http) fn write(customer: &Customer, answers: &mut Vec<u8>) -> Option<()> {
    serde_json::to_writer(answers, &told(customer)).ok()
}

/// Tells of a page of customers.
#[utoipa::path(
    get,
    path = "/v1/customers",
    summary = "Pages of published scores, as JSON or, by `accept: text/csv`, as CSV",
    description = "Pages that follow each other are of one run, also when another is published meanwhile; once that run is not kept \
                   any more, the answer is 410. CSV has no attributes, bears the \
                   next cursor in the header `lapwing-next-cursor`, and holds no text that a spreadsheet would take for a formula.",
    params(Terms),
    responses(
        (status = 200, description = "A page", content((CustomersResponse = "application/json"), (String = "text/csv"))),
        (status = 404, description = "The service has no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The run that the cursor is of is not kept any more", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A term of the query is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(Shared(state): Shared<App>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let desk = state.desk()?;
    let filter = filter(query::read(&uri)?)?;
    let sorted = filter.sort.name();
    let page = desk.work(&state, move |desk, _| desk.store.customers(&filter, desk.sealer)).await?;
    let next_cursor = page.next.as_ref().and_then(|next| cursor::write(&(sorted, next.run, next.value, &next.customer_id)));
    let customers: Vec<PublishedCustomer> = page.customers.iter().map(told).collect();
    let by = about(&state, customers.iter().map(|customer| &*customer.customer_id));
    if csv::is_wanted(&headers) {
        return Ok((Extension(by), csv::answer(csv::customers(&customers), next_cursor)).into_response());
    }
    Ok((Extension(by), Json(CustomersResponse { customers, next_cursor })).into_response())
}

/// Tells of the published run.
#[utoipa::path(
    get,
    path = "/v1/summary",
    summary = "The published run at a glance: counts and value by stage and risk band, who moved, how alerts stand",
    responses(
        (status = 200, description = "The run that is read", body = SummaryResponse),
        (status = 404, description = "Nothing is published, or the service has no store", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests at once; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read; see `retry-after`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn summary(Shared(state): Shared<App>) -> Result<Json<SummaryResponse>, Problem> {
    let summary = state.desk()?.work(&state, |desk, now| desk.store.summary(now, desk.alerts)).await?;
    let summary = summary.ok_or(Problem::NothingPublished)?;
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let alerts =
        |counts: Vec<(String, String, i64)>| counts.into_iter().map(|(of, state, alerts)| SummaryAlerts { of, state, alerts }).collect();
    let group = |group: crate::store::Group| SummaryGroup {
        stage: some(group.stage),
        risk_band: some(group.risk_band),
        customers: group.customers,
        clv_365d: group.clv_365d,
        at_stake: group.at_stake,
    };
    let run = summary.run;
    Ok(Json(SummaryResponse {
        run: PublishedRun {
            run_id: run.run_id,
            as_of: run.as_of.to_string(),
            published_at: run.published_at.to_string(),
            model_version: run.model_version,
            horizon_days: run.horizon_days,
            customers: run.customers,
        },
        groups: summary.groups.into_iter().map(group).collect(),
        transitions: summary
            .moves
            .into_iter()
            .map(|moved| SummaryTransition { before: some(moved.before), after: some(moved.after), customers: moved.customers })
            .collect(),
        alerts: summary.alerts,
        alerts_by_warning: alerts(summary.alerts_by_warning),
        alerts_by_stage: alerts(summary.alerts_by_stage),
    }))
}

/// Whom an answer is about, for the audit log.
pub(super) fn about<'a>(state: &State, customers: impl IntoIterator<Item = &'a str>) -> AnsweredBy {
    let audit = state.notes().audit;
    let customers = audit.map_or(Vec::new(), |audit| customers.into_iter().map(|id| audit.customer(id)).collect());
    AnsweredBy { served: std::sync::Arc::clone(&state.lineup().champion), customers }
}

/// A number of items of a page.
pub(super) fn limit(text: Option<&str>, most: usize) -> Result<usize, Problem> {
    let rule = format!("must be a whole number from 1 to {most}");
    query::value("limit", text, &rule, |limit| (1..=most).contains(limit)).map(|limit| limit.unwrap_or(DEFAULT_LIMIT))
}

/// On which side of the lot customers are to be.
pub(super) fn held_out(text: Option<&str>) -> Result<Option<bool>, Problem> {
    query::value("held_out", text, "must be `true` or `false`", |_| true)
}

fn filter(terms: Terms) -> Result<CustomerFilter, Problem> {
    let one_of = |member: &str, text: &str, known: &[&str]| {
        if known.contains(&text) {
            return Ok(());
        }
        Err(Problem::term(member, format!("must be one of `{}`", known.join("`, `"))))
    };
    let populations = [Population::Current, Population::Lapsed, Population::Prospect].map(Population::name);
    let stages: Vec<&str> = Stage::ALL.iter().map(|stage| stage.name()).collect();
    let segments: Vec<&str> = Segment::ALL.iter().map(|segment| segment.name()).collect();
    let bands: Vec<&str> = RiskBand::ALL.iter().map(|band| band.name()).collect();
    let tiers: Vec<&str> = ValueTier::ALL.iter().map(|tier| tier.name()).collect();
    let asked = [
        ("population", "population", terms.population, &populations[..]),
        ("stage", "stage", terms.stage, &stages),
        ("segment", "segment", terms.segment, &segments),
        ("risk_band", "risk_band", terms.risk_band, &bands),
        ("tier", "value_tier", terms.tier, &tiers),
    ];
    let mut equal = Vec::new();
    for (member, column, text, known) in asked {
        if let Some(text) = text {
            one_of(member, &text, known)?;
            equal.push((column, text.into()));
        }
    }
    if let Some(held_out) = held_out(terms.held_out.as_deref())? {
        equal.push((HELD_OUT, i64::from(held_out).into()));
    }
    let sort = match &terms.sort {
        None => Sort::Id,
        Some(name) => {
            one_of("sort", name, &Sort::names())?;
            Sort::of(name).unwrap_or_default()
        }
    };
    let after = terms.cursor.as_deref().map(cursor::read::<(String, i64, Option<f64>, String)>).transpose()?;
    if after.as_ref().is_some_and(|(name, _, value, id)| name != sort.name() || value.is_some() != (sort != Sort::Id) || id.contains('\0'))
    {
        return Err(Problem::term("cursor", "must be of a page with the same `sort`"));
    }
    let after = after.map(|(_, run, value, customer_id)| Cursor { run, value, customer_id });
    Ok(CustomerFilter { equal, sort, after, limit: limit(terms.limit.as_deref(), MAX_LIMIT)? })
}

fn told(customer: &Customer) -> PublishedCustomer {
    let text = |name: &str| customer.text(name).map(str::to_owned);
    let number = |name: &str| customer.number(name);
    let whole = |name: &str| if let Value::Integer(whole) = customer.cell(name) { Some(*whole) } else { None };
    let instant = |name: &str| whole(name).map(|at| Timestamp(at).to_string());
    let interval = |low: &str, high: &str| Some([number(low)?, number(high)?]);
    let list = |name: &str| customer.text(name).unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let mut attributes: std::collections::BTreeMap<String, serde_json::Value> =
        customer.text("attributes").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    attributes.extend(customer.personal.clone());
    PublishedCustomer {
        customer_id: text("customer_id").unwrap_or_default(),
        run_id: customer.run_id.clone(),
        as_of: customer.as_of.to_string(),
        model_version: customer.model_version.clone(),
        population: text("population"),
        stage: text("stage"),
        phase: text("phase"),
        stage_entered_at: instant("stage_entered_us"),
        previous_stage: text("previous_stage"),
        segment: text("segment"),
        risk_band: text("risk_band"),
        value_tier: text("value_tier"),
        churn_probability: number("churn_probability"),
        churn_interval: interval("churn_probability_low", "churn_probability_high"),
        reactivation_probability: number("reactivation_probability"),
        reactivation_interval: interval("reactivation_probability_low", "reactivation_probability_high"),
        health: number("health"),
        intent: number("intent"),
        expected_purchases_365d: number("expected_purchases_365d"),
        clv_365d: number("clv_365d"),
        at_stake: number("at_stake"),
        rfm: [whole("rfm_r"), whole("rfm_f"), whole("rfm_m")],
        probability_basis: text("probability_basis"),
        last_purchase_at: instant("last_purchase_us"),
        reasons: ["reason_1", "reason_2", "reason_3"].into_iter().filter_map(text).collect(),
        action: text("action"),
        campaign: text("campaign"),
        action_within_hours: whole("action_within_hours"),
        held_out: whole("held_out").map(|flag| flag != 0),
        signs_raised: list("signs_raised"),
        signs_unknown: list("signs_unknown"),
        attributes,
    }
}
