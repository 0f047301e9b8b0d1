//! Scoring over HTTP.
//!
//! | file | does |
//! |---|---|
//! | `app` | state in, router out |
//! | `lineup`, `state` | the models in office; what requests share |
//! | `reload`, `watch` | other models take office; what is read again, and when |
//! | `panel`, `shadow` | who of them scores a customer; how far a challenger differs |
//! | `serve`, `tls` | listener, connections, shutdown; certificates |
//! | `patient`, `pulse` | a connection that is given up when nobody reads, or nothing happens |
//! | `admission` | who is let in, and where it is worked on |
//! | `envelope`, `trace`, `spans` | what every answer has in common; the caller's trace; who is told of it |
//! | `openapi`, `docs` | the interface's description, for programs and for people |
//! | `gate`, `issuer`, `cors` | who is let through to a handler, whose tokens, and from which pages |
//! | `wire` | every type that is read or written |
//! | `client` | asks others: who signs tokens, who is told of alerts |
//! | `incoming` | the head's content type, the bytes of a body |
//! | `scoring`, `swift`, `sheet` | from bytes to scores, carefully or the short way; the answer as it is written |
//! | `body`, `customer`, `reading` | from bytes to a request, to its customers, to snapshots |
//! | `form`, `query` | small bodies and the terms of a query, each field told that is wrong |
//! | `infer`, `invocations` | feature tables as other clients send them |
//! | `ipc` | Arrow streams: batches of events in, of scores out |
//! | `table`, `columns` | their rows to scores; an answer column by column |
//! | `members`, `event`, `cell`, `place`, `instant` | the JSON they read, and where in it something is wrong; the usual time |
//! | `metrics`, `drift` | what is counted; how far customers differ from those of the fit |
//! | `desk`, `cursor`, `csv` | published scores and alerts: the store, and its pages |
//! | `shelf` | answers on published customers that were given before |
//! | `tools` | what reading and scoring keep from one request to the next |
//! | `problem` | what goes wrong, as HTTP status |
//! | `routes` | the handlers |

mod admission;
mod app;
mod background;
mod body;
mod cell;
pub(crate) mod client;
mod columns;
mod cors;
mod csv;
mod cursor;
mod customer;
mod desk;
mod docs;
mod drift;
mod envelope;
mod event;
mod form;
mod gate;
mod incoming;
mod infer;
mod instant;
mod invocations;
#[cfg(feature = "arrow")]
mod ipc;
mod issuer;
mod kept;
mod lineup;
mod members;
mod metrics;
mod openapi;
mod panel;
mod patient;
mod place;
mod problem;
mod pulse;
mod query;
mod reading;
mod reload;
mod routes;
mod scoring;
mod serve;
mod shadow;
mod sheet;
mod shelf;
mod spans;
mod state;
mod swift;
mod table;
mod tls;
mod tools;
mod trace;
mod watch;
pub mod wire;

#[cfg(test)]
mod tests;

/// Whether a panic on this thread is no fault of the program: a reader gives up on what a caller sent, and that is contained.
#[must_use]
pub fn panics_for_a_caller() -> bool {
    #[cfg(feature = "arrow")]
    return ipc::is_contained();
    #[cfg(not(feature = "arrow"))]
    false
}

pub use app::{App, app, health_app};
pub use client::Address;
pub use desk::Desk;
pub use gate::{Gate, Tokens};
pub use issuer::Jwks;
pub use lineup::{Contender, Lineup, Served};
pub use openapi::document;
pub use problem::Problem;
pub use reload::Reloaded;
pub use serve::{Connections, Drained, serve, serve_tls};
pub use spans::Spans;
pub use state::{Limits, Setup, State};
pub use tls::{Tls, TlsError};
pub use watch::{keep_time, read_ahead, watch};
