//! `proof`: what a campaign did, from an experiment.

use std::collections::BTreeMap;

use lapwing_models::proof::{Arm, Group, Grouped, Observation, Results, by_group};
use serde::Serialize;

use crate::error::TrainError;
use crate::experiment::{self, Experiment};
use crate::{report, settings};

/// What `proof --json` prints.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// Customers who took part.
    pub customers: usize,
    /// What is counted.
    pub outcome: String,
    /// The value of the control.
    pub control: String,
    /// What each arm did.
    pub arms: Vec<ArmProof>,
}

/// What one arm did.
#[derive(Debug, Serialize)]
pub struct ArmProof {
    /// Its value.
    pub arm: String,
    /// On the whole.
    pub results: Results,
    /// The same in words.
    pub told: Vec<String>,
    /// By group, with Holm's correction over all of them.
    pub groups: Vec<Grouped>,
}

/// Runs `proof`.
///
/// # Errors
/// [`TrainError`] when the table cannot be read or is no experiment.
pub fn run(settings: &settings::Proof) -> Result<(), TrainError> {
    let found = prove(settings)?;
    if settings.json { report::result(&found) } else { report::screen(&report::proof::text(&found)) }
}

fn prove(settings: &settings::Proof) -> Result<Proof, TrainError> {
    let read = Experiment::read(&settings.experiment)?;
    let path = &settings.experiment.path;
    read.each_once(path)?;
    let spend = settings.spend.as_ref().map(|name| experiment::numbers(path, name)).transpose()?;
    let contacted = settings.contacted.as_ref().map(|name| experiment::flags(path, name)).transpose()?;
    let groups = settings.by.iter().map(|name| experiment::groups(path, name)).collect::<Result<Vec<_>, _>>()?;
    let observation = |row: usize| Observation {
        treated: read.assigned[row] > 0,
        contacted: contacted.as_ref().map_or(read.assigned[row] > 0, |contacted| contacted[row]),
        purchased: read.outcome[row],
        spend: spend.as_ref().map(|spend| spend[row]),
        contact_cost: None,
    };
    let arm = |place: usize| {
        let rows: Vec<usize> = (0..read.assigned.len()).filter(|row| [0, place + 1].contains(&read.assigned[*row])).collect();
        let observations: Vec<Observation> = rows.iter().map(|row| observation(*row)).collect();
        let results = Results::of(&observations, &settings.plan);
        let parted = settings.by.iter().zip(&groups).flat_map(|(name, groups)| {
            let mut sides = BTreeMap::<&str, [Arm; 2]>::new();
            for (row, observation) in rows.iter().zip(&observations) {
                sides.entry(&groups[*row]).or_default()[usize::from(observation.treated)].add(observation);
            }
            let group = |(value, [held_out, treated]): (&str, [Arm; 2])| Group {
                attribute: name.clone(),
                value: value.to_owned(),
                treated,
                held_out,
            };
            sides.into_iter().map(group).collect::<Vec<_>>()
        });
        let groups = by_group(&parted.collect::<Vec<_>>(), &results, &settings.plan);
        let told = results.told(&format!("{} rate", settings.experiment.outcome));
        ArmProof { arm: read.arms[place].clone(), results, told, groups }
    };
    Ok(Proof {
        customers: read.assigned.len(),
        outcome: settings.experiment.outcome.clone(),
        control: read.control.clone(),
        arms: (0..read.arms.len()).map(arm).collect(),
    })
}
