//! What every answer has in common: its request's id, the model's version, no caching, a line in the log, a place in the counts.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use axum::Json;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{MatchedPath, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::future::Either;

use super::app::App;
use super::cors;
use super::lineup::Served;
use super::problem::Problem;
use super::spans::Answered;
use super::state::State;
use super::trace::{TRACE_RESPONSE, Trace};
use crate::audit::Record;
use crate::clock;
use crate::guard::{Access, Caller, access};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MODEL_VERSION: HeaderName = HeaderName::from_static("lapwing-model-version");

/// The model that an answer is by, and about whom; where it is not noted, the champion at its end, and nobody.
#[derive(Clone, Debug)]
pub(super) struct AnsweredBy {
    /// The model.
    pub(super) served: Arc<Served>,
    /// The customers, as the audit log has them; empty where there is none.
    pub(super) customers: Vec<String>,
}

/// The id of a request, for handlers that note more than the envelope does.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) Arc<str>);

/// What browsers, and caches, are told of every answer.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// What all answers by a model of this version say, in no order, and a place for what each says of its own.
pub(super) fn head(version: &str) -> HeaderMap {
    let nothing = HeaderValue::from_static("");
    let own = [REQUEST_ID, header::CONTENT_TYPE, header::CONTENT_LENGTH].map(|name| (name, nothing.clone()));
    let version = HeaderValue::from_str(version).ok().map(|version| (MODEL_VERSION, version));
    HEADERS.into_iter().chain(own).chain(version).collect()
}

/// Wraps the handling of `request`. Logs method, route, status, time and id, and nothing that the caller sent but the id,
/// and that of its trace.
pub(super) fn wrap(Shared(state): Shared<App>, mut request: Request, next: Next) -> impl Future<Output = Response> + Send {
    let asked = Asked::of(&state, &mut request);
    // Handed on before anything is awaited, so that no copy of the request lies in the future: it would be too large for the allocator's
    // quick way, once for every request.
    let is_plain = state.gate().is_none() && !request.headers().contains_key(header::ORIGIN) && request.uri().query().is_none();
    let answering = if is_plain {
        Either::Left(next.run(request))
    } else {
        let state = Arc::clone(&state);
        Either::Right(Box::pin(async move { cors::wrap(&state, request, next).await }))
    };
    async move {
        let (response, record) = asked.answered(&state, answering.await);
        if let Some(record) = record {
            Box::pin(state.note(*record)).await;
        }
        response
    }
}

/// What is told of a request once it is answered.
struct Asked {
    begin: Instant,
    id: HeaderValue,
    trace: Option<Trace>,
    method: Method,
    path: Option<MatchedPath>,
}

impl Asked {
    /// Takes down a request that has just come, and gives it its id.
    fn of(state: &State, request: &mut Request) -> Self {
        let begin = Instant::now();
        let id = request_id(request.headers());
        if state.audit().is_some() {
            request.extensions_mut().insert(RequestId(text(&id).into()));
        }
        let path = request.extensions().get::<MatchedPath>().cloned();
        Self { begin, id, trace: Trace::of(request.headers()), method: request.method().clone(), path }
    }

