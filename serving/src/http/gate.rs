//! The gate: lets a request through to its handler when its caller may, by the one table of routes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lapwing_features::Timestamp;

use super::client::Address;
use super::issuer::{self, Issuer, Jwks};
use super::problem::Problem;
use super::state::State;
use super::{incoming, query};
use crate::clock;
use crate::guard::{Access, Caller, Claims, KeyFile, KeyFileError, KeyRing, KeySet, ROUTES, Rates, access};

/// Whose tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Where the issuer's public keys are.
    pub jwks: Jwks,
    /// What they must say.
    pub claims: Claims,
}

/// Who is let through.
#[derive(Debug)]
pub struct Gate {
    keys: Option<(PathBuf, ArcSwap<KeyRing>)>,
    pub(super) tokens: Option<(Claims, Signers)>,
    /// How often each may ask, and since when that is counted.
    rates: Option<(Rates, Instant)>,
}

/// Who signs tokens.
#[derive(Debug)]
pub(super) enum Signers {
    /// By the keys of a file.
    File(PathBuf, ArcSwap<KeySet>),
    /// By keys that are fetched.
    Issuer(Issuer),
}

impl Signers {
    fn new(jwks: Jwks) -> Result<Self, KeyFileError> {
        match jwks {
            Jwks::File(path) => read_jwks(&path).map(|set| Self::File(path, ArcSwap::from_pointee(set))),
            Jwks::Url(address) => first_fetched(address).map(Self::Issuer),
        }
    }

    fn keys(&self) -> Arc<KeySet> {
        match self {
            Self::File(_, set) => set.load_full(),
            Self::Issuer(issuer) => issuer.keys(),
        }
    }
}

impl Gate {
    /// Lets the keys of a file through, and the tokens of an issuer.
    ///
    /// # Errors
    /// [`KeyFileError`] when they cannot be read or fetched.
    pub fn new(keys: Option<PathBuf>, tokens: Option<Tokens>) -> Result<Self, KeyFileError> {
        let read = |path: PathBuf| KeyFile::read(&path).map(|file| (path, ArcSwap::from_pointee(file.ring())));
        let tokens = tokens.map(|tokens| Signers::new(tokens.jwks).map(|signers| (tokens.claims, signers))).transpose()?;
        Ok(Self { keys: keys.map(read).transpose()?, tokens, rates: None })
    }

    /// Lets nobody ask more often than so many times a second.
    #[must_use]
    pub fn held_to(self, per_second: u32) -> Self {
        Self { rates: Some((Rates::new(per_second), Instant::now())), ..self }
    }

    fn may_ask_now(&self, caller: &Caller) -> bool {
        self.rates.as_ref().is_none_or(|(rates, begun)| rates.passes(&caller.id, begun.elapsed()))
    }

    /// Reads the files again.
    ///
    /// # Errors
    /// [`KeyFileError`]; the keys before are good still.
    pub fn reload(&self) -> Result<(), KeyFileError> {
        if let Some((path, ring)) = &self.keys {
            ring.store(Arc::new(KeyFile::read(path)?.ring()));
        }
        if let Some((_, Signers::File(path, set))) = &self.tokens {
            set.store(Arc::new(read_jwks(path)?));
        }
        Ok(())
    }

    /// Fetches the issuer's keys again, where they are fetched.
    ///
    /// # Errors
    /// [`KeyFileError`]; the keys before are good still.
    pub async fn refetch(&self) -> Result<(), KeyFileError> {
        match self.issuer() {
            Some(issuer) => issuer.refetch().await,
            None => Ok(()),
        }
    }

    /// Fetches the issuer's keys from time to time, where they are fetched.
    pub async fn keep(&self) {
        if let Some(issuer) = self.issuer() {
            issuer.keep().await;
        }
    }

