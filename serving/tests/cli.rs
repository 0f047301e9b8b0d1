//! The binary as its users meet it, with nothing but the standard library.
//!
//! An integration test makes `cargo test --workspace` build `lapwing-serve` itself; tests elsewhere in the workspace that run the
//! binary rely on that.

use std::process::{Command, Output};

fn lapwing_serve(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lapwing-serve"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LAPWING_")) {
        command.env_remove(name);
    }
    command.args(arguments).output().expect("the binary was built with this test")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let output = lapwing_serve(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for word in ["http", "check", "Exit codes"] {
        assert!(text(&output.stdout).contains(word), "{word}");
    }
}

#[test]
fn wrong_usage_exits_2_and_leaves_stdout_empty() {
    for arguments in [&["--no-such-flag"][..], &["check"], &["http", "--bundle", "x", "--addr", "nowhere"], &["no-such-command"]] {
        let output = lapwing_serve(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_folder_that_is_no_bundle_exits_1_with_a_hint() {
    for command in ["check", "http"] {
        let output = lapwing_serve(&[command, "--bundle", "no/such/folder"]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(text(&output.stderr).contains("\nhint: "), "{}", text(&output.stderr));
    }
}
