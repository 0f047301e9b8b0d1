//! `lapwing-train`: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use lapwing_training::{cli::Cli, commands, exit};
use mimalloc::MiMalloc;

/// With glibc's allocator, what one thread gives back is not there for another: events that have left would stay in memory.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for large pages, each of which the system clears whole; a run is done before that is repaid. Where it cannot
    // be asked not to, it is slower, no more.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    exit::guarded(|| match Cli::try_parse() {
        Ok(cli) => exit::of_run(commands::run(cli)),
        Err(refusal) => exit::of_refusal(&refusal),
    })
}
