//! `insights`: what all customers tell together, as tables, as JSON and as a page.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use lapwing_features::engine::guard_folder;
use lapwing_models::bundle::{ModelBundle, folder};

use crate::error::TrainError;
use crate::insights::schema::Insights;
use crate::insights::{self, tables};
use crate::{report, settings};

/// The file that holds everything but the rows of the customers.
const JSON: &str = "insights.json";
/// The same as a page.
const PAGE: &str = "insights.html";

/// Runs `insights`.
///
/// # Errors
/// [`TrainError`] when bundle, dates or events do not allow it, or the folder cannot be written; then nothing is written, and what
/// was there stays.
pub fn run(settings: &settings::Insights) -> Result<(), TrainError> {
    let found = make(settings)?;
    report::say(&report::insights::text(&found, &settings.out));
    if settings.json { report::result(&found) } else { Ok(()) }
}

/// Makes the insights and writes them: the folder is replaced whole.
///
/// # Errors
/// As [`run`].
pub fn make(settings: &settings::Insights) -> Result<Insights, TrainError> {
    let mut inputs = settings.source.inputs();
    inputs.bundle = Some(&settings.bundle);
    guard_folder(&settings.out, inputs)?;
    folder::own_files(&settings.out, is_insight)?;
    let bundle = ModelBundle::load(&settings.bundle)?;
    folder::replace(&settings.out, is_insight, |fresh| {
        let found = insights::make(settings, &bundle, fresh)?;
        tables::write(&found, fresh)?;
        let json = serde_json::to_string_pretty(&found).map_err(|error| TrainError::Fault(format!("the insights are no JSON: {error}")))?;
        write(&fresh.join(JSON), &(json + "\n"), &settings.out.join(JSON))?;
        write(&fresh.join(PAGE), &report::html::insights::page(&found), &settings.out.join(PAGE))?;
        Ok(found)
    })
}

/// Writes a file, told by the name that it is to have.
fn write(path: &Path, text: &str, told: &Path) -> Result<(), TrainError> {
    let failed = |error: std::io::Error| TrainError::Output { path: told.to_owned(), problem: error.to_string() };
    let mut file = File::create(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// Whether a file of this name is one of earlier insights.
fn is_insight(name: &str) -> bool {
    name == JSON || name == PAGE || tables::is_table(name)
}
