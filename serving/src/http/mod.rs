//! Scoring over HTTP.
//!
//! | file | does |
//! |---|---|
//! | `app` | state in, router out |
//! | `serve` | listener, connections, shutdown |
//! | `envelope` | what every answer has in common |
//! | `wire` | every type that is read or written |
//! | `cell`, `body`, `reading` | from bytes to a request, from a customer to a snapshot |
//! | `problem` | what goes wrong, as HTTP status |
//! | `routes` | the handlers |

mod app;
mod body;
mod cell;
mod envelope;
mod metrics;
mod openapi;
mod problem;
mod reading;
mod routes;
mod serve;
mod state;
pub mod wire;

#[cfg(test)]
mod tests;

pub use app::{App, app};
pub use openapi::document;
pub use problem::Problem;
pub use serve::{Connections, Drained, serve};
pub use state::{Limits, State};
