//! Bad input to the binaries: each kind ends in a clear message with a hint, the right exit code, and no half-written output; or,
//! where the rest of the data is good, in a result that says what was left out.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use crate::support::data;
use crate::support::fitted::{self, AS_OF, Outputs};
use crate::support::run::{Ended, Folder, serve, text, train};
use crate::support::shop;

const CUTOFF: &str = "2024-04-01";

/// A kind of bad input: how it is made in a folder, which gives what stands behind `--events`; and what comes of it.
struct Case {
    kind: &'static str,
    make: fn(&Folder) -> String,
    code: i32,
    says: &'static [&'static str],
}

/// Input that no command can use.
const REFUSED: &[Case] = &[
    Case { kind: "a missing file", make: |folder| folder.arg("none.parquet"), code: 2, says: &["none.parquet"] },
    Case { kind: "a glob that matches nothing", make: |folder| folder.arg("*.parquet"), code: 2, says: &["*.parquet"] },
    Case {
        kind: "a folder without tables",
        make: |folder| {
            folder.write("notes.txt", "x");
            folder.arg("")
        },
        code: 2,
        says: &[],
    },
    Case { kind: "a name that is no table's", make: |folder| folder.write("events.xlsx", "x"), code: 2, says: &["events.xlsx"] },
    Case { kind: "an empty Parquet file", make: |folder| folder.write("e.parquet", ""), code: 1, says: &["e.parquet"] },
    Case { kind: "an empty CSV file", make: |folder| folder.write("e.csv", ""), code: 1, says: &["e.csv"] },
    Case {
        kind: "a CSV file with a header alone",
        make: |folder| folder.write("e.csv", "customer_id,ts,amount\n"),
        code: 1,
        says: &["e.csv"],
    },
    Case { kind: "a Parquet file without rows", make: |folder| parquet(folder, &shop::table().slice(0, 0)), code: 1, says: &["no rows"] },
    Case { kind: "a file cut in half", make: cut_in_half, code: 1, says: &["cut.parquet"] },
    Case {
        kind: "text named Parquet",
        make: |folder| folder.write("e.parquet", "customer_id,ts\n1,2024-01-01\n"),
        code: 1,
        says: &["e.parquet"],
    },
    Case {
        kind: "a missing column",
        make: |folder| folder.write("e.csv", "customer_id,when\na,2024-01-01\n"),
        code: 2,
        says: &["`ts`", "`when`"],
    },
    Case {
        kind: "no id at all",
        make: |folder| folder.write("e.csv", "customer_id,ts,amount\n,2024-01-01,5\n,2024-01-02,5\n"),
        code: 1,
        says: &["2 rows"],
    },
    Case {
        kind: "no readable time at all",
        make: |folder| folder.write("e.csv", "customer_id,ts,amount\na,soon,5\nb,later,5\n"),
        code: 1,
        says: &["2 rows"],
    },
    Case {
        kind: "times of the wrong type",
        make: |folder| parquet(folder, &retyped("ts", |rows| Arc::new(BooleanArray::from(vec![true; rows])))),
        code: 1,
        says: &["`ts`", "Boolean"],
    },
    Case {
        kind: "ids of the wrong type",
        make: |folder| parquet(folder, &retyped("customer_id", |rows| Arc::new(BooleanArray::from(vec![true; rows])))),
        code: 1,
        says: &["`customer_id`", "Boolean"],
    },
    Case {
        kind: "amounts of the wrong type",
        make: |folder| parquet(folder, &retyped("amount", |rows| Arc::new(BooleanArray::from(vec![true; rows])))),
        code: 1,
        says: &["`amount`", "Boolean"],
    },
    Case {
        kind: "dates in the future only",
        make: |folder| folder.write("e.csv", "customer_id,ts,amount\na,2031-01-01,5\n"),
        code: 1,
        says: &[],
    },
];

