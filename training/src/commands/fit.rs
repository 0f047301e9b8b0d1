//! `fit`: learns the models and writes the bundle.

use std::path::PathBuf;

use lapwing_features::engine::{InputReport, guard_folder};
use lapwing_models::{Judged, SplitKind, Target, TargetReport};
use serde::Serialize;

use crate::error::TrainError;
use crate::pipeline::{self, Task};
use crate::{report, settings};

/// What `fit --json` prints.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    bundle: &'a PathBuf,
    version: String,
    as_of: String,
    complete_until: String,
    seed: u64,
    cutoffs: Vec<String>,
    models: Vec<ModelOutcome<'a>>,
    input: &'a InputReport,
}

/// How one model came out; the whole report is in the bundle's `report.json`.
#[derive(Debug, Serialize)]
pub struct ModelOutcome<'a> {
    target: Target,
    basis: &'a str,
    why: Option<&'a str>,
    verdict: &'a str,
    skill: bool,
    split: Option<SplitKind>,
    rows: usize,
    positives: usize,
    judged: &'a [Judged],
}

impl<'a> ModelOutcome<'a> {
    /// The outcome that `report` tells of.
    #[must_use]
    pub fn of(report: &'a TargetReport) -> Self {
        Self {
            target: report.target,
            basis: &report.basis,
            why: report.why.as_deref(),
            verdict: &report.verdict,
            skill: report.skill,
            split: report.split.as_ref().map(|split| split.kind),
            rows: report.rows(),
            positives: report.positives(),
            judged: &report.judged,
        }
    }
}

/// Runs `fit`.
///
/// # Errors
/// [`TrainError`] when the data cannot be read or the bundle not be written; then there is no new bundle, and an old one stays.
pub fn run(settings: &settings::Fit) -> Result<(), TrainError> {
    guard_folder(&settings.out, settings.source.inputs())?;
    let learned = pipeline::learn(Task::of(settings))?;
    learned.bundle.save(&settings.out)?;
    report::say(&report::fit::summary(&learned, &settings.out));
    if !settings.json {
        return Ok(());
    }
    report::result(&Outcome {
        bundle: &settings.out,
        version: learned.bundle.version(),
        as_of: learned.bundle.as_of.to_string(),
        complete_until: learned.complete_until.to_string(),
        seed: settings.seed,
        cutoffs: learned.bundle.cutoffs.iter().map(ToString::to_string).collect(),
        models: learned.reports().iter().map(ModelOutcome::of).collect(),
        input: &learned.input,
    })
}
