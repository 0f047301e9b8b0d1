//! A line of the request log.

use std::sync::LazyLock;

use lapwing_features::{FeatureVector, Population, Timestamp, schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::audit::AuditKey;

/// Which table of features this build has; working it out takes longer than a line.
pub(super) static FINGERPRINT: LazyLock<String> = LazyLock::new(schema::fingerprint);

/// What was scored, before its customer is hashed.
#[derive(Clone, Debug)]
pub struct Sample {
    /// As the caller names the customer; never written.
    pub customer_id: String,
    /// The cutoff.
    pub as_of: Timestamp,
    /// The version of the model that spoke.
    pub model_version: String,
    /// Whether the caller gave features, and not events.
    pub by_features: bool,
    /// Which model speaks.
    pub population: Population,
    /// What it said; `None` for a prospect.
    pub probability: Option<f64>,
    /// What it saw.
    pub features: FeatureVector,
}

/// A line as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// A keyed hash, as the audit log has it under the same key.
    pub customer: String,
    /// The cutoff, in UTC.
    pub as_of: String,
    /// The version of the model that spoke.
    pub model_version: String,
    /// Of the table of features: which of them stands where.
    pub fingerprint: String,
    /// `events` or `features`.
    pub given: String,
    /// Which model spoke.
    pub population: String,
    /// What it said; null for a prospect.
    pub probability: Option<f64>,
    /// What it saw, in the order of the table; null where a value is missing.
    pub features: Vec<Option<f64>>,
}

impl Line {
    /// The line of a sample.
    #[must_use]
    pub fn of(sample: Sample, key: &AuditKey) -> Self {
        let values = sample.features.as_slice().iter();
        Self {
            customer: key.customer(&sample.customer_id),
            as_of: sample.as_of.to_string(),
            model_version: sample.model_version,
            fingerprint: FINGERPRINT.clone(),
            given: if sample.by_features { "features" } else { "events" }.to_owned(),
            population: sample.population.name().to_owned(),
            probability: sample.probability,
            features: values.map(|value| value.is_finite().then_some(*value)).collect(),
        }
    }
}

/// Where a customer stands among all for the log: from 0 on, below 1, evenly spread, and apart from who meets a challenger.
#[must_use]
pub(super) fn place_of(customer_id: &str) -> f64 {
    let digest = Sha256::new().chain_update(b"lapwing-requests-1:").chain_update(customer_id.as_bytes()).finalize();
    let bits = digest.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
