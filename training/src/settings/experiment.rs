//! What `proof` and `uplift` were given.

use std::path::PathBuf;

use lapwing_models::fit::uplift::UpliftSettings;
use lapwing_models::proof::{Plan, Worth};

use super::{DEFAULT_SEED, missing};
use crate::cli::{ExperimentArgs, ProofArgs, UpliftArgs};
use crate::config::Config;
use crate::error::TrainError;

/// Which experiment, and what in it is what.
#[derive(Clone, Debug, Default)]
pub struct Experiment {
    /// The table.
    pub path: PathBuf,
    /// The column of customers' ids; without it in the table each row is a customer.
    pub customer_id: String,
    /// Who was to get what.
    pub treatment: String,
    /// Its value for nothing; `None` for 0 or false.
    pub control: Option<String>,
    /// Whether what was wanted happened.
    pub outcome: String,
}

/// Settings of `proof`.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The experiment.
    pub experiment: Experiment,
    /// The column of what was spent.
    pub spend: Option<String>,
    /// The column of who was contacted.
    pub contacted: Option<String>,
    /// Columns to part the customers by.
    pub by: Vec<String>,
    /// What was decided before.
    pub plan: Plan,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// Settings of `uplift`.
#[derive(Clone, Debug)]
pub struct Uplift {
    /// The experiment.
    pub experiment: Experiment,
    /// Columns that are not learned from.
    pub leave_out: Vec<String>,
    /// What the advice is by.
    pub by: UpliftSettings,
    /// The file to write.
    pub out: PathBuf,
    /// Whether one machine-readable result is printed.
    pub json: bool,
}

/// The experiment, margin and cost of a contact, and whether JSON is printed.
type Common = (Experiment, Option<f64>, f64, bool);

fn common(args: ExperimentArgs, config: &Config) -> Result<Common, TrainError> {
    let file = config.experiment.clone();
    let path = args.experiment.or(file.path).ok_or_else(|| missing("experiment", "LAPWING_EXPERIMENT", "path` under `[experiment]"))?;
    let treatment = args.treatment.or(file.treatment);
    let outcome = args.outcome.or(file.outcome);
    let experiment = Experiment {
        path,
        customer_id: config.customers.reading().customer_id,
        treatment: treatment.ok_or_else(|| missing("treatment", "LAPWING_TREATMENT", "treatment` under `[experiment]"))?,
        control: args.control.or(file.control),
        outcome: outcome.ok_or_else(|| missing("outcome", "LAPWING_OUTCOME", "outcome` under `[experiment]"))?,
    };
    let contact_cost = args.contact_cost.or(file.contact_cost).unwrap_or(0.0);
    Ok((experiment, args.margin.or(file.margin), contact_cost, args.json.or(config.json).unwrap_or(false)))
}

impl Proof {
    /// Checks what `proof` was given.
    ///
    /// # Errors
    /// [`TrainError::Missing`], [`TrainError::Plan`], or what reading the config file gives.
    pub fn check(args: ProofArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.experiment.config.as_deref())?;
        let (experiment, margin, contact_cost, json) = common(args.experiment, &config)?;
        let file = config.experiment;
        let spend = args.spend.or(file.spend);
        let worth = if spend.is_some() { Worth::ShareOfSpend } else { Worth::PerPurchase };
        let plan = Plan {
            planned_customers: args.planned_customers.or(file.planned_customers),
            wanted_lift: args.wanted_lift.or(file.wanted_lift),
            contact_cost,
            worth: margin.map(worth),
            ..Plan::default()
        };
        plan.check()?;
        Ok(Self { experiment, spend, contacted: args.contacted.or(file.contacted), by: args.by.unwrap_or(file.by), plan, json })
    }
}

impl Uplift {
    /// Checks what `uplift` was given.
    ///
    /// # Errors
    /// [`TrainError::Missing`], [`TrainError::Plan`], or what reading the config file gives.
    pub fn check(args: UpliftArgs) -> Result<Self, TrainError> {
        let config = Config::read(args.experiment.config.as_deref())?;
        let (experiment, margin, contact_cost, json) = common(args.experiment, &config)?;
        let margin = margin.ok_or_else(|| missing("margin", "LAPWING_MARGIN", "margin` under `[experiment]"))?;
        Plan { contact_cost, worth: Some(Worth::PerPurchase(margin)), ..Plan::default() }.check()?;
        let out = args.out.or(config.out).ok_or_else(|| missing("out", "LAPWING_OUT", "out"))?;
        let seed = args.seed.or(config.seed).unwrap_or(DEFAULT_SEED);
        let leave_out = args.leave_out.unwrap_or(config.experiment.leave_out);
        Ok(Self { experiment, leave_out, by: UpliftSettings { margin, contact_cost, seed }, out, json })
    }
}
