//! The data scientists' tool: builds the point-in-time table, fits, judges and reports.
//!
//! The road of every command: raw flags ([`cli`]) and the config file become checked [`settings`]; a command of
//! [`commands`] runs the common [`pipeline`]; [`report`] tells people what came of it; [`exit`] turns errors into exit codes.

pub mod backtest;
pub mod charts;
pub mod cli;
pub mod commands;
pub mod config;
pub mod error;
pub mod exit;
pub mod experiment;
pub mod insights;
pub mod judging;
pub mod linking;
pub mod pipeline;
pub mod progress;
pub mod report;
pub mod settings;

pub use error::TrainError;
