//! Who may reach the service, checked.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::cli::SecurityArgs;
use crate::config::Config;
use crate::error::ServeError;
use crate::guard::Claims;
use crate::http::{Jwks, Tokens};
use crate::samples::Room;

/// Who may reach the service, how, and what is kept of it; by default everybody on this machine, and nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Security {
    /// The file of keys.
    pub keys: Option<PathBuf>,
    /// How many requests a second each may make; `None` for any number.
    pub per_second: Option<u32>,
    /// Whose tokens are taken.
    pub tokens: Option<Tokens>,
    /// Certificates and private key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Audit log and its key.
    pub audit: Option<(PathBuf, PathBuf)>,
    /// Request log: folder, what is kept, and the key of its hashes.
    pub samples: Option<(PathBuf, Room, PathBuf)>,
    /// Origins that browsers may ask from.
    pub origins: Vec<String>,
}

impl Security {
    /// Checks the flags for a service that listens on `addr`.
    ///
    /// # Errors
    /// [`ServeError::Exposed`] when other machines could ask without a key, [`ServeError::HalfGiven`] for one of two flags that go
    /// together, [`ServeError::Share`] or [`ServeError::Range`] for what is kept of requests, [`ServeError::Origin`] for an origin that is none,
    /// [`ServeError::JwksUrl`] for an address that public keys are not fetched from.
    pub(super) fn new(args: SecurityArgs, config: &Config, addr: &[SocketAddr]) -> Result<Self, ServeError> {
        let keys = args.keys.or(config.keys.clone());
        let tls = both("tls-cert", args.tls_cert.or(config.tls_cert.clone()), "tls-key", args.tls_key.or(config.tls_key.clone()))?;
        let key = args.audit_key.or(config.audit_key.clone());
        let samples = match (args.log_requests.or(config.log_requests.clone()), &key) {
            (Some(dir), Some(key)) => Some((dir, room(args.log_share, args.log_max_bytes, config)?, key.clone())),
            (Some(_), None) => return Err(ServeError::HalfGiven { given: "log-requests", missing: "audit-key" }),
            (None, _) => None,
        };
        let audit = match (args.audit_log.or(config.audit_log.clone()), samples.is_some()) {
            // The key is the request log's.
            (None, true) => None,
            (log, _) => both("audit-log", log, "audit-key", key)?,
        };
        let (issuer, audience) = (args.jwt_issuer.or(config.jwt_issuer.clone()), args.jwt_audience.or(config.jwt_audience.clone()));
        let named = both("jwt-issuer", issuer, "jwt-audience", audience)?;
        let named = both("jwks", args.jwks.or(config.jwks.clone()), "jwt-issuer", named)?;
        let roles = args.jwt_roles.or(config.jwt_roles.clone()).unwrap_or_else(|| "roles".to_owned());
        let tokens = named.map(|(jwks, (issuer, audience))| {
            let jwks = Jwks::of(jwks.clone()).ok_or_else(|| ServeError::JwksUrl(jwks.display().to_string()))?;
            Ok::<_, ServeError>(Tokens { jwks, claims: Claims { issuer, audience, roles } })
        });
        let tokens = tokens.transpose()?;
        let origins = args.cors_origin.unwrap_or_else(|| config.cors_origin.clone());
        if let Some(origin) = origins.iter().find(|origin| !is_origin(origin)) {
            return Err(ServeError::Origin(origin.clone()));
        }
        let per_second = args.max_per_second.or(config.max_per_second);
        match per_second {
            Some(0) => return Err(ServeError::Range { flag: "max-per-second", value: 0, least: 1, most: u32::MAX }),
            // Nobody is known from anybody else.
            Some(_) if keys.is_none() && tokens.is_none() => {
                return Err(ServeError::HalfGiven { given: "max-per-second", missing: "keys" });
            }
            _ => {}
        }
        let insecure = args.insecure.or(config.insecure).unwrap_or(false);
        match addr.iter().find(|addr| !addr.ip().to_canonical().is_loopback()) {
            Some(exposed) if keys.is_none() && tokens.is_none() && !insecure => Err(ServeError::Exposed(exposed.to_string())),
            _ => Ok(Self { keys, per_second, tokens, tls, audit, samples, origins }),
        }
    }
}

/// How much of requests is kept.
fn room(share: Option<f64>, bytes: Option<u32>, config: &Config) -> Result<Room, ServeError> {
    let share = super::share("log-share", share.or(config.log_share), 0.01)?;
    let bytes = bytes.or(config.log_max_bytes).unwrap_or(1 << 30);
    let least = 16 << 20;
    if bytes < least {
        return Err(ServeError::Range { flag: "log-max-bytes", value: bytes, least, most: u32::MAX });
    }
    Ok(Room { share, bytes: bytes.into() })
}

/// Two that make sense together only.
fn both<T, U>(one: &'static str, first: Option<T>, two: &'static str, second: Option<U>) -> Result<Option<(T, U)>, ServeError> {
    match (first, second) {
        (Some(first), Some(second)) => Ok(Some((first, second))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ServeError::HalfGiven { given: one, missing: two }),
        (None, Some(_)) => Err(ServeError::HalfGiven { given: two, missing: one }),
    }
}

/// Scheme, host and perhaps a port, as browsers send it.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte)))
}
