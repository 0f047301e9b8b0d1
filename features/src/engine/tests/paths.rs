//! Files, folders, globs and lists of them.

use std::fs;

use super::{Asked, EngineError, Folder, ids};

const HEADER: &str = "customer_id,ts";

fn put(folder: &Folder, name: &str, customer: &str) -> String {
    folder.csv(name, &[HEADER, &format!("{customer},2024-01-01")])
}

fn read(events: &[String]) -> Vec<String> {
    ids(&Asked::default().read(events).unwrap())
}

#[test]
fn folders_are_searched_through_but_for_hidden_files() {
    let folder = Folder::new();
    put(&folder, "in/a.csv", "a");
    put(&folder, "in/deep/er/b.CSV", "b");
    put(&folder, "in/.hidden.csv", "x");
    put(&folder, "in/_temporary/c.csv", "x");
    put(&folder, "in/.git/c.csv", "x");
    fs::write(folder.path("in/notes.txt"), "nothing").unwrap();
    fs::write(folder.path("in/_SUCCESS"), "").unwrap();
    assert_eq!(read(&[folder.text("in")]), ["a", "b"]);
}

#[test]
fn globs_match_files_and_folders() {
    let folder = Folder::new();
    put(&folder, "in/2023/a.csv", "a");
    put(&folder, "in/2024/b.csv", "b");
    put(&folder, "in/other/c.csv", "c");
    fs::write(folder.path("in/2024/readme.md"), "").unwrap();
    assert_eq!(read(&[folder.text("in/202*/*")]), ["a", "b"]);
    assert_eq!(read(&[folder.text("in/202?")]), ["a", "b"]);
    assert_eq!(read(&[folder.text("in/**/*.csv")]), ["a", "b", "c"]);
}

#[test]
fn a_file_named_twice_is_read_once() {
    let folder = Folder::new();
    let file = put(&folder, "in/a.csv", "a");
    let dataset = Asked::default().read(&[file, folder.text("in"), folder.text("in/*.csv"), folder.text("in/../in")]).unwrap();
    assert_eq!((dataset.report().unwrap().files, dataset.report().unwrap().rows), (1, 1));
}

#[test]
#[cfg(unix)]
fn links_that_lead_in_circles_end() {
    let folder = Folder::new();
    put(&folder, "in/a.csv", "a");
    std::os::unix::fs::symlink(folder.path("in"), folder.path("in/again")).unwrap();
    assert_eq!(read(&[folder.text("in")]), ["a"]);
}

#[test]
fn any_character_may_be_in_a_path() {
    let folder = Folder::new();
    for (at, name) in
        ["a b.csv", "100%.csv", "a%20b.csv", "[x].csv", "w?at*.csv", "ünï.csv", "a#1.csv", "c:d&e=f+g.csv", "x{y}~.csv", "q'\".csv"]
            .into_iter()
            .enumerate()
    {
        let file = put(&folder, &format!("odd [{at}] 5%/{name}"), "a");
        assert_eq!(read(&[file]), ["a"], "{name}");
    }
    let columns = [("customer_id", super::names(&["a"])), ("ts", super::names(&["2024-01-01"]))];
    assert_eq!(read(&[folder.parquet("p [1] 7%25/a b%.parquet", &columns)]), ["a"]);
}

#[test]
fn column_names_may_hold_dots_capitals_and_blanks() {
    let folder = Folder::new();
    let mut asked = Asked::default();
    asked.config.columns.customer_id = "Customer.ID".to_owned();
    asked.config.columns.ts = "Order Date".to_owned();
    let columns =
        [("Customer.ID", super::names(&["a"])), ("Order Date", super::names(&["2024-01-01"])), ("customer.id", super::names(&["b"]))];
    for file in
        [folder.parquet("a.parquet", &columns), folder.csv("b.csv", &["\u{feff}Customer.ID,customer.id,Order Date", "a,b,2024-01-01"])]
    {
        assert_eq!(ids(&asked.read(&[file]).unwrap()), ["a"]);
    }
}

#[test]
fn one_column_may_have_two_roles() {
    let folder = Folder::new();
    let mut asked = Asked::default();
    asked.config.columns.order_id = "ts".to_owned();
    let file = folder.csv("a.csv", &[HEADER, "a,2024-01-01", "a,2024-01-02"]);
    let dataset = asked.read(&[file]).unwrap();
    assert_eq!(super::events(&super::everybody(&dataset)[0]).iter().map(|event| event.order).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn an_optional_column_set_to_nothing_is_not_read() {
    let folder = Folder::new();
    let mut asked = Asked::default();
    asked.config.columns.amount = String::new();
    let file = folder.csv("a.csv", &["customer_id,ts,amount", "a,2024-01-01,-5"]);
    let dataset = asked.read(&[file]).unwrap();
    assert!(super::events(&super::everybody(&dataset)[0])[0].amount.is_nan());
}

#[test]
fn what_is_not_there_is_wrong_usage() {
    let folder = Folder::new();
    fs::write(folder.path("notes.txt"), "nothing").unwrap();
    fs::create_dir(folder.path("empty")).unwrap();
    let fails = |path: &str| Asked::default().read(&[folder.text(path)]).unwrap_err();
    assert!(matches!(fails("none.parquet"), EngineError::NotFound { .. }));
    assert!(matches!(fails("notes.txt"), EngineError::WrongExtension { .. }));
    assert!(matches!(fails("empty"), EngineError::NoFiles { .. }));
    assert!(matches!(fails("*.parquet"), EngineError::NoFiles { .. }));
    assert!(matches!(fails("***"), EngineError::BadGlob { .. }));
    assert!(matches!(Asked::default().read(&[]).unwrap_err(), EngineError::NoFiles { .. }));
    for path in ["none.parquet", "notes.txt", "empty", "*.parquet", "***"] {
        let error = fails(path);
        assert!(error.is_usage() && error.to_string().contains("\nhint: "), "{error}");
    }
}
