//! `lapwing-serve`: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use lapwing_serving::{cli::Cli, commands, exit};
use mimalloc::MiMalloc;

/// A request allocates some forty times; with glibc's allocator the service answers a twentieth fewer.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    exit::guarded(|| match Cli::try_parse() {
        Ok(cli) => exit::of_run(commands::run(cli)),
        Err(refusal) => exit::of_refusal(&refusal),
    })
}
