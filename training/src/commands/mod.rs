//! The commands, one file each.

pub mod backtest;
pub mod cluster;
pub mod demo;
pub mod features;
pub mod fit;
pub mod histories;
pub mod insights;
pub mod judge;
pub mod link;
pub mod promote;
pub mod proof;
pub mod uplift;

use crate::cli::{Cli, Command};
use crate::error::TrainError;
use crate::{progress, settings};

/// Checks the settings of the command that was given, then runs it.
///
/// # Errors
/// [`TrainError`] says what went wrong; nothing half-written is left behind.
pub fn run(cli: Cli) -> Result<(), TrainError> {
    progress::start_log();
    match cli.command {
        Command::Demo(args) => demo::run(&settings::Demo::check(args)?),
        Command::Fit(args) => fit::run(&settings::Fit::check(args)?),
        Command::Features(args) => features::run(&settings::Features::check(args)?),
        Command::Histories(args) => histories::run(&settings::Histories::check(args)?),
        Command::Backtest(args) => backtest::run(&settings::Backtest::check(args)?),
        Command::Insights(args) => insights::run(&settings::Insights::check(args)?),
        Command::Judge(args) => judge::run(&settings::Judge::check(args)?),
        Command::Proof(args) => proof::run(&settings::Proof::check(*args)?),
        Command::Uplift(args) => uplift::run(&settings::Uplift::check(*args)?),
        Command::Link(args) => link::run(&settings::Link::check(args)?),
        Command::Promote(args) => promote::run(&settings::Promote::check(args)?),
        Command::Scheduler(args) => cluster::scheduler(&settings::scheduler(args)?),
        Command::Executor(args) => cluster::executor(&settings::executor(args)?),
    }
}
