//! The commands, one file each: settings in, result printed, error out.

pub mod check;
pub mod http;
#[cfg(feature = "batch")]
pub mod score;

use crate::cli::{Cli, Command};
use crate::error::ServeError;
use crate::{settings, talk};

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever keeps it from being done.
pub fn run(cli: Cli) -> Result<(), ServeError> {
    talk::start_log();
    match cli.command {
        #[cfg(feature = "batch")]
        Command::Score(args) => score::run(&settings::Score::new(args)?),
        Command::Http(args) => http::run(&settings::Http::new(args)?),
        Command::Check(args) => check::run(&settings::Check::new(args)?),
    }
}
