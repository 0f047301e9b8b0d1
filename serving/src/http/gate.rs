//! The gate: lets a request through to its handler when its caller may, by the one table of routes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::extract::{MatchedPath, Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lapwing_features::Timestamp;

use super::app::App;
use super::problem::Problem;
use crate::clock;
use crate::guard::{Access, Caller, Claims, KeyFile, KeyFileError, KeyRing, KeySet, ROUTES, access};

/// Whose tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The file with the issuer's public keys.
    pub jwks: PathBuf,
    /// What they must say.
    pub claims: Claims,
}

/// Who is let through.
#[derive(Debug)]
pub struct Gate {
    keys: Option<(PathBuf, ArcSwap<KeyRing>)>,
    tokens: Option<(Tokens, ArcSwap<KeySet>)>,
}

impl Gate {
    /// Lets the keys of a file through, and the tokens of an issuer.
    ///
    /// # Errors
    /// [`KeyFileError`] when they cannot be read.
    pub fn new(keys: Option<PathBuf>, tokens: Option<Tokens>) -> Result<Self, KeyFileError> {
        let read = |path: PathBuf| KeyFile::read(&path).map(|file| (path, ArcSwap::from_pointee(file.ring())));
        let tokens = tokens.map(|tokens| read_jwks(&tokens.jwks).map(|set| (tokens, ArcSwap::from_pointee(set)))).transpose()?;
        Ok(Self { keys: keys.map(read).transpose()?, tokens })
    }

    /// Reads the keys again.
    ///
    /// # Errors
    /// [`KeyFileError`]; the keys before are good still.
    pub fn reload(&self) -> Result<(), KeyFileError> {
        if let Some((path, ring)) = &self.keys {
            ring.store(Arc::new(KeyFile::read(path)?.ring()));
        }
        if let Some((tokens, set)) = &self.tokens {
            set.store(Arc::new(read_jwks(&tokens.jwks)?));
        }
        Ok(())
    }

    /// What differs once a file of keys has changed; empty while none can be read.
    #[must_use]
    pub fn mark(&self) -> Vec<u8> {
        let files = self.keys.iter().map(|(path, _)| path).chain(self.tokens.iter().map(|(tokens, _)| &tokens.jwks));
        files.flat_map(|path| std::fs::read(path).unwrap_or_default()).collect()
    }

    /// Who asks with these headers at `now`; `None` for nobody that is known.
    pub(super) fn caller(&self, headers: &HeaderMap, now: Timestamp) -> Option<Caller> {
        let shown = credential(headers);
        let by_key = self.keys.as_ref().and_then(|(_, ring)| ring.load().check(shown, now));
        let by_token = || self.tokens.as_ref().and_then(|(tokens, set)| set.load().check(shown?, &tokens.claims, now));
        by_key.or_else(by_token)
    }
}

/// Longest file of public keys, in bytes.
const MOST_JWKS: u64 = 1 << 20;

fn read_jwks(path: &Path) -> Result<KeySet, KeyFileError> {
    let failed = |why: String| KeyFileError::Jwks { path: path.to_owned(), why };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(MOST_JWKS).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    KeySet::read(&text).ok_or_else(|| failed("none of it is one, or it is longer than 1 MiB".to_owned()))
}

/// What the caller shows: the bearer of `authorization`, or else `x-api-key`.
fn credential(headers: &HeaderMap) -> Option<&str> {
    match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let (scheme, credential) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
        }
        None => headers.get("x-api-key")?.to_str().ok().map(str::trim),
    }
}

/// Lets `request` through, or answers 401, 403 or 405. Its body is not read before.
pub(super) async fn check(Shared(state): Shared<App>, mut request: Request, next: Next) -> Response {
    // A path that is not there is nobody's.
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else { return next.run(request).await };
    let Some(gate) = state.gate() else { return next.run(request).await };
    match access(request.method().as_str(), path.as_str()) {
        None => no_such_method(path.as_str()),
        Some(Access::Open) => next.run(request).await,
        Some(Access::Needs(role)) => match gate.caller(request.headers(), clock::now()) {
            None => Problem::Unauthorized.into_response(),
            Some(caller) if caller.roles.contains(&role) => {
                request.extensions_mut().insert(caller.clone());
                let mut response = next.run(request).await;
                response.extensions_mut().insert(caller);
                response
            }
            Some(caller) => {
                let mut response = Problem::Forbidden(role.name()).into_response();
                response.extensions_mut().insert(caller);
                response
            }
        },
    }
}

/// A route that the table does not have is refused, whether or not there is a handler.
fn no_such_method(path: &str) -> Response {
    let methods: Vec<&str> = ROUTES.iter().filter(|route| route.path == path).map(|route| route.method).collect();
    let mut response = Problem::Method.into_response();
    if let Ok(allow) = HeaderValue::from_str(&methods.join(",")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}
