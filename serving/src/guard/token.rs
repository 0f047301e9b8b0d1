//! Whether a token (JWT) is good: its signature, who signed it, for whom, and until when. The time is told, nothing is read.
//!
//! Signatures are ring's to check, as those of TLS are: the crates for tokens bring another crypto library each, with a C compiler or
//! with second copies of half of what is here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lapwing_features::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::key::Caller;
use super::role::Role;

/// Longest token that is looked at, in bytes.
const MOST: usize = 8_192;

/// What the roles in the claim begin with, so that another system's `admin` is nobody here.
const ROLE_PREFIX: &str = "lapwing:";

/// The public keys of who signs tokens.
#[derive(Debug, Default)]
pub struct KeySet(Vec<PublicKey>);

/// What tokens must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Their `iss`.
    pub issuer: String,
    /// Among their `aud`.
    pub audience: String,
    /// The claim with their roles.
    pub roles: String,
}

#[derive(Debug)]
struct PublicKey {
    id: Option<String>,
    key: Algorithm,
}

/// One algorithm a key: the key says which, never the token.
#[derive(Debug)]
enum Algorithm {
    Rs256 { n: Vec<u8>, e: Vec<u8> },
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
}

/// A key as JWKS (RFC 7517) have it.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl KeySet {
    /// The keys of a JWKS that tokens can be checked with; others in it are passed over. `None` when it is none, or holds none.
    ///
    /// ```
    /// assert!(lapwing_serving::guard::KeySet::read(r#"{"keys": []}"#).is_none());
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let Jwks { keys } = serde_json::from_str(text).ok()?;
        let keys: Vec<_> = keys.into_iter().filter_map(|key| serde_json::from_value(key).ok().and_then(public_key)).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Whether this token names a key that is not here.
    #[must_use]
    pub fn lacks_key_of(&self, token: &str) -> bool {
        let head = token.split_once('.').filter(|_| token.len() <= MOST).and_then(|(head, _)| decode(head));
        let head = head.and_then(|head| serde_json::from_slice::<Head>(&head).ok());
        head.is_some_and(|head| head.kid.is_some() && self.0.iter().all(|key| key.id != head.kid))
    }

    /// Who shows this token at `now`; `None` for nobody that is known.
    #[must_use]
    pub fn check(&self, token: &str, wanted: &Claims, now: Timestamp) -> Option<Caller> {
        if token.len() > MOST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, payload) = signed.split_once('.')?;
        let head: Head = serde_json::from_slice(&decode(head)?).ok()?;
        let signature = decode(signature)?;
        // Extensions that must be understood are not.
        let known = head.crit.is_none() && self.0.iter().any(|key| key.fits(&head) && key.key.signed(signed.as_bytes(), &signature));
        let claims: Map<String, Value> = known.then(|| serde_json::from_slice(&decode(payload)?).ok()).flatten()?;
        wanted.caller(&claims, now)
    }
}

fn public_key(jwk: Jwk) -> Option<PublicKey> {
    let part = |part: &Option<String>| part.as_deref().and_then(decode);
    let sized = |part: &Option<String>| part.as_deref().and_then(decode).filter(|bytes| bytes.len() == 32);
    if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let (name, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => ("RS256", Algorithm::Rs256 { n: part(&jwk.n)?, e: part(&jwk.e)? }),
        ("EC", Some("P-256")) => ("ES256", Algorithm::Es256([vec![4], sized(&jwk.x)?, sized(&jwk.y)?].concat())),
        ("OKP", Some("Ed25519")) => ("EdDSA", Algorithm::EdDsa(sized(&jwk.x)?)),
        _ => return None,
    };
    jwk.alg.is_none_or(|alg| alg == name).then_some(PublicKey { id: jwk.kid, key })
}

impl PublicKey {
    fn fits(&self, head: &Head) -> bool {
        let named = head.kid.is_none() || self.id.is_none() || self.id == head.kid;
        named && head.alg == self.key.name()
    }
}

impl Algorithm {
    fn name(&self) -> &'static str {
        match self {
            Self::Rs256 { .. } => "RS256",
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok(),
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok(),
            Self::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok(),
        }
    }
}

impl Claims {
    /// Who these claims name, when they are good at `now`.
    fn caller(&self, claims: &Map<String, Value>, now: Timestamp) -> Option<Caller> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let for_us = match claims.get("aud")? {
            Value::String(one) => *one == self.audience,
            Value::Array(many) => many.iter().any(|one| one.as_str() == Some(&self.audience)),
            _ => false,
        };
        let seconds = now.0 as f64 / 1e6;
        let begun = claims.get("nbf").is_none_or(|begin| begin.as_f64().is_some_and(|begin| begin <= seconds));
        let good = text("iss") == Some(&self.issuer) && for_us && seconds < claims.get("exp")?.as_f64()? && begun;
        let roles = match claims.get(&self.roles) {
            Some(Value::String(words)) => words.split(' ').filter_map(role).collect(),
            Some(Value::Array(many)) => many.iter().filter_map(|one| role(one.as_str()?)).collect(),
            _ => Vec::new(),
        };
        good.then(|| Caller { id: text("sub").unwrap_or("none").chars().take(128).collect(), roles })
    }
}

fn role(name: &str) -> Option<Role> {
    Role::of(name.strip_prefix(ROLE_PREFIX)?)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests;
