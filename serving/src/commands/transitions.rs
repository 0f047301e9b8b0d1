//! `transitions`: how many customers went from which stage to which between two dates, by replay of the bundle's rules at both.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use lapwing_features::engine::{self, Dataset, InputReport, Part};
use lapwing_features::{Calendar, Column, Cutoff, Kernel, Values, parted};
use lapwing_models::bundle::ModelBundle;
use lapwing_models::lifecycle::{Flow, NOT_SEEN, Stage, Transitions};
use serde::Serialize;

use crate::commands::as_fitted;
use crate::error::ServeError;
use crate::settings;
use crate::talk;

/// Rows between two log lines while reading.
const LOG_EVERY: u64 = 5_000_000;

/// What `transitions --json` prints.
#[derive(Debug, PartialEq, Serialize)]
struct Counted {
    out: PathBuf,
    from: String,
    to: String,
    model_version: String,
    customers: u64,
    /// What the rows of the matrix are: the stages at the first date, then who was not seen yet.
    sources: Vec<&'static str>,
    /// What its columns are: the stages at the second date.
    targets: Vec<&'static str>,
    /// Customers.
    matrix: Vec<Vec<u64>>,
    /// The same as the rows of a Sankey diagram, without those that nobody is in.
    flows: Vec<Flow>,
    input: InputReport,
}

/// Runs `transitions`.
///
/// # Errors
/// [`ServeError`] when bundle, dates or events do not allow it; then no file is written, and what was there stays.
pub fn run(settings: &settings::Transitions) -> Result<(), ServeError> {
    let counted = count_into_file(settings)?;
    tell(&counted);
    if settings.json { talk::result(&counted) } else { Ok(()) }
}

fn count_into_file(settings: &settings::Transitions) -> Result<Counted, ServeError> {
    let bundle = settings.source.load()?;
    let zone = |source| ServeError::Time { setting: "the bundle's time zone", source };
    let calendar = bundle.calendar().map_err(zone)?;
    let at = |setting, text: &str| calendar.parse(text).map_err(|source| ServeError::Time { setting, source });
    let [from, to] = [at("`--from`", &settings.from)?, at("`--to`", &settings.to)?].map(|at| calendar.cutoff(at));
    if from >= to || !from.at.is_plausible() || !to.at.is_plausible() {
        return Err(ServeError::Between { from: settings.from.clone(), to: settings.to.clone() });
    }
    let links = settings.reading.links.as_deref();
    let inputs = engine::Inputs { events: &settings.events, customers: None, links, bundle: Some(settings.source.dir()) };
    engine::guard_file(&settings.out, inputs)?;
    let dataset = read(settings, &bundle, &calendar, to)?;
    let all = count(&bundle, &dataset, [from, to])?;
    engine::write_parquet(&settings.out, &columns(&all.flows()))?;
    Ok(Counted {
        out: settings.out.clone(),
        from: from.at.to_string(),
        to: to.at.to_string(),
        model_version: bundle.version(),
        customers: all.total(),
        sources: Transitions::sources().map(|stage| stage.map_or(NOT_SEEN, Stage::name)).collect(),
        targets: Stage::ALL.iter().map(|stage| stage.name()).collect(),
        matrix: all.matrix(),
        flows: all.flows(),
        input: dataset.report()?,
    })
}

fn read(settings: &settings::Transitions, bundle: &ModelBundle, calendar: &Calendar, to: Cutoff) -> Result<Dataset, ServeError> {
    let config = as_fitted(bundle, &settings.reading);
    let told = AtomicU64::new(0);
    let progress = |rows: u64| {
        let before = told.fetch_max(rows, Ordering::Relaxed);
        if before / LOG_EVERY < rows / LOG_EVERY {
            tracing::info!(rows, "reading");
        }
    };
    Ok(engine::read(&engine::Request {
        events: &settings.events,
        config: &config,
        customers: None,
        calendar,
        until: Some(to.at),
        resources: &settings.resources,
        progress: &progress,
    })?)
}

fn count(bundle: &ModelBundle, dataset: &Dataset, between: [Cutoff; 2]) -> Result<Transitions, ServeError> {
    let work = |part: Part<'_>| {
        let (mut kernel, mut counted) = (Kernel::new(bundle.shape.clone()), Transitions::default());
        part.each(|customer| counted.add(&mut kernel.follow(customer.history), between, &bundle.thresholds))?;
        Ok::<_, ServeError>(counted)
    };
    let mut all = Transitions::default();
    dataset.sweep(work, |counted| {
        all.merge(&counted);
        Ok::<_, ServeError>(())
    })?;
    Ok(all)
}

fn columns(flows: &[Flow]) -> [Column; 4] {
    let name = |of: fn(&Flow) -> &'static str| Values::Named(flows.iter().map(|flow| Some(of(flow))).collect());
    [
        Column::new("source", name(|flow| flow.source)),
        Column::new("target", name(|flow| flow.target)),
        Column::new("customers", Values::Integer(flows.iter().map(|flow| Some(flow.customers.cast_signed())).collect())),
        Column::new("value", Values::Number(flows.iter().map(|flow| flow.value).collect())),
    ]
}

