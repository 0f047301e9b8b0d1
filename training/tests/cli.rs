//! The binary as the shell sees it: help, wrong usage, and the environment.
//!
//! This test also makes `cargo test --workspace` build `lapwing-train`, which the tests of the workspace's `tests` package run.

use std::process::{Command, Output, Stdio};

fn train(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lapwing-train"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LAPWING_")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(environment.iter().copied()).output().expect("the binary was just built")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_names_the_commands_and_is_no_error() {
    let output = train(&["--help"], &[]);
    let help = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    for command in ["demo", "fit", "features", "judge", "backtest", "Exit codes"] {
        assert!(help.contains(command), "{help}");
    }
}

#[test]
fn a_wrong_flag_is_wrong_usage() {
    for arguments in [["fit", "--as-off"], ["churn", "--json"]] {
        let output = train(&arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_file_that_is_not_there_is_wrong_usage_with_a_hint() {
    let output = train(&["fit", "--events", "no/such.parquet", "--as-of", "2011-12-10", "--out", "no-bundle"], &[]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("error: `no/such.parquet` does not exist\nhint: "), "{}", stderr(&output));
    assert!(!std::path::Path::new("no-bundle").exists());
}

#[test]
fn the_environment_wins_over_the_default_and_the_flag_over_the_environment() {
    let fit = ["fit", "--events", "x.parquet", "--as-of", "2011-12-10", "--out", "no-bundle"];
    let output = train(&fit, &[("LAPWING_HORIZON_DAYS", "0")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`horizon_days` is 0"), "{}", stderr(&output));
    let output = train(&[&fit[..], &["--horizon-days", "9999"]].concat(), &[("LAPWING_HORIZON_DAYS", "0")]);
    assert!(stderr(&output).contains("`horizon_days` is 9999"), "{}", stderr(&output));
}

#[test]
fn a_folder_that_is_no_bundle_is_refused_and_a_full_disk_is_told() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("events.csv"), "customer_id,ts,amount\na,2024-01-10,5\n").expect("the folder was just made");
    let (events, out) = (path("events.csv"), path("bundle"));
    let fit = |out: &str| train(&["fit", "--events", &events, "--as-of", "2024-02-01", "--out", out, "--json"], &[]);

    std::fs::create_dir(folder.path().join("thesis")).expect("the folder was just made");
    std::fs::write(path("thesis/one.txt"), "years of work").expect("the folder was just made");
    let refused = fit(&path("thesis"));
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("not a bundle"), "{}", stderr(&refused));
    let refused = fit(&folder.path().display().to_string());
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("the input `"), "{}", stderr(&refused));
    let done = fit(&out);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(done.stdout.starts_with(b"{\"bundle\":"));

    if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lapwing-train"));
        command.args(["fit", "--events", &events, "--as-of", "2024-02-01", "--out", &out, "--json"]);
        let output = command.stdout(Stdio::from(full)).output().expect("the binary was just built");
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("cannot be written to stdout"), "{}", stderr(&output));
    }
}
