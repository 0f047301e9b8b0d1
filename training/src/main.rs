//! `lapwing-train`: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use lapwing_training::{cli::Cli, commands, exit};
use mimalloc::MiMalloc;

/// With glibc's allocator the table of features at twelve cutoffs takes a sixteenth more time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for large pages, each of which the system clears whole: see `lapwing-serve score`.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    exit::guarded(|| match Cli::try_parse() {
        Ok(cli) => exit::of_run(commands::run(cli)),
        Err(refusal) => exit::of_refusal(&refusal),
    })
}
