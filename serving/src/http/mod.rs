//! Scoring over HTTP.
//!
//! | file | does |
//! |---|---|
//! | `app` | state in, router out |
//! | `lineup`, `state` | the models in office; what requests share |
//! | `reload`, `watch` | other models take office; what is read again, and when |
//! | `panel`, `shadow` | who of them scores a customer; how far a challenger differs |
//! | `serve`, `tls` | listener, connections, shutdown; certificates |
//! | `patient` | a connection that is given up when nobody reads |
//! | `envelope` | what every answer has in common |
//! | `gate`, `cors` | who is let through to a handler, and from which pages |
//! | `wire` | every type that is read or written |
//! | `incoming` | the head's content type, the bytes of a body |
//! | `body`, `customer`, `reading` | from bytes to a request, to its customers, to snapshots |
//! | `members`, `cell`, `place` | the JSON they read, and where in it something is wrong |
//! | `problem` | what goes wrong, as HTTP status |
//! | `routes` | the handlers |

mod app;
mod body;
mod cell;
mod cors;
mod customer;
mod envelope;
mod gate;
mod incoming;
mod lineup;
mod members;
mod metrics;
mod openapi;
mod panel;
mod patient;
mod place;
mod problem;
mod reading;
mod reload;
mod routes;
mod serve;
mod shadow;
mod state;
mod tls;
mod watch;
pub mod wire;

#[cfg(test)]
mod tests;

pub use app::{App, app};
pub use gate::{Gate, Tokens};
pub use lineup::{Contender, Lineup, Served};
pub use openapi::document;
pub use problem::Problem;
pub use reload::Reloaded;
pub use serve::{Connections, Drained, serve, serve_tls};
pub use state::{Limits, Setup, State};
pub use tls::{Tls, TlsError};
pub use watch::watch;
