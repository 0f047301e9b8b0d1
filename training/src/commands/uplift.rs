//! `uplift`: whom a campaign moves, from an experiment; whom to contact and whom to leave alone.

use std::path::PathBuf;

use lapwing_features::engine::{self, write_parquet};
use lapwing_features::{Column, Values};
use lapwing_models::fit::uplift::{self as model, ArmUplift, Policy};
use serde::Serialize;

use crate::error::TrainError;
use crate::experiment::Experiment;
use crate::{report, settings};

/// What the advice says of who is best left alone.
pub const LEAVE_ALONE: &str = "leave_alone";

/// What `uplift --json` prints.
#[derive(Debug, Serialize)]
pub struct Learned {
    /// The file with the advice.
    pub out: PathBuf,
    /// Customers who took part.
    pub customers: usize,
    /// What is counted.
    pub outcome: String,
    /// The value of the control.
    pub control: String,
    /// What was learned from.
    pub covariates: Vec<String>,
    /// Of each arm.
    pub arms: Vec<ArmUplift>,
    /// How many are advised which arm, in their order, then to be left alone.
    pub advised: Vec<usize>,
    /// What following the advice earns.
    pub policy: Policy,
}

/// Runs `uplift`.
///
/// # Errors
/// [`TrainError`] when the table cannot be read, is no experiment or too small a one, or the advice cannot be written.
pub fn run(settings: &settings::Uplift) -> Result<(), TrainError> {
    let learned = learn(settings)?;
    if settings.json { report::result(&learned) } else { report::screen(&report::uplift::text(&learned)) }
}

fn learn(settings: &settings::Uplift) -> Result<Learned, TrainError> {
    let of = &settings.experiment;
    let inputs = [of.path.display().to_string()];
    engine::guard_file(&settings.out, engine::Inputs { events: &inputs, customers: None, links: None, bundle: None })?;
    let read = Experiment::read(of)?;
    read.each_once(&of.path)?;
    let mut but: Vec<&str> = settings.leave_out.iter().map(String::as_str).collect();
    but.extend([of.customer_id.as_str(), &of.treatment, &of.outcome]);
    let (names, covariates) = read.covariates(&of.path, &but)?;
    let experiment =
        model::Experiment { customers: read.customers, covariates, assigned: read.assigned, arms: read.arms, outcome: read.outcome };
    let found = model::uplift(&experiment, &settings.by)?;
    let arm_name = |arm: Option<usize>| arm.map_or(LEAVE_ALONE.to_owned(), |arm| experiment.arms[arm].clone());
    let mut table = vec![
        Column::new("customer_id", Values::Text(experiment.customers.iter().cloned().map(Some).collect())),
        Column::new("advice", Values::Text(found.advised.iter().map(|advised| Some(arm_name(advised.arm))).collect())),
        Column::new("expected_profit", Values::Measured(found.advised.iter().map(|advised| advised.expected_profit).collect())),
    ];
    for (place, arm) in experiment.arms.iter().enumerate() {
        let uplift = found.advised.iter().map(|advised| advised.uplift[place]).collect();
        table.push(Column::new(format!("uplift_{arm}"), Values::Measured(uplift)));
    }
    write_parquet(&settings.out, &table)?;
    let ways = (0..experiment.arms.len()).map(Some).chain([None]);
    let advised = ways.map(|way| found.advised.iter().filter(|advised| advised.arm == way).count()).collect();
    Ok(Learned {
        out: settings.out.clone(),
        customers: experiment.customers.len(),
        outcome: of.outcome.clone(),
        control: read.control,
        covariates: names,
        arms: found.arms,
        advised,
        policy: found.policy,
    })
}
