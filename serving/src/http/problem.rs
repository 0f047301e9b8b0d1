//! What goes wrong with a request as a whole, and the only mapping of it to HTTP status.
//!
//! A problem leaves its handler as an extension of an empty response; the envelope, which knows the request's id, writes the
//! body. No text here holds anything the caller sent but the names of members.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::wire::{FieldError, MAX_DEPTH, ProblemBody, RefusedReload};

/// Most fields at fault that are named.
pub(super) const MOST_ERRORS: usize = 100;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The body is no JSON; reading it stopped here.
    NotJson {
        /// The first is 1.
        line: usize,
        /// In bytes; the first is 1.
        column: usize,
    },
    /// Too many arrays and objects stand within each other.
    TooDeep,
    /// The body is no Arrow stream, for this reason.
    NotArrow(&'static str),
    /// A message of an Arrow stream is longer than this many bytes.
    LargeMessage(usize),
    /// The body is JSON of another shape.
    WrongShape(Vec<FieldError>),
    /// A term of the query breaks a rule.
    WrongTerm(FieldError),
    /// The body is longer than this many bytes.
    TooLarge(usize),
    /// The body is not said to be one of these.
    ContentType(&'static [&'static str]),
    /// The body is said to be encoded, for example compressed.
    ContentEncoding,
    /// The body did not come in time.
    BodyTimeout,
    /// The body broke off.
    BodyCut,
    /// The body broke off, or its chunks are none.
    BadChunks,
    /// As many requests are in work as are allowed.
    Overloaded,
    /// The caller asks more often than it may.
    TooOften,
    /// The request was not scored in the time that it may take.
    Deadline,
    /// The service is about to stop.
    Stopping,
    /// The caller shows no key, or none that is good.
    Unauthorized,
    /// The caller's key has not this role.
    Forbidden(&'static str),
    /// There is no such path.
    NotFound,
    /// The path does not take this method.
    Method,
    /// There is no model of this version in office.
    NoModel,
    /// Nobody scores in the shadow.
    NoShadow,
    /// The service was started without a store.
    NoStore,
    /// There is nothing in the store.
    NothingPublished,
    /// The published run has no such customer.
    NoCustomer,
    /// There is no such alert.
    NoAlert,
    /// The playbook has no such campaign.
    NoCampaign,
    /// Nobody can be told to be held out.
    NoHoldOutKey,
    /// The alert stands so, and cannot be contacted.
    AlertEnded(&'static str),
    /// Something else was sent under the key.
    KeyReused,
    /// The page is of a run that is not kept any more.
    CursorGone,
    /// Others hold the store.
    StoreBusy,
    /// The store cannot be read or written.
    StoreFailed,
    /// Other models were to take office and are not fit to.
    Reload(RefusedReload),
    /// A fault of the program.
    Fault,
}

impl Problem {
    /// A wrong shape with one field at fault.
    #[must_use]
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::WrongShape(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }

    /// A term of the query that is not what it must be; without a name the query as a whole.
    #[must_use]
    pub fn term(name: &str, detail: impl Into<String>) -> Self {
        let pointer = if name.is_empty() { String::new() } else { format!("/{name}") };
        Self::WrongTerm(FieldError { pointer, detail: detail.into() })
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotJson { .. } | Self::TooDeep | Self::NotArrow(_) | Self::BodyCut | Self::BadChunks => StatusCode::BAD_REQUEST,
            Self::NotFound
            | Self::NoModel
            | Self::NoShadow
            | Self::NoStore
            | Self::NothingPublished
            | Self::NoCustomer
            | Self::NoAlert
            | Self::NoCampaign => StatusCode::NOT_FOUND,
            Self::Reload(_) | Self::AlertEnded(_) | Self::NoHoldOutKey => StatusCode::CONFLICT,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) | Self::LargeMessage(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType(_) | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::WrongShape(_) | Self::WrongTerm(_) | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::CursorGone => StatusCode::GONE,
            Self::Overloaded | Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Deadline | Self::Stopping | Self::StoreBusy | Self::StoreFailed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The kind's name, for programs and for the count of refusals.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "not_json",
            Self::TooDeep => "too_deep",
            Self::NotArrow(_) => "not_arrow",
            Self::LargeMessage(_) => "large_message",
            Self::WrongShape(_) => "wrong_shape",
            Self::WrongTerm(_) => "wrong_term",
            Self::TooLarge(_) => "too_large",
            Self::ContentType(_) => "content_type",
            Self::ContentEncoding => "content_encoding",
            Self::BodyTimeout => "body_timeout",
            Self::BodyCut => "body_cut",
            Self::BadChunks => "bad_chunks",
            Self::Overloaded => "overloaded",
            Self::TooOften => "too_often",
            Self::Deadline => "deadline",
            Self::Stopping => "stopping",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound => "not_found",
            Self::Method => "method_not_allowed",
            Self::NoModel => "no_model",
            Self::NoShadow => "no_shadow",
            Self::NoStore => "no_store",
            Self::NothingPublished => "nothing_published",
            Self::NoCustomer => "no_customer",
            Self::NoAlert => "no_alert",
            Self::NoCampaign => "no_campaign",
            Self::NoHoldOutKey => "no_holdout_key",
            Self::AlertEnded(_) => "alert_ended",
            Self::KeyReused => "idempotency_key_reused",
            Self::CursorGone => "cursor_gone",
            Self::StoreBusy => "store_busy",
            Self::StoreFailed => "store_failed",
            Self::Reload(_) => "reload_refused",
            Self::Fault => "fault",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "the body is not JSON",
            Self::TooDeep => "the body is nested too deeply",
            Self::NotArrow(_) => "the body is not an Arrow stream",
            Self::LargeMessage(_) => "a batch of the Arrow stream is too large",
            Self::WrongShape(_) => "the body has the wrong shape",
            Self::WrongTerm(_) => "a term of the query is wrong",
            Self::TooLarge(_) => "the body is too large",
            Self::ContentType(_) => "the content type is not one that is taken",
            Self::ContentEncoding => "the body is encoded",
            Self::BodyTimeout => "the body came too slowly",
            Self::BodyCut => "the body broke off",
            Self::BadChunks => "the chunks of the body cannot be read",
            Self::Overloaded => "too many requests at once",
            Self::TooOften => "the key asks too often",
            Self::Deadline => "scoring took too long",
            Self::Stopping => "the service is stopping",
            Self::Unauthorized => "no key, or none that is good",
            Self::Forbidden(_) => "the key has not the role",
            Self::NotFound => "no such path",
            Self::Method => "the path does not take this method",
            Self::NoModel => "no such model serves",
            Self::NoShadow => "nobody scores in the shadow",
            Self::NoStore => "the service has no store",
            Self::NothingPublished => "nothing is published",
            Self::NoCustomer => "no such customer is published",
            Self::NoAlert => "no such alert",
            Self::NoCampaign => "no such campaign",
            Self::NoHoldOutKey => "the service has no hold-out key",
            Self::AlertEnded(_) => "the alert is not open",
            Self::KeyReused => "the idempotency key was sent with another request",
            Self::CursorGone => "the run of the cursor is not kept any more",
            Self::StoreBusy => "the store is busy",
            Self::StoreFailed => "the store cannot be used",
            Self::Reload(_) => "the other models are not fit to serve",
            Self::Fault => "a fault of the program",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::NotJson { line, column } => format!("send one JSON object in UTF-8; reading it stopped at line {line}, column {column}"),
            Self::TooDeep => format!("at most {MAX_DEPTH} arrays and objects may stand within each other"),
            Self::NotArrow(why) => format!("the body {why}; `pyarrow.ipc.new_stream` writes such streams"),
            Self::LargeMessage(limit) => {
                format!("at most {limit} bytes are taken in one batch, or in all dictionaries; write batches of fewer rows, such as 10000")
            }
            Self::WrongShape(errors) => match errors.as_slice() {
                [only] if only.pointer.is_empty() => format!("the body {}", only.detail),
                [only] => format!("`{}` {}", only.pointer, only.detail),
                _ => format!("fields break a rule; `errors` names up to {MOST_ERRORS} of them"),
            },
            Self::WrongTerm(wrong) if wrong.pointer.is_empty() => format!("the query {}", wrong.detail),
            Self::WrongTerm(wrong) => format!("`{}` {}, in the query", wrong.pointer.trim_start_matches('/'), wrong.detail),
            Self::TooLarge(limit) => format!("at most {limit} bytes are taken; split what you send over several requests"),
            Self::ContentType(known) => format!("send `content-type: {}`", known.join("`, or `content-type: ")),
            Self::ContentEncoding => "send the body as it is, without `content-encoding`".to_owned(),
            Self::BodyTimeout => "send the whole body at once".to_owned(),
            Self::BodyCut => "send as many bytes as `content-length` says".to_owned(),
            Self::BadChunks => "send chunks as HTTP/1.1 has them, and an empty one at the end".to_owned(),
            Self::Overloaded | Self::TooOften | Self::StoreBusy => "wait as long as `retry-after` says, then send it again".to_owned(),
            Self::Deadline => "send fewer customers at once, or wait as long as `retry-after` says and send it again".to_owned(),
            Self::Stopping => "send it again to another instance, or in a moment".to_owned(),
            Self::Unauthorized => "send `authorization: Bearer KEY`, or `x-api-key: KEY`".to_owned(),
            Self::Forbidden(role) => format!("ask whoever runs the service for a key with the role `{role}`"),
            Self::NotFound => "`/openapi.json` lists the paths".to_owned(),
            Self::Method => "the `allow` header lists the methods".to_owned(),
            Self::NoModel => "`/v1/models` lists those that do".to_owned(),
            Self::NoStore => "start the service with `--store`; `lapwing-serve publish` fills it".to_owned(),
            Self::NothingPublished => "publish scores with `lapwing-serve publish`".to_owned(),
            Self::NoCustomer => "`/v1/customers` lists those that are; a new customer is there after the next publication".to_owned(),
            Self::NoAlert => "`/v1/alerts` lists them".to_owned(),
            Self::NoCampaign => "`lapwing-serve playbook` prints the campaigns".to_owned(),
            Self::NoHoldOutKey => "start the service with `--holdout-key-file`, and with the same file each time".to_owned(),
            Self::AlertEnded(state) => format!("the alert is {state}; only an open one can be contacted"),
            Self::KeyReused => "give each request a key of its own; a retry sends the same bytes to the same address".to_owned(),
            Self::CursorGone => "begin again without `cursor`: later runs have taken the place of the one that the page was of".to_owned(),
            Self::StoreFailed => "the log of the service says why; send it again in a moment".to_owned(),
            Self::NoShadow => "enter a challenger with `lapwing-train promote --shadow`".to_owned(),
            Self::Reload(refused) => format!("{}; the models before serve on, and the log has more", refused.detail),
            Self::Fault => "this is not your fault; report it with the value of `instance`".to_owned(),
        }
    }

    /// The body for the request of this id.
    #[must_use]
    pub fn body(&self, request_id: &str) -> ProblemBody {
        let detail = self.detail();
        ProblemBody {
            kind: format!("urn:lapwing:problem:{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            instance: format!("urn:lapwing:request:{request_id}"),
            errors: match self {
                Self::WrongShape(errors) => errors.clone(),
                Self::WrongTerm(wrong) => vec![wrong.clone()],
                _ => Vec::new(),
            },
            error: detail.clone(),
            detail,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if matches!(self, Self::Overloaded | Self::TooOften | Self::Deadline | Self::StoreBusy | Self::StoreFailed) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if matches!(self, Self::TooLarge(_)) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if self == Self::Unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"lapwing\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}
