//! What a store says when it does not give or take something, in words that hold no secret.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};
use object_store::path::Path;
use thiserror::Error as ThisError;

use super::address::{Address, Kind, Root};
use crate::engine::error::EngineError;

/// An error of a store. Travels through `DataFusion` as the source of its errors.
#[derive(Clone, Debug, ThisError)]
#[error("{reason}")]
pub(super) struct Failure {
    /// As the user would name it, without query and credentials.
    url: String,
    reason: String,
    hint: &'static str,
    pub(super) is_missing: bool,
}

const AGAIN: &str = "check the network and the endpoint, and run it again: nothing was left half-written";

impl Failure {
    pub(super) fn new(root: &Root, key: Option<&Path>, reason: String) -> Self {
        let address = Address { root: root.clone(), key: key.cloned().unwrap_or_default() };
        Self { url: address.to_string(), reason, hint: AGAIN, is_missing: false }
    }

    /// The system gives no threads to connect with.
    pub(super) fn of_runtime(reason: &str) -> Self {
        Self { url: "..://..".to_owned(), reason: reason.to_owned(), hint: AGAIN, is_missing: false }
    }

    /// What `error` says of an object, or of the store as a whole.
    pub(super) fn of(root: &Root, key: Option<&Path>, error: &object_store::Error) -> Self {
        use object_store::Error as E;
        if let Some(failure) = chain(error).find_map(|error| error.downcast_ref::<Self>()) {
            return failure.clone();
        }
        let failure = Self::new(root, key, String::new());
        match (error, status(error)) {
            (E::NotFound { .. }, _) | (_, Some(404)) => Self { reason: "it does not exist".to_owned(), is_missing: true, ..failure },
            (E::PermissionDenied { .. } | E::Unauthenticated { .. }, _) | (_, Some(401 | 403)) => {
                Self { reason: with_code("access is denied", error), hint: credentials(root.kind), ..failure }
            }
            (E::Precondition { .. } | E::AlreadyExists { .. } | E::NotModified { .. }, _) => {
                Self { reason: "it changed meanwhile".to_owned(), hint: "run it again when nobody writes there", ..failure }
            }
            _ => {
                let (reason, hint) = explained(root.kind, error);
                Self { reason, hint, ..failure }
            }
        }
    }

    pub(super) fn with_reason(self, reason: &str, hint: &'static str) -> Self {
        Self { reason: reason.to_owned(), hint, is_missing: false, ..self }
    }

    /// On its way through what only knows errors of stores.
    pub(super) fn into_store_error(self) -> object_store::Error {
        object_store::Error::Generic { store: "lapwing", source: Box::new(self) }
    }
}

impl Failure {
    /// As the engine tells it.
    pub(super) fn told(self) -> EngineError {
        let Self { url, reason, hint, is_missing } = self;
        if is_missing { EngineError::NotFound { path: url } } else { EngineError::Store { url, reason, hint } }
    }
}

/// The failure of a store that is the root of an error, if it is one.
pub(in crate::engine) fn failure_in(error: &(dyn Error + 'static)) -> Option<EngineError> {
    chain(error).find_map(|error| error.downcast_ref::<Failure>()).map(|failure| failure.clone().told())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    // Boxed errors may name themselves as their source; more than this is a circle.
    let source = |&error: &&'a (dyn Error + 'static)| -> Option<&'a (dyn Error + 'static)> { error.source() };
    std::iter::successors(Some(error), source).take(32)
}

fn explained(kind: Kind, error: &object_store::Error) -> (String, &'static str) {
    let whole = chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
    // Without credentials the machine that it runs on is asked for them, at these addresses.
    if ["169.254.169.254", "metadata.google.internal", "169.254.170.2"].iter().any(|address| whole.contains(address)) {
        return ("there are no credentials for it".to_owned(), credentials(kind));
    }
    if whole.contains("URL scheme is not allowed") {
        return ("the endpoint has no TLS".to_owned(), "set `AWS_ALLOW_HTTP=true` if that is meant");
    }
    if whole.contains("non-partial response") || whole.contains("Range request not supported") {
        return ("the server gives no parts of a file".to_owned(), "copy the file here first");
    }
    if whole.contains("without LOCATION") {
        return ("the store is in another region".to_owned(), "set `AWS_REGION` to the region of the bucket");
    }
    if let Some(status) = status(error) {
        return (with_code(&format!("the server answered {status}"), error), AGAIN);
    }
    let kind = chain(error).filter_map(|error| error.downcast_ref::<HttpError>()).last().map(HttpError::kind);
    let reason = match kind {
        Some(HttpErrorKind::Connect) => "there is no connection".to_owned(),
        Some(HttpErrorKind::Timeout) => "there was no answer in time".to_owned(),
        Some(HttpErrorKind::Interrupted | HttpErrorKind::Request | HttpErrorKind::Decode) => "the connection was dropped".to_owned(),
        _ => innermost(error),
    };
    (reason, AGAIN)
}

/// What the server answered. Listing tells it in words only.
fn status(error: &object_store::Error) -> Option<u16> {
    error.to_string().split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse().ok())
}

/// The last words of an error, unless they could name an address with its query.
fn innermost(error: &object_store::Error) -> String {
    let last = chain(error).last().map(ToString::to_string).unwrap_or_default();
    let line: String = last.lines().next().unwrap_or_default().chars().take(120).collect();
    if line.is_empty() || line.contains("://") || line.contains('<') { "the store gave no reason".to_owned() } else { line }
}

/// S3's own word for an error, such as `NoSuchBucket`, behind `reason`.
fn with_code(reason: &str, error: &object_store::Error) -> String {
    let whole = error.to_string();
    let code = whole.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    match code.filter(|code| code.len() < 60 && code.chars().all(|c| c.is_ascii_alphanumeric())) {
        Some(code) => format!("{reason} (`{code}`)"),
        None => reason.to_owned(),
    }
}

fn credentials(kind: Kind) -> &'static str {
    match kind {
        Kind::S3 => "set `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_REGION`, or `AWS_SKIP_SIGNATURE=true` for a public bucket",
        Kind::Google => "set `GOOGLE_APPLICATION_CREDENTIALS` to the file of a service account",
        Kind::Azure => "set `AZURE_STORAGE_ACCOUNT_NAME` and `AZURE_STORAGE_ACCOUNT_KEY`",
        Kind::Http => "check that the address may be read without signing in, and that a signed one has not run out",
    }
}