/// Input whose good rows are used.
const COUNTED: &[Case] = &[
    Case {
        kind: "null ids",
        make: |folder| with_rows(folder, &[(None, "2024-01-01T00:00:00Z", Some(5.0)); 3]),
        code: 0,
        says: &["3 rows left out", "no customer id"],
    },
    Case { kind: "duplicate rows", make: duplicated, code: 0, says: &["10 rows dropped", "repeat"] },
    Case {
        kind: "NaN amounts",
        make: |folder| with_rows(folder, &[(Some("c00"), "2024-01-01T00:00:00Z", Some(f64::NAN)); 1]),
        code: 0,
        says: &["1 row kept without amount"],
    },
    Case {
        kind: "infinite amounts",
        make: |folder| with_rows(folder, &[(Some("c00"), "2024-01-01T00:00:00Z", Some(f64::INFINITY)); 1]),
        code: 0,
        says: &["1 row kept without amount"],
    },
    Case {
        kind: "giant amounts",
        make: |folder| with_rows(folder, &[(Some("c00"), "2024-01-01T00:00:00Z", Some(-1e300)); 1]),
        code: 0,
        says: &["1 row kept without amount"],
    },
    Case {
        kind: "negative amounts",
        make: |folder| with_rows(folder, &[(Some("c00"), "2024-01-01T00:00:00Z", Some(-1e12)); 1]),
        code: 0,
        says: &[],
    },
    Case { kind: "null amounts", make: |folder| with_rows(folder, &[(Some("c00"), "2024-01-01T00:00:00Z", None); 1]), code: 0, says: &[] },
    Case {
        kind: "dates after any as-of",
        make: |folder| with_rows(folder, &[(Some("c00"), "2199-01-01T00:00:00Z", Some(5.0)); 2]),
        code: 0,
        says: &[],
    },
    Case {
        kind: "dates that cannot be meant",
        make: |folder| with_rows(folder, &[(Some("c00"), "1890-01-01T00:00:00Z", Some(5.0)); 2]),
        code: 0,
        says: &["2 rows left out", "1900"],
    },
    Case {
        kind: "unreadable times among good ones",
        make: |folder| {
            folder.write(
                "e.csv",
                shop::csv("customer_id,ts,amount\nc00,soon,1", |row| format!("{},{},{}", row.customer, instant(row.ts), row.amount)),
            )
        },
        code: 0,
        says: &["1 row left out", "time"],
    },
    Case {
        kind: "amounts that are no numbers",
        make: |folder| {
            folder.write(
                "e.csv",
                shop::csv("customer_id,ts,amount\nc00,2024-01-01T00:00:00Z,plenty", |row| {
                    format!("{},{},{}", row.customer, instant(row.ts), row.amount)
                }),
            )
        },
        code: 0,
        says: &["1 row kept without amount"],
    },
    Case {
        kind: "an unknown kind",
        make: |folder| {
            folder.write(
                "e.csv",
                shop::csv("customer_id,ts,amount,kind\nc00,2024-01-01T00:00:00Z,1,gossip", |row| {
                    format!("{},{},{},purchase", row.customer, instant(row.ts), row.amount)
                }),
            )
        },
        code: 0,
        says: &["1 row kept as `other`", "`gossip`"],
    },
];

fn instant(micros: i64) -> String {
    lapwing_features::Timestamp(micros).to_string()
}

fn parquet(folder: &Folder, batch: &RecordBatch) -> String {
    data::write(&folder.at("e.parquet"), batch, 1_000);
    folder.arg("e.parquet")
}

