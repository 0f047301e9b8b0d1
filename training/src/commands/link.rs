//! `link`: proposes which rows of customers tables are one person, as a table that every command takes by `--links`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lapwing_features::engine::{Inputs, TextColumn, guard_file, read_texts, write_parquet};
use lapwing_features::{Column, Texts, Values};
use serde::Serialize;

use crate::error::TrainError;
use crate::linking::{self, Crowd, Link, Linked, Row};
use crate::progress::Step;
use crate::{report, settings};

/// What `link --json` prints: counts alone, for ids are people's.
#[derive(Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The link table.
    pub out: PathBuf,
    /// Rows read.
    pub rows: usize,
    /// Those of them without an id, which are left out.
    pub rows_without_id: usize,
    /// Different ids.
    pub ids: usize,
    /// Customers that they are by the accepted links.
    pub customers: usize,
    /// Ids of the customer with the most.
    pub largest: usize,
    /// From which confidence on links are accepted.
    pub threshold: f64,
    /// Accepted links.
    pub accepted: usize,
    /// Links that somebody should look at.
    pub proposed: usize,
    /// Keys and blocks that too many share to tell anything, by what they are.
    pub too_large: BTreeMap<&'static str, Crowd>,
}

/// Runs `link`.
///
/// # Errors
/// [`TrainError`] when a table cannot be read or has no key, or the links cannot be written; then nothing is written, and what was
/// there stays.
pub fn run(settings: &settings::Link) -> Result<(), TrainError> {
    let outcome = make(settings)?;
    report::say(&text(&outcome));
    if settings.json { report::result(&outcome) } else { Ok(()) }
}

/// Finds the links and writes them.
///
/// # Errors
/// As [`run`].
pub fn make(settings: &settings::Link) -> Result<Outcome, TrainError> {
    guard_file(&settings.out, Inputs { events: &settings.customers, customers: None, links: None, bundle: None })?;
    let step = Step::alone("reading customers");
    let (mut rows, mut all) = (Vec::new(), 0);
    for file in &settings.customers {
        all += read(settings, file, &mut rows)?;
    }
    drop(step);
    let _step = Step::alone("comparing customers");
    let used = rows.len();
    let linked = linking::link(rows, settings.threshold, settings.threads);
    write_parquet(&settings.out, &columns(&linked.links))?;
    let Linked { links, customers: ids, largest, crowded } = linked;
    let accepted = links.iter().filter(|link| link.accepted).count();
    Ok(Outcome {
        out: settings.out.clone(),
        rows: all,
        rows_without_id: all - used,
        ids,
        customers: ids - accepted,
        largest,
        threshold: settings.threshold,
        accepted,
        proposed: links.len() - accepted,
        too_large: crowded,
    })
}

/// Reads the rows of a table that have an id; how many there are of both kinds.
fn read(settings: &settings::Link, file: &str, rows: &mut Vec<Row>) -> Result<usize, TrainError> {
    let settings::Link { customer_id, columns, country_prefix, .. } = settings;
    let key = |name| TextColumn { name, needed: false, id: false };
    let wanted = [
        TextColumn { name: customer_id, needed: true, id: true },
        key(&columns.phone),
        key(&columns.email),
        key(&columns.open_id),
        key(&columns.name),
    ];
    let hint = "say which column it is under `[customers]`: `customer_id = \"its name in the file\"`";
    let read = read_texts(file, &wanted, hint)?;
    let [Some(ids), phones, emails, open_ids, names] = read.as_slice() else { return Ok(0) };
    if [phones, emails, open_ids, names].iter().all(|column| column.is_none()) {
        return Err(TrainError::NoLinkKey(file.to_owned()));
    }
    let cell = |column: &Option<Vec<Option<String>>>, row: usize| column.as_ref().and_then(|column| column[row].clone());
    for (row, id) in ids.iter().enumerate() {
        let Some(id) = id else { continue };
        rows.push(Row {
            id: id.clone(),
            phone: cell(phones, row).and_then(|text| linking::phone(&text, country_prefix)),
            email: cell(emails, row).and_then(|text| linking::email(&text)),
            open_id: cell(open_ids, row).and_then(|text| linking::open_id(&text)),
            name: cell(names, row).and_then(|text| linking::name(&text)),
        });
    }
    Ok(ids.len())
}

fn columns(links: &[Link]) -> [Column; 5] {
    let ids = |of: fn(&Link) -> &str| {
        let mut texts = Texts::default();
        for link in links {
            texts.push(of(link));
        }
        Values::Ids(texts)
    };
    let status = |link: &Link| Some(if link.accepted { "accepted" } else { "proposed" });
    [
        Column::new("alias_id", ids(|link| &link.alias)),
        Column::new("customer_id", ids(|link| &link.customer)),
        Column::new("confidence", Values::Number(links.iter().map(|link| Some(link.confidence)).collect())),
        Column::new("reason", Values::Text(links.iter().map(|link| Some(link.reason.clone())).collect())),
        Column::new("status", Values::Named(links.iter().map(status).collect())),
    ]
}

