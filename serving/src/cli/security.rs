//! The flags that say who may reach the service, and what is kept of it.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

/// Who may reach the service, how, and what is kept of it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Security")]
pub struct SecurityArgs {
    /// File of keys, as `lapwing-serve keys` writes it: whoever asks must show one that has the route's role. It is read again at
    /// SIGHUP and when it changes.
    #[arg(long, env = "LAPWING_KEYS", value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Listen where other machines can reach it, and ask nobody for a key.
    #[arg(long, env = "LAPWING_INSECURE", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub insecure: Option<bool>,
    /// Certificates in PEM, the service's own first: then it speaks TLS only. Read again at SIGHUP and when they change.
    #[arg(long, env = "LAPWING_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Requests a second that each key, or subject of tokens, may make; one more is answered 429 [default: as many as it likes].
    #[arg(long, env = "LAPWING_MAX_PER_SECOND", value_name = "NUMBER")]
    pub max_per_second: Option<u32>,
    /// The private key of the certificate, in PEM.
    #[arg(long, env = "LAPWING_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// File with the public keys (JWKS) of who signs tokens, which are taken beside keys. Read again at SIGHUP and when it changes.
    /// Or their address, as `https://id.example.com/jwks.json`: fetched at the start, every ten minutes, and when a token names a
    /// key that is not known.
    #[arg(long, env = "LAPWING_JWKS", value_name = "FILE|URL")]
    pub jwks: Option<PathBuf>,
    /// The `iss` that tokens must have.
    #[arg(long, env = "LAPWING_JWT_ISSUER", value_name = "TEXT")]
    pub jwt_issuer: Option<String>,
    /// The `aud` that tokens must have.
    #[arg(long, env = "LAPWING_JWT_AUDIENCE", value_name = "TEXT")]
    pub jwt_audience: Option<String>,
    /// The claim with the roles, as `lapwing:score`, `lapwing:read` and `lapwing:admin` [default: roles].
    #[arg(long, env = "LAPWING_JWT_ROLES", value_name = "CLAIM")]
    pub jwt_roles: Option<String>,
    /// File that every request but those for health is noted in, chained against changes and without personal data.
    #[arg(long, env = "LAPWING_AUDIT_LOG", value_name = "FILE")]
    pub audit_log: Option<PathBuf>,
    /// File with the secret, 32 bytes or more, that customers are hashed and lines are chained under, in both logs.
    #[arg(long, env = "LAPWING_AUDIT_KEY", value_name = "FILE")]
    pub audit_key: Option<PathBuf>,
    /// Folder that a share of what is scored is kept in, to be compared with a batch by `lapwing-serve skew`: features and score, and
    /// the customer as a keyed hash.
    #[arg(long, env = "LAPWING_LOG_REQUESTS", value_name = "DIR")]
    pub log_requests: Option<PathBuf>,
    /// Share of the customers whose requests are kept, always the same ones [default: 0.01].
    #[arg(long, env = "LAPWING_LOG_SHARE", value_name = "SHARE")]
    pub log_share: Option<f64>,
    /// Bytes that are kept of requests; the oldest go first [default: 1073741824].
    #[arg(long, env = "LAPWING_LOG_MAX_BYTES", value_name = "BYTES")]
    pub log_max_bytes: Option<u32>,
    /// A web page's origin that browsers may ask from, as `https://crm.example.com`; may be given more than once.
    #[arg(long, env = "LAPWING_CORS_ORIGIN", value_name = "ORIGIN", num_args = 1..)]
    pub cors_origin: Option<Vec<String>>,
}