    /// Tells the log, the counters and who is told of requests; gives the answer with its head, and what is noted of it.
    fn answered(self, state: &State, mut response: Response) -> (Response, Option<Box<Record>>) {
        let Self { begin, id, trace, method, path } = self;
        let id_text = text(&id);
        let route = path.as_ref().map_or("none", MatchedPath::as_str);
        let problem = response.extensions_mut().remove::<Problem>();
        let note = problem.as_ref().map(|problem| problem.code().to_owned());
        if let Some(problem) = problem {
            state.metrics().refused_request(problem.code());
            response = write_body(&problem, id_text, response);
        }
        // Models may have changed while this was in work.
        let by = response.extensions_mut().remove::<AnsweredBy>();
        let by = by.unwrap_or_else(|| AnsweredBy { served: Arc::clone(&state.lineup().champion), customers: Vec::new() });
        let caller = response.extensions_mut().remove::<Caller>().map(|caller| caller.id);
        finish_head(&mut response, id.clone(), &by.served, state.tls().is_some());

        let (status, elapsed) = (response.status().as_u16(), begin.elapsed());
        state.metrics().answered(route, status, elapsed.as_secs_f64());
        let is_told = || access(method.as_str(), route) != Some(Access::Open);
        let spanned = state.spans().filter(|_| is_told()).map(|spans| {
            let (method, problem, trace) = (known(&method), note.as_deref(), trace.as_ref());
            spans.record(&Answered { method, route, status, problem, model_version: &by.served.version, took: elapsed, trace })
        });
        if let Some(answer) = spanned.unwrap_or_else(|| trace.as_ref().and_then(Trace::answer)) {
            response.headers_mut().insert(TRACE_RESPONSE, answer);
        }
        // A line for each answer would cost as much as a small score; the counters tell of all.
        let trace_id = trace.as_ref().map(Trace::id);
        if status < 500 {
            tracing::debug!(%method, route, status, caller, ms = elapsed.as_millis(), request_id = id_text, trace_id, "answered");
        } else {
            tracing::info!(%method, route, status, caller, ms = elapsed.as_millis(), request_id = id_text, trace_id, "failed");
        }
        let is_noted = state.audit().is_some() && is_told();
        let record = is_noted.then(|| Record {
            caller,
            route: Some(format!("{method} {route}")),
            status: Some(status),
            request_id: Some(id_text.to_owned()),
            model_version: Some(by.served.version.clone()),
            customers: by.customers,
            note,
            ..Record::of("request", clock::now())
        });
        (response, record.map(Box::new))
    }
}

/// Adds what every answer says to what this one does, which goes before it.
fn finish_head(response: &mut Response, id: HeaderValue, served: &Served, is_tls: bool) {
    let length = response.body().size_hint().exact();
    let headers = response.headers_mut();
    // A copy of them is made in one go; each that is added alone is hashed, finds its place and may want more room.
    let own = std::mem::replace(headers, served.head.clone());
    if !own.contains_key(header::CONTENT_TYPE) {
        headers.remove(header::CONTENT_TYPE);
    }
    match length {
        Some(length) => drop(headers.insert(header::CONTENT_LENGTH, length.into())),
        None => drop(headers.remove(header::CONTENT_LENGTH)),
    }
    headers.extend(own);
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.insert(REQUEST_ID, id);
}

/// A method, unless it is of the caller's own making.
fn known(method: &Method) -> &str {
    if [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS].contains(method) {
        method.as_str()
    } else {
        "_OTHER"
    }
}

/// The problem's body under the head that is there, whose status and headers stay.
fn write_body(problem: &Problem, id: &str, head: Response) -> Response {
    let (mut parts, _) = head.into_parts();
    let body = Json(problem.body(id)).into_response().into_body();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(parts, body)
}

/// The caller's id when it is 1 to 128 letters, digits, `.`, `_` or `-`, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let given = headers.get(REQUEST_ID).filter(|id| (1..=128).contains(&id.len()) && id.as_bytes().iter().all(is_good));
    given.cloned().unwrap_or_else(new_id)
}

/// An id as text, which it always is.
fn text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}

/// An id that no other request of this process has, nor, but for chance, of any other process.
fn new_id() -> HeaderValue {
    static BEGIN: LazyLock<String> = LazyLock::new(|| format!("{:016x}-", RandomState::new().hash_one("lapwing")));
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut id = String::with_capacity(40);
    id.push_str(&BEGIN);
    let _ = write!(id, "{}", NEXT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::from_maybe_shared(Bytes::from(id)).unwrap_or_else(|_| HeaderValue::from_static("none"))
}
