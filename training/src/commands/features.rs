//! `features`: writes the point-in-time table, one row a customer and cutoff.
//!
//! Customers stand in the order of a hash of their ids, which is the same in every run; one file has the cutoffs of a customer
//! together, the oldest first.
//!
//! Columns: `customer_id`, `cutoff`, `population`, every feature in the order of [`FEATURES`](lapwing_features::FEATURES), the attributes that the config
//! names, then `purchased_in_outcome`, `churned` (of current customers), `reactivated` (of lapsed ones) and `horizon_days`.
//! What is missing, not known yet or does not apply is null.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use lapwing_features::engine::{
    Customers, Dataset, EncodedRows, Encoder, Encoders, InputReport, Part, TableFile, TableSet, guard_file, guard_folder, is_url,
};
use lapwing_features::{Calendar, Cutoff, Kernel, Timestamp};
use lapwing_models::bundle::folder;
use serde::Serialize;

use crate::error::TrainError;
use crate::progress::Step;
use crate::{pipeline, report, settings};
use rows::{Rows, Sheet};

mod rows;

/// Rows that a thread collects before it encodes them.
const BATCH: usize = 1_024;

/// What `features --json` prints.
#[derive(Debug, Serialize)]
struct Outcome {
    out: PathBuf,
    complete_until: String,
    cutoffs: Vec<CutoffOutcome>,
    input: InputReport,
}

/// The rows of one cutoff.
#[derive(Clone, Debug, Serialize)]
pub struct CutoffOutcome {
    /// The cutoff.
    pub cutoff: String,
    /// Customers seen before it.
    pub rows: usize,
    /// Whether the outcome window is complete in the data, so that the labels are known.
    pub labelled: bool,
}

/// Runs `features`.
///
/// # Errors
/// [`TrainError`] when the data cannot be read, holds nothing before a cutoff, or the table cannot be written; then nothing is
/// written, and what was there stays.
pub fn run(settings: &settings::Features) -> Result<(), TrainError> {
    let file = settings.out.extension() == Some(OsStr::new("parquet"));
    if file {
        guard_file(&settings.out, settings.source.inputs())?;
    } else {
        guard_folder(&settings.out, settings.source.inputs())?;
        if !is_url(&settings.out) {
            folder::own_files(&settings.out, is_table)?;
        }
    }
    let mut dataset = pipeline::read(&settings.source, settings.source.data_until)?;
    let complete_until = pipeline::complete_until(&settings.source, &dataset, None);
    let customers = dataset.let_go();
    let tables = Tables { settings, dataset: &dataset, complete_until };
    let cutoffs = match (file, is_url(&settings.out)) {
        (true, _) => tables.write_file(&settings.out, customers)?,
        (false, false) => tables.write_folder(&settings.out, customers)?,
        (false, true) => tables.write_set(&settings.out, customers)?,
    };
    let outcome = Outcome { out: settings.out.clone(), complete_until: complete_until.to_string(), cutoffs, input: dataset.report()? };
    report::say(&report::fit::features_summary(&outcome.input, &outcome.cutoffs, &outcome.out));
    if settings.json { report::result(&outcome) } else { Ok(()) }
}

/// What tables are made from.
struct Tables<'a> {
    settings: &'a settings::Features,
    dataset: &'a Dataset,
    complete_until: Timestamp,
}

