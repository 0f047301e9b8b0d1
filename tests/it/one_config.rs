//! Both binaries read one config file: whatever a key is for, neither refuses it.

use crate::support::run::{Binary, Folder, run, serve, train};
use crate::support::tree;

/// The shipped config file with every key active, also those that are commented out because they have no default.
fn whole_config() -> String {
    let shipped = std::fs::read_to_string(tree::root().join("notebooks-data/churn.toml")).expect("it is shipped");
    let is_key = |key: &str| key.starts_with('"') || key.chars().all(|character| character.is_ascii_lowercase() || character == '_');
    let active = |line: &str| match line.strip_prefix("# ") {
        Some(bare) if bare.split_once(" = ").is_some_and(|(key, _)| is_key(key)) => bare.to_owned() + "\n",
        _ => line.to_owned() + "\n",
    };
    shipped.lines().map(active).collect()
}

/// Every key of a table, at any depth.
fn keys(table: &toml::Table) -> Vec<&str> {
    table.iter().flat_map(|(key, value)| value.as_table().map_or(Vec::new(), keys).into_iter().chain([key.as_str()])).collect()
}

#[test]
fn no_key_is_refused_by_either() {
    let folder = Folder::new();
    let config = folder.write("churn.toml", whole_config());
    // Each goes on to what comes after the config file, and finds that missing.
    for (command, missing) in
        [("fit", "--events"), ("features", "--events"), ("judge", "--scores"), ("backtest", "--events"), ("proof", "--experiment")]
    {
        train(&format!("{command} --config {config} {missing} {}", folder.arg("none.parquet"))).refused(2, &["none.parquet"]);
    }
    train(&format!("promote {} --config {config}", folder.arg("none"))).refused(1, &["none"]);
    for command in ["score", "http", "check"] {
        serve(&format!("{command} --config {config} --bundle {}", folder.arg("none"))).refused(1, &["none"]);
    }
}

#[test]
fn every_flag_is_a_key() {
    let config: toml::Table = whole_config().parse().expect("it is TOML");
    let known = keys(&config);
    let commands = [
        (Binary::Train, &["fit", "features", "histories", "judge", "promote", "backtest", "proof", "uplift", "insights", "link"][..]),
        (Binary::Serve, &["score", "publish", "http", "check", "playbook", "transitions", "webhooks"]),
    ];
    for (binary, command) in commands.iter().flat_map(|(binary, commands)| commands.iter().map(|command| (*binary, *command))) {
        let help = run(binary, [command, "--help"]).done().stdout;
        let flags = help.lines().filter_map(|line| line.trim_start().strip_prefix("--")?.split(' ').next());
        // What is done once is no setting.
        let flags: Vec<_> =
            flags.filter(|flag| !["config", "rollback", "share", "shadow", "label", "withdraw", "run-id", "at"].contains(flag)).collect();
        assert!(flags.contains(&"json"), "{command}: {flags:?}");
        for flag in flags {
            assert!(known.contains(&flag.replace('-', "_").as_str()), "`--{flag}` of `{command}` is no key of the shipped config file");
        }
    }
}
