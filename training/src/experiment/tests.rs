//! Tables that are experiments, and those that are none.

use std::fmt::Write;

use tempfile::TempDir;

use super::*;
use crate::exit::{self, Exit};

fn table(text: &str) -> (TempDir, settings::Experiment) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("campaign.csv");
    std::fs::write(&path, text).unwrap();
    let named = |name: &str| name.to_owned();
    let settings =
        settings::Experiment { path, customer_id: named("customer_id"), treatment: named("arm"), control: None, outcome: named("bought") };
    (folder, settings)
}

#[test]
fn arms_outcomes_and_ids_are_read_as_they_are_written() {
    let (_folder, settings) = table("customer_id,arm,bought,spend,stage\n7,1,true,5.5,new\n8,0,false,0,\n9,1,false,0,loyal\n");
    let read = Experiment::read(&settings).unwrap();
    assert_eq!((read.customers, read.control, read.arms), (vec!["7".into(), "8".into(), "9".into()], "0".into(), vec!["1".into()]));
    assert_eq!((read.assigned, read.outcome), (vec![1, 0, 1], vec![true, false, false]));
    assert_eq!(numbers(&settings.path, "spend").unwrap(), [5.5, 0.0, 0.0]);
    assert_eq!(groups(&settings.path, "stage").unwrap(), ["new", "(none)", "loyal"]);
    let (_folder, settings) = table("arm,bought\nmen,1\nnone,0\nwomen,1\n");
    let settings = settings::Experiment { control: Some("none".to_owned()), ..settings };
    let read = Experiment::read(&settings).unwrap();
    assert_eq!((read.arms, read.assigned, read.customers[2].as_str()), (vec!["men".into(), "women".into()], vec![1, 0, 2], "2"));
}

#[test]
fn what_is_no_experiment_is_refused_with_a_hint() {
    for (text, control, part) in [
        ("arm,bought\nmail,1\nnone,0\n", None, "does not tell who is the control"),
        ("arm,bought\nmail,1\nnone,0\n", Some("nobody"), "the control is `nobody`"),
        ("arm,bought\n1,1\n1,0\n", None, "has 1 values"),
        ("arm,bought\n1,1\n,0\n", None, "`arm` of row 1 is empty"),
        ("arm,bought\n1,1\n0,2\n", None, "`bought` of row 1 is neither 0 nor 1"),
        ("customer_id,arm,bought\na,1,1\n,0,0\n", None, "`customer_id` of row 1 is empty"),
    ] {
        let (_folder, settings) = table(text);
        let error = Experiment::read(&settings::Experiment { control: control.map(str::to_owned), ..settings }).unwrap_err();
        assert!(matches!(&error, TrainError::Experiment { problem, .. } if problem.contains(part)), "{error}");
        assert!(error.to_string().contains("\nhint: ") && exit::of_error(&error) == Exit::Refused, "{error}");
    }
    let (_folder, settings) = table("arm,bought,note\n1,1,a\n0,0,b\n");
    assert!(matches!(numbers(&settings.path, "note"), Err(TrainError::Experiment { .. })));
    assert!(matches!(column(&settings.path, "none"), Err(TrainError::Engine(_))));
    let many = (0..60).fold("arm,bought,name\n".to_owned(), |mut text, row| {
        let _ = writeln!(text, "{},{},n{row}", row % 2, row % 2);
        text
    });
    let (_folder, settings) = table(&many);
    assert!(matches!(groups(&settings.path, "name"), Err(TrainError::Experiment { .. })));
}

#[test]
fn customers_who_are_there_twice_are_refused() {
    let (_folder, settings) = table("customer_id,arm,bought\na,1,1\nb,0,0\nc,1,0\na,0,1\n");
    let error = Experiment::read(&settings).unwrap().each_once(&settings.path).unwrap_err();
    assert!(matches!(&error, TrainError::Experiment { problem, .. } if problem == "rows 0 and 3 are of one customer"), "{error}");
    let (_folder, settings) = table("customer_id,arm,bought\na,1,1\nb,0,0\n");
    Experiment::read(&settings).unwrap().each_once(&settings.path).unwrap();
}

#[test]
fn what_is_no_finite_number_is_missing() {
    let (_folder, settings) = table("arm,bought,age\n1,1,NaN\n0,0,inf\n1,0,3\n0,1,-inf\n1,1,5\n0,0,4\n0,0,6\n");
    let (_, covariates) = Experiment::read(&settings).unwrap().covariates(&settings.path, &["arm", "bought"]).unwrap();
    assert_eq!(covariates, [Covariate::Numbers(vec![None, None, Some(3.0), None, Some(5.0), Some(4.0), Some(6.0)])]);
}

#[test]
fn what_came_after_the_lot_is_not_learned_from() {
    let rows = (0..4_000).fold("customer_id,arm,bought,age,region,clicked,page\n".to_owned(), |mut text, row| {
        let treated = row % 2;
        let (clicked, page) = (u8::from(treated == 1 && row % 3 == 0), if treated == 1 && row % 5 < 2 { "offer" } else { "home" });
        let _ = writeln!(text, "{row},{treated},{},{},{},{clicked},{page}", u8::from(row % 7 == 0), row / 2 % 60, ["n", "s"][row / 2 % 2]);
        text
    });
    let (_folder, settings) = table(&rows);
    let read = Experiment::read(&settings).unwrap();
    let error = read.covariates(&settings.path, &["customer_id", "arm", "bought"]).unwrap_err();
    assert!(matches!(&error, TrainError::AfterTheLot(names) if *names == ["clicked", "page"]), "{error}");
    assert!(error.to_string().contains("--leave-out clicked page") && exit::of_error(&error) == Exit::Refused, "{error}");
    let (names, covariates) = read.covariates(&settings.path, &["customer_id", "arm", "bought", "clicked", "page"]).unwrap();
    assert_eq!(names, ["age", "region"]);
    assert!(matches!(&covariates[..], [Covariate::Numbers(_), Covariate::Texts(_)]));
}