impl Tables<'_> {
    /// One file: of each customer all cutoffs.
    fn write_file(&self, path: &Path, customers: Customers) -> Result<Vec<CutoffOutcome>, TrainError> {
        let mut files = [TableFile::create(path, self.rows(0).columns(&mut Sheet::new(0)))?];
        let outcomes = self.fill(customers, &mut files, |_| 0)?;
        let [file] = files;
        file.publish()?;
        Ok(outcomes)
    }

    /// One file a cutoff; replaces the folder whole.
    fn write_folder(&self, out: &Path, customers: Customers) -> Result<Vec<CutoffOutcome>, TrainError> {
        folder::replace(out, is_table, |fresh| {
            let (files, outcomes) = self.files(customers, |name| fresh.join(name))?;
            TableFile::publish_all(files)?;
            Ok(outcomes)
        })
    }

    /// One file a cutoff, in a store; replaces the set that is there whole.
    fn write_set(&self, out: &Path, customers: Customers) -> Result<Vec<CutoffOutcome>, TrainError> {
        let set = TableSet::create(out)?;
        let (files, outcomes) = self.files(customers, |name| set.path(name))?;
        set.publish(files)?;
        Ok(outcomes)
    }

    /// A full file for each cutoff, at the path of its name.
    fn files(&self, customers: Customers, path: impl Fn(&str) -> PathBuf) -> Result<(Vec<TableFile>, Vec<CutoffOutcome>), TrainError> {
        let mut sheet = Sheet::new(0);
        let template = self.rows(0).columns(&mut sheet);
        let name = |cutoff: &Cutoff| file_name(*cutoff, &self.settings.source.calendar);
        let files = self.settings.cutoffs.iter().map(|cutoff| TableFile::create(&path(&name(cutoff)), template));
        let mut files = files.collect::<Result<Vec<_>, _>>()?;
        let outcomes = self.fill(customers, &mut files, |cutoff| cutoff)?;
        Ok((files, outcomes))
    }

    /// Writes the rows of each cutoff into the file that `file_of` names, by its place among the cutoffs.
    fn fill(
        &self,
        customers: Customers,
        files: &mut [TableFile],
        file_of: impl Fn(usize) -> usize + Sync,
    ) -> Result<Vec<CutoffOutcome>, TrainError> {
        let cutoffs = &self.settings.cutoffs;
        let step = Step::of(&format!("computing features at {} cutoffs", cutoffs.len()), customers.len() as u64);
        let encoders: Vec<Encoders> = files.iter().map(TableFile::encoders).collect();
        let work = |part: Part<'_>| {
            let mut counts = vec![0; cutoffs.len()];
            let (mut kernel, mut sheet) = (Kernel::new(self.dataset.shape.clone()), Sheet::new(BATCH));
            let table = |encoders: &Encoders| Ok((self.rows(BATCH), encoders.encoder()?));
            let mut tables = encoders.iter().map(table).collect::<Result<Vec<_>, TrainError>>()?;
            part.try_each(|customer| {
                let mut walk = kernel.follow(customer.history);
                for (place, cutoff) in cutoffs.iter().enumerate() {
                    let (rows, encoder) = &mut tables[file_of(place)];
                    if rows.push(&mut walk, customer, *cutoff) {
                        counts[place] += 1;
                        if rows.len() >= BATCH {
                            rows.write(&mut sheet, encoder)?;
                        }
                    }
                }
                step.advance();
                Ok::<_, TrainError>(())
            })?;
            let finish = |(mut rows, mut encoder): (Rows<'_>, Encoder)| {
                rows.write(&mut sheet, &mut encoder)?;
                encoder.finish()
            };
            Ok((counts, tables.into_iter().map(finish).collect::<Result<Vec<_>, _>>()?))
        };
        let mut counts = vec![0; cutoffs.len()];
        self.dataset.sweep_last(customers, work, |(of_part, encoded): (Vec<usize>, Vec<EncodedRows>)| {
            counts.iter_mut().zip(of_part).for_each(|(all, of_part)| *all += of_part);
            files.iter_mut().zip(encoded).try_for_each(|(file, rows)| file.append(rows))?;
            Ok::<_, TrainError>(())
        })?;
        if let Some(empty) = counts.iter().position(|count| *count == 0) {
            let first = self.dataset.shape.since().unwrap_or(cutoffs[empty].at);
            return Err(TrainError::NothingBefore { cutoff: cutoffs[empty].at, first });
        }
        Ok(cutoffs.iter().zip(counts).map(|(cutoff, rows)| self.outcome(*cutoff, rows)).collect())
    }

    fn rows(&self, capacity: usize) -> Rows<'_> {
        let Self { settings, dataset, complete_until } = self;
        let example = |name: &String| dataset.all_attributes().find_map(|attributes| attributes.get(name));
        let attributes = settings.source.attributes.iter().map(|name| (name.as_str(), example(name)));
        Rows::new(settings.windows, *complete_until, attributes.collect(), capacity)
    }

    fn outcome(&self, cutoff: Cutoff, rows: usize) -> CutoffOutcome {
        CutoffOutcome { cutoff: cutoff.at.to_string(), rows, labelled: self.settings.windows.is_complete(cutoff.at, self.complete_until) }
    }
}

/// `cutoff=2011-09-10.parquet` for a local midnight, with the time in UTC for any other instant.
fn file_name(cutoff: Cutoff, calendar: &Calendar) -> String {
    if calendar.start_of_day(cutoff.day) == cutoff.at {
        return format!("cutoff={}.parquet", report::date_of_day(cutoff.day));
    }
    format!("cutoff={}.parquet", cutoff.at.to_string().replace(':', "-"))
}

/// Whether a file of this name is one of an earlier table.
fn is_table(name: &str) -> bool {
    name.starts_with("cutoff=") && name.ends_with(".parquet")
}

#[cfg(test)]
mod tests;
