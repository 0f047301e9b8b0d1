//! Insights of a small file, from the command to the tables and the page.

use std::fs;
use std::path::{Path, PathBuf};

use lapwing_features::Values;
use lapwing_features::engine::read_parquet;

use crate::commands::insights::{make, run};
use crate::error::TrainError;
use crate::exit::{Exit, of_error};
use crate::insights::schema::{Insights, NO_TOUCH};
use crate::settings::{self, Source};

const EVENTS: [&str; 14] = [
    "customer_id,ts,kind,amount,channel,campaign",
    "1,2011-01-03,visit,,mail,spring",
    "1,2011-01-05,purchase,30,web,",
    "1,2011-02-07,message_open,,mail,spring",
    "1,2011-02-10,purchase,12.5,web,",
    "2,2011-01-20,purchase,20,shop,",
    "2,2011-03-02,visit,,app,autumn",
    "2,2011-03-03,visit,,mail,spring",
    "2,2011-03-03,purchase,7,shop,",
    "3,2011-02-01,visit,,app,autumn",
    "4,2011-03-31,purchase,1,,",
    "5,2011-03-30,message_sent,,mail,spring",
    "6,2011-03-20,message_click,,mail,spring",
    "7,2011-01-31,visit,,,",
];

fn settings(folder: &Path, lines: &[&str]) -> settings::Insights {
    let events = folder.join("events.csv");
    fs::write(&events, lines.join("\n") + "\n").unwrap();
    settings::Insights {
        source: Source::plain(&events),
        bundle: PathBuf::from(env!("CARGO_MANIFEST_DIR")).with_file_name("tests").join("golden/bundle-v5"),
        as_of: "2011-04-10".to_owned(),
        touch_window_days: 30,
        compare_days: 60,
        out: folder.join("insights"),
        json: false,
    }
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let read = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap());
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap())).collect();
    all.sort();
    all
}

fn numbers(path: &Path, name: &str) -> Vec<Option<f64>> {
    match &read_parquet(path, &[name]).unwrap()[0].values {
        Values::Number(numbers) => numbers.clone(),
        other => panic!("{name}: {other:?}"),
    }
}

fn shares(found: &Insights, cohort: &str) -> Vec<Option<f64>> {
    let all = found.retention_by_month.iter().chain(&found.retention_by_channel);
    all.into_iter().find(|of| of.name == cohort).unwrap().months.iter().map(|month| month.share).collect()
}

#[test]
fn what_is_told_is_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let found = make(&settings(folder.path(), &EVENTS)).unwrap();
    assert_eq!((found.customers, found.complete_until.as_str()), (7, "2011-04-01T00:00:00Z"));
    assert_eq!(shares(&found, "2011-01"), [Some(1.0), Some(0.5), Some(0.5), None]);
    assert_eq!(shares(&found, "2011-03"), [Some(1.0), None]);
    assert_eq!(shares(&found, "shop"), [Some(1.0), Some(0.0), Some(1.0), None]);
    assert_eq!(shares(&found, "mail"), [Some(1.0), Some(1.0), Some(0.0), None]);
    assert_eq!(shares(&found, "(none)"), [Some(1.0), None]);
    let [prospects, new, retained] = found.conversion.as_slice() else { panic!("{:?}", found.conversion) };
    // Customer 1 took two days; 3, 5, 6 and 7 still wait. Of three who bought, one took 36 days, one 42, and one has waited for one.
    assert_eq!((prospects.entered, prospects.reached, prospects.days_median_reached), (5, 1, Some(2.0)));
    assert_eq!((new.entered, new.reached, new.days_median_reached, new.days_median), (3, 2, Some(39.0), Some(36.0)));
    assert_eq!((retained.entered, retained.reached, retained.days_median), (2, 0, None));
    let preferred: Vec<(&str, u64)> = found.channel_preference.iter().map(|(name, customers)| (name.as_str(), *customers)).collect();
    assert_eq!(preferred, [("mail", 1), ("shop", 1), ("web", 1), ("(none)", 4)]);
    assert_eq!(found.transitions.flows.iter().map(|flow| flow.customers).sum::<u64>(), 7);
    assert!(found.stage_conversion.is_none(), "the data begins less than a horizon ago");
}

