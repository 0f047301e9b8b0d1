//! `lapwing-train`: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use lapwing_training::{cli::Cli, commands, exit};

fn main() -> ExitCode {
    exit::guarded(|| match Cli::try_parse() {
        Ok(cli) => exit::of_run(commands::run(cli)),
        Err(refusal) => exit::of_refusal(&refusal),
    })
}