/// What was found, for people.
fn text(outcome: &Outcome) -> String {
    let Outcome { rows, rows_without_id, ids, customers, largest, threshold, accepted, proposed, too_large, out } = outcome;
    let count = |number: &usize| report::count(*number);
    let mut lines = vec![format!("{} rows of customers: {} ids", count(rows), count(ids))];
    if *rows_without_id > 0 {
        lines.push(format!("{} rows left out: no id", count(rows_without_id)));
    }
    for (what, crowd) in too_large {
        let shared = format!("shared by too many to tell who they are, {} by one", count(&crowd.largest));
        lines.push(format!("not looked into: {} of {what}, {shared}", count(&crowd.count)));
    }
    lines.push(format!(
        "{} links accepted, at a confidence of {threshold} or more: {} customers, {largest} ids for one at most",
        count(accepted),
        count(customers)
    ));
    lines.push(format!("{} links proposed, which join nobody: look at them in `{}`", count(proposed), out.display()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use lapwing_features::engine::{EngineError, read_parquet};

    use super::*;
    use crate::config::LinkColumns;
    use crate::exit::{Exit, of_error};
    use crate::pipeline;
    use crate::settings::Source;

    fn settings(folder: &Path, lines: &[&str]) -> settings::Link {
        let file = folder.join("customers.csv");
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        settings::Link {
            customers: vec![file.display().to_string()],
            customer_id: "customer_id".to_owned(),
            columns: LinkColumns::default(),
            threshold: 0.9,
            country_prefix: "44".to_owned(),
            threads: 2,
            out: folder.join("links.parquet"),
            json: false,
        }
    }

    const LINES: [&str; 6] = [
        "customer_id,phone,email,name,age",
        "0102,020 7946 0018,ann@example.com,Ann O'Brien,30",
        "77,+44 20 7946 0018,,\"OBrien, Ann\",30",
        "78,,bob@example.com,Bob Ray,31",
        "79,,,Bob Ray,32",
        ",,ann@example.com,nobody,33",
    ];

    #[test]
    fn what_is_written_is_what_every_command_takes() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), &LINES);
        run(&settings).unwrap();
        let bytes = fs::read(&settings.out).unwrap();
        let outcome = make(&settings).unwrap();
        assert_eq!(fs::read(&settings.out).unwrap(), bytes);
        assert_eq!((outcome.rows, outcome.rows_without_id, outcome.ids, outcome.customers), (5, 1, 4, 3));
        assert_eq!((outcome.accepted, outcome.proposed, outcome.largest), (1, 1, 2));
        let columns = read_parquet(&settings.out, &["alias_id", "customer_id", "reason", "status", "confidence"]).unwrap();
        let texts = |place: usize| match &columns[place].values {
            Values::Text(texts) => texts.iter().flatten().cloned().collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!((texts(0), texts(1)), (vec!["0102".to_owned(), "79".to_owned()], vec!["77".to_owned(), "78".to_owned()]));
        assert_eq!(texts(2), ["same phone; names 1.00 alike", "names 1.00 alike"]);
        assert_eq!(texts(3), ["accepted", "proposed"]);

        let events = folder.path().join("events.csv");
        fs::write(&events, "customer_id,ts,amount\n0102,2024-01-01,5\n77,2024-01-02,5\n78,2024-01-03,5\n79,2024-01-04,5\n").unwrap();
        let mut source = Source::plain(&events);
        source.reading.links = Some(settings.out.display().to_string());
        assert_eq!(pipeline::read(&source, None).unwrap().len(), 3, "the proposed link joins nobody");
    }

    #[test]
    fn what_cannot_be_linked_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |settings: &settings::Link| {
            let error = make(settings).unwrap_err();
            assert!(error.to_string().contains("\nhint: "), "{error}");
            assert_eq!(of_error(&error), Exit::Usage, "{error}");
            assert!(!settings.out.exists() || settings.out.display().to_string() == settings.customers[0]);
            error
        };
        let no_key = settings(folder.path(), &["customer_id,age", "1,30"]);
        assert!(matches!(refused(&no_key), TrainError::NoLinkKey(_)));
        let no_id = settings(folder.path(), &["id,phone", "1,0301234567"]);
        assert!(matches!(refused(&no_id), TrainError::Engine(EngineError::MissingColumn { .. })));
        let over = settings::Link { out: folder.path().join("customers.csv"), ..settings(folder.path(), &LINES) };
        assert!(matches!(refused(&over), TrainError::Engine(EngineError::Place { .. })));
    }
}