#[test]
fn every_rule_gives_every_purchase_once() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &EVENTS);
    let found = make(&settings).unwrap();
    assert_eq!(found.attribution.iter().map(|of| of.by).collect::<Vec<_>>(), ["channel", "campaign"]);
    for of in &found.attribution {
        assert_eq!((of.purchases, of.amount), (5.0, 70.5), "{}", of.by);
        for rule in 0..4 {
            let sum =
                |part: fn(&crate::insights::schema::RuleCredit) -> f64| of.rows.iter().map(|row| part(&row.credits[rule])).sum::<f64>();
            assert_eq!((sum(|credit| credit.purchases), sum(|credit| credit.amount)), (5.0, 70.5));
        }
        let untouched = of.rows.last().unwrap();
        assert_eq!((untouched.name.as_str(), untouched.credits[0].purchases, untouched.credits[0].amount), (NO_TOUCH, 2.0, 21.0));
    }
    let mail = found.attribution[0].rows.iter().find(|row| row.name == "mail").unwrap();
    let purchases = mail.credits.map(|credit| credit.purchases);
    assert_eq!((purchases[0], purchases[1], purchases[2]), (2.0, 3.0, 2.5));
    let spring = found.attribution[1].rows.iter().find(|row| row.name == "spring").unwrap();
    assert_eq!(spring.touches, mail.touches);
    let file = settings.out.join("attribution.parquet");
    assert_eq!(numbers(&file, "linear_amount").iter().flatten().sum::<f64>(), 2.0 * 70.5, "by channel and by campaign");
}

#[test]
fn tables_page_and_json_are_written_whole_and_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &EVENTS);
    run(&settings).unwrap();
    let first = files(&settings.out);
    assert_eq!(first.len(), 9, "{:?}", first.iter().map(|(name, _)| name).collect::<Vec<_>>());
    run(&settings).unwrap();
    assert_eq!(files(&settings.out), first);
    let page = String::from_utf8(first.iter().find(|(name, _)| name == "insights.html").unwrap().1.clone()).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("<script"));
    assert!(page.contains("(no touch)") && page.contains("not_seen"));
    let preference = settings.out.join("channel_preference.parquet");
    assert_eq!(numbers(&preference, "answers").iter().flatten().count(), 3, "null where nobody answered");
    assert_eq!(numbers(&settings.out.join("retention_by_month.parquet"), "share").iter().filter(|share| share.is_none()).count(), 2);
}

#[test]
fn linked_ids_are_one_customer_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let own: Vec<String> =
        EVENTS.iter().map(|line| line.strip_prefix("3,").map_or((*line).to_owned(), |rest| format!("1,{rest}"))).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let expected = settings(folder.path(), &own);
    make(&expected).unwrap();
    let expected = files(&expected.out);
    let mut linked = settings(folder.path(), &EVENTS);
    let links = folder.path().join("links.csv");
    fs::write(&links, "alias_id,customer_id\n3,1\n").unwrap();
    linked.source.reading.links = Some(links.display().to_string());
    make(&linked).unwrap();
    assert_eq!(files(&linked.out), expected);
}

#[test]
fn a_file_without_campaigns_has_insights_by_channel_alone() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<&str> = EVENTS.iter().map(|line| line.rsplit_once(',').unwrap().0).collect();
    let found = make(&settings(folder.path(), &lines)).unwrap();
    assert_eq!(found.attribution.len(), 1);
}

#[test]
fn what_does_not_work_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let good = settings(folder.path(), &EVENTS);
    make(&good).unwrap();
    let before = files(&good.out);
    let refused = |settings: &settings::Insights, exit: Exit| {
        let error = make(settings).unwrap_err();
        assert_eq!(of_error(&error), exit, "{error}");
        assert!(error.to_string().contains("\nhint: "), "{error}");
        assert_eq!(files(&good.out), before);
        error
    };
    let soon = refused(&settings::Insights { as_of: "soon".to_owned(), ..good.clone() }, Exit::Usage);
    assert!(matches!(soon, TrainError::Time { setting: "`--as-of`", .. }));
    refused(&settings::Insights { as_of: "1066-10-14".to_owned(), ..good.clone() }, Exit::Usage);
    refused(&settings::Insights { bundle: folder.path().join("none"), ..good.clone() }, Exit::Refused);
    refused(&settings::Insights { as_of: "2001-01-01".to_owned(), ..good.clone() }, Exit::Refused);
    refused(&settings::Insights { out: folder.path().to_owned(), ..good.clone() }, Exit::Usage);
}