/// The shop with a few rows more.
fn with_rows(folder: &Folder, rows: &[(Option<&'static str>, &str, Option<f64>)]) -> String {
    let more = data::table(vec![
        ("customer_id", data::texts(rows.iter().map(|row| row.0))),
        ("ts", data::instants(rows.iter().map(|row| data::micros(row.1)))),
        ("amount", data::numbers(rows.iter().map(|row| row.2))),
    ]);
    parquet(folder, &data::append(&shop::table(), &more))
}

fn duplicated(folder: &Folder) -> String {
    let table = shop::table();
    parquet(folder, &data::append(&table, &table.slice(5, 10)))
}

fn cut_in_half(folder: &Folder) -> String {
    data::write(&folder.at("cut.parquet"), &shop::table(), 100);
    let bytes = std::fs::read(folder.at("cut.parquet")).expect("it was written");
    folder.write("cut.parquet", &bytes[..bytes.len() / 2])
}

/// The shop with one column of another type.
fn retyped(column: &str, values: fn(usize) -> arrow::array::ArrayRef) -> RecordBatch {
    let table = shop::table();
    let columns = ["customer_id", "ts", "amount"].map(|name| {
        let values = if name == column { values(table.num_rows()) } else { table.column_by_name(name).expect("it is there").clone() };
        (name, values)
    });
    data::table(columns.to_vec())
}

/// Each command that reads events, on the same input, with an empty folder to write to.
fn each_command(events: &str, check: impl Fn(&str, &Ended, &[String])) {
    let out = Folder::new();
    check("features", &train(&format!("features --events {events} --cutoff {CUTOFF} --out {}", out.arg("features.parquet"))), &out.names());
    let out = Folder::new();
    check("fit", &train(&format!("fit --events {events} --as-of {CUTOFF} --out {}", out.arg("bundle"))), &out.names());
    let out = Folder::new();
    let bundle = text(&fitted::shipped().bundle);
    check(
        "score",
        &serve(&format!("score --bundle {bundle} --events {events} --as-of {CUTOFF} --out {}", out.arg("scores.parquet"))),
        &out.names(),
    );
}

#[test]
fn input_that_cannot_be_used_is_refused_and_leaves_nothing() {
    for Case { kind, make, code, says } in REFUSED {
        let folder = Folder::new();
        each_command(&make(&folder), |command, ended, left| {
            assert_eq!(ended.code, *code, "{kind}, {command}:\n{}", ended.stderr);
            assert!(ended.stderr.contains("\nhint: "), "{kind}, {command}:\n{}", ended.stderr);
            assert!(ended.stdout.is_empty(), "{kind}, {command}:\n{}", ended.stdout);
            assert!(left.is_empty(), "{kind}, {command}: {left:?} is left");
            for word in *says {
                assert!(ended.stderr.contains(word), "{kind}, {command}: `{word}` is not in\n{}", ended.stderr);
            }
        });
    }
}

#[test]
fn rows_that_cannot_be_used_are_counted_and_the_rest_is_used() {
    for Case { kind, make, code, says } in COUNTED {
        let folder = Folder::new();
        each_command(&make(&folder), |command, ended, left| {
            assert_eq!(ended.code, *code, "{kind}, {command}:\n{}", ended.stderr);
            assert_eq!(left.len(), 1, "{kind}, {command}: {left:?}");
            for word in *says {
                assert!(ended.stderr.contains(word), "{kind}, {command}: `{word}` is not in\n{}", ended.stderr);
            }
        });
    }
}

#[test]
fn an_output_that_was_there_outlives_a_run_that_fails() {
    let folder = Folder::new();
    let events = cut_in_half(&folder);
    let out = folder.write("scores.parquet", "of yesterday");
    let bundle = text(&fitted::shipped().bundle);
    serve(&format!("score --bundle {bundle} --events {events} --as-of {CUTOFF} --out {out}")).refused(1, &["cut.parquet"]);
    assert_eq!(std::fs::read_to_string(&out).expect("it is still there"), "of yesterday");
    assert_eq!(folder.names(), ["cut.parquet", "scores.parquet"]);
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_leaves_what_was_there() {
    use crate::support::run::Binary;
    let folder = Folder::new();
    let (events, bundle) = (text(&data::shipped()), text(&fitted::shipped().bundle));
    let outputs = Outputs::at(&folder.at(""));
    folder.write("scores.parquet", "of yesterday");
    folder.write("features.parquet", "of yesterday");
    // No file may grow beyond 8 KiB, and a write beyond that is an error rather than the end of the process.
    let limited = |binary: Binary, line: &str| {
        let program = binary.command().get_program().to_owned();
        let mut shell = std::process::Command::new("bash");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "bash"]).arg(program).args(line.split(' '));
        Ended::from(shell.output().expect("bash starts"))
    };
    let (scores, features) = (text(&outputs.scores), text(&outputs.features));
    limited(Binary::Serve, &format!("score --bundle {bundle} --events {events} --as-of {AS_OF} --out {scores}"))
        .refused(1, &["scores.parquet"]);
    limited(Binary::Train, &format!("features --events {events} --cutoff {AS_OF} --out {features}")).refused(1, &["features.parquet"]);
    limited(Binary::Train, &format!("fit --events {events} --as-of {AS_OF} --out {}", text(&outputs.bundle))).refused(1, &["bundle"]);
    assert_eq!(folder.names(), ["features.parquet", "scores.parquet"]);
    for name in folder.names() {
        assert_eq!(std::fs::read_to_string(folder.at(&name)).expect("it is still there"), "of yesterday", "{name}");
    }
}

#[test]
fn mixed_time_zones_and_units_are_one_instant() {
    let folder = Folder::new();
    let zoned = |row: &shop::Row| {
        // The same instant, told in turn in UTC and at two offsets.
        let (hours, offset) = [(0, "Z"), (9, "+09:00"), (-5, "-05:00")][(row.ts / 1_000_000).rem_euclid(3) as usize];
        let local = instant(row.ts + hours * 3_600_000_000);
        format!("{},{}{offset},{}", row.customer, local.trim_end_matches('Z'), row.amount)
    };
    let mixed = folder.write("mixed.csv", shop::csv("customer_id,ts,amount", zoned));
    let table = shop::table();
    let types = [
        DataType::Timestamp(arrow::datatypes::TimeUnit::Nanosecond, Some("America/New_York".into())),
        DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None),
        DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("+09:00".into())),
    ];
    let features = |events: &str, name: &str| {
        let out = folder.arg(name);
        train(&format!("features --events {events} --cutoff {CUTOFF} --out {out}")).done();
        std::fs::read(folder.at(name)).expect("it was written")
    };
    let plain = features(&parquet(&folder, &table), "plain.parquet");
    assert!(plain == features(&mixed, "mixed.parquet"), "offsets in text");
    for (number, kind) in types.iter().enumerate() {
        let ts = cast(table.column_by_name("ts").expect("it is there"), kind).expect("times can be cast");
        let columns = vec![("customer_id", table.column(0).clone()), ("ts", ts), ("amount", table.column(2).clone())];
        let name = format!("typed{number}.parquet");
        data::write(&folder.at(&name), &data::table(columns), 1_000);
        assert!(plain == features(&folder.arg(&name), &format!("out{number}.parquet")), "{kind}");
    }
}