    /// Whether the issuer did not give its keys when it was asked last.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.issuer().is_some_and(Issuer::is_stale)
    }

    fn issuer(&self) -> Option<&Issuer> {
        match &self.tokens {
            Some((_, Signers::Issuer(issuer))) => Some(issuer),
            _ => None,
        }
    }

    /// What differs once a file of keys has changed; empty while none can be read.
    #[must_use]
    pub fn mark(&self) -> Vec<u8> {
        let tokens = self.tokens.iter().filter_map(|(_, signers)| match signers {
            Signers::File(path, _) => Some(path),
            Signers::Issuer(_) => None,
        });
        let files = self.keys.iter().map(|(path, _)| path).chain(tokens);
        files.flat_map(|path| std::fs::read(path).unwrap_or_default()).collect()
    }

    /// Who asks with these headers at `now`; `None` for nobody that is known. Who shows nothing goes the way of who shows a wrong key.
    pub(super) fn caller(&self, headers: &HeaderMap, now: Timestamp) -> Option<Caller> {
        let (shown, is_shown) = credential(headers);
        let by_key = self.keys.as_ref().and_then(|(_, ring)| ring.load().check(shown, now));
        let by_token = || self.tokens.as_ref().and_then(|(claims, signers)| signers.keys().check(shown, claims, now));
        by_key.or_else(by_token).filter(|_| is_shown)
    }

    /// As [`caller`](Self::caller); asks the issuer first when a token names a key that is not known.
    async fn caller_or_new(&self, headers: &HeaderMap) -> Option<Caller> {
        let caller = self.caller(headers, clock::now());
        match self.issuer() {
            Some(issuer) if caller.is_none() && issuer.keys().lacks_key_of(credential(headers).0) => {
                // Seldom, and far larger than all the rest that a request keeps.
                Box::pin(issuer.refetch_if_due()).await;
                self.caller(headers, clock::now())
            }
            _ => caller,
        }
    }
}

/// The issuer with its keys. There may or may not be a runtime here, so that it has one of its own.
fn first_fetched(address: Address) -> Result<Issuer, KeyFileError> {
    let shown = address.to_string();
    let fetch = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        Ok(runtime.block_on(Issuer::begin(address, None)))
    };
    let fetched = std::thread::spawn(fetch).join().unwrap_or_else(|_| Err("a fault of the program".to_owned()));
    fetched.unwrap_or_else(|why| Err(KeyFileError::Jwks { path: shown.into(), why }))
}

fn read_jwks(path: &Path) -> Result<KeySet, KeyFileError> {
    let failed = |why: String| KeyFileError::Jwks { path: path.to_owned(), why };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(issuer::MOST as u64).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    KeySet::read(&text).ok_or_else(|| failed("none of it is one, or it is longer than 1 MiB".to_owned()))
}

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// What is looked at where nothing was shown: as long as a key, so that it takes as long to be hashed.
static NOTHING: HeaderValue = HeaderValue::from_static("Bearer lapwing_ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");

/// What the caller shows: the bearer of `authorization`, or else `x-api-key`; and whether it shows anything.
fn credential(headers: &HeaderMap) -> (&str, bool) {
    // Both are looked for each time, so that neither is told from the other by the time it takes.
    let (bearer, plain) = (headers.get(header::AUTHORIZATION), headers.get(API_KEY));
    let shown = bearer.or(plain).unwrap_or(&NOTHING).to_str().unwrap_or_default();
    match (shown.split_once(' '), bearer.is_none() && plain.is_some()) {
        (_, true) => (shown.trim(), true),
        (Some((scheme, credential)), false) if scheme.eq_ignore_ascii_case("bearer") => (credential.trim(), bearer.is_some()),
        _ => ("", false),
    }
}

/// Lets `request` through, or answers 401, 403, 405 or 429. Its body is not read before.
pub(super) async fn check(state: &State, mut request: Request, next: Next) -> Response {
    let Some(gate) = state.gate() else { return go_on(state, request, next).await };
    // A path that is not there is nobody's.
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else { return next.run(request).await };
    match access(request.method().as_str(), path.as_str()) {
        None => no_such_method(path.as_str()),
        Some(Access::Open) => next.run(request).await,
        Some(Access::Needs(role)) => match gate.caller_or_new(request.headers()).await {
            None => Problem::Unauthorized.into_response(),
            Some(caller) if !gate.may_ask_now(&caller) => {
                let mut response = Problem::TooOften.into_response();
                response.extensions_mut().insert(caller);
                response
            }
            Some(caller) if caller.roles.contains(&role) => {
                request.extensions_mut().insert(caller.clone());
                let mut response = go_on(state, request, next).await;
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

/// On to the handler, unless there is a query that it would not read.
async fn go_on(state: &State, request: Request, next: Next) -> Response {
    let Some(problem) = query::stray(&request) else { return next.run(request).await };
    let (head, body) = request.into_parts();
    incoming::drain(state.limits(), &head.headers, body).await;
    problem.into_response()
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
