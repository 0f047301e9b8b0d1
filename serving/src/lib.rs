//! Scores customers with a bundle: over HTTP, and in nightly batches.
//!
//! The road of every command: raw flags ([`cli`]) and the config file become checked [`settings`]; a command of [`commands`]
//! does the work; [`talk`] prints; [`exit`] turns errors into exit codes. The service itself is [`http::app`], a function from
//! its state to a router.

pub mod audit;
pub mod cli;
mod clock;
pub mod commands;
pub mod config;
pub mod error;
pub mod exit;
pub mod guard;
pub mod http;
pub mod playbook;
pub mod samples;
pub mod settings;
pub mod source;
pub mod store;
pub mod talk;
pub mod webhooks;

#[cfg(test)]
mod fixture;

pub use error::ServeError;