#[test]
fn one_customer_with_a_million_events_is_served() {
    let folder = Folder::new();
    let (count, start) = (1_000_000, data::micros("2023-01-01"));
    let batch = data::table(vec![
        ("customer_id", Arc::new(StringArray::from_iter_values((0..count).map(|_| "whale")))),
        ("ts", data::instants((0..count).map(|row| start + row * 31_000_000))),
        ("amount", data::numbers((0..count).map(|row| (row % 100) as f64 + 0.01))),
    ]);
    data::write(&folder.at("whale.parquet"), &batch, 100_000);
    let out = folder.arg("features.parquet");
    train(&format!("features --events {} --cutoff {CUTOFF} --out {out}", folder.arg("whale.parquet"))).done();
    let table = data::read(&folder.at("features.parquet"));
    let bought = (0..count).filter(|row| start + row * 31_000_000 < data::micros(CUTOFF)).count();
    assert_eq!(data::number(&table, "purchases_count").value(0), bought as f64);
    assert_eq!(table.num_rows(), 1);
}

#[test]
fn one_class_of_labels_falls_back_to_the_hiatus_rule_and_says_so() {
    let folder = Folder::new();
    // Everybody buys every tenth day, for ever: nobody leaves, nobody returns.
    let (days, start) = (540_i64, data::micros("2023-01-01"));
    let rows: Vec<(String, i64)> = (0..80)
        .flat_map(|customer| (0..days / 10).map(move |turn| (format!("c{customer}"), start + (turn * 10 + customer % 10) * 86_400_000_000)))
        .collect();
    let batch = data::table(vec![
        ("customer_id", data::names(rows.iter().map(|row| row.0.clone()))),
        ("ts", data::instants(rows.iter().map(|row| row.1))),
        ("amount", data::numbers(rows.iter().map(|_| 10.0))),
    ]);
    let events = parquet(&folder, &batch);
    let bundle = folder.arg("bundle");
    let fit = train(&format!("fit --events {events} --as-of 2024-06-01 --out {bundle}")).done();
    assert!([fit.stdout, fit.stderr].concat().contains("hiatus rule"), "the fit says so");
    let checked = serve(&format!("check --bundle {bundle} --json")).done().json();
    let targets = checked["targets"].as_array().expect("a list of models");
    // Who buys within a week can be told from who does not: intent has both classes.
    for target in targets.iter().filter(|target| target["target"] != "intent") {
        assert_eq!(target["basis"], "hiatus rule");
        assert!(target["basis_note"].as_str().is_some_and(|why| !why.is_empty()), "it says why");
        assert_eq!(target["skill"], false);
    }
    let out = folder.arg("scores.parquet");
    serve(&format!("score --bundle {bundle} --events {events} --as-of 2024-06-01 --out {out}")).done();
    let scores = data::read(&folder.at("scores.parquet"));
    let (basis, churn) = (data::text(&scores, "probability_basis"), data::number(&scores, "churn_probability"));
    assert_eq!(scores.num_rows(), 80);
    assert!((0..80).all(|row| basis.value(row) == "hiatus rule" && churn.is_valid(row) && churn.value(row) < 0.5));
}
