//! `backtest`: fits as of several past dates and judges each fit by what then happened.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use lapwing_features::engine::guard_folder;
use lapwing_models::Target;
use lapwing_models::bundle::folder;
use serde::Serialize;

use crate::backtest::schema::{Permutation, Quality, Report, TargetBacktest, Verdict};
use crate::backtest::{self};
use crate::error::TrainError;
use crate::{report, settings};

/// The file that holds everything.
const JSON: &str = "report.json";
/// The same as a page.
const PAGE: &str = "report.html";

/// What `backtest --json` prints; the whole is in `report.json`.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    report: PathBuf,
    schema_version: u32,
    cutoffs: Vec<&'a str>,
    targets: Vec<TargetOutcome<'a>>,
    warnings: &'a [String],
}

/// How one target came out over all cutoffs.
#[derive(Debug, Serialize)]
struct TargetOutcome<'a> {
    target: Target,
    verdict: Verdict,
    skill: bool,
    headline: &'a str,
    best_naive: Option<&'a str>,
    rows: usize,
    positives: usize,
    methods: &'a [Quality],
    permutation: Option<&'a Permutation>,
}

impl<'a> TargetOutcome<'a> {
    fn of(found: &'a TargetBacktest) -> Self {
        let pooled = found.pooled.as_ref();
        Self {
            target: found.target,
            verdict: found.verdict,
            skill: found.skill,
            headline: &found.headline,
            best_naive: found.best_naive.as_deref(),
            rows: pooled.map_or(0, |pooled| pooled.rows),
            positives: pooled.map_or(0, |pooled| pooled.positives),
            methods: pooled.map_or(&[], |pooled| &pooled.methods),
            permutation: found.permutation.as_ref(),
        }
    }
}

/// Runs `backtest`.
///
/// # Errors
/// [`TrainError`] when the data cannot be read or are too short, or the report cannot be written; then nothing is written, and an old
/// report stays.
pub fn run(settings: &settings::Backtest) -> Result<(), TrainError> {
    let found = make(settings)?;
    report::say(&found.data.quality.join("\n"));
    report::say(&format!("the report is in {}", settings.out.display()));
    if !settings.json {
        return report::screen(&report::backtest::text(&found));
    }
    report::result(&Outcome {
        report: settings.out.join(JSON),
        schema_version: found.schema_version,
        cutoffs: found.cutoffs.iter().map(|cutoff| cutoff.as_of.as_str()).collect(),
        targets: found.targets.iter().map(TargetOutcome::of).collect(),
        warnings: &found.warnings,
    })
}

/// Makes the report and writes it.
///
/// # Errors
/// As [`run`].
pub fn make(settings: &settings::Backtest) -> Result<Report, TrainError> {
    guard_folder(&settings.out, settings.source.inputs())?;
    folder::own_files(&settings.out, is_report)?;
    let found = backtest::run(settings)?;
    write(&settings.out, &found)?;
    Ok(found)
}

/// Whether a file of this name is one of an earlier report.
fn is_report(name: &str) -> bool {
    name == JSON || name == PAGE
}

/// Replaces the folder whole.
fn write(out: &Path, found: &Report) -> Result<(), TrainError> {
    let json = serde_json::to_string_pretty(found).map_err(|error| TrainError::Fault(format!("the report is no JSON: {error}")))?;
    let files = [(JSON, json + "\n"), (PAGE, report::html::page(found))];
    folder::replace(out, is_report, |fresh| {
        for (name, text) in &files {
            // Told by the name it is to have: nobody knows the folder that it is written into first.
            let told = |error: std::io::Error| TrainError::Output { path: out.join(name), problem: error.to_string() };
            let mut file = File::create(fresh.join(name)).map_err(told)?;
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(told)?;
        }
        Ok(())
    })
}
