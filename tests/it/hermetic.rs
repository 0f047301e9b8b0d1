//! Invariant 10: no test needs the network, the wall clock or a fixed port.

use crate::support::tree::{self, File};

/// The lines of a file that are only built for tests.
fn test_lines(file: &File) -> Vec<(usize, &str)> {
    if file.is_test() { file.code().collect() } else { file.code().skip_while(|(_, line)| !tree::opens_tests(line)).collect() }
}

/// Fails with every line of a test at which `wrong` holds.
fn no_test_line(wrong: impl Fn(&File, &str) -> bool) {
    let files = tree::rust();
    let found: Vec<_> = files
        .iter()
        .flat_map(|file| test_lines(file).into_iter().map(move |(at, line)| (file, at, line)))
        .filter(|(file, _, line)| wrong(file, line))
        .map(|(file, at, line)| format!("{}:{at}: {}", file.path, line.trim()))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_test_reads_the_clock() {
    let words = [concat!("::now", "()"), concat!(".elap", "sed()")];
    no_test_line(|_, line| words.iter().any(|word| line.contains(word)));
}

#[test]
fn no_test_asks_for_a_port() {
    // Port 0 is the system's choice. The settings' tests only check how an address is read.
    let hosts = [concat!("127.0.", "0.1:"), concat!("local", "host:"), concat!("0.0.", "0.0:"), concat!("[::", "1]:")];
    let names_a_port = |rest: &str| rest.starts_with(|digit: char| ('1'..='9').contains(&digit));
    no_test_line(|file, line| {
        !(file.path.ends_with("settings.rs") || file.path.ends_with("settings/tests.rs"))
            && hosts.iter().any(|host| line.split(host).skip(1).any(names_a_port))
    });
}

#[test]
fn no_test_leaves_the_machine() {
    let schemes = [concat!("http", "://"), concat!("https", "://"), concat!("s3", "://")];
    let harmless = |rest: &str| ["127.0.0.1", "{", "localhost", "example."].iter().any(|host| rest.starts_with(host));
    no_test_line(|_, line| schemes.iter().any(|scheme| line.split(scheme).skip(1).any(|rest| !harmless(rest))));
}
