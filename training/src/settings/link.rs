//! The settings of `link`.

use std::path::PathBuf;

use super::missing;
use crate::cli::LinkArgs;
use crate::config::{Config, LinkColumns};
use crate::error::TrainError;

/// What a pair needs to be one customer, unless it is set.
const DEFAULT_THRESHOLD: f64 = 0.9;

/// Settings of `link`.
#[derive(Clone, Debug)]
pub struct Link {
    /// Customers tables; at least one.
    pub customers: Vec<String>,
    /// The column that holds the customer's id.
    pub customer_id: String,
    /// What the columns of keys are called.
    pub columns: LinkColumns,
    /// The confidence from which on two ids are one customer, above 0 and at most 1.
    pub threshold: f64,
    /// Digits of the country of phone numbers that do not tell theirs.
    pub country_prefix: String,
    /// Threads that compare.
    pub threads: usize,
    /// The link table.
    pub out: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

impl Link {
    /// Checks what `link` was given.
    ///
    /// # Errors
    /// A [`TrainError`] that names the setting.
    pub fn check(args: LinkArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.config.as_deref())?;
        let customers = args.customers.or(config.customers.path.clone().map(|path| vec![path]));
        let customers = customers.ok_or_else(|| missing("customers", "LAPWING_CUSTOMERS", "path under [customers]"))?;
        let threshold = args.threshold.or(config.link.threshold).unwrap_or(DEFAULT_THRESHOLD);
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(TrainError::Bounds { key: "threshold", value: threshold, bounds: "above 0 and at most 1" });
        }
        let country_prefix = args.country_prefix.unwrap_or_else(|| config.link.country_prefix.clone());
        if country_prefix.len() > 4 || !country_prefix.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(TrainError::CountryPrefix(country_prefix));
        }
        let out = args.out.or(config.out.clone()).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        if out.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("parquet")) {
            let problem = "a link table is Parquet, and read by its name: that must end in `.parquet`".to_owned();
            return Err(TrainError::Output { path: out, problem });
        }
        let resources = lapwing_features::engine::Resources::of(args.threads.or(config.threads), None, None)?;
        Ok(Self {
            customers,
            customer_id: config.customers.reading().customer_id,
            columns: config.link.columns.clone(),
            threshold,
            country_prefix,
            threads: resources.threads,
            out,
            json: args.json.or(config.json).unwrap_or(false),
        })
    }
}
