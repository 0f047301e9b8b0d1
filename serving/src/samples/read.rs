//! Reading the log back.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use lapwing_features::{Calendar, FeatureVector, Timestamp};

use super::SampleError;
use super::folder::{Held, failed};
use super::line::{FINGERPRINT, Line};

/// What a model was asked about a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The cutoff.
    pub as_of: Timestamp,
    /// What it saw, in the order of the table; NaN where a value is missing.
    pub features: Box<[f64]>,
}

/// What one model was asked.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// By the customers, who are keyed hashes.
    pub by_customer: HashMap<String, Vec<Asked>>,
    /// Lines of other models, or of another table of features.
    pub by_others: u64,
    /// Lines that are none.
    pub unreadable: u64,
}

/// Reads what the model of this version was asked.
///
/// # Errors
/// [`SampleError::Io`], or [`SampleError::Nothing`] when it was asked nothing.
pub fn read(dir: &Path, version: &str) -> Result<Samples, SampleError> {
    let mut samples = Samples::default();
    let calendar = Calendar::utc();
    let held = Held::take(dir)?;
    for (_, path) in held.files()? {
        let file = File::open(&path).map_err(failed("read", &path))?;
        for text in BufReader::new(file).split(b'\n') {
            let text = text.map_err(failed("read", &path))?;
            let Some((line, as_of)) = serde_json::from_slice(&text).ok().and_then(|line: Line| {
                let as_of = calendar.parse(&line.as_of).ok()?;
                (line.features.len() == FeatureVector::LEN || line.fingerprint != *FINGERPRINT).then_some((line, as_of))
            }) else {
                samples.unreadable += 1;
                continue;
            };
            if line.model_version != version || line.fingerprint != *FINGERPRINT {
                samples.by_others += 1;
                continue;
            }
            let features = line.features.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            samples.by_customer.entry(line.customer).or_default().push(Asked { as_of, features });
        }
    }
    if samples.by_customer.is_empty() {
        return Err(SampleError::Nothing { dir: dir.to_owned(), version: version.to_owned() });
    }
    Ok(samples)
}
