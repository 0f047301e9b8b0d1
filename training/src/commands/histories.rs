//! `histories`: writes the history table, one row a customer with its events in a list, which every command reads in place of events.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use lapwing_features::engine::{Dataset, HistoryFiles, InputReport, TableFile, TableSet, guard_folder, is_url};
use lapwing_models::bundle::folder;
use serde::Serialize;

use crate::error::TrainError;
use crate::settings::Source;
use crate::{pipeline, report, settings};

/// What `histories --json` prints.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The folder.
    pub out: PathBuf,
    /// Files of the table.
    pub files: usize,
    /// Those of them that were written; the others stayed as they were.
    pub written: usize,
    /// What became of the rows that went into those.
    pub input: InputReport,
}

/// Runs `histories`.
///
/// # Errors
/// [`TrainError`] when the data cannot be read or the table cannot be written; then what was there stays.
pub fn run(settings: &settings::Histories) -> Result<(), TrainError> {
    let settings::Histories { source, out, .. } = settings;
    guard_folder(out, source.inputs())?;
    let _lock = lock(out)?;
    let there = if is_url(out) { None } else { folder::own_files(out, is_histories)? };
    let outcome = match (settings.append, is_url(out)) {
        (true, true) => write(settings, &with_table(source, vec![out.display().to_string()])?)?,
        (true, false) => append(settings, &there.unwrap_or_default())?,
        (false, _) => write(settings, &pipeline::read_events(source, None)?)?,
    };
    report::say(&report::fit::histories_summary(&outcome));
    if settings.json { report::result(&outcome) } else { Ok(()) }
}

/// Writes the whole table anew.
fn write(settings: &settings::Histories, dataset: &Dataset) -> Result<Outcome, TrainError> {
    let out = &settings.out;
    let input = dataset.report()?;
    let files = settings.files.unwrap_or_else(|| HistoryFiles::for_events(input.events));
    let all: Vec<usize> = (0..files.len()).collect();
    if is_url(out) {
        let set = TableSet::create(out)?;
        let written = files.write(dataset, &all, |name| set.path(name))?;
        set.publish(written)?;
    } else {
        folder::replace(out, is_histories, |fresh| {
            let written = files.write(dataset, &all, |name| fresh.join(name))?;
            Ok::<_, TrainError>(TableFile::publish_all(written)?)
        })?;
    }
    Ok(Outcome { out: out.clone(), files: files.len(), written: files.len(), input })
}

/// Adds events to the table in a folder that has files of these names: what holds none of their customers stays as it is.
fn append(settings: &settings::Histories, there: &[String]) -> Result<Outcome, TrainError> {
    let settings::Histories { source, out, .. } = settings;
    let refused = |problem: String, hint: &'static str| TrainError::HistoryTable { path: out.clone(), problem, hint };
    let found = there.iter().find_map(|name| HistoryFiles::of_name(name));
    if let Some(files) = found {
        if settings.files.is_some_and(|asked| asked != files) {
            return Err(refused(format!("it has {} files, which `--append` keeps", files.len()), "leave `--files` out"));
        }
        if there.len() != files.len() || !(0..files.len()).all(|file| there.contains(&files.name(file))) {
            let problem = format!("it has {} files, and not the {} of one table", there.len(), files.len());
            return Err(refused(problem, "write the table anew, without `--append`"));
        }
    }
    if let (Some(files), Some(_)) = (found, &source.reading.links) {
        // Any file may hold events of an alias that belong into another one now.
        let anew = settings::Histories { files: Some(files), ..settings.clone() };
        return write(&anew, &with_table(source, vec![out.display().to_string()])?);
    }
    let fresh = pipeline::read_events(source, None)?;
    let Some(files) = found else { return write(settings, &fresh) };
    let changed = files.with_customers(&fresh);
    drop(fresh);
    let old: Vec<PathBuf> = changed.iter().map(|file| out.join(files.name(*file))).collect();
    let dataset = with_table(source, old.iter().map(|path| path.display().to_string()).collect())?;
    // What came in between the two readings would be lost where nothing else had changed.
    if files.with_customers(&dataset).iter().any(|file| !changed.contains(file)) {
        return Err(refused("the events changed while they were read".to_owned(), "run it again once they are all there"));
    }
    let input = dataset.report()?;
    folder::replace(out, is_histories, |folder| {
        for file in (0..files.len()).filter(|file| !changed.contains(file)) {
            keep(&out.join(files.name(file)), &folder.join(files.name(file)))?;
        }
        let written = files.write(&dataset, &changed, |name| folder.join(name))?;
        Ok::<_, TrainError>(TableFile::publish_all(written)?)
    })?;
    Ok(Outcome { out: out.clone(), files: files.len(), written: changed.len(), input })
}

/// The new events together with those of a table, or of some files of it.
fn with_table(source: &Source, table: Vec<String>) -> Result<Dataset, TrainError> {
    let mut both = source.clone();
    both.events.extend(table);
    pipeline::read_events(&both, None)
}

/// Keeps others from changing the folder meanwhile, where the system can lock a folder and there is one.
fn lock(out: &Path) -> Result<Option<File>, TrainError> {
    match File::open(out) {
        Ok(folder) if matches!(folder.try_lock(), Err(TryLockError::WouldBlock)) => {
            let problem = "another run is writing it".to_owned();
            Err(TrainError::HistoryTable { path: out.to_owned(), problem, hint: "run it again when that has ended" })
        }
        folder => Ok(folder.ok()),
    }
}

/// Gives a file another place without writing it again, where the file system can.
fn keep(old: &Path, new: &Path) -> Result<(), TrainError> {
    std::fs::hard_link(old, new)
        .or_else(|_| std::fs::copy(old, new).map(|_| ()))
        .map_err(|error| TrainError::Output { path: new.to_owned(), problem: error.to_string() })
}

/// Whether a file of this name is one of an earlier table.
fn is_histories(name: &str) -> bool {
    HistoryFiles::of_name(name).is_some()
}

#[cfg(test)]
mod tests;