/// The matrix, for people.
fn tell(counted: &Counted) {
    for line in counted.input.lines() {
        talk::say(&line);
    }
    let Counted { from, to, model_version, .. } = counted;
    let customers = parted(counted.customers);
    talk::say(&format!("{customers} customers: stages on {from} (rows) and on {to} (columns), by the rules of {model_version}"));
    talk::say(&counted.targets.iter().fold(format!("{:9}", ""), |line, target| line + &format!(" {target:>9}")));
    for (source, row) in counted.sources.iter().zip(&counted.matrix) {
        talk::say(&row.iter().fold(format!("{source:9}"), |line, customers| line + &format!(" {:>9}", parted(customers))));
    }
    talk::say(&format!("the flows are in `{}`", counted.out.display()));
}

#[cfg(test)]
mod tests {
    use lapwing_features::engine::EventsConfig;
    use tempfile::TempDir;

    use super::*;
    use crate::exit::{self, Exit};
    use crate::fixture;
    use crate::settings::Source;

    fn prepare() -> (TempDir, settings::Transitions) {
        let folder = tempfile::tempdir().unwrap();
        fixture::bundle().save(&folder.path().join("bundle")).unwrap();
        std::fs::write(folder.path().join("events.csv"), fixture::csv()).unwrap();
        let settings = settings::Transitions {
            source: Source::Bundle(folder.path().join("bundle")),
            events: vec![folder.path().join("events.csv").display().to_string()],
            reading: EventsConfig::default(),
            from: "2023-06-01".to_owned(),
            to: "2023-12-01".to_owned(),
            out: folder.path().join("flows.parquet"),
            resources: engine::Resources::default(),
            json: false,
        };
        (folder, settings)
    }

    #[test]
    fn flows_are_the_matrix_and_the_same_bytes_each_time() {
        let (_folder, settings) = prepare();
        run(&settings).unwrap();
        let bytes = std::fs::read(&settings.out).unwrap();
        let counted = count_into_file(&settings).unwrap();
        assert_eq!(std::fs::read(&settings.out).unwrap(), bytes);
        assert_eq!(counted.matrix.iter().flatten().sum::<u64>(), counted.customers);
        assert_eq!(counted.flows.iter().map(|flow| flow.customers).sum::<u64>(), counted.customers);
        assert_eq!((counted.sources.len(), counted.targets.len()), (10, 9));
        assert!(counted.flows.len() > 2 && counted.customers == counted.input.customers, "{counted:?}");
        let read = engine::read_parquet(&settings.out, &["source", "target", "customers", "value"]).unwrap();
        assert!(matches!(&read[0].values, Values::Text(sources) if sources.len() == counted.flows.len()));
        assert!(matches!(&read[3].values, Values::Number(values) if values.iter().all(Option::is_some)));
    }

    #[test]
    fn the_stages_of_the_past_are_those_that_were_counted_then() {
        let (_folder, settings) = prepare();
        let now = count_into_file(&settings).unwrap();
        let then = settings::Transitions { from: "2023-01-01".to_owned(), to: settings.from.clone(), ..settings };
        let then = count_into_file(&then).unwrap();
        let arrived: Vec<u64> = (0..9).map(|stage| then.matrix.iter().map(|row| row[stage]).sum()).collect();
        let left: Vec<u64> = now.matrix[..9].iter().map(|row| row.iter().sum()).collect();
        assert_eq!(arrived, left, "whoever had come to a stage by June leaves from it");
    }

    #[test]
    fn an_alias_goes_where_its_customer_goes() {
        let (folder, mut settings) = prepare();
        let before = count_into_file(&settings).unwrap();
        let links = folder.path().join("links.csv");
        std::fs::write(&links, "alias_id,customer_id\n1,0\n").unwrap();
        settings.reading.links = Some(links.display().to_string());
        assert_eq!(count_into_file(&settings).unwrap().customers, before.customers - 1);
    }

    #[test]
    fn dates_that_are_no_two_in_a_row_are_refused() {
        let (_folder, settings) = prepare();
        for (from, to) in [("2023-12-01", "2023-06-01"), ("2023-06-01", "2023-06-01"), ("1066-10-14", "2023-06-01")] {
            let error = run(&settings::Transitions { from: from.to_owned(), to: to.to_owned(), ..settings.clone() }).unwrap_err();
            assert!(matches!(error, ServeError::Between { .. }) && error.to_string().contains("\nhint: "), "{error}");
            assert_eq!(exit::of_error(&error), Exit::Usage);
        }
        let error = run(&settings::Transitions { to: "soon".to_owned(), ..settings.clone() }).unwrap_err();
        assert!(matches!(error, ServeError::Time { setting: "`--to`", .. }), "{error}");
        assert!(!settings.out.exists());
        let over = settings::Transitions { out: settings.events[0].clone().into(), ..settings };
        assert!(matches!(run(&over).unwrap_err(), ServeError::Engine(engine::EngineError::Place { .. })));
    }
}
